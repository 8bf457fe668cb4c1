"""Residuals of pixels, accumulated image by image in constant memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.bootstrap import Replicates
from picassso.analysis.metrics import (
    MAD_TO_SIGMA,
    OUTLIER_SIGMAS,
    STATISTICS,
    Counts,
    Prediction,
    ResidualStatistics,
    assemble,
    has_intervals,
)
from picassso.analysis.protocol import Protocol
from picassso.analysis.selection import SelectedPixels, select_pixels

__all__ = ["PixelResiduals"]

_EDGE = 4.0  # dex
_BINS = 1601  # odd: a residual of exactly zero lies in the middle of a bin
_WIDTH = 2 * _EDGE / (_BINS - 1)
_SUMS = 7


class PixelResiduals:
    """Residual statistics of the pixels of one property, image after image.

    Medians come from a histogram of residuals in bins of 0.005 dex between -4 and 4 dex, within
    which they are interpolated and kept within what the exact moments allow: a median lies within
    one standard deviation of the mean (Mallows & Richter 1969, Ann. Math. Stat. 40, 1922), and
    half of the distances from it within sqrt(2) times their root mean square (Markov). Errors are
    those of a Poisson bootstrap over galaxies (Chamandy et al. 2012): each galaxy has a Poisson
    weight in each replicate, drawn from its name, so that all its views weigh the same. Memory
    does not grow with the number of images.

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
        self._counts = Counts()
        self._intervals = False
        # Sums of: true, predicted mean, predicted median, residual, residual^2, inside the
        # interval, pixels; then the histogram.
        self._replicates = Replicates(_SUMS + _BINS, bootstraps=bootstraps, seed=seed)

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
        pixels = select_pixels(true, predicted, property=self.property)
        self.add_selected(pixels, galaxy_id=galaxy_id)

    def add_selected(self, pixels: SelectedPixels, *, galaxy_id: str) -> None:
        """`add`, where the pixels have been selected already."""
        self._counts += pixels.counts
        if not pixels.counts.used:
            return
        true, predicted, residual = pixels.true, pixels.predicted, pixels.residual
        self._intervals |= has_intervals(predicted)
        inside = (predicted.p16 <= true) & (true <= predicted.p84)
        sums = [
            *(m.sum(dtype=np.float64) for m in (true, predicted.mean, predicted.p50)),
            residual.sum(dtype=np.float64),
            (residual**2).sum(dtype=np.float64),
            np.count_nonzero(inside),
            len(true),
        ]
        bins = np.clip(np.rint((residual + _EDGE) / _WIDTH), 0, _BINS - 1).astype(np.int32)
        histogram = np.bincount(bins, minlength=_BINS)
        self._replicates.add(np.concatenate([sums, histogram]), galaxy_id=galaxy_id)

    def result(self, protocol: Protocol = Protocol.HONEST) -> ResidualStatistics:
        """Statistics of all pixels added so far; NaN where there are none.

        The predictions added are to be honest ones whatever the protocol. `Protocol.PAPER`, which
        masks pixels that make no statistics, makes means medians and false positives zero.
        """
        paper = protocol is Protocol.PAPER

        def estimate(sums: NDArray[np.float64]) -> NDArray[np.float64]:
            return _estimate(sums, mean=sums[2 if paper else 1])

        values, errors = self._replicates.estimate(estimate)
        counts = replace(self._counts, false_positive=0) if paper else self._counts
        return assemble(self.property, "pixel", values, errors, counts, intervals=self._intervals)


def _estimate(sums: NDArray[np.float64], *, mean: float) -> NDArray[np.float64]:
    """The statistics, in the order of `ResidualStatistics`."""
    true, _, _, first, second, inside, n = sums[:_SUMS]
    if n == 0:
        return np.full(STATISTICS, np.nan)
    edges = -_EDGE + _WIDTH * (np.arange(_BINS + 1) - 0.5)
    share = np.concatenate([[0.0], np.cumsum(sums[_SUMS:])]) / n

    def within(distance: float) -> float:
        lower, upper = np.interp([median - distance, median + distance], edges, share)
        return float(upper - lower)

    centre = first / n
    sigma = float(np.sqrt(max(second / n - centre**2, 0.0)))
    # Bounds by the exact moments, which know no bins: equal errors come out exactly.
    median = float(np.clip(quantile_of_share(edges, share, 0.5), centre - sigma, centre + sigma))
    distances = _WIDTH / 8 * np.arange(16 * _BINS)
    cumulative = np.interp(median + distances, edges, share) - np.interp(
        median - distances, edges, share
    )
    farthest = np.sqrt(2.0 * (sigma**2 + (median - centre) ** 2))
    robust = MAD_TO_SIGMA * min(quantile_of_share(distances, cumulative, 0.5), farthest)
    return np.array(
        [
            np.log10(true / mean) if mean > 0 else np.inf,
            median,
            centre,
            sigma,
            robust,
            1.0 - within(max(OUTLIER_SIGMAS * robust, _WIDTH)),
            inside / n,
        ]
    )


def quantile_of_share(x: NDArray[np.floating], share: NDArray[np.floating], q: float) -> float:
    """Where a non-decreasing cumulative share first reaches `q`, linearly between points."""
    i = int(np.searchsorted(share, q))
    if i == 0:
        return float(x[0])
    rise = share[i] - share[i - 1]
    return float(x[i - 1] + (x[i] - x[i - 1]) * (q - share[i - 1]) / rise)
