"""Published relations between the properties of nearby galaxies and their stellar mass.

Small pure functions: logarithms are base 10, masses in Msun (Kroupa/Chabrier IMF), lengths in
kpc, velocities in km/s. Those of cold and hot gas are in `gas_relations`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import SOLAR_METALLICITY

__all__ = [
    "SOLAR_METALLICITY_STARS",
    "environment_quenching",
    "faber_jackson",
    "main_sequence",
    "mass_quenching",
    "quenched_fraction",
    "size_early",
    "size_late",
    "size_scatter",
    "stellar_age_quantile",
    "stellar_mass_function",
    "stellar_metallicity_quantile",
    "tully_fisher",
]

SOLAR_METALLICITY_STARS = SOLAR_METALLICITY
"""Solar mass fraction of metals of the BC03 models that Gallazzi et al. (2005) fitted."""

Array = NDArray[np.float64]

# Gallazzi et al. (2005), table 2: log M*; 16th, 50th, 84th percentile of log(Z/Zsun) and of
# log(age/yr).
_GALLAZZI = np.array(
    [
        [8.91, -1.11, -0.60, 0.00, 8.80, 9.06, 9.46],
        [9.11, -1.07, -0.61, 0.00, 8.81, 9.09, 9.48],
        [9.31, -1.10, -0.65, -0.05, 8.85, 9.11, 9.44],
        [9.51, -1.03, -0.61, -0.01, 8.89, 9.17, 9.49],
        [9.72, -0.97, -0.52, 0.05, 8.94, 9.23, 9.57],
        [9.91, -0.90, -0.41, 0.09, 9.00, 9.32, 9.71],
        [10.11, -0.80, -0.23, 0.14, 9.09, 9.46, 9.85],
        [10.31, -0.65, -0.11, 0.17, 9.23, 9.61, 9.93],
        [10.51, -0.41, -0.01, 0.20, 9.34, 9.73, 9.98],
        [10.72, -0.24, 0.04, 0.22, 9.48, 9.82, 10.03],
        [10.91, -0.14, 0.07, 0.24, 9.60, 9.87, 10.06],
        [11.11, -0.09, 0.10, 0.25, 9.67, 9.90, 10.08],
        [11.31, -0.06, 0.12, 0.26, 9.72, 9.92, 10.09],
        [11.51, -0.04, 0.13, 0.28, 9.75, 9.94, 10.11],
        [11.72, -0.03, 0.14, 0.29, 9.76, 9.95, 10.12],
        [11.91, -0.03, 0.15, 0.30, 9.77, 9.96, 10.12],
    ]
)


def stellar_mass_function(log_mass: ArrayLike) -> Array:
    """Number density of all galaxies [Mpc^-3 dex^-1].

    Peng et al. (2010, ApJ 721, 193), SDSS, all galaxies: a double Schechter function with
    log M = 10.67, phi1 = 4.032e-3, alpha1 = -0.52, phi2 = 0.655e-3, alpha2 = -1.56 (not checked
    against their table). Valid for log M* above 8.5 or so.
    """
    x = 10.0 ** (np.asarray(log_mass, dtype=np.float64) - 10.67)
    schechter = 4.032e-3 * x ** (-0.52 + 1.0) + 0.655e-3 * x ** (-1.56 + 1.0)
    return np.log(10.0) * schechter * np.exp(-x)


def mass_quenching(log_mass: ArrayLike) -> Array:
    """Fraction quenched by their mass, 1 - exp(-(M / 10^10.56)^0.80).

    Peng et al. (2010), their fit to SDSS galaxies of log M* from 9 to 11.5 (the two constants not
    checked against their table).
    """
    return 1.0 - np.exp(-(10.0 ** (0.80 * (np.asarray(log_mass, dtype=np.float64) - 10.56))))


def environment_quenching(log_overdensity: ArrayLike) -> Array:
    """Fraction quenched by their surroundings, 1 - exp(-((1 + delta) / 10^1.84)^0.60).

    Peng et al. (2010), their fit to SDSS galaxies of log(1 + delta) from -0.5 to 2 (the two
    constants not checked against their table).
    """
    exponent = 0.60 * (np.asarray(log_overdensity, dtype=np.float64) - 1.84)
    return 1.0 - np.exp(-(10.0**exponent))


def quenched_fraction(log_mass: ArrayLike, log_overdensity: ArrayLike) -> Array:
    """Red fraction when both quenchings act independently (Peng et al. 2010)."""
    survives = (1.0 - mass_quenching(log_mass)) * (1.0 - environment_quenching(log_overdensity))
    return 1.0 - survives


def main_sequence(log_mass: ArrayLike) -> Array:
    """log SFR [Msun/yr] of the ridge of star-forming galaxies, 0.76 log M* - 7.64.

    Renzini & Peng (2015, ApJ 801, L29), SDSS at 0.02 < z < 0.085, log M* from 8.5 to 11.25;
    scatter 0.3 dex.
    """
    return 0.76 * np.asarray(log_mass, dtype=np.float64) - 7.64


def size_late(log_mass: ArrayLike) -> Array:
    """Median half-light radius [kpc] of late types, 0.10 M^0.14 (1 + M / 3.98e10)^0.25.

    Shen et al. (2003, MNRAS 343, 978), equation 18 and table 1 (z band, Sersic half-light
    radius); log M* from 8.5 to 11.5. Used here as the face-on projected half-mass radius.
    """
    mass = 10.0 ** np.asarray(log_mass, dtype=np.float64)
    return 0.10 * mass**0.14 * (1.0 + mass / 3.98e10) ** (0.39 - 0.14)


def size_early(log_mass: ArrayLike) -> Array:
    """Median half-light radius [kpc] of early types, 2.88e-6 M^0.56, above 10^10.3 Msun.

    Shen et al. (2003), equation 17 and table 1, with the normalisation of the erratum (2007,
    MNRAS 379, 400). Below 10^10.3 Msun it continues with the slope 0.14 of late-type (and dwarf
    elliptical) galaxies, since the power law is only measured above.
    """
    log_mass = np.asarray(log_mass, dtype=np.float64)
    bright = np.log10(2.88e-6) + 0.56 * np.maximum(log_mass, 10.3)
    return 10.0 ** (bright + 0.14 * np.minimum(log_mass - 10.3, 0.0))


def size_scatter(log_mass: ArrayLike) -> Array:
    """Scatter of ln R at fixed mass, 0.34 + 0.13 / (1 + (M / 3.98e10)^2).

    Shen et al. (2003), equation 19 and table 1; used for both types.
    """
    x = 10.0 ** (np.asarray(log_mass, dtype=np.float64) - np.log10(3.98e10))
    return 0.34 + (0.47 - 0.34) / (1.0 + x**2)


def stellar_metallicity_quantile(log_mass: ArrayLike, normal: ArrayLike) -> Array:
    """log(Z / 0.02) of the stars at a quantile of the relation at fixed mass.

    Gallazzi et al. (2005, MNRAS 362, 41), table 2, log M* from 8.9 to 11.9: the median, and
    the 16th and 84th percentiles as the two sides of a split Gaussian. Their value is weighted
    by r-band light in the 3 arcsec fibre; it is used here as the mass-weighted mean of the whole
    galaxy (the two differ by less than 0.1 dex for their star formation histories).

    Parameters
    ----------
    log_mass : array
        log10 of the stellar mass.
    normal : array
        Standard normal deviate: 0 is the median, +1 the 84th percentile.
    """
    return _split_gaussian(log_mass, normal, 1)


def stellar_age_quantile(log_mass: ArrayLike, normal: ArrayLike) -> Array:
    """log10 of the r-band-light-weighted age [Gyr] at a quantile of the relation at fixed mass.

    Gallazzi et al. (2005), table 2, log M* from 8.9 to 11.9, as in
    `stellar_metallicity_quantile`. The star formation history of each galaxy is solved for so
    that the light-weighted, not the mass-weighted, age of its particles has this value; the 84th
    percentile above log M* = 11 (12 to 13 Gyr) is older than such a history can be.
    """
    return _split_gaussian(log_mass, normal, 4) - 9.0


def _split_gaussian(log_mass: ArrayLike, normal: ArrayLike, column: int) -> Array:
    log_mass = np.asarray(log_mass, dtype=np.float64)
    low, median, high = (
        np.interp(log_mass, _GALLAZZI[:, 0], _GALLAZZI[:, column + k]) for k in range(3)
    )
    normal = np.asarray(normal, dtype=np.float64)
    return median + normal * np.where(normal < 0, median - low, high - median)


def tully_fisher(log_mass: ArrayLike) -> Array:
    """log of the rotation velocity [km/s], 2.142 + 0.278 (log M* - 10.102).

    Reyes et al. (2011, MNRAS 417, 2347), abstract: the velocity at the radius with 80% of the
    i-band light against stellar mass (Kroupa IMF) for SDSS disc galaxies, log M* from 9 to 11;
    intrinsic scatter 0.036 dex, measured scatter 0.056 dex.
    """
    return 2.142 + 0.278 * (np.asarray(log_mass, dtype=np.float64) - 10.102)


def faber_jackson(log_mass: ArrayLike) -> Array:
    """log of the central velocity dispersion [km/s] of early types, 0.286 log M* - 0.86.

    The straight line through the SDSS early types of Hyde & Bernardi (2009, MNRAS 394, 1978),
    log M* from 9.5 to 12; scatter 0.07 dex (rounded; not checked against their table).
    """
    return 0.286 * np.asarray(log_mass, dtype=np.float64) - 0.86
