"""Totals that runs were tested on, read back from their evaluations."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from picassso.analysis import Prediction
from picassso.core import PROPERTIES, InputError

__all__ = ["TestedTotals", "mean_prediction", "read_totals", "totals_of"]


@dataclass(frozen=True, slots=True)
class TestedTotals:
    """True totals of the N views of a test, and what was predicted.

    Parameters
    ----------
    galaxy_id : (N,) array of str
        Whom each view shows.
    true : mapping of str to (N,) array
        By property, in its unit.
    predicted : mapping of str to Prediction
        (N,) each.
    """

    galaxy_id: NDArray[np.str_]
    true: dict[str, NDArray[np.float64]]
    predicted: dict[str, Prediction]


def mean_prediction(members: Sequence[Prediction]) -> Prediction:
    """What several networks predict together.

    Parameters
    ----------
    members : sequence of Prediction
        Of the same totals.

    Returns
    -------
    Prediction
        The mean of the means, which adds up as they do, and the geometric mean of each quantile:
        quantiles are averaged (Ratcliff 1979, Psychological Bulletin 86, 446), in the logarithm,
        in which totals scatter. The interval is as wide as those of the members are on average.
    """
    with np.errstate(divide="ignore"):
        quantiles = (
            np.exp(np.mean([np.log(getattr(m, q)) for m in members], axis=0))
            for q in ("p16", "p50", "p84")
        )
        return Prediction(np.mean([m.mean for m in members], axis=0), *quantiles)


def read_totals(evaluations: Sequence[Path]) -> list[TestedTotals]:
    """Totals of several evaluations of the same views.

    Parameters
    ----------
    evaluations : sequence of path
        Folders of `picassso.evaluate`.

    Raises
    ------
    InputError
        If a file cannot be read, or the evaluations are of different views.
    """
    found = [_read(folder / "totals.csv") for folder in evaluations]
    if any(not np.array_equal(found[0].galaxy_id, other.galaxy_id) for other in found):
        raise InputError(
            f"{evaluations[0].parent}: the members were tested on different views; remove the "
            "folders of the runs and run the study again"
        )
    return found


def totals_of(runs: Sequence[Path]) -> TestedTotals:
    """Totals as several runs predict them together; of one run, as it predicts them.

    Raises
    ------
    InputError
        As `read_totals` does.
    """
    tested = read_totals([run / "evaluation" for run in runs])
    first = tested[0]
    together = {p: mean_prediction([t.predicted[p] for t in tested]) for p in first.true}
    return TestedTotals(first.galaxy_id, first.true, together)


def _read(path: Path) -> TestedTotals:
    """Galaxies, true totals and predicted ones, as an evaluation wrote them."""
    try:
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        names = [p for p in PROPERTIES if rows and f"true_{p}" in rows[0]]

        def column(name: str) -> NDArray[np.float64]:
            return np.array([float(row[name]) for row in rows])

        def predicted(name: str) -> Prediction:
            return Prediction(*(column(f"{q}_{name}") for q in ("mean", "p16", "p50", "p84")))

        return TestedTotals(
            np.array([row["galaxy_id"] for row in rows]),
            {p: column(f"true_{p}") for p in names},
            {p: predicted(p) for p in names},
        )
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{path}: not the totals of an evaluation ({error}); remove the folder "
            f"{path.parents[1]} and run the study again"
        ) from None
