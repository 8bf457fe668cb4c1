"""What to expect of a ranked list of targets, however many of them are observed."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from picassso.core import InputError
from picassso.figures.grids import (
    COLUMN_WIDTH,
    LABEL_SIZE,
    NOTE_SIZE,
    PREDICTED_COLOUR,
    TRUE_COLOUR,
    page_figure,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["purity_and_completeness"]

_HEIGHT = 62.0  # mm
_LOGARITHMIC_FROM = 200  # galaxies
_LONGEST_TITLE = 110  # characters: two lines


def purity_and_completeness(
    purity: ArrayLike, purity_error: ArrayLike, completeness: ArrayLike, *, condition: str
) -> Figure:
    """Draw expected purity and completeness of the first k of a ranked list, k = 1 ... n.

    Parameters
    ----------
    purity, purity_error, completeness : (n,) array
        Between 0 and 1; completeness may be NaN throughout.
    condition : str
        What was looked for.

    Returns
    -------
    Figure
        As wide as a column.

    Raises
    ------
    InputError
        If there is nothing, or the arrays are not equally long.
    """
    pure, error, complete = (np.asarray(a) for a in (purity, purity_error, completeness))
    if not pure.size or not pure.shape == error.shape == complete.shape:
        raise InputError(
            f"purity, its error and completeness have shapes {pure.shape}, {error.shape} and "
            f"{complete.shape}, expected one shape (n,) with n of 1 or more"
        )
    figure = page_figure(COLUMN_WIDTH, _HEIGHT)
    axes = figure.add_axes((0.115, 0.145, 0.86, 0.74))
    depth = np.arange(1, pure.size + 1)
    band = axes.fill_between(depth, np.clip(pure - error, 0, 1), np.clip(pure + error, 0, 1))
    band.set(color=PREDICTED_COLOUR, alpha=0.25, linewidth=0)
    axes.plot(depth, pure, color=PREDICTED_COLOUR, linewidth=1.1, label="purity, with 1 sigma")
    axes.plot(depth, complete, "--", color=TRUE_COLOUR, linewidth=1.1, label="completeness")
    if pure.size >= _LOGARITHMIC_FROM:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlim(1, max(pure.size, 2))
    axes.set_ylim(0, 1.02)
    tidy(axes)
    axes.set_xlabel("galaxies observed, the most probable first", fontsize=LABEL_SIZE, labelpad=2)
    axes.set_ylabel("expected", fontsize=LABEL_SIZE, labelpad=2)
    axes.legend(frameon=False, fontsize=NOTE_SIZE, loc="best")
    words = shorten(condition, _LONGEST_TITLE, placeholder=" …")
    title = axes.set_title(words, fontsize=LABEL_SIZE, pad=4)
    title.set(parse_math=False, wrap=True)
    return figure
