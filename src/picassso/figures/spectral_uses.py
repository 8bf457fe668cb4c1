"""What predicted spectra are used for: targets and outliers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import InputError
from picassso.figures.grids import (
    COLUMN_WIDTH,
    LABEL_SIZE,
    PAGE_WIDTH,
    PREDICTED_COLOUR,
    TICK_SIZE,
    TITLE_SIZE,
    TRUE_COLOUR,
    key_line,
    page_figure,
    put_key,
    say_empty,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["TargetCurves", "p_value_curves", "target_curves"]

_CURVE_COLOURS = (TRUE_COLOUR, PREDICTED_COLOUR, "#21918c", "#7a0177", "0.4", "#b8860b")
_CURVE_STYLES = ("-", "-", "--", "-.", ":", (0, (5, 1)))
_LETTER, _LINE = 1.5, 3.6  # mm, of titles


@dataclass(frozen=True, slots=True, eq=False)
class TargetCurves:
    """A ranked list of targets, what was expected of it and what came.

    Parameters
    ----------
    expected_purity, expected_completeness, purity, completeness : (N,) array
        Of the first k of the list.
    claimed, happened, error : (B,) array
        Probabilities in bins, how often they came true, and the deviation to expect.
    """

    expected_purity: NDArray[np.float64]
    expected_completeness: NDArray[np.float64]
    purity: NDArray[np.float64]
    completeness: NDArray[np.float64]
    claimed: NDArray[np.float64]
    happened: NDArray[np.float64]
    error: NDArray[np.float64]


def target_curves(curves: Mapping[str, TargetCurves]) -> Figure:
    """Purity against completeness of ranked targets, and how reliable probabilities are.

    Parameters
    ----------
    curves : mapping of str to TargetCurves
        By condition, three or fewer.

    Returns
    -------
    Figure
        As wide as a page, a column a condition: above purity and completeness as the list grows,
        expected and realised; below how often probabilities came true.
    """
    if not curves:
        raise InputError("there are no targets to draw")
    side, left, foot, gap = 46.0, 12.0, 8.5, 10.0
    step = (PAGE_WIDTH - left - 2.0) / len(curves)
    titles = [fill(condition, int((step - 8.0) / _LETTER)) for condition in curves]
    top = 9.5 + _LINE * max(title.count("\n") for title in titles)
    height = top + 2 * side + gap + foot
    figure = page_figure(PAGE_WIDTH, height)
    for k, (words, of) in enumerate(zip(titles, curves.values(), strict=True)):
        place = (left + k * step) / PAGE_WIDTH, (step - 11.0) / PAGE_WIDTH
        upper, lower = (
            figure.add_axes((place[0], bottom / height, place[1], side / height))
            for bottom in (foot + side + gap, foot)
        )
        title = upper.set_title(words, fontsize=TITLE_SIZE, pad=3)
        title.set_parse_math(False)
        _draw_purity(upper, of)
        _draw_reliability(lower, of)
        if k == 0:
            upper.set_ylabel("purity", fontsize=LABEL_SIZE, labelpad=2)
            lower.set_ylabel("came true", fontsize=LABEL_SIZE, labelpad=2)
    put_key(
        figure,
        [
            key_line("realised", PREDICTED_COLOUR),
            key_line("expected", TRUE_COLOUR, style="--"),
        ],
    )
    return figure


def _draw_purity(axes: Axes, of: TargetCurves) -> None:
    tidy(axes)
    axes.set_xlabel("completeness", fontsize=LABEL_SIZE, labelpad=2)
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, 1.04)
    if not np.isfinite(of.completeness).any():
        say_empty(axes, "no galaxy fulfils it")
        return
    axes.plot(of.expected_completeness, of.expected_purity, color=TRUE_COLOUR, linewidth=1.0,
              linestyle="--")  # fmt: skip
    axes.plot(of.completeness, of.purity, color=PREDICTED_COLOUR, linewidth=1.1)


def _draw_reliability(axes: Axes, of: TargetCurves) -> None:
    tidy(axes)
    axes.set_xlabel("probability", fontsize=LABEL_SIZE, labelpad=2)
    axes.plot([0, 1], [0, 1], color=TRUE_COLOUR, linewidth=0.8, linestyle="--")
    known = np.isfinite(of.claimed)
    axes.errorbar(
        of.claimed[known], of.happened[known], yerr=of.error[known], fmt="o",
        color=PREDICTED_COLOUR, markersize=3, elinewidth=0.8,
    )  # fmt: skip
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)


def p_value_curves(p_values: Mapping[str, ArrayLike]) -> Figure:
    """Cumulative distributions of p-values: on the diagonal if galaxies are like the reference.

    Parameters
    ----------
    p_values : mapping of str to (n,) array
        By kind of galaxies, six or fewer; NaN is left out.

    Returns
    -------
    Figure
        As wide as a column.
    """
    height = 66.0
    figure = page_figure(COLUMN_WIDTH, height)
    axes = figure.add_axes((11 / COLUMN_WIDTH, 9 / height, 75 / COLUMN_WIDTH, 55 / height))
    tidy(axes)
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=0.7)
    for (name, values), colour, style in zip(
        p_values.items(), _CURVE_COLOURS, _CURVE_STYLES, strict=False
    ):
        known = np.sort(np.asarray(values)[np.isfinite(np.asarray(values))])
        share = np.arange(1, known.size + 1) / max(known.size, 1)
        axes.step(
            [0, *known, 1], [0, *share, 1], where="post", color=colour, linestyle=style,
            linewidth=1.1, label=name,
        )  # fmt: skip
    if not any(np.isfinite(np.asarray(values)).any() for values in p_values.values()):
        say_empty(axes, "no p-value is known")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.01)
    axes.set_xlabel("p-value", fontsize=LABEL_SIZE, labelpad=2)
    axes.set_ylabel("share of galaxies at or below", fontsize=LABEL_SIZE, labelpad=2)
    axes.legend(loc="lower right", fontsize=TICK_SIZE, frameon=False, handlelength=2.2)
    return figure
