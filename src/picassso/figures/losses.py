"""Validation losses of several networks side by side: have they flattened?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from picassso.core import InputError
from picassso.figures.panels import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["validation_losses"]

_PANEL = 1.77, 1.45  # inches: four of them fill the width of a journal's page
_DPI = 300
_ACROSS = 4
_LATE = 0.75
_LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9")  # Okabe & Ito (2008)


def validation_losses(arms: Mapping[str, Sequence[tuple[ArrayLike, ArrayLike]]]) -> Figure:
    """Validation loss against step, a panel an arm and a line a network.

    Parameters
    ----------
    arms : mapping of str to sequence of ((K,) array, (K,) array)
        Steps and losses of each network of an arm, by its label.

    Returns
    -------
    Figure
        At most as wide as a page. Grey is the last quarter, in which a flat loss neither falls nor
        rises; the first, steep tenth is cut off. Panels have scales of their own.

    Raises
    ------
    InputError
        If there is nothing to draw.
    """
    if not arms or not all(arms.values()):
        raise InputError("no losses of any network: there is nothing to draw")
    columns = min(_ACROSS, len(arms))
    rows = -(-len(arms) // columns)
    across = max(columns, _ACROSS // 2) * _PANEL[0]
    figure = new_figure(across * _DPI, (_PANEL[1] * rows + 0.15) * _DPI, dpi=_DPI)
    for k, (label, curves) in enumerate(arms.items()):
        axes = figure.add_subplot(rows, columns, k + 1)
        axes.set_title(label, fontsize=8, pad=3)
        _draw(axes, curves)
        if k % columns == 0:
            axes.set_ylabel("validation loss", fontsize=7)
        if k + columns >= len(arms):
            axes.set_xlabel("step", fontsize=7)
    figure.tight_layout(pad=0.4, w_pad=0.8, h_pad=0.8)
    return figure


def _draw(axes: Axes, curves: Sequence[tuple[ArrayLike, ArrayLike]]) -> None:
    last = 0.0
    late: list[float] = []
    for k, (steps, losses) in enumerate(curves):
        x, y = np.asarray(steps, dtype=float), np.asarray(losses, dtype=float)
        axes.plot(x, y, color=_LINES[k % len(_LINES)], linewidth=0.9)
        last = max(last, float(x[-1]))
        late += y[len(y) // 10 :].tolist()
    axes.axvspan(_LATE * last, last, color="0.93", linewidth=0, zorder=0)
    axes.set_xlim(0, last)
    shown = np.array(late)[np.isfinite(late)]
    if len(shown) > 1 and np.ptp(shown) > 0:
        margin = 0.08 * np.ptp(shown)
        axes.set_ylim(shown.min() - margin, shown.max() + margin)
    axes.tick_params(labelsize=6.5, length=2, pad=1.5)
    axes.locator_params(nbins=4)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
