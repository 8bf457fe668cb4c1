"""Residuals in bins: where predictions err, and whether they know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from picassso.core import PROPERTIES, InputError
from picassso.figures.grids import (
    COLUMN_WIDTH,
    LABEL_SIZE,
    NOTE_SIZE,
    PAGE_WIDTH,
    page_figure,
    tidy,
)
from picassso.figures.style import EMPTY_COLOUR, colour_map, style_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["ResidualBins", "residuals_in_bins"]

_WANTED_COVERAGE = 0.68
_LEAST_RANGE = 0.25  # dex: small errors are to look small
_LEFT, _ROW, _FOOT = 14.5, 30.5, 9.0  # mm: around the panels, and of a row of them
_KEY = (
    "Where totals err. Above: log (true / predicted), median with its error and 16th to 84th "
    "percentile; numbers: galaxies. Below: share of truths inside the predicted 68% interval. "
    "Hatched: too few galaxies."
)


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
    width = COLUMN_WIDTH if len(bins) == 1 else PAGE_WIDTH
    column = (width - _LEFT) / len(bins)
    key = fill(_KEY, int(width / 1.2))
    top = 3.2 * (key.count("\n") + 1) + 3.0
    height = top + _ROW * len(names) + _FOOT
    figure = page_figure(width, height)
    for i, name in enumerate(names):
        limit = _limit([of[name] for of in bins.values() if name in of])
        for j, (quantity, of) in enumerate(bins.items()):
            bottom = height - top - (i + 1) * _ROW
            x, w = (_LEFT + j * column) / width, (column - 2.5) / width
            above = figure.add_axes((x, (bottom + 11.8) / height, w, 17.0 / height))
            below = figure.add_axes((x, (bottom + 1.8) / height, w, 8.5 / height))
            if name in of:
                _draw(above, below, of[name], name, limit)
            _dress(above, below, name, first=j == 0, last=i == len(names) - 1)
            if i == len(names) - 1:
                below.set_xlabel(titles[quantity], fontsize=LABEL_SIZE, labelpad=2)
    figure.text(1.0 / width, 1 - 1.0 / height, key, fontsize=LABEL_SIZE, va="top")
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
        above.text(centre, 0.92 * limit, f"{galaxies}", fontsize=NOTE_SIZE, ha="center", va="top")
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
            markersize=3,
            linewidth=1.0,
        )


def _text(edge: float) -> str:
    if abs(edge) >= 1000:
        return f"{edge / 1000:g}k"
    return f"{edge:g}".replace("-", "−")


def _dress(above: Axes, below: Axes, name: str, *, first: bool, last: bool) -> None:
    """Labels, on the outer panels alone."""
    for axes in (above, below):
        tidy(axes)
        axes.tick_params(labelleft=first)
        axes.grid(axis="y", color="0.92", linewidth=0.6)
        axes.set_axisbelow(True)
    above.tick_params(labelbottom=False)
    below.tick_params(labelbottom=last)
    below.set_yticks([0, 0.5, 1])
    if first:
        words = fill(f"{style_of(name).title} [dex]", 16)
        above.set_ylabel(
            words if "\n" in words else words.replace(" [", "\n["), fontsize=LABEL_SIZE
        )
        below.set_ylabel("coverage", fontsize=NOTE_SIZE)
        above.figure.align_ylabels((above, below))
