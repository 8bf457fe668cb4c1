"""Spectra written as SDSS and MaNGA lay theirs out, for programs that read no others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from picassso.archive.fits.cards import ascii_text
from picassso.archive.spectra.sdss import dispersion_of
from picassso.archive.spectra.writing import creator, write_hdus
from picassso.core import InputError, Spectrum, check_target

if TYPE_CHECKING:
    from astropy.io.fits import Header

__all__ = ["write_manga_spectra", "write_sdss_spectrum"]

_ENDINGS = (".fits", ".fits.gz")
_UNIT = "1E-17 erg/cm^2/s/Ang"

_REJECTED = 1 << 25
"""COMBINEREJ of SDSS's SPPIXMASK: rejected when exposures were combined."""
_DO_NOT_USE = 1 << 10
"""DONOTUSE of MaNGA's MANGA_DRP2PIXMASK."""
_ZWARNING = 1 << 2
"""SMALL_DELTA_CHI2 of SDSS's ZWARNING."""


def write_sdss_spectrum(spectrum: Spectrum, path: str | Path, *, overwrite: bool = False) -> None:
    """Write one spectrum as ``spec-PLATE-MJD-FIBER.fits`` of SDSS, atomically.

    Tables COADD (``flux``, ``loglam``, ``ivar``, ``and_mask``, ``or_mask``, ``wdisp``) and SPECOBJ
    (``Z``, ``ZWARNING``). What a spectrum does not hold (``sky``, ``model``, the plate)
    is not made up. A redshift of 0 says that wavelengths are at rest. The name of the object is in
    the header; readers take that of the file.

    Parameters
    ----------
    spectrum : Spectrum
        In vacuum, as SDSS's are.
    path : path
        ``.fits`` or ``.fits.gz``.
    overwrite : bool
        Replace an existing file.

    Raises
    ------
    InputError
        If wavelengths are in air, the name ends otherwise, the file exists and `overwrite` is
        False, or its folder does not exist.
    OSError
        If the file cannot be written; nothing is left behind.
    """
    from astropy.io import fits

    path = check_target(path, overwrite=overwrite, endings=_ENDINGS)
    _need_vacuum([spectrum], path)
    mask = np.where(spectrum.mask, _REJECTED, 0).astype(np.int32)
    dispersion = np.full(len(mask), dispersion_of(spectrum.resolution), np.float32)
    coadd = _table(
        "COADD",
        ("flux", "E", spectrum.flux),
        # Single precision, as SDSS has it, would move pixels of other grids.
        ("loglam", "D", np.log10(spectrum.wavelength)),
        ("ivar", "E", spectrum.inverse_variance),
        ("and_mask", "J", mask),
        ("or_mask", "J", mask),
        ("wdisp", "E", dispersion),
    )
    warning = _ZWARNING if "redshift_warning" in spectrum.flags else 0
    catalogue = _table(
        "SPECOBJ",
        ("Z", "D", np.array([spectrum.redshift])),
        ("ZWARNING", "J", np.array([warning])),
    )
    primary = fits.PrimaryHDU(header=_header(spectrum.galaxy_id, spectrum.flags))
    write_hdus(fits.HDUList([primary, coadd, catalogue]), path)


def write_manga_spectra(
    spectra: Sequence[Spectrum], path: str | Path, *, overwrite: bool = False
) -> None:
    """Write spectra as rows of images ``WAVE``, ``FLUX``, ``IVAR``, ``MASK``, ``SRES`` and ``Z``.

    Parameters
    ----------
    spectra : sequence of Spectrum
        In vacuum, all on the same wavelengths. The name of one is in the header; several, whose
        names and flags have no place in these images, are told by their rows.
    path, overwrite
        As for `write_sdss_spectrum`.

    Raises
    ------
    InputError
        As there; or if there are none, or their wavelengths differ.
    OSError
        If the file cannot be written; nothing is left behind.
    """
    from astropy.io import fits

    path = check_target(path, overwrite=overwrite, endings=_ENDINGS)
    if not spectra:
        raise InputError(f"{path}: there are no spectra to write")
    _need_vacuum(spectra, path)
    wave = spectra[0].wavelength
    other = [s.galaxy_id for s in spectra if not np.array_equal(s.wavelength, wave)]
    if other:
        raise InputError(
            f"{path}: the wavelengths of {other[0]!r} differ from those of "
            f"{spectra[0].galaxy_id!r}; bring them onto one grid (resample), or write them one by "
            "one"
        )

    def rows(values: Sequence[NDArray[Any]]) -> NDArray[Any]:
        return np.stack(values) if len(spectra) > 1 else np.asarray(values[0])

    mask = [np.where(s.mask, _DO_NOT_USE, 0).astype(np.int32) for s in spectra]
    sharpness = [np.full(len(wave), np.nan_to_num(s.resolution), np.float32) for s in spectra]
    images = (
        ("WAVE", wave, "Angstrom"),
        ("FLUX", rows([s.flux for s in spectra]), _UNIT),
        ("IVAR", rows([s.inverse_variance for s in spectra]), None),
        ("MASK", rows(mask), None),
        ("SRES", rows(sharpness), None),
        ("Z", np.array([s.redshift for s in spectra]), None),
    )
    names, flags = ("", ()) if len(spectra) > 1 else (spectra[0].galaxy_id, spectra[0].flags)
    hdus = fits.HDUList([fits.PrimaryHDU(header=_header(names, flags))])
    for name, values, unit in images:
        hdus.append(fits.ImageHDU(values, name=name))
        if unit is not None:
            hdus[-1].header["BUNIT"] = unit
    write_hdus(hdus, path)


def _need_vacuum(spectra: Sequence[Spectrum], path: Path) -> None:
    for spectrum in spectra:
        if spectrum.medium != "vacuum":
            raise InputError(
                f"{path}: wavelengths of {spectrum.galaxy_id!r} are in air, those of this layout "
                "in vacuum; bring it there (to_vacuum), or write a table (write_spectrum)"
            )


def _header(galaxy_id: str, flags: Sequence[str]) -> Header:
    from astropy.io import fits

    header = fits.Header()
    header["ORIGIN"] = "PICASSSO"
    header["CREATOR"] = creator()
    header["OBJECT"] = ascii_text(galaxy_id)
    header["VACUUM"] = (True, "wavelengths are in vacuum")
    header["BUNIT"] = (_UNIT, "of the flux")
    header["FLAGS"] = ascii_text(",".join(flags))
    return header


def _table(name: str, *columns: tuple[str, str, NDArray[Any]]) -> Any:
    from astropy.io import fits

    return fits.BinTableHDU.from_columns(
        [fits.Column(column, kind, array=values) for column, kind, values in columns], name=name
    )
