"""Totals and sizes of many galaxies: predicted against true, and how they are distributed.

The modern form of figures 4 and 5 of Buck & Wolf (2021).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import PROPERTIES, InputError
from picassso.figures.density import density_key, draw_density
from picassso.figures.grids import (
    NOTE_SIZE,
    PREDICTED_COLOUR,
    TRUE_COLOUR,
    key_band,
    key_line,
    label_axes,
    panel_grid,
    say_empty,
)
from picassso.figures.style import style_of, unit_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["distributions", "measured_against_true", "predicted_against_true"]


def predicted_against_true(
    true: Mapping[str, ArrayLike],
    predicted: Mapping[str, ArrayLike],
    *,
    scores: Mapping[str, Mapping[str, float]] | None = None,
    column: bool = False,
) -> Figure:
    """Predicted totals against true ones, one panel a property.

    Parameters
    ----------
    true, predicted : mapping of str to (N,) array
        Totals of additive properties, in the unit of `picassso.core.PROPERTIES`; NaN where absent.
    scores : mapping of str to mapping of str to float, optional
        Numbers to be written into a panel, such as ``{"stellar_mass": {"sigma": 0.09}}``.
    column : bool
        As wide as a column of a journal, two panels a row.

    Returns
    -------
    Figure
        Views, darker where they crowd; the floors, dotted; equality. What lies more than 1 dex
        below a floor, or is zero, stands at the edge. The running median of the predicted total
        with its 16th and 84th percentile, and the distribution of log10(true / predicted) in the
        inset, are of views whose true total reaches the floor.

    Raises
    ------
    InputError
        If no property has both.
    """
    names = _shared(true, predicted)

    def draw(axes: Axes, name: str) -> None:
        floor = float(np.log10(PROPERTIES[name].total_floor))
        draw_density(axes, _log(true[name]), _log(predicted[name]), name, floor=floor)
        _write(axes, (scores or {}).get(name) or {})
        label = f"log total [{_unit(name)}]"
        label_axes(axes, f"true {label}", f"predicted {label}")

    titles = {name: style_of(name).title for name in names}
    return panel_grid(names, draw, titles=titles, key=density_key(floors=True), column=column)


def measured_against_true(
    true: Mapping[str, ArrayLike],
    predicted: Mapping[str, ArrayLike],
    *,
    names: Mapping[str, str],
    labels: Mapping[str, str],
    log: bool = True,
) -> Figure:
    """What was measured on predicted maps against the same on true ones, one panel a property.

    Parameters
    ----------
    true, predicted : mapping of str to (N,) array
        Such as half-mass radii [kpc] or gradients [dex per half-mass radius] of the maps of an
        additive or derived property; NaN where absent.
    names : mapping of str to str
        Title of each panel.
    labels : mapping of str to str
        What was measured, with its unit, for the axes: ``"half-mass radius [kpc]"``.
    log : bool
        Whether log10 is drawn. What is not above zero then is left out.

    Returns
    -------
    Figure
        As of `predicted_against_true`, without floors. The inset is the distribution of
        log10(true / predicted), or of true less predicted where not `log`.

    Raises
    ------
    InputError
        If there is no panel to draw.
    """
    if not names:
        raise InputError("nothing was measured on true and on predicted maps: nothing to draw")

    def draw(axes: Axes, name: str) -> None:
        x, y = (np.asarray(values[name], dtype=float) for values in (true, predicted))
        if log:
            x, y = (np.where(v > 0, _log(v), np.nan) for v in (x, y))
        draw_density(axes, x, y, name)
        label = f"log {labels[name]}" if log else labels[name]
        label_axes(axes, f"true {label}", f"predicted {label}")

    return panel_grid(list(names), draw, titles=names, key=density_key(floors=False))


def distributions(true: Mapping[str, ArrayLike], predicted: Mapping[str, ArrayLike]) -> Figure:
    """Distributions of true and of predicted totals, one panel a property.

    Parameters
    ----------
    true, predicted : mapping of str to (N,) array
        As for `predicted_against_true`.

    Returns
    -------
    Figure
        Galaxies below the floor, true or predicted, stand in the open bin left of it.

    Raises
    ------
    InputError
        If no property has both.
    """
    names = _shared(true, predicted)

    def draw(axes: Axes, name: str) -> None:
        floor = np.log10(PROPERTIES[name].total_floor)
        both = [_log(values) for values in (true[name], predicted[name])]
        both = [values[~np.isnan(values)] for values in both]
        label_axes(axes, f"log total [{_unit(name)}]", "views")
        if not any(values.size for values in both):
            say_empty(axes, "no values")
            return
        top = max([*(v.max() for v in both if v.size), floor + 1.0])
        step = max((top - floor) / 24, 0.05)
        edges = np.arange(floor - step, top + step, step).tolist()
        for values, colour, words in zip(
            both, (TRUE_COLOUR, PREDICTED_COLOUR), ("true", "predicted"), strict=True
        ):
            axes.hist(
                np.maximum(values, floor - 0.5 * step),
                bins=edges,
                histtype="stepfilled" if words == "true" else "step",
                color=colour,
                alpha=0.35 if words == "true" else 1.0,
                linewidth=1.1,
                label=words,
            )
        axes.axvline(floor, color="0.5", linewidth=0.7, linestyle=":")
        axes.locator_params(axis="y", integer=True)

    key = [
        key_band("true", TRUE_COLOUR),
        key_line("predicted", PREDICTED_COLOUR),
        key_line("floor; left of it: all that lie below", "0.5", style=":", width=0.9),
    ]
    titles = {name: style_of(name).title for name in names}
    return panel_grid(names, draw, titles=titles, aspect=0.8, key=key)


def _shared(true: Mapping[str, ArrayLike], predicted: Mapping[str, ArrayLike]) -> list[str]:
    names = [name for name in PROPERTIES if name in true and name in predicted]
    if not names:
        raise InputError(
            f"no property has both true and predicted totals; true: {sorted(true)}, predicted: "
            f"{sorted(predicted)}"
        )
    return names


def _log(values: ArrayLike) -> NDArray[np.float64]:
    """log10, ``-inf`` of what is not above zero, NaN of what is not known."""
    with np.errstate(divide="ignore"):
        return np.log10(np.maximum(np.asarray(values, dtype=float), 0.0))


def _write(axes: Axes, scores: Mapping[str, float]) -> None:
    """Scores in the upper left corner, on a halo; a dash where one is not known."""
    from matplotlib.patheffects import withStroke

    known = {word: f"{value:.3f}" if np.isfinite(value) else "–" for word, value in scores.items()}
    words = "\n".join(f"{word} {value}" for word, value in known.items())
    axes.text(
        0.04,
        0.97,
        words.replace("-", "−"),
        transform=axes.transAxes,
        va="top",
        fontsize=NOTE_SIZE,
        linespacing=1.1,
        path_effects=[withStroke(linewidth=1.5, foreground="white", alpha=0.8)],
    )


def _unit(name: str) -> str:
    return unit_text(PROPERTIES[name].total_unit)
