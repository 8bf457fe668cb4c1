"""Running percentiles: a line with its band."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from picassso.core import PROPERTIES, InputError
from picassso.figures.grids import (
    PREDICTED_COLOUR,
    TRUE_COLOUR,
    key_band,
    key_line,
    label_axes,
    panel_grid,
    property_colour,
    say_empty,
)
from picassso.figures.style import style_of

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.typing import ColorType, LineStyleType

__all__ = [
    "Line",
    "draw_line",
    "draw_true_and_predicted",
    "pixel_trends",
    "scaling_relations",
    "true_and_predicted_key",
]

# Axis labels; keys as in `picassso.analysis.RELATIONS`. Metallicities are mass fractions.
_RELATIONS = {
    "stellar_mass_metallicity": (
        "stellar mass–metallicity",
        "log $Z_\\star$,\nabsolute mass fraction",
    ),
    "gas_mass_metallicity": (
        "gas mass–metallicity",
        "log $Z_\\mathrm{gas}$,\nabsolute mass fraction",
    ),
    "main_sequence": (
        "star-forming main sequence",
        "log star formation rate\n[$M_\\odot\\,\\mathrm{yr}^{-1}$]",
    ),
    "size_mass": ("size–mass", "log half-mass radius [kpc]"),
}


_LEAST_RANGE = 0.8  # dex: of a panel of residuals


@dataclass(frozen=True, slots=True)
class Line:
    """Running percentiles, to be drawn as a line with a band.

    Parameters
    ----------
    x : (K,) array
        Where, rising.
    p16, median, p84 : (K,) array
        NaN where nothing is known.
    median_error : (K,) array, optional
        Standard error of the median.
    """

    x: NDArray[np.float64]
    p16: NDArray[np.float64]
    median: NDArray[np.float64]
    p84: NDArray[np.float64]
    median_error: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        arrays = (self.x, self.p16, self.median, self.p84, self.median_error)
        shapes = [np.shape(a) for a in arrays if a is not None]
        if len(set(shapes)) > 1 or len(shapes[0]) != 1:
            raise InputError(
                f"a line of percentiles: arrays of shapes {shapes}, expected (K,) each"
            )

    @property
    def known(self) -> NDArray[np.bool_]:
        """(K,) where there is a median to draw."""
        return np.isfinite(self.x) & np.isfinite(self.median)


def draw_line(
    axes: Axes,
    line: Line,
    colour: ColorType,
    *,
    style: LineStyleType = "-",
    alpha: float = 0.28,
) -> None:
    """Median with its error, in a band from the 16th to the 84th percentile.

    Where a point has no neighbour to be joined to, its band is a bar.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    line : Line
        What to draw.
    colour : colour
        Of the line; the band is paler.
    style : str or dashes
        Of the line, as matplotlib knows it.
    alpha : float
        Opacity of the band.
    """
    axes.fill_between(line.x, line.p16, line.p84, color=colour, alpha=alpha, linewidth=0)
    axes.plot(
        line.x, line.median, color=colour, linestyle=style, linewidth=1.2, marker=".", markersize=3
    )
    known = np.pad(line.known, 1)
    alone = known[1:-1] & ~known[:-2] & ~known[2:]
    axes.vlines(
        line.x[alone], line.p16[alone], line.p84[alone], color=colour, alpha=alpha, linewidth=3
    )
    if line.median_error is not None:
        shown = line.known & np.isfinite(line.median_error)
        axes.errorbar(
            line.x[shown],
            line.median[shown],
            line.median_error[shown],
            fmt="none",
            ecolor=colour,
            elinewidth=0.8,
        )


def pixel_trends(trends: Mapping[str, Line], *, label: str) -> Figure:
    """Residuals of pixels against a quantity, one panel a property.

    Parameters
    ----------
    trends : mapping of str to Line
        log10(true / predicted) [dex] of pixels, by property.
    label : str
        The quantity, with its unit: ``"log signal-to-noise of the pixel"``.

    Returns
    -------
    Figure
        Small errors look small: a panel is at least 0.8 dex high. It holds zero.

    Raises
    ------
    InputError
        If there is nothing to draw.
    """
    names = [name for name in PROPERTIES if name in trends]
    if not names:
        raise InputError("residuals of pixels: no property, there is nothing to draw")
    known = [line.x[line.known] for line in trends.values()]
    x = np.concatenate(known)

    def draw(axes: Axes, name: str) -> None:
        line = trends[name]
        label_axes(axes, label, "log (true / predicted) [dex]")
        if not line.known.any():
            say_empty(axes, "no pixels above the floor")
            return
        axes.axhline(0, color="0.35", linewidth=0.7)
        draw_line(axes, line, property_colour(name))
        margin = 0.03 * (np.ptp(x) or 1.0)
        axes.set_xlim(x.min() - margin, x.max() + margin)
        axes.set_ylim(*_residual_range(line))

    key = [key_line("median, its error", "0.2"), key_band("16th to 84th percentile", "0.2")]
    titles = {name: style_of(name).title for name in names}
    return panel_grid(names, draw, titles=titles, aspect=0.85, key=key)


def _residual_range(line: Line) -> tuple[float, float]:
    """Of the band, the errors of the median and zero [dex]."""
    error = 0.0 if line.median_error is None else np.nan_to_num(line.median_error)
    reach = np.concatenate([[0.0], line.p16, line.p84, line.median - error, line.median + error])
    low, high = float(np.nanmin(reach)), float(np.nanmax(reach))
    margin = max(0.07 * (high - low), 0.5 * (_LEAST_RANGE - high + low))
    return low - margin, high + margin


def scaling_relations(relations: Mapping[str, tuple[Line, Line]]) -> Figure:
    """Scaling relations of true galaxies beside those of predicted ones, a panel each.

    Parameters
    ----------
    relations : mapping of str to (Line, Line)
        True and predicted log10 of the quantity against log10 stellar mass [Msun], by relation:
        ``stellar_mass_metallicity``, ``gas_mass_metallicity``, ``main_sequence`` or ``size_mass``.

    Returns
    -------
    Figure
        Medians with their errors, in bands from the 16th to the 84th percentile. Metallicities
        are absolute mass fractions of metals, not in units of the Sun's.

    Raises
    ------
    InputError
        If there is nothing to draw.
    """
    names = [name for name in _RELATIONS if name in relations]
    if not names:
        raise InputError(
            f"relations {sorted(relations)}: none of {list(_RELATIONS)}, there is nothing to draw"
        )

    def draw(axes: Axes, name: str) -> None:
        label_axes(axes, r"log stellar mass [$M_\odot$]", _RELATIONS[name][1])
        if not any(line.known.any() for line in relations[name]):
            say_empty(axes, "too few galaxies")
            return
        draw_true_and_predicted(axes, *relations[name])
        axes.margins(y=0.1)

    titles = {name: _RELATIONS[name][0] for name in names}
    return panel_grid(names, draw, titles=titles, aspect=0.95, key=true_and_predicted_key())


def draw_true_and_predicted(axes: Axes, true: Line, predicted: Line) -> None:
    """Draw two lines with their bands; `true_and_predicted_key` explains them."""
    draw_line(axes, true, TRUE_COLOUR)
    draw_line(axes, predicted, PREDICTED_COLOUR, style="--")


def true_and_predicted_key() -> list[Artist]:
    """Explains two lines with their bands."""
    return [
        key_line("true, median", TRUE_COLOUR),
        key_line("predicted, median", PREDICTED_COLOUR, style="--"),
        key_band("16th to 84th percentile", "0.4"),
    ]
