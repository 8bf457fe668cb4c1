"""Sheets of one galaxy: its image with what was painted, and truth beside prediction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from picassso.core import DERIVED, PROPERTIES, PROPERTY_NAMES, GalaxyImage, InputError, Maps, Total
from picassso.figures.panels import (
    add_colour_bar,
    add_note,
    add_scale_bar,
    draw_absent,
    draw_map,
    draw_mask,
    draw_rgb,
    interpolation_for,
    new_figure,
    panel_axes,
)
from picassso.figures.reduced import reduced
from picassso.figures.rgb import rgb_image
from picassso.figures.style import (
    EMPTY_COLOUR,
    RESIDUAL_COLOUR_MAP,
    RESIDUAL_LIMIT,
    limits_of,
    style_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

__all__ = [
    "compare_column",
    "comparison_sheet",
    "painting_sheet",
    "residual_map",
    "shared_limits",
]

_SHEET_ROWS = (
    ("stellar_mass", "stellar_age", "stellar_metallicity", "star_formation_rate"),
    ("stellar_metal_mass", "stellar_age_mass", "gas_mass", "gas_metal_mass", "hi_mass"),
)


def painting_sheet(image: GalaxyImage, maps: Maps) -> Figure:
    """RGB image, the seven maps, and derived age and metallicity of one galaxy.

    Parameters
    ----------
    image : GalaxyImage
        What was painted on.
    maps : Maps
        The painting: means of the predicted distributions. Totals over the frame, where it
        holds them, are written into the panels with their 68% intervals.

    Returns
    -------
    Figure
        1600 pixels wide at its own resolution. A frame of more than 2048 pixels a side is drawn
        from means of blocks.

    Raises
    ------
    InputError
        If image and maps have different shapes.
    """
    _check_shapes(image, maps)
    whole = image, maps
    image, maps = reduced(image, maps)
    side, gap, foot = 294, 20, 60
    high = _panel_height(image.shape, side)
    head = 74
    columns = 1 + len(_SHEET_ROWS[0])
    width = columns * side + (columns + 1) * gap
    height = head + 2 * (high + foot) + gap
    figure = new_figure(width, height)
    mask = _mask_of(image, maps)
    _title(figure, *whole, height)
    for row, names in enumerate(_SHEET_ROWS):
        bottom = height - head - (row + 1) * high - row * (foot + gap)
        for column in range(columns):
            left = gap + column * (side + gap)
            axes = panel_axes(figure, left, bottom, side, high)
            k = column - (1 if row == 0 else 0)
            if k < 0:
                _draw_image(axes, image, maps.pixel_area**0.5, mask)
            else:
                _painted_panel(axes, maps, names[k], mask)
    return figure


def comparison_sheet(image: GalaxyImage, truth: Maps, prediction: Maps) -> Figure:
    """Truth, prediction and residual of every property of one galaxy.

    Columns are properties; rows are the true map, the predicted mean, and
    ``log10(true) - log10(predicted)`` where either lies above the property's floor (the other is
    then raised to the floor). Truth and prediction share one colour scale. Totals over the
    unmasked frame are written into the panels. What the snapshot lacks is said to be lacking.

    Parameters
    ----------
    image : GalaxyImage
        What was painted on.
    truth, prediction : Maps
        On the pixel grid of `image`.

    Returns
    -------
    Figure
        About 1800 pixels wide at its own resolution.

    Raises
    ------
    InputError
        If image and maps have different shapes.
    """
    _check_shapes(image, truth, prediction)
    side, gap, foot, head, words_left = 206, 14, 56, 84, 24
    high = _panel_height(image.shape, side)
    columns = 1 + len(PROPERTY_NAMES)
    width = columns * side + (columns + 1) * gap + words_left
    height = head + 3 * high + gap + 2 * foot
    figure = new_figure(width, height)
    mask = _mask_of(image, prediction)
    _title(figure, image, prediction, height)
    top = height - head - high
    bottoms = (top, top - high - gap, top - 2 * high - gap - foot)
    _draw_image(panel_axes(figure, gap, top, side, high), image, prediction.pixel_area**0.5, mask)
    figure.text(gap / width, (bottoms[2] + 4) / height, _LEGEND, fontsize=8, color="0.35")
    for column, name in enumerate(PROPERTY_NAMES):
        left = words_left + gap + (column + 1) * (side + gap)
        rows = [panel_axes(figure, left, bottom, side, high) for bottom in bottoms]
        rows[0].set_title(style_of(name).title, fontsize=10, pad=4)
        if column == 0:
            for panel, words in zip(rows, ("truth", "prediction", "residual"), strict=True):
                panel.set_ylabel(words, fontsize=11, labelpad=4)
        limits = shared_limits(name, (truth, prediction))
        compare_column(rows, name, truth, prediction, mask, limits=limits)
    return figure


_RESIDUAL_LABEL = r"$\log_{10}$ (true / predicted)  [dex]"

_LEGEND = (
    "Truth and prediction share one scale.\n"
    "Residual: log true − log predicted,\n"
    "grey where both lie below the floor.\n"
    "Totals: all unmasked pixels."
)


def residual_map(
    true: NDArray[np.floating], predicted: NDArray[np.floating], name: str
) -> NDArray[np.float32]:
    """``log10(true) - log10(predicted)`` [dex], both raised to the floor of an additive property.

    NaN where neither lies above the floor, and where either is unknown.
    """
    floor = PROPERTIES[name].floor
    residual = np.log10(np.maximum(true, floor) / np.maximum(predicted, floor))
    seen = (np.maximum(true, predicted) > floor) & np.isfinite(true) & np.isfinite(predicted)
    return np.where(seen, residual, np.nan).astype(np.float32)


def shared_limits(name: str, maps: Iterable[Maps]) -> tuple[float, float]:
    """One scale for a property in several sets of maps, as of `limits_of`."""
    return limits_of(name, *(v for m in maps if (v := _values(m, name)) is not None))


def compare_column(
    rows: list[Axes],
    name: str,
    truth: Maps,
    prediction: Maps,
    mask: NDArray[np.bool_] | None,
    *,
    limits: tuple[float, float],
    labelled: bool = True,
) -> None:
    """Fill three panels with truth, prediction and residual of one property.

    `limits` are those of both maps, as of `shared_limits`. Totals and units are written beside
    them where `labelled`.
    """
    true, predicted = _values(truth, name), _values(prediction, name)
    lacking = ("not in the\nsnapshot", "not painted")
    totals = []
    for axes, maps, values, words in zip(
        rows, (truth, prediction), (true, predicted), lacking, strict=False
    ):
        if values is None:
            draw_absent(axes, words)
            continue
        drawn = draw_map(axes, values, name, limits=limits, mask=mask)
        used = values if mask is None else values[~mask]
        totals.append(float(np.nansum(used, dtype=np.float64)) * maps.pixel_area)
        if labelled:
            add_note(axes, _log_total(totals[-1], name))
        if axes is rows[1] or predicted is None:
            add_colour_bar(rows[1], drawn, style_of(name).label if labelled else "")
    if true is None or predicted is None:
        draw_absent(rows[2], "")
        return
    drawn = _draw_residual(rows[2], residual_map(true, predicted, name), mask)
    add_colour_bar(rows[2], drawn, _RESIDUAL_LABEL if labelled else "")
    if labelled and min(totals) > 0:
        add_note(rows[2], f"of totals {np.log10(totals[0] / totals[1]):+.2f} dex".replace("-", "−"))


def _draw_residual(
    axes: Axes, residual: NDArray[np.float32], mask: NDArray[np.bool_] | None
) -> AxesImage:
    """Draw a residual map, white where it is zero and grey where there is nothing to compare."""
    import matplotlib

    drawn = axes.imshow(
        np.ma.masked_invalid(residual),
        origin="lower",
        interpolation=interpolation_for(axes, residual.shape),
        cmap=matplotlib.colormaps[RESIDUAL_COLOUR_MAP].with_extremes(bad=EMPTY_COLOUR),
        vmin=-RESIDUAL_LIMIT,
        vmax=RESIDUAL_LIMIT,
    )
    if mask is not None:
        draw_mask(axes, mask)
    return drawn


def _painted_panel(axes: Axes, maps: Maps, name: str, mask: NDArray[np.bool_] | None) -> None:
    """One map with its title, total and colour bar."""
    style = style_of(name)
    axes.set_title(style.title, fontsize=11, pad=4)
    values = _values(maps, name)
    if values is None:
        draw_absent(axes, "not painted")
        return
    drawn = draw_map(axes, values, name, limits=limits_of(name, values), mask=mask)
    add_colour_bar(axes, drawn, style.label)
    for total in maps.totals:
        if total.property == name and total.region == "frame":
            add_note(axes, _interval(total))
            break


def _interval(total: Total) -> str:
    """A total with its 68% interval; in dex for additive properties."""
    p16, p50, p84 = total.p16, total.p50, total.p84
    if total.property in DERIVED and not np.isfinite(p16):
        return f"{p50:.3g}"
    if total.property in DERIVED:
        return f"{p50:.3g} ({p16:.3g} to {p84:.3g})"
    if not min(p16, p50) > 0:
        return _log_total(p50, total.property)
    above, below = np.log10(p84 / p50), np.log10(p50 / p16)
    middle = f"{np.log10(p50):.2f}".replace("-", "−")
    return f"log total {middle} +{above:.2f} −{below:.2f}{_bracket(total.property)}"


def _log_total(total: float, name: str) -> str:
    """The log10 of a total with its unit."""
    if not total > 0:
        return "total 0"
    return f"log total {np.log10(total):.2f}{_bracket(name)}".replace(" -", " −")


def _bracket(name: str) -> str:
    """Unit of a total, without mathtext, which is slow."""
    unit = PROPERTIES[name].total_unit.replace("solMass", "M☉").replace(" yr-1", "/yr")
    return f" [{unit}]"


def _draw_image(
    axes: Axes, image: GalaxyImage, kpc_per_pixel: float, mask: NDArray[np.bool_] | None
) -> None:
    """RGB panel with its scale bar."""
    draw_rgb(axes, rgb_image(image.flux, image.bands), mask=mask)
    axes.set_title(f"{image.survey.upper()} {''.join(image.bands)}", fontsize=11, pad=4)
    add_scale_bar(
        axes,
        image.shape,
        kpc_per_pixel=kpc_per_pixel,
        pixel_scale=image.pixel_scale,
    )


def _title(figure: Figure, image: GalaxyImage, maps: Maps, height: float) -> None:
    """Name, redshift and pixel size above a sheet."""
    # A file's name is no formula, whatever dollar signs it holds.
    name = figure.text(0.013, 1 - 14 / height, image.galaxy_id, fontsize=15, va="top")
    name.set(fontweight="bold", parse_math=False)
    words = (
        f"z = {image.redshift:.4g}",
        f'{image.pixel_scale:.3g}" = {maps.pixel_area**0.5:.3g} kpc per pixel',
        f"{image.shape[1]} × {image.shape[0]} pixels",
    )
    figure.text(0.987, 1 - 18 / height, "    ".join(words), fontsize=10.5, va="top", ha="right")


def _values(maps: Maps, name: str) -> NDArray[np.float32] | None:
    """A map that can be drawn; None where it is absent or empty throughout."""
    if name not in maps.properties and name not in maps.derived_names:
        return None
    values = maps[name]
    return values if np.isfinite(values).any() else None


def _mask_of(image: GalaxyImage, maps: Maps) -> NDArray[np.bool_] | None:
    """Pixels that were not used; None where all were."""
    mask = image.mask if maps.mask is None else image.mask | maps.mask
    return mask if mask.any() else None


def _panel_height(shape: tuple[int, int], width: float) -> float:
    """Height of a panel that shows an image of `shape`, kept within half and twice its width."""
    return round(width * min(max(shape[0] / shape[1], 0.5), 2.0))


def _check_shapes(image: GalaxyImage, *maps: Maps) -> None:
    for m in maps:
        if m.shape != image.shape:
            raise InputError(
                f"image {image.galaxy_id!r} has {image.shape} pixels and its maps {m.shape}; "
                "a sheet needs both on one grid"
            )
