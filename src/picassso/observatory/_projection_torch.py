"""The projection in torch, for GPUs: the steps of the compiled kernels on whole arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from picassso.observatory._projection_shape import PAD, REACH, TAPS, WIDTH

if TYPE_CHECKING:
    from picassso.observatory.projection import Pyramid

__all__ = ["project_torch"]

_CHUNK_ELEMENTS = 2**25
_FOOTPRINT_STEP = 4
_SMALLEST_SIGMA = 1e-4


def project_torch(
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    sigma: NDArray[np.float32],
    weights: NDArray[np.float32],
    pyramid: Pyramid,
    device: str,
) -> NDArray[np.float32]:
    """Sum particles into maps; positions and sigma in pixels from the frame's lower left corner.

    See `picassso.observatory.project`.
    """
    centre = torch.as_tensor(np.stack([x, y], axis=1), device=device)
    width = torch.as_tensor(sigma, device=device)
    fields = torch.as_tensor(weights, device=device)
    # frexp is exact: ratio = m 2^e with m in [1/2, 1)
    level = (torch.frexp(width / WIDTH).exponent - 1).clamp(0, len(pyramid.heights) - 1)
    levels = []
    for k, (h, w) in enumerate(zip(pyramid.heights, pyramid.widths, strict=True)):
        own = level == k
        levels.append(
            _deposit(
                centre[own] * 0.5**k + PAD,
                (width[own] * 0.5**k).clamp(min=_SMALLEST_SIGMA),
                fields[own],
                (int(h), int(w)),
            ).float()
        )
    free = torch.where(fields.amin(dim=0) < 0, torch.inf, 0.0) if len(fields) else torch.zeros(1)
    freedom = free.to(device=device, dtype=torch.float32)
    for k in range(len(levels) - 1, 0, -1):
        levels[k - 1] += _refine(levels[k], levels[k - 1].shape[:2], freedom)
    height, across = pyramid.shape
    frame = levels[0][PAD : PAD + height, PAD : PAD + across]
    return frame.permute(2, 0, 1).contiguous().cpu().numpy()


def _deposit(
    centre: torch.Tensor, sigma: torch.Tensor, fields: torch.Tensor, shape: tuple[int, int]
) -> torch.Tensor:
    """(h, w, F) float64 grid of the particles of one level, in chunks of like footprints."""
    size = torch.tensor([shape[1], shape[0]], device=centre.device)
    low = (centre - REACH * sigma[:, None]).floor().long()
    high = (centre + REACH * sigma[:, None]).floor().long()
    first = low.clamp(min=0)
    count = (torch.minimum(high, size - 1) - first + 1).amin(dim=1)
    longest = (torch.minimum(high, size - 1) - first + 1).amax(dim=1)
    grid = torch.zeros((shape[0] * shape[1], fields.shape[1]), dtype=torch.float64)
    grid = grid.to(centre.device)
    classes = torch.where(count > 0, (longest + _FOOTPRINT_STEP - 1) // _FOOTPRINT_STEP, 0)
    for number in torch.unique(classes).tolist():
        if number == 0:
            continue
        n = number * _FOOTPRINT_STEP
        members = (classes == number).nonzero()[:, 0]
        for part in members.split(max(1, _CHUNK_ELEMENTS // (n * n * max(1, fields.shape[1])))):
            pixel, share = _axis_weights(
                centre[part], sigma[part], low[part], high[part], first[part], size, n
            )
            cell = pixel[:, 1, :, None] * shape[1] + pixel[:, 0, None, :]
            both = share[:, 1, :, None] * share[:, 0, None, :]
            values = both[..., None] * fields[part][:, None, None, :]
            grid.index_add_(0, cell.reshape(-1), values.reshape(-1, fields.shape[1]).double())
    return grid.reshape(*shape, -1)


def _axis_weights(
    centre: torch.Tensor,
    sigma: torch.Tensor,
    low: torch.Tensor,
    high: torch.Tensor,
    first: torch.Tensor,
    size: torch.Tensor,
    n: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Pixels and shares of the cut Gaussians along x and y, (N, 2, n); share 0 off the grid."""

    def cumulative(edge: torch.Tensor) -> torch.Tensor:
        z = (edge - centre[..., None]) / sigma[:, None, None]
        return torch.special.ndtr(z)

    step = torch.arange(n + 1, device=centre.device)
    edge = first[..., None] + step
    whole = cumulative((high + 1)[..., None]) - cumulative(low[..., None])
    share = cumulative(edge).diff(dim=-1).clamp(min=0) / whole
    pixel = edge[..., :-1]
    inside = (pixel <= high[..., None]) & (pixel < size[:, None])
    return torch.where(inside, pixel, 0), torch.where(inside, share, 0)


def _refine(coarse: torch.Tensor, shape: torch.Size, freedom: torch.Tensor) -> torch.Tensor:
    """A padded level, interpolated with its flux conserved onto the next finer one."""
    tall = _split(coarse, 0, freedom)[: shape[0]]
    return _split(tall, 1, freedom)[:, : shape[1]]


def _split(c: torch.Tensor, axis: int, freedom: torch.Tensor) -> torch.Tensor:
    """Split each pixel in two along an axis; the first comes from PAD / 2 of the old pixels in."""
    start, n = PAD // 2, c.shape[axis] - PAD
    here = 0.5 * c.narrow(axis, start, n)
    delta = torch.zeros_like(here)
    for j, tap in enumerate(TAPS, start=1):
        delta += tap * (c.narrow(axis, start + j, n) - c.narrow(axis, start - j, n))
    limit = here.abs() + freedom
    delta = torch.minimum(torch.maximum(delta, -limit), limit)
    return torch.stack([here - delta, here + delta], dim=axis + 1).flatten(axis, axis + 1)
