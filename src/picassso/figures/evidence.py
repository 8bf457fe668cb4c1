"""Totals of many galaxies: predicted against true, their distributions, errors with radius.

The modern form of figures 4 to 6 of Buck & Wolf (2021).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import PROPERTIES, InputError
from picassso.figures.panels import new_figure
from picassso.figures.style import colour_map, style_of, unit_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["distributions", "predicted_against_true", "residuals_with_radius"]

_COLUMNS = 4
_PANEL = (270, 262)  # pixels of a panel with its labels
_LEAST_IN_A_BIN = 12
_TRUE_COLOUR, _PREDICTED_COLOUR = "#3b528b", "#d95f02"


def predicted_against_true(
    true: Mapping[str, ArrayLike],
    predicted: Mapping[str, ArrayLike],
    *,
    scores: Mapping[str, Mapping[str, float]] | None = None,
) -> Figure:
    """Predicted totals against true ones, one panel a property.

    Parameters
    ----------
    true, predicted : mapping of str to (N,) array
        Totals of additive properties, in the unit of `picassso.core.PROPERTIES`; NaN where absent.
    scores : mapping of str to mapping of str to float, optional
        Numbers to be written into a panel, such as ``{"stellar_mass": {"sigma": 0.09}}``.

    Returns
    -------
    Figure
        Galaxies whose true total reaches the floor, darker where they crowd; the running median
        of the predicted total with its 16th and 84th percentile; the floor, dotted; equality. The
        inset is the distribution of log10(true / predicted).
    """

    def draw(axes: Axes, name: str) -> None:
        x, y = _logarithms(true[name], predicted[name], name)
        _density(axes, x, y, name)
        words = [f"{w} {v:+.3f}" for w, v in ((scores or {}).get(name) or {}).items()]
        axes.text(
            0.04,
            0.96,
            "\n".join(words).replace("-", "−"),
            transform=axes.transAxes,
            va="top",
            fontsize=7.5,
        )
        axes.set_xlabel(f"true, log [{_unit(name)}]", fontsize=8)
        axes.set_ylabel(f"predicted, log [{_unit(name)}]", fontsize=8)

    return _panels(_shared(true, predicted), draw)


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
    """

    def draw(axes: Axes, name: str) -> None:
        floor = np.log10(PROPERTIES[name].total_floor)
        both = [_floored(values, name) for values in (true[name], predicted[name])]
        top = max([*(v.max() for v in both if v.size), floor + 1.0])
        step = max((top - floor) / 24, 0.05)
        edges = np.arange(floor - step, top + step, step).tolist()
        for values, colour, words in zip(
            both, (_TRUE_COLOUR, _PREDICTED_COLOUR), ("true", "predicted"), strict=True
        ):
            axes.hist(
                np.maximum(values, floor - 0.5 * step),
                bins=edges,
                histtype="stepfilled" if words == "true" else "step",
                color=colour,
                alpha=0.35 if words == "true" else 1.0,
                linewidth=1.6,
                label=words,
            )
        axes.axvline(floor, color="0.5", linewidth=0.8, linestyle=":")
        axes.set_xlabel(f"log [{_unit(name)}]", fontsize=8)
        axes.set_ylabel("views", fontsize=8)

    figure = _panels(_shared(true, predicted), draw)
    figure.axes[0].legend(frameon=False, fontsize=8)
    return figure


def residuals_with_radius(
    radius: ArrayLike, residuals: Mapping[str, ArrayLike], *, names: Mapping[str, str]
) -> Figure:
    """Residuals in annuli against radius, one panel a property or ratio.

    Parameters
    ----------
    radius : (K,) array
        Outer edges of the annuli [projected half-mass radii], evenly spaced from the centre.
    residuals : mapping of str to (N, K) array
        log10(true / predicted) [dex]; NaN where an annulus has no value.
    names : mapping of str to str
        Title of each panel.

    Returns
    -------
    Figure
        Violins of the galaxies; the median and the 16th and 84th percentiles as lines.
    """
    edges = np.asarray(radius, dtype=float)
    width = edges[0]
    centres = edges - 0.5 * width

    def draw(axes: Axes, name: str) -> None:
        values = np.asarray(residuals[name], dtype=float)
        low, middle, high = _percentiles(values)
        limit = _limit(low, high)
        colour = _colour(name)
        for centre, column in zip(centres, values.T, strict=True):
            _violin(axes, column[np.isfinite(column)], centre, width, limit, colour)
        axes.axhline(0, color="0.35", linewidth=0.8)
        axes.plot(centres, middle, color="0.1", linewidth=1.8)
        for line in (low, high):
            axes.plot(centres, line, color="0.1", linewidth=1.1, linestyle="--")
        axes.set_xlim(0, edges[-1])
        axes.set_ylim(-limit, limit)
        axes.set_title(names[name], fontsize=9)
        axes.set_xlabel("radius / half-mass radius", fontsize=8)
        axes.set_ylabel("log (true / predicted) [dex]", fontsize=8)

    return _panels(list(names), draw, titled=False)


def _panels(names: list[str], draw: Callable[[Axes, str], None], *, titled: bool = True) -> Figure:
    """A grid of small panels, two rows at most where four columns do."""
    columns = min(_COLUMNS, len(names))
    rows = -(-len(names) // columns)
    figure = new_figure(columns * _PANEL[0], rows * _PANEL[1])
    for k, name in enumerate(names):
        axes = figure.add_subplot(rows, columns, k + 1)
        if titled:
            axes.set_title(style_of(name).title, fontsize=9)
        axes.tick_params(labelsize=7.5)
        draw(axes, name)
    figure.tight_layout(pad=0.6)
    return figure


def _shared(true: Mapping[str, ArrayLike], predicted: Mapping[str, ArrayLike]) -> list[str]:
    names = [name for name in PROPERTIES if name in true and name in predicted]
    if not names:
        raise InputError(
            f"no property has both true and predicted totals; true: {sorted(true)}, predicted: "
            f"{sorted(predicted)}"
        )
    return names


def _logarithms(
    true: ArrayLike, predicted: ArrayLike, name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """log10 of both where the truth reaches the floor; predictions at least a thousandth of it."""
    floor = PROPERTIES[name].total_floor
    x, y = np.asarray(true, dtype=float), np.asarray(predicted, dtype=float)
    used = (x >= floor) & np.isfinite(y)
    return np.log10(x[used]), np.log10(np.maximum(y[used], 1e-3 * floor))


def _floored(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """log10 of known totals, those of nothing far below the floor."""
    values = np.asarray(values, dtype=float)
    floor = PROPERTIES[name].total_floor
    return np.log10(np.maximum(values[np.isfinite(values)], 1e-6 * floor))


def _density(axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64], name: str) -> None:
    floor = np.log10(PROPERTIES[name].total_floor)
    if not x.size:
        axes.text(0.5, 0.5, "none above the floor", transform=axes.transAxes, ha="center")
        return
    low, high = np.percentile(np.concatenate([x, y]), [0.2, 99.8])
    low, high = max(low, floor - 1.0) - 0.2, high + 0.2
    axes.hexbin(
        x,
        np.clip(y, low, high),
        gridsize=46,
        extent=(low, high, low, high),
        bins="log",
        mincnt=1,
        cmap=_faint_to_strong(name),
        linewidths=0.1,
    )
    axes.plot([low, high], [low, high], color="0.2", linewidth=0.8)
    axes.axhline(floor, color="0.5", linewidth=0.7, linestyle=":")
    for line, dashes in zip(_running(x, y), ("--", "-", "--"), strict=True):
        axes.plot(*line, color="0.05", linewidth=1.2, linestyle=dashes)
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.set_aspect("equal")
    _inset(axes, x - y, name)


def _inset(axes: Axes, residual: NDArray[np.float64], name: str) -> None:
    """Distribution of the residuals, in the empty lower right corner."""
    inset = axes.inset_axes((0.62, 0.09, 0.35, 0.27))
    reach = max(4 * float(np.median(np.abs(residual - np.median(residual)))), 0.1)
    reach = np.ceil(reach * 10) / 10
    inset.hist(residual, bins=31, range=(-reach, reach), color=_colour(name))
    inset.axvline(0, color="0.2", linewidth=0.7)
    inset.set_yticks([])
    inset.set_xticks([-reach, 0, reach], [f"−{reach:g}", "0", f"{reach:g}"])
    inset.tick_params(labelsize=6, length=2, pad=1)
    inset.patch.set_alpha(0.85)


def _running(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """(x, y) of the running 16th, 50th and 84th percentile of y, in equally full bins of x."""
    number = int(np.clip(len(x) // (3 * _LEAST_IN_A_BIN), 1, 14))
    groups = np.array_split(np.argsort(x), number)
    groups = [g for g in groups if len(g) >= _LEAST_IN_A_BIN]
    centre = np.array([np.median(x[g]) for g in groups])
    lines = [np.percentile(y[g], (16, 50, 84)) for g in groups]
    return [(centre, np.array([line[k] for line in lines])) for k in range(3)]


def _percentiles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, K) 16th, 50th and 84th percentile of each column; NaN where a column is too short."""
    out = np.full((3, values.shape[1]), np.nan)
    for k, column in enumerate(values.T):
        known = column[np.isfinite(column)]
        if known.size >= _LEAST_IN_A_BIN:
            out[:, k] = np.percentile(known, (16, 50, 84))
    return out


def _limit(low: NDArray[np.float64], high: NDArray[np.float64]) -> float:
    """Half the range of a panel [dex]: small errors are to look small."""
    reach = np.abs(np.concatenate([low, high]))
    return float(max(0.4, 1.8 * np.nanmax(reach))) if np.isfinite(reach).any() else 0.4


def _violin(
    axes: Axes,
    values: NDArray[np.float64],
    centre: float,
    width: float,
    limit: float,
    colour: tuple[float, float, float, float],
) -> None:
    """Mirrored histogram of the values, as wide as the annulus at its mode."""
    if values.size < _LEAST_IN_A_BIN:
        return
    counts, edges = np.histogram(values, bins=41, range=(-limit, limit))
    half = 0.46 * width * counts / max(counts.max(), 1)
    level = 0.5 * (edges[1:] + edges[:-1])
    axes.fill_betweenx(
        level, centre - half, centre + half, color=colour, alpha=0.45, linewidth=0, step="mid"
    )


def _faint_to_strong(name: str):
    """Ramp from white to the colour of a property, so that a single galaxy is a faint dot."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    strong = to_rgb(_colour(name))
    faint = tuple(0.75 + 0.25 * c for c in strong)
    return LinearSegmentedColormap.from_list(f"{name}_density", [faint, strong])


def _colour(name: str) -> tuple[float, float, float, float]:
    return colour_map(name)(0.55)


def _unit(name: str) -> str:
    return unit_text(PROPERTIES[name].total_unit)
