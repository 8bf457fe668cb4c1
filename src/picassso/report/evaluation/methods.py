"""The network beside classical methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from picassso.analysis import Protocol
from picassso.report.evaluation.words import cell, plural, title
from picassso.report.page import Plate, Section, Table

if TYPE_CHECKING:
    from picassso.studies.evaluation import Evaluation, MethodScores

__all__ = ["methods_section"]


def methods_section(evaluation: Evaluation) -> Section:
    """Scores and run times of every method on the same views; words alone without baselines."""
    methods = evaluation.methods
    if not methods:
        return Section(
            "Methods",
            ["No classical method was run beside the network: --baselines N runs them on N views."],
        )
    views = max((r.counts.used for m in methods for r in m.totals[Protocol.HONEST]), default=0)
    words = [
        "The network and classical methods on the same views: stellar mass from mass-to-light "
        "ratios of colours, and fits of grids of stellar populations. A relation refitted to the "
        "training set is the fair rival: it knows what the network knows of these galaxies, less "
        f"their shape. {_fitted(methods)} Good are a small σ and bias in little time.",
        f"{plural(views, 'view')} at most count here; a method lacks the properties that it does "
        "not make. Time is the median for painting one view, on the machine that ran this. "
        "Differences are paired: their errors draw the same galaxies for both sides.",
        "A prediction below a thousandth of the floor of its property counts as that thousandth, "
        "lest its logarithm be infinite. A fit that finds no star formation at all in a pixel that "
        "has some is 3 dex off at least, hence the wide σ of star formation in pixels of the grid.",
    ]
    left_out = evaluation.about.get("methods_left_out", {})
    if left_out:
        words.append("Left out: " + "; ".join(f"{m} ({why})" for m, why in left_out.items()) + ".")
    tables = [
        _table(methods, "totals", Protocol.HONEST),
        *([_differences(methods)] if any(m.differences for m in methods) else []),
        _table(methods, "pixels", Protocol.HONEST),
        _table(methods, "totals", Protocol.PAPER),
        _table(methods, "pixels", Protocol.PAPER),
    ]
    return Section("Methods", words, [*_plates(methods), *tables])


def _fitted(methods: Sequence[MethodScores]) -> str:
    """How many views relations were refitted to, in a sentence."""
    numbers = {m.learnt_from for m in methods} - {(0, 0)}
    return " ".join(
        f"It was fitted to {plural(training, 'view')} of the training split, and calibrated on "
        f"{plural(validation, 'view')} of the validation split."
        for training, validation in sorted(numbers)
    )


_WORDS = {
    Protocol.HONEST: "not masked by the truth",
    Protocol.PAPER: "by the paper's protocol: masked by the truth, medians summed",
}


_COUNTED = {
    "totals": "Linear biases are of all views, the other statistics of those above the floor.",
    "pixels": "Linear biases are of all pixels, the other statistics of those that the method in "
    "question painted at or above the floor, so many.",
}


def _table(methods: Sequence[MethodScores], kind: str, protocol: Protocol) -> Table:
    """Property after property, every method that makes it."""
    honest = protocol is Protocol.HONEST
    header = ["property", "method", "linear bias", "median bias" if honest else "μ", "σ"]
    header += ["robust σ", "coverage"] if honest else ["robust σ"]
    header += ["views" if kind == "totals" else "pixels"]
    header += ["fitted to", "seconds a view"] if honest else []
    found: dict[str, list[list[str]]] = {}
    for method in methods:
        for r in getattr(method, kind)[protocol]:
            middle = r.median_bias if honest else r.mean_bias
            counted = r.counts.painted if honest and kind == "pixels" else r.counts.used
            statistics = [r.linear_bias, middle, r.sigma, r.robust_sigma]
            statistics += [r.coverage] if honest else []
            line = [title(r.property), method.method, *map(cell, statistics), str(counted)]
            if honest:
                views = "its training set" if method is methods[0] else _views(method)
                line += [views, f"{method.seconds:.2g}"]
            found.setdefault(r.property, []).append(line)
    lines = [line for of in found.values() for line in of]
    name = f"methods_{kind}" if honest else f"methods_{kind}_paper"
    counted = f" {_COUNTED[kind]}" if honest else ""
    caption = f"Methods side by side: {kind} [dex], {_WORDS[protocol]}.{counted}"
    return Table(name, header, lines, caption)


def _views(method: MethodScores) -> str:
    training, _ = method.learnt_from
    return plural(training, "view") if training else "–"


def _differences(methods: Sequence[MethodScores]) -> Table:
    """Each method less the network."""
    header = ["property", "method", "σ", "robust σ", "|linear bias|", "|median bias|", "views"]
    found: dict[str, list[list[str]]] = {}
    for method in methods:
        for d in method.differences:
            statistics = (d.sigma, d.robust_sigma, d.linear_bias, d.median_bias)
            line = [title(d.property), method.method, *map(cell, statistics), str(d.used)]
            found.setdefault(d.property, []).append(line)
    return Table(
        "methods_differences",
        header,
        [line for of in found.values() for line in of],
        "Totals, not masked by the truth: each method less the network [dex], on the same views. "
        "Positive: the network is better. Errors draw the same galaxies for both.",
    )


def _plates(methods: Sequence[MethodScores]) -> list[Plate]:
    """Totals of every method; nothing where no classical one makes a property."""
    from picassso.figures import MethodScore, method_scores

    scores = {
        m.method: {
            r.property: MethodScore(
                sigma=r.sigma.value,
                sigma_error=r.sigma.error,
                robust_sigma=r.robust_sigma.value,
                robust_sigma_error=r.robust_sigma.error,
                median_bias=r.median_bias.value,
                median_bias_error=r.median_bias.error,
                seconds=m.seconds,
            )
            for r in m.totals[Protocol.HONEST]
            if r.counts.used
        }
        for m in methods
    }
    if not any(list(scores.values())[1:]):
        return []
    caption = (
        "Totals: scatter and bias, with their errors, and run time of the network and of classical "
        "methods."
    )
    return [Plate("methods", method_scores(scores), caption, method_scores(scores, column=True))]
