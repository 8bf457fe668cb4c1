"""From measured bands to a GalaxyImage: corrections, noise, PSF, and what was assumed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.archive.fits.bands import Band
from picassso.archive.fits.sky import border_level
from picassso.archive.fits.units import is_number
from picassso.core import GalaxyImage, InputError, Survey
from picassso.core.large import empty_array, row_blocks

__all__ = ["assemble"]

_MOST_EBV = 10.0
"""Magnitudes; nothing is seen in the optical through more dust."""


def assemble(
    galaxy_id: str,
    measured: list[Band],
    *,
    survey: Survey,
    pixel_scale: float,
    redshift: float,
    psf_fwhm: float | Sequence[float] | None,
    ebv: float,
    wcs: Any,
    catalogue: tuple[bool, ...],
    notes: list[str],
    redshift_assumed: bool,
) -> GalaxyImage:
    """Correct to AB and for extinction, fill in noise and PSF, and say what was assumed.

    Parameters
    ----------
    galaxy_id : str
        Name of the galaxy.
    measured : list of Band
        On one grid, blue to red.
    survey, pixel_scale, redshift, psf_fwhm, ebv
        As for `read_image`, resolved but for the PSF.
    wcs : astropy.wcs.WCS or None
        Of the grid.
    catalogue : tuple of bool
        Whether each band is on the survey's own magnitudes, to be brought to AB.
    notes : list of str
        What was assumed so far; more is added.
    redshift_assumed : bool
        Whether the redshift is among that.
    """
    if not (is_number(ebv) and 0 <= ebv <= _MOST_EBV):
        raise InputError(f"E(B-V) {ebv!r}: expected magnitudes from 0 to {_MOST_EBV:g}")
    mask = np.zeros(measured[0].flux.shape, bool)
    for b in measured:
        mask |= ~np.isfinite(b.flux)
    if mask.all():
        raise InputError(
            f"{galaxy_id}: no pixel is good in all bands; check the masks and whether the bands "
            "overlap"
        )
    bands = tuple(b.name for b in measured)
    index = survey.band_indices(bands)
    offsets = np.where(catalogue, np.array(survey.ab_offsets)[list(index)], 0.0)
    factor = 10 ** (0.4 * (np.array(survey.extinction)[list(index)] * ebv - offsets))
    _report_sky(measured, ~mask, notes)
    noise = _noise(measured, mask, survey, index, pixel_scale, notes)
    planes = noise if noise.ndim == 3 else noise[:, None, None]
    return GalaxyImage(
        galaxy_id=galaxy_id,
        view=0,
        survey=survey.name,
        bands=bands,
        flux=_single(galaxy_id, bands, [b.flux for b in measured], factor, mask),
        noise=_single(galaxy_id, bands, planes, factor).reshape(noise.shape),
        mask=mask,
        psf_fwhm=_fwhm(measured, psf_fwhm, survey, index, notes),
        pixel_scale=float(pixel_scale),
        redshift=float(redshift),
        ebv=float(ebv),
        wcs=wcs,
        assumptions=tuple(notes),
        redshift_assumed=redshift_assumed,
    )


def _single(
    galaxy_id: str,
    bands: tuple[str, ...],
    values: Sequence[NDArray[np.float64]] | NDArray[np.float64],
    factor: NDArray[np.float64],
    mask: NDArray[np.bool_] | None = None,
) -> NDArray[np.float32]:
    """Planes times a factor each, in single precision; 0 where masked.

    Raises InputError for values that single precision cannot hold.
    """
    most = float(np.finfo(np.float32).max)
    single = empty_array((len(bands), *values[0].shape), np.float32)
    for k, name in enumerate(bands):
        for rows in row_blocks(values[k].shape):
            exact = values[k][rows] * factor[k]
            if mask is not None:
                exact[mask[rows]] = 0.0
            if not (np.abs(exact) <= most).all():
                raise InputError(
                    f"{galaxy_id}, band {name}: flux or noise is beyond {most:.1e} "
                    "nanomaggy/arcsec2; expected the light of a galaxy: check E(B-V), the unit "
                    "and the zero point"
                )
            single[k, rows] = exact
    return single


def _noise(
    measured: list[Band],
    mask: NDArray[np.bool_],
    survey: Survey,
    index: tuple[int, ...],
    pixel_scale: float,
    notes: list[str],
) -> NDArray[np.float64]:
    """1 sigma a pixel: one number a band; maps where any band has an inverse variance."""
    level = _sky_noise(measured, survey, index, pixel_scale, notes)
    if all(b.noise is None for b in measured):
        return level
    noise = empty_array((len(measured), *mask.shape), np.float64)
    for plane, b, sigma in zip(noise, measured, level, strict=True):
        plane[:] = sigma if b.noise is None else b.noise
        known = np.isfinite(plane)
        plane[~known] = np.median(plane[known & ~mask]) if (known & ~mask).any() else 0.0
    return noise


def _sky_noise(
    measured: list[Band],
    survey: Survey,
    index: tuple[int, ...],
    pixel_scale: float,
    notes: list[str],
) -> NDArray[np.float64]:
    """1 sigma a pixel of each band, measured on its sky; noted for those without a better one."""
    sigma = np.array([b.sky_noise for b in measured])
    # Too few pixels or a noise-free image show no noise: imagine the survey's.
    depth = np.array(survey.sky_noise)[list(index)] * survey.pixel_scale / pixel_scale
    unknown = ~(sigma > 1e-3 * depth) | (np.array([b.sky_pixels for b in measured]) < 100)
    used = np.array([b.noise is None for b in measured])
    if (used & ~unknown).any():
        lacking = [b.name for b in measured if b.noise is None]
        of = "" if len(lacking) == len(measured) else f" of {''.join(lacking)}"
        notes.append(
            "noise measured on the sky of the image (3-sigma clipped, smooth light cancelled; too "
            f"low where pixels farther apart than 3 are correlated), which holds no IVAR{of}"
        )
    if (used & unknown).any():
        names = "".join(b.name for b, u in zip(measured, used & unknown, strict=True) if u)
        notes.append(f"noise in {names} is that of {survey.name}: the image shows none")
    return np.where(unknown, depth, sigma)


def _report_sky(measured: list[Band], good: NDArray[np.bool_], notes: list[str]) -> None:
    """Note bands whose border is off zero by a tenth of the noise, significantly."""
    for b in measured:
        level, error = border_level(b.flux, good)
        if abs(level) > max(3 * error, 0.1 * b.sky_noise) and b.sky_noise > 0:
            notes.append(
                f"{b.name}: the border of the frame lies at {level:+.3g} nanomaggy/arcsec2 "
                f"({level / b.sky_noise:+.2f} sigma a pixel), a sky residual or light of the "
                "galaxy; left as it is"
            )


def _fwhm(
    measured: list[Band],
    given: float | Sequence[float] | None,
    survey: Survey,
    index: tuple[int, ...],
    notes: list[str],
) -> NDArray[np.float32]:
    """PSF FWHM a band [arcsec]: given, else of the file, else the survey's."""
    if given is not None:
        return _per_band(given, tuple(b.name for b in measured))
    notes += [said for b in measured for said in b.notes]
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


def _per_band(value: float | Sequence[float], bands: tuple[str, ...]) -> NDArray[np.float32]:
    """One positive number a band."""
    given = [value] if np.ndim(value) == 0 else list(np.asarray(value, dtype=object))
    values = np.array([v if is_number(v) else np.nan for v in given], dtype=np.float64)
    if values.size not in (1, len(bands)) or not (np.isfinite(values) & (values > 0)).all():
        raise InputError(
            f"PSF FWHM {value!r}: expected one positive number of arcsec, or one for each of "
            f"{list(bands)}"
        )
    return np.broadcast_to(values, (len(bands),)).astype(np.float32)
