"""Units at the door: whatever a file says to Angstrom and 1e-17 erg s^-1 cm^-2 Angstrom^-1."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import InputError

__all__ = ["angstrom", "flux_density", "inverse_variance", "is_length"]

_SCALE = re.compile(r"^\s*(?:10(?:\*\*|\^)?\(?([-+]\d+)\)?|(\d*\.?\d+[eE][-+]?\d+))\s*\*?\s*")
# Ways to write Angstrom that astropy does not know, or takes for amperes.
_ANGSTROM = re.compile(r"(?<![A-Za-z])(?:A|Ang|ang|Angs|ANGSTROMS?|[Aa]ngstroms?|Å)(?![A-Za-z])")
_ERGS = re.compile(r"\bergs\b")
_APERTURE = re.compile(r"\s*/\s*(?:spaxel|fib(?:er|re))\b")

_WAVELENGTHS = "a length, frequency or energy (Angstrom, nm, um)"
_FLUXES = "a flux density (such as 1e-17 erg / (s cm2 Angstrom), W / (m2 um) or mJy)"


def angstrom(values: ArrayLike, unit: Any, where: str) -> NDArray[np.float64]:
    """Wavelengths [Angstrom] of lengths, frequencies, energies or wave numbers.

    Parameters
    ----------
    values : array
        In `unit`.
    unit : str, astropy unit or None
        As the file says.
    where : str
        File and column, for messages.

    Raises
    ------
    InputError
        If the unit is missing or none of those.
    """
    from astropy import units as u

    known = _unit(unit, where, _WAVELENGTHS)
    with np.errstate(divide="ignore"):
        try:
            return np.asarray(known.to(u.AA, _plain(values), equivalencies=u.spectral()))
        except u.UnitConversionError:
            raise _not_of_a_kind(unit, where, _WAVELENGTHS) from None


def is_length(unit: Any) -> bool:
    """Whether a unit is a length, so that the medium of its wavelengths is to be asked for."""
    from astropy import units as u

    return _unit(unit, "", _WAVELENGTHS).is_equivalent(u.m)


def flux_density(
    values: ArrayLike, unit: Any, wavelength: NDArray[np.float64], where: str
) -> NDArray[np.float64]:
    """Flux [1e-17 erg s^-1 cm^-2 Angstrom^-1] of that per wavelength or per frequency.

    Parameters
    ----------
    values : (N,) array
        In `unit`.
    unit : str, astropy unit or None
        As the file says.
    wavelength : (N,) float64 array
        Angstrom.
    where : str
        File and column, for messages.

    Raises
    ------
    InputError
        If the unit is missing or no flux density.
    """
    return _plain(values) * _factor(_unit(unit, where, _FLUXES), unit, wavelength, where)


def inverse_variance(
    errors: ArrayLike, unit: Any, wavelength: NDArray[np.float64], where: str
) -> NDArray[np.float64]:
    """Inverse variance of `flux_density` from errors of any kind, which their unit tells.

    A flux density is a standard deviation, its square a variance, its power of -2 an inverse
    variance. Parameters and errors are those of `flux_density`.
    """
    kinds = f"{_FLUXES}, its square (a variance) or its power of -2 (an inverse variance)"
    known = _unit(unit, where, kinds)
    for power in (1, 2, -2):
        root = known ** (1 / power)
        if _is_flux(root):
            break
    else:
        raise _not_of_a_kind(unit, where, kinds)
    values = _plain(errors)
    with np.errstate(over="ignore", invalid="ignore"):
        known_errors = np.where(values > 0, values, np.nan)
        return known_errors ** (-2.0 / power) / _factor(root, unit, wavelength, where) ** 2


def _plain(values: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64)


def _is_flux(unit: Any) -> bool:
    from astropy import units as u

    return unit.is_equivalent(u.Jy) or unit.is_equivalent(_ours())


def _ours() -> Any:
    from astropy import units as u

    return u.Unit(1e-17 * u.erg / u.s / u.cm**2 / u.AA)


def _factor(
    known: Any, said: Any, wavelength: NDArray[np.float64], where: str
) -> NDArray[np.float64]:
    """(N,) our units in one of a flux density."""
    from astropy import units as u

    # Of other kinds (erg / s / cm2, say) astropy would make a flux density too: nu f_nu.
    if not _is_flux(known):
        raise _not_of_a_kind(said, where, _FLUXES)
    one = np.ones_like(wavelength)
    return np.asarray(known.to(_ours(), one, equivalencies=u.spectral_density(wavelength * u.AA)))


def _unit(said: Any, where: str, expected: str) -> Any:
    """Unit of what a file says; InputError if it says nothing or nothing that is known."""
    from astropy import units as u

    if said is None or not str(said).strip():
        raise InputError(
            f"{where}: has no unit; expected {expected}: write it into the file (TUNIT of a FITS "
            "table, unit of an ECSV column)"
        )
    if isinstance(said, u.UnitBase) and not isinstance(said, u.UnrecognizedUnit):
        return said
    text = str(said)
    scale, text = _scale(text)
    text = _APERTURE.sub("", _ERGS.sub("erg", _ANGSTROM.sub("Angstrom", text)))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", u.UnitsWarning)  # of how it is written
            return u.Unit(scale * u.Unit(text, parse_strict="raise"))
    except (ValueError, TypeError):
        raise _not_of_a_kind(said, where, expected) from None


def _scale(text: str) -> tuple[float, str]:
    """Power of ten that a unit begins with, and the rest of it."""
    match = _SCALE.match(text)
    if match is None:
        return 1.0, text
    scale = float(f"1e{match[1]}" if match[1] else match[2])
    return scale, text[match.end() :]


def _not_of_a_kind(said: Any, where: str, expected: str) -> InputError:
    return InputError(f"{where}: unit {str(said)!r}; expected {expected}")
