"""Any image size in bounded memory: windows with a halo, of which the interior is kept."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from picassso.core.large import empty_array
from picassso.painting.run import OUTPUTS, Runner

__all__ = ["LARGEST_WINDOW", "paint_tiles"]

LARGEST_WINDOW = 1024
"""Side [pixels] of the largest window run at once, halo included."""


def paint_tiles(
    run: Runner,
    flux: NDArray[np.float32],
    *,
    properties: int,
    stride: int,
    receptive_field: int,
    largest_window: int = LARGEST_WINDOW,
) -> NDArray[np.float32]:
    """Run a network over an image of any size.

    A window starts at a multiple of the stride, so that its pooling cells are those of the whole
    image, and reaches beyond its interior by the receptive field, so that nothing that matters
    is cut off: windows agree with the whole to rounding. Sides that are no multiple of the
    stride are padded with empty sky and cropped.

    Parameters
    ----------
    run : Runner
        The network.
    flux : (B, H, W) float32 array
        The image.
    properties : int
        Number of maps that the network paints.
    stride, receptive_field : int
        Of the network [pixels].
    largest_window : int
        Images of up to this side are run whole.

    Returns
    -------
    (5, P, H, W) float32 array
        Mean, standard deviation, 16%, 50% and 84% quantile of each map; in a file if it is
        large (`picassso.core.large`).
    """
    height, width = flux.shape[1:]
    out = empty_array((len(OUTPUTS), properties, height, width), np.float32)
    halo = -(-receptive_field // stride) * stride
    rows = list(_spans(height, stride, halo, largest_window))
    columns = list(_spans(width, stride, halo, largest_window))
    for y0, y1, top, bottom in rows:
        for x0, x1, left, right in columns:
            window = _window(flux, top, bottom, left, right)
            inside = np.s_[:, y0 - top : y1 - top, x0 - left : x1 - left]
            for kept, painted in zip(out, run(window), strict=True):
                kept[:, y0:y1, x0:x1] = painted[inside]
    return out


def _spans(
    length: int, stride: int, halo: int, largest: int
) -> Iterator[tuple[int, int, int, int]]:
    """Interior start and stop, window start and stop, along one axis."""
    padded = -(-length // stride) * stride
    if padded <= max(largest, stride):
        yield 0, length, 0, padded
        return
    # At least one halo of interior, else nearly all of the work would be thrown away.
    interior = max((largest - 2 * halo) // stride * stride, halo, stride)
    number = -(-padded // interior)
    step = -(-padded // (number * stride)) * stride
    for start in range(0, length, step):
        stop = min(start + step, length)
        yield start, stop, max(0, start - halo), min(padded, start + step + halo)


def _window(
    flux: NDArray[np.float32], top: int, bottom: int, left: int, right: int
) -> NDArray[np.float32]:
    """Part of the image, padded with zeros where it reaches beyond the lower or right edge."""
    part = flux[:, top:bottom, left:right]
    missing = (bottom - top - part.shape[1], right - left - part.shape[2])
    if any(missing):
        part = np.pad(part, ((0, 0), (0, missing[0]), (0, missing[1])))
    return np.ascontiguousarray(part)
