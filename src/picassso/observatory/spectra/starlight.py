"""Starlight of many stars: behind dust, and shifted by their velocities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.core import FIBRE_GRID, LIGHT_SPEED
from picassso.observatory.dust import (
    BIRTH_CLOUD_AGE,
    GALACTIC_AV_PER_METAL_COLUMN,
    screen_transmission,
)
from picassso.observatory.spectra.dust_modes import DustModes, clear_modes, screen_modes
from picassso.observatory.spectra.populations import (
    PIXEL_DEX,
    SHIFT_PIXELS,
    SPECTRAL_GRID,
    SpectralTable,
)

__all__ = ["LARGEST_VELOCITY", "LitStars", "light_between", "starlight"]

_PIXEL = PIXEL_DEX * float(np.log(10.0))
_LARGEST_SHIFT = SHIFT_PIXELS - 3

LARGEST_VELOCITY = float(np.expm1(_LARGEST_SHIFT * _PIXEL) * LIGHT_SPEED)
"""2012 km/s; what moves faster is counted at this velocity."""


@dataclass(frozen=True, slots=True)
class LitStars:
    """What stars shine with.

    Parameters
    ----------
    mass : (N,) float32 array
        Mass at birth [Msun], of the part that is counted.
    metallicity, age : (N,) float32 arrays
        Mass fraction of metals; Gyr. Clamped to the table.
    dust_column : (N,) float32 array or None
        Metals in front of each star [Msun kpc^-2]; None for a galaxy without dust.
    dust : float
        Dust-to-metal ratio in units of the Galactic one.
    """

    mass: NDArray[np.float32]
    metallicity: NDArray[np.float32]
    age: NDArray[np.float32]
    dust_column: NDArray[np.float32] | None
    dust: float


def starlight(
    table: SpectralTable, stars: LitStars, velocity: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Sum of the continua of stars that move.

    Parameters
    ----------
    table : SpectralTable
        Of their spectra.
    stars : LitStars
        Them.
    velocity : (N,) array
        Along the line of sight, positive when receding [km/s].

    Returns
    -------
    (4801,) float64 array
        Lsun per Angstrom on `FIBRE_GRID`. A shift keeps the integral over wavelength.

    Notes
    -----
    Masses are sorted by population (linear in log metallicity and log age), whole pixels of
    velocity, and modes of dust; what remains are two products of matrices. Between pixels a
    cubic weighs four of them, so that mean and dispersion of the velocities are kept exactly.
    """
    if stars.dust_column is None:
        return _sum(table, clear_modes(), stars, velocity, np.zeros_like(stars.mass))
    screen = stars.dust * GALACTIC_AV_PER_METAL_COLUMN * stars.dust_column
    clouded = stars.age < BIRTH_CLOUD_AGE
    free = _sum(table, screen_modes(), stars, velocity, screen, ~clouded)
    born = _sum(table, screen_modes(), stars, velocity, screen, clouded)
    zero = np.zeros(1, np.float32)
    cloud = screen_transmission(zero, wavelength=FIBRE_GRID, amplitude=stars.dust, age_gyr=zero)
    return free + cloud[0] * born


def light_between(
    table: SpectralTable, stars: LitStars, first: float, last: float
) -> NDArray[np.float32]:
    """(N,) mean light of each star between two wavelengths behind its dust [Lsun per Angstrom].

    Dust is taken at the middle.
    """
    from picassso.observatory._light_kernel import bilinear

    inside = (first < SPECTRAL_GRID) & (last > SPECTRAL_GRID)
    luminosity = _product(table.coefficients, table.components[:, inside].mean(axis=1))
    light = np.empty((len(stars.mass), 1), np.float32)
    logarithm = np.log(luminosity)[..., None]
    bilinear(*_log_axes(table), logarithm, stars.age, stars.metallicity, light)
    if stars.dust_column is not None:
        light *= screen_transmission(
            stars.dust_column,
            wavelength=np.array([0.5 * (first + last)]),
            amplitude=stars.dust,
            age_gyr=stars.age,
        )
    return stars.mass * light[:, 0]


def _sum(
    table: SpectralTable,
    modes: DustModes,
    stars: LitStars,
    velocity: NDArray[np.floating],
    screen: NDArray[np.floating],
    of: NDArray[np.bool_] | slice = slice(None),
) -> NDArray[np.float64]:
    """Light of some of the stars behind screens of their own A_V, without birth clouds."""
    from picassso.observatory.spectra._mass_kernel import sort_mass

    total = np.zeros(len(FIBRE_GRID))
    if not len(stars.mass[of]):
        return total
    shift = np.log1p(velocity[of].astype(np.float64) / LIGHT_SPEED) / _PIXEL
    shift = np.clip(shift, -_LARGEST_SHIFT, _LARGEST_SHIFT)
    first, last = int(np.floor(shift.min())) - 1, int(np.floor(shift.max())) + 2
    n_metal, n_age, n_component = table.coefficients.shape
    shape = (n_metal * n_age, last - first + 1, len(modes.transmission))
    sorted_mass = np.zeros(shape, np.float32)
    log_age, log_metallicity = _log_axes(table)
    sort_mass(
        log_metallicity,
        log_age,
        modes.node,
        modes.amplitude,
        first,
        stars.mass[of],
        stars.metallicity[of],
        stars.age[of],
        shift.astype(np.float32),
        screen[of].astype(np.float32),
        sorted_mass,
    )
    flat = sorted_mass.reshape(n_metal * n_age, -1)
    used = np.flatnonzero(flat.any(axis=1))
    mixture = _product(flat[used].T, table.coefficients.reshape(-1, n_component)[used])
    spectra = _product(mixture, table.components).reshape(*sorted_mass.shape[1:], -1)
    unmoved = np.einsum("vrl,rl->vl", spectra, modes.transmission)
    for pixels, spectrum in zip(range(first, last + 1), unmoved, strict=True):
        start = SHIFT_PIXELS - pixels
        total += spectrum[start : start + len(FIBRE_GRID)] * np.exp(-pixels * _PIXEL)
    return total


def _product(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Matrix product by torch, whose threads are known, so that its sums always round alike."""
    import torch

    return (torch.from_numpy(a) @ torch.from_numpy(b)).numpy()


def _log_axes(table: SpectralTable) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Logarithms of the ages and of the metallicities."""
    return np.log(table.age).astype(np.float32), np.log(table.metallicity).astype(np.float32)
