"""Spectra in tables with units: ECSV, and FITS as specutils writes it (``tabular-fits``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from picassso.archive.fits.units import is_number
from picassso.archive.spectra.held import HeldSpectrum, hold, numbers
from picassso.archive.spectra.units import angstrom, flux_density, inverse_variance, is_length
from picassso.core import InputError

if TYPE_CHECKING:
    from astropy.io.fits import HDUList

__all__ = [
    "NAME",
    "Column",
    "columns_of",
    "flat_meta",
    "holds",
    "medium_said",
    "read",
    "read_columns",
]

NAME = "FITS table"

_WAVELENGTHS = ("wavelength", "wave", "lambda", "lam", "spectral_axis", "frequency", "energy")
_FLUXES = ("flux", "flux_density", "f_lambda", "flam", "f_nu", "fnu")
_ERRORS = (
    *("ivar", "inverse_variance", "invvar", "uncertainty", "std", "sigma", "error", "err"),
    *("flux_error", "flux_err", "flux_uncertainty", "noise", "variance", "var"),
)
_MEDIA = {
    **dict.fromkeys(("vacuum", "vac", "wave", "true", "t"), "vacuum"),
    **dict.fromkeys(("air", "awav", "false", "f"), "air"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Values of a column and its unit.

    Parameters
    ----------
    values : array
        Numbers or truth values, NaN where the table masks them.
    unit : str, astropy unit or None
        As the file says.
    """

    values: NDArray[Any]
    unit: Any


def holds(hdus: HDUList) -> bool:
    """Whether a table has columns of wavelength and of flux."""
    return _table(hdus) is not None


def read(hdus: HDUList, *, source: str, galaxy_id: str) -> list[HeldSpectrum]:
    """The spectrum of the first such table.

    Parameters
    ----------
    hdus : HDUList
        For which `holds`.
    source, galaxy_id : str
        File, for messages, and name of the object where the table names none.
    """
    table = _table(hdus)
    meta = {**flat_meta(hdus[0].header), **flat_meta(table.header)}
    columns = columns_of(table)
    place = next(i for i, name in enumerate(columns, 1) if name in _WAVELENGTHS)
    meta.setdefault("medium", table.header.get(f"TCTYP{place}"))
    source = f"{source}[{table.name}]" if table.name else source
    return [read_columns(columns, meta, source=source, galaxy_id=galaxy_id)]


def columns_of(table: Any) -> dict[str, Column]:
    """Columns of a FITS table by their names in small letters."""
    return {
        str(column.name).lower(): Column(np.asarray(table.data[column.name]), column.unit)
        for column in table.columns
    }


def read_columns(
    columns: Mapping[str, Column], meta: Mapping[str, Any], *, source: str, galaxy_id: str
) -> HeldSpectrum:
    """Spectrum of named columns.

    Parameters
    ----------
    columns : mapping of str to Column
        By names in small letters: wavelength, flux, an inverse variance or an uncertainty of the
        kind that its unit tells, and perhaps a mask (non-zero where bad).
    meta : mapping
        By names in small letters: redshift (or z), medium, resolution, object.
    source, galaxy_id : str
        File, for messages, and name of the object where `meta` has none.

    Raises
    ------
    InputError
        If a column or a unit is missing.
    """
    axis = _column(columns, _WAVELENGTHS, "wavelengths", source)
    light = _column(columns, _FLUXES, "flux", source)
    error = _column(columns, _ERRORS, "errors (ivar or uncertainty)", source)
    wave = angstrom(columns[axis].values, columns[axis].unit, f"{source}, column {axis}")
    # Frequencies and energies have no medium: what is made of them is in vacuum.
    medium = medium_said(meta) if is_length(columns[axis].unit) else "vacuum"
    keyword = next((k for k in ("redshift", "z") if meta.get(k) is not None), None)
    resolution = meta.get("resolution")
    return hold(
        source=source,
        galaxy_id=str(meta.get("galaxy_id") or meta.get("object") or galaxy_id),
        wavelength=wave,
        medium=medium or "vacuum",
        flux=flux_density(
            columns[light].values, columns[light].unit, wave, f"{source}, column {light}"
        ),
        inverse_variance=inverse_variance(
            columns[error].values, columns[error].unit, wave, f"{source}, column {error}"
        ),
        mask=columns["mask"].values != 0 if "mask" in columns else None,
        redshift=None if keyword is None else meta[keyword],
        redshift_from=f"its {keyword}" if keyword else "neither redshift nor z is said",
        resolution=float(resolution) if is_number(resolution) else None,
        flags=() if medium else ("medium_assumed_vacuum",),
    )


def medium_said(meta: Mapping[str, Any]) -> str | None:
    """``"vacuum"`` or ``"air"``, as medium, airorvac or vacuum say; None if none of them does."""
    for keyword in ("medium", "airorvac", "vacuum"):
        said = str(meta.get(keyword, "")).strip().lower()
        if said in _MEDIA:
            return _MEDIA[said]
    return None


def flat_meta(meta: Any) -> dict[str, Any]:
    """Entries of a header or meta by names in small letters, those of a header in it among them."""
    flat = {str(k).lower(): v for k, v in meta.items() if k not in ("", "COMMENT", "HISTORY")}
    header = flat.get("header")  # where specutils keeps that of what it read
    return {**flat_meta(header), **flat} if hasattr(header, "items") else flat


def _table(hdus: HDUList) -> Any:
    """First table with wavelengths and flux; None without one."""
    for hdu in hdus:
        if not hdu.is_image:
            names = {str(name).lower() for name in hdu.columns.names}
            if names & {*_WAVELENGTHS} and names & {*_FLUXES}:
                return hdu
    return None


def _column(columns: Mapping[str, Column], names: tuple[str, ...], what: str, source: str) -> str:
    """Name of the first column of several that is there, and holds numbers."""
    for name in names:
        if name in columns:
            numbers(columns[name].values, f"{source}, column {name}")
            return name
    raise InputError(
        f"{source}: no column of {what} among {', '.join(columns) or 'none'}; expected one named "
        f"{names[0]}"
    )
