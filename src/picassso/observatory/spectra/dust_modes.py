"""Dust screens of any depth as sums of a few transmission curves.

The screens of `picassso.observatory.dust` are exp(-tau(wavelength) A_V), each star its own A_V.
Their singular value decomposition needs eight curves to give every screen at every wavelength to
5e-5, so that the light of all stars of a population is eight sums times eight curves.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from picassso.observatory.dust import GALACTIC_AV_PER_METAL_COLUMN, screen_transmission
from picassso.observatory.spectra.populations import SPECTRAL_GRID

__all__ = ["DustModes", "clear_modes", "screen_modes"]

_MODES = 8
_DEEPEST = 60.0
"""Magnitudes of A_V; deeper screens count as this, which lets through 1e-7 of the reddest light."""


@dataclass(frozen=True, slots=True)
class DustModes:
    """Transmission as a sum of curves: ``amplitude(A_V) @ transmission``.

    Parameters
    ----------
    node : (T,) float32 array
        A_V [mag], increasing from 0.
    amplitude : (T, R) float32 array
        Of each curve at the nodes; linear between them.
    transmission : (R, L) float32 array
        The curves, on `SPECTRAL_GRID`.
    """

    node: NDArray[np.float32]
    amplitude: NDArray[np.float32]
    transmission: NDArray[np.float32]


@lru_cache(maxsize=1)
def screen_modes() -> DustModes:
    """Modes of the screens before stars."""
    # Steps of 0.02 near zero, growing in proportion to A_V: linear between them to 1e-4.
    node = 0.6 * np.sinh(np.linspace(0.0, np.arcsinh(_DEEPEST / 0.6), 200))
    column = (node / GALACTIC_AV_PER_METAL_COLUMN).astype(np.float32)
    screens = screen_transmission(column, wavelength=SPECTRAL_GRID).astype(np.float64)
    left, strength, right = np.linalg.svd(screens, full_matrices=False)
    return DustModes(
        node.astype(np.float32),
        (left[:, :_MODES] * strength[:_MODES]).astype(np.float32),
        right[:_MODES].astype(np.float32),
    )


@lru_cache(maxsize=1)
def clear_modes() -> DustModes:
    """One mode that lets everything through, for galaxies without dust."""
    ones = np.ones((2, 1), np.float32)
    clear = np.ones((1, len(SPECTRAL_GRID)), np.float32)
    return DustModes(np.array([0.0, _DEEPEST], np.float32), ones, clear)
