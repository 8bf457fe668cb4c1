"""Units at the door: from whatever a header says to nanomaggy arcsec^-2."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from numbers import Real
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from picassso.archive.fits.panstarrs import (
    asinh_slope,
    counts_from_asinh,
    is_asinh,
    stack_zero_point,
)
from picassso.archive.fits.planes import Plane
from picassso.core import NANOMAGGY_ZERO_POINT, InputError

__all__ = [
    "ACCEPTED_UNITS",
    "ZERO_POINT_KEYWORDS",
    "array_converter",
    "converter",
    "is_catalogue_unit",
    "is_number",
    "slope",
]

ACCEPTED_UNITS = (
    "nanomaggy, nJy, uJy, mJy or Jy (per pixel, or per arcsec2 or sr), mag/arcsec2 (AB), "
    "or counts with a zero point in the header"
)
ZERO_POINT_KEYWORDS = (
    "MAGZERO",
    "MAGZPT",
    "MAGZP",
    "ZPT",
    "ZEROPT",
    "ZEROPNT",
    "PHOTZP",
    "ZP",
)
"""Keywords for the magnitude of one count [mag]."""

MICROJANSKY_PER_NANOMAGGY = 3.631
"""By definition of the AB maggy (3631 Jy)."""

_COUNTS = re.compile(r"^(counts?|cts?|adu|dn|electrons?|e-?)(\s*(/\s*s(ec)?|s-1))?$", re.IGNORECASE)
_MAGNITUDE = re.compile(r"^(ab\s*)?mag(nitudes?)?(\(ab\))?\s*(/|per)?\s*arcsec", re.IGNORECASE)
_MAGGY = re.compile(r"maggies", re.IGNORECASE)


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a value is a real number; a truth value is none, though Python counts with it."""
    return isinstance(value, Real) and not isinstance(value, bool)


def converter(plane: Plane, pixel_scale: float) -> Callable[[NDArray], NDArray[np.float64]]:
    """Function from a plane's values to surface brightness [nanomaggy arcsec^-2].

    Parameters
    ----------
    plane : Plane
        Its BUNIT, and its zero point where the unit is counts, are looked up.
    pixel_scale : float
        Arcsec per pixel.

    Raises
    ------
    InputError
        If the unit is absent or none of those accepted.
    """
    unit = _unit(plane)
    if _MAGNITUDE.match(unit):
        return _from_magnitudes
    if unit == "" or _COUNTS.match(unit):
        factor = _per_count(plane, pixel_scale)
        if is_asinh(plane):
            return lambda values: counts_from_asinh(plane, values) * factor
    else:
        found = _factor(unit, pixel_scale)
        if found is None:
            raise InputError(
                f"{plane.source}: BUNIT = {plane.lookup('BUNIT')!r} is not a unit of flux or "
                f"surface brightness; expected {ACCEPTED_UNITS}"
            )
        factor = found
    return lambda values: np.asarray(values, dtype=np.float64) * factor


def array_converter(unit: str, pixel_scale: float) -> Callable[[NDArray], NDArray[np.float64]]:
    """Function from values of an array that states its unit to nanomaggy arcsec^-2.

    Parameters
    ----------
    unit : str
        As `astropy.units` writes it.
    pixel_scale : float
        Arcsec per pixel.

    Raises
    ------
    InputError
        If it is no unit of flux or surface brightness.
    """
    unit = _MAGGY.sub("maggy", unit)
    if _MAGNITUDE.match(unit):
        return _from_magnitudes
    factor = _factor(unit, pixel_scale)
    if factor is None:
        accepted = ACCEPTED_UNITS.partition(", or counts")[0]
        raise InputError(
            f"array in {unit or 'no unit (dimensionless)'}: expected {accepted}; convert it, or "
            "give its plain values if they are nanomaggy/arcsec2"
        )
    return lambda values: np.asarray(values, dtype=np.float64) * factor


def slope(
    plane: Plane, flux: NDArray[np.float64], pixel_scale: float
) -> NDArray[np.float64] | float:
    """Surface brightness [nanomaggy arcsec^-2] per unit of the file, to convert its errors.

    Parameters
    ----------
    plane : Plane
        As for `converter`.
    flux : array
        What the plane's values were converted to; magnitudes need it.
    pixel_scale : float
        Arcsec.
    """
    if _MAGNITUDE.match(_unit(plane)):
        return 0.4 * np.log(10.0) * np.abs(flux)
    if is_asinh(plane):
        factor = _per_count(plane, pixel_scale)
        return asinh_slope(plane, flux / factor) * factor
    return float(converter(plane, pixel_scale)(np.ones(1))[0])


def is_catalogue_unit(plane: Plane) -> bool:
    """Whether values follow the survey's own magnitudes (maggies, counts), not physical flux.

    Janskys and AB magnitudes are what they say, and so is all that a header calls
    ``MAGSYS = 'AB'``; a survey's maggies may be some hundredths of a magnitude off.
    """
    if str(plane.lookup("MAGSYS", "PHOTSYS") or "").strip().upper() == "AB":
        return False
    unit = _unit(plane)
    return unit == "" or bool(_COUNTS.match(unit)) or "mgy" in unit or "maggy" in unit


def _unit(plane: Plane) -> str:
    unit = str(plane.lookup("BUNIT") or "").strip()
    return _MAGGY.sub("maggy", unit).replace("nMgy", "nmgy")


def _per_count(plane: Plane, pixel_scale: float) -> float:
    """Surface brightness [nanomaggy arcsec^-2] of one count in a pixel."""
    return 10 ** (0.4 * (NANOMAGGY_ZERO_POINT - _zero_point(plane))) / pixel_scale**2


def _zero_point(plane: Plane) -> float:
    value = plane.lookup(*ZERO_POINT_KEYWORDS)
    if isinstance(value, (int, float)) and np.isfinite(value):
        return float(value)
    of_stack = stack_zero_point(plane)
    if of_stack is not None:
        return of_stack
    said = f"BUNIT = {plane.lookup('BUNIT')!r}" if plane.lookup("BUNIT") else "no BUNIT"
    raise InputError(
        f"{plane.source}: {said} and no zero point; set BUNIT to {ACCEPTED_UNITS} "
        f"(one of {', '.join(ZERO_POINT_KEYWORDS)})"
    )


def _factor(unit: str, pixel_scale: float) -> float | None:
    """Nanomaggy arcsec^-2 in one unit of flux per pixel or per solid angle; None if it is none."""
    from astropy import units as u

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", u.UnitsWarning)  # of how it is written, not what it is
            parsed = u.Unit(re.sub(r"^AB\s+", "", unit), parse_strict="raise")
    except (ValueError, TypeError):
        return None
    if not isinstance(parsed, u.UnitBase):  # magnitudes of no solid angle, which no factor converts
        return None
    for flux, nanomaggies in ((u.nmgy, 1.0), (u.uJy, 1 / MICROJANSKY_PER_NANOMAGGY)):
        for area, arcsec2 in (
            (u.dimensionless_unscaled, pixel_scale**2),
            (u.pix, pixel_scale**2),
            (u.arcsec**2, 1.0),
        ):
            if parsed.is_equivalent(flux / area):
                # A bare or per-pixel flux has no angular dimension, though radians count as none.
                if area is u.dimensionless_unscaled and _has_angle(parsed):
                    continue
                return float(parsed.to(flux / area)) * nanomaggies / arcsec2
    return None


def _has_angle(unit) -> bool:
    from astropy import units as u

    return u.rad in unit.decompose().bases


def _from_magnitudes(values: NDArray) -> NDArray[np.float64]:
    """AB mag arcsec^-2 to nanomaggy arcsec^-2; infinitely faint is empty."""
    magnitudes = np.asarray(values, dtype=np.float64)
    return np.where(np.isposinf(magnitudes), 0.0, 10 ** (0.4 * (NANOMAGGY_ZERO_POINT - magnitudes)))
