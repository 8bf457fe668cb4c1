"""Painted (or true) maps as one FITS file, and back."""

from __future__ import annotations

import gzip
import warnings
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from picassso.archive.fits.cards import ascii_text, exact_card, plain_text
from picassso.core import (
    DERIVED,
    EXCESSES,
    PROPERTIES,
    InputError,
    Maps,
    Total,
    check_target,
    written_whole,
)
from picassso.core.large import row_blocks

if TYPE_CHECKING:
    from astropy.io.fits import BinTableHDU, HDUList, Header

__all__ = ["read_maps", "write_maps"]

FORMAT = 1
"""Version of the layout, in the header as MAPSFMT."""

_FITS_BLOCK = 2880
"""Bytes; headers and data end on a multiple of it (FITS standard 4.0, section 3.1)."""

_STATISTICS = ("std", "p16", "p50", "p84")
_TOTAL_COLUMNS = ("PROPERTY", "REGION", "MEAN", "P16", "P50", "P84", "UNIT")


def write_maps(maps: Maps, path: str | Path, *, overwrite: bool = False) -> None:
    """Write maps as FITS, atomically.

    One HDU a map, EXTNAME = its name: the mean, then ``<name>_std``, ``<name>_p16``,
    ``<name>_p50`` and ``<name>_p84`` where they are known, then the derived maps, ``MASK`` (1 =
    not used), and the tables ``TOTALS`` and ``PROVENANCE``. Every image has its BUNIT and WCS.

    Parameters
    ----------
    maps : Maps
        What to write.
    path : path
        Of the file; ``.fits.gz`` compresses.
    overwrite : bool
        Replace an existing file.

    Raises
    ------
    InputError
        If the file exists and `overwrite` is False, or its folder does not exist.
    OSError
        If the file cannot be written; nothing is left behind.
    """
    path = check_target(path, overwrite=overwrite)
    opener: Callable[..., Any] = gzip.open if path.suffix.lower() == ".gz" else Path.open
    with written_whole(path) as unfinished, opener(unfinished, "wb") as file:
        _write_hdus(file, maps)


def read_maps(path: str | Path) -> Maps:
    """Read what `write_maps` wrote; the values come back bit by bit.

    Raises
    ------
    InputError
        If the file is not one of PICASSSO's maps, is damaged, or is of a newer layout.
    """
    from astropy.io import fits

    path = Path(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with fits.open(path, memmap=False) as hdus:
                return _from_hdus(hdus, path)
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; expected painted maps") from None
    except (OSError, EOFError, ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"{path}: cannot be read as maps ({str(error).splitlines()[0]}); paint it again"
        ) from None


def _write_hdus(file: BinaryIO, maps: Maps) -> None:
    """Write HDU after HDU, and images in blocks of rows: a large frame need not fit in memory."""
    from astropy.io import fits

    primary = fits.PrimaryHDU(header=_primary_header(maps))
    primary.header.set("EXTEND", True, after="NAXIS")
    _write_whole(file, primary)
    wcs = None if maps.wcs is None else maps.wcs.to_header()

    def write(name: str, unit: str, rows_of: Callable[[slice], NDArray[Any]]) -> None:
        kind = rows_of(slice(0, 1)).dtype
        # The header is made from shape and type alone.
        hdu = fits.ImageHDU(np.broadcast_to(np.zeros((), kind), maps.shape), header=wcs)
        # Set after the constructor, which would write the name in capitals.
        hdu.header["EXTNAME"] = (name, _meaning(name))
        if unit:
            hdu.header["BUNIT"] = unit
        hdu.verify("exception")
        file.write(hdu.header.tostring().encode("ascii"))
        for rows in row_blocks(maps.shape):
            file.write(rows_of(rows).astype(kind.newbyteorder(">")).tobytes())
        file.write(bytes(-maps.shape[0] * maps.shape[1] * kind.itemsize % _FITS_BLOCK))

    for i, (name, unit) in enumerate(zip(maps.properties, maps.units, strict=True)):
        write(name, unit, maps.cube[i].__getitem__)
        for statistic in _STATISTICS:
            cube = getattr(maps, statistic)
            if cube is not None:
                write(f"{name}_{statistic}", unit, cube[i].__getitem__)
    for name in maps.derived_names:
        unit = (DERIVED.get(name) or EXCESSES[name]).unit
        write(name, unit, partial(maps.derived, name))
    if (mask := maps.mask) is not None:
        write("MASK", "", lambda rows: mask[rows].astype(np.uint8))
    _write_whole(file, _totals_table(maps.totals))
    _write_whole(file, _provenance_table(maps))


def _write_whole(file: BinaryIO, hdu: Any) -> None:
    """Write a small HDU by way of memory: astropy puts an empty primary one before a table."""
    from astropy.io import fits

    buffer = BytesIO()
    hdu.writeto(buffer, output_verify="exception")
    written = buffer.getvalue()
    file.write(written if isinstance(hdu, fits.PrimaryHDU) else written[_FITS_BLOCK:])


def _meaning(name: str) -> str:
    if name in PROPERTIES:
        return "mean of the predicted distribution"
    if name in DERIVED:
        return "ratio of two maps"
    if name in EXCESSES:
        return "excess of one map over another"
    return {"std": "1 sigma", "p16": "16% quantile", "p50": "median", "p84": "84% quantile"}.get(
        name.rpartition("_")[2], "1 = not used"
    )


def _primary_header(maps: Maps) -> Header:
    from astropy.io import fits

    header = fits.Header()
    header["ORIGIN"] = "PICASSSO"
    header["MAPSFMT"] = (FORMAT, "version of this layout")
    header["OBJECT"] = ascii_text(maps.galaxy_id)
    header["VIEW"] = (maps.view, "number of the camera, 0 = real image")
    header.append(exact_card("PIXAREA", maps.pixel_area, "[kpc2] area of a pixel"))
    header["FLAGS"] = (",".join(maps.flags), "")
    for key, value in maps.provenance.items():
        for line in str(value).splitlines():
            header.add_history(ascii_text(f"{key}: {line}"))
    return header


def _totals_table(totals: tuple[Total, ...]) -> BinTableHDU:
    from astropy.io import fits

    rows = [(t.property, t.region, t.mean, t.p16, t.p50, t.p84, t.unit) for t in totals]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(_TOTAL_COLUMNS)
    hdu = fits.BinTableHDU.from_columns(
        [
            _column(name, values, text=name in ("PROPERTY", "REGION", "UNIT"))
            for name, values in zip(_TOTAL_COLUMNS, columns, strict=True)
        ]
    )
    hdu.header["EXTNAME"] = "TOTALS"
    return hdu


def _provenance_table(maps: Maps) -> BinTableHDU:
    from astropy.io import fits

    items = [(str(k), ascii_text(str(v))) for k, v in maps.provenance.items()]
    keys, values = zip(*items, strict=True) if items else ((), ())
    hdu = fits.BinTableHDU.from_columns(
        [_column("KEY", keys, text=True), _column("VALUE", values, text=True)]
    )
    hdu.header["EXTNAME"] = "PROVENANCE"
    return hdu


def _column(name: str, values: tuple, *, text: bool) -> Any:
    from astropy.io import fits

    if not text:
        return fits.Column(name=name, format="D", array=np.array(values, dtype=np.float64))
    width = max([len(v) for v in values], default=1) or 1
    return fits.Column(name=name, format=f"{width}A", array=np.array(values, dtype=f"U{width}"))


def _from_hdus(hdus: HDUList, path: Path) -> Maps:
    header = hdus[0].header
    if "MAPSFMT" not in header:
        raise InputError(
            f"{path}: holds no maps of PICASSSO; expected a file from `picassso paint`"
        )
    if header["MAPSFMT"] > FORMAT:
        raise InputError(
            f"{path}: layout {header['MAPSFMT']}, but this version reads up to {FORMAT}; update "
            "picassso"
        )
    images = {h.header.get("EXTNAME"): h for h in hdus if h.is_image and h.data is not None}
    names = tuple(n for n in images if n in PROPERTIES)

    def cube(suffix: str) -> Any:
        if f"{names[0]}{suffix}" not in images:
            return None
        return np.stack([images[f"{n}{suffix}"].data for n in names]).astype(np.float32)

    mask = images.get("MASK")
    flags = str(header.get("FLAGS", ""))
    return Maps(
        galaxy_id=plain_text(header["OBJECT"]),
        view=int(header["VIEW"]),
        properties=names,
        cube=cube(""),
        pixel_area=float(header["PIXAREA"]),
        **{s: cube(f"_{s}") for s in _STATISTICS},
        mask=None if mask is None else mask.data.astype(bool),
        wcs=_wcs(images[names[0]].header),
        totals=tuple(_total(row) for row in hdus["TOTALS"].data),
        flags=tuple(flags.split(",")) if flags else (),
        provenance={str(r["KEY"]): plain_text(r["VALUE"]) for r in hdus["PROVENANCE"].data},
    )


def _total(row: Any) -> Total:
    """Total of a row of the table."""
    mean, p16, p50, p84 = (float(row[c]) for c in ("MEAN", "P16", "P50", "P84"))
    return Total(str(row["PROPERTY"]), str(row["REGION"]), mean, p16, p50, p84, str(row["UNIT"]))


def _wcs(header: Header) -> Any | None:
    if "CTYPE1" not in header:
        return None
    from astropy.wcs import WCS

    return WCS(header, naxis=2)
