"""Bins of residuals of pixels, fine where most lie and coarse far out, so that none lies beyond."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["COARSE", "FINE", "ResidualBins", "finest_cells", "quantile_of_share"]

_FINEST = 0.005  # dex: the width of the cells that all bins are made of
_FARTHEST = 10.0  # dex: a thousandth of the floor against seven decades above it
_NEAR = 2.0  # dex
_CELLS = round(_FARTHEST / _FINEST)  # on either side of the one around zero


def finest_cells(residual: NDArray[np.floating]) -> NDArray[np.intp]:
    """Number of the cell of every residual, told once for all bins; 10 dex and more are one."""
    cells = np.rint(residual * residual.dtype.type(1.0 / _FINEST))
    return np.clip(cells, -_CELLS, _CELLS, out=cells).astype(np.intp) + _CELLS


class ResidualBins:
    """Bins of residuals up to 2 dex, and wider ones up to 10 dex.

    Parameters
    ----------
    near, far : int
        Widths of both in 0.005 dex; `near` odd, so that a residual of zero lies in the middle of a
        bin.

    Attributes
    ----------
    width : float
        Of the former [dex].
    number : int
        How many bins there are.
    edges : (number + 1,) array
        Their limits [dex].
    of_cell : (n,) int array
        Number of the bin that each cell of `finest_cells` lies in.
    """

    def __init__(self, *, near: int, far: int) -> None:
        inner = (np.arange(round(_NEAR / _FINEST / near)) + 0.5) * near
        outward = np.concatenate([inner, np.arange(inner[-1] + far, _CELLS + far, far)])
        edges = np.concatenate([-outward[::-1], outward])
        # Edges lie half-way between cells.
        cells = np.arange(-_CELLS, _CELLS + 1)
        self.width = _FINEST * near
        self.number = len(edges) - 1
        self.edges = _FINEST * edges
        self.of_cell = np.searchsorted(edges, cells) - 1


FINE = ResidualBins(near=1, far=10)
"""For medians of all pixels: 0.005 dex, far out 0.05 dex."""

COARSE = ResidualBins(near=3, far=40)
"""For percentiles in bins of another quantity: 0.015 dex, far out 0.2 dex."""


def quantile_of_share(x: NDArray[np.floating], share: NDArray[np.floating], q: float) -> float:
    """Where a non-decreasing cumulative share first reaches `q`, linearly between points."""
    i = int(np.searchsorted(share, q))
    if i == 0:
        return float(x[0])
    rise = share[i] - share[i - 1]
    return float(x[i - 1] + (x[i] - x[i - 1]) * (q - share[i - 1]) / rise)
