"""Where predictions err: residual statistics in bins of another quantity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.analysis.estimates import MINIMUM_GALAXIES
from picassso.analysis.metrics import ResidualStatistics, residual_statistics, select
from picassso.analysis.residuals import Prediction, log_residual
from picassso.core import PROPERTIES, InputError

__all__ = ["BinnedResiduals", "binned_residuals"]


@dataclass(frozen=True, slots=True)
class BinnedResiduals:
    """Residuals of the totals of one property in one bin of a quantity.

    Parameters
    ----------
    quantity : str
        What the bins are of.
    low, high : float
        The bin holds ``low <= value < high``; infinite where it is open, both NaN in the bin of
        views whose value is not known.
    galaxies : int
        How many galaxies make the statistics.
    p16, p84 : float
        Percentiles of log10(true / predicted median) [dex].
    statistics : ResidualStatistics
        NaN, its counts apart, where `few`.
    """

    quantity: str
    low: float
    high: float
    galaxies: int
    p16: float
    p84: float
    statistics: ResidualStatistics

    @property
    def few(self) -> bool:
        """Whether there are too few galaxies for statistics."""
        return self.galaxies < MINIMUM_GALAXIES

    @property
    def views(self) -> int:
        """How many views lie in the bin, those that make no statistics included."""
        counts = self.statistics.counts
        return counts.used + counts.below_floor + counts.absent


def binned_residuals(
    quantity: str,
    values: ArrayLike,
    edges: Sequence[float],
    true: Mapping[str, NDArray[np.floating]],
    predicted: Mapping[str, Prediction],
    *,
    galaxy_id: ArrayLike,
    bootstraps: int = 200,
    seed: int = 0,
) -> list[BinnedResiduals]:
    """`residual_statistics` of every property in bins of a quantity.

    Every view lies in exactly one bin, so that the counts of all bins add up to those of all
    views.

    Parameters
    ----------
    quantity : str
        What `values` are.
    values : (N,) array
        A value a view; NaN where not known, which makes one more, last bin.
    edges : sequence of float
        Inner edges, rising; the first and the last bin are open.
    true : mapping of str to (N,) array
        True totals in the property's total unit; NaN where not known.
    predicted : mapping of str to Prediction
        (N,) each.
    galaxy_id : (N,) array of str
        Whom each view shows: the bootstrap draws galaxies.
    bootstraps : int
        Number of resamplings.
    seed : int
        Of the bootstrap.

    Returns
    -------
    list of BinnedResiduals
        Bin after bin, a row a property in each, empty bins included.

    Raises
    ------
    InputError
        If `values` are not one a view, or `edges` do not rise.
    """
    values, ids = np.asarray(values, dtype=np.float64), np.asarray(galaxy_id)
    if values.shape != ids.shape:
        raise InputError(
            f"{quantity}: values have shape {values.shape}, expected one a view, {ids.shape}"
        )
    if np.any(np.diff(edges) <= 0):
        raise InputError(f"{quantity}: bin edges {list(edges)}, expected rising ones")
    outer = [-np.inf, *edges, np.inf]
    limits = list(pairwise(outer))
    # An infinite value belongs to the last bin, which is open.
    number = np.digitize(values, edges)
    number[np.isnan(values)] = len(limits)
    if np.isnan(values).any():
        limits.append((np.nan, np.nan))
    return [
        _residuals(
            (quantity, low, high),
            true[name][number == k],
            predicted[name][number == k],
            ids[number == k],
            property=name,
            bootstraps=bootstraps,
            seed=seed,
        )
        for k, (low, high) in enumerate(limits)
        for name in true
        if name in predicted
    ]


def _residuals(
    place: tuple[str, float, float],
    true: NDArray[np.floating],
    predicted: Prediction,
    galaxy_id: NDArray[np.str_],
    *,
    property: str,
    bootstraps: int,
    seed: int,
) -> BinnedResiduals:
    """Statistics of the views of one bin, if there are enough galaxies."""
    floor = PROPERTIES[property].total_floor
    used, _ = select(true, predicted, floor=floor, name=property)
    galaxies = len(np.unique(galaxy_id[used]))
    statistics = residual_statistics(
        true,
        predicted,
        property=property,
        galaxy_id=galaxy_id,
        fewest=MINIMUM_GALAXIES,
        bootstraps=bootstraps,
        seed=seed,
    )
    if galaxies < MINIMUM_GALAXIES:
        return BinnedResiduals(*place, galaxies, np.nan, np.nan, statistics)
    residual = log_residual(true[used], predicted.p50[used], floor=floor)
    p16, p84 = np.percentile(residual, [16, 84])
    return BinnedResiduals(*place, galaxies, float(p16), float(p84), statistics)
