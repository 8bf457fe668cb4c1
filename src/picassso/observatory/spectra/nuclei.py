"""Narrow lines that no young stars light: hidden nuclei, and the gas about old stars.

Both are drawn once for each galaxy, so that all of its views agree. Only lines are drawn: the
continuum of the fibre and the image of the galaxy get no light of a nucleus. Of a hidden (type 2)
nucleus the broad bands hold little but those narrow lines: an equivalent width of 100 Angstrom in
all adds 10% to a band 1000 Angstrom wide within the fibre, and less to the galaxy. An image can
tell of a nucleus through the galaxy that it lives in alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import EMISSION_LINES, InputError
from picassso.observatory.spectra.narrow_lines import draw_reddened_ratios

__all__ = ["Nucleus", "OtherGas", "draw_other_gas", "nucleus_probability"]

_MOST_ACTIVE = 0.4
_TYPICAL_MASS = 10.5
_MASS_WIDTH = 0.25
_SEYFERT_SHARE = 0.4

_HALPHA_PER_MASS = {"seyfert": -4.4, "liner": -4.8}
"""log10 of Lsun per Msun of stars, medians: choices, for 4 and 2 Angstrom within a fibre that holds
a quarter of an old galaxy. 10^11 Msun then have a Seyfert of L([O III]) of 10^7 Lsun, in the middle
of the range of Kauffmann et al. 2003."""
_HALPHA_SCATTER = {"seyfert": 0.5, "liner": 0.4}
_SLOWEST, _FASTEST = 60.0, 250.0

_OLD_GAS_SHARE = 0.6
"""More than half of red galaxies: Yan et al. 2006 (ApJ 648, 281)."""
_OLD_GAS_WIDTH = 1.0
_OLD_GAS_SCATTER = 0.25


@dataclass(frozen=True, slots=True)
class Nucleus:
    """Narrow lines of a hidden active nucleus, a point source in the centre of its galaxy.

    Parameters
    ----------
    kind : {"seyfert", "liner"}
        What it is; the flag of fibres that see it.
    luminosity : (25,) float64 array
        Of `EMISSION_LINES`, behind the nucleus's own dust, which stands for all dust before it
        [Lsun].
    dispersion : float
        Of its gas [km s^-1].
    """

    kind: str
    luminosity: NDArray[np.float64]
    dispersion: float


@dataclass(frozen=True, slots=True)
class OtherGas:
    """Gas of one galaxy that no young stars light, the same in all views.

    Parameters
    ----------
    nucleus : Nucleus or None
        Its active nucleus, if it has one.
    old_widths : (25,) float64 array
        Equivalent widths of `EMISSION_LINES` lit by old stars, each relative to the continuum of
        stars older than 1 Gyr about Halpha [Angstrom]; zero for galaxies without such gas.
    """

    nucleus: Nucleus | None
    old_widths: NDArray[np.float64]


def nucleus_probability(stellar_mass: ArrayLike) -> NDArray[np.float64]:
    """Share of galaxies of a stellar mass that have an active nucleus in their lines.

    ``0.4 / (1 + exp(-(log10 M - 10.5) / 0.25))``: 0.05 at 10^10 Msun, 0.35 at 10^11. Such nuclei
    live in massive galaxies almost alone, and hardly below 10^10 Msun (Kauffmann et al. 2003,
    MNRAS 346, 1055); 43% of the nearby bright galaxies are active by their lines (Ho, Filippenko &
    Sargent 1997, ApJ 487, 568). The formula and its numbers are a choice that follows these.

    Parameters
    ----------
    stellar_mass : array
        Msun.

    Raises
    ------
    InputError
        If a mass is not a positive number.
    """
    mass = np.asarray(stellar_mass, dtype=np.float64)
    possible = np.isfinite(mass) & (mass > 0)
    if not possible.all():
        raise InputError(
            f"stellar mass is {mass[~possible].flat[0]} Msun, expected a positive number"
        )
    return _MOST_ACTIVE / (1.0 + np.exp(-(np.log10(mass) - _TYPICAL_MASS) / _MASS_WIDTH))


def draw_other_gas(stellar_mass: float, rng: np.random.Generator) -> OtherGas:
    """Nucleus and gas about old stars of one galaxy.

    A nucleus with `nucleus_probability`: a Seyfert in 40%, else a LINER. (Ho et al. 1997 count 10%
    Seyferts among their 43%; here much of what they call a LINER is gas about old stars.) Its
    Halpha, as seen behind its dust, is log-normal relative to the galaxy's stellar mass, as
    accretion rates are distributed alike at all masses (Aird et al. 2012, ApJ 746, 90): a median
    of 10^-4.4 Lsun / Msun with 0.5 dex for Seyferts, of 10^-4.8 with 0.4 dex for LINERs. Its
    dispersion is uniform, 60 to 250 km/s.

    Gas lit by hot old stars (Binette et al. 1994, A&A 292, 13; Byler et al. 2019, AJ 158, 2) in
    60% of galaxies, whatever else they have: Halpha of 1 Angstrom relative to the old stars, with
    0.25 dex, so that most lie between 0.5 and 3, where retired galaxies do (Cid Fernandes et al.
    2011, MNRAS 413, 1687).

    Ratios of lines and dust are those of `draw_reddened_ratios`. Numbers without a source are
    choices.

    Parameters
    ----------
    stellar_mass : float
        Of the galaxy [Msun].
    rng : numpy.random.Generator
        Of the galaxy, and for this alone.

    Raises
    ------
    InputError
        As of `nucleus_probability`.
    """
    probability = float(nucleus_probability(stellar_mass))
    active, which, has_old_gas = rng.random(3)
    strength, old_strength = rng.standard_normal(2)
    dispersion = rng.uniform(_SLOWEST, _FASTEST)
    kind = "seyfert" if which < _SEYFERT_SHARE else "liner"
    of_nucleus, of_old = draw_reddened_ratios(rng, np.array([kind == "seyfert", False]))
    nucleus = None
    if active < probability:
        halpha = 10.0 ** (_HALPHA_PER_MASS[kind] + _HALPHA_SCATTER[kind] * strength)
        nucleus = Nucleus(kind, stellar_mass * halpha * of_nucleus, float(dispersion))
    old_widths = np.zeros(len(EMISSION_LINES))
    if has_old_gas < _OLD_GAS_SHARE:
        old_widths = _OLD_GAS_WIDTH * 10.0 ** (_OLD_GAS_SCATTER * old_strength) * of_old
    return OtherGas(nucleus, old_widths)
