"""The network beside classical methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from picassso.report.evaluation.words import cell, plural, title
from picassso.report.page import Plate, Section, Table

if TYPE_CHECKING:
    from picassso.studies.evaluation import Evaluation, MethodScores

__all__ = ["methods_section"]


def methods_section(evaluation: Evaluation) -> Section:
    """Scores and run times of every method on the same views; words alone without baselines."""
    if not evaluation.methods:
        return Section(
            "Methods",
            ["No classical method was run beside the network: --baselines N runs them on N views."],
        )
    views = max((r.counts.used for m in evaluation.methods for r in m.totals), default=0)
    words = [
        "The network and classical methods on the same views, none masked by the truth: stellar "
        "mass from mass-to-light ratios of colours, and fits of grids of stellar populations. A "
        "relation refitted to the training set is the fair rival: it knows what the network knows "
        "of these galaxies, less their shape. Good are a small σ and bias in little time.",
        f"{plural(views, 'view')} at most count here; a method lacks the properties that it does "
        "not make. Time is the median for painting one view, on the machine that ran this.",
    ]
    left_out = evaluation.about.get("methods_left_out", {})
    if left_out:
        words.append("Left out: " + "; ".join(f"{m} ({why})" for m, why in left_out.items()) + ".")
    tables = [
        _table(evaluation.methods, "totals", views="views"),
        _table(evaluation.methods, "pixels", views="pixels"),
    ]
    return Section("Methods", words, [*_plates(evaluation.methods), *tables])


_COUNTED = {
    "totals": "Linear biases are of all views, the other statistics of those above the floor.",
    "pixels": "Linear biases are of all pixels, the other statistics of those that the method in "
    "question painted at or above the floor, so many.",
}


def _table(methods: Sequence[MethodScores], kind: str, *, views: str) -> Table:
    """Property after property, every method that makes it."""
    header = ["property", "method", "linear bias", "median bias", "σ", "robust σ", views]
    header += ["seconds a view"]
    found: dict[str, list[list[str]]] = {}
    for method in methods:
        for r in getattr(method, kind):
            statistics = [cell(s) for s in (r.linear_bias, r.median_bias, r.sigma, r.robust_sigma)]
            counted = r.counts.painted if kind == "pixels" else r.counts.used
            numbers = [str(counted), f"{method.seconds:.2g}"]
            line = [title(r.property), method.method, *statistics, *numbers]
            found.setdefault(r.property, []).append(line)
    lines = [line for of in found.values() for line in of]
    caption = f"Methods side by side: {kind} [dex]. {_COUNTED[kind]}"
    return Table(f"methods_{kind}", header, lines, caption)


def _plates(methods: Sequence[MethodScores]) -> list[Plate]:
    """Totals of every method; nothing where no classical one makes a property."""
    from picassso.figures import MethodScore, method_scores

    scores = {
        m.method: {
            r.property: MethodScore(
                r.sigma.value,
                r.sigma.error,
                r.robust_sigma.value,
                r.median_bias.value,
                r.median_bias.error,
                m.seconds,
            )
            for r in m.totals
            if r.counts.used
        }
        for m in methods
    }
    if not any(list(scores.values())[1:]):
        return []
    caption = "Totals: scatter, bias and run time of the network and of classical methods."
    return [Plate("methods", method_scores(scores), caption)]
