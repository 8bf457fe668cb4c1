"""Spectra of MaNGA, one a row: images WAVE, FLUX, IVAR, MASK, SRES and Z.

The wavelengths of MaNGA's data reduction are in vacuum, of equal steps in the logarithm, and its
flux is in 1e-17 erg s^-1 cm^-2 Angstrom^-1 (Law et al. 2016, AJ 152, 83).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from picassso.archive.spectra.held import HeldSpectrum, hold
from picassso.archive.spectra.units import angstrom, flux_density
from picassso.core import InputError

if TYPE_CHECKING:
    from astropy.io.fits import HDUList

__all__ = ["NAME", "holds", "read"]

NAME = "MaNGA spectra"


def holds(hdus: HDUList) -> bool:
    """Whether images of wavelengths, flux and inverse variance lie beside each other."""
    images = _images(hdus)
    if not {"WAVE", "FLUX", "IVAR"} <= images.keys():
        return False
    wave, flux = images["WAVE"].shape, images["FLUX"].shape
    return len(wave) == 1 and len(flux) in (1, 2) and flux[-1:] == wave


def read(hdus: HDUList, *, source: str, galaxy_id: str) -> list[HeldSpectrum]:
    """All rows.

    Parameters
    ----------
    hdus : HDUList
        For which `holds`.
    source, galaxy_id : str
        File, for messages, and name of the object; its row is added where there are several.

    Raises
    ------
    InputError
        If the file says neither its units nor that MaNGA's reduction wrote it (DRPVER), or images
        differ in shape.
    """
    images = _images(hdus)
    from_drp = "DRPVER" in hdus[0].header
    units = {name: images[name].header.get("BUNIT") for name in ("WAVE", "FLUX")}
    flags: tuple[str, ...] = ()
    if from_drp:
        if None in units.values():
            flags += ("units_assumed",)
        units["WAVE"] = units["WAVE"] or "Angstrom"
        units["FLUX"] = units["FLUX"] or "1e-17 erg / (s cm2 Angstrom)"
    elif hdus[0].header.get("VACUUM") is not True:
        flags += ("medium_assumed_vacuum",)
    wave = angstrom(images["WAVE"].data, units["WAVE"], f"{source}[WAVE]")
    rows = {name: _rows(images, name, source) for name in ("FLUX", "IVAR", "MASK", "SRES")}
    flux, ivar, mask, sharpness = rows.values()
    assert flux is not None and ivar is not None
    redshifts = _redshifts(images, len(flux), source)
    scale = flux_density(np.ones_like(wave), units["FLUX"], wave, f"{source}[FLUX]")
    several = len(flux) > 1
    return [
        hold(
            source=f"{source} row {i}" if several else source,
            galaxy_id=f"{galaxy_id}_{i}" if several else galaxy_id,
            wavelength=wave,
            medium="vacuum",
            flux=flux[i] * scale,
            inverse_variance=ivar[i] / scale**2,
            mask=None if mask is None else mask[i] != 0,
            redshift=None if redshifts is None else float(redshifts[i]),
            redshift_from="no image Z" if redshifts is None else "image Z",
            resolution=None if sharpness is None else _resolution(sharpness[i], ivar[i]),
            flags=flags,
        )
        for i in range(len(flux))
    ]


def _images(hdus: HDUList) -> dict[str, Any]:
    return {hdu.name.upper(): hdu for hdu in hdus if hdu.is_image and hdu.shape}


def _rows(images: dict[str, Any], name: str, source: str) -> NDArray[Any] | None:
    """(M, N) values of an image of the shape of FLUX; None without it."""
    if name not in images:
        return None
    expected = images["FLUX"].shape
    if images[name].shape != expected:
        raise InputError(
            f"{source}[{name}]: shape {images[name].shape}; expected {expected}, as FLUX has"
        )
    return np.atleast_2d(images[name].data)


def _redshifts(images: dict[str, Any], number: int, source: str) -> NDArray[Any] | None:
    if "Z" not in images:
        return None
    values = np.ravel(images["Z"].data)
    if len(values) != number:
        raise InputError(
            f"{source}[Z]: {len(values)} redshifts; expected {number}, one for each spectrum"
        )
    return values


def _resolution(sharpness: NDArray[Any], weight: NDArray[Any]) -> float | None:
    """Median lambda / FWHM of the pixels that are known, else of all that have one."""
    has_one = np.isfinite(sharpness) & (sharpness > 0)
    known = has_one & (weight > 0)
    chosen = sharpness[known] if known.any() else sharpness[has_one]
    return float(np.median(chosen)) if chosen.size else None
