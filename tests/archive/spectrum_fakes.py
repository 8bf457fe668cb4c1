"""Small files of spectra in the layouts of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.table import QTable, Table

from picassso.core import Spectrum

FLUX_UNIT = u.Unit(1e-17 * u.erg / u.s / u.cm**2 / u.AA)
LOGLAM = 3.6 + 1e-4 * np.arange(50)


def spectrum(**changed: Any) -> Spectrum:
    """A spectrum without a blemish."""
    rng = np.random.default_rng(3)
    values = {
        "wavelength": 10**LOGLAM,
        "medium": "vacuum",
        "flux": rng.normal(5, 1, 50).astype(np.float32),
        "inverse_variance": rng.uniform(0.5, 2, 50).astype(np.float32),
        "mask": np.zeros(50, bool),
        "redshift": 0.1,
        "resolution": 2000.0,
        "galaxy_id": "one",
    }
    return Spectrum(**{**values, **changed})


def columns() -> dict[str, u.Quantity]:
    """Columns of a table of that spectrum."""
    one = spectrum()
    return {
        "wavelength": one.wavelength * u.AA,
        "flux": one.flux * FLUX_UNIT,
        "ivar": one.inverse_variance * FLUX_UNIT**-2,
    }


def write_ecsv(path: Path, *, table: Table | None = None, meta: dict | None = None) -> Path:
    """An ECSV table, by default whole and with all that is asked for in its meta."""
    path.parent.mkdir(exist_ok=True)
    table = QTable(columns()) if table is None else table
    default = {"redshift": 0.1, "medium": "vacuum", "resolution": 2000.0}
    table.meta = default if meta is None else meta
    table.write(path, format="ascii.ecsv")
    return path


def write_sdss(
    path: Path,
    *,
    z: float | None = 0.1,
    zwarning: int = 0,
    and_mask: np.ndarray | None = None,
    loglam: np.ndarray = LOGLAM,
    bunit: str | None = "1E-17 erg/cm^2/s/Ang",
    capitals: bool = False,
) -> Path:
    """A ``spec`` file of SDSS, lite."""
    one = spectrum()
    number = len(loglam)
    arrays = {
        "flux": ("E", one.flux[:number]),
        "loglam": ("E", loglam.astype(np.float32)),
        "ivar": ("E", one.inverse_variance[:number]),
        "and_mask": ("J", np.zeros(number, np.int32) if and_mask is None else and_mask),
        "wdisp": ("E", np.full(number, 0.9, np.float32)),
    }
    coadd = fits.BinTableHDU.from_columns(
        [
            fits.Column(name.upper() if capitals else name, form, array=array)
            for name, (form, array) in arrays.items()
        ],
        name="COADD",
    )
    primary = fits.PrimaryHDU()
    if bunit:
        primary.header["BUNIT"] = bunit
    hdus = [primary, coadd]
    if z is not None:
        row = [fits.Column("Z", "E", array=[z]), fits.Column("ZWARNING", "J", array=[zwarning])]
        hdus.append(fits.BinTableHDU.from_columns(row, name="SPALL" if capitals else "SPECOBJ"))
    fits.HDUList(hdus).writeto(path)
    return path


def write_manga(
    path: Path,
    *,
    flux: np.ndarray | None = None,
    ivar: np.ndarray | None = None,
    drp: bool = True,
    **images: np.ndarray | None,
) -> Path:
    """Three spectra of MaNGA; an image given as None is left out."""
    one = spectrum()
    default = {
        "WAVE": one.wavelength,
        "FLUX": np.stack([one.flux] * 3) if flux is None else flux,
        "IVAR": np.stack([one.inverse_variance] * 3) if ivar is None else ivar,
        "MASK": np.zeros((3, 50), np.int32),
        "SRES": np.full((3, 50), 1900.0),
        "Z": np.array([0.01, 0.02, 0.03]),
    }
    primary = fits.PrimaryHDU()
    if drp:
        primary.header["DRPVER"] = "v2_4_3"
    chosen = {**default, **images}
    hdus = [fits.ImageHDU(data, name=name) for name, data in chosen.items() if data is not None]
    fits.HDUList([primary, *hdus]).writeto(path)
    return path
