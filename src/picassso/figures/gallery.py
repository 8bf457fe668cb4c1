"""Several galaxies in one picture: image, bands, and truth beside prediction.

The modern form of figures 1, 2, B1 and B2 of Buck & Wolf (2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from picassso.core import GalaxyImage, InputError, Maps
from picassso.figures.panels import add_note, add_scale_bar, draw_rgb, new_figure, panel_axes
from picassso.figures.rgb import rgb_image
from picassso.figures.sheets import compare_column
from picassso.figures.style import style_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["gallery"]

_SIDE, _GAP, _FOOT, _HEAD = 118, 8, 32, 40  # pixels: of a panel, and around it
_ACROSS = 2


def gallery(
    images: Sequence[GalaxyImage],
    truths: Sequence[Maps],
    paintings: Sequence[Maps],
    *,
    names: Sequence[str],
) -> Figure:
    """Galaxies, two a row, each with its image, its bands, and some properties.

    Parameters
    ----------
    images : sequence of GalaxyImage
        What was painted on.
    truths, paintings : sequence of Maps
        On the pixel grids of the images.
    names : sequence of str
        Additive properties, a column each: the true map, the predicted mean and the residual.

    Returns
    -------
    Figure
        Truth and prediction share a colour scale, galaxy by galaxy, log10 of the property's unit.
        Residuals are log10(true / predicted) [dex].

    Raises
    ------
    InputError
        If there is nothing to show, or not one truth and one painting for each image.
    """
    if not images or not names or not len(images) == len(truths) == len(paintings):
        raise InputError(
            f"a gallery needs images, and a truth and a painting for each; found {len(images)} "
            f"images, {len(truths)} truths, {len(paintings)} paintings and {len(names)} properties"
        )
    columns = min(_ACROSS, len(images))
    rows = -(-len(images) // columns)
    block = (2 + len(names)) * (_SIDE + _GAP) + 3 * _GAP
    tall = _HEAD + 3 * _SIDE + 2 * _GAP + 2 * _FOOT
    width, height = columns * block + _GAP, rows * tall
    figure = new_figure(width, height)
    for k, (image, truth, painting) in enumerate(zip(images, truths, paintings, strict=True)):
        left = _GAP + (k % columns) * block
        top = height - (k // columns) * tall
        words = figure.text(
            left / width, 1 - (height - top + 5) / height, image.galaxy_id, fontsize=9, va="top"
        )
        words.set_parse_math(False)
        _draw_light(figure, image, painting, left=left, top=top - _HEAD)
        _draw_maps(figure, truth, painting, names, left=left, top=top - _HEAD)
    return figure


def _draw_light(figure: Figure, image: GalaxyImage, maps: Maps, *, left: float, top: float) -> None:
    """The colour picture, and each band in grey under it."""
    side = 2 * _SIDE + _GAP
    axes = panel_axes(figure, left, top - side, side, side)
    draw_rgb(axes, rgb_image(image.flux, image.bands))
    add_scale_bar(
        axes, image.shape, kpc_per_pixel=maps.pixel_area**0.5, pixel_scale=image.pixel_scale
    )
    small = (side - 2 * _GAP) / 3
    for k, (band, flux, noise) in enumerate(
        zip(image.bands, image.flux, image.sky_noise, strict=True)
    ):
        row, column = divmod(k, 3)
        bottom = top - side - (row + 1) * (_GAP + small)
        panel = panel_axes(figure, left + column * (small + _GAP), bottom, small, small)
        stretched = np.arcsinh(flux / (2.0 * max(float(noise), 1e-6)))
        high = max(float(np.percentile(stretched, 99.8)), 1.0)
        panel.imshow(stretched, origin="lower", cmap="gray", vmin=-0.7, vmax=high)
        add_note(panel, band)


def _draw_maps(
    figure: Figure,
    truth: Maps,
    painting: Maps,
    names: Sequence[str],
    *,
    left: float,
    top: float,
) -> None:
    """Three panels a property."""
    second = top - 2 * _SIDE - _GAP
    bottoms = (top - _SIDE, second, second - _FOOT - _SIDE)
    for k, name in enumerate(names):
        start = left + (2 + k) * (_SIDE + _GAP) + 2 * _GAP
        rows = [panel_axes(figure, start, bottom, _SIDE, _SIDE) for bottom in bottoms]
        rows[0].set_title(style_of(name).title, fontsize=8, pad=3)
        if k == 0:
            for panel, words in zip(rows, ("true", "predicted", "residual"), strict=True):
                panel.set_ylabel(words, fontsize=8, labelpad=2)
        compare_column(rows, name, truth, painting, None, labelled=False)
