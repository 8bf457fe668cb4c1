"""What the spectrographs of SDSS make of the light in a fibre.

The stellar grid has a resolution of its own, which is taken off what the spectrograph adds. Only
between 3540 and 7350 A at rest is it as sharp as SDSS or nearly so; see `grid_limited`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix
from scipy.special import ndtr

from picassso.core import (
    EMISSION_LINES,
    FIBRE_GRID,
    LIGHT_SPEED,
    REST_GRID,
    FibreLight,
    InputError,
    Spectrum,
    pixel_edges,
)
from picassso.observatory.spectra.exposure import (
    EXPOSURE_TIME,
    OBSERVED_GRID,
    bright_sky,
    check_exposure_time,
    night,
)
from picassso.observatory.spectra.instrument import (
    RESOLUTION,
    extra_dispersion,
    grid_limited,
    instrument_dispersion,
)
from picassso.observatory.spectra.resample import check_redshift

__all__ = [
    "RESOLUTION_LIMITED_BY_GRID",
    "grid_limited",
    "light_on_pixels",
    "observe_spectrum",
    "rest_flux",
    "rest_fluxes",
]

RESOLUTION_LIMITED_BY_GRID = "resolution_limited_by_grid"
"""Flag of a mock spectrum that reaches where the stellar grid is less sharp than SDSS."""

_BAD_PIXELS = 3e-4
"""Of all pixels, which the detector spoils: those of six real spectra that are masked as near a
bad pixel or have no inverse variance, 7 of 23,000."""

_REACH = 6.0
"""Standard deviations beyond which a profile is zero."""

_REDSHIFT_STEP = 0.005
"""To which redshifts are rounded where only the instrument's width depends on them: 1 km/s."""

_LINES = np.array([line.wavelength for line in EMISSION_LINES])


def rest_flux(light: FibreLight) -> NDArray[np.float32]:
    """Noise-free flux of one fibre on `REST_GRID` at the resolution of SDSS.

    Returns
    -------
    (1000,) float32 array
        1e-17 erg s^-1 cm^-2 per rest Angstrom.
    """
    return rest_fluxes(
        light.continuum[None],
        light.line_flux[None],
        np.array([light.line_dispersion]),
        np.array([light.redshift]),
    )[0]


def rest_fluxes(
    continuum: NDArray[np.float32],
    line_flux: NDArray[np.float32],
    line_dispersion: ArrayLike,
    redshift: ArrayLike,
) -> NDArray[np.float32]:
    """Noise-free flux of many fibres on `REST_GRID` at the resolution of SDSS.

    Stars are blurred by what SDSS is blunter than their grid; lines are Gaussians of the gas's
    dispersion and the instrument's in quadrature. Both are integrated over the pixels, so that
    flux is conserved.

    Parameters
    ----------
    continuum : (N, 4801) array
        On `FIBRE_GRID` [1e-17 erg s^-1 cm^-2 per rest Angstrom].
    line_flux : (N, 25) array
        Of `EMISSION_LINES` [1e-17 erg s^-1 cm^-2].
    line_dispersion : (N,) array
        Of the gas [km s^-1].
    redshift : (N,) array
        On which the instrument's width in the rest frame depends.

    Returns
    -------
    (N, 1000) float32 array
        1e-17 erg s^-1 cm^-2 per rest Angstrom.

    Raises
    ------
    InputError
        If shapes do not agree, or a redshift or dispersion is negative or no number.
    """
    z, dispersion = np.asarray(redshift, np.float64), np.asarray(line_dispersion, np.float64)
    _check(continuum, line_flux, dispersion, z)
    edges = pixel_edges(REST_GRID)
    flux = np.empty((len(z), len(REST_GRID)), dtype=np.float32)
    steps = np.rint(z / _REDSHIFT_STEP).astype(int)
    for step in np.unique(steps):
        rows = np.flatnonzero(steps == step)
        flux[rows] = (_rest_matrix(int(step)) @ continuum[rows].T).T
    flux += _line_density(line_flux, dispersion, z, edges)
    return flux


def observe_spectrum(
    light: FibreLight, rng: np.random.Generator, *, exposure_time: float = EXPOSURE_TIME
) -> Spectrum:
    """A spectrum as SDSS would measure it: on its pixels, with its noise and mask.

    Parameters
    ----------
    light : FibreLight
        What enters the fibre.
    rng : numpy.random.Generator
        Source of noise and bad pixels.
    exposure_time : float
        Seconds.

    Returns
    -------
    Spectrum
        As observed, in vacuum [1e-17 erg s^-1 cm^-2 Angstrom^-1]; the inverse variance is that of
        the noise put in. Masked: the brightest lines of the sky by SDSS's own rule, bad pixels and
        wavelengths that `FIBRE_GRID` does not reach, the latter two with inverse variance 0. With
        the flag ``"resolution_limited_by_grid"`` where pixels at rest lie outside of 3540 to 7350
        A, as they do at all redshifts below 0.25.

    Raises
    ------
    InputError
        If the exposure time is not positive or the light's redshift is negative.
    """
    check_exposure_time(exposure_time)
    stretch = 1.0 + check_redshift(light.redshift, what=f"redshift of {light.galaxy_id!r}")
    edges = pixel_edges(OBSERVED_GRID) / stretch
    flux = light_on_pixels(light, edges) / stretch
    variance = night().variance(flux, exposure_time=exposure_time)
    masked = bright_sky(flux, variance, exposure_time=exposure_time)
    reach = pixel_edges(FIBRE_GRID)
    lost = (edges[:-1] < reach[0]) | (edges[1:] > reach[-1])
    lost |= rng.random(len(flux)) < _BAD_PIXELS
    seen = flux + np.sqrt(variance) * rng.standard_normal(len(flux))
    limited = bool(grid_limited(OBSERVED_GRID / stretch)[~lost].any())
    return Spectrum(
        wavelength=OBSERVED_GRID.copy(),
        medium="vacuum",
        flux=np.where(lost, 0.0, seen).astype(np.float32),
        inverse_variance=np.where(lost, 0.0, 1.0 / variance).astype(np.float32),
        mask=masked | lost,
        redshift=light.redshift,
        resolution=RESOLUTION,
        galaxy_id=light.galaxy_id,
        flags=(*light.flags, *((RESOLUTION_LIMITED_BY_GRID,) if limited else ())),
    )


def light_on_pixels(light: FibreLight, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Noise-free flux of one fibre on any pixels at rest: (M,) of their (M + 1,) edges [A]."""
    matrix = _transfer(edges, extra_dispersion(light.redshift))
    lines = _line_density(
        light.line_flux[None],
        np.array([light.line_dispersion]),
        np.array([light.redshift]),
        edges,
    )
    return matrix @ light.continuum.astype(np.float64) + lines[0]


@lru_cache(maxsize=128)
def _rest_matrix(step: int) -> csr_matrix:
    """From `FIBRE_GRID` to `REST_GRID` at one rounded redshift."""
    sigma = extra_dispersion(step * _REDSHIFT_STEP)
    return _transfer(pixel_edges(REST_GRID), sigma).astype(np.float32)


def _transfer(edges: NDArray[np.float64], sigma: NDArray[np.float64]) -> csr_matrix:
    """(M, 4801) matrix that blurs a spectrum on `FIBRE_GRID` and averages it over other pixels.

    Each pixel's light is spread by its own Gaussian, so that none is lost between pixels.
    """
    source, target = np.log(pixel_edges(FIBRE_GRID)), np.log(edges)
    width = np.maximum(sigma / LIGHT_SPEED, 1e-12)
    left, right = source[:-1], source[1:]
    first = np.searchsorted(target, left - _REACH * width, side="right") - 1
    last = np.searchsorted(target, right + _REACH * width, side="left")
    number = first[:, None] + np.arange(int((last - first).max()) + 1)
    place = target[np.clip(number, 0, len(edges) - 1)]

    def below(edge: NDArray[np.float64]) -> NDArray[np.float64]:
        """Integral of the Gaussian's cumulative distribution from an edge of the pixel."""
        x = (place - edge[:, None]) / width[:, None]
        return width[:, None] * (x * ndtr(x) + np.exp(-0.5 * x**2) / np.sqrt(2.0 * np.pi))

    share = np.diff((below(left) - below(right)) / (right - left)[:, None], axis=1)
    row = number[:, :-1]
    column = np.broadcast_to(np.arange(len(FIBRE_GRID))[:, None], row.shape)
    good = (row >= 0) & (row < len(edges) - 1) & (share > 0.0)
    row, column = row[good], column[good]
    value = share[good] * np.diff(np.exp(source))[column] / np.diff(edges)[row]
    return csr_matrix((value, (row, column)), shape=(len(edges) - 1, len(FIBRE_GRID)))


def _line_density(
    line_flux: NDArray[np.float32],
    dispersion: NDArray[np.float64],
    redshift: NDArray[np.float64],
    edges: NDArray[np.float64],
) -> NDArray[np.float32]:
    """(N, M) flux density of the lines on pixels at rest."""
    density = np.zeros((len(line_flux), len(edges) - 1), dtype=np.float32)
    log_edges, widths = np.log(edges), np.diff(edges)
    for k, centre in enumerate(_LINES):
        instrument = instrument_dispersion(centre * (1.0 + redshift))
        sigma = np.hypot(dispersion, instrument)[:, None] / LIGHT_SPEED
        reach = _REACH * sigma.max(initial=0.0)
        low, high = np.searchsorted(log_edges, np.log(centre) + np.array([-reach, reach]))
        low, high = max(low - 1, 0), min(high + 1, len(edges))
        if high - low < 2:
            continue
        below = ndtr((log_edges[low:high] - np.log(centre)) / sigma)
        share = np.diff(below, axis=1) / widths[low : high - 1]
        density[:, low : high - 1] += line_flux[:, k, None] * share
    return density


def _check(
    continuum: NDArray[np.float32],
    line_flux: NDArray[np.float32],
    dispersion: NDArray[np.float64],
    redshift: NDArray[np.float64],
) -> None:
    """InputError unless shapes agree and numbers are possible."""
    n = len(continuum)
    parts: dict[str, tuple[NDArray[Any], tuple[int, ...]]] = {
        "continuum": (continuum, (n, len(FIBRE_GRID))),
        "line_flux": (line_flux, (n, len(_LINES))),
        "line_dispersion": (dispersion, (n,)),
        "redshift": (redshift, (n,)),
    }
    problems = [
        f"{name} has shape {part.shape}, expected {shape}"
        for name, (part, shape) in parts.items()
        if part.shape != shape
    ]
    problems += [
        f"{name} holds {part[bad][0]}, expected 0 or positive numbers"
        for name, part in (("line_dispersion", dispersion), ("redshift", redshift))
        if (bad := ~(np.isfinite(part) & (part >= 0.0))).any()
    ]
    if problems:
        raise InputError("light of fibres: " + "; ".join(problems))
