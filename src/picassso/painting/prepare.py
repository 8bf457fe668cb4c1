"""What a network must be given: fluxes of its bands and the conditions beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.core import DEFAULT_COSMOLOGY, GalaxyImage, InputError
from picassso.painting.weights import Weights

__all__ = ["Prepared", "prepare"]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Inputs of a network for one image.

    Parameters
    ----------
    flux : (B, H, W) float32 array
        Surface brightness [nanomaggy arcsec^-2]; masked pixels are filled from around them.
    noise : (B,) float32 array
        1 sigma a pixel, same unit.
    psf_fwhm : (B,) float32 array
        Pixels.
    redshift, kpc_per_pixel : float
        Of the galaxy.
    outside : tuple of str
        Conditions beyond those of training, in words.
    """

    flux: NDArray[np.float32]
    noise: NDArray[np.float32]
    psf_fwhm: NDArray[np.float32]
    redshift: float
    kpc_per_pixel: float
    outside: tuple[str, ...]


def prepare(image: GalaxyImage, weights: Weights) -> Prepared:
    """Pick the bands of the weights and work out the conditions.

    Raises
    ------
    InputError
        If the image is of another survey, lacks a band of the weights, or has no unmasked pixel.
    """
    if image.survey != weights.survey:
        raise InputError(
            f"{image.galaxy_id}: an image of survey {image.survey!r}, but {weights.path.name} was "
            f"trained for {weights.survey!r}; give weights of that survey"
        )
    missing = [b for b in weights.bands if b not in image.bands]
    if missing:
        lacking = "band {} is" if len(missing) == 1 else "bands {} are"
        raise InputError(
            f"{image.galaxy_id}: {lacking.format(', '.join(missing))} missing (found "
            f"{', '.join(image.bands)}); the weights {weights.path.name} need "
            f"{', '.join(weights.bands)}: give those too, or weights for fewer bands"
        )
    if image.mask.all():
        raise InputError(f"{image.galaxy_id}: every pixel is masked; nothing to paint on")
    order = [image.bands.index(b) for b in weights.bands]
    kpc_per_pixel = image.pixel_scale * DEFAULT_COSMOLOGY.kpc_per_arcsec(image.redshift)
    psf = (image.psf_fwhm[order] / image.pixel_scale).astype(np.float32)
    return Prepared(
        flux=_filled(image.flux[order], image.mask),
        noise=image.sky_noise[order].astype(np.float32),
        psf_fwhm=psf,
        redshift=image.redshift,
        kpc_per_pixel=kpc_per_pixel,
        outside=_outside(weights, image.redshift, kpc_per_pixel, psf),
    )


def _filled(flux: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Masked pixels replaced by the mean of those around them, weighted by a Gaussian.

    A network has seen no holes in galaxies: it would paint their rims wrong. The Gaussian widens
    until it reaches an unmasked pixel; what lies farther than that is empty.
    """
    if not mask.any():
        return flux
    from scipy.ndimage import gaussian_filter

    filled = np.where(mask, np.float32(0.0), flux)
    todo = mask.copy()
    for sigma in _FILL_SIGMAS:
        weight = gaussian_filter((~mask).astype(np.float32), sigma, mode="constant")
        now = todo & (weight > 0.02)
        for plane in filled:
            light = gaussian_filter(np.where(mask, np.float32(0.0), plane), sigma, mode="constant")
            plane[now] = light[now] / weight[now]
        todo &= ~now
        if not todo.any():
            break
    return filled


_FILL_SIGMAS = (1.5, 4.0, 12.0)


def _outside(
    weights: Weights, redshift: float, kpc_per_pixel: float, psf: NDArray[np.float32]
) -> tuple[str, ...]:
    """Conditions that the network never saw."""
    given = {
        "redshift": ("redshift", np.array([redshift])),
        "kpc_per_pixel": ("pixel size [kpc]", np.array([kpc_per_pixel])),
        "psf_fwhm_pixels": ("PSF FWHM [pixels]", psf),
    }
    words = []
    for key, (label, values) in given.items():
        low, high = weights.training_range.get(key, (-np.inf, np.inf))
        # One part in a thousand: a number at the edge is not beyond it for a rounding error.
        beyond = values[(values < low * 0.999) | (values > high * 1.001)]
        if beyond.size:
            words.append(
                f"{label} {', '.join(f'{v:.3g}' for v in beyond)} lies outside {low:g} to "
                f"{high:g}, where the network was trained: do not trust the intervals"
            )
    return tuple(words)
