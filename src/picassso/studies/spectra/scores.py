"""Numbers of an evaluation of spectra, each with its error, in one long table."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.analysis.bootstrap import bootstrap
from picassso.core import InputError

__all__ = ["Score", "find_score", "measured", "scores_csv"]

BOOTSTRAPS = 200


@dataclass(frozen=True, slots=True)
class Score:
    """A number of an evaluation.

    Parameters
    ----------
    part : str
        Of the evaluation, such as ``"reconstruction"``.
    sample : str
        Of which spectra or galaxies.
    method : str
        Whose number it is.
    quantity : str
        What was predicted or measured.
    statistic : str
        What was made of it.
    value, error : float
        And its standard error, by drawing galaxies; NaN where not known.
    count : int
        Of how many spectra or galaxies.
    by : str
        Quantity whose bin it is, if any, from
    low, high : float
        to.
    """

    part: str
    sample: str
    method: str
    quantity: str
    statistic: str
    value: float
    error: float = np.nan
    count: int = 0
    by: str = ""
    low: float = np.nan
    high: float = np.nan


def measured(
    values: ArrayLike,
    galaxy_id: ArrayLike,
    function: Callable[[NDArray[np.float64]], Any],
    *,
    seed: int,
) -> tuple[float, float, int]:
    """A number of a sample, its error by drawing galaxies, and of how many rows it is.

    Parameters
    ----------
    values : (N, ...) array
        Rows with NaN are left out.
    galaxy_id : (N,) array
        Whom each row shows.
    function : callable
        From (n, ...) values to a number.
    seed : int
        Of the bootstrap.
    """
    rows = np.asarray(values, dtype=np.float64)
    known = ~np.isnan(rows).any(axis=tuple(range(1, rows.ndim)))
    rows, ids = rows[known], np.asarray(galaxy_id)[known]
    if not len(rows):
        return np.nan, np.nan, 0

    def estimate(times: NDArray[np.intp]) -> NDArray[np.float64]:
        return np.array(function(np.repeat(rows, times, axis=0)))

    value, error = bootstrap(estimate, ids, bootstraps=BOOTSTRAPS, seed=seed)
    return float(value), float(error), len(rows)


def find_score(scores: Iterable[Score], **wanted: Any) -> Score:
    """The one score whose fields are as wanted; one without number if there is none.

    Raises
    ------
    InputError
        If several are.
    """
    found = [s for s in scores if all(getattr(s, k) == v for k, v in wanted.items())]
    if len(found) > 1:
        raise InputError(f"{len(found)} scores are {wanted}, expected one")
    text = {"part": "", "sample": "", "method": "", "quantity": "", "statistic": ""}
    return found[0] if found else Score(**{**text, "value": np.nan, **wanted})


def scores_csv(scores: Sequence[Score]) -> str:
    """A line a number; cells of what is not known are empty."""
    names = [f.name for f in fields(Score)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_text(getattr(score, name)) for name in names] for score in scores)
    return out.getvalue()


def _text(value: Any) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.6g}"
    return str(value)
