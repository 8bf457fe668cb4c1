"""Windows on the sky around the fibre, for images of any size and pixel scale."""

from __future__ import annotations

import torch
from torch import Tensor

from picassso.core import FIBRE_DIAMETER

__all__ = ["FIBRE_RADIUS", "aperture_photometry", "pool_in_windows"]

FIBRE_RADIUS = 0.5 * FIBRE_DIAMETER

WINDOWS = (0.5, 1.0, 2.0, 4.0)
"""Standard deviations of the Gaussian windows, in fibre radii; the whole image is one more."""

APERTURES = (1.0, 2.0, 4.0)
"""Radii of the apertures, in fibre radii."""


def pool_in_windows(features: Tensor, pixel_scale: Tensor, *, step: int, image: Tensor) -> Tensor:
    """Means of features within Gaussian windows around the centre of the image, and over all of it.

    Parameters
    ----------
    features : (N, C, H', W') Tensor
        Cell i has its centre at pixel ``step * i`` of the image.
    pixel_scale : (N, 1) Tensor
        Arcsec a pixel of the image.
    step : int
        Pixels of the image between two cells.
    image : (N, B, H, W) Tensor
        Whose centre counts.

    Returns
    -------
    (N, C (len(WINDOWS) + 1)) Tensor
        Means.
    """
    sizes = FIBRE_RADIUS * torch.tensor(WINDOWS, dtype=features.dtype, device=features.device)
    down, across = (
        _gaussians(features.shape[axis], image.shape[axis], pixel_scale, sizes, step)
        for axis in (2, 3)
    )
    # One axis after the other: a Gaussian window is a product.
    lines = features @ across[:, None]  # (N, C, H', K)
    pooled = (lines * down[:, None]).sum(dim=2)
    whole = features.mean(dim=(2, 3))[..., None]
    return torch.cat([pooled, whole], dim=2).flatten(1)


def aperture_photometry(flux: Tensor, noise: Tensor, pixel_scale: Tensor) -> tuple[Tensor, Tensor]:
    """Fluxes within circles around the centre of the image, and their errors.

    A pixel that the edge cuts counts by the part that lies inside, to first order.

    Parameters
    ----------
    flux : (N, B, H, W) Tensor
        Surface brightness [nanomaggy arcsec^-2].
    noise : (N, B) Tensor
        1 sigma a pixel, same unit.
    pixel_scale : (N, 1) Tensor
        Arcsec.

    Returns
    -------
    flux, error : (N, len(APERTURES), B) Tensor
        Nanomaggies.
    """
    scale = pixel_scale[:, :, None]
    down, across = (_offsets(flux.shape[axis], flux.shape[axis], 1, flux) for axis in (2, 3))
    distance = torch.sqrt(down[:, None].square() + across.square())  # (H, W), in pixels
    radii = FIBRE_RADIUS * torch.tensor(APERTURES, dtype=flux.dtype, device=flux.device)
    inside = (radii[None, :, None] / scale - distance.flatten() + 0.5).clamp(0.0, 1.0)
    area = pixel_scale.square()[:, :, None]
    light = inside @ flux.flatten(2).mT * area
    pixels = inside.square().sum(dim=2, keepdim=True)
    return light, noise[:, None] * torch.sqrt(pixels) * area


def _gaussians(cells: int, pixels: int, pixel_scale: Tensor, sizes: Tensor, step: int) -> Tensor:
    """Weights (N, cells, K) of sum one along an axis."""
    offsets = _offsets(cells, pixels, step, sizes)
    distance = offsets[None, :, None] * pixel_scale[:, :, None]
    return torch.softmax(-0.5 * (distance / sizes).square(), dim=1)


def _offsets(cells: int, pixels: int, step: int, like: Tensor) -> Tensor:
    """Distance of cells from the centre of the image, in its pixels."""
    return step * torch.arange(cells, dtype=like.dtype, device=like.device) - (pixels - 1) / 2
