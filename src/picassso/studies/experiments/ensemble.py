"""Several networks as one: their mean prediction, and how right it is."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from picassso.analysis import Prediction, ResidualStatistics, residual_table
from picassso.core import PROPERTIES, InputError

__all__ = ["averaged", "mean_prediction"]

_MOST_SUBSETS = 12
_BOOTSTRAPS = 200


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


def averaged(evaluations: Sequence[Path]) -> dict[int, list[list[ResidualStatistics]]]:
    """Scores of the mean prediction of 1, 2, ... of the members of an ensemble.

    Parameters
    ----------
    evaluations : sequence of path
        Folders of `picassso.evaluate`, one a member, on the same views.

    Returns
    -------
    dict of int to list
        By number of members: the statistics of totals of each choice of so many of them; where
        there are more than a dozen choices, of a dozen, evenly spread over all.

    Raises
    ------
    InputError
        If a file cannot be read, or the members were not tested on the same views.
    """
    read = [_read_totals(folder / "totals.csv") for folder in evaluations]
    galaxy_id, true, _ = read[0]
    if any(not np.array_equal(galaxy_id, other) for other, *_ in read):
        raise InputError(
            f"{evaluations[0].parent}: the members were tested on different views; remove the "
            "folders of the runs and run the study again"
        )
    members = [predicted for *_, predicted in read]
    found = {}
    for size in range(1, len(members) + 1):
        choices = list(itertools.combinations(members, size))
        some = np.linspace(0, len(choices) - 1, min(len(choices), _MOST_SUBSETS)).round()
        found[size] = [
            residual_table(
                true,
                {p: mean_prediction([m[p] for m in choices[int(k)]]) for p in true},
                galaxy_id=galaxy_id.tolist(),
                bootstraps=_BOOTSTRAPS,
            )
            for k in some
        ]
    return found


_Totals = tuple[NDArray[np.str_], dict[str, NDArray[np.float64]], dict[str, Prediction]]


def _read_totals(path: Path) -> _Totals:
    """Galaxies, true totals and predicted ones, as an evaluation wrote them."""
    try:
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        names = [p for p in PROPERTIES if rows and f"true_{p}" in rows[0]]

        def column(name: str) -> NDArray[np.float64]:
            return np.array([float(row[name]) for row in rows])

        def predicted(name: str) -> Prediction:
            return Prediction(*(column(f"{q}_{name}") for q in ("mean", "p16", "p50", "p84")))

        return (
            np.array([row["galaxy_id"] for row in rows]),
            {p: column(f"true_{p}") for p in names},
            {p: predicted(p) for p in names},
        )
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{path}: not the totals of an evaluation ({error}); remove the folder "
            f"{path.parents[1]} and run the study again"
        ) from None
