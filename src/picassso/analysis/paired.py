"""Two predictions of the same totals: how much worse one is on the same galaxies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.analysis.bootstrap import bootstrap
from picassso.analysis.metrics import Statistic, select, statistics
from picassso.analysis.residuals import Prediction, RisingResiduals
from picassso.core import PROPERTIES

__all__ = ["PairedDifference", "paired_difference"]

_LINEAR, _MEDIAN, _SIGMA, _ROBUST = 0, 1, 3, 4
"""Places in what `RisingResiduals.estimate` gives."""


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """By how much the residuals of one prediction exceed those of another [dex].

    Parameters
    ----------
    property : str
        Name of the property.
    sigma, robust_sigma : Statistic
        Scatter less that of the other.
    linear_bias, median_bias : Statistic
        Amount of the bias, without its sign, less that of the other.
    used : int
        Totals that both were compared on.
    """

    property: str
    sigma: Statistic
    robust_sigma: Statistic
    linear_bias: Statistic
    median_bias: Statistic
    used: int


def paired_difference(
    true: NDArray[np.floating],
    predicted: Prediction,
    other: Prediction,
    *,
    property: str,
    galaxy_id: ArrayLike,
    bootstraps: int = 500,
    seed: int = 0,
) -> PairedDifference:
    """Statistics of a prediction less those of another of the same totals.

    Every draw of the bootstrap takes the same galaxies for both: what a hard galaxy does to both
    cancels, so that the error of a difference is smaller than those of its sides suggest.

    Parameters
    ----------
    true : (N,) array
        True totals in the property's total unit; NaN where not known. Those below the property's
        total floor are left out.
    predicted, other : Prediction
        (N,) each.
    property : str
        Name of the additive property.
    galaxy_id : (N,) array of str
        Whom each row shows: galaxies are drawn, not views.
    bootstraps : int
        Number of resamplings; 0 leaves the errors NaN.
    seed : int
        Of the bootstrap.

    Returns
    -------
    PairedDifference
        Positive where the other is better.

    Raises
    ------
    InputError
        If a prediction whose truth is known is not finite.
    """
    floor = np.full(len(true), PROPERTIES[property].total_floor)
    # What is used follows from the truth alone; both are checked.
    used, _ = (select(true, p, floor=floor, name=property)[0] for p in (predicted, other))
    known = ~np.isnan(true)
    ours, theirs = (
        RisingResiduals.of(true[known], p[known], floor=floor[known]) for p in (predicted, other)
    )

    def estimate(times: NDArray[np.intp]) -> NDArray[np.float64]:
        # Scatter has no sign: amounts change biases alone.
        return np.abs(ours.estimate(times)) - np.abs(theirs.estimate(times))

    values, errors = bootstrap(
        estimate, np.asarray(galaxy_id)[known], bootstraps=bootstraps, seed=seed
    )
    found = statistics(values, errors)
    return PairedDifference(
        property, found[_SIGMA], found[_ROBUST], found[_LINEAR], found[_MEDIAN], int(used.sum())
    )
