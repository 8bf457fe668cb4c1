"""How much of a blurred point source a round fibre takes in."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["fraction_in_fibre"]

_RADIUS_PER_SIGMA = np.geomspace(0.02, 100.0, 181)
_SIGMAS_FROM_EDGE = np.linspace(-8.0, 8.0, 321)


def fraction_in_fibre(
    distance: ArrayLike, sigma: ArrayLike, *, radius: float
) -> NDArray[np.float32]:
    """Share of a round Gaussian's light that falls into a circle.

    With ``d`` the distance of the centres and ``R`` the circle's radius, ``(r / sigma)^2`` of the
    light follows the noncentral chi-squared distribution of two degrees of freedom and
    noncentrality ``(d / sigma)^2``, so that the share is its cumulative at ``(R / sigma)^2``, one
    minus Marcum's Q function; at ``d = 0``, ``1 - exp(-R^2 / 2 sigma^2)``. It is read from a table
    of its ratio to the value at ``d = 0``, to 0.0005 of that value.

    Parameters
    ----------
    distance : (N,) array
        Of the Gaussians from the centre of the circle, in any unit of length.
    sigma : (N,) array or float
        Of the Gaussians; below a hundredth of the radius they count as that wide.
    radius : float
        Of the circle.

    Returns
    -------
    (N,) float32 array
        0 to 1.
    """
    width = np.maximum(np.asarray(sigma, dtype=np.float64), radius / _RADIUS_PER_SIGMA[-1])
    distance, width = np.broadcast_arrays(np.asarray(distance, dtype=np.float64), width)
    ratio = radius / width
    from_edge = (distance - radius) / width
    table = _ratio_to_centre()
    step = np.log(_RADIUS_PER_SIGMA[1] / _RADIUS_PER_SIGMA[0])
    j, v = _place(np.log(ratio / _RADIUS_PER_SIGMA[0]) / step, table.shape[0])
    i, u = _place(
        (from_edge - _SIGMAS_FROM_EDGE[0]) / (_SIGMAS_FROM_EDGE[1] - _SIGMAS_FROM_EDGE[0]),
        table.shape[1],
    )
    low = (1 - u) * table[j, i] + u * table[j, i + 1]
    high = (1 - u) * table[j + 1, i] + u * table[j + 1, i + 1]
    share = ((1 - v) * low + v * high) * -np.expm1(-0.5 * ratio**2)
    return np.where(from_edge < _SIGMAS_FROM_EDGE[-1], share, 0.0).astype(np.float32)


def _place(value: NDArray[np.float64], size: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Lower node and the share of the upper one, clamped to a table's ends."""
    inside = np.clip(value, 0.0, size - 1.0)
    low = np.minimum(inside.astype(np.int64), size - 2)
    return low, inside - low


@lru_cache(maxsize=1)
def _ratio_to_centre() -> NDArray[np.float64]:
    """Share at a distance over that at the centre; rows R / sigma, columns (d - R) / sigma."""
    from scipy.special import chndtr

    ratio = _RADIUS_PER_SIGMA[:, None]
    # Distances below zero stand for their absolute values, which keeps the table smooth there.
    share = chndtr(ratio**2, 2.0, (_SIGMAS_FROM_EDGE + ratio) ** 2)
    return share / -np.expm1(-0.5 * ratio**2)
