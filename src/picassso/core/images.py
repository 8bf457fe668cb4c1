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
        along y. Missing pixels are NaN at the door (files, arrays) and True in `mask` here;
        all others are finite.
    noise : (B,) or (B, H, W) float32 array
        1 sigma a pixel, in the unit of `flux`; finite wherever `mask` is not set. 0 says that the
        image is free of noise, as that of a mock may be: nothing can be painted on it.
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
    redshift_assumed : bool
        Whether nobody knew the redshift.

    Raises
    ------
    InputError
        If shapes do not agree, or numbers that they hold cannot be: NaN outside the mask, noise
        below 0, a pixel scale or redshift that is not positive.
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
    redshift_assumed: bool = False

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
        problems = problems or self._numbers_that_cannot_be()
        if problems:
            raise InputError(f"image {self.galaxy_id!r}: " + "; ".join(problems))

    def _numbers_that_cannot_be(self) -> list[str]:
        """What is wrong with flux, noise and PSF, in words; by band, to copy no whole cube."""
        problems = []
        used = ~self.mask.astype(bool)
        for name, flux, noise, fwhm in zip(
            self.bands, self.flux, self.noise, self.psf_fwhm, strict=True
        ):
            unknown = int((~np.isfinite(flux) & used).sum())
            if unknown:
                problems.append(
                    f"flux of {name} is NaN or infinite in {unknown} unmasked pixels; set these "
                    "to 0 and True in mask"
                )
            if not ((np.isfinite(noise) & (noise >= 0)) | (~used if noise.ndim else False)).all():
                problems.append(
                    f"noise of {name} is NaN, infinite or negative; give 1 sigma a pixel in the "
                    "unit of flux"
                )
            if not (np.isfinite(fwhm) and fwhm >= 0):
                problems.append(f"psf_fwhm of {name} is {fwhm}; expected arcsec")
        return problems

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
