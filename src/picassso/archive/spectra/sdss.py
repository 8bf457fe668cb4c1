"""Spectra of SDSS: ``spec-PLATE-MJD-FIBER.fits``, whole or lite (DR8 and later).

Layout: https://data.sdss.org/datamodel/files/BOSS_SPECTRO_REDUX/RUN2D/spectra/PLATE4/spec.html.
Wavelengths are in vacuum and heliocentric; flux is in 1e-17 erg s^-1 cm^-2 Angstrom^-1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from picassso.archive.spectra.held import HeldSpectrum, hold, numbers
from picassso.archive.spectra.units import flux_density

if TYPE_CHECKING:
    from astropy.io.fits import HDUList

__all__ = ["NAME", "dispersion_of", "holds", "read"]

NAME = "SDSS spec"

_COLUMNS = frozenset({"flux", "loglam", "ivar"})
_READ = _COLUMNS | {"and_mask", "wdisp"}
_STEP = 1e-4
"""Of the logarithms of wavelengths, whose grid is that of its multiples."""

_ROUNDING = 5e-7
"""What single precision leaves of a logarithm of 4."""

_HARMLESS = sum(1 << bit for bit in (10, 11, 12, 24))
"""Bits that are no fault: how the flux was calibrated before DR9 (smears), and NODATA, in place of
which the inverse variance is to be asked (https://www.sdss3.org/dr9/algorithms/
bitmask_sppixmask.php)."""

_FWHM = 2.0 * np.sqrt(2.0 * np.log(2.0))


def holds(hdus: HDUList) -> bool:
    """Whether a table has the columns of a co-added spectrum."""
    return _coadd(hdus) is not None


def read(hdus: HDUList, *, source: str, galaxy_id: str) -> list[HeldSpectrum]:
    """The co-added spectrum, with the redshift of the catalogue row beside it.

    Parameters
    ----------
    hdus : HDUList
        For which `holds`.
    source, galaxy_id : str
        File, for messages, and name of the object.
    """
    table = _coadd(hdus)
    assert table is not None
    data = {
        str(name).lower(): numbers(table.data[name], f"{source}, column {name}")
        for name in table.columns.names
        if str(name).lower() in _READ
    }
    wavelength = _wavelength(data["loglam"])
    unit = hdus[0].header.get("BUNIT") or "1e-17 erg / (s cm2 Angstrom)"
    flux = flux_density(data["flux"], unit, wavelength, f"{source}: BUNIT")
    scale = flux_density(np.ones_like(wavelength), unit, wavelength, f"{source}: BUNIT")
    mask = data.get("and_mask")
    redshift, redshift_from, warned = _redshift(hdus)
    return [
        hold(
            source=source,
            galaxy_id=galaxy_id,
            wavelength=wavelength,
            medium="air" if hdus[0].header.get("VACUUM") is False else "vacuum",
            flux=flux,
            inverse_variance=data["ivar"] / scale**2,
            mask=None if mask is None else (mask & ~np.int64(_HARMLESS)) != 0,
            redshift=redshift,
            redshift_from=redshift_from,
            resolution=_resolution(data.get("wdisp")),
            flags=() if "BUNIT" in hdus[0].header else ("units_assumed",),
            redshift_flags=("redshift_warning",) if warned else (),
        )
    ]


def _coadd(hdus: HDUList) -> Any:
    """First table with the columns of a spectrum: exposures come after the co-added one."""
    for hdu in hdus:
        if not hdu.is_image and {str(n).lower() for n in hdu.columns.names} >= _COLUMNS:
            return hdu
    return None


def _wavelength(logarithm: NDArray[Any]) -> NDArray[np.float64]:
    """Angstrom; the grid itself where single precision is all that keeps logarithms from it."""
    exact = np.asarray(logarithm, dtype=np.float64)
    grid = np.round(exact / _STEP) * _STEP
    on_grid = np.isfinite(exact).all() and (np.abs(grid - exact) < _ROUNDING).all()
    with np.errstate(over="ignore"):
        return 10.0 ** (grid if on_grid else exact)


def _resolution(dispersion: NDArray[Any] | None) -> float | None:
    """Median lambda / FWHM of dispersions [sigma in pixels of 1e-4 dex]."""
    if dispersion is None:
        return None
    known = dispersion[np.isfinite(dispersion) & (dispersion > 0)]
    if known.size == 0:
        return None
    return float(1.0 / (_FWHM * np.median(known) * _STEP * np.log(10.0)))


def dispersion_of(resolution: float) -> float:
    """Dispersion of a resolution lambda / FWHM [sigma in pixels of 1e-4 dex]; 0 of NaN."""
    if not np.isfinite(resolution):
        return 0.0
    return float(1.0 / (_FWHM * resolution * _STEP * np.log(10.0)))


def _redshift(hdus: HDUList) -> tuple[float | None, str, bool]:
    """Redshift, where it is said, and whether ZWARNING is set."""
    for hdu in hdus:
        if hdu.is_image or hdu.data is None or len(hdu.data) != 1:
            continue
        names = {str(name).upper(): name for name in hdu.columns.names}
        if "Z" in names and "ZWARNING" in names:
            place = f"Z of {hdu.name or 'the catalogue row'}"
            row = hdu.data[0]
            return float(row[names["Z"]]), place, int(row[names["ZWARNING"]]) != 0
    return None, "no row of a catalogue with Z and ZWARNING", False
