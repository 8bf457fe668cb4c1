"""What changes with radius: surface densities, ratios, residuals.

The modern form of figure 6 of Buck & Wolf (2021).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import InputError
from picassso.figures.density import LEAST_IN_A_BIN
from picassso.figures.grids import (
    key_line,
    label_axes,
    panel_grid,
    property_colour,
    say_empty,
)
from picassso.figures.lines import (
    Line,
    draw_true_and_predicted,
    true_and_predicted_key,
)
from picassso.figures.style import style_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["radial_profiles", "residuals_with_radius"]

_RADIUS = "radius / half-mass radius"
_LEAST_VIEWS = 5  # have a median profile


def radial_profiles(
    edges: ArrayLike,
    true: Mapping[str, ArrayLike],
    predicted: Mapping[str, ArrayLike],
    *,
    names: Mapping[str, str],
) -> Figure:
    """Profiles of true and of predicted galaxies, one panel a property or ratio.

    Parameters
    ----------
    edges : (A,) array
        Outer edges of the annuli [projected half-mass radii], rising from the centre.
    true, predicted : mapping of str to (N, A) array
        Mean surface density, or ratio, of each view in each annulus, linear and in the unit of
        the property; NaN where absent.
    names : mapping of str to str
        Title of each panel.

    Returns
    -------
    Figure
        log10 of the median of the views, in a band from the 16th to the 84th percentile. An
        annulus has percentiles where `true` and `predicted` are both known in five views or more;
        both lines are of the same views. Panels span at most 6 dex.

    Raises
    ------
    InputError
        If there is no panel to draw, or arrays do not fit the annuli.
    """
    edges = np.asarray(edges, dtype=float)
    centres = 0.5 * (edges + np.append(0.0, edges[:-1]))
    if not names:
        raise InputError("radial profiles: no names, there is nothing to draw")

    def draw(axes: Axes, name: str) -> None:
        both = [_fitting(values[name], edges, name) for values in (true, predicted)]
        label_axes(axes, _RADIUS, _quantity(name))
        shared = np.isfinite(both[0]) & np.isfinite(both[1])
        lines = [_profile(centres, np.where(shared, values, np.nan)) for values in both]
        if not any(line.known.any() for line in lines):
            say_empty(axes, "too few views")
            return
        draw_true_and_predicted(axes, *lines)
        axes.set_xlim(0, edges[-1])
        axes.set_ylim(*_range(lines))

    return panel_grid(list(names), draw, titles=names, aspect=0.85, key=true_and_predicted_key())


def residuals_with_radius(
    radius: ArrayLike, residuals: Mapping[str, ArrayLike], *, names: Mapping[str, str]
) -> Figure:
    """Residuals in annuli against radius, one panel a property or ratio.

    Parameters
    ----------
    radius : (K,) array
        Outer edges of the annuli [projected half-mass radii], evenly spaced from the centre.
    residuals : mapping of str to (N, K) array
        log10(true / predicted) [dex]; NaN where an annulus has no value.
    names : mapping of str to str
        Title of each panel.

    Returns
    -------
    Figure
        Violins of the galaxies; the median and the 16th and 84th percentiles as lines.

    Raises
    ------
    InputError
        If there is no panel to draw, or arrays do not fit the annuli.
    """
    edges = np.asarray(radius, dtype=float)
    width = edges[0]
    centres = edges - 0.5 * width
    if not names:
        raise InputError("residuals with radius: no names, there is nothing to draw")

    def draw(axes: Axes, name: str) -> None:
        values = _fitting(residuals[name], edges, name)
        low, middle, high = _percentiles(values)
        label_axes(axes, _RADIUS, "log (true / predicted) [dex]")
        if not np.isfinite(middle).any():
            say_empty(axes, "too few views")
            return
        limit = _residual_limit(low, high)
        colour = property_colour(name)
        for centre, column in zip(centres, values.T, strict=True):
            _violin(axes, column[np.isfinite(column)], centre, width, limit, colour)
        axes.axhline(0, color="0.35", linewidth=0.7)
        axes.plot(centres, middle, color="0.1", linewidth=1.2)
        for line in (low, high):
            axes.plot(centres, line, color="0.1", linewidth=0.9, linestyle="--")
        axes.set_xlim(0, edges[-1])
        axes.set_ylim(-limit, limit)

    key = [key_line("median", "0.1"), key_line("16th, 84th percentile", "0.1", style="--")]
    return panel_grid(list(names), draw, titles=names, aspect=0.85, key=key)


def _residual_limit(low: NDArray[np.float64], high: NDArray[np.float64]) -> float:
    """Half the range of a panel of residuals [dex]: room for violins about their percentiles."""
    return float(max(0.4, 1.8 * np.nanmax(np.abs([low, high]))))


def _fitting(values: ArrayLike, edges: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=float)
    if array.ndim != 2 or array.shape[1] != len(edges):
        raise InputError(
            f"{name}: an array of shape {array.shape}, expected (views, {len(edges)} annuli)"
        )
    return array


def _profile(centres: NDArray[np.float64], values: NDArray[np.float64]) -> Line:
    """Percentiles of the views, then their log10: a median of zero is not drawn."""
    with np.errstate(divide="ignore"):
        low, middle, high = np.log10(np.maximum(_percentiles(values, least=_LEAST_VIEWS), 0.0))
    middle[np.isneginf(middle)] = np.nan
    low[np.isnan(middle)] = np.nan
    # A band that goes down to zero goes on below the panel.
    return Line(x=centres, p16=np.where(np.isneginf(low), -99.0, low), median=middle, p84=high)


def _range(lines: list[Line]) -> tuple[float, float]:
    """Of all bands, but at most 6 dex from the top, and no further below the medians than 2."""
    top = max(float(np.nanmax(line.p84)) for line in lines if line.known.any())
    floor = min(float(np.nanmin(line.median)) for line in lines if line.known.any()) - 2.0
    low = min(float(np.nanmin(line.p16)) for line in lines if line.known.any())
    low = max(low, floor, top - 6.0)
    edge = 0.06 * (top - low) + 0.02
    return low - edge, top + edge


def _quantity(name: str) -> str:
    """log10 of the property, with its unit."""
    style = style_of(name)
    unit = f" [{style.unit}]" if style.unit else ""
    return f"log {style.symbol}{unit}" + ", mass fraction" * name.endswith("_metallicity")


def _percentiles(
    values: NDArray[np.float64], *, least: int = LEAST_IN_A_BIN
) -> NDArray[np.float64]:
    """(3, K) 16th, 50th and 84th percentile of each column; NaN where a column is too short."""
    out = np.full((3, values.shape[1]), np.nan)
    for k, column in enumerate(values.T):
        known = column[np.isfinite(column)]
        if known.size >= least:
            out[:, k] = np.percentile(known, (16, 50, 84))
    return out


def _violin(
    axes: Axes,
    values: NDArray[np.float64],
    centre: float,
    width: float,
    limit: float,
    colour: tuple[float, float, float, float],
) -> None:
    """Mirrored histogram of the values, as wide as the annulus at its mode."""
    if values.size < LEAST_IN_A_BIN:
        return
    bins = int(np.clip(2 * np.sqrt(values.size), 9, 41))
    counts, edges = np.histogram(values, bins=bins, range=(-limit, limit))
    half = 0.46 * width * counts / max(counts.max(), 1)
    level = 0.5 * (edges[1:] + edges[:-1])
    axes.fill_betweenx(
        level, centre - half, centre + half, color=colour, alpha=0.45, linewidth=0, step="mid"
    )
