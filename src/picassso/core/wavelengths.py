"""Wavelengths: in vacuum and in air, and the grids on which spectra are kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "FIBRE_GRID",
    "LIGHT_SPEED",
    "REST_GRID",
    "air_to_vacuum",
    "pixel_edges",
    "vacuum_to_air",
]

LIGHT_SPEED = 299792.458
"""km s^-1."""

FIBRE_GRID: NDArray[np.float64] = np.power(10.0, 3.49 + 1e-4 * np.arange(4801))
"""Rest-frame wavelengths of simulated light before it meets a spectrograph [Angstrom, vacuum]:
3090 to 9333 in steps of 1e-4 dex (69 km/s), those of the spectra of SDSS."""

REST_GRID: NDArray[np.float64] = np.geomspace(3388.0, 8318.0, 1000)
"""Rest-frame wavelengths of the spectrum autoencoder [Angstrom, vacuum]: a thousand pixels of
equal steps in the logarithm (270 km/s), Portillo et al. 2020 (AJ 160, 45)."""

for _grid in (FIBRE_GRID, REST_GRID):
    _grid.setflags(write=False)

_AIR_BEGINS = 2000.0
"""Angstrom; by convention wavelengths below it are given in vacuum everywhere."""

_AIR_BEGINS_THERE = 1999.352
"""The same wavelength in air."""


def vacuum_to_air(wavelength: ArrayLike) -> NDArray[np.float64]:
    """Wavelengths in standard air [Angstrom] of those in vacuum; below 2000 A they are the same.

    The refraction of Ciddor 1996 (Applied Optics 35, 1566), as given by Morton 2000 (ApJS 130,
    403) and the VALD pages.
    """
    wave = np.asarray(wavelength, dtype=np.float64)
    return np.where(wave >= _AIR_BEGINS, wave / _refraction(wave), wave)


def air_to_vacuum(wavelength: ArrayLike) -> NDArray[np.float64]:
    """Wavelengths in vacuum [Angstrom] of those in standard air: the inverse of `vacuum_to_air`."""
    wave = np.asarray(wavelength, dtype=np.float64)
    vacuum = wave.copy()
    for _ in range(3):  # each step gains four digits
        vacuum = wave * _refraction(vacuum)
    return np.where(wave >= _AIR_BEGINS_THERE, vacuum, wave)


def pixel_edges(wavelength: ArrayLike) -> NDArray[np.float64]:
    """(N + 1,) edges of pixels whose centres are given, halfway between them in the logarithm."""
    centres = np.log(np.asarray(wavelength, dtype=np.float64))
    inner = 0.5 * (centres[1:] + centres[:-1])
    first, last = 2.0 * centres[0] - inner[0], 2.0 * centres[-1] - inner[-1]
    return np.exp(np.concatenate([[first], inner, [last]]))


def _refraction(vacuum: NDArray[np.float64]) -> NDArray[np.float64]:
    """Refractive index of standard air at a vacuum wavelength."""
    s2 = (1e4 / vacuum) ** 2
    return 1.0 + 8.34254e-5 + 2.406147e-2 / (130.0 - s2) + 1.5998e-4 / (38.9 - s2)
