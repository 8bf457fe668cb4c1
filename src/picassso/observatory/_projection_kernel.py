"""Compiled kernels of the projection: deposit on a grid pyramid, and interpolation up it.

They release the GIL and are driven by plain threads, so that they are safe in forked workers.
Grids are (height, width, field), fields contiguous, so that all fields share one set of weights.
What they share with the torch projection they get as arguments, for numba's cache does not see
changes in other modules.
"""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["BATCH", "BLOCK", "assign_cells", "crop", "deposit", "merge", "refine", "sort_by_cell"]

BLOCK = 16
"""Rows of weights are padded with zeros to whole blocks, which compile to vector instructions."""

BATCH = 256
"""Particles fetched at a time."""


@njit(cache=True, nogil=True, fastmath={"contract", "arcp", "nsz"}, error_model="numpy")
def _cdf(z):
    """Normal cumulative distribution; Abramowitz & Stegun 7.1.28, within 2e-7."""
    x = min(abs(z) * np.float32(0.70710678), np.float32(6.0))
    p = np.float32(0.0000430638)
    p = p * x + np.float32(0.0002765672)
    p = p * x + np.float32(0.0001520143)
    p = p * x + np.float32(0.0092705272)
    p = p * x + np.float32(0.0422820123)
    p = p * x + np.float32(0.0705230784)
    p = p * x + np.float32(1.0)
    p = p * p
    p = p * p
    p = p * p
    p = p * p
    tail = np.float32(0.5) / p
    return tail if z < np.float32(0.0) else np.float32(1.0) - tail


@njit(cache=True, nogil=True, fastmath={"contract", "arcp", "nsz"}, error_model="numpy")
def _axis_weights(cumulative, count, out):
    """Integrals over `count` pixels from the cumulative distribution at edges, summing to 1."""
    total = np.float32(0.0)
    for i in range(count):
        # rounding may break the order of neighbouring edges far out in a tail
        out[i] = max(cumulative[i + 1] - cumulative[i], np.float32(0.0))
        total += out[i]
    scale = np.float32(1.0) / max(total, np.float32(1e-30))
    for i in range(count):
        out[i] *= scale


@njit(cache=True, nogil=True, error_model="numpy")
def _renormalise_cut(lo, hi, centre, inverse, cumulative, count, out):
    """Restore weights of a Gaussian partly off the grid to shares of the whole Gaussian."""
    whole = _cdf((np.float32(hi + 1) - centre) * inverse)
    whole -= _cdf((np.float32(lo) - centre) * inverse)
    share = (cumulative[count] - cumulative[0]) / whole
    for i in range(count):
        out[i] *= share


@njit(cache=True, nogil=True, error_model="numpy")
def assign_cells(x, y, sigma, heights, widths, tile, first_cell, cells, pad, reach_sigma, least):
    """Level of each particle and the tile of that level that it falls in, as one number.

    Particles that touch no pixel get the number after the last cell.
    """
    top = len(heights) - 1
    nowhere = first_cell[top + 1]
    for i in range(len(x)):
        ratio = sigma[i] / np.float32(least)
        level = 0
        scale = np.float32(1.0)
        while level < top and ratio * scale >= np.float32(2.0):
            level += 1
            scale *= np.float32(0.5)
        px = x[i] * scale + np.float32(pad)
        py = y[i] * scale + np.float32(pad)
        reach = np.float32(reach_sigma) * sigma[i] * scale
        if not (
            px + reach >= 0
            and py + reach >= 0
            and px - reach < widths[level]
            and py - reach < heights[level]
        ):
            cells[i] = nowhere
            continue
        column = min(max(int(px), 0), widths[level] - 1) // tile
        row = min(max(int(py), 0), heights[level] - 1) // tile
        across = (widths[level] + tile - 1) // tile
        cells[i] = first_cell[level] + row * across + column


@njit(cache=True, nogil=True, error_model="numpy")
def sort_by_cell(cells, n_cells, order):
    """Counting sort: `order` lists particles cell by cell, those that fall nowhere last."""
    offsets = np.zeros(n_cells + 2, np.int64)
    for c in cells:
        offsets[c + 1] += 1
    for c in range(n_cells + 1):
        offsets[c + 1] += offsets[c]
    inside = offsets[n_cells]
    for i in range(len(cells)):
        c = cells[i]
        order[offsets[c]] = i
        offsets[c] += 1
    return inside


@njit(cache=True, nogil=True, fastmath={"contract", "arcp", "nsz"}, error_model="numpy")
def deposit(
    x,
    y,
    sigma,
    weights,
    cells,
    order,
    part,
    parts,
    first_cell,
    heights,
    widths,
    offsets,
    grid,
    pad,
    reach_sigma,
):
    """Add particles, in `order`, to the pyramid `grid` (flat, level after level).

    Of each `parts` batches, number `part` is added.
    """
    fields = weights.shape[1]
    longest = max(64, max(heights[-1], widths[-1]) + 2)
    z = np.zeros(2 * longest + BLOCK, np.float32)
    wx = np.empty(longest, np.float32)
    wy = np.empty(longest, np.float32)
    line = np.zeros(longest * fields + BLOCK, np.float32)
    # particles are fetched in batches, for the waits on scattered memory then overlap
    bx = np.empty(BATCH, np.float32)
    by = np.empty(BATCH, np.float32)
    bs = np.empty(BATCH, np.float32)
    bw = np.empty((BATCH, fields), np.float32)
    level = 0
    scale = np.float32(1.0)
    reach = np.float32(reach_sigma)
    one = np.float32(1.0)
    for batch in range(part * BATCH, len(order), parts * BATCH):
        members = min(BATCH, len(order) - batch)
        for m in range(members):
            i = order[batch + m]
            bx[m] = x[i]
            by[m] = y[i]
            bs[m] = sigma[i]
        for m in range(members):
            bw[m] = weights[order[batch + m]]
        for m in range(members):
            while cells[order[batch + m]] >= first_cell[level + 1]:
                level += 1
                scale *= np.float32(0.5)
            width = widths[level]
            s = max(bs[m] * scale, np.float32(1e-4))
            cx = bx[m] * scale + np.float32(pad)
            cy = by[m] * scale + np.float32(pad)
            x_lo, x_hi = int(np.floor(cx - reach * s)), int(np.floor(cx + reach * s))
            y_lo, y_hi = int(np.floor(cy - reach * s)), int(np.floor(cy + reach * s))
            column, row = max(x_lo, 0), max(y_lo, 0)
            nx = min(x_hi, width - 1) - column + 1
            ny = min(y_hi, heights[level] - 1) - row + 1
            if nx <= 0 or ny <= 0:
                continue
            inverse = one / s
            zx = (np.float32(column) - cx) * inverse
            zy = (np.float32(row) - cy) * inverse
            for a in range(nx + 1):
                z[a] = zx + np.float32(a) * inverse
            second = z[nx + 1 :]
            for a in range(ny + 1):
                second[a] = zy + np.float32(a) * inverse
            for a in range((nx + ny + 2 + BLOCK - 1) // BLOCK * BLOCK):
                z[a] = _cdf(z[a])
            _axis_weights(z, nx, wx)
            _axis_weights(second, ny, wy)
            if x_lo < 0 or x_hi >= width or y_lo < 0 or y_hi >= heights[level]:
                _renormalise_cut(x_lo, x_hi, cx, inverse, z, nx, wx)
                _renormalise_cut(y_lo, y_hi, cy, inverse, second, ny, wy)
            own = bw[m]
            for a in range(nx):
                part = line[a * fields : (a + 1) * fields]
                for f in range(fields):
                    part[f] = wx[a] * own[f]
            length = nx * fields
            padded = (length + BLOCK - 1) // BLOCK * BLOCK
            line[length:padded] = np.float32(0.0)
            at = offsets[level] + (row * width + column) * fields
            for b in range(ny):
                w = wy[b]
                target = grid[at : at + padded]
                for k in range(padded):
                    target[k] += w * line[k]
                at += width * fields


@njit(cache=True, nogil=True, fastmath={"contract", "nsz"}, error_model="numpy")
def refine(coarse, fine, freedom, pad, taps):
    """Add a level, interpolated with its flux conserved, to the next finer one.

    Every pixel is split into two rows and each of those into two columns; what a pixel holds
    stays inside it, so that nothing is lost and nothing is broadened.

    Parameters
    ----------
    coarse : (h, w, F) array
        Padded level.
    fine : (h', w', F) array
        Padded finer level, added to in place.
    freedom : (w * F,) array
        0 for fields that must not become negative, infinity for others.
    pad : int
        Pixels around each level.
    taps : tuple of 4 float
        Of the interpolation.
    """
    t1 = np.float32(taps[0])
    t2 = np.float32(taps[1])
    t3 = np.float32(taps[2])
    t4 = np.float32(taps[3])
    half = np.float32(0.5)
    height, width, fields = coarse.shape
    columns = fine.shape[1]
    size = width * fields
    rows = coarse.reshape(height, size)
    pair = np.empty((2, size), np.float32)
    delta = np.zeros(size, np.float32)
    for r in range(0, fine.shape[0], 2):
        j = (r + pad) // 2
        here = rows[j]
        a1, a2, a3, a4 = rows[j - 1], rows[j - 2], rows[j - 3], rows[j - 4]
        b1, b2, b3, b4 = rows[j + 1], rows[j + 2], rows[j + 3], rows[j + 4]
        lower, upper = pair[0], pair[1]
        for k in range(size):
            c = half * here[k]
            limit = abs(c) + freedom[k]
            d = t1 * (b1[k] - a1[k]) + t2 * (b2[k] - a2[k])
            d += t3 * (b3[k] - a3[k]) + t4 * (b4[k] - a4[k])
            d = min(max(d, -limit), limit)
            lower[k] = c - d
            upper[k] = c + d
        for q in range(min(2, fine.shape[0] - r)):
            line = pair[q]
            n = size - 8 * fields
            c0 = line[4 * fields : 4 * fields + n]
            l1, l2 = line[3 * fields : 3 * fields + n], line[2 * fields : 2 * fields + n]
            l3, l4 = line[fields : fields + n], line[:n]
            r1, r2 = line[5 * fields : 5 * fields + n], line[6 * fields : 6 * fields + n]
            r3, r4 = line[7 * fields : 7 * fields + n], line[8 * fields : 8 * fields + n]
            for k in range(n):
                limit = half * abs(c0[k]) + freedom[k]
                d = t1 * (r1[k] - l1[k]) + t2 * (r2[k] - l2[k])
                d += t3 * (r3[k] - l3[k]) + t4 * (r4[k] - l4[k])
                delta[k] = min(max(d, -limit), limit)
            target = fine[r + q]
            for i in range(columns):
                at = (i // 2) * fields
                sign = np.float32(2 * (i & 1) - 1)
                own = target[i]
                for f in range(fields):
                    own[f] += half * c0[at + f] + sign * delta[at + f]


@njit(cache=True, nogil=True, error_model="numpy")
def merge(first, second, out):
    """Write the sum of two private grids, or the only one, to a single-precision one."""
    if second is None:
        for i in range(len(out)):
            out[i] = first[i]
    else:
        for i in range(len(out)):
            out[i] = first[i] + second[i]


@njit(cache=True, nogil=True, error_model="numpy")
def crop(grid, out, pad):
    """Copy the frame from the padded (h, w, F) grid to `out` (F, H, W)."""
    fields, height, width = out.shape
    for j in range(height):
        for f in range(fields):
            for i in range(width):
                out[f, j, i] = grid[j + pad, i + pad, f]
