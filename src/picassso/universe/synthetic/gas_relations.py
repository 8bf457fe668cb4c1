"""Published relations of gas: its mass, extent, phases, metals and dark halo.

Small pure functions with the conventions of `relations`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import DEPLETION_TIME

__all__ = [
    "SOLAR_METALLICITY_GAS",
    "SOLAR_OXYGEN",
    "atomic_fraction",
    "atomic_profile",
    "atomic_radius",
    "gas_metallicity_gradient",
    "halo_mass",
    "halo_radius",
    "metallicity_from_oxygen",
    "molecular_mass",
    "oxygen_abundance",
    "oxygen_scatter",
]

Array = NDArray[np.float64]

SOLAR_METALLICITY_GAS = 0.0142
"""Protosolar mass fraction of metals, Asplund et al. (2009, ARA&A 47, 481), table 4."""

SOLAR_OXYGEN = 8.69
"""12 + log(O/H) of the solar photosphere, Asplund et al. (2009), table 1."""

# Catinella et al. (2018, MNRAS 476, 875), table 1: mean log M* of the bin, weighted median of
# log(M_HI / M*) with undetected galaxies at their upper limits.
_XGASS = np.array(
    [
        [9.14, -0.092],
        [9.44, -0.320],
        [9.74, -0.656],
        [10.07, -0.854],
        [10.34, -1.278],
        [10.65, -1.223],
        [10.95, -1.707],
        [11.20, -1.785],
    ]
)

# Tremonti et al. (2004), table 3, every fifth bin or so: log M*, (P84 - P16) / 2 of 12 + log(O/H).
_OXYGEN_SCATTER = (
    [8.57, 8.96, 9.57, 10.06, 10.56, 11.05],
    [0.195, 0.145, 0.125, 0.105, 0.080, 0.070],
)

# Moster, Naab & White (2013, MNRAS 428, 3121), table 1 at z = 0, inverted on a grid.
_LOG_HALO = np.linspace(10.0, 15.5, 111)
_LOG_STARS = _LOG_HALO + np.log10(
    2.0
    * 0.0351
    / (10.0 ** (-1.376 * (_LOG_HALO - 11.590)) + 10.0 ** (0.608 * (_LOG_HALO - 11.590)))
)


def atomic_fraction(log_mass: ArrayLike) -> Array:
    """Median log(M_HI / M*) of galaxies of all types at fixed stellar mass.

    xGASS, Catinella et al. (2018), table 1: weighted medians in bins of log M* from 9.14 to 11.20,
    constant below and continued above with the slope of the last four bins, -0.6. Their weighted
    averages of the logarithm lie 0.01 to 0.15 dex below at low and 0.1 to 0.2 dex above at high
    mass. The scatter of 0.5 dex about the median is read off their figure, upper limits included.
    """
    log_mass = np.asarray(log_mass, dtype=np.float64)
    value = np.interp(log_mass, _XGASS[:, 0], _XGASS[:, 1])
    return value - 0.60 * np.maximum(log_mass - _XGASS[-1, 0], 0.0)


def atomic_radius(log_hi_mass: ArrayLike) -> Array:
    """Radius [kpc] where the HI surface density falls to 1 Msun/pc^2.

    Wang et al. (2016, MNRAS 460, 2143): log D_HI = 0.506 log M_HI - 3.293, scatter 0.06 dex,
    log M_HI from 5 to 11.
    """
    return 0.5 * 10.0 ** (0.506 * np.asarray(log_hi_mass, dtype=np.float64) - 3.293)


def atomic_profile(radius: Any, scale: float, hole: Any) -> Any:
    """HI surface density [Msun/pc^2] at r / R_HI, where it is 1 by definition.

    Form of Wang et al. (2014, MNRAS 441, 2159), exp(-x / scale) / (1 + hole exp(-x / 0.15)): an
    exponential outside, of scale about 0.2, and a flat or depressed centre.

    Parameters
    ----------
    radius : array or tensor
        r / R_HI.
    scale : float
        Of the exponential, over R_HI.
    hole : float, array or tensor
        Depth of the central depression; 0 is a pure exponential.
    """
    depressed = 1.0 + hole * np.e ** (-radius / 0.15)
    return np.e ** ((1.0 - radius) / scale) * (1.0 + hole * np.e ** (-1.0 / 0.15)) / depressed


def molecular_mass(log_sfr: ArrayLike) -> Array:
    """log of the H2 mass [Msun, no helium] that forms stars at this rate (Bigiel et al. 2008)."""
    return np.asarray(log_sfr, dtype=np.float64) + np.log10(DEPLETION_TIME)


def oxygen_abundance(log_mass: ArrayLike) -> Array:
    """12 + log(O/H) of the ionised gas, -1.492 + 1.847 x - 0.08026 x^2 with x = log M*.

    Tremonti et al. (2004, ApJ 613, 898), equation 3, log M* from 8.5 to 11.5; flat above, where
    the parabola would turn over.
    """
    x = np.minimum(np.asarray(log_mass, dtype=np.float64), 11.5)
    return -1.492 + 1.847 * x - 0.08026 * x**2


def oxygen_scatter(log_mass: ArrayLike) -> Array:
    """Scatter of 12 + log(O/H) [dex]: 0.20 at log M* = 8.6 falling to 0.07 at 11 and above.

    Half the distance between the 16th and 84th percentiles of Tremonti et al. (2004), table 3.
    """
    return np.interp(np.asarray(log_mass, dtype=np.float64), *_OXYGEN_SCATTER)


def metallicity_from_oxygen(oxygen: ArrayLike) -> Array:
    """Mass fraction of metals for solar abundance ratios, 0.0142 x 10^(12 + log(O/H) - 8.69)."""
    return SOLAR_METALLICITY_GAS * 10.0 ** (np.asarray(oxygen, dtype=np.float64) - SOLAR_OXYGEN)


def gas_metallicity_gradient() -> tuple[float, float]:
    """Mean and scatter of the oxygen gradient [dex per effective radius] of undisturbed discs.

    Sanchez et al. (2014, A&A 563, A49): -0.10 +- 0.09 between 0.3 and 2 effective radii of 193
    CALIFA galaxies, whatever their mass; flat beyond (the scatter not checked against the paper).
    """
    return -0.10, 0.09


def halo_mass(log_mass: ArrayLike) -> Array:
    """log of the dark halo's M200 [Msun] at a stellar mass.

    Moster, Naab & White (2013): M* / M = 0.0702 / ((M / M1)^-1.376 + (M / M1)^0.608),
    log M1 = 11.590, inverted; scatter about 0.2 dex. Monotonic for log M* up to 12.
    """
    return np.interp(np.asarray(log_mass, dtype=np.float64), _LOG_STARS, _LOG_HALO)


def halo_radius(log_halo_mass: ArrayLike) -> Array:
    """R200 [kpc]: the mean density inside is 200 times critical for h = 0.7 (136 Msun/kpc^3)."""
    mass = 10.0 ** np.asarray(log_halo_mass, dtype=np.float64)
    return (3.0 * mass / (4.0 * np.pi * 200.0 * 135.99)) ** (1.0 / 3.0)
