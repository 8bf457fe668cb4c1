"""Residuals of pixels, accumulated image by image in constant memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.bootstrap import GalaxyCounts, Replicates
from picassso.analysis.histograms import FINE, quantile_of_share
from picassso.analysis.metrics import Counts, ResidualStatistics, assemble
from picassso.analysis.protocol import Protocol
from picassso.analysis.residuals import (
    MAD_TO_SIGMA,
    OUTLIER_SIGMAS,
    STATISTICS,
    Prediction,
    log_ratio,
)
from picassso.analysis.selection import SelectedPixels, select_pixels

__all__ = ["PixelResiduals"]

_PROTOCOLS = tuple(Protocol)
_SUMS = 2 * len(_PROTOCOLS)  # of truth and prediction, by protocol
_MOMENTS = 4  # sums of: residual, residual^2, inside the interval, pixels
_BLOCK = _MOMENTS + FINE.number


class PixelResiduals:
    """Residual statistics of the pixels of one property, image after image, in both protocols.

    The linear bias is that of the sums over all pixels. The other statistics need a logarithm: they
    are of the pixels whose predicted median reaches the floor (`Protocol.HONEST`), smaller truths
    counting as they are, or of those whose truth does (`Protocol.PAPER`).

    Medians come from a histogram of residuals in bins of 0.005 dex up to 2 dex and of 0.05 dex up
    to 10 dex, within which they are interpolated and kept within what the exact moments allow: a
    median lies within one standard deviation of the mean (Mallows & Richter 1969, Ann. Math. Stat.
    40, 1922), and half of the distances from it within sqrt(2) times their root mean square
    (Markov). Errors are those of a Poisson bootstrap over galaxies (Chamandy et al. 2012): each
    galaxy has a Poisson weight in each replicate, drawn from its name, so that all its views weigh
    the same. Memory does not grow with the number of images.

    Parameters
    ----------
    property : str
        Name of the additive property; its floor applies.
    bootstraps : int
        Number of replicates.
    seed : int
        Of the bootstrap.
    """

    def __init__(self, property: str, *, bootstraps: int = 100, seed: int = 0) -> None:
        self.property = property
        self._counts = Counts()
        self._intervals = False
        self._galaxies = GalaxyCounts(len(_PROTOCOLS))
        # True and predicted sums of each protocol, then a block of each.
        size = _SUMS + len(_PROTOCOLS) * _BLOCK
        self._replicates = Replicates(size, bootstraps=bootstraps, seed=seed)

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
        self._intervals |= pixels.wide
        counts, faint = pixels.counts, pixels.invented
        paper = [m.sum(dtype=np.float64) - m[faint].sum() for m in (pixels.true, pixels.median)]
        numbers = {Protocol.HONEST: counts.painted, Protocol.PAPER: counts.used}
        self._galaxies.add([numbers[p] > 0 for p in _PROTOCOLS], galaxy_id=galaxy_id)
        every = _block(pixels, slice(None))
        blocks = [every - _block(pixels, pixels.left_out(p)) for p in _PROTOCOLS]
        self._replicates.add(np.concatenate([pixels.sums, paper, *blocks]), galaxy_id=galaxy_id)

    def result(self, protocol: Protocol = Protocol.HONEST) -> ResidualStatistics:
        """Statistics of all pixels added so far; NaN where there are none.

        The predictions added are to be honest ones whatever the protocol. `Protocol.PAPER`, which
        masks pixels by the truth, makes means medians and false positives zero.
        """
        k = _PROTOCOLS.index(protocol)
        start = _SUMS + k * _BLOCK

        def estimate(sums: NDArray[np.float64]) -> NDArray[np.float64]:
            found = np.full(STATISTICS, np.nan)
            found[0] = log_ratio(*sums[2 * k : 2 * k + 2])
            found[1:-1] = _estimate(sums[start : start + _BLOCK])
            if protocol is Protocol.HONEST:
                found[-1] = found[1]
            return found

        values, errors = self._replicates.estimate(estimate)
        return assemble(
            self.property,
            "pixel",
            values,
            errors,
            self._counts if protocol is Protocol.HONEST else self._counts.masked(),
            galaxies=self._galaxies.numbers[k],
            intervals=self._intervals,
        )


def _block(pixels: SelectedPixels, which: slice | NDArray[np.intp]) -> NDArray[np.float64]:
    """Moments and histogram of the residuals of some pixels."""
    residual = pixels.residual[which]
    first, second = residual.sum(dtype=np.float64), (residual**2).sum(dtype=np.float64)
    moments = (first, second, np.count_nonzero(pixels.inside[which]), len(residual))
    return np.concatenate([moments, np.bincount(pixels.fine[which], minlength=FINE.number)])


def _estimate(block: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logarithmic statistics, in the order of `ResidualStatistics`."""
    first, second, inside, n = block[:_MOMENTS]
    if n == 0:
        return np.full(STATISTICS - 2, np.nan)
    edges = FINE.edges
    share = np.concatenate([[0.0], np.cumsum(block[_MOMENTS:])]) / n

    def within(distance: float) -> float:
        lower, upper = np.interp([median - distance, median + distance], edges, share)
        return float(upper - lower)

    centre = first / n
    sigma = float(np.sqrt(max(second / n - centre**2, 0.0)))
    # Bounds by the exact moments, which know no bins: equal errors come out exactly.
    median = float(np.clip(quantile_of_share(edges, share, 0.5), centre - sigma, centre + sigma))
    # To the farther end, where all lie within.
    distances = np.arange(0.0, edges[-1] + abs(median) + FINE.width, FINE.width / 8)
    cumulative = np.interp(median + distances, edges, share) - np.interp(
        median - distances, edges, share
    )
    farthest = np.sqrt(2.0 * (sigma**2 + (median - centre) ** 2))
    robust = MAD_TO_SIGMA * min(quantile_of_share(distances, cumulative, 0.5), farthest)
    far = max(OUTLIER_SIGMAS * robust, FINE.width)
    return np.array([median, centre, sigma, robust, 1.0 - within(far), inside / n])
