"""Structure: how much of it predicted maps have, and whether it is in place, at every scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import InputError
from picassso.figures.grids import (
    COLUMN_WIDTH,
    LABEL_SIZE,
    PAGE_WIDTH,
    TITLE_SIZE,
    key_line,
    page_figure,
    property_colour,
    tidy,
)
from picassso.figures.lines import Line, draw_line
from picassso.figures.style import style_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.typing import LineStyleType

__all__ = ["structure_with_frequency"]

# Those whose colours are alike stand in different columns.
_COLUMNS = {
    "stars": ("stellar_mass", "stellar_metal_mass", "stellar_age_mass"),
    "gas and star formation": ("gas_mass", "gas_metal_mass", "hi_mass", "star_formation_rate"),
}
_DASHES: dict[str, LineStyleType] = {
    "stellar_mass": "-",
    "stellar_metal_mass": (0, (5, 1.5)),
    "stellar_age_mass": (0, (1.2, 1.2)),
    "gas_mass": (0, (9, 1.5)),
    "gas_metal_mass": (0, (3, 2.5)),
    "hi_mass": (0, (4, 1.5, 1, 1.5)),
    "star_formation_rate": (0, (4, 1.2, 1, 1.2, 1, 1.2)),
}
_HEIGHT = 100.0  # mm
_FURTHEST = 1e3  # ratio of powers that is drawn


def structure_with_frequency(
    edges: ArrayLike, ratio: Mapping[str, Line], correlation: Mapping[str, Line]
) -> Figure:
    """Power of predicted over true maps, and correlation of the two, against frequency.

    Parameters
    ----------
    edges : (F + 1,) array
        Of the bins of spatial frequency [cycles per half-mass radius], rising, above zero.
    ratio : mapping of str to Line
        Predicted over true power of the log maps of each additive property, linear.
    correlation : mapping of str to Line
        Of the phases: 1 where structure is in place, 0 where it is anywhere.

    Returns
    -------
    Figure
        Above the power, below the correlation: medians of the views with their errors, in bands
        from the 16th to the 84th percentile; stars left, gas and star formation right.

    Raises
    ------
    InputError
        If no property has both.
    """
    both = {name for name in ratio if name in correlation}
    groups = {
        title: names
        for title, group in _COLUMNS.items()
        if (names := [name for name in group if name in both])
    }
    if not groups:
        raise InputError(
            f"structure with frequency: no property has both; ratio of powers: {sorted(ratio)}, "
            f"correlation: {sorted(correlation)}"
        )
    edges = np.asarray(edges, dtype=float)
    figure = page_figure(PAGE_WIDTH if len(groups) > 1 else COLUMN_WIDTH, _HEIGHT)
    panels = figure.subplots(2, len(groups), squeeze=False)
    powers = _reach([ratio[name] for name in both])
    lowest = min(0.0, *(_least(correlation[name]) for name in both)) - 0.05
    for k, (title, names) in enumerate(groups.items()):
        above, below = panels[:, k]
        _draw(above, {name: ratio[name] for name in names}, even=1.0)
        _draw(below, {name: correlation[name] for name in names}, even=0.0)
        above.set_yscale("log")
        above.set_ylim(*powers)
        above.yaxis.set_major_formatter("{x:g}")
        below.set_ylim(lowest, 1.05)
        for axes in (above, below):
            _dress(axes, edges, first=k == 0)
        above.tick_params(labelbottom=False)
        below.set_xlabel("frequency [cycles per half-mass radius]", fontsize=LABEL_SIZE)
        _explain(above, title, names)
    panels[0, 0].set_ylabel("power, predicted / true", fontsize=LABEL_SIZE)
    panels[1, 0].set_ylabel("correlation of phases", fontsize=LABEL_SIZE)
    figure.align_ylabels()
    figure.tight_layout(pad=0.3, w_pad=0.8, h_pad=0.8)
    return figure


def _draw(axes: Axes, lines: Mapping[str, Line], *, even: float) -> None:
    """One statistic of several properties, and a line at `even`."""
    axes.axhline(even, color="0.35", linewidth=0.7)
    if not any(line.known.any() for line in lines.values()):
        axes.text(0.5, 0.6, "no values", transform=axes.transAxes, ha="center", color="0.4")
    for name, line in lines.items():
        draw_line(axes, line, property_colour(name), style=_DASHES[name], alpha=0.11)


def _dress(axes: Axes, edges: NDArray[np.float64], *, first: bool) -> None:
    """Scale and ticks: powers of two along the frequencies, values beside the first column."""
    tidy(axes)
    axes.set_xscale("log")
    axes.set_xlim(edges[0], edges[-1])
    ticks = [t for t in 2.0 ** np.arange(-8, 9) if edges[0] <= t <= edges[-1] * 1.001]
    axes.set_xticks(ticks, [f"{t:g}" for t in ticks])
    axes.minorticks_off()
    axes.tick_params(labelleft=first)
    axes.grid(color="0.93", linewidth=0.5)
    axes.set_axisbelow(True)


def _least(line: Line) -> float:
    return float(np.nanmin(line.p16, initial=0.0))


def _reach(lines: list[Line]) -> tuple[float, float]:
    """Limits of the ratios of powers: what the bands span, at least a factor of 3."""
    bands = np.concatenate([np.concatenate([line.p16, line.p84]) for line in lines])
    bands = bands[np.isfinite(bands) & (bands > 0)]
    low, high = (bands.min(), bands.max()) if bands.size else (1.0, 1.0)
    low, high = min(low / 1.2, 1 / 3), max(high * 1.2, 3.0)
    return max(low, 1 / _FURTHEST), min(high, _FURTHEST)


def _explain(axes: Axes, title: str, names: list[str]) -> None:
    """Name the properties above their column."""
    axes.legend(
        handles=[
            key_line(style_of(name).title, property_colour(name), style=_DASHES[name])
            for name in names
        ],
        title=title,
        title_fontsize=TITLE_SIZE,
        fontsize=LABEL_SIZE,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=2,
        frameon=False,
        handlelength=3.2,
        borderpad=0.2,
    )
