"""Emission lines that young stars do not light: Seyferts, LINERs, and how ratios vary.

Gas lit by an active nucleus, or by the old stars of a red galaxy, has lines in ratios of its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import EMISSION_LINES, LINE_NAMES
from picassso.observatory.dust import attenuation_curve

__all__ = [
    "LINER",
    "SEYFERT",
    "blended_dispersion",
    "draw_ratios",
    "draw_reddened_ratios",
    "element_factors",
]

_HALPHA = LINE_NAMES.index("Halpha")
_WAVELENGTH = np.array([line.wavelength for line in EMISSION_LINES])
_V_TO_EXPONENT = 0.4 * np.log(10.0)

_MEAN_AV = 0.6
"""Of the dust about nuclei and LINER-like gas, exponential: a choice, a round number that spreads
Halpha / Hbeta from 3.1 to about 6."""

# Strength of each line on the scale of Hbeta = 1, without dust. The strong lines are chosen to lie
# in the middle of the Seyfert and LINER branches of Kewley et al. 2006 (MNRAS 372, 961, figure 4);
# a test holds them, as drawn, to that paper's lines. Balmer lines: case B at 10,000 K (Osterbrock
# & Ferland 2006, table 4.2) with Halpha / Hbeta = 3.1 (Gaskell & Ferland 1984, PASP 96, 393);
# doublets of one upper level 1 to 3 (Storey & Zeippen 2000, MNRAS 312, 813). Weak lines in round
# numbers, for want of a survey that measures them.
_HYDROGEN = {"Halpha": 3.1, "Hbeta": 1.0, "Hgamma": 0.47, "Hdelta": 0.26, "Hepsilon": 0.16,
             "H8": 0.105}  # fmt: skip
_SEYFERT = {
    "OII3727": 1.3, "OII3730": 1.5, "NeIII3870": 0.9, "NeIII3969": 0.28, "OIII4364": 0.12,
    "HeII4687": 0.25, "OIII4960": 2.5, "OIII5008": 7.5, "NI5202": 0.10, "HeI5877": 0.12,
    "OI6302": 0.45, "OI6366": 0.15, "NII6550": 0.85, "NII6585": 2.6, "HeI6680": 0.035,
    "SII6718": 0.85, "SII6733": 0.75, "ArIII7138": 0.25, "SIII9071": 0.6,
}  # fmt: skip
_LINER = {
    "OII3727": 2.6, "OII3730": 3.2, "NeIII3870": 0.5, "NeIII3969": 0.16, "OIII4364": 0.05,
    "HeII4687": 0.08, "OIII4960": 0.72, "OIII5008": 2.2, "NI5202": 0.20, "HeI5877": 0.10,
    "OI6302": 0.75, "OI6366": 0.25, "NII6550": 1.15, "NII6585": 3.5, "HeI6680": 0.03,
    "SII6718": 1.7, "SII6733": 1.3, "ArIII7138": 0.10, "SIII9071": 0.3,
}  # fmt: skip

SEYFERT: NDArray[np.float64] = np.array([(_HYDROGEN | _SEYFERT)[name] for name in LINE_NAMES])
"""(25,) typical fluxes of `EMISSION_LINES` in Seyfert nuclei, Hbeta = 1."""

LINER: NDArray[np.float64] = np.array([(_HYDROGEN | _LINER)[name] for name in LINE_NAMES])
"""(25,) the same of low-ionisation emission, from nuclei and from red galaxies as wholes."""

_ELEMENTS = ("N", "O", "S", "Ne", "Ar")

_HIGH = ("OIII", "NeIII", "ArIII", "SIII")
_LOW = ("OII3", "SII6", "NII6")
_NEUTRAL = ("OI6", "NI5")


def element_factors(
    rng: np.random.Generator, n: int, *, abundance: float, ionisation: float
) -> NDArray[np.float64]:
    """Random factors on the lines of metals, the same for all lines of one ion.

    Each element has its own, log-normal; ions of high ionisation gain where those of low lose.
    Hydrogen and helium keep their strength.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the deviates.
    n : int
        Number of galaxies.
    abundance : float
        Scatter of each element [dex].
    ionisation : float
        Scatter of the high ions, and half of it of the low ones the other way and of the neutral
        atoms by themselves [dex].

    Returns
    -------
    (n, 25) float64 array
    """
    by_element = rng.normal(0.0, abundance, (n, len(_ELEMENTS)))
    tilt, neutral = rng.normal(0.0, ionisation, (2, n, 1))
    return 10.0 ** (
        by_element @ _ELEMENT_OF.T + tilt * (_are(_HIGH) - 0.5 * _are(_LOW + _NEUTRAL))
        + 0.5 * neutral * _are(_NEUTRAL)
    )  # fmt: skip


def draw_ratios(rng: np.random.Generator, seyfert: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(N, 25) line fluxes on the scale of Hbeta = 1 of nuclei or LINER-like gas, with scatter.

    0.08 dex an element and 0.1 dex of ionisation, which with each other fill the branches.
    """
    typical = np.where(seyfert[:, None], SEYFERT, LINER)
    return typical * element_factors(rng, len(seyfert), abundance=0.08, ionisation=0.1)


def draw_reddened_ratios(
    rng: np.random.Generator, seyfert: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(N, 25) line fluxes of `draw_ratios` behind dust of their own, in units of Halpha's.

    Galactic dust, with an A_V that is exponential with mean 0.6.
    """
    av = rng.exponential(_MEAN_AV, len(seyfert))
    lines = draw_ratios(rng, seyfert)
    lines *= np.exp(-_V_TO_EXPONENT * av[:, None] * attenuation_curve(_WAVELENGTH))
    return lines / lines[:, _HALPHA, None]


def blended_dispersion(flux: ArrayLike, dispersion: ArrayLike) -> NDArray[np.float64]:
    """Dispersion of several components of gas as one: root mean square, weighted by flux.

    Parameters
    ----------
    flux : (K, ...) array
        Of one line, in any unit; not negative.
    dispersion : (K, ...) array
        km s^-1.

    Returns
    -------
    (...) float64 array
        That of the first component where there is no flux.
    """
    flux, dispersion = np.asarray(flux, np.float64), np.asarray(dispersion, np.float64)
    total = flux.sum(axis=0)
    variance = (flux * dispersion**2).sum(axis=0) / np.maximum(total, np.finfo(np.float64).tiny)
    return np.where(total > 0.0, np.sqrt(variance), dispersion[0])


def _are(ions: tuple[str, ...]) -> NDArray[np.float64]:
    """(25,) 1 for lines of these ions, 0 for others."""
    return np.array([float(name.startswith(ions)) for name in LINE_NAMES])


def _element(name: str) -> str:
    """Symbol at the beginning of a line's name; hydrogen's lines have names of their own."""
    symbol = name.rstrip("0123456789").rstrip("I")
    return symbol if symbol in _ELEMENTS else ""


_ELEMENT_OF = np.array([[float(_element(n) == e) for e in _ELEMENTS] for n in LINE_NAMES])
