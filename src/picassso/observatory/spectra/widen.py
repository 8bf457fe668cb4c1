"""A library of spectra wider than the synthetic universe, for real galaxies to fall inside.

What is learned from spectra of one recipe of dust, gas and stars fails on galaxies beside it. Each
fibre's light is therefore drawn anew: more dust, other line strengths and ratios, broader stars
and gas, gas lit by a nucleus or by old stars. How far to go is a choice, made so that SDSS's
galaxies lie inside; it is not a model of how common such galaxies are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import EMISSION_LINES, FIBRE_GRID, LIGHT_SPEED, LINE_NAMES
from picassso.observatory.dust import attenuation_curve
from picassso.observatory.spectra.narrow_lines import (
    blended_dispersion,
    draw_reddened_ratios,
    element_factors,
)

__all__ = ["WidenedLight", "broaden", "widen"]

_LINES = np.array([line.wavelength for line in EMISSION_LINES])
_HALPHA, _HBETA = LINE_NAMES.index("Halpha"), LINE_NAMES.index("Hbeta")

_DUSTY_FRACTION = 0.7
_MEAN_AV = 0.5
_STARS_PER_GAS = 0.44
"""E(B-V) of stars to that of the gas: Calzetti et al. 2000 (ApJ 533, 682)."""

_STRENGTH_SCATTER = 0.35
_ABUNDANCE_SCATTER = 0.15
_IONISATION_SCATTER = 0.15
_STELLAR_BROADENING = 120.0
_GAS_BROADENING = 60.0

_SEYFERT_FRACTION, _LINER_FRACTION = 0.12, 0.12
_RED_FRACTION = 0.6
"""Of galaxies of weak lines that have LINER-like ones: more than half in SDSS (Yan et al. 2006,
ApJ 648, 281)."""
_RED_WIDTH = 1.5
"""Angstrom: Halpha narrower than that comes from no young stars to speak of; retired galaxies
have up to 3 (Cid Fernandes et al. 2011, MNRAS 413, 1687)."""

_POWER_LAW = -1.5
"""Slope of a nucleus's continuum, f_lambda: Vanden Berk et al. 2001 (AJ 122, 549)."""
_POWER_LAW_SHARE = 0.1
"""Most that it adds to the stars at 4500 A, where a nucleus is hidden and its light scattered."""

_V_TO_EXPONENT = 0.4 * np.log(10.0)
_PADDING = 200
_CHUNK = 256
"""Spectra that are transformed at once: enough to be fast, few enough for little memory."""


@dataclass(frozen=True, slots=True)
class WidenedLight:
    """Light of many fibres after widening, in the units of `FibreLight`.

    Parameters
    ----------
    continuum : (N, 4801) float32 array
        On `FIBRE_GRID` [1e-17 erg s^-1 cm^-2 Angstrom^-1].
    line_flux : (N, 25) float32 array
        Of `EMISSION_LINES` [1e-17 erg s^-1 cm^-2].
    line_dispersion : (N,) float64 array
        km s^-1.
    """

    continuum: NDArray[np.float32]
    line_flux: NDArray[np.float32]
    line_dispersion: NDArray[np.float64]


def widen(
    continuum: NDArray[np.float32],
    line_flux: NDArray[np.float32],
    line_dispersion: ArrayLike,
    rng: np.random.Generator,
) -> WidenedLight:
    """Draw other galaxies out of the light of fibres, one for each.

    Drawn for each galaxy: dust in front of it (none for 30%, else A_V exponential with mean 0.5
    for stars and 1 / 0.44 times that for gas); a factor of 0.35 dex on all of its own lines and of
    0.15 dex on each element and on ionisation; a Gaussian in velocity that broadens stars
    (half-normal, 120 km/s) and one that broadens gas (60 km/s); for 12% the narrow lines of a
    Seyfert nucleus, with a power law of up to a tenth of the stars at 4500 A, and for 12% of a
    LINER; and LINER-like lines for 60% of galaxies whose own lines are weak.

    Parameters
    ----------
    continuum : (N, 4801) array
        On `FIBRE_GRID` [1e-17 erg s^-1 cm^-2 Angstrom^-1].
    line_flux : (N, 25) array
        Of `EMISSION_LINES` [1e-17 erg s^-1 cm^-2].
    line_dispersion : (N,) array
        km s^-1.
    rng : numpy.random.Generator
        Source of all draws.

    Returns
    -------
    WidenedLight
    """
    n = len(continuum)
    stars, gas = _dust(rng, n)
    stars *= continuum
    broadening = np.abs(rng.normal(0.0, _STELLAR_BROADENING, n))
    stars = broaden(stars, broadening)
    own = line_flux * gas * _line_factors(rng, n)
    sigma = np.hypot(line_dispersion, np.abs(rng.normal(0.0, _GAS_BROADENING, n)))
    level = _level(stars, _LINES[_HALPHA])
    seyfert, other = _excited(rng, weak=own[:, _HALPHA] < _RED_WIDTH * level)
    width = _equivalent_widths(rng, seyfert, other)
    added = draw_reddened_ratios(rng, seyfert) * (width * level)[:, None]
    added_sigma = np.hypot(sigma, np.abs(rng.normal(0.0, 2.0 * _GAS_BROADENING, n)))
    share = rng.uniform(0.0, _POWER_LAW_SHARE, n) * seyfert * _level(stars, 4500.0)
    stars += (share[:, None] * (FIBRE_GRID / 4500.0) ** _POWER_LAW).astype(np.float32)
    return WidenedLight(
        continuum=stars,
        line_flux=(own + added).astype(np.float32),
        line_dispersion=blended_dispersion(
            [own[:, _HALPHA], added[:, _HALPHA]], [sigma, added_sigma]
        ),
    )


def broaden(continuum: NDArray[np.float32], dispersion: ArrayLike) -> NDArray[np.float32]:
    """Spectra on `FIBRE_GRID` with stars that move faster: a Gaussian in velocity.

    Parameters
    ----------
    continuum : (N, 4801) array
        Flux density a wavelength; beyond its ends it is taken as its mirror image.
    dispersion : (N,) array
        Added in quadrature [km s^-1].

    Returns
    -------
    (N, 4801) float32 array
    """
    pixels = np.asarray(dispersion, np.float64) / (np.log(10.0) * 1e-4 * LIGHT_SPEED)
    size = len(FIBRE_GRID) + 2 * _PADDING
    frequency = 2.0 * np.pi * np.fft.rfftfreq(size)
    out = np.empty((len(continuum), len(FIBRE_GRID)), dtype=np.float32)
    for first in range(0, len(out), _CHUNK):
        rows = slice(first, first + _CHUNK)
        padded = np.pad(continuum[rows] * FIBRE_GRID, ((0, 0), (_PADDING, _PADDING)), "reflect")
        response = np.exp(-0.5 * (pixels[rows, None] * frequency) ** 2)
        blurred = np.fft.irfft(np.fft.rfft(padded, axis=1) * response, size, axis=1)
        out[rows] = blurred[:, _PADDING:-_PADDING] / FIBRE_GRID
    return out


def _dust(rng: np.random.Generator, n: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Transmission for stars, (n, 4801), and for gas, (n, 25).

    Stars lie behind Galactic dust or, as many, behind the greyer curve of Charlot & Fall 2000,
    which is near that of starbursts; gas behind Galactic dust (Calzetti 2001, PASP 113, 1449).
    """
    av = rng.exponential(_MEAN_AV, n) * (rng.random(n) < _DUSTY_FRACTION)
    laws = [attenuation_curve(FIBRE_GRID, curve=law) for law in ("cardelli", "charlot_fall")]
    curve = np.array(laws, np.float32)[rng.integers(0, 2, n)]
    gas = av / _STARS_PER_GAS * 10.0 ** rng.normal(0.0, 0.1, n)
    stars = np.exp((-_V_TO_EXPONENT * av[:, None]).astype(np.float32) * curve)
    return stars, np.exp(-_V_TO_EXPONENT * gas[:, None] * attenuation_curve(_LINES))


def _line_factors(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """(n, 25) factors on the lines of galaxies: one for all, one an element, one an ion."""
    strength = 10.0 ** rng.normal(0.0, _STRENGTH_SCATTER, (n, 1))
    return strength * element_factors(
        rng, n, abundance=_ABUNDANCE_SCATTER, ionisation=_IONISATION_SCATTER
    )


def _excited(
    rng: np.random.Generator, *, weak: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which galaxies have a Seyfert nucleus, and which LINER-like lines."""
    kind, red = rng.random((2, len(weak)))
    seyfert = kind < _SEYFERT_FRACTION
    liner = ~seyfert & (kind < _SEYFERT_FRACTION + _LINER_FRACTION)
    return seyfert, liner | (weak & ~seyfert & (red < _RED_FRACTION))


def _equivalent_widths(
    rng: np.random.Generator, seyfert: NDArray[np.bool_], other: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(N,) equivalent width of the nucleus's or LINER-like Halpha as seen [Angstrom].

    Uniform in the logarithm: 0.5 to 40 for Seyferts, 0.3 to 6 for the others.
    """
    u = rng.random(len(seyfert))
    return np.where(seyfert, 0.5 * 80.0**u, np.where(other, 0.3 * 20.0**u, 0.0))


def _level(continuum: NDArray[np.float32], wavelength: float) -> NDArray[np.float64]:
    """(N,) continuum about a wavelength: mean over 1% on either side."""
    near = np.abs(FIBRE_GRID / wavelength - 1.0) < 0.01
    return continuum[:, near].mean(axis=1, dtype=np.float64)
