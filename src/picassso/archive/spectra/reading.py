"""Which kind of file it is, and the spectra in it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from picassso.archive.fits.planes import UNREADABLE, decompressor, opened, stem
from picassso.archive.fits.units import is_number
from picassso.archive.spectra import manga, own, sdss, tables
from picassso.archive.spectra.held import HeldSpectrum
from picassso.core import InputError, Spectrum

if TYPE_CHECKING:
    from astropy.io.fits import HDUList

__all__ = [
    "PREDICTED_KEY",
    "held_spectra",
    "held_spectrum",
    "read_spectra",
    "read_spectrum",
    "spectrum_format",
]

_LAYOUTS = (own, sdss, manga, tables)
"""Modules of the FITS layouts, each with NAME, holds and read; the first that holds, reads."""

PREDICTED_KEY = "PREDFMT"
"""In the primary header of a file of a predicted spectrum, which is none that was observed."""

_ECSV = "ECSV table"
_EXPECTED = (
    "expected a spectrum: spec-*.fits of SDSS, images WAVE, FLUX and IVAR of MaNGA, or a table "
    "(FITS or ECSV) with columns wavelength, flux and ivar or uncertainty and their units"
)
_MAGIC = (
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy file"),
    (b"PK\x03\x04", "a zip archive (or .npz)"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)


def read_spectrum(
    path: str | Path, *, redshift: float | None = None, row: int | None = None
) -> Spectrum:
    """Read one spectrum; its format is told by what is in the file, never by its name.

    Parameters
    ----------
    path : path
        Of a file; ``.gz`` and ``.bz2`` are read too.
    redshift : float, optional
        In place of the file's.
    row : int, optional
        Which one, counted from 0, of a file with several.

    Returns
    -------
    Spectrum
        Wavelengths [Angstrom] as observed, increasing, in the medium of the file; flux
        [1e-17 erg s^-1 cm^-2 Angstrom^-1]; masked wherever flux or inverse variance is not known.

    Raises
    ------
    InputError
        If the file is none of a spectrum, damaged, or without units; if it has several spectra
        and `row` is not given; if the redshift is missing, negative or no number, or wavelengths
        have no order.
    """
    return held_spectrum(path, row=row).spectrum(redshift)


def held_spectrum(path: str | Path, *, row: int | None = None) -> HeldSpectrum:
    """One spectrum with what its file says of its redshift, good or not.

    Raises
    ------
    InputError
        As for `read_spectrum`, but for the redshift.
    """
    held = held_spectra(path)
    if row is None and len(held) > 1:
        raise InputError(
            f"{path}: holds {len(held)} spectra; choose one: row 0 to {len(held) - 1} "
            "(--row, or row= in Python)"
        )
    chosen = 0 if row is None else row
    if not (is_number(chosen) and chosen == int(chosen) and 0 <= chosen < len(held)):
        raise InputError(
            f"{path}: row {row}; expected a whole number from 0 to {len(held) - 1}, as the file "
            f"holds {len(held)} spectr{'a' if len(held) > 1 else 'um'}"
        )
    return held[int(chosen)]


def read_spectra(
    path: str | Path, *, redshift: float | Sequence[float] | None = None
) -> list[Spectrum]:
    """Read all spectra of a file.

    Parameters
    ----------
    path : path
        Of a file, as for `read_spectrum`.
    redshift : float or one float a spectrum, optional
        In place of the file's.

    Raises
    ------
    InputError
        As for `read_spectrum`; or if the number of redshifts is not that of the spectra.
    """
    held = held_spectra(path)
    given: list[Any] = [redshift] * len(held) if np.ndim(redshift) == 0 else list(redshift)  # type: ignore[arg-type]
    if len(given) != len(held):
        raise InputError(
            f"{path}: {len(given)} redshifts were given for {len(held)} spectra; give one for all "
            "or one for each"
        )
    return [h.spectrum(z) for h, z in zip(held, given, strict=True)]


def held_spectra(path: str | Path) -> list[HeldSpectrum]:
    """All spectra of a file with what it says of their redshifts, good or not.

    Raises
    ------
    InputError
        As for `read_spectrum`, but for the redshift.
    """
    path = Path(path)
    kind = _kind(path)
    name = _name(path)
    if kind == _ECSV:
        return [_read_ecsv(path, name)]
    if kind is not None:
        raise InputError(f"{path}: is {kind}; {_EXPECTED}")
    with opened(path) as hdus:
        if PREDICTED_KEY in hdus[0].header:
            raise InputError(
                f"{path}: is a spectrum that `picassso spectrum` predicted from an image, not one "
                f"that was observed; {_EXPECTED}"
            )
        layout = _layout(hdus)
        if layout is None:
            raise InputError(f"{path}: holds {_contents(hdus)}; {_EXPECTED}")
        return list(layout.read(hdus, source=str(path), galaxy_id=name))


def spectrum_format(path: Path) -> str | None:
    """Name of the format of a file of spectra; None for any other, damaged ones included."""
    from astropy.io import fits

    with suppress(*UNREADABLE, InputError):
        kind = _kind(path)
        if kind is not None:
            return _ECSV if kind == _ECSV else None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is wrong is said when it is read
            with fits.open(path) as hdus:
                layout = _layout(hdus)
                return None if layout is None else str(layout.NAME)
    return None


def _layout(hdus: HDUList) -> Any:
    if PREDICTED_KEY in hdus[0].header:
        return None
    return next((layout for layout in _LAYOUTS if layout.holds(hdus)), None)


def _kind(path: Path) -> str | None:
    """What a file is by its first bytes: an ECSV table, something else, or None for FITS."""
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "there is no such file"
        raise InputError(f"{path}: {what}; {_EXPECTED}")
    start = _start(path)
    if start.startswith(b"SIMPLE  ="):
        return None
    if start.startswith(b"# %ECSV"):
        return _ECSV
    for magic, what in _MAGIC:
        if start.startswith(magic):
            return what
    if not start:
        return "empty"
    if all(32 <= byte < 127 or byte in b"\t\r\n" for byte in start):
        return "a text without the first line of ECSV (# %ECSV 1.0), which states units"
    return "neither FITS nor ECSV"


def _start(path: Path) -> bytes:
    try:
        with (decompressor(path) or Path.open)(path, "rb") as file:
            return bytes(file.read(80))
    except UNREADABLE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise InputError(
            f"{path}: is cut short or damaged ({error}); fetch or write it again ({_EXPECTED})"
        ) from None


def _read_ecsv(path: Path, name: str) -> HeldSpectrum:
    from astropy.table import Table

    try:
        with (decompressor(path) or Path.open)(path, "rb") as file:
            text = file.read().decode("utf-8")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = Table.read(text.splitlines(), format="ascii.ecsv")
    except UNREADABLE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        said = str(error).strip().splitlines()[0] if str(error).strip() else "no data"
        raise InputError(
            f"{path}: cannot be read as ECSV ({said}); fetch or write it again ({_EXPECTED})"
        ) from None
    columns = {
        str(c).lower(): tables.Column(_values(table[c]), table[c].unit) for c in table.colnames
    }
    meta = tables.flat_meta(table.meta)
    read = own.read_own_columns if own.is_own(meta) else tables.read_columns
    return read(columns, meta, source=str(path), galaxy_id=name)


def _values(column: Any) -> Any:
    """Values of a column, NaN where it is masked and can be."""
    plain = getattr(column, "value", column)
    mask = np.ma.getmaskarray(plain)
    values = np.ma.getdata(plain)
    if mask.any() and values.dtype.kind in "iuf":
        values = np.where(mask, np.nan, values)
    return np.asarray(values)


def _name(path: Path) -> str:
    name = stem(path)
    return name[: -len(".ecsv")] if name.lower().endswith(".ecsv") else name


def _contents(hdus: HDUList) -> str:
    """What a FITS file holds, in words."""
    said = []
    for number, hdu in enumerate(hdus):
        if hdu.is_image and not hdu.shape:
            continue
        name = hdu.name if hdu.name != "PRIMARY" else f"HDU {number}"
        what = (
            f"image {' x '.join(str(n) for n in reversed(hdu.shape))}"
            if hdu.is_image
            else f"table of {', '.join(hdu.columns.names[:4])}"
            + (", ..." if len(hdu.columns.names) > 4 else "")
        )
        said.append(f"{name or f'HDU {number}'} ({what})")
    more = [f"{len(said) - 4} more"] if len(said) > 5 else []
    return ", ".join(said[: 4 if more else 5] + more) or "no data"
