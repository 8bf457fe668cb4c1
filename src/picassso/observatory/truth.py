"""Truth: what is added up in the true maps, and the plain histogram of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from picassso.core import Gas, Stars

__all__ = [
    "STAR_FORMATION_TIME",
    "gas_fields",
    "histogram",
    "star_fields",
    "young_star_formation_rate",
]

STAR_FORMATION_TIME = 0.1
"""Gyr over which star formation is averaged where a snapshot holds no gas."""


def star_fields(stars: Stars) -> dict[str, NDArray[np.float32]]:
    """Additive properties of each star particle, in the order and units of core."""
    return {
        "stellar_mass": stars.mass,
        "stellar_metal_mass": stars.metallicity * stars.mass,
        "stellar_age_mass": stars.age * stars.mass,
    }


def gas_fields(gas: Gas) -> dict[str, NDArray[np.float32]]:
    """Additive properties of each gas cell, likewise; absent ones are left out."""
    fields: dict[str, NDArray[np.float32]] = {}
    if gas.star_formation_rate is not None:
        fields["star_formation_rate"] = gas.star_formation_rate
    fields["gas_mass"] = gas.mass
    if gas.metallicity is not None:
        fields["gas_metal_mass"] = gas.metallicity * gas.mass
    if gas.neutral_hydrogen_mass is not None:
        fields["hi_mass"] = gas.neutral_hydrogen_mass
    return fields


def young_star_formation_rate(stars: Stars) -> NDArray[np.float32]:
    """Mass formed in the last 100 Myr over 100 Myr, of each star particle [Msun yr^-1]."""
    young = stars.age < STAR_FORMATION_TIME
    return np.where(
        young, stars.initial_mass / np.float32(STAR_FORMATION_TIME * 1e9), np.float32(0.0)
    )


def histogram(
    position: NDArray[np.floating],
    weights: NDArray[np.float32],
    *,
    extent: float,
    pixels: int,
) -> NDArray[np.float32]:
    """Sum of the particles whose centres fall into each pixel, without smoothing.

    Parameters and result are those of `picassso.observatory.project`, without the radius.
    """
    column, row = np.floor((position / extent + 0.5) * pixels).astype(np.int64).T
    inside = (column >= 0) & (column < pixels) & (row >= 0) & (row < pixels)
    cell = (row * pixels + column)[inside]
    sums = [np.bincount(cell, weights=w[inside], minlength=pixels**2) for w in weights.T]
    return np.reshape(sums, (-1, pixels, pixels)).astype(np.float32)
