"""Residuals in bins: where predictions err, and whether they know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from picassso.core import PROPERTIES, InputError
from picassso.figures.panels import new_figure
from picassso.figures.style import EMPTY_COLOUR, colour_map, style_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["ResidualBins", "residuals_in_bins"]

_WANTED_COVERAGE = 0.68
_LEAST_RANGE = 0.25  # dex: small errors are to look small


@dataclass(frozen=True, slots=True)
class ResidualBins:
    """Residuals of one property in K bins of a quantity, to be drawn.

    Parameters
    ----------
    edges : (K + 1,) array
        Of the bins; the outer ones may be infinite.
    galaxies : (K,) array
        How many there are in each.
    median, median_error, p16, p84 : (K,) array
        Of log10(true / predicted) [dex]; NaN where there are too few galaxies.
    coverage, coverage_error : (K,) array
        Share of truths between the predicted 16th and 84th percentiles.
    """

    edges: NDArray[np.float64]
    galaxies: NDArray[np.int64]
    median: NDArray[np.float64]
    median_error: NDArray[np.float64]
    p16: NDArray[np.float64]
    p84: NDArray[np.float64]
    coverage: NDArray[np.float64]
    coverage_error: NDArray[np.float64]

    def __post_init__(self) -> None:
        shapes = {f.name: np.shape(getattr(self, f.name)) for f in fields(self)}
        k = len(self.galaxies)
        if shapes.pop("edges") != (k + 1,) or set(shapes.values()) != {(k,)}:
            raise InputError(
                f"bins of residuals: {len(self.edges)} edges for arrays of shapes {shapes}"
            )


def residuals_in_bins(
    bins: Mapping[str, Mapping[str, ResidualBins]], *, titles: Mapping[str, str]
) -> Figure:
    """Residual and coverage against quantities: a row a property, a column a quantity.

    Parameters
    ----------
    bins : mapping of str to mapping of str to ResidualBins
        By quantity, then by property.
    titles : mapping of str to str
        Of each quantity, for its axis.

    Returns
    -------
    Figure
        Bins are drawn equally wide, their edges written between them. Above: the median with its
        error, in a band from the 16th to the 84th percentile, and the number of galaxies. Below:
        the coverage with its error, dashed where it should be. Hatched: too few galaxies.

    Raises
    ------
    InputError
        If there is nothing to draw.
    """
    names = [p for p in PROPERTIES if any(p in of for of in bins.values())]
    if not names:
        raise InputError("no residuals in bins: there is nothing to draw")
    top, foot, left, row, column = 64, 60, 92, 212, 370
    width, height = left + column * len(bins) + 14, top + row * len(names) + foot
    figure = new_figure(width, height)
    for i, name in enumerate(names):
        limit = _limit([of[name] for of in bins.values() if name in of])
        for j, (quantity, of) in enumerate(bins.items()):
            bottom = height - top - (i + 1) * row
            x, w = (left + j * column) / width, (column - 16) / width
            above = figure.add_axes((x, (bottom + 82) / height, w, 122 / height))
            below = figure.add_axes((x, (bottom + 12) / height, w, 58 / height))
            if name in of:
                _draw(above, below, of[name], name, limit)
            _dress(above, below, name, first=j == 0, last=i == len(names) - 1)
            if i == len(names) - 1:
                below.set_xlabel(titles[quantity], fontsize=9.5)
    key = (
        "Where totals err. Above: log₁₀(true / predicted), median and 16th to 84th percentile; "
        "numbers: galaxies.\nBelow: share of truths inside the predicted 68% interval. "
        "Hatched: too few galaxies."
    )
    figure.text(left / width, 1 - 14 / height, key, fontsize=9.5, va="top")
    return figure


def _limit(bins: Sequence[ResidualBins]) -> float:
    """Half the range of the residuals of a property, one for all quantities [dex]."""
    reach = np.abs(np.concatenate([[_LEAST_RANGE], *([*b.p16, *b.p84] for b in bins)]))
    return float(1.45 * np.nanmax(reach))


def _draw(above: Axes, below: Axes, bins: ResidualBins, name: str, limit: float) -> None:
    """One property against one quantity."""
    colour, k = colour_map(name)(0.55), len(bins.galaxies)
    centres = np.arange(k)
    known = np.isfinite(bins.median)
    boundaries, closed = np.arange(k + 1) - 0.5, np.isfinite(bins.edges)
    for axes in (above, below):
        for centre in centres[~known]:
            axes.axvspan(
                centre - 0.5, centre + 0.5, facecolor="white", edgecolor=EMPTY_COLOUR, hatch="///"
            )
        axes.set_xlim(-0.5, k - 0.5)
        axes.set_xticks(boundaries[closed], [_text(e) for e in bins.edges[closed]])
    above.axhline(0, color="0.35", linewidth=0.8)
    above.bar(
        centres[known],
        (bins.p84 - bins.p16)[known],
        bottom=bins.p16[known],
        width=0.86,
        color=colour,
        alpha=0.35,
        linewidth=0,
    )
    above.set_ylim(-limit, limit)
    above.locator_params(axis="y", nbins=5, steps=[1, 2, 5, 10])
    for centre, galaxies in enumerate(bins.galaxies):
        above.text(centre, 0.92 * limit, f"{galaxies}", fontsize=7.5, ha="center", va="top")
    below.axhline(_WANTED_COVERAGE, color="0.35", linewidth=0.9, linestyle="--")
    below.set_ylim(-0.04, 1.1)
    for axes, value, error in (
        (above, bins.median, bins.median_error),
        (below, bins.coverage, bins.coverage_error),
    ):
        axes.errorbar(
            centres[known],
            value[known],
            np.nan_to_num(error[known]),
            fmt="o",
            color="0.1",
            markersize=4.5,
            linewidth=1.4,
        )


def _text(edge: float) -> str:
    if abs(edge) >= 10_000:
        return f"{edge / 1000:g}k"
    return f"{edge:g}".replace("-", "−")


def _dress(above: Axes, below: Axes, name: str, *, first: bool, last: bool) -> None:
    """Labels, on the outer panels alone."""
    for axes in (above, below):
        axes.tick_params(labelsize=8, labelleft=first)
        axes.grid(axis="y", color="0.92", linewidth=0.6)
        axes.set_axisbelow(True)
    above.tick_params(labelbottom=False)
    below.tick_params(labelbottom=last)
    below.set_yticks([0, 0.5, 1])
    if first:
        above.set_ylabel(f"{style_of(name).title}\n[dex]", fontsize=9)
        below.set_ylabel("coverage", fontsize=8)
        for axes in (above, below):
            axes.yaxis.set_label_coords(-0.13, 0.5)
