"""How far the distribution of predicted values lies from that of true ones.

Distributions are compared as a whole: which value belongs to which galaxy or pixel does not enter.
A set of medians is narrower than the truths around which they are right, so that even the best
prediction has a distance; it says how much of the variety of galaxies a set of painted maps shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.analysis.bootstrap import Replicates, bootstrap
from picassso.analysis.estimates import Statistic, statistics
from picassso.analysis.protocol import Protocol
from picassso.analysis.residuals import Prediction
from picassso.analysis.selection import SelectedPixels, select_pixels
from picassso.core import PROPERTIES, InputError

__all__ = ["DistributionDistances", "PixelDistributions", "distribution_distances"]

_WIDTH = 0.02  # dex
_BINS = 401  # 0 to 8 dex above the floor


@dataclass(frozen=True, slots=True)
class DistributionDistances:
    """Distances between the distributions of log10(true) and log10(predicted).

    With F and G the cumulative distributions; values below the floor are put at the floor, so that
    they count, but by how much they lie below it does not.

    Parameters
    ----------
    property : str
        Name of the additive property.
    kind : str
        ``"total"`` or ``"pixel"``.
    wasserstein : Statistic
        Wasserstein-1 distance, the integral of ``|F - G|`` [dex].
    kolmogorov_smirnov : Statistic
        Largest ``|F - G|``.
    energy : Statistic
        Energy distance, the square root of twice the integral of ``(F - G)^2`` [dex^1/2]
        (Szekely & Rizzo 2013, J. Stat. Plan. Inference 143, 1249).
    used : int
        How many pairs of values there were.
    absent : int
        Truths not known, left out with their predictions.
    """

    property: str
    kind: str
    wasserstein: Statistic
    kolmogorov_smirnov: Statistic
    energy: Statistic
    used: int
    absent: int


def distribution_distances(
    true: ArrayLike,
    predicted: ArrayLike,
    *,
    property: str,
    galaxy_id: ArrayLike,
    bootstraps: int = 200,
    seed: int = 0,
) -> DistributionDistances:
    """Distances between the distributions of true and predicted totals.

    Parameters
    ----------
    true : (N,) array
        Totals in the property's total unit; NaN where not known.
    predicted : (N,) array
        Predicted ones: medians, or draws of the predicted distributions.
    property : str
        Name of the additive property; its total floor applies.
    galaxy_id : (N,) array of str
        Whom each row shows.
    bootstraps, seed : int
        Of the bootstrap over galaxies, which draws truth and prediction together.

    Returns
    -------
    DistributionDistances
        NaN where no truth is known.

    Raises
    ------
    InputError
        If a prediction whose truth is known is not finite.
    """
    true, predicted = np.asarray(true, np.float64), np.asarray(predicted, np.float64)
    known = ~np.isnan(true)
    if not np.isfinite(predicted[known]).all():
        raise InputError(f"{property}: a predicted total is not finite")
    floor = PROPERTIES[property].total_floor
    points = np.log10(np.maximum([true[known], predicted[known]], floor)).ravel()
    order = np.argsort(points)
    points = points[order]

    def estimate(times: NDArray[np.intp]) -> NDArray[np.float64]:
        steps = np.concatenate([times, -times])[order]
        return _distances(points, np.cumsum(steps) / max(times.sum(), 1))

    values, errors = bootstrap(
        estimate, np.asarray(galaxy_id)[known], bootstraps=bootstraps, seed=seed
    )
    return _assemble(property, "total", values, errors, int(known.sum()), int((~known).sum()))


class PixelDistributions:
    """Distances between the distributions of true and predicted pixels, image after image.

    Pixels where truth or prediction reaches the floor count: those where neither does are alike
    for nothing. Values are counted in bins of 0.02 dex up to 8 dex above the floor, so that memory
    does not grow with the number of images.

    Parameters
    ----------
    property : str
        Name of the additive property.
    bootstraps : int
        Number of replicates of the Poisson bootstrap over galaxies.
    seed : int
        Of the bootstrap.
    """

    def __init__(self, property: str, *, bootstraps: int = 50, seed: int = 0) -> None:
        self.property = property
        self._floor = PROPERTIES[property].floor
        self._used = self._invented = self._absent = 0
        # Histograms of: true, predicted where the truth reaches the floor, predicted elsewhere.
        self._replicates = Replicates(3 * _BINS, bootstraps=bootstraps, seed=seed)

    def add(
        self, true: NDArray[np.floating], predicted: NDArray[np.floating], *, galaxy_id: str
    ) -> None:
        """Add the pixels of one image.

        Parameters
        ----------
        true, predicted : array
            Surface densities of one shape; NaN in `true` where not known.
        galaxy_id : str
            Whom the image shows.

        Raises
        ------
        InputError
            If a prediction whose truth is known is not finite.
        """
        known = ~np.isnan(true)
        if not (np.isfinite(predicted) | ~known).all():
            raise InputError(f"{self.property}: a predicted pixel is not finite")
        alike = Prediction(predicted, predicted, predicted, predicted)
        pixels = select_pixels(true, alike, property=self.property)
        self.add_selected(pixels, galaxy_id=galaxy_id)

    def add_selected(self, pixels: SelectedPixels, *, galaxy_id: str) -> None:
        """`add` the predicted medians, where the pixels have been selected already."""
        self._used += pixels.counts.used
        self._invented += pixels.counts.false_positive
        self._absent += pixels.counts.absent
        faint = pixels.invented
        invented = self._histogram(pixels.median[faint])
        true = self._histogram(pixels.true) - self._histogram(pixels.true[faint])
        predicted = self._histogram(pixels.median) - invented
        self._replicates.add(np.concatenate([true, predicted, invented]), galaxy_id=galaxy_id)

    def _histogram(self, values: NDArray[np.floating]) -> NDArray[np.intp]:
        """How many values lie in each bin of dex above the floor."""
        height = np.log10(np.maximum(values / self._floor, 1.0))
        bins = np.minimum(np.rint(height / _WIDTH), _BINS - 1).astype(np.int32)
        return np.bincount(bins, minlength=_BINS)

    def result(self, protocol: Protocol = Protocol.HONEST) -> DistributionDistances:
        """Distances of all pixels added so far; NaN where there are none.

        The predictions added are to be honest ones whatever the protocol: `Protocol.PAPER` leaves
        out what they invented where the truth is below the floor.
        """
        honest = protocol is Protocol.HONEST

        def estimate(counts: NDArray[np.float64]) -> NDArray[np.float64]:
            true, predicted, invented = counts.reshape(3, _BINS)
            if not honest:
                return _histogram_distances(true, predicted)
            at_floor = invented.sum() * (np.arange(_BINS) == 0)
            return _histogram_distances(true + at_floor, predicted + invented)

        values, errors = self._replicates.estimate(estimate)
        used = self._used + (self._invented if honest else 0)
        return _assemble(self.property, "pixel", values, errors, used, self._absent)


def _histogram_distances(
    true: NDArray[np.float64], predicted: NDArray[np.float64]
) -> NDArray[np.float64]:
    difference = np.cumsum(true - predicted) / max(true.sum(), 1.0)
    points = _WIDTH * np.arange(_BINS if true.sum() else 0, dtype=np.float64)
    difference = difference[: len(points)]
    return _distances(points, difference)


def _distances(points: NDArray[np.float64], difference: NDArray[np.float64]) -> NDArray[np.float64]:
    """Wasserstein, Kolmogorov-Smirnov and energy distance.

    `difference` is F - G from each of the rising `points` to the next; where points coincide, only
    the last of them tells it.
    """
    if len(points) == 0:
        return np.full(3, np.nan)
    steps, difference = np.diff(points), np.abs(difference[:-1])
    largest = difference[steps > 0].max(initial=0.0)
    return np.array([steps @ difference, largest, np.sqrt(2.0 * (steps @ difference**2))])


def _assemble(
    property: str,
    kind: str,
    values: NDArray[np.float64],
    errors: NDArray[np.float64],
    used: int,
    absent: int,
) -> DistributionDistances:
    wasserstein, largest, energy = statistics(values, errors)
    return DistributionDistances(property, kind, wasserstein, largest, energy, used, absent)
