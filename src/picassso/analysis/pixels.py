"""Residuals of pixels, accumulated image by image in constant memory."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.metrics import (
    MAD_TO_SIGMA,
    OUTLIER_SIGMAS,
    Counts,
    Prediction,
    ResidualStatistics,
    assemble,
    log_residual,
    select,
)
from picassso.core import PROPERTIES

__all__ = ["PixelResiduals"]

_EDGE = 4.0  # dex
_BINS = 1601  # odd: a residual of exactly zero lies in the middle of a bin
_WIDTH = 2 * _EDGE / (_BINS - 1)


class PixelResiduals:
    """Residual statistics of the pixels of one property, image after image.

    Medians come from a histogram of residuals in bins of 0.005 dex between -4 and 4 dex, within
    which they are interpolated. Errors are those of a Poisson bootstrap over galaxies (Chamandy
    et al. 2012): each galaxy has a Poisson weight in each replicate, drawn from its name, so that
    all its views weigh the same. Memory does not grow with the number of images.

    Parameters
    ----------
    property : str
        Name of the additive property; pixels whose truth reaches its floor count.
    bootstraps : int
        Number of replicates.
    seed : int
        Of the bootstrap.
    """

    def __init__(self, property: str, *, bootstraps: int = 100, seed: int = 0) -> None:
        self.property = property
        self._floor = PROPERTIES[property].floor
        self._seed = seed
        self._counts = Counts()
        self._galaxies: str | None = None
        self._several = False
        # Row 0 holds the data themselves, the others the replicates.
        n = bootstraps + 1
        self._histogram = np.zeros((n, _BINS))
        # Sums of: true, predicted mean, residual, residual^2, inside the interval, pixels.
        self._sums = np.zeros((n, 6))

    def add(self, true: NDArray[np.floating], predicted: Prediction, *, galaxy_id: str) -> None:
        """Add the pixels of one image.

        Parameters
        ----------
        true : array
            True surface density; NaN where not known.
        predicted : Prediction
            Arrays of the same shape.
        galaxy_id : str
            Whom the image shows.

        Raises
        ------
        InputError
            If a prediction is not finite.
        """
        used, counts = select(true, predicted, floor=self._floor, name=self.property)
        self._counts += counts
        if not counts.used:
            return
        self._several |= self._galaxies not in (None, galaxy_id)
        self._galaxies = galaxy_id
        true, predicted = np.asarray(true, np.float64)[used], predicted[used]
        residual = log_residual(true, predicted.p50, floor=self._floor)
        inside = (predicted.p16 <= true) & (true <= predicted.p84)
        sums = [
            true.sum(),
            predicted.mean.sum(dtype=np.float64),
            residual.sum(),
            (residual**2).sum(),
            inside.sum(),
            len(true),
        ]
        bins = np.clip(np.rint((residual + _EDGE) / _WIDTH).astype(int), 0, _BINS - 1)
        weights = self._weights(galaxy_id)[:, None]
        self._sums += weights * np.asarray(sums)
        self._histogram += weights * np.bincount(bins, minlength=_BINS)

    def result(self) -> ResidualStatistics:
        """Statistics of all pixels added so far; NaN where there are none."""
        estimates = np.array(
            [_estimate(s, h) for s, h in zip(self._sums, self._histogram, strict=True)]
        )
        replicates = estimates[1:][np.isfinite(estimates[1:]).all(axis=1)]
        errors = np.full(6, np.nan)
        if self._several and len(replicates) > 1:
            errors = replicates.std(axis=0, ddof=1)
        return assemble(self.property, "pixel", estimates[0], errors, self._counts)

    def _weights(self, galaxy_id: str) -> NDArray[np.float64]:
        rng = np.random.default_rng([self._seed, zlib.crc32(galaxy_id.encode())])
        return np.concatenate([[1.0], rng.poisson(1.0, len(self._sums) - 1)])


def _estimate(sums: NDArray[np.float64], histogram: NDArray[np.float64]) -> NDArray[np.float64]:
    """The six statistics, in the order of `ResidualStatistics`."""
    true, mean, first, second, inside, n = sums
    if n == 0:
        return np.full(6, np.nan)
    edges = -_EDGE + _WIDTH * (np.arange(_BINS + 1) - 0.5)
    share = np.concatenate([[0.0], np.cumsum(histogram)]) / n

    def within(distance: float) -> float:
        lower, upper = np.interp([median - distance, median + distance], edges, share)
        return float(upper - lower)

    median = _quantile(edges, share, 0.5)
    distances = _WIDTH / 8 * np.arange(16 * _BINS)
    cumulative = np.interp(median + distances, edges, share) - np.interp(
        median - distances, edges, share
    )
    robust = MAD_TO_SIGMA * _quantile(distances, cumulative, 0.5)
    return np.array(
        [
            np.log10(true / mean) if mean > 0 else np.inf,
            median,
            np.sqrt(max(second / n - (first / n) ** 2, 0.0)),
            robust,
            1.0 - within(OUTLIER_SIGMAS * robust),
            inside / n,
        ]
    )


def _quantile(x: NDArray[np.floating], share: NDArray[np.floating], q: float) -> float:
    """Where a non-decreasing cumulative share first reaches `q`, linearly between points."""
    i = int(np.searchsorted(share, q))
    if i == 0:
        return float(x[0])
    rise = share[i] - share[i - 1]
    return float(x[i - 1] + (x[i] - x[i - 1]) * (q - share[i - 1]) / rise)
