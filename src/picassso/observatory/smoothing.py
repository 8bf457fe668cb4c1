"""How widely each particle is spread: the radius that encloses its nearest neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from picassso.core import InputError, need

__all__ = ["NEIGHBOUR", "SINGLE_PARTICLE_RADIUS", "smoothing_lengths"]

NEIGHBOUR = 16
"""Neighbour whose distance is the smoothing radius (Torrey et al. 2015, MNRAS 447, 2753)."""

SINGLE_PARTICLE_RADIUS = 1.0
"""Radius [kpc] of a particle without neighbours: about the softening length of Illustris."""

_CHUNK_ELEMENTS = 2**27


def smoothing_lengths(
    position: NDArray[np.floating], *, neighbour: int = NEIGHBOUR, device: str = "cpu"
) -> NDArray[np.float32]:
    """Distance of each particle to its 16th neighbour.

    Parameters
    ----------
    position : (N, 3) array
        kpc.
    neighbour : int
        Which neighbour; where there are fewer, the farthest one is taken. A particle alone gets
        `SINGLE_PARTICLE_RADIUS`.
    device : str
        ``"cpu"`` (a k-d tree) or a torch device such as ``"cuda"`` (all pairs, in chunks).

    Returns
    -------
    (N,) float32 array
        kpc.

    Raises
    ------
    InputError
        If `position` is not (N, 3) and finite.
    """
    if position.ndim != 2 or position.shape[1] != 3:
        raise InputError(f"position has shape {position.shape}, expected (N, 3)")
    if not np.isfinite(position).all():
        raise InputError("position holds values that are not finite; drop those particles")
    n = len(position)
    if n < 2:
        return np.full(n, SINGLE_PARTICLE_RADIUS, np.float32)
    k = min(neighbour, n - 1)
    if device == "cpu":
        need("numba", extra="mock")
        return _by_tree(position, k)
    need("torch", extra="mock")
    return _by_all_pairs(position, k, device)


def _by_tree(position: NDArray[np.floating], k: int) -> NDArray[np.float32]:
    """k-d tree on particles sorted along a space-filling curve, for the sake of the cache."""
    from numba import get_num_threads
    from scipy.spatial import cKDTree

    order = np.argsort(_morton_key(position))
    nearby = np.ascontiguousarray(position[order], dtype=np.float64)
    tree = cKDTree(nearby, balanced_tree=False, compact_nodes=False)
    # As many as numba, which keeps to one where many galaxies are made side by side.
    distance, _ = tree.query(nearby, k=[k + 1], workers=get_num_threads())
    radius = np.empty(len(position), np.float32)
    radius[order] = distance[:, 0]
    return radius


def _morton_key(position: NDArray[np.floating]) -> NDArray[np.uint64]:
    """Cell number along a Z-order curve, 16 bits an axis."""
    low = position.min(axis=0)
    span = float((position.max(axis=0) - low).max()) or 1.0
    cell = ((position - low) * (65535.0 / span)).astype(np.uint64)
    key = np.zeros(len(position), np.uint64)
    for axis in range(3):
        bits = cell[:, axis]
        for shift, mask in (
            (16, 0x0000_FF00_00FF),
            (8, 0x00F0_0F00_F00F),
            (4, 0x0C30_C30C_30C3),
            (2, 0x2492_4924_9249),
        ):
            bits = (bits | (bits << np.uint64(shift))) & np.uint64(mask)
        key |= bits << np.uint64(axis)
    return key


def _by_all_pairs(position: NDArray[np.floating], k: int, device: str) -> NDArray[np.float32]:
    """Brute force in chunks of rows: the quickest way on a GPU for some 1e5 particles."""
    import torch

    points = torch.as_tensor(np.ascontiguousarray(position, dtype=np.float32), device=device)
    rows = max(1, _CHUNK_ELEMENTS // len(points))
    radius = [
        # distances by differences: the matrix product loses all digits of close pairs
        torch.cdist(part, points, compute_mode="donot_use_mm_for_euclid_dist")
        .kthvalue(k + 1, dim=1)
        .values
        for part in points.split(rows)
    ]
    return torch.cat(radius).cpu().numpy()
