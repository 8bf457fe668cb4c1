"""Structure: how much of it predicted maps have, and whether it is in place, at every scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import PROPERTIES, InputError
from picassso.figures.grids import (
    COLUMN_WIDTH,
    LABEL_SIZE,
    PAGE_WIDTH,
    TITLE_SIZE,
    key_band,
    key_line,
    page_figure,
    property_colour,
    put_key,
    say_empty,
    tidy,
)
from picassso.figures.lines import Line, draw_line
from picassso.figures.style import style_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["structure_with_frequency"]

_ACROSS = 4  # properties
# mm: height of a panel, of what is written above a pair of them and below, of the key, of the
# labels of the frequencies; width of what is written at the left, and between panels.
_PANEL, _TITLE, _TICKS, _KEY, _FOOT, _LEFT, _GAP = 23.0, 5.0, 4.5, 5.0, 6.5, 17.0, 4.5
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
        Two panels a property, the power above the correlation, each on one scale for all:
        medians of the views with their errors, in bands from the 16th to the 84th percentile.

    Raises
    ------
    InputError
        If no property has both.
    """
    names = [name for name in PROPERTIES if name in ratio and name in correlation]
    if not names:
        raise InputError(
            f"structure with frequency: no property has both; ratio of powers: {sorted(ratio)}, "
            f"correlation: {sorted(correlation)}"
        )
    edges = np.asarray(edges, dtype=float)
    across = min(len(names), _ACROSS)
    rows = -(-len(names) // across)
    width = COLUMN_WIDTH if across <= 2 else PAGE_WIDTH
    pair = _TITLE + 2 * _PANEL + 1.5 + _TICKS
    height = _KEY + pair * rows + _FOOT
    figure = page_figure(width, height)
    wide = (width - _LEFT - 1.5 - (across - 1) * _GAP) / across
    powers = _reach([ratio[name] for name in names])
    lowest = min(0.0, *(_least(correlation[name]) for name in names)) - 0.05
    for k, name in enumerate(names):
        row, column = divmod(k, across)
        left, top = _LEFT + column * (wide + _GAP), height - _KEY - row * pair - _TITLE
        above, below = (
            figure.add_axes((left / width, bottom / height, wide / width, _PANEL / height))
            for bottom in (top - _PANEL, top - 2 * _PANEL - 1.5)
        )
        above.set_title(style_of(name).title, fontsize=TITLE_SIZE, pad=3)
        _draw(above, ratio[name], name, even=1.0)
        _draw(below, correlation[name], name, even=0.0)
        above.set_yscale("log")
        decades = 10.0 ** np.arange(np.ceil(np.log10(powers[0])), np.log10(powers[1]))
        above.set_yticks(decades)
        above.set_ylim(*powers)
        above.yaxis.set_major_formatter("{x:g}")
        below.set_yticks([0, 0.5, 1])
        below.set_ylim(lowest, 1.05)
        for axes in (above, below):
            _dress(axes, edges, first=column == 0)
        above.tick_params(labelbottom=False)
        if column == 0:
            above.set_ylabel("power,\npredicted / true", fontsize=LABEL_SIZE, labelpad=2)
            below.set_ylabel("correlation\nof phases", fontsize=LABEL_SIZE, labelpad=2)
        if k + across >= len(names):
            words = "frequency [cycles\nper half-mass radius]"
            below.set_xlabel(words, fontsize=LABEL_SIZE, labelpad=2)
    figure.align_ylabels()
    put_key(
        figure, [key_line("median, its error", "0.2"), key_band("16th to 84th percentile", "0.2")]
    )
    return figure


def _draw(axes: Axes, line: Line, name: str, *, even: float) -> None:
    """One statistic of a property, and a line at `even`."""
    if not line.known.any():
        say_empty(axes, "no values")
        return
    axes.axhline(even, color="0.35", linewidth=0.7)
    draw_line(axes, line, property_colour(name))


def _dress(axes: Axes, edges: NDArray[np.float64], *, first: bool) -> None:
    """Scale and ticks: powers of four along the frequencies, values beside the first column."""
    tidy(axes)
    axes.set_xscale("log")
    axes.set_xlim(edges[0], edges[-1])
    ticks = [t for t in edges[0] * 4.0 ** np.arange(9) if t <= edges[-1] * 1.001]
    axes.set_xticks(ticks, [f"{t:g}" for t in ticks])
    # Labels at the ends stay clear of the neighbouring panel's.
    for tick, words in zip(ticks, axes.get_xticklabels(), strict=True):
        if tick == edges[0]:
            words.set_horizontalalignment("left")
        elif tick > 0.99 * edges[-1]:
            words.set_horizontalalignment("right")
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
