"""Studies: how right networks are against the one thing in which they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from picassso.core import PROPERTIES, InputError
from picassso.figures.grids import (
    COLUMN_WIDTH,
    LABEL_SIZE,
    NOTE_SIZE,
    TITLE_SIZE,
    page_figure,
    tidy,
)
from picassso.figures.style import style_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["ArmScores", "study_figure"]

# Blue and vermilion of Okabe & Ito (2008), which the colour-blind tell apart.
_SIGMA, _BIAS = "#0072B2", "#D55E00"


@dataclass(frozen=True, slots=True)
class ArmScores:
    """One statistic of one property in the K arms of a study, to be drawn.

    Parameters
    ----------
    value : (K,) array
        Mean over networks; NaN where there is none.
    scatter, error : (K,) array
        Standard deviation over networks, and bootstrap error over galaxies; NaN where unknown.
    """

    value: NDArray[np.float64]
    scatter: NDArray[np.float64]
    error: NDArray[np.float64]

    def __post_init__(self) -> None:
        shapes = {f.name: np.shape(getattr(self, f.name)) for f in fields(self)}
        if len(set(shapes.values())) > 1:
            raise InputError(f"scores of arms: arrays of different shapes, {shapes}")


def study_figure(
    arms: Sequence[str],
    *,
    sigma: Mapping[str, ArmScores],
    bias: Mapping[str, ArmScores],
    title: str,
    provisional: Sequence[bool],
) -> Figure:
    """Scatter and median bias of totals in every arm of a study, a panel a property.

    Parameters
    ----------
    arms : sequence of str
        Labels along the x axis, evenly spaced.
    sigma, bias : mapping of str to ArmScores
        Standard deviation and median of log10(true / predicted), by property.
    title : str
        Of the x axis.
    provisional : sequence of bool
        Arms that claim nothing; they are marked by a star.

    Returns
    -------
    Figure
        As wide as one column of a page. Bars with caps are the scatter over networks; the pale
        ones behind them are bootstrap errors over galaxies, which the arms of a study share.

    Raises
    ------
    InputError
        If there is nothing to draw, or a property has another number of arms.
    """
    names = [p for p in PROPERTIES if p in sigma and p in bias]
    if not names or not arms:
        raise InputError("no scores of any property: there is no study to draw")
    wrong = [p for p in names if {len(sigma[p].value), len(bias[p].value)} != {len(arms)}]
    if wrong or len(provisional) != len(arms):
        raise InputError(f"study of {len(arms)} arms: another number of scores for {wrong}")
    labels = [arm + "*" * bool(star) for arm, star in zip(arms, provisional, strict=True)]
    rows = -(-(len(names) + 1) // 2)
    figure = page_figure(COLUMN_WIDTH, 29.0 * rows + 10.0)
    _explain(figure.add_subplot(rows, 2, 1), title, starred=any(provisional))
    for k, name in enumerate(names):
        axes = figure.add_subplot(rows, 2, k + 2)
        for scores, colour, marker, shift in (
            (sigma[name], _SIGMA, "o", -0.1),
            (bias[name], _BIAS, "s", 0.1),
        ):
            _draw(axes, scores, colour, marker, shift)
        _dress(axes, name, labels, lowest=k + 2 >= len(names))
    figure.tight_layout(pad=0.4, h_pad=0.5, w_pad=0.6)
    return figure


def _draw(axes: Axes, scores: ArmScores, colour: str, marker: str, shift: float) -> None:
    """One statistic of all arms."""
    x = np.arange(len(scores.value)) + shift
    errors = np.nan_to_num(scores.error), np.nan_to_num(scores.scatter)
    axes.errorbar(x, scores.value, errors[0], fmt="none", ecolor=colour, alpha=0.3, linewidth=2.6)
    axes.errorbar(
        x,
        scores.value,
        errors[1],
        fmt=marker,
        color=colour,
        markerfacecolor=colour if marker == "o" else "white",
        markersize=3.4,
        markeredgewidth=0.9,
        linewidth=0.9,
        capsize=1.8,
    )


def _dress(axes: Axes, name: str, labels: Sequence[str], *, lowest: bool) -> None:
    """Title, zero line and ticks of a panel; arms are named under the lowest ones alone."""
    axes.set_title(style_of(name).title, fontsize=TITLE_SIZE, pad=2.5)
    axes.axhline(0, color="0.35", linewidth=0.6, zorder=0)
    axes.grid(axis="y", color="0.92", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.set_xlim(-0.5, len(labels) - 0.5)
    tidy(axes)
    axes.locator_params(axis="y", nbins=5)
    axes.set_xticks(range(len(labels)), labels if lowest else [""] * len(labels))
    if lowest:
        for text in axes.get_xticklabels():
            text.set(rotation=35, ha="right", rotation_mode="anchor")


def _explain(axes: Axes, title: str, *, starred: bool) -> None:
    """The key, in the place of a panel."""
    axes.set_axis_off()
    axes.plot([], [], "o", color=_SIGMA, markersize=3.4, label="scatter (sigma)")
    axes.plot(
        [], [], "s", color=_BIAS, markerfacecolor="white", markersize=3.4, label="median bias"
    )
    axes.legend(
        loc="upper left", fontsize=LABEL_SIZE, frameon=False, borderpad=0, handletextpad=0.2
    )
    lines = [
        "log (true / predicted) [dex]",
        f"against: {title}",
        "bars: scatter over networks",
        "pale bars: error over galaxies",
    ]
    lines += ["* provisional: claims nothing"] if starred else []
    axes.text(0.0, 0.62, "\n".join(lines), fontsize=NOTE_SIZE, va="top", transform=axes.transAxes)
