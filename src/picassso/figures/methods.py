"""A network beside classical methods: how right each is, and how long it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from picassso.core import PROPERTIES, InputError
from picassso.figures.grids import (
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

_ROW, _TITLE, _FOOT, _KEY, _LABELS = 4.6, 5.0, 4.0, 6.5, 4.0  # mm: around rows, above, below
_LETTER, _LONGEST_NAME = 1.2, 68.0  # mm: of a name of a method, at most
_BIAS = (128.0, 34.0)  # mm: left edge and width of the panel of biases
_SECONDS = 178.0  # mm: right edge of the run times
_SHADE = 0.15


@dataclass(frozen=True, slots=True)
class MethodScore:
    """How right a method is in one property, of log10(true / predicted) of totals [dex].

    Parameters
    ----------
    sigma, sigma_error : float
        Standard deviation and its error.
    robust_sigma : float
        The same from the median absolute deviation.
    median_bias, median_bias_error : float
        Median and its error.
    seconds : float
        Run time a view. Of all of these, NaN where unknown.
    """

    sigma: float
    sigma_error: float
    robust_sigma: float
    median_bias: float
    median_bias_error: float
    seconds: float


def method_scores(scores: Mapping[str, Mapping[str, MethodScore]]) -> Figure:
    """Scatter, bias and run time of a network and of classical methods: a row a method.

    Parameters
    ----------
    scores : mapping of str to mapping of str to MethodScore
        By name of the method, the network first, then by property; only those that a method
        makes.

    Returns
    -------
    Figure
        As wide as a page; one block for each property that at least one classical method makes,
        of the methods that make it. Left sigma (filled, with its error) and robust sigma (open),
        right the median bias with its error, and the time. The network is shaded.

    Raises
    ------
    InputError
        If no classical method makes a property.
    """
    network, *classical = scores or [""]
    names = [p for p in PROPERTIES if any(p in scores[method] for method in classical)]
    if not names:
        raise InputError(
            f"methods {list(scores)}: there is no classical method that makes a property, and "
            "nothing to compare with"
        )
    blocks = {p: {m: scores[m][p] for m in scores if p in scores[m]} for p in names}
    heights = [_TITLE + _ROW * len(block) + _FOOT for block in blocks.values()]
    height = _KEY + sum(heights) + _LABELS
    figure = page_figure(PAGE_WIDTH, height)
    longest = max(len(method) for block in blocks.values() for method in block)
    names_end = min(4.0 + _LETTER * longest, _LONGEST_NAME)
    top = height - _KEY
    for (name, block), high in zip(blocks.items(), heights, strict=True):
        tall = _ROW * len(block)
        bottom = top - _TITLE - tall
        sigma, bias = (
            figure.add_axes((left / PAGE_WIDTH, bottom / height, width / PAGE_WIDTH, tall / height))
            for left, width in ((names_end, _BIAS[0] - 4.0 - names_end), _BIAS)
        )
        sigma.set_title(style_of(name).title, fontsize=TITLE_SIZE, pad=3, loc="left")
        _draw(sigma, bias, block, network)
        top -= high
    sigma.set_xlabel("scatter of log (true / predicted) [dex]", fontsize=LABEL_SIZE, labelpad=2)
    bias.set_xlabel("median bias [dex]", fontsize=LABEL_SIZE, labelpad=2)
    put_key(
        figure,
        [
            _point("sigma", "0.15", filled=True),
            _point("robust sigma", "0.15", filled=False),
            key_band("the network", PREDICTED_COLOUR, alpha=_SHADE),
        ],
    )
    beside = 1 - (_KEY + _TITLE - 1.2) / height
    figure.text(_SECONDS / PAGE_WIDTH, beside, "time a view", fontsize=LABEL_SIZE, ha="right")
    return figure


def _draw(sigma: Axes, bias: Axes, block: Mapping[str, MethodScore], network: str) -> None:
    """The methods that make one property, the first on top."""
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
        _put(sigma, row, score.robust_sigma, 0.0, colour, filled=False)
        _put(sigma, row, score.sigma, score.sigma_error, colour, filled=True)
        _put(bias, row, score.median_bias, score.median_bias_error, colour, filled=True)
        weight = "bold" if ours else "normal"
        beside: dict[str, Any] = {
            "va": "center",
            "fontsize": TICK_SIZE,
            "weight": weight,
            "clip_on": False,
        }
        sigma.text(
            -0.015, row, method, transform=sigma.get_yaxis_transform(), ha="right", **beside
        ).set_parse_math(False)
        at = (_SECONDS - _BIAS[0]) / _BIAS[1]
        words = _duration(score.seconds)
        bias.text(at, row, words, transform=bias.get_yaxis_transform(), ha="right", **beside)
    _limit(sigma, bias, list(block.values()))


def _put(axes: Axes, row: int, value: float, error: float, colour: str, *, filled: bool) -> None:
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


def _limit(sigma: Axes, bias: Axes, block: Sequence[MethodScore]) -> None:
    """Scatter from zero on, bias alike to both sides of it; at least 0.1 dex of each."""
    highest = [
        np.nan_to_num([s.sigma + np.nan_to_num(s.sigma_error), s.robust_sigma]) for s in block
    ]
    sigma.set_xlim(0, 1.06 * max(float(np.max(highest)), 0.1))
    reach = [abs(s.median_bias) + np.nan_to_num(s.median_bias_error) for s in block]
    limit = 1.12 * max(float(np.max(np.nan_to_num(reach))), 0.1)
    bias.set_xlim(-limit, limit)
    sigma.locator_params(axis="x", nbins=7)
    bias.locator_params(axis="x", nbins=4, symmetric=True)


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
