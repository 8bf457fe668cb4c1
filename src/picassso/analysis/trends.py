"""Residuals of pixels against another quantity of theirs, image after image, in constant memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.bootstrap import GalaxyCounts, Replicates
from picassso.analysis.estimates import MINIMUM_GALAXIES
from picassso.analysis.histograms import COARSE, quantile_of_share
from picassso.analysis.metrics import Counts
from picassso.analysis.protocol import Protocol
from picassso.analysis.residuals import Prediction
from picassso.analysis.selection import SelectedPixels, select_pixels
from picassso.core import InputError

__all__ = ["PixelTrend", "Trend", "bin_numbers"]

_CELLS = COARSE.number + 2  # and one of limits on either side
_QUANTILES = (0.16, 0.5, 0.84)


@dataclass(frozen=True, slots=True)
class Trend:
    """Residuals log10(true / predicted median) of pixels in bins of a quantity.

    A percentile is infinite where it lies among pixels whose residual is but a limit, truth or
    prediction being less than a thousandth of the floor: how far it lies out is not known. It is
    NaN in bins of fewer than five galaxies.

    Parameters
    ----------
    property : str
        Name of the additive property.
    edges : (K - 1,) array
        Inner edges of the K bins; a bin holds its lower edge, the first and the last are open.
    pixels : (K,) int array
        How many pixels each bin holds.
    p16, median, p84 : (K,) array
        Percentiles of the residual [dex].
    p16_error, median_error, p84_error : (K,) array
        Their standard errors by a bootstrap over galaxies; NaN where there is no percentile.
    unknown : int
        Pixels that count, but whose quantity is NaN, in no bin.
    counts : Counts
        Of the images that all bins rest on.
    """

    property: str
    edges: NDArray[np.float64]
    pixels: NDArray[np.int64]
    p16: NDArray[np.float64]
    median: NDArray[np.float64]
    p84: NDArray[np.float64]
    p16_error: NDArray[np.float64]
    median_error: NDArray[np.float64]
    p84_error: NDArray[np.float64]
    unknown: int
    counts: Counts


class PixelTrend:
    """Residuals of the pixels of one property against surface density, signal-to-noise, ...

    A two-dimensional histogram: bins of the quantity, and of the residual in steps of 0.015 dex up
    to 2 dex and of 0.2 dex up to 10 dex, within which percentiles are interpolated. Errors are
    those of a Poisson bootstrap over galaxies. Memory does not grow with the number of images.

    Parameters
    ----------
    property : str
        Name of the additive property; its floor applies.
    edges : sequence of float
        Inner edges of the bins of the quantity, rising.
    protocol : Protocol
        Which pixels count: those whose predicted median reaches the floor (`Protocol.HONEST`), or
        those whose truth does (`Protocol.PAPER`).
    bootstraps : int
        Number of replicates.
    seed : int
        Of the bootstrap.

    Raises
    ------
    InputError
        If the edges do not rise.
    """

    def __init__(
        self,
        property: str,
        edges: Sequence[float],
        *,
        protocol: Protocol = Protocol.HONEST,
        bootstraps: int = 50,
        seed: int = 0,
    ) -> None:
        self.property, self.protocol = property, protocol
        self._edges = np.asarray(edges, dtype=np.float64)
        if np.any(np.diff(self._edges) <= 0):
            raise InputError(f"{property}: bin edges {list(edges)}, expected rising ones")
        self._counts = Counts()
        self._unknown = 0
        bins = len(self._edges) + 1
        self._galaxies = GalaxyCounts(bins, most=MINIMUM_GALAXIES)
        self._replicates = Replicates(bins * _CELLS, bootstraps=bootstraps, seed=seed)

    def add(
        self,
        quantity: NDArray[np.floating],
        true: NDArray[np.floating],
        predicted: Prediction,
        *,
        galaxy_id: str,
    ) -> None:
        """Add the pixels of one image.

        Parameters
        ----------
        quantity : array
            Such as log10 of the predicted surface density, or the signal-to-noise of the pixel; NaN
            where not known.
        true : array
            True surface density, of the same shape; NaN where not known.
        predicted : Prediction
            Arrays of the same shape.
        galaxy_id : str
            Whom the image shows.

        Raises
        ------
        InputError
            If a prediction whose truth is known is not finite.
        """
        pixels = select_pixels(true, predicted, property=self.property)
        number = bin_numbers(quantity[pixels.where], self._edges)
        self.add_selected(number, pixels, galaxy_id=galaxy_id)

    def add_selected(
        self, number: NDArray[np.integer], pixels: SelectedPixels, *, galaxy_id: str
    ) -> None:
        """`add`, where pixels have been selected, and their bins found with `bin_numbers`."""
        cells = pixels.coarse + _CELLS * number
        left_out = pixels.left_out(self.protocol)
        found = self._count(cells) - self._count(cells[left_out])
        self._counts += pixels.counts
        self._unknown += len(cells) - len(left_out) - int(found.sum())
        filled = np.add.reduceat(found, np.arange(0, len(found), _CELLS)) > 0
        self._galaxies.add(filled.tolist(), galaxy_id=galaxy_id)
        self._replicates.add(found, galaxy_id=galaxy_id)

    def _count(self, cells: NDArray[np.intp]) -> NDArray[np.intp]:
        """How many pixels lie in each cell; negative ones are in no bin."""
        if len(cells) and cells.min() < 0:
            cells = cells[cells >= 0]
        return np.bincount(cells, minlength=(len(self._edges) + 1) * _CELLS)

    def result(self) -> Trend:
        """Percentiles in every bin, of all pixels added so far."""
        numbers, errors = self._replicates.estimate(_percentiles)
        few = np.array(self._galaxies.numbers) < MINIMUM_GALAXIES
        percentiles = np.where(few, np.nan, numbers[:-1])
        p16, median, p84 = percentiles
        p16_error, median_error, p84_error = np.where(np.isfinite(percentiles), errors[:-1], np.nan)
        return Trend(
            self.property,
            self._edges,
            numbers[-1].astype(np.int64),
            p16,
            median,
            p84,
            p16_error,
            median_error,
            p84_error,
            self._unknown,
            self._counts if self.protocol is Protocol.HONEST else self._counts.masked(),
        )


def bin_numbers(quantity: NDArray[np.floating], edges: NDArray[np.floating]) -> NDArray[np.intp]:
    """Number of the bin of every value between inner edges, -1 for NaN.

    For few bins faster than a binary search.
    """
    number = np.zeros(quantity.shape, dtype=np.int8)
    for edge in edges.tolist():
        number += (quantity >= edge).view(np.int8)
    number[np.isnan(quantity)] = -1
    return number.astype(np.intp)


def _percentiles(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """(4, K): the three percentiles of every bin, and how many pixels it holds."""
    histograms = counts.reshape(-1, _CELLS)
    found = np.full((len(_QUANTILES) + 1, len(histograms)), np.nan)
    found[-1] = histograms.sum(axis=1)
    for k in np.flatnonzero(found[-1]):
        # Below each edge, limits included.
        share = np.cumsum(histograms[k, :-1]) / found[-1, k]
        found[:-1, k] = [_quantile(share, q) for q in _QUANTILES]
    return found


def _quantile(share: NDArray[np.float64], q: float) -> float:
    """Where the share reaches `q`; infinite where it does so among limits."""
    if share[0] >= q:
        return -np.inf
    return np.inf if share[-1] < q else quantile_of_share(COARSE.edges, share, q)
