"""The gas that young stars light: its metallicity, its ionisation and its mixture of elements."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.core import LINE_NAMES, SOLAR_METALLICITY, Gas, Stars
from picassso.observatory.spectra.narrow_lines import element_factors
from picassso.observatory.truth import STAR_FORMATION_TIME

__all__ = ["LOG_U_SCATTER", "IonisedGas", "averaging_time", "ionised_gas", "mean_log_u"]

LOG_U_SCATTER = 0.25
"""dex, between galaxies: a choice, made wide so that what learns from them is not taught one
law."""

_ELEMENT_SCATTER = 0.1
"""dex, of each element, between galaxies: a choice; N/O scatters at every O/H (Perez-Montero &
Contini 2009, MNRAS 398, 949)."""

_NITROGEN = -0.2
"""dex, on the lines of nitrogen: with the N/O of the grids, galaxies as ionised as `mean_log_u`
says have 0.17 to 0.34 dex more [N II] than the star-forming galaxies of SDSS of the same
[O III] / Hbeta (Kewley et al. 2013, ApJ 774, 100: the local sequence), and pass for composite."""
_NITROGEN_LINES = np.array([name.startswith("NI") for name in LINE_NAMES])

_ENOUGH = 400
"""Star particles in a galaxy that carry lines, if it has as many: some 100 of them in a fibre."""
_SHORTEST = 0.01
"""Gyr, in which all but 0.2% of the Halpha of a population has shone."""

_NEIGHBOURS = 8
_INNER_FACE = 0.7


@dataclass(frozen=True, slots=True)
class IonisedGas:
    """What is lit by the young stars of one galaxy, the same in all views.

    Parameters
    ----------
    metallicity : (N,) float32 array
        Of the gas about each star: mass fraction of metals; NaN for stars older than
        `time`, which carry no lines.
    time : float
        Gyr over which star formation is averaged; see `averaging_time`.
    log_u : float
        log10 of the ionisation parameter of the galaxy.
    line_factors : (25,) float64 array
        On the lines of metals, since no galaxy has the very mixture of elements of the grids.
    flags : tuple of str
        ``"line_metallicity_from_stars"`` where the galaxy has no gas of known metallicity.
    """

    metallicity: NDArray[np.float32]
    time: float
    log_u: float
    line_factors: NDArray[np.float64]
    flags: tuple[str, ...] = ()


def ionised_gas(stars: Stars, gas: Gas | None, rng: np.random.Generator) -> IonisedGas:
    """Gas about the young stars of a galaxy.

    Its metallicity is the mean, by mass, over the eight gas cells nearest to each star; that of
    the star where the galaxy has no gas or its metallicity is unknown. One ionisation parameter
    is drawn for the galaxy: normal about `mean_log_u` of the mean metallicity of that gas, with
    `LOG_U_SCATTER`; and a factor of 0.1 dex for the lines of each element, about 1 but for
    nitrogen, of which real galaxies have less than the grids. (The light of images keeps
    log U = -3, the metallicity of the stars and the elements of the grids: an approximation that
    moves broad bands little.)

    Parameters
    ----------
    stars : Stars
        Of the galaxy.
    gas : Gas or None
        Of it.
    rng : numpy.random.Generator
        Of the galaxy, so that all of its views agree.
    """
    time = averaging_time(stars.age)
    young = np.flatnonzero(stars.age < time)
    deviate = rng.standard_normal()
    factors = element_factors(rng, 1, abundance=_ELEMENT_SCATTER, ionisation=0.0)[0]
    factors *= 10.0 ** (_NITROGEN * _NITROGEN_LINES)
    metallicity = np.full(len(stars), np.nan, np.float32)
    typical = SOLAR_METALLICITY
    flags: tuple[str, ...] = ()
    if len(young):
        if gas is not None and gas.metallicity is not None and len(gas) > 0:
            metallicity[young] = _metallicity_near(stars.position[young], gas)
        else:
            metallicity[young] = stars.metallicity[young]
            flags = ("line_metallicity_from_stars",)
        typical = float(np.average(metallicity[young], weights=stars.initial_mass[young]))
    log_u = mean_log_u(typical) + LOG_U_SCATTER * deviate
    return IonisedGas(metallicity, time, log_u, factors, flags)


def averaging_time(age: NDArray[np.float32]) -> float:
    """Time over which the star formation that a galaxy's lines tell of is averaged [Gyr].

    Halpha lasts for some 5 Myr (3 to 10; ultraviolet light 10 to 100 or more: Kennicutt & Evans
    2012, ARA&A 50, 531, table 1), in which few particles of a simulation are born. Each stands for
    many stars born at somewhat different times; so the lines are given, in equal parts for each
    Msun, to all stars younger than this time, as if they had formed at a constant rate. It is as
    short as leaves 400 particles, for what has long left the gas lies behind less dust than what
    lights it; but not shorter than 10 Myr nor longer than 100 Myr, as the star formation rate of
    snapshots without gas. Bursts shorter than that are smoothed.

    Parameters
    ----------
    age : (N,) array
        Of all star particles of the galaxy [Gyr].
    """
    if len(age) <= _ENOUGH:
        return STAR_FORMATION_TIME
    return float(np.clip(np.partition(age, _ENOUGH)[_ENOUGH], _SHORTEST, STAR_FORMATION_TIME))


def mean_log_u(metallicity: float) -> float:
    """log10 U of the gas of a galaxy, as the Cloudy grids count it: ``-0.8 log10(Z/Zsun) - 2.88``.

    Carton et al. 2017 (MNRAS 468, 2140) have ``-0.8 log10(Z/Zsun) - 3.58``: the slope that
    wind-driven bubbles about star clusters should have (Dopita et al. 2006, ApJ 647, 244), the
    constant from galaxies of SDSS, for the U at the outer radius of filled spheres. The grids
    count U at the inner face of thin shells (10^19 cm, 100 atoms cm^-3), which is 0.7 dex more at
    the same mean over the volume: 9/4 of the former, 0.41 to 0.49 of the latter. Z counts in
    units of 0.02, as in the grids; below a hundredth of that, as that.
    """
    relative = max(metallicity / SOLAR_METALLICITY, 0.01)
    return -0.8 * float(np.log10(relative)) - 3.58 + _INNER_FACE


def _metallicity_near(position: NDArray[np.float32], gas: Gas) -> NDArray[np.float32]:
    """Mean metallicity, by mass, of the gas cells nearest to each position."""
    from scipy.spatial import cKDTree

    assert gas.metallicity is not None
    nearest = min(_NEIGHBOURS, len(gas))
    tree = cKDTree(gas.position, balanced_tree=False, compact_nodes=False)
    _, cell = tree.query(position, k=list(range(1, nearest + 1)))
    mass = gas.mass[cell].astype(np.float64)
    return ((mass * gas.metallicity[cell]).sum(axis=1) / mass.sum(axis=1)).astype(np.float32)
