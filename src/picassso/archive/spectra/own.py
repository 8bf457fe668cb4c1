"""A spectrum as one table, FITS or ECSV, that comes back bit by bit."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from picassso.archive.fits.cards import ascii_text, exact_card, plain_text
from picassso.archive.spectra.held import HeldSpectrum
from picassso.archive.spectra.tables import Column, columns_of
from picassso.archive.spectra.writing import creator, write_hdus
from picassso.core import InputError, Spectrum, check_target, write_text

if TYPE_CHECKING:
    from astropy.io.fits import HDUList

__all__ = ["NAME", "holds", "is_own", "read", "read_own_columns", "write_spectrum"]

NAME = "PICASSSO table"

FORMAT = 1
"""Version of the layout, as SPECFMT in FITS and specfmt in ECSV."""

_ENDINGS = (".fits", ".fit", ".fits.gz", ".ecsv")
_FLUX = "10**-17 erg s-1 cm-2 Angstrom-1"
_IVAR = "10**34 erg-2 s2 cm4 Angstrom2"
_UNITS = {"wavelength": "Angstrom", "flux": _FLUX, "ivar": _IVAR, "mask": None}
_AXES = {"vacuum": "WAVE", "air": "AWAV"}
"""Of a coordinate by the FITS standard 4.0, table 25."""


def write_spectrum(spectrum: Spectrum, path: str | Path, *, overwrite: bool = False) -> None:
    """Write a spectrum as a table, atomically: ECSV where the name ends so, else FITS.

    Columns wavelength [Angstrom], flux [1e-17 erg s^-1 cm^-2 Angstrom^-1], ivar (to the power of
    -2) and mask (true where a pixel must not be used). Beside them, in the header or in ECSV's
    meta: the name of the object, redshift, resolution (absent where it is not known), flags, and
    whether wavelengths are in vacuum or air (in FITS the type of the first column, TCTYP1: WAVE
    or AWAV).

    Parameters
    ----------
    spectrum : Spectrum
        What to write.
    path : path
        ``.fits``, ``.fits.gz`` or ``.ecsv``.
    overwrite : bool
        Replace an existing file.

    Raises
    ------
    InputError
        If the name ends otherwise, the file exists and `overwrite` is False, or its folder does
        not exist.
    OSError
        If the file cannot be written; nothing is left behind.
    """
    path = check_target(path, overwrite=overwrite, endings=_ENDINGS)
    if path.name.lower().endswith(".ecsv"):
        write_text(path, _ecsv(spectrum))
    else:
        write_hdus(_fits(spectrum), path)


def holds(hdus: HDUList) -> bool:
    """Whether a table says SPECFMT."""
    return any("SPECFMT" in hdu.header for hdu in hdus if not hdu.is_image)


def read(hdus: HDUList, *, source: str, galaxy_id: str) -> list[HeldSpectrum]:
    """What `write_spectrum` wrote as FITS.

    Parameters
    ----------
    hdus : HDUList
        For which `holds`.
    source, galaxy_id : str
        File, for messages, and name of the object where the file has none.
    """
    table = next(hdu for hdu in hdus if not hdu.is_image and "SPECFMT" in hdu.header)
    header = table.header
    media = {axis: medium for medium, axis in _AXES.items()}
    meta = {
        "specfmt": header["SPECFMT"],
        "medium": media.get(str(header.get("TCTYP1")).strip()),
        "redshift": header.get("REDSHIFT"),
        "resolution": header.get("RESOLUT"),
        "galaxy_id": header.get("OBJECT", ""),
        "flags": [f for f in plain_text(header.get("FLAGS", "")).split(",") if f],
    }
    return [read_own_columns(columns_of(table), meta, source=source, galaxy_id=galaxy_id)]


def is_own(meta: Mapping[str, Any]) -> bool:
    """Whether the meta of an ECSV table is that of `write_spectrum`."""
    return "specfmt" in meta


def read_own_columns(
    columns: Mapping[str, Column], meta: Mapping[str, Any], *, source: str, galaxy_id: str
) -> HeldSpectrum:
    """What `write_spectrum` wrote, as columns and meta.

    Raises
    ------
    InputError
        If the layout is newer, or a column, its unit or the medium is not as it was written.
    """
    again = "write it again"
    if meta["specfmt"] != FORMAT:
        raise InputError(
            f"{source}: layout {meta['specfmt']}, but this version reads {FORMAT}; update picassso"
        )
    for name, unit in _UNITS.items():
        if name not in columns:
            raise InputError(f"{source}: no column {name} among {', '.join(columns)}; {again}")
        if not _alike(columns[name].unit, unit):
            raise InputError(
                f"{source}, column {name}: unit {str(columns[name].unit)!r}; expected {unit!r}: "
                f"{again}"
            )
    if meta.get("medium") not in _AXES:
        raise InputError(f"{source}: medium of wavelengths is neither vacuum nor air; {again}")
    resolution = meta.get("resolution")
    return HeldSpectrum(
        source=source,
        galaxy_id=_name(meta["galaxy_id"]) if "galaxy_id" in meta else galaxy_id,
        wavelength=_native(columns["wavelength"], np.float64),
        medium=str(meta["medium"]),
        flux=_native(columns["flux"], np.float32),
        inverse_variance=_native(columns["ivar"], np.float32),
        mask=_native(columns["mask"], np.bool_),
        redshift=meta.get("redshift"),
        redshift_from="REDSHIFT of the file" if "redshift" in meta else "the file holds none",
        resolution=float("nan") if resolution is None else float(resolution),
        flags=tuple(meta.get("flags") or ()),
    )


def _name(held: Any) -> str:
    """Name of the object, as it was; or as somebody typed it since."""
    try:
        return plain_text(held)
    except UnicodeError:
        return str(held)


def _native(column: Column, kind: Any) -> Any:
    return np.array(column.values, dtype=kind)


def _alike(found: Any, expected: str | None) -> bool:
    from astropy import units as u

    if expected is None or found is None:
        return found is expected
    return bool(u.Unit(found, parse_strict="silent") == u.Unit(expected))


def _fits(spectrum: Spectrum) -> HDUList:
    from astropy.io import fits

    arrays = _arrays(spectrum)
    formats = {"wavelength": "D", "flux": "E", "ivar": "E", "mask": "L"}
    table = fits.BinTableHDU.from_columns(
        [
            fits.Column(name.upper(), formats[name], _UNITS[name], array=array)
            for name, array in arrays.items()
        ],
        name="SPECTRUM",
    )
    header = table.header
    header["TCTYP1"] = (_AXES[spectrum.medium], "WAVE: in vacuum, AWAV: in air")
    header["TCUNI1"] = "Angstrom"
    header["SPECFMT"] = (FORMAT, "version of this layout")
    header["OBJECT"] = ascii_text(spectrum.galaxy_id)
    header.append(exact_card("REDSHIFT", spectrum.redshift, "by which wavelengths are shifted"))
    if np.isfinite(spectrum.resolution):
        header.append(exact_card("RESOLUT", spectrum.resolution, "wavelength / FWHM"))
    header["FLAGS"] = ascii_text(",".join(spectrum.flags))
    primary = fits.PrimaryHDU()
    primary.header["ORIGIN"] = "PICASSSO"
    primary.header["CREATOR"] = creator()
    return fits.HDUList([primary, table])


def _ecsv(spectrum: Spectrum) -> str:
    from astropy.table import Table

    table = Table(_arrays(spectrum))
    for name, unit in _UNITS.items():
        table[name].unit = unit
    table.meta = {
        "specfmt": FORMAT,
        "creator": creator(),
        "galaxy_id": ascii_text(spectrum.galaxy_id),  # YAML would fold line breaks
        "medium": spectrum.medium,
        "redshift": float(spectrum.redshift),
        "flags": list(spectrum.flags),
    }
    if np.isfinite(spectrum.resolution):
        table.meta["resolution"] = float(spectrum.resolution)
    buffer = io.StringIO()
    table.write(buffer, format="ascii.ecsv")
    return buffer.getvalue()


def _arrays(spectrum: Spectrum) -> dict[str, Any]:
    return {
        "wavelength": spectrum.wavelength,
        "flux": spectrum.flux,
        "ivar": spectrum.inverse_variance,
        "mask": spectrum.mask,
    }
