"""The network beside classical methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from picassso.report.evaluation.words import cell, title
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
        f"At most {views} views count here, fewer than above; a method lacks the properties that "
        "it does not make. Time is the median for painting one view, on the machine that ran this.",
    ]
    left_out = evaluation.about.get("methods_left_out", {})
    if left_out:
        words.append("Left out: " + "; ".join(f"{m} ({why})" for m, why in left_out.items()) + ".")
    header = ["method", "property", "of", "linear bias", "median bias", "σ", "robust σ"]
    header += ["used", "seconds a view"]
    lines = []
    for method in evaluation.methods:
        for r in (*method.totals, *method.pixels):
            statistics = (r.linear_bias, r.median_bias, r.sigma, r.robust_sigma)
            lines.append(
                [
                    method.method,
                    title(r.property),
                    f"{r.kind}s",
                    *(cell(s) for s in statistics),
                    str(r.counts.used),
                    f"{method.seconds:.2g}",
                ]
            )
    table = Table("methods", header, lines, "Methods, side by side [dex].")
    return Section("Methods", words, [*_plates(evaluation.methods), table])


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
