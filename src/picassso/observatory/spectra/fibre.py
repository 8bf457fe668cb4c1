"""The light of a galaxy that enters a fibre, from the same particles that make its image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.core import (
    DEFAULT_COSMOLOGY,
    EMISSION_LINES,
    FIBRE_DIAMETER,
    LINE_NAMES,
    FibreLight,
    InputError,
)
from picassso.observatory.dust import screen_transmission
from picassso.observatory.projection import SIGMA_PER_RADIUS
from picassso.observatory.psf import FWHM_PER_SIGMA
from picassso.observatory.spectra.aperture import fraction_in_fibre
from picassso.observatory.spectra.narrow_lines import blended_dispersion
from picassso.observatory.spectra.nuclei import OtherGas
from picassso.observatory.spectra.populations import SpectralTable
from picassso.observatory.spectra.starlight import LitStars, light_between, starlight
from picassso.observatory.stellar_populations import SOLAR_LUMINOSITY
from picassso.observatory.truth import STAR_FORMATION_TIME

__all__ = ["StarsInView", "fibre_light"]

_NEBULAR_DISPERSION = 18.0
"""km/s within HII regions, heat and turbulence: Andersen et al. 2006 (ApJS 166, 505)."""

_NEGLIGIBLE = 1e-6
_CM_PER_MPC = 3.0856775814913673e24
_FLUX_UNIT = 1e-17
_FAINTEST = 1e-30
_LINE_WAVELENGTH = np.array([line.wavelength for line in EMISSION_LINES])
_HALPHA = LINE_NAMES.index("Halpha")

_VISUAL = (5450.0, 5550.0)
_ABOUT_HALPHA = (6500.0, 6630.0)
_OLD = 1.0
"""Gyr, from which on stars light gas as old stars do."""
_SEEN = 0.1
"""Least share of a nucleus's light in the fibre with which it is flagged."""


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
        Of the gas about each star that carries lines; NaN for older stars.
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
    time: float = STAR_FORMATION_TIME,
    line_factors: NDArray[np.float64] | float = 1.0,
    other: OtherGas | None = None,
    centre: float = 0.0,
    galaxy_id: str = "",
    view: int = 0,
    diameter: float = FIBRE_DIAMETER,
    flags: tuple[str, ...] = (),
) -> FibreLight:
    """Continuum and lines of what enters a fibre.

    Each star counts with the share of its light that the seeing, a Gaussian, and its own
    smoothing throw into the fibre; behind its own dust, as in the image; and moves along the line
    of sight. Velocities are counted from their mean, weighted by the light in the fibre, since
    the redshift of a spectrum is measured on the spectrum.

    Lines come from the gas about young stars, and where `other` is given, from an active nucleus,
    seen as a point through the same seeing, and from gas mixed with old stars. They lie at the
    mean velocity of all light, and are as broad as young stars and HII regions, the nucleus, and
    old stars make them, weighted by their Halpha.

    The light of images and the continuum follow the age of each star particle. Halpha lasts so
    shortly that it would come from a handful of them: every star with a gas metallicity has, for
    each Msun, the lines of stars that formed at a constant rate over `time`, behind the birth
    clouds of the youngest. This keeps the Halpha of a steady star formation rate, and smooths
    bursts shorter than that; see `averaging_time`.

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
    time : float
        In which the stars of known gas metallicity formed [Gyr].
    line_factors : (25,) array or float
        On the lines of gas about young stars.
    other : OtherGas or None
        Of `draw_other_gas`; None where young stars alone light the gas.
    centre : float
        Distance of the nucleus from the axis of the fibre, on the sky [kpc].
    galaxy_id, view
        Handed on.
    diameter : float
        Of the fibre [arcsec].
    flags : tuple of str
        Handed on.

    Returns
    -------
    FibreLight
        Flagged ``"fibre_without_stars"`` and zero where no star shines into the fibre;
        ``"seyfert"`` or ``"liner"`` where at least a tenth of the light of such a nucleus does.

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
    seeing, radius = psf_fwhm / FWHM_PER_SIGMA * scale, 0.5 * diameter * scale
    sigma = np.hypot(seeing, stars.radius * SIGMA_PER_RADIUS)
    share = fraction_in_fibre(stars.distance, sigma, radius=radius)
    shining = np.flatnonzero(share > _NEGLIGIBLE)
    if not len(shining):
        flags, other = (*flags, "fibre_without_stars"), None
    inside = stars.take(shining)
    lit = LitStars(
        mass=share[shining] * inside.initial_mass,
        metallicity=inside.metallicity,
        age=inside.age,
        dust_column=inside.dust_column,
        dust=dust,
    )
    mean, stellar_dispersion = _moments(inside.velocity, light_between(table, lit, *_VISUAL))
    continuum = starlight(table, lit, inside.velocity - mean)
    per_mass = table.steady_lines_at(log_u, over=time) * line_factors
    components = [_young_lines(table, lit, inside, per_mass)]
    if other is not None:
        components.append(_old_lines(table, lit, inside, other))
        if other.nucleus is not None:
            seen = float(fraction_in_fibre([centre], seeing, radius=radius)[0])
            components.append((seen * other.nucleus.luminosity, other.nucleus.dispersion))
            flags = (*flags, other.nucleus.kind) if seen >= _SEEN else flags
    each, dispersions = (np.array(part) for part in zip(*components, strict=True))
    lines = each.sum(axis=0)
    distance = DEFAULT_COSMOLOGY.luminosity_distance(redshift) * _CM_PER_MPC
    to_flux = SOLAR_LUMINOSITY / (4.0 * np.pi * distance**2) / _FLUX_UNIT
    return FibreLight(
        galaxy_id=galaxy_id,
        view=view,
        redshift=redshift,
        continuum=(continuum * to_flux).astype(np.float32),
        line_flux=(lines * to_flux).astype(np.float32),
        line_dispersion=float(blended_dispersion(each[:, _HALPHA], dispersions)),
        stellar_dispersion=stellar_dispersion,
        flags=flags,
    )


def _young_lines(
    table: SpectralTable,
    lit: LitStars,
    stars: StarsInView,
    per_mass: NDArray[np.float64],
) -> tuple[NDArray[np.float64], float]:
    """(25,) luminosities of gas about young stars [Lsun], and its velocity dispersion [km/s]."""
    young = np.flatnonzero(np.isfinite(stars.gas_metallicity))
    light = _at_metallicity(table.line_metallicity, per_mass, stars.gas_metallicity[young])
    light *= lit.mass[young, None]
    if stars.dust_column is not None:
        light *= screen_transmission(
            stars.dust_column[young],
            wavelength=_LINE_WAVELENGTH,
            amplitude=lit.dust,
            age_gyr=np.zeros(len(young), np.float32),
        )
    _, dispersion = _moments(stars.velocity[young], light[:, _HALPHA])
    lines = light.sum(axis=0)
    return lines, float(np.hypot(dispersion, _NEBULAR_DISPERSION)) if lines.any() else 0.0


def _at_metallicity(
    grid: NDArray[np.float64], lines: NDArray[np.float64], metallicity: NDArray[np.float32]
) -> NDArray[np.float64]:
    """(N, 25) of the (Y, 25) lines on a grid of metallicities, linear in the logarithms of both."""
    logarithm = np.log(np.maximum(lines, _FAINTEST))
    floored = np.maximum(metallicity.astype(np.float64), grid[0])
    place = np.interp(np.log(floored), np.log(grid), np.arange(len(grid)))
    low = np.minimum(place.astype(np.int64), len(grid) - 2)
    part = (place - low)[:, None]
    return np.exp((1.0 - part) * logarithm[low] + part * logarithm[low + 1])


def _old_lines(
    table: SpectralTable, lit: LitStars, stars: StarsInView, other: OtherGas
) -> tuple[NDArray[np.float64], float]:
    """The same of gas that moves with old stars, in proportion to their light as seen."""
    light = light_between(table, lit, *_ABOUT_HALPHA) * (lit.age >= _OLD)
    _, dispersion = _moments(stars.velocity, light)
    return other.old_widths * light.sum(dtype=np.float64), float(
        np.hypot(dispersion, _NEBULAR_DISPERSION)
    )


def _moments(value: NDArray[np.float32], weight: NDArray[np.floating]) -> tuple[float, float]:
    """Mean and standard deviation; zeros where there is no weight."""
    total = weight.sum(dtype=np.float64)
    if not total > 0:
        return 0.0, 0.0
    mean = float((weight * value.astype(np.float64)).sum() / total)
    return mean, float(np.sqrt((weight * (value - mean) ** 2.0).sum() / total))
