"""Means of spectra over bands of wavelength, fractions of pixels and gaps included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from picassso.core import InputError, pixel_edges

__all__ = ["Band", "BandMeans", "band_positions"]

_KNOWN_FRACTION = 0.8
"""Of a band that must be known, where it may have gaps."""


@dataclass(frozen=True, slots=True)
class Band:
    """An interval of wavelengths over which a flux density is averaged.

    Parameters
    ----------
    low, high : float
        Angstrom, in vacuum, at rest.
    per_frequency : bool
        Average flux per frequency (flux per wavelength times wavelength squared).
    whole : bool
        Whether one unknown pixel makes the mean unknown: where a line may lie.
    """

    low: float
    high: float
    per_frequency: bool = False
    whole: bool = False


class BandMeans:
    """Means of spectra in several bands.

    Parameters
    ----------
    wavelength : (L,) array
        Of the pixels' centres [Angstrom, vacuum, at rest].
    flux : (..., L) array
        Per wavelength.
    inverse_variance : (..., L) array, optional
        Pixels where it is not positive are unknown, as are those of a flux that is not finite.
    bands : sequence of Band
        B of them.

    Attributes
    ----------
    values : (..., B) array
        NaN where too little of a band is known.

    Raises
    ------
    InputError
        If shapes disagree, or the wavelengths do not reach a band.
    """

    def __init__(
        self,
        wavelength: NDArray[np.float64],
        flux: NDArray[np.floating],
        bands: Sequence[Band],
        inverse_variance: NDArray[np.floating] | None = None,
    ) -> None:
        given = [flux] if inverse_variance is None else [flux, inverse_variance]
        shapes = [np.shape(g) for g in given]
        if wavelength.ndim != 1 or any(s[-1:] != wavelength.shape for s in shapes):
            raise InputError(
                f"spectra of shapes {shapes}, expected the last axis to be that of the "
                f"wavelengths, {wavelength.shape}"
            )
        overlap = _overlaps(wavelength.tobytes(), tuple(bands))
        used = np.flatnonzero(overlap.any(axis=0))
        part = self._part = slice(used[0], used[-1] + 1)
        overlap = overlap[:, part]
        flux = np.asarray(flux)[..., part].astype(np.float64)
        known = np.isfinite(flux)
        self._variance: NDArray[np.float64] | None = None
        if inverse_variance is not None:
            weight = np.asarray(inverse_variance)[..., part].astype(np.float64)
            known &= weight > 0
            self._variance = np.where(known, 1.0 / np.where(known, weight, 1.0), 0.0)
        # Where nothing is missing, as in models, half of the work is saved.
        self._known = None if known.all() else known
        # A flux per frequency is that per wavelength times a factor a pixel.
        by = wavelength[part] / 4000.0
        self._weights = overlap * np.where([[b.per_frequency] for b in bands], by**2, 1.0)
        self._width = overlap.sum(axis=1)
        if self._known is not None:
            share = known.astype(np.float64) @ overlap.T / self._width
            needed = np.where([b.whole for b in bands], 1.0 - 1e-9, _KNOWN_FRACTION)
            self._width = np.where(share >= needed, share * self._width, np.nan)
        self.values = self._mean(flux)

    def of(self, flux: NDArray[np.floating]) -> NDArray[np.float64]:
        """(..., B) means of other spectra (..., L) over the pixels that these know."""
        return self._mean(np.asarray(flux)[..., self._part].astype(np.float64))

    def _mean(self, flux: NDArray[np.floating]) -> NDArray[np.float64]:
        known = flux if self._known is None else np.where(self._known, flux, 0.0)
        return known @ self._weights.T / self._width

    def errors(self, coefficients: NDArray[np.float64]) -> NDArray[np.float64]:
        """(...) standard errors of combinations of the means.

        Parameters
        ----------
        coefficients : (..., B) array
            Of the combination, for each spectrum.
        """
        if self._variance is None:
            raise InputError("an error needs the inverse variance of the spectrum")
        weights = (coefficients / self._width) @ self._weights
        return np.sqrt((weights**2 * self._variance).sum(axis=-1))


def band_positions(
    wavelength: NDArray[np.float64], bands: Sequence[Band]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(B,) mean wavelengths and widths of bands as these pixels see them [Angstrom]."""
    overlap = _overlaps(wavelength.tobytes(), tuple(bands))
    width = overlap.sum(axis=1)
    return overlap @ wavelength / width, width


@lru_cache(maxsize=256)
def _overlaps(wavelength: bytes, bands: tuple[Band, ...]) -> NDArray[np.float64]:
    """(B, L) how much of each pixel lies in each band [Angstrom]."""
    edges = pixel_edges(np.frombuffer(wavelength))
    low = np.array([[b.low] for b in bands])
    high = np.array([[b.high] for b in bands])
    if low.min() < edges[0] or high.max() > edges[-1]:
        raise InputError(
            f"wavelengths from {edges[0]:.1f} to {edges[-1]:.1f} Angstrom do not reach the band "
            f"from {low.min():.1f} to {high.max():.1f}; give the spectrum on a grid that does, "
            "unknown pixels with inverse variance 0"
        )
    overlap = np.minimum(high, edges[1:]) - np.maximum(low, edges[:-1])
    return np.maximum(overlap, 0.0)
