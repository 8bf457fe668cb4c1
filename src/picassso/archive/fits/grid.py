"""Pixel grids: celestial WCS, pixel scale, and bringing bands onto one grid."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.archive.fits.planes import Plane
from picassso.core import DEFAULT_COSMOLOGY, InputError

__all__ = [
    "align",
    "celestial_wcs",
    "checked_pixel_scale",
    "header_pixel_scale",
    "lacks_scale",
    "pixel_scale_of",
    "same_grid",
]

_ALIGNED = 0.02
"""Grids closer than this [pixels] at every corner are one grid."""

_PIXEL_SCALE = ("PIXSCALE", "PIXSCL")

_NO_SCALE = 3600.0
"""Pixels [arcsec] of a WCS without CDELT and CD, by the defaults of the FITS standard."""


def celestial_wcs(plane: Plane) -> Any | None:
    """Celestial WCS of a plane; None where the header holds none, or one without a scale."""
    wcs = _stated_wcs(plane)
    return None if wcs is None or _is_scaleless(wcs) else wcs


def lacks_scale(plane: Plane) -> bool:
    """Whether a plane has a celestial WCS that is of no use for want of CDELT and CD."""
    wcs = _stated_wcs(plane)
    return wcs is not None and _is_scaleless(wcs)


def _is_scaleless(wcs: Any) -> bool:
    return abs(pixel_scale_of(wcs) / _NO_SCALE - 1.0) < 1e-6


def _stated_wcs(plane: Plane) -> Any | None:
    """Celestial WCS as the header states it."""
    header = plane.headers[0]
    if not str(header.get("CTYPE1", "")).strip() and len(plane.headers) > 1:
        header = plane.headers[1]
    if not str(header.get("CTYPE1", "")).startswith(("RA", "DEC", "GLON", "GLAT", "ELON", "ELAT")):
        return None
    from astropy.wcs import WCS, FITSFixedWarning, WcsError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FITSFixedWarning)
            wcs = WCS(header, naxis=2)
    except (WcsError, ValueError) as error:
        # The first line of wcslib names a place in its own source.
        said = str(error).strip().splitlines()[-1].strip().rstrip(".")
        raise InputError(f"{plane.source}: its WCS cannot be used ({said}); correct it") from None
    return wcs if wcs.has_celestial else None


def pixel_scale_of(wcs: Any) -> float:
    """Pixel scale [arcsec] of a celestial WCS: the root of a pixel's area."""
    from astropy.wcs.utils import proj_plane_pixel_area

    return float(np.sqrt(proj_plane_pixel_area(wcs)) * 3600.0)


def header_pixel_scale(
    plane: Plane, wcs: Any | None, redshift: float | None = None
) -> float | None:
    """Pixel scale [arcsec] from the WCS, PIXSCALE, or a linear axis in pc or kpc; else None."""
    if wcs is not None:
        return pixel_scale_of(wcs)
    _, value, _ = plane.positive(*_PIXEL_SCALE)
    if value is not None:
        return value
    # Images of simulated galaxies often carry a linear WCS in proper length.
    kpc = {"pc": 1e-3, "kpc": 1.0}
    for unit in (plane.lookup("CUNIT1"), plane.lookup("CTYPE1")):
        step = plane.lookup("CDELT1")
        if redshift and str(unit).strip() in kpc and isinstance(step, (int, float)) and step:
            return abs(step) * kpc[str(unit).strip()] / DEFAULT_COSMOLOGY.kpc_per_arcsec(redshift)
    return None


def checked_pixel_scale(
    plane: Plane, wcs: Any | None, redshift: float | None, notes: list[str]
) -> float | None:
    """As `header_pixel_scale`, for a header that is to be relied on.

    Parameters
    ----------
    plane, wcs, redshift
        As for `header_pixel_scale`.
    notes : list of str
        A PIXSCALE that is no positive number is added.

    Raises
    ------
    InputError
        If WCS and PIXSCALE differ by more than 2%.
    """
    scale = header_pixel_scale(plane, wcs, redshift)
    keyword, value, unusable = plane.positive(*_PIXEL_SCALE)
    notes += [f"{said} of the header is no usable pixel scale: passed over" for said in unusable]
    if wcs is None or scale is None or value is None:
        return scale
    if abs(scale / value - 1) > 0.02:
        raise InputError(
            f"{plane.source}: its WCS has pixels of {scale:.6g} arcsec, but {keyword} says "
            f"{value:.6g}; expected one pixel scale: give the true one (--pixel-scale), or "
            "correct the header"
        )
    return scale


def same_grid(wcs: Any, other: Any, shape: tuple[int, int]) -> bool:
    """Whether two WCS put the corners of a frame within a fiftieth of a pixel of each other."""
    if not _same_sky(wcs, other):
        return False
    height, width = shape
    x = np.array([0.0, width - 1.0, 0.0, width - 1.0])
    y = np.array([0.0, 0.0, height - 1.0, height - 1.0])
    xo, yo = other.world_to_pixel_values(*wcs.pixel_to_world_values(x, y))
    return bool(np.hypot(xo - x, yo - y).max() < _ALIGNED)


def align(
    plane: NDArray[np.float64], wcs: Any, target: Any, shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Resample a surface-brightness image onto another grid; NaN where it has no pixel.

    Every target pixel becomes the mean of the source pixels that it overlaps, weighted by the
    area of the overlap on the sky, which conserves flux whatever the shift, rotation or scale
    (`reproject.reproject_exact`). For grids that differ by a shift alone those weights are the
    bilinear ones, which cost a fifteenth of the time. A pixel that touches a missing one is
    missing.
    """
    from reproject import reproject_exact, reproject_interp

    reproject = reproject_interp if _only_shifted(wcs, target) else reproject_exact
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        resampled, footprint = reproject((plane, wcs), target, shape_out=shape)
    resampled[footprint < 0.999] = np.nan
    return resampled


def _only_shifted(wcs: Any, target: Any) -> bool:
    """Whether two pixels are alike in size, shape and direction to a thousandth."""
    one, other = wcs.pixel_scale_matrix, target.pixel_scale_matrix
    alike = np.abs(one - other).max() < 1e-3 * np.abs(other).max()
    return bool(
        alike and _same_sky(wcs, target) and not (wcs.has_distortion or target.has_distortion)
    )


def _same_sky(wcs: Any, other: Any) -> bool:
    """Whether two WCS have one projection, of one coordinate system."""
    one, two = wcs.wcs, other.wcs
    return (
        list(one.ctype) == list(two.ctype)
        and one.radesys == two.radesys
        and np.array_equal(one.equinox, two.equinox, equal_nan=True)
    )
