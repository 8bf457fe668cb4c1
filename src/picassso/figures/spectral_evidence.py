"""What a model of spectra misses, and whether its numbers hold still."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import InputError
from picassso.figures.grids import (
    LABEL_SIZE,
    NOTE_SIZE,
    PAGE_WIDTH,
    PREDICTED_COLOUR,
    TRUE_COLOUR,
    key_band,
    key_line,
    page_figure,
    panel_grid,
    put_key,
    say_empty,
    tidy,
)
from picassso.figures.spectra import WAVELENGTH_LABEL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["ReconstructedSpectrum", "latent_shifts", "reconstructed_spectra", "residual_spectra"]

_SHADE = "0.9"
_GOOD = 5.0  # per cent
_MOST = 15.0  # per cent, of what is drawn of a residual

_LEFT, _RIGHT, _TOP, _FOOT = 12.0, 2.0, 6.0, 8.0  # mm around panels
_LOWER = 13.0  # per cent
_NAMES = 13.5  # mm above the panels for names of regions

REDSHIFT_COLOURS = ("#3b528b", "#21918c", "#d95f02", "#7a0177")
"""Told apart by the colour-blind, of unlike lightness."""


@dataclass(frozen=True, slots=True, eq=False)
class ReconstructedSpectrum:
    """A spectrum and what a model makes of it.

    Parameters
    ----------
    title : str
        Plain text.
    flux : (L,) array
        Any unit; NaN where nothing is known.
    model : (L,) array
        Same unit.
    residual : (L,) array
        Smoothed, relative to the continuum; NaN where nothing is known.
    """

    title: str
    flux: NDArray[np.float64]
    model: NDArray[np.float64]
    residual: NDArray[np.float64]


def residual_spectra(
    wavelength: ArrayLike,
    residuals: Mapping[str, Mapping[str, ArrayLike]],
    *,
    regions: Mapping[str, Sequence[tuple[float, float]]],
) -> Figure:
    """Residuals with wavelength over many objects: a panel a sample, one below the other.

    Parameters
    ----------
    wavelength : (L,) array
        Angstrom at rest, in vacuum.
    residuals : mapping of str to mapping of str to (3, L) array
        By sample, then by method, the network first and one more at most: 16th, 50th and 84th
        percentile of the residual relative to the continuum.
    regions : mapping of str to sequence of (float, float)
        Shaded and named: intervals [Angstrom].

    Returns
    -------
    Figure
        As wide as a page, in per cent. Of the first method median and band, of the second median
        and, dotted, its percentiles; dashed lines at 5%.

    Raises
    ------
    InputError
        If there is no sample.
    """
    if not residuals:
        raise InputError("there are no residuals to draw")
    from matplotlib.patheffects import withStroke

    wave = np.asarray(wavelength, dtype=np.float64)
    panel = 27.0
    height = _NAMES + _TOP + len(residuals) * panel + _FOOT
    figure = page_figure(PAGE_WIDTH, height)
    methods = list(dict.fromkeys(m for of in residuals.values() for m in of))
    width = (PAGE_WIDTH - _LEFT - _RIGHT) / PAGE_WIDTH
    for k, (sample, of) in enumerate(residuals.items()):
        bottom = _FOOT + (len(residuals) - 1 - k) * panel
        axes = figure.add_axes((_LEFT / PAGE_WIDTH, bottom / height, width, (panel - 1.5) / height))
        _draw_residuals(axes, wave, [100 * np.asarray(of[m]) for m in methods if m in of])
        for name, intervals in regions.items():
            for low, high in intervals:
                axes.axvspan(low, high, color=_SHADE, linewidth=0, zorder=0)
            if k == 0:
                _name_region(axes, name, float(np.mean(intervals[0])))
        words = axes.text(
            0.008, 0.94, sample, transform=axes.transAxes, va="top", fontsize=LABEL_SIZE
        )
        words.set(parse_math=False, path_effects=[withStroke(linewidth=2.0, foreground="white")])
        axes.tick_params(labelbottom=k + 1 == len(residuals))
        if k + 1 == len(residuals):
            axes.set_xlabel(WAVELENGTH_LABEL, fontsize=LABEL_SIZE, labelpad=2)
    middle = (_FOOT + 0.5 * len(residuals) * panel) / height
    figure.text(
        2.5 / PAGE_WIDTH,
        middle,
        "residual / continuum [%]",
        fontsize=LABEL_SIZE,
        rotation=90,
        ha="center",
        va="center",
    )
    key = [key_line(methods[0], PREDICTED_COLOUR), key_band("16 to 84%", PREDICTED_COLOUR)]
    if len(methods) > 1:
        key += [key_line(methods[1], TRUE_COLOUR)]
        key += [key_line("16th, 84th percentile", TRUE_COLOUR, style=":", width=0.9)]
    put_key(figure, [*key, key_line("5%", "0.4", style="--", width=0.8)])
    return figure


def _draw_residuals(
    axes: Axes, wave: NDArray[np.float64], methods: Sequence[NDArray[np.float64]]
) -> None:
    tidy(axes)
    axes.axhline(0, color="0.2", linewidth=0.6)
    for level in (-_GOOD, _GOOD):
        axes.axhline(level, color="0.4", linewidth=0.6, linestyle="--")
    if not any(np.isfinite(m).any() for m in methods):
        say_empty(axes, "no spectrum of signal to noise above 10")
        return
    for colour, quantiles in zip((PREDICTED_COLOUR, TRUE_COLOUR), methods, strict=False):
        low, middle, high = quantiles
        if colour == PREDICTED_COLOUR:
            band = axes.fill_between(wave, low, high, zorder=1.5)
            band.set(color=colour, alpha=0.3, linewidth=0)
        else:
            for edge in (low, high):
                axes.plot(wave, edge, color=colour, linewidth=0.6, linestyle=":")
        axes.plot(wave, middle, color=colour, linewidth=0.9)
    reach = max(float(np.nanpercentile(np.abs(m), 99.5)) for m in methods if np.isfinite(m).any())
    reach = min(max(1.1 * reach, 1.2 * _GOOD), _MOST)
    axes.set_ylim(-reach, reach)
    axes.set_xlim(wave[0], wave[-1])


def _name_region(axes: Axes, name: str, at: float) -> None:
    words = axes.annotate(
        name.replace(" A", " Å"),
        (at, 1.0),
        xycoords=axes.get_xaxis_transform(),
        xytext=(0, 2),
        textcoords="offset points",
        rotation=90,
        ha="center",
        va="bottom",
        fontsize=NOTE_SIZE,
        color="0.25",
    )
    words.set_parse_math(False)


def reconstructed_spectra(
    wavelength: ArrayLike, spectra: Sequence[ReconstructedSpectrum]
) -> Figure:
    """Spectra with what a model makes of them, and the residuals below, in two columns.

    Parameters
    ----------
    wavelength : (L,) array
        Angstrom at rest, in vacuum.
    spectra : sequence of ReconstructedSpectrum
        What to show.

    Returns
    -------
    Figure
        As wide as a page. Each spectrum is drawn on a scale of its own; residuals in per cent of
        the continuum, dashed lines at 5%.

    Raises
    ------
    InputError
        If there is nothing to show.
    """
    if not spectra:
        raise InputError("there are no spectra to draw")
    wave = np.asarray(wavelength, dtype=np.float64)
    rows = -(-len(spectra) // 2)
    flux, below, gap = 17.0, 7.5, 5.0
    height = _TOP + rows * (flux + below + gap) + _FOOT
    figure = page_figure(PAGE_WIDTH, height)
    left, column = 11.0, (PAGE_WIDTH - 2.0) / 2
    for k, one in enumerate(spectra):
        row, side = divmod(k, 2)
        bottom = height - _TOP - (row + 1) * (flux + below + gap) + 1.0
        place = (left + side * column) / PAGE_WIDTH, (column - left - 1.0) / PAGE_WIDTH
        lower = figure.add_axes((place[0], bottom / height, place[1], below / height))
        upper = figure.add_axes((place[0], (bottom + below) / height, place[1], flux / height))
        _draw_reconstructed(upper, lower, wave, one)
        last = k + 2 >= len(spectra)
        lower.tick_params(labelbottom=last)
        if last:
            lower.set_xlabel(WAVELENGTH_LABEL, fontsize=LABEL_SIZE, labelpad=2)
        if side == 0:
            upper.set_ylabel(r"$f_\lambda$", fontsize=LABEL_SIZE, labelpad=2)
            lower.set_ylabel("%", fontsize=LABEL_SIZE, labelpad=1)
    put_key(
        figure,
        [
            key_line("data", TRUE_COLOUR),
            key_line("reconstruction", PREDICTED_COLOUR),
            key_line("residual after 20 Å smoothing", "0.2"),
            key_line("5%", "0.4", style="--", width=0.8),
        ],
    )
    return figure


def _draw_reconstructed(
    upper: Axes, lower: Axes, wave: NDArray[np.float64], one: ReconstructedSpectrum
) -> None:
    from matplotlib.ticker import MaxNLocator

    for axes in (upper, lower):
        tidy(axes)
        axes.set_xlim(wave[0], wave[-1])
    upper.set_title(one.title, fontsize=NOTE_SIZE, pad=2, loc="left").set_parse_math(False)
    upper.tick_params(labelbottom=False)
    upper.yaxis.set_major_locator(MaxNLocator(4, prune="lower"))
    lower.axhline(0, color="0.4", linewidth=0.5)
    for level in (-_GOOD, _GOOD):
        lower.axhline(level, color="0.4", linewidth=0.5, linestyle="--")
    lower.set_ylim(-_LOWER, _LOWER)
    lower.set_yticks([-2 * _GOOD, 0, 2 * _GOOD])
    if not np.isfinite(one.flux).any():
        say_empty(upper, "no pixel can be used")
        return
    upper.plot(wave, one.flux, color=TRUE_COLOUR, linewidth=0.5)
    upper.plot(wave, one.model, color=PREDICTED_COLOUR, linewidth=0.6)
    lower.plot(wave, 100 * one.residual, color="0.2", linewidth=0.6)
    known = one.flux[np.isfinite(one.flux)]
    top = max(float(np.percentile(known, 99.8)), float(np.nanmax(one.model, initial=0.0)))
    low = min(float(np.percentile(known, 0.5)), 0.0)
    upper.set_ylim(low, low + 1.1 * (top - low) if top > low else low + 1.0)


def latent_shifts(
    shift: ArrayLike, *, redshifts: Sequence[float], signals: Sequence[float], bar: float
) -> Figure:
    """By how much latents move with redshift and signal to noise: a panel a latent.

    Parameters
    ----------
    shift : (Z, S, D, N, K) array
        Latents of D observations of N spectra, less those without noise and gaps [standard
        deviations of the population].
    redshifts, signals : sequence of float
        Z redshifts and S signal-to-noise ratios.
    bar : float
        That should not be passed: dashed.

    Returns
    -------
    Figure
        Thin bars: 5th to 95th percentile of single observations; thick ones: of the means over
        the draws of noise; points: medians.
    """
    values = np.asarray(shift, dtype=np.float64)
    names = [f"latent {k + 1}" for k in range(values.shape[-1])]
    systematic = values.mean(axis=2)
    reach = 1.15 * max(float(np.nanpercentile(np.abs(values), 99)), bar)

    def draw(axes: Axes, name: str) -> None:
        k = names.index(name)
        axes.axhline(0, color="0.2", linewidth=0.6)
        for level in (-bar, bar):
            axes.axhline(level, color="0.4", linewidth=0.7, linestyle="--")
        for i, colour in zip(range(len(redshifts)), REDSHIFT_COLOURS, strict=False):
            for j in range(len(signals)):
                at = j + 0.24 * (i - 0.5 * (len(redshifts) - 1))
                _bar(axes, at, values[i, j, ..., k], colour, 0.9)
                _bar(axes, at, systematic[i, j, ..., k], colour, 3.0)
                axes.plot(at, np.nanmedian(values[i, j, ..., k]), "o", color="white", ms=1.6)
        axes.set_xticks(range(len(signals)), [f"{s:g}" for s in signals])
        axes.set_ylim(-reach, reach)
        axes.set_xlabel("signal to noise", fontsize=LABEL_SIZE, labelpad=2)
        axes.set_ylabel("shift [population σ]", fontsize=LABEL_SIZE, labelpad=2)

    key = [key_line(f"z = {z:g}", c) for z, c in zip(redshifts, REDSHIFT_COLOURS, strict=False)]
    key += [
        key_line("5 to 95%, single spectra", "0.3", width=0.9),
        key_line("of means over noise", "0.3", width=3.0),
    ]
    return panel_grid(names, draw, titles=dict(zip(names, names, strict=True)), aspect=0.8, key=key)


def _bar(axes: Axes, at: float, values: NDArray[np.float64], colour: str, width: float) -> None:
    low, high = np.nanpercentile(values, (5, 95))
    axes.plot([at, at], [low, high], color=colour, linewidth=width, solid_capstyle="butt")
