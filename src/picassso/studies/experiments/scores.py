"""Scores of one network, in both protocols: written when it is tested, and read back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from picassso.analysis import Protocol, ResidualStatistics, Statistic
from picassso.core import InputError, write_text

if TYPE_CHECKING:
    from picassso.studies.evaluation.findings import Evaluation

__all__ = ["PAPER_TOTAL", "SCORES", "Key", "Scores", "has_scores", "read_scores", "write_scores"]

SCORES = (
    "median_bias",
    "mean_bias",
    "linear_bias",
    "sigma",
    "robust_sigma",
    "outlier_fraction",
    "coverage",
)
"""Statistics of `picassso.analysis.ResidualStatistics` that studies compare."""

PAPER_TOTAL = "paper_total"
"""Kind of totals by the protocol of Buck & Wolf (2021), masked by the truth."""

_ABSENT_BEFORE = "mean_bias"  # the table of an evaluation does without it

Scores = Mapping[str, Statistic]
"""Statistics by name."""

Key = tuple[str, str]
"""Property and kind: ``"total"``, ``"pixel"`` or `PAPER_TOTAL`."""


def write_scores(evaluation: Evaluation, folder: Path) -> None:
    """Write ``protocols.csv`` into the folder of an evaluation, beside its own files."""
    paper = {(r.property, PAPER_TOTAL): r for r in evaluation.scores[Protocol.PAPER].totals}
    rows = {(r.property, r.kind): r for r in evaluation.rows} | paper
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = [f"{s}{end}" for s in SCORES for end in ("", "_error")]
    writer.writerow(["property", "kind", *columns])
    writer.writerows([*key, *_cells(row)] for key, row in rows.items())
    write_text(_path(folder), out.getvalue())


def _cells(row: ResidualStatistics) -> Iterator[str]:
    for name in SCORES:
        statistic: Statistic = getattr(row, name)
        yield from (f"{statistic.value:.5f}", f"{statistic.error:.5f}")


def has_scores(folder: Path) -> bool:
    """Whether the folder of an evaluation holds the scores in both protocols."""
    return _path(folder).exists()


def read_scores(folder: Path) -> dict[Key, Scores]:
    """Scores of a network from the folder of its evaluation.

    Where those in both protocols were never written, and cannot be because the weights were
    removed, those of ``table.csv``: not masked by the truth, without a mean bias.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    path = _path(folder) if has_scores(folder) else folder / "table.csv"
    try:
        with path.open(newline="") as file:
            return {
                (row["property"], row["kind"]): {s: _statistic(row, s) for s in SCORES}
                for row in csv.DictReader(file)
            }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: not the table of an evaluation ({error}); remove it and run the study again"
        ) from None


def _statistic(row: Mapping[str, str], name: str) -> Statistic:
    if name == _ABSENT_BEFORE and name not in row:
        return Statistic(np.nan)
    return Statistic(float(row[name]), float(row[f"{name}_error"]))


def _path(folder: Path) -> Path:
    return folder / "protocols.csv"
