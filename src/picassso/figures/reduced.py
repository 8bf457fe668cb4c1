"""Large frames reduced for drawing: a panel shows a few hundred pixels of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from picassso.core import GalaxyImage, Maps
from picassso.core.large import block_mean

__all__ = ["reduced"]

_LARGEST_SIDE = 2048


def reduced(image: GalaxyImage, maps: Maps) -> tuple[GalaxyImage, Maps]:
    """Image and mean maps of at most 2048 pixels a side, of larger ones means of blocks.

    A block is masked where more than half of it is. Surface densities are averaged, so that what
    is derived from them is that of the blocks; standard deviations and quantiles are left out.
    """
    side = -(-max(image.shape) // _LARGEST_SIDE)
    if side == 1:
        return image, maps
    mask = block_mean(image.mask, side) > 0.5
    small_image = replace(
        image,
        flux=np.stack([block_mean(plane, side) for plane in image.flux]),
        # Of independent pixels, but nothing that is drawn depends on it.
        noise=image.sky_noise / np.float32(side),
        mask=mask,
        pixel_scale=image.pixel_scale * side,
        wcs=None,
    )
    small_maps = replace(
        maps,
        cube=np.stack([block_mean(plane, side) for plane in maps.cube]),
        std=None,
        p16=None,
        p50=None,
        p84=None,
        wcs=None,
        mask=None if maps.mask is None else block_mean(maps.mask, side) > 0.5,
        pixel_area=maps.pixel_area * side**2,
    )
    return small_image, small_maps
