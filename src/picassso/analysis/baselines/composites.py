"""Composite stellar populations: star formation histories, metallicity and dust, through filters.

A population formed stars at a delayed exponential rate, t exp(-t / tau), since its start; at a
recent time the rate changed at once by a factor: below one it was quenched, above one there is a
burst (the flexible history of Ciesla, Elbaz & Fensch 2017, A&A 608, A41). It has one metallicity,
and a screen of dust before it, with denser clouds about its youngest stars: the light table and
the dust of `picassso.observatory`. All is counted per *current* solar mass, remnants included,
as in true maps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from picassso.core import DEFAULT_COSMOLOGY, get_survey, need

__all__ = ["Populations", "Parameters", "library", "library_parameters", "populations"]

Array = NDArray[np.float64]

_YOUNG = 0.1
"""Gyr over which star formation is averaged, as in true maps."""

_AGE_EDGES: Array = np.concatenate(
    [
        np.array([0.0, 1e-3, 2e-3, 3e-3, 4e-3, 6e-3, 8e-3]),
        np.geomspace(1e-2, _YOUNG, 11),
        np.geomspace(_YOUNG, 13.8, 65)[1:],
    ]
)
_SAMPLES = 6
"""Ages a bin at which its light is read."""

_JUST_ABOVE = 1.0 + 1e-9  # edges of the age grid are rounded

_START = (0.07, 0.15, 0.3, 0.45, 0.6, 0.75, 0.87, 0.97)
_TIMESCALE = (0.3, 0.8, 1.6, 3.0, 6.0, 20.0)
_RECENT = (
    (0.1, 1.0),
    *((age, factor) for age in (0.1, 0.4) for factor in (0.0, 0.2, 3.0, 10.0)),
)
_METALLICITY = (0.0012, 0.003, 0.006, 0.012, 0.022, 0.04)
_ATTENUATION = (0.0, 0.15, 0.3, 0.5, 0.8, 1.2, 1.8, 2.8)


@dataclass(frozen=True, slots=True)
class Parameters:
    """What decides a population; arrays of one length.

    Parameters
    ----------
    start : (N,) array
        Age of the oldest stars [Gyr].
    timescale : (N,) array
        tau [Gyr].
    change_age : (N,) array
        How long ago the rate changed [Gyr].
    change : (N,) array
        By which factor.
    metallicity : (N,) array
        Mass fraction of metals.
    attenuation : (N,) array
        A_V of the screen [mag], before scattering back into the line of sight.
    """

    start: Array
    timescale: Array
    change_age: Array
    change: Array
    metallicity: Array
    attenuation: Array


@dataclass(frozen=True, slots=True)
class Populations:
    """Composite populations, per current solar mass.

    Parameters
    ----------
    light : (N, B) array
        Nanomaggies at 10 pc through the redshifted bands of the survey, per current Msun.
    metallicity : (N,) array
        Mass fraction of metals.
    age : (N,) array
        Weighted by current mass [Gyr].
    specific_rate : (N,) array
        Mass formed in the last 100 Myr / 100 Myr, per current mass [yr^-1].
    """

    light: Array
    metallicity: Array
    age: Array
    specific_rate: Array


def library_parameters(redshift: float) -> Parameters:
    """The grid of 20,736 populations: every combination of six lists of values.

    Starts are fractions of the age of the universe at the redshift; the others are fixed. Values
    are spaced about evenly in what colours feel (logarithms of times and metallicity), so that the
    grid's own density serves as prior. Metallicity and attenuation run fastest.
    """
    rows = [(*h, z, a) for h in _histories(redshift) for z in _METALLICITY for a in _ATTENUATION]
    return Parameters(*np.array(rows).T)


@lru_cache(maxsize=8)
def library(survey: str, redshift: float, *, at_rest: bool = False) -> Populations:
    """`library_parameters` through the bands of a survey, kept for the next image.

    Parameters
    ----------
    survey : str
        Whose bands.
    redshift : float
        Of the populations.
    at_rest : bool
        See them in their rest frame, not redshifted.

    Raises
    ------
    MissingExtraError
        If the light table cannot be had.
    InputError
        If the survey is unknown or the redshift lies outside the light table.
    """
    histories = np.array(_histories(redshift))
    metallicity, attenuation = np.array(_METALLICITY), np.array(_ATTENUATION)
    seen_at = 0.0 if at_rest else redshift
    young, old, passed = _burst_light(metallicity, survey, seen_at)
    formed, current, age, rate = _masses(*histories.T)
    light = sum(
        np.tensordot(formed, part, axes=(1, 1))[:, :, None] * dust ** attenuation[:, None]
        for part, dust in ((old, passed[0]), (young, passed[1]))
    )
    light = light / current[:, None, None, None]
    each = light.shape[:3]
    return Populations(
        light=light.reshape(-1, light.shape[3]),
        metallicity=np.broadcast_to(metallicity[:, None], each).ravel(),
        age=np.broadcast_to(age[:, None, None], each).ravel(),
        specific_rate=np.broadcast_to(rate[:, None, None], each).ravel(),
    )


def populations(parameters: Parameters, *, survey: str, redshift: float) -> Populations:
    """Any populations; those of the grid come faster from `library`.

    Parameters
    ----------
    parameters : Parameters
        Of N populations.
    survey : str
        Whose bands.
    redshift : float
        By which spectra are shifted.

    Raises
    ------
    MissingExtraError
        If the light table cannot be had.
    InputError
        If the survey is unknown or the redshift lies outside the light table.
    """
    p = parameters
    young, old, passed = _burst_light(p.metallicity, survey, redshift)
    formed, current, age, rate = _masses(p.start, p.timescale, p.change_age, p.change)
    light = sum(
        np.einsum("na,nab->nb", formed, part) * dust ** p.attenuation[:, None]
        for part, dust in ((old, passed[0]), (young, passed[1]))
    )
    return Populations(light / current[:, None], p.metallicity, age, rate)


def _histories(redshift: float) -> list[tuple[float, float, float, float]]:
    """Start, timescale, age and factor of the change: the histories of the grid."""
    age = float(DEFAULT_COSMOLOGY.age(redshift))
    return [(s * age, t, *recent) for s in _START for t in _TIMESCALE for recent in _RECENT]


def _masses(
    start: Array, timescale: Array, change_age: Array, change: Array
) -> tuple[Array, Array, Array, Array]:
    """Of a history per Msun formed: mass formed a bin (N, A), current mass (N,), its mean age, and
    the rate of the last 100 Myr per current mass.
    """
    formed = _formed_per_bin(start, timescale, change_age, change)
    remaining = formed * _surviving(_bin_ages()).mean(axis=1)
    current = remaining.sum(axis=1)
    recent = formed[:, _AGE_EDGES[1:] <= _YOUNG * _JUST_ABOVE].sum(axis=1)
    age = remaining @ _bin_ages().mean(axis=1) / current
    return formed, current, age, recent / (_YOUNG * 1e9) / current


def _surviving(age: Array) -> Array:
    from picassso.universe.readers import surviving_fraction

    return surviving_fraction(age)


def _bin_ages() -> Array:
    """(A, samples) ages, evenly inside each bin."""
    place = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    return _AGE_EDGES[:-1, None] + place * np.diff(_AGE_EDGES)[:, None]


def _burst_light(metallicity: Array, survey: str, redshift: float) -> tuple[Array, Array, Array]:
    """Light per Msun formed of stars in and out of birth clouds, (Z, A, B) each, and how much of
    it passes a screen of A_V = 1: (2, B), for the old and the young.
    """
    need("numba", extra="mock")
    from picassso.observatory import load_light_table, screen_transmission
    from picassso.observatory.dust import (
        BIRTH_CLOUD_AGE,
        BIRTH_CLOUD_AV,
        GALACTIC_AV_PER_METAL_COLUMN,
    )

    known = get_survey(survey)
    ages = _bin_ages()
    shape = (len(metallicity), *ages.shape)
    light = load_light_table(known).luminosities(
        np.broadcast_to(ages, shape).ravel(),
        np.broadcast_to(metallicity[:, None, None], shape).ravel(),
        redshift,
    )
    light = light.reshape(*shape, -1).astype(np.float64).mean(axis=2)
    young = (_AGE_EDGES[1:] <= BIRTH_CLOUD_AGE * _JUST_ABOVE)[:, None]
    # Charlot & Fall's standard model: birth clouds twice as opaque as the medium about them.
    screen = 0.5 * BIRTH_CLOUD_AV
    transmission = screen_transmission(
        np.full(2, screen / GALACTIC_AV_PER_METAL_COLUMN, np.float32),
        wavelength=np.array(known.effective_wavelengths) / (1.0 + redshift),
        age_gyr=np.array([1.0, 0.5 * BIRTH_CLOUD_AGE], np.float32),
    )
    return light * young, light * ~young, transmission.astype(np.float64) ** (1.0 / screen)


def _formed_per_bin(start: Array, timescale: Array, change_age: Array, change: Array) -> Array:
    """(N, A) mass formed in each bin of age, summing to 1; exact."""

    def smooth(t: Array) -> Array:
        x = t / timescale[:, None]
        return timescale[:, None] ** 2 * -(np.expm1(-x) + x * np.exp(-x))

    before = np.maximum(start - change_age, 0.0)[:, None]
    rate = before * np.exp(-before / timescale[:, None]) * change[:, None]
    elapsed = np.maximum(start[:, None] - _AGE_EDGES, 0.0)
    formed = smooth(np.minimum(elapsed, before)) + rate * np.maximum(elapsed - before, 0.0)
    return (formed[:, :-1] - formed[:, 1:]) / formed[:, :1]
