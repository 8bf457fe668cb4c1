"""The part of an image that an encoder is shown: a square with the fibre at its centre."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.core import FIBRE_DIAMETER, GalaxyImage, InputError
from picassso.painting.prepare import choose_bands, filled, outside_training
from picassso.painting.spectra.weights import SpectrumWeights

__all__ = ["REDSHIFT_ASSUMED", "Stamp", "cut_stamp", "pixel_position"]

REDSHIFT_ASSUMED = "redshift_assumed"
"""Flag of a prediction for a redshift that nobody knew."""

_MOST_HIDDEN = 0.5
"""Part of the fibre that may be filled from around it."""

_NEAREST, _FARTHEST = 3.0, 10.0
"""Arcsec from the fibre's middle, between which a brighter place may be the galaxy's centre: its
edge with the seeing, and the size of a large galaxy."""
_MUCH_BRIGHTER = 2.0
_CERTAIN = 5.0
"""Standard deviations."""

Position = tuple[float, float] | Any
"""Pixels x, y from 0, or an astropy SkyCoord."""


@dataclass(frozen=True, slots=True, eq=False)
class Stamp:
    """Inputs of an encoder for one position in one image.

    Parameters
    ----------
    flux : (B, S, S) float32 array
        Surface brightness [nanomaggy arcsec^-2] in the bands of the weights; what is masked or
        lies beyond the image is filled from around it.
    noise : (B,) float32 array
        1 sigma a pixel, same unit.
    psf_fwhm : (B,) float32 array
        Arcsec.
    redshift, pixel_scale : float
        Of the galaxy; arcsec.
    position : (float, float)
        x and y of the fibre in the image [pixels, from 0].
    flags : tuple of str
        Short words for machines.
    warnings : tuple of str
        The same in words for the user, conditions beyond those of training among them.
    """

    flux: NDArray[np.float32]
    noise: NDArray[np.float32]
    psf_fwhm: NDArray[np.float32]
    redshift: float
    pixel_scale: float
    position: tuple[float, float]
    flags: tuple[str, ...]
    warnings: tuple[str, ...]


def cut_stamp(
    image: GalaxyImage, weights: SpectrumWeights, *, position: Position | None = None
) -> Stamp:
    """Cut out what an encoder is shown, at the size that it was trained on.

    The stamp is placed to the nearest pixel, at most 0.7 pixels from where the fibre is.

    Parameters
    ----------
    image : GalaxyImage
        Of any size and shape.
    weights : SpectrumWeights
        Say which bands and how many pixels.
    position : (float, float) or SkyCoord, optional
        Of the fibre: pixels x and y from 0, or on the sky; default: the middle of the image.

    Raises
    ------
    InputError
        If the image is of another survey, lacks a band or its noise; if the position is not on
        the image, or given on the sky of an image without WCS; if more than
        half of the fibre is masked or off the image.
    """
    order, noise = choose_bands(image, weights)
    x, y = pixel_position(image, position)
    flux, unknown, corner = _cut(image, order, x, y, weights.pixels)
    hidden = _hidden_in_fibre(image, x, y)
    beyond = _beyond_edge(image, corner, weights.pixels)
    flux = filled(flux, unknown)
    middle = len(flux) // 2
    aside = 0.0
    if position is None:
        aside = _brighter_aside(flux[middle], float(noise[middle]), image.pixel_scale)
    psf = image.psf_fwhm[order].astype(np.float32)
    outside = outside_training(
        weights,
        {
            "redshift": ("redshift", np.array([image.redshift])),
            "pixel_scale": ("pixel scale [arcsec]", np.array([image.pixel_scale])),
            "psf_fwhm": ("PSF FWHM [arcsec]", psf),
        },
        noise=noise,
        flux=flux,
    )
    found = {
        "outside_training_range": outside,
        "masked_pixels_in_fibre": _warning(
            hidden,
            f"{hidden:.0%} of the fibre is masked or lies off the image; its light was guessed "
            "from around it",
        ),
        "image_ends_within_stamp": _warning(
            beyond,
            f"the image ends within the {weights.pixels} x {weights.pixels} pixels around the "
            f"fibre that the network looks at ({beyond:.0%} of them lie beyond it, and were filled "
            "from its rim)",
        ),
        "brighter_beside_fibre": _warning(
            aside,
            f"the fibre lies on the middle of the image; {aside:.1f} arcsec from it the image is "
            f"more than {_MUCH_BRIGHTER:g} times as bright: if that is the galaxy's centre, give "
            "its position",
        ),
    }
    return Stamp(
        flux=flux,
        noise=noise,
        psf_fwhm=psf,
        redshift=image.redshift,
        pixel_scale=image.pixel_scale,
        position=(x, y),
        flags=(
            *([REDSHIFT_ASSUMED] if image.redshift_assumed else []),
            *(flag for flag, words in found.items() if words),
        ),
        warnings=tuple(line for words in found.values() for line in words),
    )


def pixel_position(image: GalaxyImage, position: Position | None) -> tuple[float, float]:
    """Pixels x and y from 0 of a position on an image; None is its middle.

    Raises
    ------
    InputError
        If it is not on the image, or no position.
    """
    height, width = image.shape
    if position is None:
        return 0.5 * (width - 1), 0.5 * (height - 1)
    if hasattr(position, "transform_to"):
        if image.wcs is None:
            raise InputError(
                f"{image.galaxy_id}: a position on the sky was given, but the image has no "
                "celestial WCS; give pixels x, y instead"
            )
        x, y = (float(v) for v in image.wcs.world_to_pixel(position))
        if not (np.isfinite(x) and np.isfinite(y)):
            raise InputError(
                f"{image.galaxy_id}: the position {_sky_text(position)} is not on this "
                "image's side of the sky; check its signs and units"
            )
    else:
        try:
            x, y = (float(v) for v in position)
        except (TypeError, ValueError):
            raise InputError(
                f"position {position!r}: expected two numbers, x and y in pixels from 0, or a "
                "SkyCoord"
            ) from None
    if not (-0.5 <= x <= width - 0.5 and -0.5 <= y <= height - 0.5):
        raise InputError(
            f"{image.galaxy_id}: the position x = {x:.1f}, y = {y:.1f} lies off the image of "
            f"{width} x {height} pixels"
        )
    return x, y


def _sky_text(position: Any) -> str:
    return str(position.to_string("hmsdms"))


def _cut(
    image: GalaxyImage, order: list[int], x: float, y: float, side: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_], tuple[int, int]]:
    """The stamp, True where nothing is known of it, and the pixel x, y of its corner."""
    # Between two pixels the upper one is taken: the middle of a frame of odd sides.
    left, bottom = (int(np.floor(c - 0.5 * (side - 1) + 0.5)) for c in (x, y))
    height, width = image.shape
    rows = slice(max(bottom, 0), min(bottom + side, height))
    columns = slice(max(left, 0), min(left + side, width))
    place = (
        slice(rows.start - bottom, rows.stop - bottom),
        slice(columns.start - left, columns.stop - left),
    )
    flux = np.zeros((len(order), side, side), np.float32)
    unknown = np.ones((side, side), bool)
    for plane, band in zip(flux, order, strict=True):
        plane[place] = image.flux[band, rows, columns]
    unknown[place] = image.mask[rows, columns]
    flux[:, unknown] = 0.0
    return flux, unknown, (left, bottom)


def _hidden_in_fibre(image: GalaxyImage, x: float, y: float) -> float:
    """Fraction of the pixels that the fibre covers which are masked or off the image."""
    radius = max(0.5 * FIBRE_DIAMETER / image.pixel_scale, 1.0)
    top, left = int(np.floor(y - radius)), int(np.floor(x - radius))
    side = int(np.ceil(2 * radius)) + 2
    rows, columns = np.mgrid[top : top + side, left : left + side]
    inside = (rows - y) ** 2 + (columns - x) ** 2 <= radius**2
    rows, columns = rows[inside], columns[inside]
    height, width = image.shape
    there = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    seen = int((~image.mask[rows[there], columns[there]]).sum())
    hidden = 1.0 - seen / len(rows)
    if hidden > _MOST_HIDDEN:
        raise InputError(
            f"{image.galaxy_id}: {hidden:.0%} of the fibre is masked or lies off the image, at "
            f"most {_MOST_HIDDEN:.0%} may; choose another position"
        )
    return hidden


def _beyond_edge(image: GalaxyImage, corner: tuple[int, int], side: int) -> float:
    """Fraction of the stamp that lies beyond the image."""
    height, width = image.shape
    kept = [
        min(first + side, length) - max(first, 0)
        for first, length in zip(corner, (width, height), strict=True)
    ]
    return 1.0 - kept[0] * kept[1] / side**2


def _brighter_aside(flux: NDArray[np.float32], noise: float, pixel_scale: float) -> float:
    """Distance from the middle of a stamp to where it is brightest [arcsec].

    0 where that is within `_NEAREST`, beyond `_FARTHEST`, not much brighter, or no more so than
    noise may be.
    """
    from scipy.ndimage import uniform_filter

    y, x = np.indices(flux.shape)
    centre = 0.5 * (np.array(flux.shape) - 1)
    distance = np.hypot(y - centre[0], x - centre[1]) * pixel_scale
    smooth = uniform_filter(flux, 3, mode="nearest")
    near = np.where(distance <= _FARTHEST, smooth, -np.inf)
    within = smooth[distance <= max(0.5 * FIBRE_DIAMETER, pixel_scale)].max()
    peak = near.argmax()
    # Of nine pixels the mean, of which the noise is a third.
    much = near.flat[peak] - _MUCH_BRIGHTER * max(float(within), 0.0) > _CERTAIN * noise / 3.0
    return float(distance.flat[peak]) if much and distance.flat[peak] > _NEAREST else 0.0


def _warning(fraction: float, words: str) -> tuple[str, ...]:
    return (words,) if fraction > 0 else ()
