"""Compiled loops of the dust column: mass onto a grid, and a grid read at positions."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["cloud_in_cell", "trilinear"]


@njit(inline="always")
def _low_corner(cell: float, cells: int) -> tuple[int, float]:
    """Lower of the two cells about a position, and the upper one's share; clamped inside."""
    # Written so that NaN, too, lands inside.
    clamped = min(cell, cells - 1.0) if cell > 0.0 else 0.0
    low = min(int(clamped), cells - 2)
    return low, clamped - low


@njit(cache=True, nogil=True)
def cloud_in_cell(
    position: NDArray[np.float32],
    mass: NDArray[np.float32],
    extent: float,
    grid: NDArray[np.float32],
) -> None:
    """Add masses to the eight cells about each position inside the cube of side `extent`.

    `grid` runs along (z, y, x); the shares of cells beyond the border go to the border.
    """
    n_z, n_y, n_x = grid.shape
    half = 0.5 * extent
    for n in range(len(mass)):
        x, y, z = position[n, 0], position[n, 1], position[n, 2]
        if not (abs(x) <= half and abs(y) <= half and abs(z) <= half):
            continue
        i, u = _low_corner((x / extent + 0.5) * n_x - 0.5, n_x)
        j, v = _low_corner((y / extent + 0.5) * n_y - 0.5, n_y)
        k, w = _low_corner((z / extent + 0.5) * n_z - 0.5, n_z)
        for c in range(2):
            along_z = mass[n] * (w if c else 1.0 - w)
            for b in range(2):
                along_y = along_z * (v if b else 1.0 - v)
                grid[k + c, j + b, i] += along_y * (1.0 - u)
                grid[k + c, j + b, i + 1] += along_y * u


@njit(cache=True, nogil=True)
def trilinear(
    position: NDArray[np.float32],
    extent: float,
    values: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Read (z, y, x) values, known at cell boundaries along z and at cell centres in the sky."""
    n_z, n_y, n_x = values.shape
    for n in range(len(out)):
        i, u = _low_corner((position[n, 0] / extent + 0.5) * n_x - 0.5, n_x)
        j, v = _low_corner((position[n, 1] / extent + 0.5) * n_y - 0.5, n_y)
        k, w = _low_corner((position[n, 2] / extent + 0.5) * (n_z - 1), n_z)
        total = 0.0
        for c in range(2):
            for b in range(2):
                row = (1.0 - u) * values[k + c, j + b, i] + u * values[k + c, j + b, i + 1]
                total += row * (w if c else 1.0 - w) * (v if b else 1.0 - v)
        out[n] = total
