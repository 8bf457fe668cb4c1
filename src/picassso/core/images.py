"""GalaxyImage: a multi-band image of one galaxy in PICASSSO's own units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.core.errors import InputError

__all__ = ["GalaxyImage"]


@dataclass(frozen=True, slots=True)
class GalaxyImage:
    """Surface brightness of a galaxy, with all that a network must be told beside it.

    Parameters
    ----------
    galaxy_id : str
        Name of the galaxy.
    view : int
        Number of the camera (0 for a real image).
    survey : str
        Name of the survey.
    bands : tuple of str
        Band names, blue to red.
    flux : (B, H, W) float32 array
        AB surface brightness [nanomaggy arcsec^-2], corrected for Galactic extinction; rows run
        along y. Finite everywhere: missing pixels are 0 here and True in `mask`.
    noise : (B,) or (B, H, W) float32 array
        1 sigma a pixel, in the unit of `flux`.
    mask : (H, W) bool array
        True where the pixel must not be used.
    psf_fwhm : (B,) float32 array
        Arcsec.
    pixel_scale : float
        Arcsec per pixel.
    redshift : float
        Of the galaxy.
    ebv : float
        Galactic E(B-V) that `flux` has been corrected for.
    wcs : astropy.wcs.WCS or None
        Celestial WCS of the pixel grid.
    assumptions : tuple of str
        What had to be assumed for want of information, in words for the user.
    """

    galaxy_id: str
    view: int
    survey: str
    bands: tuple[str, ...]
    flux: NDArray[np.float32]
    noise: NDArray[np.float32]
    mask: NDArray[np.bool_]
    psf_fwhm: NDArray[np.float32]
    pixel_scale: float
    redshift: float
    ebv: float = 0.0
    wcs: Any = None
    assumptions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        b = len(self.bands)
        problems = []
        if self.flux.ndim != 3 or self.flux.shape[0] != b:
            problems.append(f"flux has shape {self.flux.shape}, expected ({b}, height, width)")
        if self.flux.dtype != np.float32:
            problems.append(f"flux is {self.flux.dtype}, expected float32")
        if self.noise.shape not in ((b,), self.flux.shape):
            problems.append(f"noise has shape {self.noise.shape}, expected ({b},) or that of flux")
        if self.mask.shape != self.flux.shape[1:]:
            problems.append(f"mask has shape {self.mask.shape}, expected {self.flux.shape[1:]}")
        if self.psf_fwhm.shape != (b,):
            problems.append(f"psf_fwhm has shape {self.psf_fwhm.shape}, expected ({b},)")
        if not self.pixel_scale > 0:
            problems.append(f"pixel_scale is {self.pixel_scale}, expected a positive number")
        if not self.redshift > 0:
            problems.append(f"redshift is {self.redshift}, expected a positive number")
        if problems:
            raise InputError(f"image {self.galaxy_id!r}: " + "; ".join(problems))

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.flux.shape[1], self.flux.shape[2]

    @property
    def sky_noise(self) -> NDArray[np.float32]:
        """(B,) typical 1 sigma a pixel: `noise` itself, or its median over unmasked pixels."""
        if self.noise.ndim == 1:
            return self.noise
        good = ~self.mask
        return np.array([np.median(n[good]) for n in self.noise], dtype=np.float32)
