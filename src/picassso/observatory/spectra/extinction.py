"""Dust of the Milky Way before a spectrum, taken away as it is from images."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import InputError, Spectrum
from picassso.observatory.spectra.resample import to_vacuum

if TYPE_CHECKING:
    from scipy.interpolate import CubicSpline

__all__ = ["check_ebv", "deredden", "extinction"]

_ANCHORS = (
    (0.0, 0.0),
    (1e4 / 26500, 0.265),
    (1e4 / 12200, 0.829),
    (1e4 / 6000, 2.688),
    (1e4 / 5470, 3.055),
    (1e4 / 4670, 3.806),
    (1e4 / 4110, 4.315),
    (1e4 / 2700, 6.265),
    (1e4 / 2600, 6.591),
)
"""1 / wavelength [um^-1] and A / E(B-V) for R_V = 3.1: Fitzpatrick 1999 (PASP 111, 63), table 3."""

_SCALE = 2.742 / 3.1
"""A_V for an E(B-V) of the map of Schlegel et al. 1998 of one (Schlafly & Finkbeiner 2011, ApJ 737,
103, table 6), over that of the law."""

_REACH = (2600.0, 26500.0)
_MOST_EBV = 5.0


def extinction(wavelength: ArrayLike) -> NDArray[np.float64]:
    """(...) magnitudes of extinction for an E(B-V) of the map of Schlegel et al. 1998 of one.

    Fitzpatrick 1999 for R_V = 3.1, as strong as in the coefficients by which images are corrected
    (Schlafly & Finkbeiner 2011, table 6).

    Parameters
    ----------
    wavelength : (...) array
        Angstrom, as observed, 2600 to 26500.
    """
    wave = np.asarray(wavelength, dtype=np.float64)
    if wave.size and not (wave.min() >= _REACH[0] and wave.max() <= _REACH[1]):
        raise InputError(
            f"wavelengths from {wave.min():.0f} to {wave.max():.0f} Angstrom; the extinction law "
            f"reaches from {_REACH[0]:.0f} to {_REACH[1]:.0f}"
        )
    return _SCALE * _law()(1e4 / wave)


def deredden(spectrum: Spectrum, ebv: float) -> Spectrum:
    """A spectrum as it would be without the dust of the Milky Way; masked beyond the law.

    Parameters
    ----------
    spectrum : Spectrum
        As observed: its wavelengths must be those at which the dust is met.
    ebv : float
        E(B-V) of the map of Schlegel et al. 1998 [mag].

    Raises
    ------
    InputError
        If E(B-V) is negative, above 5 or no number.
    """
    if check_ebv(ebv) == 0:
        return spectrum
    wave = to_vacuum(spectrum).wavelength
    known = (wave >= _REACH[0]) & (wave <= _REACH[1])
    factor = np.ones(len(wave))
    factor[known] = 10.0 ** (0.4 * ebv * extinction(wave[known]))
    return replace(
        spectrum,
        mask=spectrum.mask | ~known,
        flux=(spectrum.flux * factor).astype(np.float32),
        inverse_variance=(spectrum.inverse_variance / factor**2).astype(np.float32),
    )


def check_ebv(ebv: float) -> float:
    """A colour excess, if it can be one; else InputError."""
    if not 0 <= ebv <= _MOST_EBV:
        raise InputError(f"E(B-V) {ebv!r}: expected magnitudes from 0 to {_MOST_EBV:g}")
    return ebv


@cache
def _law() -> CubicSpline:
    from scipy.interpolate import CubicSpline

    return CubicSpline(*np.array(_ANCHORS).T)
