"""Spectra: flux at rest with its band, the main lines marked; many galaxies on one sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import GalaxyImage, InputError, get_line
from picassso.figures.grids import (
    LABEL_SIZE,
    NOTE_SIZE,
    PAGE_DPI,
    PAGE_WIDTH,
    PREDICTED_COLOUR,
    TRUE_COLOUR,
    page_figure,
    tidy,
)
from picassso.figures.panels import add_note, draw_rgb, panel_axes
from picassso.figures.rgb import rgb_image

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "FLUX_LABEL",
    "MAIN_LINES",
    "WAVELENGTH_LABEL",
    "LineMark",
    "draw_fibre",
    "spectra_sheet",
    "spectrum_panel",
]

_LIMITED_COLOUR = "0.93"
_MARK_COLOUR = "0.45"
_HEADROOM = 15.0  # points above the highest flux, in which names and marks of lines stand
_MARK_DEPTH = 10.5  # points from the top of a panel to the middle of a mark
_MM = PAGE_DPI / 25.4  # pixels
_PANEL, _CAPTION, _GAP, _LEFT, _FOOT = (mm * _MM for mm in (21.0, 4.6, 1.2, 11.0, 8.0))
WAVELENGTH_LABEL = "rest wavelength in vacuum [Å]"
FLUX_LABEL = r"$f_\lambda$ [$10^{-17}$ erg s$^{-1}$ cm$^{-2}$ Å$^{-1}$]"


@dataclass(frozen=True, slots=True)
class LineMark:
    """Lines that are marked together.

    Parameters
    ----------
    label : str
        Written above the marks.
    lines : tuple of str
        Names as of `picassso.core.EMISSION_LINES`.
    align : {"left", "center", "right"}
        Which end of the label stands at the marks, so that neighbours do not meet.
    """

    label: str
    lines: tuple[str, ...]
    align: str = "center"


MAIN_LINES: tuple[LineMark, ...] = (
    LineMark("[O II]", ("OII3727", "OII3730")),
    LineMark(r"H$\beta$", ("Hbeta",), "right"),
    LineMark("[O III]", ("OIII4960", "OIII5008"), "left"),
    LineMark(r"H$\alpha$ [N II]", ("NII6550", "Halpha", "NII6585"), "right"),
    LineMark("[S II]", ("SII6718", "SII6733"), "left"),
)
"""Those that tell of star formation, ionisation and metals in an optical spectrum."""


def spectrum_panel(
    axes: Axes,
    wavelength: ArrayLike,
    flux: ArrayLike,
    *,
    low: ArrayLike | None = None,
    high: ArrayLike | None = None,
    truth: ArrayLike | None = None,
    limited: ArrayLike | None = None,
    lines: Sequence[LineMark] = MAIN_LINES,
) -> None:
    """Draw a spectrum at rest.

    Parameters
    ----------
    axes : Axes
        Where to draw; its labels are left to the caller.
    wavelength : (N,) array
        Angstrom at rest, in vacuum.
    flux : (N,) array
        Any unit. With a band or a truth it is drawn as a prediction, else as what is true.
    low, high : (N,) array, optional
        Ends of the band around `flux`.
    truth : (N,) array, optional
        Drawn under the prediction.
    limited : (N,) bool array, optional
        Where the models resolve less than the spectrograph: shaded.
    lines : sequence of LineMark
        Marked above the flux, where they lie on the wavelengths.

    Raises
    ------
    InputError
        If an array is not as long as `wavelength`, or one end of the band alone is given.
    """
    wave = np.asarray(wavelength, dtype=np.float64)
    arrays = {"flux": flux, "low": low, "high": high, "truth": truth, "limited": limited}
    given = {name: np.asarray(a) for name, a in arrays.items() if a is not None}
    for name, values in given.items():
        if values.shape != wave.shape:
            raise InputError(f"{name} has shape {values.shape}, expected {wave.shape}")
    if ("low" in given) != ("high" in given):
        raise InputError("one end of a band alone was given; give both low and high, or neither")
    predicted = "low" in given or "truth" in given
    if "limited" in given:
        _shade(axes, wave, given["limited"])
    if "low" in given:
        band = axes.fill_between(wave, given["low"], given["high"], zorder=1.5)
        band.set(color=PREDICTED_COLOUR, alpha=0.3, linewidth=0)
    if "truth" in given:
        axes.plot(wave, given["truth"], color=TRUE_COLOUR, linewidth=0.9)
    colour = PREDICTED_COLOUR if predicted else TRUE_COLOUR
    axes.plot(wave, given["flux"], color=colour, linewidth=0.6 if predicted else 0.7)
    axes.set_xlim(wave[0], wave[-1])
    _set_flux_limits(axes, [values for name, values in given.items() if name != "limited"])
    _mark(axes, lines)
    tidy(axes)


def _shade(axes: Axes, wave: NDArray[np.float64], limited: NDArray[np.bool_]) -> None:
    """Shade where `limited`, from bottom to top."""
    axes.fill_between(
        wave,
        0,
        1,
        where=limited.astype(bool).tolist(),
        transform=axes.get_xaxis_transform(),
        color=_LIMITED_COLOUR,
        linewidth=0,
        zorder=0,
    )


def _set_flux_limits(axes: Axes, curves: Sequence[NDArray[np.floating]]) -> None:
    """Show zero, all of the curves, and above them room for the names of lines."""
    values = np.concatenate([c[np.isfinite(c)] for c in curves])
    low, high = (min(values.min(), 0.0), max(values.max(), 0.0)) if values.size else (0.0, 1.0)
    points = axes.get_window_extent().height / axes.figure.dpi * 72
    filled = 1 - min(_HEADROOM / points, 0.5)
    axes.set_ylim(low, low + ((high - low) or 1.0) / filled)


def _mark(axes: Axes, lines: Sequence[LineMark]) -> None:
    """A short stroke above each line that lies in view, and its name."""
    from matplotlib.transforms import ScaledTranslation

    first, last = axes.get_xlim()
    top = axes.get_xaxis_transform()
    below = top + ScaledTranslation(0, -_MARK_DEPTH / 72, axes.figure.dpi_scale_trans)
    shift = {"left": -2.0, "center": 0.0, "right": 2.0}  # points: a letter hangs over its mark
    for mark in lines:
        waves = [get_line(name).wavelength for name in mark.lines]
        seen = [w for w in waves if first < w < last]
        if not seen:
            continue
        (strokes,) = axes.plot(seen, [1.0] * len(seen), "|", color=_MARK_COLOUR, transform=below)
        strokes.set(markersize=4.0, markeredgewidth=0.6)
        at = {"left": min(seen), "center": float(np.mean(seen)), "right": max(seen)}[mark.align]
        axes.annotate(
            mark.label,
            (at, 1.0),
            xycoords=top,
            xytext=(shift[mark.align], -1.5),
            textcoords="offset points",
            ha=mark.align,
            va="top",
            fontsize=NOTE_SIZE,
            color="0.25",
        )


def spectra_sheet(
    images: Sequence[GalaxyImage],
    wavelength: ArrayLike,
    flux: ArrayLike,
    *,
    fibre: float,
    limited: ArrayLike,
    captions: Sequence[str],
) -> Figure:
    """Galaxies below each other: the image with the fibre on it, and what the fibre sees.

    Parameters
    ----------
    images : sequence of GalaxyImage
        What to show, G of them.
    wavelength : (N,) array
        Angstrom at rest, in vacuum.
    flux : (G, N) array
        Spectra at rest [1e-17 erg s^-1 cm^-2 Angstrom^-1].
    fibre : float
        Diameter of the fibre, which points at the centre of the frame [arcsec].
    limited : (N,) bool array
        Where the models resolve less than the spectrograph: shaded.
    captions : sequence of str
        A line above each spectrum.

    Returns
    -------
    Figure
        As wide as a page.

    Raises
    ------
    InputError
        If there is nothing to show, or not one spectrum and one caption for each image.
    """
    fluxes = np.asarray(flux)
    if not images or not len(images) == len(fluxes) == len(captions):
        raise InputError(
            "a sheet of spectra needs images, and a spectrum and a caption for each; found "
            f"{len(images)} images, {len(fluxes)} spectra and {len(captions)} captions"
        )
    width = PAGE_WIDTH * _MM
    height = len(images) * (_PANEL + _CAPTION) + _FOOT
    figure = page_figure(PAGE_WIDTH, height / _MM)
    start = _GAP + _PANEL + _LEFT
    for k, (image, spectrum, words) in enumerate(zip(images, fluxes, captions, strict=True)):
        bottom = height - (k + 1) * (_PANEL + _CAPTION)
        picture = panel_axes(figure, _GAP, bottom, _PANEL, _PANEL)
        draw_rgb(picture, rgb_image(image.flux, image.bands))
        centre = (0.5 * (image.shape[1] - 1), 0.5 * (image.shape[0] - 1))
        draw_fibre(picture, centre, fibre / image.pixel_scale)
        if k == 0:
            add_note(picture, f'fibre {fibre:g}"')
        place = (start / width, bottom / height, 1 - (start + 3 * _GAP) / width, _PANEL / height)
        axes = figure.add_axes(place)
        spectrum_panel(axes, wavelength, spectrum, limited=limited)
        axes.locator_params(axis="y", nbins=4)
        above = (bottom + _PANEL + 0.8 * _MM) / height
        caption = figure.text(start / width, above, words, fontsize=LABEL_SIZE, va="bottom")
        caption.set_parse_math(False)
        if k + 1 < len(images):
            axes.set_xticklabels([])
        else:
            axes.set_xlabel(WAVELENGTH_LABEL, fontsize=LABEL_SIZE, labelpad=2)
    figure.text(
        (start - 0.7 * _LEFT) / width,
        (0.5 * (height - _FOOT) + _FOOT) / height,
        FLUX_LABEL,
        fontsize=LABEL_SIZE,
        rotation=90,
        ha="center",
        va="center",
    )
    return figure


def draw_fibre(axes: Axes, centre: tuple[float, float], diameter: float) -> None:
    """Draw a fibre on an image, white on dark so that it is seen on any colour.

    Parameters
    ----------
    axes : Axes
        A panel of an image whose pixels are the data coordinates.
    centre : (float, float)
        x and y [pixels].
    diameter : float
        Pixels.
    """
    from matplotlib.patches import Circle

    for colour, thick in (("black", 1.6), ("white", 0.8)):
        circle = Circle(centre, 0.5 * diameter, fill=False, linewidth=thick)
        circle.set_edgecolor(colour)
        axes.add_patch(circle)
