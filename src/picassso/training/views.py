"""What can be taken away from an image: its colours, and the order of its pixels.

Without either, a network has only brightness to go by; comparing what it learns from each says
how much of the answer lies in the colours of a galaxy and how much in its shape. Both are
functions of arrays alone, the same in training, calibration and evaluation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.core import reference_band

__all__ = ["grey_bands", "in_disorder", "reordered", "restored"]


def grey_bands(bands: tuple[str, ...]) -> tuple[str, ...]:
    """What is shown in the place of each band of an image without colours: the reference band.

    With its noise level and its PSF, so that neither tells a colour (where noise is set by a
    signal-to-noise, as in Buck & Wolf 2021, it would). Each draws noise of its own, so that the
    colours are lost, but no depth.
    """
    return (reference_band(bands),) * len(bands)


def reordered(cube: Any, order: NDArray[np.int64]) -> Any:
    """Pixels of a (..., H, W) array or tensor in another order, the same in every plane.

    Parameters
    ----------
    cube : array or torch.Tensor
        Images or maps.
    order : (H * W,) array
        A permutation: the pixel that is shown at each place, counted along the rows.
    """
    return cube.reshape(*cube.shape[:-2], -1)[..., order].reshape(cube.shape)


def restored(cube: Any, order: NDArray[np.int64]) -> Any:
    """What `reordered` made of an array, put back."""
    return reordered(cube, np.argsort(order))


def in_disorder(paint: Callable[..., Any], *, seed: int) -> Callable[..., Any]:
    """A network that is shown shuffled pixels, and whose maps are put back in order.

    Parameters
    ----------
    paint : callable
        As `picassso.networks.Painter`: flux (N, B, H, W) first, then conditions; ``raw`` by name.
    seed : int
        Of the orders, a new one each call.
    """
    rng = np.random.default_rng((seed, 6))

    def shown(flux: Any, *conditions: Any, raw: bool = False) -> Any:
        order = rng.permutation(flux.shape[-2] * flux.shape[-1])
        painted = paint(reordered(flux, order), *conditions, raw=raw)
        if raw:
            return restored(painted, order)
        return type(painted)(*(restored(maps, order) for maps in painted))

    return shown
