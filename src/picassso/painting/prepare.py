"""What a network must be given: fluxes of its bands and the conditions beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from picassso.core import DEFAULT_COSMOLOGY, GalaxyImage, InputError
from picassso.core.large import empty_array, row_blocks
from picassso.painting.weights import Weights

__all__ = ["Prepared", "TrainedOn", "choose_bands", "filled", "outside_training", "prepare"]


class TrainedOn(Protocol):
    """What weights of any kind say of the images that they were trained on."""

    @property
    def path(self) -> Path:
        """Of their file."""

    @property
    def survey(self) -> str:
        """Of the images."""

    @property
    def bands(self) -> tuple[str, ...]:
        """In the order of the channels."""

    @property
    def training_range(self) -> Mapping[str, tuple[float, float]]:
        """Lowest and highest of each condition."""


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
        If the image is of another survey, lacks a band of the weights, has no unmasked pixel, or
        says that it has no noise.
    """
    order, noise = choose_bands(image, weights)
    kpc_per_pixel = image.pixel_scale * DEFAULT_COSMOLOGY.kpc_per_arcsec(image.redshift)
    psf = (image.psf_fwhm[order] / image.pixel_scale).astype(np.float32)
    flux = image.flux if order == [*range(len(image.bands))] else image.flux[order]
    flux = filled(flux, image.mask)
    conditions = {
        "redshift": ("redshift", np.array([image.redshift])),
        "kpc_per_pixel": ("pixel size [kpc]", np.array([kpc_per_pixel])),
        "psf_fwhm_pixels": ("PSF FWHM [pixels]", psf),
    }
    return Prepared(
        flux=flux,
        noise=noise,
        psf_fwhm=psf,
        redshift=image.redshift,
        kpc_per_pixel=kpc_per_pixel,
        outside=outside_training(weights, conditions, noise=noise, flux=flux),
    )


def choose_bands(image: GalaxyImage, weights: TrainedOn) -> tuple[list[int], NDArray[np.float32]]:
    """Find the bands of the weights in an image, in their order, and their noise.

    Returns
    -------
    list of int, (B,) float32 array
        Positions in the image, and 1 sigma a pixel [nanomaggy arcsec^-2].

    Raises
    ------
    InputError
        If the image is of another survey, lacks a band of the weights, has no unmasked pixel, or
        says that it has no noise.
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
    noise = image.sky_noise[order].astype(np.float32)
    if not (noise > 0).all():
        raise InputError(
            f"{image.galaxy_id}: the noise of {', '.join(np.array(weights.bands)[~(noise > 0)])} "
            "is 0; give 1 sigma a pixel, and add it to a mock that is free of noise "
            "(picassso.observatory.add_noise)"
        )
    return order, noise


def filled(flux: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Masked pixels replaced by the mean of those around them, weighted by a Gaussian.

    A network has seen no holes in galaxies: it would paint their rims wrong. The Gaussian widens
    until it reaches an unmasked pixel; what lies farther than that is empty.
    """
    if not mask.any():
        return flux
    filled = empty_array(flux.shape, np.float32)
    halo = int(4.0 * _FILL_SIGMAS[-1] + 0.5)
    for rows in row_blocks(mask.shape):
        top = max(rows.start - halo, 0)
        window = slice(top, rows.stop + halo)
        part = _filled_block(flux[:, window], mask[window])
        filled[:, rows] = part[:, rows.start - top : rows.stop - top]
    return filled


def _filled_block(flux: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """What `filled` does, of a block of rows with a halo of the widest Gaussian."""
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


def outside_training(
    weights: TrainedOn,
    conditions: Mapping[str, tuple[str, NDArray[np.floating]]],
    *,
    noise: NDArray[np.float32],
    flux: NDArray[np.float32],
) -> tuple[str, ...]:
    """Say which conditions the network never saw.

    Parameters
    ----------
    weights : TrainedOn
        Their training range may lack some conditions, of which nothing is then said.
    conditions : mapping of str to (str, array)
        By the keys of the training range: label and values.
    noise, flux : (B,), (B, H, W) arrays
        As the network is given them.
    """
    words = []
    for key, (label, values) in conditions.items():
        low, high = weights.training_range.get(key, (-np.inf, np.inf))
        beyond = values[_beyond(values, low, high)]
        if beyond.size:
            words.append(
                f"{label} {', '.join(f'{v:.3g}' for v in beyond)} lies outside {low:g} to "
                f"{high:g}, where the network was trained: do not trust the intervals"
            )
    return (*words, *_outside_by_band(weights, noise, flux))


def _outside_by_band(
    weights: TrainedOn, noise: NDArray[np.float32], flux: NDArray[np.float32]
) -> tuple[str, ...]:
    """Noise and brightest pixels that the network never saw; weights may not say what it saw."""
    given = {
        "noise": ("noise", noise, ""),
        "brightest": (
            "brightest pixel",
            flux.max(axis=(1, 2)),
            ", and check the unit of the image",
        ),
    }
    words = []
    for key, (label, values, remedy) in given.items():
        beyond = [
            f"{band} {value:.3g} (trained on {low:.3g} to {high:.3g})"
            for band, value in zip(weights.bands, values, strict=True)
            for low, high in [weights.training_range.get(f"{key}_{band}", (-np.inf, np.inf))]
            if _beyond(value, low, high)
        ]
        if beyond:
            words.append(
                f"{label} [nanomaggy/arcsec2] lies outside of training in {', '.join(beyond)}: do "
                f"not trust the masses or the intervals{remedy}"
            )
    return tuple(words)


def _beyond(values: Any, low: float, high: float) -> Any:
    """Whether numbers lie beyond a range, by more than a rounding error of one in a thousand."""
    return (values < low * 0.999) | (values > high * 1.001)
