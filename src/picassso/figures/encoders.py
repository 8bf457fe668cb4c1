"""Encoders side by side: how much each network errs, and how it came there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import InputError
from picassso.figures.grids import LABEL_SIZE, NOTE_SIZE, PAGE_WIDTH, page_figure, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["EncoderErrors", "encoder_figure"]

# Okabe & Ito (2008), which the colour-blind tell apart.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#000000")
_SHOWN = 0.15
"""Part of a training that is too steep to be shown."""


@dataclass(frozen=True, slots=True)
class EncoderErrors:
    """Mean squared errors of the S networks of an arm.

    Parameters
    ----------
    by_seed : (S,) array
        On the test split.
    error : float
        Standard error of their mean over test galaxies; NaN where unknown.
    published : float
        Of the same network elsewhere; NaN where there is none.
    curves : sequence of ((K,) array, (K,) array)
        Step and error on the validation split, network by network.
    """

    by_seed: NDArray[np.float64]
    error: float
    published: float
    curves: Sequence[tuple[ArrayLike, ArrayLike]]


def encoder_figure(arms: Mapping[str, EncoderErrors], *, spread: float) -> Figure:
    """Test error of every network, and validation error in the course of training.

    Parameters
    ----------
    arms : mapping of str to EncoderErrors
        By label, from the top down; a star at its end marks a provisional arm.
    spread : float
        Error of saying the mean.

    Returns
    -------
    Figure
        As wide as a page. Bars with caps are standard errors over the test galaxies, which the
        arms share. Grey is the last quarter of training.

    Raises
    ------
    InputError
        If there is nothing to draw.
    """
    if not arms:
        raise InputError("no errors of any network: there is nothing to draw")
    figure = page_figure(PAGE_WIDTH, 12.0 + 9.0 * max(5, len(arms)))
    left, right = figure.subplots(1, 2)
    colours = {label: _COLOURS[k % len(_COLOURS)] for k, label in enumerate(arms)}
    _draw_errors(left, arms, colours, spread)
    _draw_curves(right, arms, colours)
    figure.tight_layout(pad=0.5, w_pad=1.2)
    return figure


def _draw_errors(
    axes: Axes, arms: Mapping[str, EncoderErrors], colours: Mapping[str, str], spread: float
) -> None:
    """Networks as points around their mean, arm by arm."""
    for place, (label, arm) in enumerate(arms.items()):
        colour, mean = colours[label], float(np.mean(arm.by_seed))
        shifts = 0.13 * (np.arange(len(arm.by_seed)) - (len(arm.by_seed) - 1) / 2)
        axes.errorbar(
            mean, place, xerr=np.nan_to_num(arm.error), fmt="|", color=colour, capsize=2.2,
            markersize=11, markeredgewidth=1.3, linewidth=0.9,
        )  # fmt: skip
        axes.plot(arm.by_seed, place + shifts, "o", color=colour, markersize=3.2, alpha=0.75)
        axes.plot(arm.published, place + 0.32, "D", color="0.45", markersize=3.4, fillstyle="none")
    key = [
        ("o", "0.2", "full", "a network, mean with its error over galaxies"),
        ("D", "0.45", "none", "Wu & Peek (2020), other galaxies and latents"),
    ]
    published = any(np.isfinite(arm.published) for arm in arms.values())
    for marker, colour, fill, words in key[: 1 + published]:
        axes.plot([], [], marker, color=colour, fillstyle=fill, markersize=3.2, label=words)
    axes.axvline(spread, color="0.35", linestyle=":", linewidth=0.9, label="always the mean")
    if any(label.endswith("*") for label in arms):
        axes.plot([], [], " ", label="* provisional: claims nothing")
    axes.set_yticks(range(len(arms)), list(arms))
    axes.set_ylim(len(arms) - 0.4, -0.6)
    axes.grid(axis="x", color="0.92", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.set_xlabel("mean squared error of the latents, test split", fontsize=LABEL_SIZE)
    tidy(axes)
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.02, 1.0), fontsize=NOTE_SIZE, frameon=False, ncols=1,
        borderpad=0, handletextpad=0.3, labelspacing=0.25,
    )  # fmt: skip


def _draw_curves(axes: Axes, arms: Mapping[str, EncoderErrors], colours: Mapping[str, str]) -> None:
    late: list[float] = []
    for label, arm in arms.items():
        for k, (steps, errors) in enumerate(arm.curves):
            x, y = np.asarray(steps, dtype=float), np.asarray(errors, dtype=float)
            x = x / x[-1]
            axes.plot(x, y, color=colours[label], linewidth=0.9, label=label if not k else None)
            late += y[x >= _SHOWN].tolist()
    axes.axvspan(0.75, 1.0, color="0.93", linewidth=0, zorder=0)
    shown = np.array(late)[np.isfinite(late)]
    if len(shown) > 1 and np.ptp(shown) > 0:
        low, high = shown.min(), np.quantile(shown, 0.97)
        axes.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
    axes.set_xlim(0, 1)
    axes.set_xlabel("part of the training", fontsize=LABEL_SIZE)
    axes.set_ylabel("the same, validation split", fontsize=LABEL_SIZE)
    tidy(axes)
    axes.legend(
        loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=NOTE_SIZE, frameon=False, ncols=3,
        borderpad=0, handlelength=1.2, handletextpad=0.4, columnspacing=1.0, labelspacing=0.25,
    )  # fmt: skip
