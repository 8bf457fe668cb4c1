"""Pieces that figures are made of: a figure, map panels, colour bars, scale bars, masks, saving."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from picassso.core import InputError, written_whole
from picassso.figures.style import EMPTY_COLOUR, colour_map, drawn_values

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

__all__ = [
    "DPI",
    "add_colour_bar",
    "add_note",
    "add_scale_bar",
    "draw_absent",
    "draw_map",
    "draw_mask",
    "draw_rgb",
    "new_figure",
    "panel_axes",
    "save_figure",
]

DPI = 110
_ROOMY = 1.36  # inches: a colour bar that has room for larger labels, and for some at its ends
_EM = {"−": 0.84, ".": 0.32}  # width of a letter over its size, in matplotlib's own font
_DIGIT = 0.64
_STRIPES = 240  # grid on which the stripes of a mask are drawn, so that they look alike at any size


def new_figure(width: float, height: float, *, dpi: int = DPI) -> Figure:
    """Empty white figure of `width` by `height` pixels, `dpi` of them an inch, drawn by Agg.

    pyplot is not used: it keeps figures alive, asks for a display and is slow to import.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / dpi, height / dpi), dpi=dpi, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def panel_axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes without ticks at a place given in pixels from the figure's lower left corner."""
    w, h = figure.get_size_inches() * figure.dpi
    axes = figure.add_axes((left / w, bottom / h, width / w, height / h))
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_adjustable("datalim")  # a narrow image is padded, its panel keeps its size
    for spine in axes.spines.values():
        spine.set_linewidth(0.6)
    return axes


def draw_map(
    axes: Axes,
    values: NDArray[np.floating],
    name: str,
    *,
    limits: tuple[float, float],
    mask: NDArray[np.bool_] | None = None,
) -> AxesImage:
    """Draw the map of an additive or derived property.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    values : (H, W) array
        Linear map in the unit of the property; grey where NaN.
    name : str
        Name of the property.
    limits : (float, float)
        As of `limits_of`.
    mask : (H, W) bool array or None
        Pixels to be hatched.
    """
    drawn = np.ma.masked_invalid(np.maximum(drawn_values(values, name), limits[0]))
    image = axes.imshow(
        drawn,
        origin="lower",
        interpolation=interpolation_for(axes, drawn.shape),
        cmap=colour_map(name),
        vmin=limits[0],
        vmax=limits[1],
    )
    if mask is not None:
        draw_mask(axes, mask)
    return image


def draw_rgb(
    axes: Axes, picture: NDArray[np.floating], *, mask: NDArray[np.bool_] | None = None
) -> None:
    """Draw an (H, W, 3) picture, with the pixels of `mask` hatched."""
    interpolation = interpolation_for(axes, picture.shape)
    axes.imshow(picture, origin="lower", interpolation=interpolation)
    if mask is not None:
        draw_mask(axes, mask)


def interpolation_for(axes: Axes, shape: tuple[int, ...]) -> str:
    """How to draw an (H, W, ...) image: pixel by pixel, or averaged where a panel holds fewer.

    Picking every second pixel of a larger image would turn fine structure into coarse patterns.
    """
    panel = axes.get_window_extent()
    return "hanning" if shape[1] > panel.width or shape[0] > panel.height else "nearest"


def draw_mask(axes: Axes, mask: NDArray[np.bool_]) -> None:
    """Hatch masked pixels in grey, over what is drawn already."""
    if not mask.any():
        return
    height, width = mask.shape
    longest = max(height, width)
    y = np.arange(max(_STRIPES * height // longest, 1))
    x = np.arange(max(_STRIPES * width // longest, 1))
    masked = mask[y * height // len(y)][:, x * width // len(x)]
    line = np.add.outer(y, x) % 10 < 3
    layer = np.zeros((*masked.shape, 4), dtype=np.float32)
    layer[masked] = (0.85, 0.85, 0.85, 1.0)
    layer[masked & line] = (0.55, 0.55, 0.55, 1.0)
    extent = (-0.5, width - 0.5, -0.5, height - 0.5)
    axes.imshow(layer, origin="lower", interpolation="nearest", extent=extent)


def draw_absent(axes: Axes, words: str) -> None:
    """Fill a panel with grey and say why there is nothing to see."""
    axes.set_facecolor(EMPTY_COLOUR)
    axes.text(
        0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", fontsize=8, color="0.3"
    )


def add_colour_bar(axes: Axes, image: AxesImage, label: str) -> None:
    """Draw a horizontal colour bar under a panel."""
    gap, thickness = 5, 9  # pixels
    figure = axes.figure
    h = figure.bbox.height
    box = axes.get_position()
    bar = figure.add_axes((box.x0, box.y0 - (gap + thickness) / h, box.width, thickness / h))
    low, high = image.get_clim()
    # A strip of colours is many times faster than matplotlib's own Colorbar.
    bar.imshow(
        np.linspace(low, high, 256)[None],
        aspect="auto",
        extent=(low, high, 0, 1),
        cmap=image.get_cmap(),
        vmin=low,
        vmax=high,
    )
    bar.set_yticks([])
    # Letters have a size in inches, whatever the pixels of a figure.
    points = 72 * box.width * figure.bbox.width / figure.dpi
    roomy = points > 72 * _ROOMY
    size = 7.5 if roomy else 6.5
    bar.tick_params(axis="x", labelsize=size, length=2, pad=1.5, width=0.6)
    ticks = _ticks(low, high, room=points / size, roomy=roomy)
    bar.set_xticks([t.value for t in ticks], [t.words for t in ticks])
    for tick, words in zip(ticks, bar.get_xticklabels(), strict=True):
        words.set_horizontalalignment(tick.side)
    bar.set_xlabel(label, fontsize=8.5, labelpad=1.5)
    for spine in bar.spines.values():
        spine.set_linewidth(0.6)


class _Tick(NamedTuple):
    """A value on a colour bar, its label, and the side of the label that stands at it."""

    value: float
    words: str
    side: Literal["left", "center", "right"]
    start: float
    end: float


def _ticks(low: float, high: float, *, room: float, roomy: bool) -> list[_Tick]:
    """Two round values or more between two limits, whose labels stand clear; none
    without room.

    `room` is the length of the bar over the size of its letters. Labels at the ends are put inside.
    Where a bar is not `roomy` they would be taken for the neighbouring bar's, and are left out if
    two others are left.
    """
    span = high - low
    decade = 10.0 ** np.floor(np.log10(span / 5))
    most = 4.6 if roomy else 3.9
    for step in (m * decade for m in (1, 2, 5, 10, 20, 50) if span / (m * decade) <= most):
        first, last = np.ceil(low / step - 1e-6), np.floor(high / step + 1e-6)
        values = np.arange(first, last + 1) * step + 0.0  # no minus zero
        ticks = [_tick(v, step, (v - low) / span * room, room) for v in values.tolist()]
        inner = [t for t in ticks if t.side == "center"]
        ends = [ticks[0], ticks[-1]] if len(ticks) > 1 else ticks
        for found in (ticks, inner, ends) if roomy else (inner, ticks, ends):
            if len(found) > 1 and _clear(found):
                return found
    return []


def _tick(value: float, step: float, at: float, room: float) -> _Tick:
    """A label at a place along a bar, both in sizes of its letters."""
    words = f"{value:.{max(0, -int(np.floor(np.log10(step) + 1e-6)))}f}".replace("-", "−")
    width = sum(_EM.get(letter, _DIGIT) for letter in words)
    if at < 0.5 * width:
        return _Tick(value, words, "left", at, at + width)
    if at > room - 0.5 * width:
        return _Tick(value, words, "right", at - width, at)
    return _Tick(value, words, "center", at - 0.5 * width, at + 0.5 * width)


def _clear(ticks: list[_Tick]) -> bool:
    """Whether there is a digit's width or more between all labels."""
    return all(b.start - a.end >= _DIGIT for a, b in pairwise(ticks))


def add_note(axes: Axes, words: str) -> None:
    """Write small words into the upper left corner of a panel, readable on any colour."""
    axes.text(
        0.03,
        0.97,
        words,
        transform=axes.transAxes,
        va="top",
        fontsize=8,
        color="white",
        bbox={"facecolor": "black", "alpha": 0.45, "linewidth": 0, "pad": 1.5},
    )


def add_scale_bar(
    axes: Axes,
    shape: tuple[int, int],
    *,
    kpc_per_pixel: float,
    pixel_scale: float | None = None,
    colour: str = "white",
) -> None:
    """Draw a bar of a round length in kpc, with the arcsec that it spans.

    Parameters
    ----------
    axes : Axes
        A panel of an image whose pixels are the data coordinates.
    shape : (int, int)
        Height and width of that image.
    kpc_per_pixel, pixel_scale : float
        Size of a pixel [kpc, arcsec].
    colour : str
        Of bar and text.
    """
    height, width = shape
    target = 0.4 * width * kpc_per_pixel
    decade = 10.0 ** np.floor(np.log10(target))
    length = decade * max(m for m in (1, 2, 5) if m * decade <= target)
    pixels = length / kpc_per_pixel
    words = f"{length:g} kpc"
    if pixel_scale is not None:
        words += f'  {pixels * pixel_scale:.3g}"'
    x, y = 0.05 * width - 0.5, 0.06 * height - 0.5
    axes.plot([x, x + pixels], [y, y], color=colour, linewidth=2, solid_capstyle="butt")
    axes.text(x, y + 0.02 * height, words, color=colour, fontsize=8, va="bottom")
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_ylim(-0.5, height - 0.5)


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure as PNG or PDF, whole or not at all.

    Parameters
    ----------
    figure : Figure
        What to write.
    path : path-like
        Ends in ``.png`` or ``.pdf``; its folder is made if need be.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    InputError
        If the suffix is another one, or the file cannot be written.
    """
    import matplotlib

    path = Path(path)
    kind = path.suffix.lower().lstrip(".")
    if kind not in ("png", "pdf"):
        raise InputError(f"{path}: a figure is written as .png or .pdf, not as {path.suffix!r}")
    # Software and date are left out so that the same figure gives the same file.
    details: dict[str, Any] = (
        {"metadata": {"Software": None}, "pil_kwargs": {"compress_level": 4}}
        if kind == "png"
        else {"metadata": {"CreationDate": None}}
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Journals take TrueType fonts, not the Type 3 that matplotlib embeds if not told.
        with matplotlib.rc_context({"pdf.fonttype": 42}), written_whole(path) as partial:
            figure.savefig(partial, format=kind, **details)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"{path}: the figure cannot be written ({reason}); check the folder and free space"
        ) from error
    return path
