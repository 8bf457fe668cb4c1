"""The files of an evaluation: tables, report, figures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from picassso.analysis import MINIMUM_GALAXIES, Protocol
from picassso.core import write_text
from picassso.studies.evaluation.quantities import QUANTITIES
from picassso.studies.evaluation.tables import (
    bins_csv,
    bins_markdown,
    csv_table,
    markdown_table,
    method_totals_csv,
)

if TYPE_CHECKING:
    from picassso.studies.evaluation.findings import Evaluation

__all__ = ["write_evaluation"]


def write_evaluation(evaluation: Evaluation, folder: Path) -> None:
    """All files of an evaluation, into a folder that exists; the tables appear whole."""
    write_text(folder / "table.csv", csv_table(evaluation.rows))
    write_text(folder / "table.md", _report(evaluation))
    write_text(folder / "bins.csv", bins_csv(evaluation.bins))
    write_text(folder / "totals.csv", _totals_csv(evaluation))
    if evaluation.methods:
        write_text(folder / "method_totals.csv", method_totals_csv(evaluation.methods))
    write_text(folder / "evaluation.json", json.dumps(dict(evaluation.about), indent=2) + "\n")


def _report(evaluation: Evaluation) -> str:
    """The tables for a document, with what they rest on."""
    about = evaluation.about
    words = (
        f"Weights {about['weights']} ({about['weights_fingerprint']}) on the {about['split']} "
        f"split of {about['store']} ({about['store_fingerprint'][:16]}): {about['views']} views of "
        f"{about['galaxies']} galaxies. Totals inside two half-mass radii of the true stellar "
        f"mass; in {about['whole_frame']} views that did not fit and the frame was summed. "
        "Residuals are log10(true / predicted) in dex; errors are bootstraps over galaxies. Views "
        "whose truth lies below the floor count in the linear bias alone (galaxy views: the "
        "others); the painted bias is the median of all views, and pixel coverage that of all "
        "pixels, that were painted above it, whatever their truth.\n\n"
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


def _totals_csv(evaluation: Evaluation) -> str:
    """One line a view: signal-to-noise, and each total, true and predicted."""
    views = evaluation.views
    header: list[str] = ["galaxy_id", "whole_frame", "signal_to_noise"]
    columns: list[Sequence[Any]] = [
        views.galaxy_id.tolist(),
        views.whole_frame.astype(int).tolist(),
        [f"{v:.6g}" for v in views.signal_to_noise],
    ]
    for p, true in views.true[Protocol.HONEST].items():
        painted = views.predicted[Protocol.HONEST][p]
        header += [f"true_{p}", *(f"{q}_{p}" for q in ("mean", "p16", "p50", "p84"))]
        for values in (true, painted.mean, painted.p16, painted.p50, painted.p84):
            columns.append([f"{v:.6g}" for v in values])
    lines = [",".join(header)]
    lines += [",".join(str(cell) for cell in cells) for cells in zip(*columns, strict=True)]
    return "\n".join(lines) + "\n"
