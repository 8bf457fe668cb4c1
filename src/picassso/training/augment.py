"""Augmentation: the eight symmetries of the square."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["turn"]


def turn(cube: NDArray, element: int) -> NDArray:
    """View of a (..., H, W) array under an element of D4.

    Parameters
    ----------
    cube : array
        Images or maps; H = W if the element swaps the axes.
    element : int
        0 to 7: a rotation by 90 degrees times ``element % 4``, after a transposition if it is 4 or
        more.
    """
    if element >= 4:
        cube = np.swapaxes(cube, -1, -2)
    return np.rot90(cube, element % 4, axes=(-2, -1))
