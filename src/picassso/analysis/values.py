"""Statistics of measured numbers that have neither a floor nor an interval."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.analysis.bootstrap import bootstrap
from picassso.analysis.estimates import MINIMUM_GALAXIES, Statistic, statistics
from picassso.analysis.metrics import Counts, ResidualStatistics, residual_statistics
from picassso.analysis.residuals import Prediction, middle_of_sorted
from picassso.core import InputError

__all__ = ["Spread", "spread", "value_residuals"]


def value_residuals(
    true: ArrayLike,
    predicted: ArrayLike,
    *,
    name: str,
    galaxy_id: ArrayLike,
    bootstraps: int = 200,
    seed: int = 0,
) -> ResidualStatistics:
    """Residual statistics of positive numbers that have neither a floor nor an interval.

    Half-mass radii, concentrations, ages and metallicities of an annulus, the power in a band of
    frequencies; of a gradient, 10 to its power, the factor per half-mass radius.

    Parameters
    ----------
    true, predicted : (N,) array
        NaN where they could not be measured; so counts a prediction of zero.
    name : str
        What they are, as the statistics are to say.
    galaxy_id : (N,) array of str
        Whom each row shows.
    bootstraps, seed : int
        Of the bootstrap over galaxies.

    Returns
    -------
    ResidualStatistics
        Of kind ``"value"``, the coverage NaN. Where the truth is known and the prediction could
        not be measured, it counts as missed and is left out of the statistics. NaN for fewer than
        five galaxies.
    """
    true, predicted = np.asarray(true, np.float64), np.asarray(predicted, np.float64)
    unmeasured = ~np.isnan(true) & ~(predicted > 0)
    kept = predicted[~unmeasured]
    found = residual_statistics(
        true[~unmeasured],
        Prediction(kept, kept, kept, kept),
        property=name,
        kind="value",
        floor=np.finfo(np.float64).tiny,
        galaxy_id=np.asarray(galaxy_id)[~unmeasured],
        fewest=MINIMUM_GALAXIES,
        bootstraps=bootstraps,
        seed=seed,
    )
    counts = found.counts + Counts(missed=int(unmeasured.sum()))
    return replace(found, counts=counts)


@dataclass(frozen=True, slots=True)
class Spread:
    """What is typical of a number that every view has, and how far it spreads.

    Parameters
    ----------
    median : Statistic
        With its error by a bootstrap over galaxies.
    p16, p84 : float
        Percentiles.
    used, absent : int
        Views with the number, and without (NaN).
    """

    median: Statistic
    p16: float
    p84: float
    used: int
    absent: int


def spread(
    values: ArrayLike, *, galaxy_id: ArrayLike, bootstraps: int = 200, seed: int = 0
) -> Spread:
    """Median and percentiles of a number over views, such as a structural similarity.

    Parameters
    ----------
    values : (N,) array
        NaN where there is none.
    galaxy_id : (N,) array of str
        Whom each row shows.
    bootstraps, seed : int
        Of the bootstrap over galaxies.

    Returns
    -------
    Spread
        NaN for fewer than five galaxies.

    Raises
    ------
    InputError
        If a number is infinite: it has no place between others.
    """
    numbers = np.asarray(values, np.float64)
    if np.isinf(numbers).any():
        raise InputError(f"spread: {np.isinf(numbers).sum()} of {len(numbers)} numbers infinite")
    known = ~np.isnan(numbers)
    numbers, used = numbers[known], int(known.sum())
    ids = np.asarray(galaxy_id)[known]
    if len(np.unique(ids)) < MINIMUM_GALAXIES:
        return Spread(Statistic(np.nan), np.nan, np.nan, used, len(known) - used)

    order = np.argsort(numbers)
    numbers, ids = numbers[order], ids[order]

    def estimate(times: NDArray[np.intp]) -> NDArray[np.float64]:
        return np.array([middle_of_sorted(np.repeat(numbers, times))])

    medians, errors = bootstrap(estimate, ids, bootstraps=bootstraps, seed=seed)
    p16, p84 = (float(p) for p in np.percentile(numbers, [16, 84]))
    (median,) = statistics(medians, errors)
    return Spread(median, p16, p84, used, len(known) - used)
