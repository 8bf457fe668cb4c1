"""Spectra: flux against wavelength with its errors, and the light before it is measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.core.errors import InputError
from picassso.core.lines import EMISSION_LINES
from picassso.core.wavelengths import FIBRE_GRID

__all__ = ["FIBRE_DIAMETER", "NOISELESS", "FibreLight", "Spectrum"]

FIBRE_DIAMETER = 3.0
"""Arcsec: the fibres of SDSS's first two surveys (York et al. 2000, AJ 120, 1579)."""

NOISELESS = 1e8
"""Inverse variance of spectra without noise, in units of their root mean square."""


@dataclass(frozen=True, slots=True)
class Spectrum:
    """One optical spectrum, as observed or at rest.

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
        By which the wavelengths are still shifted: that of the object, or 0 if they are at rest.
    resolution : float
        lambda / FWHM.
    galaxy_id : str
        Name of the object.
    flags : tuple of str
        What had to be assumed or was found wanting, such as ``"no_valid_pixels"``.

    Raises
    ------
    InputError
        If shapes do not agree, wavelengths do not increase, or the redshift is negative.
    """

    wavelength: NDArray[np.float64]
    medium: str
    flux: NDArray[np.float32]
    inverse_variance: NDArray[np.float32]
    mask: NDArray[np.bool_]
    redshift: float
    resolution: float
    galaxy_id: str = ""
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        problems = [
            f"{name} has shape {getattr(self, name).shape}, expected {self.wavelength.shape}"
            for name in ("flux", "inverse_variance", "mask")
            if getattr(self, name).shape != self.wavelength.shape
        ]
        if self.medium not in ("vacuum", "air"):
            problems.append(f"medium is {self.medium!r}, expected 'vacuum' or 'air'")
        if not (np.diff(self.wavelength) > 0).all():
            problems.append("wavelength does not increase from pixel to pixel")
        if not self.redshift >= 0:
            problems.append(f"redshift is {self.redshift}, expected 0 or a positive number")
        if problems:
            name = f" {self.galaxy_id!r}" if self.galaxy_id else ""
            raise InputError(f"spectrum{name}: " + "; ".join(problems))

    @property
    def usable(self) -> NDArray[np.bool_]:
        """(N,) pixels that are not masked and whose flux and inverse variance are known."""
        known = np.isfinite(self.flux) & np.isfinite(self.inverse_variance)
        return known & (self.inverse_variance > 0) & ~self.mask


@dataclass(frozen=True, slots=True)
class FibreLight:
    """Light of one galaxy that enters one fibre, free of noise, before a spectrograph blurs it.

    Flux densities are per Angstrom at rest, (1 + z) times those observed, so that flux is
    conserved: ``f_rest d(lambda_rest) = f_observed d(lambda_observed)``.

    Parameters
    ----------
    galaxy_id : str
        Name of the galaxy.
    view : int
        Number of the camera.
    redshift : float
        Of the galaxy.
    continuum : (4801,) float32 array
        Stars, moving as they do, and nebular continuum, behind their dust, on `FIBRE_GRID`
        [1e-17 erg s^-1 cm^-2 Angstrom^-1]; of the resolution of the stellar grid.
    line_flux : (25,) float32 array
        Of `EMISSION_LINES` [1e-17 erg s^-1 cm^-2].
    line_dispersion, stellar_dispersion : float
        Velocity dispersion within the fibre of the gas that shines and of the stars, weighted by
        light [km s^-1]; no instrument included.
    flags : tuple of str
        What had to be assumed.

    Raises
    ------
    InputError
        If a shape is wrong or a number is not finite.
    """

    galaxy_id: str
    view: int
    redshift: float
    continuum: NDArray[np.float32]
    line_flux: NDArray[np.float32]
    line_dispersion: float
    stellar_dispersion: float
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        expected = {"continuum": FIBRE_GRID.shape, "line_flux": (len(EMISSION_LINES),)}
        problems = [
            f"{name} has shape {getattr(self, name).shape}, expected {shape}"
            for name, shape in expected.items()
            if getattr(self, name).shape != shape
        ]
        problems += [
            f"{name} is not finite everywhere"
            for name in (*expected, "line_dispersion", "stellar_dispersion", "redshift")
            if not np.isfinite(getattr(self, name)).all()
        ]
        if problems:
            raise InputError(f"fibre light of {self.galaxy_id!r}: " + "; ".join(problems))
