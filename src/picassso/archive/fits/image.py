"""GalaxyImage from FITS files or from an array."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.archive.fits.assemble import assemble
from picassso.archive.fits.bands import Band, Grid, Region, check_signal, read_band
from picassso.archive.fits.grid import (
    celestial_wcs,
    checked_pixel_scale,
    header_pixel_scale,
    lacks_scale,
)
from picassso.archive.fits.grouping import galaxy_name
from picassso.archive.fits.planes import Plane, parse_bands, read_planes, swapped_axes
from picassso.archive.fits.sky import sky_noise
from picassso.archive.fits.units import array_converter, is_catalogue_unit, is_number
from picassso.core import GalaxyImage, InputError, Survey, get_survey

__all__ = ["DEFAULT_REDSHIFT", "header_redshift", "image_from_array", "read_image"]

DEFAULT_REDSHIFT = 0.03
"""Assumed, and said so, where neither a header nor the user gives one."""

_MOST_REDSHIFT = 20.0
"""Beyond it no galaxy is known, and none has formed its stars."""


def read_image(
    paths: str | Path | Sequence[str | Path],
    *,
    survey: str = "sdss",
    bands: str | Sequence[str] | None = None,
    redshift: float | None = None,
    pixel_scale: float | None = None,
    psf_fwhm: float | Sequence[float] | None = None,
    ebv: float = 0.0,
    region: Region | None = None,
) -> GalaxyImage:
    """Read one galaxy from a FITS cube, a FITS file with one HDU a band, or one file a band.

    Bands of different grids are brought onto that of the r band (else the middle one) by their
    WCS. What the files do not say and the caller does not give is assumed; every assumption is
    in the result's `assumptions`.

    Parameters
    ----------
    paths : path or sequence of paths
        One galaxy; ``.gz`` and ``.bz2`` are read too.
    survey : str
        Name of the survey: its filters, AB offsets, extinction and defaults.
    bands : str or sequence of str, optional
        Band of each plane or file, in their order, where headers do not say.
    redshift : float, optional
        Default: REDSHIFT, SIMZ or Z of the header, else 0.03.
    pixel_scale : float, optional
        Arcsec. Default: from the WCS, PIXSCALE, else the survey's.
    psf_fwhm : float or one float a band, optional
        Arcsec. Default: measured on PSF images, else PSFFWHM or SEEING, else the survey's.
    ebv : float
        Galactic E(B-V) [mag] to correct for.
    region : (x0, x1, y0, y1), optional
        Paint only this pixel box of the reference band.

    Returns
    -------
    GalaxyImage

    Raises
    ------
    InputError
        If a file cannot be read, a header contradicts its image, a unit or band is unknown, or a
        band holds no data.
    """
    files = _files(paths)
    known = get_survey(survey)
    _check_numbers(redshift=redshift, pixel_scale=pixel_scale)
    notes: list[str] = []
    planes = _name_planes([p for f in files for p in read_planes(f, known)], bands, known, notes)
    reference = planes.get("r") or list(planes.values())[len(planes) // 2]
    known_z = _redshift(redshift, reference, notes)
    z = DEFAULT_REDSHIFT if known_z is None else known_z
    if any(lacks_scale(p) for p in planes.values()):
        notes.append("the WCS has neither CDELT nor CD, so that a pixel has no size: passed over")
    wcs = celestial_wcs(reference)
    scale = _pixel_scale(pixel_scale, reference, wcs, z, known, notes)
    shape = reference.data.shape
    grid = Grid(wcs, shape, reference.source, _box(region, reference), scale)
    measured = [
        read_band(plane, name, grid, forced_scale=pixel_scale) for name, plane in planes.items()
    ]
    if len(planes) > 1 and any(not p.number and celestial_wcs(p) is None for p in planes.values()):
        notes.append("bands without a WCS are taken to be aligned as they stand")
    return assemble(
        galaxy_name(files, known),
        measured,
        survey=known,
        pixel_scale=scale,
        redshift=z,
        psf_fwhm=psf_fwhm,
        ebv=ebv,
        wcs=grid.cut_wcs,
        catalogue=tuple(is_catalogue_unit(p) for p in planes.values()),
        notes=notes,
        redshift_assumed=known_z is None,
    )


def image_from_array(
    flux: NDArray[Any],
    *,
    survey: str = "sdss",
    bands: str | Sequence[str] | None = None,
    redshift: float | None = None,
    pixel_scale: float | None = None,
    psf_fwhm: float | Sequence[float] | None = None,
    ebv: float = 0.0,
    galaxy_id: str = "array",
) -> GalaxyImage:
    """GalaxyImage of a plain array.

    Parameters
    ----------
    flux : (B, H, W) array or Quantity
        AB surface brightness [nanomaggy arcsec^-2], or in its own unit, converted as BUNIT is;
        NaN or masked (numpy, astropy) where missing.
    bands : optional
        One name a plane; default: the survey's own.
    survey, redshift, pixel_scale, psf_fwhm, ebv
        As for `read_image`.
    galaxy_id : str
        Its name.

    Raises
    ------
    InputError
        If the shape does not fit the bands, the values are no real numbers, their unit is none of
        flux or surface brightness, or a band holds no data.
    """
    known = get_survey(survey)
    _check_numbers(redshift=redshift, pixel_scale=pixel_scale)
    names = known.bands if bands is None else parse_bands(bands)
    known.band_indices(names)
    scale = known.pixel_scale if pixel_scale is None else pixel_scale
    values = _plain_values(flux, scale)
    if swapped := swapped_axes(values.shape, len(names)):
        raise InputError(f"array: {swapped}")
    if values.ndim != 3 or len(values) != len(names):
        raise InputError(
            f"array of shape {values.shape}: expected ({len(names)}, height, width), one plane "
            f"for each of the bands {list(names)}; name them with bands="
        )
    notes: list[str] = []
    if redshift is None:
        notes.append(_assumed_redshift("none was given"))
    if pixel_scale is None:
        notes.append(f"pixel scale {known.pixel_scale} arcsec: that of {known.name}")
    measured = []
    for name, plane in zip(names, values, strict=True):
        good = plane[np.isfinite(plane)]
        check_signal(good, f"array, band {name}")
        measured.append(Band(name, plane, None, *sky_noise(plane), None))
    return assemble(
        galaxy_id,
        measured,
        survey=known,
        pixel_scale=scale,
        redshift=DEFAULT_REDSHIFT if redshift is None else redshift,
        psf_fwhm=psf_fwhm,
        ebv=ebv,
        wcs=None,
        catalogue=(False,) * len(names),
        notes=notes,
        redshift_assumed=redshift is None,
    )


def _files(paths: Any) -> list[Path]:
    """Paths of one or several files; InputError for what is none."""
    several = paths if isinstance(paths, (list, tuple)) else [paths]
    wrong = sorted({type(p).__name__ for p in several if not isinstance(p, (str, PathLike))})
    if wrong:
        raise InputError(
            f"image of type {', '.join(wrong)}: expected a FITS file or several, a GalaxyImage, "
            "or one array (band, y, x), into which numpy.stack joins those of the bands"
        )
    if not several:
        raise InputError("no image given; expected at least one FITS file")
    return [Path(p) for p in several]


def _plain_values(flux: Any, pixel_scale: float) -> NDArray[np.float64]:
    """Values [nanomaggy arcsec^-2] of an array with or without a unit, NaN where it is masked."""
    bare = np.asarray(getattr(flux, "unmasked", np.ma.getdata(flux, subok=False)))
    if bare.dtype.kind not in "iuf":
        raise InputError(f"array of dtype {bare.dtype}: expected real numbers, one flux a pixel")
    unit = getattr(flux, "unit", None)
    convert = np.array if unit is None else array_converter(str(unit), pixel_scale)
    values = convert(bare.astype(np.float64))
    mask = getattr(flux, "mask", None)
    if mask is not None:
        values[np.broadcast_to(mask, values.shape)] = np.nan
    return values


def _name_planes(
    planes: list[Plane], bands: str | Sequence[str] | None, survey: Survey, notes: list[str]
) -> dict[str, Plane]:
    """Planes by band, blue to red."""
    said = [p.band for p in planes]
    first = planes[0].source
    if bands is not None:
        names = parse_bands(bands)
        if swapped := swapped_axes((len(planes), *planes[0].data.shape), len(names)):
            raise InputError(f"{first}: {swapped}")
        if len(names) != len(planes):
            raise InputError(
                f"{first}: {len(names)} bands were given ({', '.join(names)}) for {len(planes)} "
                "image planes; name each plane once, in order"
            )
        wrong = [
            f"{p.source} says {s}, not {n}"
            for p, s, n in zip(planes, said, names, strict=True)
            if s is not None and s != n
        ]
        if wrong:
            raise InputError(
                f"the bands given contradict the headers: {'; '.join(wrong)}; leave the bands "
                "out, or correct the header"
            )
    elif all(s is None for s in said) and len(planes) == len(survey.bands):
        names = survey.bands
        notes.append(f"bands taken as {''.join(names)}, in this order: no header names them")
    else:
        nameless = [p.source for p, s in zip(planes, said, strict=True) if s is None]
        if nameless:
            some = [*nameless[:5], f"{len(nameless) - 5} more"] if len(nameless) > 6 else nameless
            raise InputError(
                f"{', '.join(some)}: no band is named by BANDS, FILTER, EXTNAME or the file "
                "name; give the bands in order, such as ugriz"
            )
        names = tuple(s for s in said if s is not None)
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        where = ", ".join(p.source for p, n in zip(planes, names, strict=True) if n in twice)
        raise InputError(f"bands {twice} are there more than once ({where}); keep one image a band")
    survey.band_indices(tuple(names))
    order = sorted(range(len(names)), key=lambda i: survey.bands.index(names[i]))
    return {names[i]: planes[i] for i in order}


def _check_numbers(**given: float | None) -> None:
    """Raise InputError for an option that is not a positive number."""
    for name, value in given.items():
        if value is not None and not (is_number(value) and np.isfinite(value) and value > 0):
            raise InputError(f"{name.replace('_', ' ')} {value!r}: expected a positive number")
    redshift = given.get("redshift")
    if redshift is not None and redshift > _MOST_REDSHIFT:
        raise InputError(
            f"redshift {redshift}: expected a number above 0 and up to {_MOST_REDSHIFT:g}"
        )


def _assumed_redshift(why: str) -> str:
    return (
        f"REDSHIFT {DEFAULT_REDSHIFT} IS ASSUMED: {why}. Sizes go with it and masses with its "
        "square; give the true one"
    )


def header_redshift(plane: Plane) -> tuple[str | None, float | None, list[str]]:
    """Keyword and value of a header's redshift, and what it says that is none."""
    return plane.positive("REDSHIFT", "SIMZ", "Z", most=_MOST_REDSHIFT)


def _redshift(given: float | None, reference: Plane, notes: list[str]) -> float | None:
    """What is given, or what the header says; None, and a note, where neither is there."""
    if given is not None:
        return given
    keyword, value, unusable = header_redshift(reference)
    said = f"the header says {', '.join(unusable)}, which is no redshift above 0 and up to 20"
    if value is not None:
        passed_over = f" ({said})" if unusable else ""
        notes.append(f"redshift {value:g} from {keyword} of the header{passed_over}")
        return value
    why = said if unusable else "no header holds REDSHIFT, SIMZ or Z"
    notes.append(_assumed_redshift(f"{why} and none was given"))
    return None


def _pixel_scale(
    given: float | None,
    reference: Plane,
    wcs: Any,
    redshift: float,
    survey: Survey,
    notes: list[str],
) -> float:
    if given is not None:
        found = header_pixel_scale(reference, wcs, redshift)
        if found is not None and abs(given / found - 1) > 0.02:
            notes.append(f"pixel scale {given:g} arcsec as given, though the header says {found:g}")
        return given
    found = checked_pixel_scale(reference, wcs, redshift, notes)
    if found is None:
        notes.append(f"pixel scale {survey.pixel_scale} arcsec: that of {survey.name}, no WCS")
        return survey.pixel_scale
    return found


def _box(region: Region | None, reference: Plane) -> Region:
    """The region, or the whole frame of the reference band."""
    height, width = reference.data.shape
    if region is None:
        return (0, width, 0, height)
    x0, x1, y0, y1 = region
    if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
        raise InputError(
            f"region {x0}:{x1},{y0}:{y1} does not lie in {reference.source}, which has "
            f"x 0:{width} and y 0:{height}"
        )
    return region
