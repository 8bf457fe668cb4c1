"""What an evaluation says at a glance: totals under both protocols."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from picassso.analysis import Protocol, ResidualStatistics
from picassso.report.evaluation.words import cell, listed, number, plural, share, title
from picassso.report.page import Section, Table
from picassso.report.published import BUCK_WOLF_2021

if TYPE_CHECKING:
    from picassso.studies.evaluation import Evaluation

__all__ = ["paper_section", "summary_section", "totals_table"]

_COLUMNS = {
    "linear_bias": "linear bias",
    "median_bias": "median bias",
    "sigma": "σ",
    "robust_sigma": "robust σ",
    "outlier_fraction": "outliers",
    "coverage": "coverage",
    "painted_bias": "painted bias",
}

_FLAGS = {
    "absent": "not in the snapshot, in places or throughout",
    "empty": "no pixel reaches the floor",
    "few_pixels": "fewer than 20 pixels reach the floor",
    "below_floor": "total below the floor",
    "no_ellipse": "no stars, and so no ellipse",
    "aperture_leaves_frame": "ellipse of two half-mass radii leaves the frame",
    "annuli_leave_frame": "ellipse of five half-mass radii leaves the frame",
    "two_cores": "two cores: a merger",
}


def summary_section(evaluation: Evaluation) -> Section:
    """Who was painted, how well, and which galaxies are odd."""
    about, views = evaluation.about, evaluation.views
    galaxies = len(np.unique(views.galaxy_id))
    whole = int(views.whole_frame.sum())
    totals = evaluation.scores[Protocol.HONEST].totals
    words = [
        f"The weights {about['weights']} ({about['weights_fingerprint']}) painted "
        f"{plural(len(views.row), 'view')} of {plural(galaxies, 'galaxy', 'galaxies')} "
        f"of the {about['split']} split of {about['store']}. Compared are totals inside the "
        "ellipse of two projected half-mass radii of the true stellar mass; "
        + (
            f"in {plural(whole, 'view')} it does not fit into the frame, which is summed instead."
            if whole
            else "it fits into every frame."
        ),
        "Residuals are log10(true / predicted) in dex. The mean of a prediction is judged where "
        "things add up (linear bias), its median one galaxy at a time (median bias, σ), its "
        "interval by the share of truths inside (coverage). Good are biases of zero within their "
        "errors, a small σ, 0.3% of outliers and a coverage of 0.68. Errors are bootstraps over "
        "galaxies, not over views.",
        "Sums hold every view whose truth is known. A logarithm needs something to take it of: "
        "median bias, σ, outliers and coverage are of the views whose true total reaches the floor "
        "of the property. On a real galaxy nobody knows which these are; the painted bias is the "
        "median residual of all views that were painted above the floor, however small their "
        "truth.",
        *_in_short(totals),
    ]
    if left_out := about.get("properties_left_out"):
        named = listed(title(p) for p in left_out)
        words.append(f"Painted, but not judged, since the store does not hold it: {named}.")
    table = totals_table(
        totals,
        name="totals_honest",
        caption="Totals, protocol honest: predictions are never masked by the truth. Views whose "
        "truth lies below the floor of a property (of these seen: painted above it) count in the "
        "linear bias and, where painted above it, in the painted bias; the other statistics are of "
        "the views of the column so named.",
    )
    return Section("Summary", words, [table, *_flags_table(evaluation)])


def totals_table(
    rows: Iterable[ResidualStatistics], *, name: str, caption: str, intervals: bool = True
) -> Table:
    """Every statistic of every property with its error, and what it rests on."""
    of_paintings = ("coverage", "painted_bias")
    columns = {k: words for k, words in _COLUMNS.items() if intervals or k not in of_paintings}
    header = ["property", *columns.values(), "views", "below floor", "of these seen", "absent"]
    lines = []
    for row in rows:
        c = row.counts
        counts = (c.used, c.below_floor, c.false_positive, c.absent)
        statistics = [cell(getattr(row, field)) for field in columns]
        lines.append([title(row.property), *statistics, *(str(n) for n in counts)])
    return Table(name, header, lines, caption)


def _in_short(rows: Iterable[ResidualStatistics]) -> list[str]:
    """One sentence of the best and the worst, if anything could be measured."""
    known = sorted((r for r in rows if np.isfinite(r.sigma.value)), key=lambda r: r.sigma.value)
    if not known:
        return ["No property has a true total above its floor, so that there is nothing to score."]
    best, worst = known[0], known[-1]
    off = [r for r in known if abs(r.linear_bias.value) > 3 * r.linear_bias.error]
    coverage = [r.coverage.value for r in known]
    scatter = f"Totals scatter by {number(best.sigma.value, 2)} dex in {title(best.property)}"
    if worst is not best:
        scatter += f" to {number(worst.sigma.value, 2)} dex in {title(worst.property)}"
    sums = "No sum over all views is off by more than three times its error"
    if off:
        named = (f"{title(r.property)} ({number(r.linear_bias.value)} dex)" for r in off)
        sums = f"Off in the sum by more than three times the error: {listed(named)}"
    return [
        f"In short: {scatter[0].lower() + scatter[1:]}. {sums}. The 68% intervals hold "
        f"{100 * min(coverage):.0f} to {100 * max(coverage):.0f}% of the truths.{_left_out(known)}"
    ]


def _left_out(rows: Sequence[ResidualStatistics]) -> str:
    """How many views are in the sums alone, and what was painted there."""
    faint = [r for r in rows if r.counts.below_floor]
    if not faint:
        return ""
    named = (
        f"{title(r.property)} {r.counts.below_floor} of {r.counts.used + r.counts.below_floor} "
        f"({r.counts.false_positive} painted above it)"
        for r in faint
    )
    return (
        f" Views whose truth lies below the floor, in the sums but not in scatter and coverage: "
        f"{listed(named)}."
    )


def _flags_table(evaluation: Evaluation) -> list[Table]:
    """How many views are degenerate, and how; nothing where none is."""
    counts = dict(evaluation.flags)
    views = counts.pop("views", len(evaluation.views.row))
    lines = []
    for flag, count in counts.items():
        word, _, of = flag.partition(":")
        lines.append(
            [_FLAGS.get(word, word), title(of) if of else "galaxy", str(count), share(count, views)]
        )
    if not lines:
        return []
    return [
        Table(
            "flags",
            ["what is odd", "of", "views", "share"],
            lines,
            f"Degenerate galaxies among {plural(views, 'view')}: flagged and counted, never "
            "dropped. A view may bear several flags. Totals here are those of the frame.",
        )
    ]


def paper_section(evaluation: Evaluation) -> Section:
    """Totals as Buck & Wolf (2021) judged them, beside their numbers."""
    paper = evaluation.scores[Protocol.PAPER].totals
    header = ["property", "μ here", "σ here", "μ published", "σ published", "views here"]
    lines = []
    for row in paper:
        theirs = BUCK_WOLF_2021.scores.get(row.property)
        published = [number(s) for s in (theirs.mean_bias, theirs.sigma)] if theirs else ["–", "–"]
        measured = [cell(row.mean_bias), cell(row.sigma)]
        lines.append([title(row.property), *measured, *published, str(row.counts.used)])
    words = [
        "The same totals under protocol paper: pixels whose truth lies below its floor count as "
        "zero in prediction and truth alike, and the median map, which is 10 to the power of the "
        "mean logarithm, is what is summed. μ and σ are mean and standard deviation of "
        "log10(true / predicted); good are zero and small.",
        f"Published are the numbers of {BUCK_WOLF_2021.source}. The galaxies, images and maps "
        "differ from those here, so that the two stand side by side and run no race. "
        + " ".join(BUCK_WOLF_2021.caveats),
        "A mask made of the truth takes away what was painted where there is nothing; a median "
        "summed as if it were a mean falls short. Both are why the honest numbers above differ.",
    ]
    beside = Table(
        "paper_protocol",
        header,
        lines,
        "Protocol paper beside Buck & Wolf (2021) [dex]. A dash: not published, or not measured "
        "here.",
    )
    full = totals_table(
        paper,
        name="totals_paper",
        caption="Totals, protocol paper [dex]: those whose true total reaches the floor, but for "
        "the linear bias, which is of all. They have no intervals.",
        intervals=False,
    )
    return Section("The paper's protocol", words, [beside, full])
