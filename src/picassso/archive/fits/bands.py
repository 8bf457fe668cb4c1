"""One band, measured and brought onto the grid of its galaxy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.archive.fits.grid import (
    align,
    celestial_wcs,
    checked_pixel_scale,
    pixel_scale_of,
    same_grid,
)
from picassso.archive.fits.planes import Plane
from picassso.archive.fits.sky import sky_noise, stamp_fwhm
from picassso.archive.fits.units import converter, slope
from picassso.core import InputError
from picassso.core.large import empty_array, row_blocks

__all__ = ["Band", "Grid", "Region", "check_signal", "read_band"]

Region = tuple[int, int, int, int]
"""Pixel box x0, x1, y0, y1 on the reference band: x0 <= x < x1 and so on, counted from 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """One band on the common grid, in nanomaggy arcsec^-2 and NaN where it is missing.

    `noise` and `sky_noise` are those of a pixel of the grid, had the band been taken with such
    pixels: independent of its neighbours, which a resampled one is not.
    """

    name: str
    flux: NDArray[np.float64]
    noise: NDArray[np.float64] | None
    sky_noise: float
    sky_pixels: int
    psf_fwhm: float | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The pixel grid of a galaxy: that of its reference band, and the part that is wanted.

    Parameters
    ----------
    wcs : astropy.wcs.WCS or None
        Celestial WCS of the whole reference band.
    shape : (int, int)
        Of the whole reference band.
    source : str
        Of the reference band, for messages.
    region : Region
        The part that is wanted.
    pixel_scale : float
        Arcsec.
    """

    wcs: Any
    shape: tuple[int, int]
    source: str
    region: Region
    pixel_scale: float

    def cut(self, plane: NDArray[np.float64]) -> NDArray[np.float64]:
        """The wanted part of a plane on the whole grid."""
        x0, x1, y0, y1 = self.region
        return plane[y0:y1, x0:x1]

    @property
    def cut_wcs(self) -> Any:
        """WCS of the wanted part."""
        x0, x1, y0, y1 = self.region
        return None if self.wcs is None else self.wcs[y0:y1, x0:x1]


def read_band(plane: Plane, name: str, grid: Grid, *, forced_scale: float | None) -> Band:
    """Convert one plane to surface brightness, measure its sky, and put it on the common grid.

    Parameters
    ----------
    plane : Plane
        As read.
    name : str
        Of its band.
    grid : Grid
        Where it goes.
    forced_scale : float or None
        Pixel scale [arcsec] of every plane, whatever its header says.

    Raises
    ------
    InputError
        If its unit is unknown, its companions or its grid do not fit, or no pixel holds data.
    """
    wcs = celestial_wcs(plane)
    scale = forced_scale or grid.pixel_scale
    if wcs is not None and forced_scale is None:
        scale = checked_pixel_scale(plane, wcs, None, []) or scale
    flux, noise = _surface_brightness(plane, scale)
    check_signal(flux[np.isfinite(flux)], plane.source)
    sigma, sky_pixels = sky_noise(flux)
    if wcs is None or grid.wcs is None:
        if flux.shape != grid.shape:
            raise InputError(
                f"{plane.source} has {_size(flux.shape)} pixels and {grid.source} "
                f"{_size(grid.shape)}, and there is no WCS to align them by; give images of one "
                "size, or with a WCS each"
            )
        aligned = True
    else:
        aligned = flux.shape == grid.shape and same_grid(grid.wcs, wcs, grid.shape)
    if aligned:
        flux, noise = grid.cut(flux), None if noise is None else grid.cut(noise)
    else:
        x0, x1, y0, y1 = grid.region
        shape = (y1 - y0, x1 - x0)
        # Noise of a surface brightness goes as 1 / pixel size.
        coarser = pixel_scale_of(wcs) / pixel_scale_of(grid.wcs)
        flux, sigma = align(flux, wcs, grid.cut_wcs, shape), coarser * sigma
        noise = None if noise is None else coarser * align(noise, wcs, grid.cut_wcs, shape)
    if not np.isfinite(flux).any():
        raise InputError(
            f"{plane.source}: no usable pixel where {grid.source} is to be painted; give bands of "
            "one field, or another region"
        )
    fwhm, unusable = _psf_fwhm(plane, scale)
    notes = tuple(f"{name}: {s} of the header is no usable PSF FWHM" for s in unusable)
    return Band(name, flux, noise, sigma, sky_pixels, fwhm, notes)


def _surface_brightness(
    plane: Plane, pixel_scale: float
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Flux and noise [nanomaggy arcsec^-2]; NaN where masked or without weight."""
    convert = converter(plane, pixel_scale)
    shape, weight = plane.data.shape, plane.inverse_variance
    for what, companion in (("MASK", plane.mask), ("IVAR", weight)):
        if companion is not None and companion.shape != shape:
            raise InputError(
                f"{plane.source}: its {what} has {_size(companion.shape)} pixels and the image "
                f"{_size(shape)}; both must have one size"
            )
    flux = empty_array(shape, np.float64, number=_BANDS)
    noise = None if weight is None else empty_array(shape, np.float64, number=_BANDS)
    for rows in row_blocks(shape):
        part = convert(plane.data[rows])
        part[~np.isfinite(part)] = np.nan
        if plane.mask is not None:
            part[np.nan_to_num(plane.mask[rows]) != 0] = np.nan
        if weight is not None and noise is not None:
            known = np.isfinite(weight[rows]) & (weight[rows] > 0)
            part[~known] = np.nan
            sigma = 1.0 / np.sqrt(np.where(known, weight[rows], np.nan).astype(np.float64))
            noise[rows] = sigma * slope(plane, part, pixel_scale)
        flux[rows] = part
    return flux, noise


_BANDS = 5
"""Of a galaxy, more or less: so many planes are held at once."""


def _size(shape: tuple[int, ...]) -> str:
    """Width x height, as FITS counts."""
    return " x ".join(str(n) for n in reversed(shape))


def check_signal(good: NDArray, source: str) -> None:
    """Raise InputError if no value is left, or all are zero."""
    if good.size == 0:
        raise InputError(
            f"{source}: every pixel is NaN or masked; expected an image with data (check how it "
            "was cut out, or its MASK and IVAR)"
        )
    if not good.any():
        raise InputError(f"{source}: every pixel is 0; expected an image with data")


def _psf_fwhm(plane: Plane, pixel_scale: float) -> tuple[float | None, list[str]]:
    """PSF FWHM [arcsec] of a stamp or of PSFFWHM<n>, PSFFWHM, PSF_FWHM, SEEING; unusable ones."""
    if plane.psf is not None:
        measured = stamp_fwhm(plane.psf) * pixel_scale
        if np.isfinite(measured):
            return float(measured), []
    numbered = (f"PSFFWHM{plane.number}",) if plane.number else ()
    _, value, unusable = plane.positive(*numbered, "PSFFWHM", "PSF_FWHM", "SEEING")
    return value, unusable
