"""Residuals of pixels against another quantity of theirs, image after image, in constant memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.bootstrap import Replicates
from picassso.analysis.metrics import Counts, Prediction
from picassso.analysis.pixels import quantile_of_share
from picassso.analysis.selection import SelectedPixels, select_pixels
from picassso.core import InputError

__all__ = ["PixelTrend", "Trend"]

_EDGE = 3.0  # dex
_BINS = 301  # odd: a residual of exactly zero lies in the middle of a bin
_WIDTH = 2 * _EDGE / (_BINS - 1)
_QUANTILES = (0.16, 0.5, 0.84)


@dataclass(frozen=True, slots=True)
class Trend:
    """Residuals log10(true / predicted median) of pixels in bins of a quantity.

    Parameters
    ----------
    property : str
        Name of the additive property.
    edges : (K - 1,) array
        Inner edges of the K bins; a bin holds its lower edge, the first and the last are open.
    pixels : (K,) int array
        How many pixels each bin holds.
    p16, median, p84 : (K,) array
        Percentiles of the residual [dex]; NaN in empty bins.
    p16_error, median_error, p84_error : (K,) array
        Their standard errors by a bootstrap over galaxies; NaN for fewer than two galaxies.
    unknown : int
        Pixels above the floor whose quantity is NaN, in no bin.
    counts : Counts
        What all bins rest on, `unknown` ones included, and what was left out.
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

    A two-dimensional histogram: bins of the quantity, and of the residual in steps of 0.02 dex
    between -3 and 3 dex, within which percentiles are interpolated. Errors are those of a Poisson
    bootstrap over galaxies. Memory does not grow with the number of images.

    Parameters
    ----------
    property : str
        Name of the additive property; pixels whose truth reaches its floor count.
    edges : sequence of float
        Inner edges of the bins of the quantity, rising.
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
        self, property: str, edges: Sequence[float], *, bootstraps: int = 50, seed: int = 0
    ) -> None:
        self.property = property
        self._edges = np.asarray(edges, dtype=np.float64)
        if np.any(np.diff(self._edges) <= 0):
            raise InputError(f"{property}: bin edges {list(edges)}, expected rising ones")
        self._counts = Counts()
        self._unknown = 0
        size = (len(self._edges) + 1) * _BINS
        self._replicates = Replicates(size, bootstraps=bootstraps, seed=seed)

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
            Such as log10 of the true surface density, or the signal-to-noise of the pixel; NaN
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
        self.add_selected(quantity, pixels, galaxy_id=galaxy_id)

    def add_selected(
        self, quantity: NDArray[np.floating], pixels: SelectedPixels, *, galaxy_id: str
    ) -> None:
        """`add`, where the pixels have been selected already; the quantity is that of all."""
        self._counts += pixels.counts
        quantity, residual = quantity[pixels.where], pixels.residual
        known = ~np.isnan(quantity)
        if not known.all():
            quantity, residual = quantity[known], residual[known]
        self._unknown += pixels.counts.used - len(quantity)
        if len(quantity) == 0:
            return
        cells = np.clip(np.rint((residual + _EDGE) / _WIDTH), 0, _BINS - 1).astype(np.int32)
        cells += _BINS * self._bin(quantity)
        size = (len(self._edges) + 1) * _BINS
        self._replicates.add(np.bincount(cells, minlength=size), galaxy_id=galaxy_id)

    def _bin(self, quantity: NDArray[np.floating]) -> NDArray[np.int32]:
        """Number of the bin of every value; for few bins faster than a binary search."""
        number = np.zeros(len(quantity), dtype=np.min_scalar_type(len(self._edges)))
        for edge in self._edges.tolist():
            number += (quantity >= edge).view(np.uint8)
        return number.astype(np.int32)

    def result(self) -> Trend:
        """Percentiles in every bin, of all pixels added so far."""
        numbers, errors = self._replicates.estimate(_percentiles)
        p16, median, p84, pixels = numbers
        p16_error, median_error, p84_error, _ = errors
        return Trend(
            self.property,
            self._edges,
            pixels.astype(np.int64),
            p16,
            median,
            p84,
            p16_error,
            median_error,
            p84_error,
            self._unknown,
            self._counts,
        )


def _percentiles(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """(4, K): the three percentiles of every bin, and how many pixels it holds."""
    histograms = counts.reshape(-1, _BINS)
    edges = -_EDGE + _WIDTH * (np.arange(_BINS + 1) - 0.5)
    found = np.full((len(_QUANTILES) + 1, len(histograms)), np.nan)
    found[-1] = histograms.sum(axis=1)
    for k in np.flatnonzero(found[-1]):
        share = np.concatenate([[0.0], np.cumsum(histograms[k])]) / found[-1, k]
        found[:-1, k] = [quantile_of_share(edges, share, q) for q in _QUANTILES]
    return found
