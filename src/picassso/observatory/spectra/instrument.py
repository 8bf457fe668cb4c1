"""The line spread of SDSS's spectrographs, and how sharp the stellar grid is."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import FIBRE_GRID, LIGHT_SPEED, air_to_vacuum

__all__ = ["RESOLUTION", "extra_dispersion", "grid_limited", "instrument_dispersion"]

RESOLUTION = 2000.0
"""lambda / FWHM of SDSS, on the whole; see `instrument_dispersion`."""

# sigma of the line spread function [km/s] against observed wavelength: median of the `wdisp`
# columns of six galaxy spectra of SDSS I/II (plates 266, 267, 268 and 2488), which differ by 8%
# from fibre to fibre. In lambda/FWHM it is 1540 at 3825 A and 2270 at 9180 A, against 1500 at
# 3800 A and 2500 at 9000 A by design (Smee et al. 2013, AJ 146, 32); the arms meet at 5850 A.
_DISPERSION = np.array(
    [
        (3800.0, 83.2), (4000.0, 78.7), (4200.0, 75.5), (4600.0, 69.2), (5000.0, 63.1),
        (5400.0, 59.5), (5800.0, 57.7), (5900.0, 62.9), (6100.0, 66.5), (6600.0, 62.9),
        (7200.0, 58.6), (7800.0, 55.8), (9200.0, 56.0),
    ]
)  # fmt: skip

_GRID_FWHM = 2.5
"""Angstrom: MILES (Falcon-Barroso et al. 2011, A&A 532, A95)."""

_GRID_SPAN = air_to_vacuum([3540.0, 7350.0])
"""Angstrom: where the stellar grid is made of MILES; beside it its resolution is far below."""

_FWHM_PER_SIGMA = 2.0 * np.sqrt(2.0 * np.log(2.0))


def instrument_dispersion(wavelength: ArrayLike) -> NDArray[np.float64]:
    """Standard deviation of SDSS's line spread function [km/s] at observed wavelengths [A]."""
    return np.interp(np.asarray(wavelength, dtype=np.float64), *_DISPERSION.T)


def grid_limited(wavelength: ArrayLike) -> NDArray[np.bool_]:
    """Where the stellar grid is far less sharp than SDSS: rest wavelengths [A, vacuum]."""
    wave = np.asarray(wavelength, dtype=np.float64)
    return (wave < _GRID_SPAN[0]) | (wave > _GRID_SPAN[1])


def extra_dispersion(redshift: float) -> NDArray[np.float64]:
    """(4801,) sigma [km/s] by which SDSS is blunter than the stellar grid, zero where it is not."""
    instrument = instrument_dispersion(FIBRE_GRID * (1.0 + redshift))
    grid = _GRID_FWHM / _FWHM_PER_SIGMA / FIBRE_GRID * LIGHT_SPEED
    extra = np.sqrt(np.clip(instrument**2 - grid**2, 0.0, None))
    return np.where(grid_limited(FIBRE_GRID), 0.0, extra)
