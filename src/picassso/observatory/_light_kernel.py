"""The compiled loop of the light table's bilinear look-up."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["bilinear"]


@njit(cache=True, nogil=True)
def bilinear(
    log_age_grid: NDArray[np.float32],
    log_metallicity_grid: NDArray[np.float32],
    log_luminosity: NDArray[np.float32],
    age: NDArray[np.float32],
    metallicity: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Fill `out` (N, B) with exp of the (Z, A, B) log luminosity at each (age, metallicity).

    Linear in (log metallicity, log age), clamped to the edges of the grid.
    """
    n_age, n_metal, n_band = len(log_age_grid), len(log_metallicity_grid), out.shape[1]
    youngest, poorest = np.exp(log_age_grid[0]), np.exp(log_metallicity_grid[0])
    for n in range(len(age)):
        x = np.log(max(age[n], youngest))
        i = min(max(np.searchsorted(log_age_grid, x) - 1, 0), n_age - 2)
        u = (x - log_age_grid[i]) / (log_age_grid[i + 1] - log_age_grid[i])
        u = min(max(u, np.float32(0.0)), np.float32(1.0))
        y = np.log(max(metallicity[n], poorest))
        j = 0
        while j < n_metal - 2 and y > log_metallicity_grid[j + 1]:
            j += 1
        v = (y - log_metallicity_grid[j]) / (log_metallicity_grid[j + 1] - log_metallicity_grid[j])
        v = min(max(v, np.float32(0.0)), np.float32(1.0))
        for b in range(n_band):
            low = log_luminosity[j, i, b] + u * (
                log_luminosity[j, i + 1, b] - log_luminosity[j, i, b]
            )
            high = log_luminosity[j + 1, i, b] + u * (
                log_luminosity[j + 1, i + 1, b] - log_luminosity[j + 1, i, b]
            )
            out[n, b] = np.exp(low + v * (high - low))
