"""Several galaxies in one picture: image, bands, and truth beside prediction.

The modern form of figures 1, 2, B1 and B2 of Buck & Wolf (2021).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from picassso.core import PROPERTIES, GalaxyImage, InputError, Maps
from picassso.figures.grids import (
    LABEL_SIZE,
    NOTE_SIZE,
    PAGE_DPI,
    PAGE_WIDTH,
    TITLE_SIZE,
    page_figure,
)
from picassso.figures.panels import add_note, add_scale_bar, draw_rgb, panel_axes
from picassso.figures.rgb import rgb_image
from picassso.figures.sheets import compare_column, shared_limits
from picassso.figures.style import style_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["gallery"]

_MM = PAGE_DPI / 25.4  # pixels
_GAP, _FOOT, _WORDS, _NAME, _TITLE = (mm * _MM for mm in (0.9, 5.8, 3.6, 6.6, 2.2))
_LARGEST_SIDE = 24 * _MM
_UNIT_SIZE = 5.5  # points: the longest unit is as wide as the narrowest panel
_FEW = 4  # properties, of which two galaxies have room side by side


def gallery(
    images: Sequence[GalaxyImage],
    truths: Sequence[Maps],
    paintings: Sequence[Maps],
    *,
    names: Sequence[str],
    signal_to_noise: Sequence[float] | None = None,
) -> Figure:
    """Galaxies, each with its image, its bands, and some properties.

    Parameters
    ----------
    images : sequence of GalaxyImage
        What was painted on.
    truths, paintings : sequence of Maps
        On the pixel grids of the images.
    names : sequence of str
        Additive properties, a column each: the true map, the predicted mean and the residual.
    signal_to_noise : sequence of float, optional
        Of each image as a whole, written under its name beside the redshift.

    Returns
    -------
    Figure
        At most as wide as a page, two galaxies a row if there are four properties or fewer.
        A property has one colour scale, shared by truths and predictions of all galaxies.
        Residuals are log10(true / predicted) [dex].

    Raises
    ------
    InputError
        If there is nothing to show, or not one truth, one painting and, where they are given,
        one signal-to-noise for each image.
    """
    noted = len(images) if signal_to_noise is None else len(signal_to_noise)
    if not images or not names or not len(images) == len(truths) == len(paintings) == noted:
        raise InputError(
            f"a gallery needs images, and a truth and a painting for each; found {len(images)} "
            f"images, {len(truths)} truths, {len(paintings)} paintings, {noted} values of "
            f"signal-to-noise and {len(names)} properties"
        )
    limits = {name: shared_limits(name, (*truths, *paintings)) for name in names}
    across = min(2 if len(names) <= _FEW else 1, len(images))
    around = _WORDS + (3 + len(names)) * _GAP
    side = (PAGE_WIDTH * _MM / across - around) / (2 + len(names))
    side = min(side, _LARGEST_SIDE)
    block = around + side * (2 + len(names))
    tall = _NAME + 3 * side + _GAP + 2 * _FOOT
    rows = -(-len(images) // across)
    width, height = across * block, rows * tall + _TITLE
    figure = page_figure(width / _MM, height / _MM)
    for k, (image, truth, painting) in enumerate(zip(images, truths, paintings, strict=True)):
        row, column = divmod(k, across)
        left, top = column * block + _GAP, height - row * tall - _TITLE - _NAME
        upper = (top + 0.55 * _NAME) / height
        words = figure.text(left / width, upper, image.galaxy_id, fontsize=TITLE_SIZE)
        words.set_parse_math(False)
        note = f"z = {image.redshift:.3f}"
        if signal_to_noise is not None:
            note += f", S/N {signal_to_noise[k]:.{1 if signal_to_noise[k] < 10 else 0}f}"
        lower = (top + 0.13 * _NAME) / height
        figure.text(left / width, lower, note, fontsize=NOTE_SIZE, color="0.3")
        _draw_light(figure, image, painting, left=left, top=top, side=2 * side + _GAP)
        start = left + 2 * (side + _GAP) + _WORDS
        panels = _draw_maps(figure, truth, painting, limits, left=start, top=top, side=side)
        if row == 0:
            _title(panels, names)
    return figure


def _draw_light(
    figure: Figure, image: GalaxyImage, maps: Maps, *, left: float, top: float, side: float
) -> None:
    """The colour picture, and each band in grey under it."""
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
    limits: Mapping[str, tuple[float, float]],
    *,
    left: float,
    top: float,
    side: float,
) -> list[Axes]:
    """Three panels a property; returned are the upper ones."""
    second = top - 2 * side - _GAP
    bottoms = (top - side, second, second - _FOOT - side)
    highest = []
    for k, (name, of) in enumerate(limits.items()):
        start = left + k * (side + _GAP)
        rows = [panel_axes(figure, start, bottom, side, side) for bottom in bottoms]
        if k == 0:
            for panel, words in zip(rows, ("true", "predicted", "residual [dex]"), strict=True):
                panel.set_ylabel(words, fontsize=LABEL_SIZE, labelpad=2)
        compare_column(rows, name, truth, painting, None, limits=of, labelled=False)
        highest.append(rows[0])
    return highest


def _title(panels: Sequence[Axes], names: Sequence[str]) -> None:
    """Name and unit of each column of maps."""
    for axes, name in zip(panels, names, strict=True):
        unit = PROPERTIES[name].unit.replace("solMass", "M☉")
        unit = unit.replace(" yr-1", "/yr").replace(" kpc-2", "/kpc²")
        words = f"{fill(style_of(name).title, 14)}\nlog {unit}"
        axes.set_title(words, fontsize=_UNIT_SIZE, pad=2, linespacing=1.1)
