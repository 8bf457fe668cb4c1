"""A network beside classical methods: how right each is, and how long it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from picassso.core import PROPERTIES, InputError
from picassso.figures.grids import (
    COLUMN_WIDTH,
    LABEL_SIZE,
    PAGE_WIDTH,
    PREDICTED_COLOUR,
    TICK_SIZE,
    TITLE_SIZE,
    TRUE_COLOUR,
    key_band,
    page_figure,
    put_key,
    tidy,
)
from picassso.figures.style import style_of

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["MethodScore", "method_scores"]

_TITLE, _FOOT = 5.0, 4.0  # mm: above and below the rows of a block
_ROW, _LINE = 0.8, 2.7  # mm: a row is so much higher than the lines of its name, and a line
_LETTER = 1.2  # mm: of a name of a method
_SHADE = 0.15
_APART = 0.16  # of a row: sigma above its middle, robust sigma below


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things are in a figure of one width [mm].

    From the left, names end at `names` at most and times at `seconds`; between them the panel of
    scatter ends at `sigma`, that of biases has a left edge and a width. `key` is above all blocks,
    `labels` below them. A line of a name has `letters` at most, the axis of scatter `steps`.
    """

    width: float
    names: float
    sigma: float
    bias: tuple[float, float]
    seconds: float
    key: float
    labels: float
    letters: int
    steps: int


_PAGE = _Layout(PAGE_WIDTH, 68.0, 124.0, (128.0, 34.0), 178.0, 6.5, 4.0, 60, 7)
_COLUMN = _Layout(COLUMN_WIDTH, 36.5, 60.5, (62.5, 14.5), 87.3, 9.5, 7.0, 27, 4)


@dataclass(frozen=True, slots=True)
class MethodScore:
    """How right a method is in one property, of log10(true / predicted) of totals [dex].

    Parameters
    ----------
    sigma, sigma_error : float
        Standard deviation and its error.
    robust_sigma, robust_sigma_error : float
        The same from the median absolute deviation.
    median_bias, median_bias_error : float
        Median and its error.
    seconds : float
        Run time a view. Of all of these, NaN where unknown.
    """

    sigma: float
    sigma_error: float
    robust_sigma: float
    robust_sigma_error: float
    median_bias: float
    median_bias_error: float
    seconds: float


def method_scores(
    scores: Mapping[str, Mapping[str, MethodScore]], *, column: bool = False
) -> Figure:
    """Scatter, bias and run time of a network and of classical methods: a row a method.

    Parameters
    ----------
    scores : mapping of str to mapping of str to MethodScore
        By name of the method, the network first, then by property; only those that a method
        makes.
    column : bool
        As wide as a column of a journal; names of methods then have several lines.

    Returns
    -------
    Figure
        As wide as a page, or as a column; one block for each property that at least one
        classical method makes, of the methods that make it. Left sigma (filled) and robust sigma
        (open), right the median bias, each with its error, and the time. The network is shaded.

    Raises
    ------
    InputError
        If no classical method makes a property.
    """
    _, *classical = scores or [""]
    names = [p for p in PROPERTIES if any(p in scores[method] for method in classical)]
    if not names:
        raise InputError(
            f"methods {list(scores)}: there is no classical method that makes a property, and "
            "nothing to compare with"
        )
    blocks = {p: {m: scores[m][p] for m in scores if p in scores[m]} for p in names}
    place = _COLUMN if column else _PAGE
    written = {m: _in_lines(m, place.letters) for m in scores}
    lines = [line for m in {m for of in blocks.values() for m in of} for line in written[m]]
    names_end = min(4.0 + _LETTER * max(map(len, lines)), place.names)
    talls = [
        (_ROW + 1.1 + _LINE * max(len(written[m]) for m in of)) * len(of) for of in blocks.values()
    ]
    height = place.key + sum(talls) + (_TITLE + _FOOT) * len(blocks) + place.labels
    figure = page_figure(place.width, height)
    top = height - place.key
    for (name, block), tall in zip(blocks.items(), talls, strict=True):
        bottom = top - _TITLE - tall
        sigma, bias = (
            figure.add_axes((left / place.width, bottom / height, w / place.width, tall / height))
            for left, w in ((names_end, place.sigma - names_end), place.bias)
        )
        sigma.set_title(style_of(name).title, fontsize=TITLE_SIZE, pad=3, loc="left")
        _draw(sigma, bias, block, written, place)
        top = bottom - _FOOT
    gap = "\n" if column else " "
    words = f"scatter [dex] of log{gap}(true / predicted)"
    sigma.set_xlabel(words, fontsize=LABEL_SIZE, labelpad=2)
    bias.set_xlabel(f"median{gap}bias [dex]", fontsize=LABEL_SIZE, labelpad=2)
    put_key(
        figure,
        [
            _point("sigma", "0.15", filled=True),
            _point("robust sigma", "0.15", filled=False),
            key_band("the network", PREDICTED_COLOUR, alpha=_SHADE),
        ],
    )
    beside = 1 - (place.key + _TITLE - 1.2) / height
    words = "time" if column else "time a view"
    figure.text(place.seconds / place.width, beside, words, fontsize=LABEL_SIZE, ha="right")
    return figure


def _in_lines(name: str, letters: int) -> list[str]:
    """A name in lines, a long one broken behind the comma that leaves the shortest lines."""
    if len(name) <= letters:
        return [name]
    pieces = name.split(", ")
    halves = [[", ".join(pieces[:k]) + ",", ", ".join(pieces[k:])] for k in range(1, len(pieces))]
    return min(halves, key=lambda h: max(map(len, h)), default=wrap(name, letters))


def _draw(
    sigma: Axes,
    bias: Axes,
    block: Mapping[str, MethodScore],
    written: Mapping[str, Sequence[str]],
    place: _Layout,
) -> None:
    """The methods that make one property, the first on top; the first of all is the network."""
    network = next(iter(written))
    for axes in (sigma, bias):
        tidy(axes)
        axes.set_ylim(len(block) - 0.5, -0.5)
        axes.set_yticks([])
        axes.grid(axis="x", color="0.9", linewidth=0.5)
        axes.set_axisbelow(True)
    bias.axvline(0, color="0.35", linewidth=0.7)
    for row, (method, score) in enumerate(block.items()):
        ours = method == network
        colour = PREDICTED_COLOUR if ours else TRUE_COLOUR
        if ours:
            for axes in (sigma, bias):
                axes.axhspan(row - 0.5, row + 0.5, fc=PREDICTED_COLOUR, alpha=_SHADE, lw=0)
        below, above = row + _APART, row - _APART
        robust = score.robust_sigma, score.robust_sigma_error
        _put(sigma, below, *robust, colour, filled=False)
        _put(sigma, above, score.sigma, score.sigma_error, colour, filled=True)
        _put(bias, row, score.median_bias, score.median_bias_error, colour, filled=True)
        weight = "bold" if ours else "normal"
        beside: dict[str, Any] = {
            "va": "center",
            "fontsize": TICK_SIZE,
            "weight": weight,
            "clip_on": False,
            "linespacing": 1.05,
        }
        name = "\n".join(written[method])
        sigma.text(
            -0.015, row, name, transform=sigma.get_yaxis_transform(), ha="right", **beside
        ).set_parse_math(False)
        at = (place.seconds - place.bias[0]) / place.bias[1]
        words = _duration(score.seconds)
        bias.text(at, row, words, transform=bias.get_yaxis_transform(), ha="right", **beside)
    _limit(sigma, bias, list(block.values()), place.steps)


def _put(axes: Axes, row: float, value: float, error: float, colour: str, *, filled: bool) -> None:
    """A point with its error; nothing where the value is not known."""
    if np.isfinite(value):
        axes.errorbar(
            value,
            row,
            xerr=np.nan_to_num(error),
            fmt="o",
            color=colour,
            markersize=4,
            markerfacecolor=colour if filled else "white",
            markeredgewidth=0.9,
            elinewidth=1.0,
        )


def _limit(sigma: Axes, bias: Axes, block: Sequence[MethodScore], steps: int) -> None:
    """Scatter from zero on, bias alike to both sides of it; at least 0.1 dex of each."""
    from matplotlib.ticker import MaxNLocator

    scatter = [[(s.sigma, s.sigma_error), (s.robust_sigma, s.robust_sigma_error)] for s in block]
    highest = float(np.nan_to_num(scatter).sum(axis=-1).max())
    most = 1.06 * max(highest, 0.1)
    # A number at the very end would run into the first one of the biases.
    sigma.set_xticks([t for t in MaxNLocator(steps).tick_values(0, most) if 0 <= t < 0.92 * most])
    sigma.set_xlim(0, most)
    reach = [abs(s.median_bias) + np.nan_to_num(s.median_bias_error) for s in block]
    limit = 1.12 * max(float(np.max(np.nan_to_num(reach))), 0.1)
    bias.set_xlim(-limit, limit)
    tick = _rounded_down(0.9 * limit)
    bias.set_xticks([-tick, 0, tick], [f"−{tick:g}", "0", f"{tick:g}"])


def _rounded_down(value: float) -> float:
    """To one digit."""
    decade = 10.0 ** np.floor(np.log10(value))
    return float(np.floor(value / decade) * decade)


def _point(words: str, colour: str, *, filled: bool) -> Artist:
    from matplotlib.lines import Line2D

    face = colour if filled else "white"
    return Line2D([], [], color=colour, marker="o", linestyle="", mfc=face, ms=4, label=words)


def _duration(seconds: float) -> str:
    """Two digits, in ms below a second: ``36 ms``, ``1.7 s``, ``63 s``."""
    if not np.isfinite(seconds):
        return "–"
    value, unit = (1000 * seconds, "ms") if seconds < 1 else (seconds, "s")
    return f"{value:.2g} {unit}" if value < 100 else f"{value:.0f} {unit}"
