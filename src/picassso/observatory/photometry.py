"""Band fluxes from spectra: photon-counting AB photometry, as weights on a spectrum's own grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.observatory.stellar_populations import SOLAR_LUMINOSITY

__all__ = ["FilterCurve", "line_weights", "photon_weights"]

_SPEED_OF_LIGHT = 2.99792458e18
"""Angstrom per second."""

_NANOMAGGY = 3.631e-29
"""erg s^-1 cm^-2 Hz^-1."""

_TEN_PARSEC = 3.0856775814913673e19
"""cm."""

_NANOMAGGY_PER_LUMINOSITY = SOLAR_LUMINOSITY / (4.0 * np.pi * _TEN_PARSEC**2) / _NANOMAGGY
"""nMgy Hz that 1 Lsun gives at 10 pc, the spread over frequency still to be divided out."""


@dataclass(frozen=True, slots=True)
class FilterCurve:
    """Response of one band, linear between its samples and zero outside them.

    Parameters
    ----------
    wavelength : (F,) float64 array
        Observed wavelengths [Angstrom], increasing.
    response : (F,) float64 array
        Detected photons per photon, any normalisation.
    """

    wavelength: NDArray[np.float64]
    response: NDArray[np.float64]

    @property
    def frequency_width(self) -> float:
        """c int R dlambda / lambda [Hz], on a grid fine enough for coarse curves."""
        fine = np.linspace(self.wavelength[0], self.wavelength[-1], 20_001)
        r = np.interp(fine, self.wavelength, self.response)
        return float(_SPEED_OF_LIGHT * np.trapezoid(r / fine, fine))


def photon_weights(
    wavelength: NDArray[np.float64], curve: FilterCurve, *, redshift: float
) -> NDArray[np.float64]:
    """Weights w such that ``L_lambda @ w`` is the flux at 10 pc through a filter.

    The AB flux of a photon-counting detector (Fukugita et al. 1996, AJ 111, 1748; Hogg et al.
    2002, arXiv:astro-ph/0210394) is ``int f_lambda R lambda dlambda / (c int R dlambda/lambda)``
    over observed wavelengths, with ``f_lambda = L_lambda(lambda/(1+z)) / (1+z) / (4 pi d^2)``.
    Spectrum and response are both taken as linear between their samples.

    Parameters
    ----------
    wavelength : (L,) array
        Rest-frame wavelengths of the spectrum [Angstrom], increasing, beyond the filter's ends.
    curve : FilterCurve
        Of the band.
    redshift : float
        By which the spectrum is shifted.

    Returns
    -------
    (L,) float64 array
        nMgy per (Lsun per Angstrom).
    """
    observed = wavelength * (1.0 + redshift)
    first, last = curve.wavelength[0], curve.wavelength[-1]
    inside = observed[(observed > first) & (observed < last)]
    fine = np.unique(np.concatenate([inside, curve.wavelength]))
    steps = np.diff(fine)
    quadrature = np.zeros_like(fine)
    quadrature[:-1] += 0.5 * steps
    quadrature[1:] += 0.5 * steps
    r = np.interp(fine, curve.wavelength, curve.response)
    integrand = quadrature * r * fine / curve.frequency_width
    # Each fine point reads the spectrum by linear interpolation; hand its weight to both ends.
    left = np.clip(np.searchsorted(observed, fine, side="right") - 1, 0, len(observed) - 2)
    part = np.clip((fine - observed[left]) / (observed[left + 1] - observed[left]), 0.0, 1.0)
    weights = np.zeros(len(observed))
    np.add.at(weights, left, integrand * (1.0 - part))
    np.add.at(weights, left + 1, integrand * part)
    return weights * _NANOMAGGY_PER_LUMINOSITY / (1.0 + redshift)


def line_weights(
    line_wavelength: NDArray[np.float64], curve: FilterCurve, *, redshift: float
) -> NDArray[np.float64]:
    """The same for emission lines without width: nMgy per Lsun of each line, (K,)."""
    observed = line_wavelength * (1.0 + redshift)
    r = np.interp(observed, curve.wavelength, curve.response, left=0.0, right=0.0)
    return r * observed / curve.frequency_width * _NANOMAGGY_PER_LUMINOSITY
