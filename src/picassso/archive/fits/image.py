"""GalaxyImage from FITS files or from an array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.archive.fits.grid import align, celestial_wcs, header_pixel_scale, same_grid
from picassso.archive.fits.grouping import galaxy_name
from picassso.archive.fits.planes import Plane, parse_bands, read_planes
from picassso.archive.fits.sky import border_level, clipped_sky, stamp_fwhm
from picassso.archive.fits.units import converter, is_catalogue_unit
from picassso.core import GalaxyImage, InputError, Survey, get_survey

__all__ = ["DEFAULT_REDSHIFT", "Region", "image_from_array", "read_image"]

DEFAULT_REDSHIFT = 0.03
"""Assumed, and said so, where neither a header nor the user gives one."""

Region = tuple[int, int, int, int]
"""Pixel box x0, x1, y0, y1 on the reference band: x0 <= x < x1, counted from 0."""


@dataclass(frozen=True, slots=True, eq=False)
class _Band:
    """One band on the common grid, in nanomaggy arcsec^-2 and NaN where it is missing."""

    name: str
    flux: NDArray[np.float64]
    noise: NDArray[np.float64] | None
    sky: tuple[float, float, int]
    psf_fwhm: float | None


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
    files = [Path(p) for p in ([paths] if isinstance(paths, (str, Path)) else paths)]
    if not files:
        raise InputError("no image given; expected at least one FITS file")
    name = galaxy_name(files, get_survey(survey))
    known = get_survey(survey)
    notes: list[str] = []
    planes = _name_planes([p for f in files for p in read_planes(f, known)], bands, known, notes)
    reference = planes.get("r") or list(planes.values())[len(planes) // 2]
    z = _redshift(redshift, reference, notes)
    wcs = celestial_wcs(reference)
    scale = _pixel_scale(pixel_scale, reference, wcs, z, known, notes)
    box = _box(region, reference)
    fwhm = None if psf_fwhm is None else _per_band(psf_fwhm, tuple(planes))
    measured = [
        _read_band(plane, name_, reference, wcs, scale, pixel_scale, z, known, box)
        for name_, plane in planes.items()
    ]
    if wcs is None and len(files) > 1:
        notes.append("no WCS: the bands are taken to be aligned as they stand")
    mask = np.any([~np.isfinite(b.flux) for b in measured], axis=0)
    x0, _, y0, _ = box
    return _assemble(
        name,
        measured,
        mask,
        survey=known,
        pixel_scale=scale,
        redshift=z,
        psf_fwhm=fwhm,
        ebv=ebv,
        wcs=None if wcs is None else wcs[y0 : box[3], x0 : box[1]],
        catalogue=tuple(is_catalogue_unit(p) and not _is_ab(p) for p in planes.values()),
        notes=notes,
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
    flux : (B, H, W) array
        AB surface brightness [nanomaggy arcsec^-2]; NaN where missing.
    bands : optional
        One name a plane; default: the survey's own.
    survey, redshift, pixel_scale, psf_fwhm, ebv
        As for `read_image`.
    galaxy_id : str
        Its name.

    Raises
    ------
    InputError
        If the shape does not fit the bands, or a band holds no data.
    """
    known = get_survey(survey)
    names = known.bands if bands is None else parse_bands(bands)
    known.band_indices(names)
    values = np.asarray(flux, dtype=np.float64)
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
        _check_signal(good, f"array, band {name}")
        measured.append(_Band(name, plane, None, clipped_sky(good), None))
    return _assemble(
        galaxy_id,
        measured,
        np.any(~np.isfinite(values), axis=0),
        survey=known,
        pixel_scale=known.pixel_scale if pixel_scale is None else pixel_scale,
        redshift=DEFAULT_REDSHIFT if redshift is None else redshift,
        psf_fwhm=None if psf_fwhm is None else _per_band(psf_fwhm, names),
        ebv=ebv,
        wcs=None,
        catalogue=(False,) * len(names),
        notes=notes,
    )


def _name_planes(
    planes: list[Plane], bands: str | Sequence[str] | None, survey: Survey, notes: list[str]
) -> dict[str, Plane]:
    """Planes by band, blue to red."""
    said = [p.band for p in planes]
    first = planes[0].source
    if bands is not None:
        names = parse_bands(bands if isinstance(bands, str) else tuple(bands))
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
            raise InputError(
                f"{', '.join(nameless)}: no band is named by BANDS, FILTER, EXTNAME or the file "
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


def _read_band(
    plane: Plane,
    name: str,
    reference: Plane,
    target: Any,
    scale: float,
    given_scale: float | None,
    redshift: float,
    survey: Survey,
    box: Region,
) -> _Band:
    """Convert one plane to surface brightness, measure its sky, and put it on the common grid."""
    wcs = target if plane is reference or plane.number else celestial_wcs(plane)
    own = given_scale or (scale if wcs is target else header_pixel_scale(plane, wcs, redshift))
    own = own or scale
    convert = converter(plane, own)
    flux = convert(plane.data)
    bad = ~np.isfinite(flux)
    for what, companion in (("MASK", plane.mask), ("IVAR", plane.inverse_variance)):
        if companion is not None and companion.shape != flux.shape:
            raise InputError(
                f"{plane.source}: its {what} has shape {companion.shape}, the image "
                f"{flux.shape}; both must have one shape"
            )
    if plane.mask is not None:
        bad |= np.nan_to_num(plane.mask) != 0
    noise = None
    if plane.inverse_variance is not None:
        known = np.isfinite(plane.inverse_variance) & (plane.inverse_variance > 0)
        bad |= ~known
        one = convert(np.ones(1))[0]
        noise = one / np.sqrt(np.where(known, plane.inverse_variance, np.nan))
    flux[bad] = np.nan
    good = flux[~bad]
    _check_signal(good, plane.source)
    sky = clipped_sky(good)
    shape = reference.data.shape
    x0, x1, y0, y1 = box
    if wcs is None or target is None:
        if flux.shape != shape:
            raise InputError(
                f"{plane.source} has {flux.shape} pixels and {reference.source} {shape}, and "
                "there is no WCS to align them by; give images of one shape or with a WCS"
            )
    elif wcs is not target and not (flux.shape == shape and same_grid(target, wcs, shape)):
        cut = target[y0:y1, x0:x1]
        flux = align(flux, wcs, cut, (y1 - y0, x1 - x0))
        noise = None if noise is None else align(noise, wcs, cut, (y1 - y0, x1 - x0))
        box = (0, x1 - x0, 0, y1 - y0)
        if not np.isfinite(flux).any():
            raise InputError(
                f"{plane.source} does not overlap {reference.source} on the sky; give bands of "
                "one field"
            )
    x0, x1, y0, y1 = box
    flux = flux[y0:y1, x0:x1]
    if not np.isfinite(flux).any():
        raise InputError(f"{plane.source}: no usable pixel in the region; choose another one")
    return _Band(
        name,
        flux,
        None if noise is None else noise[y0:y1, x0:x1],
        sky,
        _header_fwhm(plane, own),
    )


def _check_signal(good: NDArray, source: str) -> None:
    if good.size == 0:
        raise InputError(
            f"{source}: every pixel is NaN or masked; expected an image with data (check how it "
            "was cut out, or its MASK and IVAR)"
        )
    if not good.any():
        raise InputError(f"{source}: every pixel is 0; expected an image with data")


def _assemble(
    galaxy_id: str,
    measured: list[_Band],
    mask: NDArray[np.bool_],
    *,
    survey: Survey,
    pixel_scale: float,
    redshift: float,
    psf_fwhm: NDArray[np.float64] | None,
    ebv: float,
    wcs: Any,
    catalogue: tuple[bool, ...],
    notes: list[str],
) -> GalaxyImage:
    """Correct to AB and for extinction, fill in noise and PSF, and say what was assumed."""
    if mask.all():
        raise InputError(
            f"{galaxy_id}: no pixel is good in all bands; check the masks and whether "
            "the bands overlap"
        )
    if not (np.isfinite(pixel_scale) and pixel_scale > 0):
        raise InputError(f"pixel scale {pixel_scale}: expected a positive number of arcsec")
    if not (np.isfinite(redshift) and redshift > 0):
        raise InputError(f"redshift {redshift}: expected a positive number")
    if not (np.isfinite(ebv) and ebv >= 0):
        raise InputError(f"E(B-V) {ebv}: expected a number of magnitudes, zero or more")
    bands = tuple(b.name for b in measured)
    index = survey.band_indices(bands)
    offsets = np.where(catalogue, np.array(survey.ab_offsets)[list(index)], 0.0)
    factor = 10 ** (0.4 * (np.array(survey.extinction)[list(index)] * ebv - offsets))
    _report_sky(measured, ~mask, notes)
    noise = _noise(measured, mask, survey, index, pixel_scale, notes)
    flux = np.stack([b.flux for b in measured]) * factor[:, None, None]
    flux[:, mask] = 0.0
    return GalaxyImage(
        galaxy_id=galaxy_id,
        view=0,
        survey=survey.name,
        bands=bands,
        flux=flux.astype(np.float32),
        noise=(noise * factor.reshape(-1, *(1,) * (noise.ndim - 1))).astype(np.float32),
        mask=mask,
        psf_fwhm=_fwhm(measured, psf_fwhm, survey, index, notes),
        pixel_scale=float(pixel_scale),
        redshift=float(redshift),
        ebv=float(ebv),
        wcs=wcs,
        assumptions=tuple(notes),
    )


def _noise(
    measured: list[_Band],
    mask: NDArray[np.bool_],
    survey: Survey,
    index: tuple[int, ...],
    pixel_scale: float,
    notes: list[str],
) -> NDArray[np.float64]:
    """1 sigma a pixel: maps where every band has an inverse variance, else one number a band."""
    if all(b.noise is not None for b in measured):
        noise = np.stack([b.noise for b in measured if b.noise is not None])
        for plane in noise:
            unknown = ~np.isfinite(plane)
            plane[unknown] = np.median(plane[~unknown & ~mask] if (~unknown & ~mask).any() else 0.0)
        return noise
    sigma = np.array([b.sky[1] for b in measured])
    # Too few pixels or a noise-free image show no noise: imagine the survey's.
    depth = np.array(survey.sky_noise)[list(index)] * survey.pixel_scale / pixel_scale
    unknown = ~(sigma > 1e-3 * depth) | (np.array([b.sky[2] for b in measured]) < 100)
    if (~unknown).any():
        notes.append("noise measured on the sky of the image (3-sigma clipped): it holds no IVAR")
    if unknown.any():
        names = "".join(b.name for b, u in zip(measured, unknown, strict=True) if u)
        notes.append(f"noise in {names} is that of {survey.name}: the image shows none")
    return np.where(unknown, depth, sigma)


def _report_sky(measured: list[_Band], good: NDArray[np.bool_], notes: list[str]) -> None:
    """Note bands whose border is off zero by a tenth of the noise, significantly."""
    for b in measured:
        level, error = border_level(b.flux, good)
        if abs(level) > max(3 * error, 0.1 * b.sky[1]) and b.sky[1] > 0:
            notes.append(
                f"{b.name}: the border of the frame lies at {level:+.3g} nanomaggy/arcsec2 "
                f"({level / b.sky[1]:+.2f} sigma a pixel), a sky residual or light of the galaxy; "
                "left as it is"
            )


def _fwhm(
    measured: list[_Band],
    given: NDArray[np.float64] | None,
    survey: Survey,
    index: tuple[int, ...],
    notes: list[str],
) -> NDArray[np.float32]:
    """PSF FWHM a band [arcsec]: given, else of the file, else the survey's."""
    if given is not None:
        return given.astype(np.float32)
    typical = np.array(survey.psf_fwhm)[list(index)]
    unknown = np.array([b.psf_fwhm is None for b in measured])
    if unknown.any():
        said = ", ".join(
            f"{b.name} {t:.2f}" for b, t, u in zip(measured, typical, unknown, strict=True) if u
        )
        notes.append(f"PSF FWHM [arcsec] {said}: typical of {survey.name}")
    return np.array(
        [t if b.psf_fwhm is None else b.psf_fwhm for b, t in zip(measured, typical, strict=True)],
        dtype=np.float32,
    )


def _header_fwhm(plane: Plane, pixel_scale: float) -> float | None:
    """PSF FWHM [arcsec] of a stamp or of PSFFWHM<n>, PSFFWHM, PSF_FWHM, SEEING."""
    if plane.psf is not None:
        measured = stamp_fwhm(plane.psf) * pixel_scale
        if np.isfinite(measured):
            return float(measured)
    numbered = (f"PSFFWHM{plane.number}",) if plane.number else ()
    value = plane.lookup(*numbered, "PSFFWHM", "PSF_FWHM", "SEEING")
    return float(value) if isinstance(value, (int, float)) and value > 0 else None


def _is_ab(plane: Plane) -> bool:
    """Whether the header says that its zero point is AB already."""
    return str(plane.lookup("MAGSYS", "PHOTSYS") or "").strip().upper() == "AB"


def _assumed_redshift(why: str) -> str:
    return (
        f"REDSHIFT {DEFAULT_REDSHIFT} IS ASSUMED: {why}. Sizes go with it and masses with its "
        "square; give the true one"
    )


def _redshift(given: float | None, reference: Plane, notes: list[str]) -> float:
    if given is not None:
        return given
    for keyword in ("REDSHIFT", "SIMZ", "Z"):
        value = reference.lookup(keyword)
        if isinstance(value, (int, float)) and np.isfinite(value) and value > 0:
            notes.append(f"redshift {value:g} from {keyword} of the header")
            return float(value)
    notes.append(_assumed_redshift("no header holds REDSHIFT, SIMZ or Z and none was given"))
    return DEFAULT_REDSHIFT


def _pixel_scale(
    given: float | None,
    reference: Plane,
    wcs: Any,
    redshift: float,
    survey: Survey,
    notes: list[str],
) -> float:
    found = header_pixel_scale(reference, wcs, redshift)
    if given is not None:
        if found is not None and abs(given / found - 1) > 0.02:
            notes.append(f"pixel scale {given:g} arcsec as given, though the header says {found:g}")
        return given
    if found is None:
        notes.append(f"pixel scale {survey.pixel_scale} arcsec: that of {survey.name}, no WCS")
        return survey.pixel_scale
    return found


def _per_band(value: float | Sequence[float], bands: tuple[str, ...]) -> NDArray[np.float64]:
    """One positive number a band."""
    values = np.atleast_1d(np.asarray(value, dtype=np.float64))
    if values.size not in (1, len(bands)) or not (np.isfinite(values) & (values > 0)).all():
        raise InputError(
            f"PSF FWHM {value!r}: expected one positive number of arcsec, or one for each of "
            f"{list(bands)}"
        )
    return np.broadcast_to(values, (len(bands),)).copy()


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
