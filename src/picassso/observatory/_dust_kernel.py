"""Compiled loops of the dust column: gas sorted into sight lines, and sight lines read by stars."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["lay_on_sight_lines", "mass_in_front"]


@njit(inline="always")
def _low_corner(place: float, extent: float, pixels: int) -> tuple[int, float]:
    """Lower of the two cells about a place, and the upper one's share; clamped inside."""
    cell = (place / extent + 0.5) * pixels - 0.5
    # Written so that NaN, too, lands inside.
    clamped = min(cell, pixels - 1.0) if cell > 0.0 else 0.0
    low = min(int(clamped), pixels - 2)
    return low, clamped - low


@njit(cache=True, nogil=True)
def lay_on_sight_lines(
    position: NDArray[np.float32], mass: NDArray[np.float32], extent: float, pixels: int
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float64]]:
    """Share each mass among the four cells of the sky about it, keeping its depth.

    Masses come nearest first. Returned are the start of each cell's list, (pixels^2 + 1,), and
    for the entries of all lists, nearest first in each, their depths and the mass of the list up
    to and with the entry.
    """
    start = np.zeros(pixels * pixels + 1, np.int64)
    for n in range(len(mass)):
        i, _ = _low_corner(position[n, 0], extent, pixels)
        j, _ = _low_corner(position[n, 1], extent, pixels)
        for b in range(2):
            for a in range(2):
                start[(j + b) * pixels + i + a + 1] += 1
    start = np.cumsum(start)
    end = start[:-1].copy()
    depth = np.empty(4 * len(mass), np.float32)
    summed = np.empty(4 * len(mass), np.float64)
    for n in range(len(mass)):
        i, u = _low_corner(position[n, 0], extent, pixels)
        j, v = _low_corner(position[n, 1], extent, pixels)
        for b in range(2):
            for a in range(2):
                cell = (j + b) * pixels + i + a
                k = end[cell]
                before = summed[k - 1] if k > start[cell] else 0.0
                depth[k] = position[n, 2]
                summed[k] = before + mass[n] * (u if a else 1.0 - u) * (v if b else 1.0 - v)
                end[cell] = k + 1
    return start, depth, summed


@njit(cache=True, nogil=True)
def mass_in_front(
    position: NDArray[np.float32],
    extent: float,
    pixels: int,
    start: NDArray[np.int64],
    depth: NDArray[np.float32],
    summed: NDArray[np.float64],
    out: NDArray[np.float32],
) -> None:
    """Mass a cell nearer than each position, linear between the four cells of the sky about it."""
    for n in range(len(out)):
        i, u = _low_corner(position[n, 0], extent, pixels)
        j, v = _low_corner(position[n, 1], extent, pixels)
        total = 0.0
        for b in range(2):
            for a in range(2):
                cell = (j + b) * pixels + i + a
                low, high = start[cell], start[cell + 1]
                while low < high:
                    middle = (low + high) // 2
                    if depth[middle] > position[n, 2]:
                        low = middle + 1
                    else:
                        high = middle
                if low > start[cell]:
                    share = (u if a else 1.0 - u) * (v if b else 1.0 - v)
                    total += share * summed[low - 1]
        out[n] = total
