"""Columns of a store's table: one row a view."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.archive.splits import split_by_galaxy
from picassso.core import PROPERTIES

__all__ = ["Column", "columns", "fingerprint", "flags_of", "table_from_rows", "write_table"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, kind (``"text"``, ``"integer"``, ``"real"``), unit, and width.

    `per_band` columns hold one number a band, (N, B); all others are (N,).
    """

    name: str
    kind: str
    unit: str = ""
    per_band: bool = False


_FIXED = (
    Column("galaxy_id", "text"),
    Column("galaxy", "integer"),
    Column("view", "integer"),
    Column("source", "text"),
    Column("camera", "text"),
    Column("framing", "text"),
    Column("redshift", "real"),
    Column("pixel_scale", "real", "arcsec"),
    Column("kpc_per_pixel", "real", "kpc"),
    Column("noise", "real", "nanomaggy arcsec-2", per_band=True),
    Column("psf_fwhm", "real", "arcsec", per_band=True),
    Column("half_mass_radius", "real", "kpc"),
    Column("stellar_mass", "real", "solMass"),
    Column("dust", "real"),
    Column("flags", "text"),
    Column("failure", "text"),
)


_OF_SPECTRA = (
    Column("line_dispersion", "real", "km s-1"),
    Column("stellar_dispersion", "real", "km s-1"),
)


def columns(properties: Sequence[str], *, spectra: bool = False) -> tuple[Column, ...]:
    """All columns that a row must fill, `split` (known only at the end) left out.

    Parameters
    ----------
    properties : sequence of str
        Properties of the store.
    spectra : bool
        Whether it has spectra, and columns of theirs.
    """
    totals = (Column(f"total_{p}", "real", PROPERTIES[p].total_unit) for p in properties)
    return (*_FIXED, *totals, *(_OF_SPECTRA if spectra else ()))


def table_from_rows(
    rows: Sequence[Mapping[str, Any]],
    *,
    properties: Sequence[str],
    n_bands: int,
    spectra: bool = False,
) -> dict[str, NDArray[Any]]:
    """Columns as arrays; what a row does not hold becomes NaN, -1 or an empty text.

    Parameters
    ----------
    rows : sequence of mappings
        One a view, column name to value.
    properties : sequence of str
        Properties of the store, which have a ``total_...`` column each.
    n_bands : int
        Length of the per-band columns.
    spectra : bool
        Whether the store has spectra.

    Returns
    -------
    dict of str to array
        Text as unicode, integers as int64, reals as float64; and, as ``split``, the set that a
        row belongs to, ``"failed"`` where its galaxy could not be made.
    """
    table: dict[str, NDArray[Any]] = {}
    for c in columns(properties, spectra=spectra):
        if c.kind == "text":
            table[c.name] = np.array([str(r.get(c.name, "")) for r in rows], dtype=str)
        elif c.kind == "integer":
            table[c.name] = np.array([int(r.get(c.name, -1)) for r in rows], dtype=np.int64)
        else:
            empty = [np.nan] * n_bands if c.per_band else np.nan
            table[c.name] = np.array([r.get(c.name, empty) for r in rows], dtype=np.float64)
    made = table["failure"] == ""
    table["split"] = np.full(len(made), "failed", dtype="<U10")
    table["split"][made] = split_by_galaxy(table["galaxy_id"][made], table["stellar_mass"][made])
    return table


def flags_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Flags of a row, one by one."""
    return tuple(flag for flag in str(row["flags"]).split(";") if flag)


def write_table(
    group: Any, table: Mapping[str, NDArray[Any]], *, properties: Sequence[str]
) -> None:
    """Write a table into a store's zarr group, one array a column, with its unit beside it.

    Parameters
    ----------
    group : zarr.Group
        Of the store; its group ``table`` is replaced.
    table : mapping of str to array
        Columns.
    properties : sequence of str
        Properties of the store.
    """
    units = {c.name: c.unit for c in columns(properties, spectra=True)}
    written = group.create_group("table", overwrite=True)
    for name, column in table.items():
        text = column.dtype.kind == "U"
        array = written.create_array(
            name,
            shape=column.shape,
            dtype="str" if text else column.dtype,
            attributes={"unit": units.get(name, "")},
        )
        array[...] = column.astype(object) if text else column


def fingerprint(config: Mapping[str, Any], table: Mapping[str, NDArray[Any]]) -> str:
    """SHA-256 of a config and a table: the same for the same data, whoever made them.

    Parameters
    ----------
    config : mapping
        JSON-serialisable.
    table : mapping of str to array
        Columns; their order does not matter.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    digest = hashlib.sha256(json.dumps(config, sort_keys=True).encode())
    for name in sorted(table):
        column = table[name]
        digest.update(name.encode() + b"\0")
        if column.dtype.kind == "U":
            digest.update("\0".join(column.tolist()).encode())
        else:
            digest.update(column.astype(column.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()
