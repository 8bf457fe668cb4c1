"""Spectrum: flux against wavelength, with its errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.core.errors import InputError

__all__ = ["Spectrum"]


@dataclass(frozen=True, slots=True)
class Spectrum:
    """One optical spectrum.

    Parameters
    ----------
    wavelength : (N,) float64 array
        Angstrom, increasing.
    medium : str
        ``"vacuum"`` or ``"air"``.
    flux : (N,) float32 array
        1e-17 erg s^-1 cm^-2 Angstrom^-1.
    inverse_variance : (N,) float32 array
        Of `flux`; 0 where nothing is known.
    mask : (N,) bool array
        True where the pixel must not be used.
    redshift : float
        Of the object; 0 if the wavelengths are at rest.
    resolution : float
        lambda / FWHM.
    """

    wavelength: NDArray[np.float64]
    medium: str
    flux: NDArray[np.float32]
    inverse_variance: NDArray[np.float32]
    mask: NDArray[np.bool_]
    redshift: float
    resolution: float

    def __post_init__(self) -> None:
        problems = [
            f"{name} has shape {getattr(self, name).shape}, expected {self.wavelength.shape}"
            for name in ("flux", "inverse_variance", "mask")
            if getattr(self, name).shape != self.wavelength.shape
        ]
        if self.medium not in ("vacuum", "air"):
            problems.append(f"medium is {self.medium!r}, expected 'vacuum' or 'air'")
        if problems:
            raise InputError("spectrum: " + "; ".join(problems))
