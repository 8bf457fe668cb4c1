"""Sizes and concentrations of maps, true or predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.apertures import enclosing_radii
from picassso.core import PROPERTIES

__all__ = ["Sizes", "measure_sizes"]

_SMALLEST = 0.5  # pixels


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes of the maps of one galaxy.

    Parameters
    ----------
    properties : tuple of str
        Names of the additive properties.
    half_radius : (P,) array
        Radius of the circle that holds half of the map [pixel], at least half a pixel: for stellar
        mass the projected half-mass radius.
    concentration : (P,) array
        5 log10(r80 / r20) (Kent 1985, ApJS 59, 115; Bershady, Jangren & Conselice 2000, AJ 119,
        2645), of the circles that hold 80 and 20% of the map; an exponential disc has 2.8, a de
        Vaucouleurs profile 5.2, resolved and followed to infinity.
    """

    properties: tuple[str, ...]
    half_radius: NDArray[np.float64]
    concentration: NDArray[np.float64]


def measure_sizes(
    cube: NDArray[np.floating], *, properties: Sequence[str], x: float, y: float
) -> Sizes:
    """Half-mass radius and concentration of every map about one centre.

    Parameters
    ----------
    cube : (P, H, W) array
        Surface densities. Pixels below the floor of their property do not count: on empty sky a
        predicted mean is small, but not zero, and there is much sky.
    properties : sequence of str
        P names.
    x, y : float
        Centre [pixel]. To compare a prediction with the truth, the centre of the true ellipse
        serves both, so that sizes are compared and not centres.

    Returns
    -------
    Sizes
        NaN for a map that is absent (NaN anywhere) or empty (nothing at or above the floor).
    """
    radii = np.full((len(cube), 3), np.nan)
    for k, name in enumerate(properties):
        seen = cube[k] * (cube[k] >= PROPERTIES[name].floor)
        if seen.any() and not np.isnan(seen).any():
            (radii[k],) = enclosing_radii(seen[None], x=x, y=y, fractions=(0.2, 0.5, 0.8))
    r20, r50, r80 = np.maximum(radii, _SMALLEST).T
    return Sizes(
        properties=tuple(properties),
        half_radius=r50,
        concentration=5.0 * np.log10(r80 / r20),
    )
