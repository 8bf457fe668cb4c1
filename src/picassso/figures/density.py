"""A panel of many predictions against what is true: how they crowd, run and scatter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from picassso.figures.grids import key_line, property_colour, say_empty

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

__all__ = ["LEAST_IN_A_BIN", "density_key", "draw_density"]

LEAST_IN_A_BIN = 12
"""Fewer values have no percentiles."""

_CELLS = 40  # across a panel
_FEW = 60  # views, drawn as points: cells would be a scatter of hexagons


def density_key(*, floors: bool) -> list[Artist]:
    """Explains the lines of `draw_density`."""
    key = [
        key_line("equality", "0.2", width=0.7),
        key_line("running median", "0.05"),
        key_line("16th, 84th percentile", "0.05", style="--", width=0.9),
    ]
    return key + ([key_line("floor", "0.5", style=":", width=0.9)] if floors else [])


def draw_density(
    axes: Axes,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    name: str,
    *,
    floor: float | None = None,
) -> None:
    """Predicted against true values, with running percentiles and an inset of differences.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    x, y : (N,) array
        True and predicted, as they are drawn; ``-inf`` is less than anything. NaN is left out.
    name : str
        Of the property that gives the colour.
    floor : float, optional
        Below which nothing is scored: percentiles and the inset are of what is true above it.
        The panel reaches at most 1 below it, and what lies lower is drawn at its edge.
    """
    known = ~np.isnan(x) & ~np.isnan(y)
    x, y = x[known], y[known]
    if not np.isfinite(x).any() or not np.isfinite(y).any():
        say_empty(axes, "no values" if floor is None else "none above zero")
        return
    low, high = _limits(x, y, floor)
    _crowd(axes, x, y, name, (low, high))
    axes.plot([low, high], [low, high], color="0.2", linewidth=0.7)
    if floor is not None:
        axes.axhline(floor, color="0.5", linewidth=0.7, linestyle=":")
        axes.axvline(floor, color="0.5", linewidth=0.7, linestyle=":")
    scored = np.isfinite(x) & (x >= (-np.inf if floor is None else floor))
    x, y = x[scored], np.maximum(y[scored], low)
    for line, dashes in zip(_running(x, y), ("--", "-", "--"), strict=True):
        axes.plot(*line, color="0.05", linewidth=1.2 if dashes == "-" else 0.9, linestyle=dashes)
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.set_aspect("equal")
    axes.locator_params(axis="y", nbins=5)
    axes.locator_params(axis="x", nbins=3)  # labels of two decimals stand side by side
    if x.size >= LEAST_IN_A_BIN:
        _inset(axes, x - y, name)


def _limits(
    x: NDArray[np.float64], y: NDArray[np.float64], floor: float | None
) -> tuple[float, float]:
    both = np.concatenate([x[np.isfinite(x)], y[np.isfinite(y)]])
    low, high = np.percentile(both, [0.2, 99.8])
    if floor is not None:
        low, high = max(low, floor - 1.0), max(high, floor + 1.0)
    edge = max(0.05 * (high - low), 0.02)
    return low - edge, high + edge


def _crowd(
    axes: Axes,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    name: str,
    limits: tuple[float, float],
) -> None:
    """Cells, darker where more views lie; points where there are few views."""
    low, high = limits
    half = 0.5 * (high - low) / _CELLS  # whole cells at the edges
    x, y = np.clip(x, low + half, high - half), np.clip(y, low + half, high - half)
    if x.size <= _FEW:
        axes.scatter(x, y, s=5, color=property_colour(name), alpha=0.8, linewidths=0)
        return
    axes.hexbin(
        x,
        y,
        gridsize=_CELLS,
        extent=(low, high, low, high),
        bins="log",
        mincnt=1,
        cmap=_faint_to_strong(name),
        linewidths=0.1,
    )


def _inset(axes: Axes, difference: NDArray[np.float64], name: str) -> None:
    """Distribution of true less predicted, in the empty lower right corner."""
    inset = axes.inset_axes((0.58, 0.12, 0.36, 0.25))
    spread = float(np.median(np.abs(difference - np.median(difference))))
    reach = max(4 * spread, abs(float(np.median(difference))) + 2 * spread)
    reach = _rounded_up(reach) if reach > 0 else 0.1
    inset.hist(difference, bins=31, range=(-reach, reach), color=property_colour(name))
    inset.axvline(0, color="0.2", linewidth=0.6)
    inset.set_yticks([])
    inset.set_xticks([-reach, 0, reach], [f"−{reach:g}", "0", f"{reach:g}"])
    inset.tick_params(labelsize=5.5, length=1.5, pad=1, width=0.5)
    inset.patch.set_alpha(0.85)
    for spine in inset.spines.values():
        spine.set_linewidth(0.5)


def _rounded_up(value: float) -> float:
    """To one digit, or to 1, 1.2, 1.5 of the next decade."""
    decade = 10.0 ** np.floor(np.log10(value))
    steps = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
    return float(f"{decade * next(s for s in steps if value <= s * decade * 1.0001):.3g}")


def _running(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """(x, y) of the running 16th, 50th and 84th percentile of y, in equally full bins of x."""
    # One bin alone would be no line.
    number = int(np.clip(len(x) // (3 * LEAST_IN_A_BIN), 2, 14))
    groups = np.array_split(np.argsort(x), number)
    groups = [g for g in groups if len(g) >= LEAST_IN_A_BIN]
    centre = np.array([np.median(x[g]) for g in groups])
    lines = [np.percentile(y[g], (16, 50, 84)) for g in groups]
    return [(centre, np.array([line[k] for line in lines])) for k in range(3)]


def _faint_to_strong(name: str) -> Colormap:
    """Ramp from white to the colour of a property, so that a single galaxy is a faint dot."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    strong = to_rgb(property_colour(name))
    faint = tuple(0.75 + 0.25 * c for c in strong)
    return LinearSegmentedColormap.from_list(f"{name}_density", [faint, strong])
