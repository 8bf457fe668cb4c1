"""Adaptive smoothing: particles to maps, each spread as a Gaussian of its own width.

Each particle is a two-dimensional Gaussian, integrated exactly over pixels (differences of error
functions; separable), cut at 4 sigma and renormalised. It is added to the level of a pyramid of
grids on which it is 1.4 to 2.8 pixels wide, or to the finest where it is narrower; coarse levels
are then split, pixel by pixel, into finer ones by an interpolation that conserves the flux of
every pixel. All fields of a particle share its weights.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.core import InputError, need
from picassso.observatory._projection_shape import PAD, REACH, TAPS, WIDTH

__all__ = ["SIGMA_PER_RADIUS", "Pyramid", "project"]

SIGMA_PER_RADIUS = 5.0**-0.5
"""Gaussian sigma per axis in units of the smoothing radius: that of a uniform sphere."""

_TILE = 16
_WORTH_TWO_THREADS = 60_000
_WORTH_DOUBLE_PRECISION = 110_000


def project(
    position: NDArray[np.floating],
    radius: NDArray[np.floating],
    weights: NDArray[np.floating],
    *,
    extent: float,
    pixels: int | tuple[int, int],
    device: str = "cpu",
) -> NDArray[np.float32]:
    """Sum particles into maps, each spread over its smoothing radius.

    Parameters
    ----------
    position : (N, 2) array
        x and y from the centre of the frame, in any unit of length.
    radius : (N,) array
        Smoothing radius (of `smoothing_lengths`) in the same unit: the Gaussian has the second
        moment of a uniform sphere of this radius, sigma = radius / sqrt(5) along each axis. Zero
        puts a particle into one pixel.
    weights : (N, F) array
        What is added up, such as masses and luminosities; may be negative.
    extent : float
        Width of the frame along x, in the unit of `position`. Pixels are square.
    pixels : int or (int, int)
        Width of a square frame, or (height, width).
    device : str
        ``"cpu"`` (compiled) or a torch device such as ``"cuda"``.

    Returns
    -------
    (F, H, W) float32 array
        Sum in each pixel (divide by the pixel's area for a surface density). Pixel [j, i] is
        centred on x = (i + 1/2 - W/2) p, y = (j + 1/2 - H/2) p with p = extent / W. The part of a
        Gaussian that falls outside the frame is left out; the rest is conserved.

    Raises
    ------
    InputError
        If the arrays do not fit together, or are not finite.
    """
    shape = (pixels, pixels) if isinstance(pixels, int) else (int(pixels[0]), int(pixels[1]))
    position, radius, weights = _checked(position, radius, weights)
    if min(shape) < 1 or not extent > 0:
        raise InputError(f"frame of {shape} pixels and extent {extent}: expected positive numbers")
    scale = shape[1] / extent
    x = (position[:, 0] * scale + shape[1] / 2).astype(np.float32)
    y = (position[:, 1] * scale + shape[0] / 2).astype(np.float32)
    sigma = (radius * (scale * SIGMA_PER_RADIUS)).astype(np.float32)
    pyramid = Pyramid.fit(shape, largest=float(sigma.max(initial=0.0)))
    if device == "cpu":
        need("numba", extra="mock")
        return _project_compiled(x, y, sigma, weights, pyramid)
    need("torch", extra="mock")
    from picassso.observatory._projection_torch import project_torch

    return project_torch(x, y, sigma, weights, pyramid, device)


@dataclass(frozen=True, slots=True)
class Pyramid:
    """Sizes of the padded grids, finest first.

    Parameters
    ----------
    shape : (int, int)
        Height and width of the frame.
    heights, widths : (L,) int64 array
        Of each padded level.
    """

    shape: tuple[int, int]
    heights: NDArray[np.int64]
    widths: NDArray[np.int64]

    @classmethod
    def fit(cls, shape: tuple[int, int], *, largest: float) -> Pyramid:
        """Levels for a frame whose widest Gaussian has a sigma of `largest` pixels."""
        top = 0
        while largest / 2**top >= 2 * WIDTH and max(shape) > 8 * 2**top:
            top += 1
        sizes = [[-(-n // 2**level) + 2 * PAD for level in range(top + 1)] for n in shape]
        return cls(shape, np.array(sizes[0], np.int64), np.array(sizes[1], np.int64))


def _checked(
    position: NDArray[np.floating], radius: NDArray[np.floating], weights: NDArray[np.floating]
) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.float32]]:
    n = len(position)
    problems = []
    if position.shape != (n, 2):
        problems.append(f"position has shape {position.shape}, expected (N, 2)")
    if radius.shape != (n,):
        problems.append(f"radius has shape {radius.shape}, expected ({n},)")
    if weights.ndim != 2 or len(weights) != n:
        problems.append(f"weights have shape {weights.shape}, expected ({n}, F)")
    if not problems:
        for name, array in (("position", position), ("radius", radius), ("weights", weights)):
            if n and not (np.isfinite(array.min()) and np.isfinite(array.max())):
                problems.append(f"{name} holds values that are not finite")
        if n and radius.min() < 0:
            problems.append("radius holds negative values")
    if problems:
        raise InputError("projection: " + "; ".join(problems))
    return position, radius, np.ascontiguousarray(weights, dtype=np.float32)


def _project_compiled(
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    sigma: NDArray[np.float32],
    weights: NDArray[np.float32],
    pyramid: Pyramid,
) -> NDArray[np.float32]:
    """Deposit the sorted particles on the pyramid, then add its levels up."""
    from picassso.observatory import _projection_kernel as kernel

    n, fields = weights.shape
    heights, widths = pyramid.heights, pyramid.widths
    tiles = -(-heights // _TILE) * -(-widths // _TILE)
    first_cell = np.concatenate([[0], np.cumsum(tiles)]).astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(heights * widths * fields)]).astype(np.int64)
    cells = np.empty(n, np.int32)
    order = np.empty(n, np.int32)
    kernel.assign_cells(x, y, sigma, heights, widths, _TILE, first_cell, cells, PAD, REACH, WIDTH)
    inside = kernel.sort_by_cell(cells, int(first_cell[-1]), order)

    # many small shares of a bright pixel add up to what single precision cannot hold
    dtype = np.float64 if n >= _WORTH_DOUBLE_PRECISION else np.float32

    def deposit(part: int, parts: int) -> NDArray[np.floating]:
        grid = np.zeros(offsets[-1] + kernel.BLOCK, dtype)
        kernel.deposit(
            x, y, sigma, weights, cells, order[:inside], part, parts,
            first_cell, heights, widths, offsets, grid, PAD, REACH,
        )  # fmt: skip
        return grid

    # two private grids whatever the machine, for the sums must not depend on its cores; small
    # galaxies keep to one thread, for their workers run side by side
    if n < _WORTH_TWO_THREADS:
        first, second = deposit(0, 1), None
    else:
        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(deposit, (0, 1), (2, 2))
    flat = first if dtype is np.float32 else np.empty(len(first), np.float32)
    kernel.merge(first, second, flat)
    levels = [
        flat[offsets[k] : offsets[k + 1]].reshape(heights[k], widths[k], fields)
        for k in range(len(heights))
    ]
    free = np.zeros(fields, np.float32)
    if weights.min(initial=0.0) < 0:
        free[weights.min(axis=0) < 0] = np.inf
    for k in range(len(levels) - 1, 0, -1):
        freedom = np.tile(free, int(widths[k]))
        kernel.refine(levels[k], levels[k - 1], freedom, PAD, TAPS)
    out = np.empty((fields, *pyramid.shape), np.float32)
    kernel.crop(levels[0], out, PAD)
    return out
