"""The compiled loop that sorts starlight by population, velocity and dust."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["sort_mass"]


@njit(inline="always")
def _corner(grid: NDArray[np.float32], x: float) -> tuple[int, float]:
    """Lower node of a value and the share of the upper one, clamped to the grid's ends."""
    low = min(max(int(np.searchsorted(grid, x, side="right")) - 1, 0), len(grid) - 2)
    part = (x - grid[low]) / (grid[low + 1] - grid[low])
    return low, min(max(part, 0.0), 1.0)


@njit(cache=True, nogil=True)
def sort_mass(
    log_metallicity_grid: NDArray[np.float32],
    log_age_grid: NDArray[np.float32],
    dust_node: NDArray[np.float32],
    dust_amplitude: NDArray[np.float32],
    first_shift: int,
    mass: NDArray[np.float32],
    metallicity: NDArray[np.float32],
    age: NDArray[np.float32],
    shift: NDArray[np.float32],
    dust: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Add each mass to `out` (Z A, V, R): populations, shifts by whole pixels, modes of dust.

    Linear in log metallicity and log age; cubic (Lagrange) between four whole shifts, which keeps
    mean and dispersion of the shifts; amplitudes of the modes are linear in the depth of dust.
    """
    n_age = len(log_age_grid)
    modes = out.shape[2]
    amplitude = np.empty(modes, np.float32)
    share = np.empty(4, np.float32)
    youngest, poorest = np.exp(log_age_grid[0]), np.exp(log_metallicity_grid[0])
    for n in range(len(mass)):
        i, u = _corner(log_age_grid, np.log(max(age[n], youngest)))
        j, v = _corner(log_metallicity_grid, np.log(max(metallicity[n], poorest)))
        k, d = _corner(dust_node, dust[n])
        for r in range(modes):
            step = dust_amplitude[k + 1, r] - dust_amplitude[k, r]
            amplitude[r] = dust_amplitude[k, r] + d * step
        whole = int(np.floor(shift[n]))
        x = shift[n] - whole
        share[0] = -x * (x - 1.0) * (x - 2.0) / 6.0
        share[1] = (x + 1.0) * (x - 1.0) * (x - 2.0) / 2.0
        share[2] = -(x + 1.0) * x * (x - 2.0) / 2.0
        share[3] = (x + 1.0) * x * (x - 1.0) / 6.0
        first = whole - 1 - first_shift
        for b in range(2):
            for a in range(2):
                row = (j + b) * n_age + i + a
                part = mass[n] * (v if b else 1.0 - v) * (u if a else 1.0 - u)
                for s in range(4):
                    here = np.float32(part * share[s])
                    for r in range(modes):
                        out[row, first + s, r] += here * amplitude[r]
