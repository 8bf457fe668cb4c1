"""The network beside classical methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from picassso.report.evaluation.words import cell, title
from picassso.report.page import Section, Table

if TYPE_CHECKING:
    from picassso.studies.evaluation import Evaluation

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
    return Section("Methods", words, [Table("methods", header, lines, "Methods, side by side.")])
