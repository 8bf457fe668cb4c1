"""Predicted spectra against true ones: errors, bands, ranks, indices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import InputError
from picassso.figures.density import density_key, draw_density
from picassso.figures.grids import (
    COLUMN_WIDTH,
    LABEL_SIZE,
    PAGE_WIDTH,
    PREDICTED_COLOUR,
    TICK_SIZE,
    TRUE_COLOUR,
    key_band,
    key_line,
    label_axes,
    page_figure,
    panel_grid,
    put_key,
    say_empty,
    tidy,
)
from picassso.figures.spectra import FLUX_LABEL, WAVELENGTH_LABEL, spectrum_panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "PosteriorSpectrum",
    "bands_with_wavelength",
    "indices_against_true",
    "latent_errors",
    "posterior_spectra",
    "rank_histograms",
]

_METHOD_COLOURS = (PREDICTED_COLOUR, TRUE_COLOUR, "#21918c")
_DENSITY_OF = "gas_mass"
"""Property whose colour indices are drawn in."""


@dataclass(frozen=True, slots=True, eq=False)
class PosteriorSpectrum:
    """A predicted spectrum beside the truth, (L,) arrays in one unit.

    Parameters
    ----------
    title : str
        Plain text.
    truth, median, low, high : (L,) array
        Noise-free truth; median and ends of the 68% band.
    """

    title: str
    truth: NDArray[np.floating]
    median: NDArray[np.floating]
    low: NDArray[np.floating]
    high: NDArray[np.floating]


def latent_errors(
    errors: Mapping[str, Mapping[str, tuple[float, float]]], *, reference: Mapping[str, float]
) -> Figure:
    """Root mean square error of latents by several methods.

    Parameters
    ----------
    errors : mapping of str to mapping of str to (float, float)
        By method, the network first, then by latent: value and its error.
    reference : mapping of str to float
        Published values, drawn as vertical lines.

    Returns
    -------
    Figure
        As wide as a column.
    """
    names = list(next(iter(errors.values())))
    row, foot, top = 6.2, 8.5, 5.5
    height = row * len(names) + foot + top
    figure = page_figure(COLUMN_WIDTH, height)
    left = 22.0
    axes = figure.add_axes(
        (
            left / COLUMN_WIDTH,
            foot / height,
            (COLUMN_WIDTH - left - 2) / COLUMN_WIDTH,
            row * len(names) / height,
        )
    )
    tidy(axes)
    for place, (method, colour) in enumerate(zip(errors, _METHOD_COLOURS, strict=False)):
        for k, name in enumerate(names):
            value, error = errors[method][name]
            if np.isfinite(value):
                at = k + 0.22 * (place - 0.5 * (len(errors) - 1))
                axes.errorbar(
                    value, at, xerr=np.nan_to_num(error), fmt="o", color=colour, markersize=3,
                    elinewidth=0.9,
                )  # fmt: skip
    for value in reference.values():
        axes.axvline(value, color="0.4", linewidth=0.8, linestyle="--")
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.set_yticks(range(len(names)), names, fontsize=LABEL_SIZE)
    axes.grid(axis="x", color="0.9", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.set_xlabel("RMSE [population σ]", fontsize=LABEL_SIZE, labelpad=2)
    key = [key_line(m, c) for m, c in zip(errors, _METHOD_COLOURS, strict=False)]
    key += [key_line(words, "0.4", style="--", width=0.8) for words in reference]
    figure.legend(
        handles=key, loc="upper center", ncols=len(key), frameon=False, fontsize=TICK_SIZE,
        borderaxespad=0.1, handlelength=1.3, columnspacing=0.9,
    )  # fmt: skip
    return figure


def bands_with_wavelength(wavelength: ArrayLike, held: Mapping[float, ArrayLike]) -> Figure:
    """Share of the truth inside of the bands of predicted flux, with wavelength.

    Parameters
    ----------
    wavelength : (L,) array
        Angstrom at rest, in vacuum.
    held : mapping of float to (L,) array
        By the level that the band claims.

    Returns
    -------
    Figure
        As wide as a page; dashed: the levels; shaded: two per cent about them.
    """
    wave = np.asarray(wavelength, dtype=np.float64)
    height = 58.0
    figure = page_figure(PAGE_WIDTH, height)
    axes = figure.add_axes((11 / PAGE_WIDTH, 8.5 / height, 167 / PAGE_WIDTH, 44 / height))
    tidy(axes)
    for (level, share), colour in zip(held.items(), (PREDICTED_COLOUR, TRUE_COLOUR), strict=False):
        axes.axhspan(level - 0.02, level + 0.02, color=colour, alpha=0.15, linewidth=0)
        axes.axhline(level, color=colour, linewidth=0.7, linestyle="--")
        axes.plot(wave, np.asarray(share), color=colour, linewidth=0.9)
    axes.set_xlim(wave[0], wave[-1])
    low = min(float(np.min(np.asarray(v))) for v in held.values())
    axes.set_ylim(min(low - 0.03, 0.5), 1.0)
    axes.set_xlabel(WAVELENGTH_LABEL, fontsize=LABEL_SIZE, labelpad=2)
    axes.set_ylabel("truth inside the band", fontsize=LABEL_SIZE, labelpad=2)
    key = [
        key_line(f"{level:.0%} band", c)
        for level, c in zip(held, (PREDICTED_COLOUR, TRUE_COLOUR), strict=False)
    ]
    put_key(figure, [*key, key_band("claimed, within 0.02", "0.5", alpha=0.3)])
    return figure


def rank_histograms(ranks: Mapping[str, ArrayLike], *, bins: int = 10) -> Figure:
    """Where truths lie in their posteriors: flat if these are right.

    Parameters
    ----------
    ranks : mapping of str to (n,) array
        Probability integral transforms of independent galaxies, by title; NaN is left out.
    bins : int
        Of equal width.

    Returns
    -------
    Figure
        Density in bins; shaded: twice the deviation that chance gives.
    """

    def draw(axes: Axes, name: str) -> None:
        values = np.asarray(ranks[name], dtype=float)
        values = values[np.isfinite(values)]
        label_axes(axes, "rank of the truth", "density")
        if not values.size:
            say_empty(axes, "no values")
            return
        spread = 2.0 * np.sqrt((bins - 1) / values.size)
        axes.axhspan(max(1 - spread, 0), 1 + spread, color="0.88", linewidth=0)
        axes.axhline(1.0, color="0.4", linewidth=0.7, linestyle="--")
        counts, edges = np.histogram(values, bins=bins, range=(0.0, 1.0))
        density = counts * bins / values.size
        axes.stairs(density, edges, baseline=None, color=PREDICTED_COLOUR, linewidth=1.1)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, max(2.0, 1.1 * counts.max() * bins / values.size))

    key = [
        key_line("truth", PREDICTED_COLOUR),
        key_band("expected by chance, 2σ", "0.8", alpha=1.0),
    ]
    names = list(ranks)
    return panel_grid(names, draw, titles={n: n for n in names}, aspect=0.72, key=key)


def indices_against_true(
    true: Mapping[str, ArrayLike],
    predicted: Mapping[str, ArrayLike],
    *,
    titles: Mapping[str, str],
    labels: Mapping[str, str],
) -> Figure:
    """Predicted medians of indices against those of noise-free spectra, a panel an index.

    Parameters
    ----------
    true, predicted : mapping of str to (N,) array
        NaN where not known.
    titles : mapping of str to str
        Of panels; says which are drawn.
    labels : mapping of str to str
        Units, or empty.
    """
    if not titles:
        raise InputError("there are no indices to draw")

    def draw(axes: Axes, name: str) -> None:
        x, y = (np.asarray(values[name], dtype=float) for values in (true, predicted))
        draw_density(axes, x, y, _DENSITY_OF)
        unit = f" [{labels[name]}]" if labels[name] else ""
        label_axes(axes, f"true{unit}", f"predicted{unit}")

    return panel_grid(list(titles), draw, titles=titles, key=density_key(floors=False))


def posterior_spectra(
    wavelength: ArrayLike, spectra: Sequence[PosteriorSpectrum], *, limited: ArrayLike
) -> Figure:
    """Predicted spectra with their bands over true ones, in two columns.

    Parameters
    ----------
    wavelength : (L,) array
        Angstrom at rest, in vacuum.
    spectra : sequence of PosteriorSpectrum
        In 1e-17 erg s^-1 cm^-2 Angstrom^-1.
    limited : (L,) bool array
        Where the stellar models resolve less than the spectrograph: shaded.
    """
    if not spectra:
        raise InputError("there are no spectra to draw")
    rows, panel, gap, top, foot = -(-len(spectra) // 2), 30.0, 5.5, 5.0, 8.0
    height = top + rows * (panel + gap) + foot
    figure = page_figure(PAGE_WIDTH, height)
    left, column = 11.0, (PAGE_WIDTH - 4.0) / 2
    for k, one in enumerate(spectra):
        row, side = divmod(k, 2)
        bottom = height - top - (row + 1) * (panel + gap) + 1.0
        axes = figure.add_axes(
            (
                (left + side * column) / PAGE_WIDTH,
                bottom / height,
                (column - left + 1) / PAGE_WIDTH,
                panel / height,
            )
        )
        spectrum_panel(
            axes, wavelength, one.median, low=one.low, high=one.high, truth=one.truth,
            limited=limited,
        )  # fmt: skip
        axes.set_title(one.title, fontsize=TICK_SIZE, pad=2, loc="left").set_parse_math(False)
        last = k + 2 >= len(spectra)
        axes.tick_params(labelbottom=last)
        if last:
            axes.set_xlabel(WAVELENGTH_LABEL, fontsize=LABEL_SIZE, labelpad=2)
    figure.text(
        2.2 / PAGE_WIDTH, 0.5 + 0.5 * (foot - top) / height, FLUX_LABEL, fontsize=LABEL_SIZE,
        rotation=90, ha="center", va="center",
    )  # fmt: skip
    put_key(
        figure,
        [
            key_line("truth, without noise", TRUE_COLOUR),
            key_line("median of the prediction", PREDICTED_COLOUR),
            key_band("68%", PREDICTED_COLOUR),
        ],
    )
    return figure
