"""The light of a galaxy that enters a fibre, from the same particles that make its image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.core import (
    DEFAULT_COSMOLOGY,
    EMISSION_LINES,
    LINE_NAMES,
    FibreLight,
    InputError,
)
from picassso.observatory.dust import screen_transmission
from picassso.observatory.projection import SIGMA_PER_RADIUS
from picassso.observatory.psf import FWHM_PER_SIGMA
from picassso.observatory.spectra.aperture import fraction_in_fibre
from picassso.observatory.spectra.populations import SpectralTable
from picassso.observatory.spectra.starlight import LitStars, starlight, visual_light
from picassso.observatory.stellar_populations import SOLAR_LUMINOSITY

__all__ = ["FIBRE_DIAMETER", "StarsInView", "fibre_light"]

FIBRE_DIAMETER = 3.0
"""Arcsec: the fibres of SDSS's first two surveys (York et al. 2000, AJ 120, 1579)."""

_NEBULAR_DISPERSION = 18.0
"""km/s within HII regions, heat and turbulence: Andersen et al. 2006 (ApJS 166, 505)."""

_NEGLIGIBLE = 1e-6
_CM_PER_MPC = 3.0856775814913673e24
_FLUX_UNIT = 1e-17
_FAINTEST = 1e-30
_LINE_WAVELENGTH = np.array([line.wavelength for line in EMISSION_LINES])
_HALPHA = LINE_NAMES.index("Halpha")


@dataclass(frozen=True, slots=True)
class StarsInView:
    """Stars as one camera sees them, and the gas that the young ones light.

    Parameters
    ----------
    distance : (N,) float32 array
        From the axis of the fibre, on the sky [kpc].
    radius : (N,) float32 array
        Smoothing radii [kpc].
    velocity : (N,) float32 array
        Along the line of sight, positive when receding [km/s].
    initial_mass, age, metallicity : (N,) float32 arrays
        As in `Stars`.
    dust_column : (N,) float32 array or None
        Metals in front of each star [Msun kpc^-2]; None for a galaxy without dust.
    gas_metallicity : (N,) float32 array
        Of the nebula about each star; NaN for stars too old to have one.
    """

    distance: NDArray[np.float32]
    radius: NDArray[np.float32]
    velocity: NDArray[np.float32]
    initial_mass: NDArray[np.float32]
    age: NDArray[np.float32]
    metallicity: NDArray[np.float32]
    dust_column: NDArray[np.float32] | None
    gas_metallicity: NDArray[np.float32]

    def take(self, index: NDArray[np.int64]) -> StarsInView:
        """Some of the stars."""
        column = self.dust_column
        return StarsInView(
            distance=self.distance[index],
            radius=self.radius[index],
            velocity=self.velocity[index],
            initial_mass=self.initial_mass[index],
            age=self.age[index],
            metallicity=self.metallicity[index],
            dust_column=None if column is None else column[index],
            gas_metallicity=self.gas_metallicity[index],
        )


def fibre_light(
    stars: StarsInView,
    table: SpectralTable,
    *,
    redshift: float,
    psf_fwhm: float,
    dust: float,
    log_u: float,
    galaxy_id: str = "",
    view: int = 0,
    diameter: float = FIBRE_DIAMETER,
    flags: tuple[str, ...] = (),
) -> FibreLight:
    """Continuum and lines of what enters a fibre.

    Each star counts with the share of its light that the seeing, a Gaussian, and its own
    smoothing throw into the fibre; behind its own dust, as in the image; and moves along the line
    of sight. Velocities are counted from their mean, weighted by the light in the fibre, since
    the redshift of a spectrum is measured on the spectrum. Lines come from the gas about young
    stars; they lie at the mean velocity of all light, and are as broad as those stars and HII
    regions make them.

    Parameters
    ----------
    stars : StarsInView
        All stars that may be seen.
    table : SpectralTable
        Of `load_spectral_table`.
    redshift : float
        At which the galaxy is put; distances in the default cosmology.
    psf_fwhm : float
        Of the seeing [arcsec].
    dust : float
        Dust-to-metal ratio in units of the Galactic one.
    log_u : float
        log10 of the ionisation parameter.
    galaxy_id, view
        Handed on.
    diameter : float
        Of the fibre [arcsec].
    flags : tuple of str
        Handed on.

    Returns
    -------
    FibreLight
        Flagged ``"fibre_without_stars"`` and zero where no star shines into the fibre.

    Raises
    ------
    InputError
        If the diameter or the redshift is not positive.
    """
    if not (diameter > 0 and redshift > 0):
        raise InputError(
            f"fibre: diameter is {diameter} arcsec and redshift is {redshift}, expected both > 0"
        )
    scale = DEFAULT_COSMOLOGY.kpc_per_arcsec(redshift)
    sigma = np.hypot(psf_fwhm / FWHM_PER_SIGMA * scale, stars.radius * SIGMA_PER_RADIUS)
    share = fraction_in_fibre(stars.distance, sigma, radius=0.5 * diameter * scale)
    shining = np.flatnonzero(share > _NEGLIGIBLE)
    if not len(shining):
        flags = (*flags, "fibre_without_stars")
    inside = stars.take(shining)
    lit = LitStars(
        mass=share[shining] * inside.initial_mass,
        metallicity=inside.metallicity,
        age=inside.age,
        dust_column=inside.dust_column,
        dust=dust,
    )
    mean, stellar_dispersion = _moments(inside.velocity, visual_light(table, lit))
    continuum = starlight(table, lit, inside.velocity - mean)
    lines, line_dispersion = _lines(table, lit, inside, log_u)
    distance = DEFAULT_COSMOLOGY.luminosity_distance(redshift) * _CM_PER_MPC
    to_flux = SOLAR_LUMINOSITY / (4.0 * np.pi * distance**2) / _FLUX_UNIT
    return FibreLight(
        galaxy_id=galaxy_id,
        view=view,
        redshift=redshift,
        continuum=(continuum * to_flux).astype(np.float32),
        line_flux=(lines * to_flux).astype(np.float32),
        line_dispersion=line_dispersion,
        stellar_dispersion=stellar_dispersion,
        flags=flags,
    )


def _lines(
    table: SpectralTable, lit: LitStars, stars: StarsInView, log_u: float
) -> tuple[NDArray[np.float64], float]:
    """(25,) luminosities of the lines [Lsun], and the velocity dispersion of H alpha [km/s]."""
    from picassso.observatory._light_kernel import bilinear

    young = np.flatnonzero(np.isfinite(stars.gas_metallicity))
    light = np.empty((len(young), len(EMISSION_LINES)), np.float32)
    bilinear(
        np.log(table.line_age).astype(np.float32),
        np.log(table.line_metallicity).astype(np.float32),
        np.log(np.maximum(table.lines_at(log_u), _FAINTEST)),
        stars.age[young],
        stars.gas_metallicity[young],
        light,
    )
    light *= lit.mass[young, None]
    if stars.dust_column is not None:
        light *= screen_transmission(
            stars.dust_column[young],
            wavelength=_LINE_WAVELENGTH,
            amplitude=lit.dust,
            age_gyr=stars.age[young],
        )
    _, dispersion = _moments(stars.velocity[young], light[:, _HALPHA])
    lines = light.sum(axis=0, dtype=np.float64)
    return lines, float(np.hypot(dispersion, _NEBULAR_DISPERSION)) if lines.any() else 0.0


def _moments(value: NDArray[np.float32], weight: NDArray[np.float32]) -> tuple[float, float]:
    """Mean and standard deviation; zeros where there is no weight."""
    total = weight.sum(dtype=np.float64)
    if not total > 0:
        return 0.0, 0.0
    mean = float((weight * value.astype(np.float64)).sum() / total)
    return mean, float(np.sqrt((weight * (value - mean) ** 2.0).sum() / total))
