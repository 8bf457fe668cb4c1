"""A predicted spectrum on a page: where the fibre is, what it would see, and what that means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import DEFAULT_COSMOLOGY, GalaxyImage, InputError
from picassso.figures.grids import (
    LABEL_SIZE,
    NOTE_SIZE,
    PAGE_DPI,
    PAGE_WIDTH,
    PREDICTED_COLOUR,
    TICK_SIZE,
    TITLE_SIZE,
    TRUE_COLOUR,
    key_band,
    key_line,
    page_figure,
    tidy,
)
from picassso.figures.panels import add_note, add_scale_bar, draw_mask, draw_rgb, panel_axes
from picassso.figures.rgb import rgb_image
from picassso.figures.spectra import FLUX_LABEL, WAVELENGTH_LABEL, draw_fibre, spectrum_panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Boundary", "IndexRow", "SamplePlane", "predicted_spectrum_figure"]

_HEIGHT = 104.0  # mm, as are all below
_MARGIN = 1.5
_UPPER_BOTTOM, _UPPER_HEIGHT = 59.0, 37.0
_LOWER_BOTTOM, _LOWER_HEIGHT = 9.0, 37.0
_SPECTRUM_LEFT = 53.5
_PLANES_LEFT, _PLANE_WIDTH, _PLANE_GAP = 85.0, 38.0, 13.5

_LETTERS = 50
"""Of a line above a plane."""

_PAPER = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75}
"""Behind words that samples may lie under."""

_DARK, _LIGHT = 0.42, 0.2
"""Opacity of the 68% band within the 95% band, and of that."""


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One line of the table of numbers.

    Parameters
    ----------
    label : str
        Its name; mathtext.
    unit : str
        Mathtext; empty where it has none.
    low, middle, high : float
        68% interval and median; NaN where unknown.
    observed : str
        What was measured, in words; empty where nothing was.
    """

    label: str
    unit: str
    low: float
    middle: float
    high: float
    observed: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Boundary:
    """A line that parts a plane.

    Parameters
    ----------
    x, y : (N,) array
        Its points.
    label : str
        What it is, for the key below the plane's top.
    style : str
        As of matplotlib.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    label: str
    style: str = "-"


@dataclass(frozen=True, slots=True, eq=False)
class SamplePlane:
    """Samples of a posterior on a plane of two numbers.

    Parameters
    ----------
    x, y : (S,) array
        Samples; those with a NaN are left out and counted.
    x_label, y_label : str
        Of the axes.
    x_limits, y_limits : (float, float)
        What is shown.
    boundaries : tuple of Boundary
        Drawn and named.
    note : str
        Written above, in two lines.
    y_ticks : tuple of float
        If given, the ordinate is linear near zero and logarithmic beyond (asinh), with these.
    observed : (float, float) or None
        A point that was measured.
    """

    x: NDArray[np.floating]
    y: NDArray[np.floating]
    x_label: str
    y_label: str
    x_limits: tuple[float, float]
    y_limits: tuple[float, float]
    boundaries: tuple[Boundary, ...] = ()
    note: str = ""
    y_ticks: tuple[float, ...] = ()
    observed: tuple[float, float] | None = None


def predicted_spectrum_figure(
    image: GalaxyImage,
    wavelength: ArrayLike,
    quantiles: ArrayLike,
    *,
    limited: ArrayLike,
    position: tuple[float, float],
    fibre: float,
    field: int,
    rows: Sequence[IndexRow],
    planes: Sequence[SamplePlane],
    observed: ArrayLike | None = None,
    note: str = "",
    beware: str = "",
) -> Figure:
    """Draw a predicted spectrum with its image, its numbers and two planes of its posterior.

    Parameters
    ----------
    image : GalaxyImage
        From which it was predicted.
    wavelength : (L,) array
        Angstrom at rest, in vacuum.
    quantiles : (5, L) array
        Flux density at rest at 2.5, 16, 50, 84 and 97.5% [1e-17 erg s^-1 cm^-2 Angstrom^-1].
    limited : (L,) bool array
        Where the models resolve less than the spectrograph: shaded.
    position : (float, float)
        x and y of the fibre [pixels].
    fibre : float
        Its diameter [arcsec].
    field : int
        Side of the square around the fibre that is shown [pixels].
    rows : sequence of IndexRow
        Of the table; up to twelve.
    planes : sequence of SamplePlane
        One or two.
    observed : (L,) array, optional
        A real spectrum, NaN where unknown.
    note, beware : str
        Written small under the picture, and in red under the title.

    Returns
    -------
    Figure
        As wide as a page.

    Raises
    ------
    InputError
        If shapes disagree, or there are more planes than room for them.
    """
    wave, bands = np.asarray(wavelength, dtype=np.float64), np.asarray(quantiles)
    if bands.shape != (5, wave.size):
        raise InputError(f"quantiles have shape {bands.shape}, expected {(5, wave.size)}")
    if not 1 <= len(planes) <= 2:
        raise InputError(f"{len(planes)} planes; expected one or two")
    figure = page_figure(PAGE_WIDTH, _HEIGHT)
    _title(figure, image, note, beware)
    _draw_picture(figure, image, position=position, fibre=fibre, field=field)
    axes = _axes(figure, _SPECTRUM_LEFT, _UPPER_BOTTOM, PAGE_WIDTH - 2, _UPPER_HEIGHT)
    _draw_spectrum(axes, wave, bands, np.asarray(limited), observed, image.redshift)
    _draw_table(figure, rows)
    for k, plane in enumerate(planes):
        left = _PLANES_LEFT + k * (_PLANE_WIDTH + _PLANE_GAP)
        _draw_plane(_axes(figure, left, _LOWER_BOTTOM, left + _PLANE_WIDTH, _LOWER_HEIGHT), plane)
    return figure


def _axes(figure: Figure, left: float, bottom: float, right: float, height: float) -> Axes:
    """Axes at a place in mm."""
    return figure.add_axes(
        (left / PAGE_WIDTH, bottom / _HEIGHT, (right - left) / PAGE_WIDTH, height / _HEIGHT)
    )


def _title(figure: Figure, image: GalaxyImage, note: str, beware: str) -> None:
    top = 1 - 1.2 / _HEIGHT
    words = f"{image.galaxy_id}   z = {image.redshift:.4g}"
    words += " (assumed)" if image.redshift_assumed else ""
    title = figure.text(_MARGIN / PAGE_WIDTH, top, words, fontsize=TITLE_SIZE + 1, va="top")
    title.set_parse_math(False)
    under = (_UPPER_BOTTOM - 1.2) / _HEIGHT
    said = figure.text(_MARGIN / PAGE_WIDTH, under, note, fontsize=NOTE_SIZE, color="0.35")
    said.set(va="top", parse_math=False, linespacing=1.4)
    low = 1 - 5.2 / _HEIGHT
    said = figure.text(_MARGIN / PAGE_WIDTH, low, beware, fontsize=NOTE_SIZE, va="top")
    said.set(color="#b2182b", parse_math=False)


def _draw_picture(
    figure: Figure, image: GalaxyImage, *, position: tuple[float, float], fibre: float, field: int
) -> None:
    """The part of the image that the network was shown, with the fibre on it."""
    mm = PAGE_DPI / 25.4
    side = _UPPER_HEIGHT * mm
    axes = panel_axes(figure, _MARGIN * mm, _UPPER_BOTTOM * mm, side, side)
    height, width = image.shape
    left, bottom = (
        int(np.clip(round(c - 0.5 * (field - 1)), 0, max(length - field, 0)))
        for c, length in zip(position, (width, height), strict=True)
    )
    part = np.s_[bottom : bottom + field, left : left + field]
    flux = image.flux[(slice(None), *part)]
    draw_rgb(axes, rgb_image(flux, image.bands))
    draw_mask(axes, image.mask[part])
    draw_fibre(axes, (position[0] - left, position[1] - bottom), fibre / image.pixel_scale)
    add_note(axes, f'fibre {fibre:g}"')
    add_scale_bar(
        axes,
        flux.shape[1:],
        kpc_per_pixel=image.pixel_scale * DEFAULT_COSMOLOGY.kpc_per_arcsec(image.redshift),
        pixel_scale=image.pixel_scale,
    )
    for words in axes.texts:
        words.set_fontsize(NOTE_SIZE)


def _draw_spectrum(
    axes: Axes,
    wave: NDArray[np.float64],
    bands: NDArray[np.floating],
    limited: NDArray[np.bool_],
    observed: ArrayLike | None,
    redshift: float,
) -> None:
    """Median, 68% and 95% bands, observed wavelengths above."""
    spectrum_panel(
        axes, wave, bands[2], low=bands[0], high=bands[4], truth=observed, limited=limited
    )
    inner = axes.fill_between(wave, bands[1], bands[3], zorder=1.6)
    inner.set(color=PREDICTED_COLOUR, alpha=_DARK, linewidth=0)
    axes.set_xlabel(WAVELENGTH_LABEL, fontsize=LABEL_SIZE, labelpad=2, loc="left")
    axes.set_ylabel(FLUX_LABEL, fontsize=LABEL_SIZE, labelpad=2)
    upper = axes.secondary_xaxis(
        "top",
        functions=(
            lambda w: np.asarray(w, float) * (1 + redshift),
            lambda w: np.asarray(w, float) / (1 + redshift),
        ),
    )
    upper.set_xlabel("observed wavelength [Å]", fontsize=LABEL_SIZE, labelpad=2.5)
    upper.tick_params(labelsize=TICK_SIZE, length=2, width=0.6, pad=1.5)
    key = [
        key_line("predicted median", PREDICTED_COLOUR),
        key_band("68%", PREDICTED_COLOUR, alpha=0.6),
        key_band("95%", PREDICTED_COLOUR, alpha=0.3),
    ]
    if observed is not None:
        key.append(key_line("observed", TRUE_COLOUR))
    axes.legend(
        handles=key,
        loc="upper right",
        bbox_to_anchor=(1.0, -0.1),  # below, where no spectrum lies
        ncols=len(key),
        frameon=False,
        fontsize=NOTE_SIZE,
        handlelength=1.6,
        columnspacing=1.2,
        borderaxespad=0.2,
    )


def _draw_table(figure: Figure, rows: Sequence[IndexRow]) -> None:
    """Medians with 68% intervals, and what was observed where something was."""
    seen = any(row.observed for row in rows)
    right = _PLANES_LEFT - 14.0
    axes = _axes(figure, _MARGIN, _LOWER_BOTTOM - 6.5, right, _LOWER_HEIGHT + 6.5)
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(len(rows) + 0.6, -0.6)
    columns = (0.0, 0.40, 0.44, 0.75) if seen else (0.0, 0.42, 0.50, 1.0)
    heads = ("at rest", "median", "68% interval", "observed" if seen else "")
    aligns = ("left", "right", "left", "left")
    for x, words, align in zip(columns, heads, aligns, strict=True):
        axes.text(x, 0, words, ha=align, va="center", fontsize=NOTE_SIZE, color="0.35")
    axes.plot([0, 1], [0.55, 0.55], color="0.6", linewidth=0.5)
    for k, row in enumerate(rows):
        known = np.isfinite(row.middle)
        unit = f" {row.unit}" if row.unit else ""
        digits = _digits(row.high - row.low)
        cells = (
            row.label,
            f"{row.middle:.{digits}f}" if known else "–",
            f"{row.low:.{digits}f} to {row.high:.{digits}f}{unit}" if known else "not measurable",
            row.observed,
        )
        for x, words, align in zip(columns, cells, aligns, strict=True):
            words = words if words.startswith("log") else words.replace("-", "\N{MINUS SIGN}")
            axes.text(x, k + 1.1, words, ha=align, va="center", fontsize=LABEL_SIZE)


def _digits(width: float) -> int:
    """Decimals with which an interval of this width is written: two digits of it."""
    if not np.isfinite(width) or width <= 0:
        return 2
    return int(np.clip(1 - np.floor(np.log10(width)), 0, 3))


def _say_none(axes: Axes) -> None:
    """Say that there are no samples, on white so that lines do not cross the words."""
    words = axes.text(0.25, 0.5, "no sample\nhas both", transform=axes.transAxes, color="0.4")
    words.set(ha="center", va="center", fontsize=LABEL_SIZE, zorder=3.5)
    words.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1.5})


def _draw_plane(axes: Axes, plane: SamplePlane) -> None:
    """Samples, their median, and the lines that part the plane."""
    known = np.isfinite(plane.x) & np.isfinite(plane.y)
    tidy(axes)
    if not known.any():
        _say_none(axes)
    else:
        x, y = plane.x[known], plane.y[known]
        axes.scatter(x, y, s=3, color=PREDICTED_COLOUR, alpha=0.35, linewidths=0, zorder=2)
        axes.plot(np.median(x), np.median(y), "+", color="black", markersize=6, zorder=6)
    said = []
    if not known.all():
        said.append(f"{known.sum()} of {known.size} draws have both")
    if plane.observed is not None:
        if np.isfinite(plane.observed).all():
            axes.plot(*plane.observed, "D", color=TRUE_COLOUR, markersize=3.5, zorder=7)
        else:
            said.append("observed: not measurable")
    if plane.y_ticks:
        axes.set_yscale("asinh", linear_width=3.0)
        axes.set_yticks(plane.y_ticks, [f"{t:g}" for t in plane.y_ticks])
        axes.set_yticks([], minor=True)
    for line in plane.boundaries:
        axes.plot(line.x, line.y, line.style, color="0.35", linewidth=0.7, label=line.label)
    axes.set_xlim(*plane.x_limits)
    axes.set_ylim(*plane.y_limits)
    axes.set_xlabel(plane.x_label, fontsize=LABEL_SIZE, labelpad=2)
    axes.set_ylabel(plane.y_label, fontsize=LABEL_SIZE, labelpad=2)
    if plane.boundaries:
        legend = axes.legend(
            frameon=True,
            fontsize=NOTE_SIZE,
            loc="upper right",
            handlelength=1.5,
            borderaxespad=0.3,
            borderpad=0.1,
        )
        legend.get_frame().set(**_PAPER)
    above = axes.set_title(
        fill(plane.note, _LETTERS, break_on_hyphens=False),
        fontsize=NOTE_SIZE,
        pad=2.5,
        linespacing=1.3,
    )
    above.set_parse_math(False)
    if said:
        words = axes.text(
            0.03, 0.03, "\n".join(said), transform=axes.transAxes, fontsize=NOTE_SIZE, va="bottom"
        )
        words.set(parse_math=False, zorder=5)
        words.set_bbox({**_PAPER, "pad": 1.0})
