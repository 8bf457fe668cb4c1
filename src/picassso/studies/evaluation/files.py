"""The files of an evaluation: tables, report, figures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from picassso.analysis import MINIMUM_GALAXIES, BinnedResiduals
from picassso.core import write_text
from picassso.studies.evaluation.quantities import QUANTITIES
from picassso.studies.evaluation.tables import (
    bins_csv,
    bins_markdown,
    csv_table,
    filled_bins,
    markdown_table,
)

if TYPE_CHECKING:
    from picassso.figures import ResidualBins
    from picassso.studies.evaluation import Evaluation

__all__ = ["write_evaluation"]


def write_evaluation(evaluation: Evaluation, folder: Path) -> None:
    """All files of an evaluation, into a folder that exists; the tables appear whole."""
    from picassso import __version__
    from picassso.figures import predicted_against_true, residuals_in_bins, save_figure

    about = dict(evaluation.about) | {"version": __version__}
    write_text(folder / "table.csv", csv_table(evaluation.rows))
    write_text(folder / "table.md", _report(evaluation))
    write_text(folder / "bins.csv", bins_csv(evaluation.bins))
    write_text(folder / "totals.csv", _totals_csv(evaluation))
    write_text(folder / "evaluation.json", json.dumps(about, indent=2) + "\n")
    scores = {
        r.property: {
            "linear bias": r.linear_bias.value,
            "median bias": r.median_bias.value,
            "sigma": r.sigma.value,
            "coverage": r.coverage.value,
        }
        for r in evaluation.rows
        if r.kind == "total"
    }
    figure = predicted_against_true(
        evaluation.true,
        {p: t.p50 for p, t in evaluation.predicted.items()},
        scores=scores,
    )
    save_figure(figure, folder / "true_vs_predicted.png")
    titles = {q.name: q.title for q in QUANTITIES}
    if drawn := _drawn_bins(evaluation.bins):
        save_figure(residuals_in_bins(drawn, titles=titles), folder / "residuals_in_bins.png")


def _report(evaluation: Evaluation) -> str:
    """The tables for a document, with what they rest on."""
    about = evaluation.about
    words = (
        f"Weights {about['weights']} ({about['weights_fingerprint']}) on the {about['split']} "
        f"split of {about['store']} ({about['store_fingerprint'][:16]}): {about['views']} views of "
        f"{about['galaxies']} galaxies. Totals inside two half-mass radii of the true stellar "
        f"mass; in {about['whole_frame']} views that did not fit and the frame was summed. "
        "Residuals are log10(true / predicted) in dex; errors are bootstraps over galaxies.\n\n"
    )
    where = (
        "\n## Where it errs\n\n"
        "The same totals in bins: of the signal-to-noise of the flux summed over the aperture in "
        f"the {about['signal_to_noise_band']} band, and of the true specific star-formation rate "
        "and stellar mass inside it, a rate below the floor counting in the first bin. Too few: "
        f"fewer than {MINIMUM_GALAXIES} galaxies above the floor. Every property: bins.csv.\n\n"
    )
    tables = bins_markdown(evaluation.bins, QUANTITIES)
    return words + markdown_table(evaluation.rows) + where + tables


def _drawn_bins(bins: Sequence[BinnedResiduals]) -> dict[str, dict[str, ResidualBins]]:
    """Arrays to be drawn, by quantity and property; views of unknown value are left out."""
    drawn: dict[str, dict[str, ResidualBins]] = {}
    for quantity in QUANTITIES:
        groups = filled_bins(bins, quantity.name)
        known = [of for (low, _), of in groups.items() if not np.isnan(low)]
        if known:
            drawn[quantity.name] = {p: _drawn([of[p] for of in known]) for p in known[0]}
    return drawn


def _drawn(bins: Sequence[BinnedResiduals]) -> ResidualBins:
    from picassso.figures import ResidualBins

    statistics = [b.statistics for b in bins]
    return ResidualBins(
        edges=np.array([bins[0].low, *(b.high for b in bins)]),
        galaxies=np.array([b.galaxies for b in bins]),
        median=np.array([s.median_bias.value for s in statistics]),
        median_error=np.array([s.median_bias.error for s in statistics]),
        p16=np.array([b.p16 for b in bins]),
        p84=np.array([b.p84 for b in bins]),
        coverage=np.array([s.coverage.value for s in statistics]),
        coverage_error=np.array([s.coverage.error for s in statistics]),
    )


def _totals_csv(evaluation: Evaluation) -> str:
    """One line a view: signal-to-noise, and each total, true and predicted."""
    header: list[str] = ["galaxy_id", "whole_frame", "signal_to_noise"]
    columns: list[Sequence[Any]] = [
        evaluation.galaxy_id.tolist(),
        evaluation.whole_frame.astype(int).tolist(),
        [f"{v:.6g}" for v in evaluation.signal_to_noise],
    ]
    for p, true in evaluation.true.items():
        painted = evaluation.predicted[p]
        header += [f"true_{p}", *(f"{q}_{p}" for q in ("mean", "p16", "p50", "p84"))]
        for values in (true, painted.mean, painted.p16, painted.p50, painted.p84):
            columns.append([f"{v:.6g}" for v in values])
    lines = [",".join(header)]
    lines += [",".join(str(cell) for cell in cells) for cells in zip(*columns, strict=True)]
    return "\n".join(lines) + "\n"
