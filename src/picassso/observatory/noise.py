"""Noise: white Gaussian noise of the sky, to a survey's depth or to a mean signal-to-noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from picassso.core import GalaxyImage, InputError, Survey

__all__ = ["add_noise", "noise_for_signal_to_noise", "survey_noise"]


def survey_noise(survey: Survey, *, pixel_scale: float) -> NDArray[np.float32]:
    """1 sigma of the survey's sky in a pixel, (B,) [nanomaggy arcsec^-2].

    The survey's own noise is that of its native pixel; it goes as 1 / pixel size.
    """
    native = np.array(survey.sky_noise, dtype=np.float64)
    return (native * (survey.pixel_scale / pixel_scale)).astype(np.float32)


def noise_for_signal_to_noise(
    flux: NDArray[np.float32], signal_to_noise: float
) -> NDArray[np.float32]:
    """1 sigma a pixel, (B,), for which the mean over all pixels of flux / sigma is as asked.

    Buck & Wolf 2021, section 2.1.2: "the final average signal-to-noise ratio of each pixel".
    """
    return (flux.mean(axis=(1, 2), dtype=np.float64) / signal_to_noise).astype(np.float32)


def add_noise(
    image: GalaxyImage,
    rng: np.random.Generator,
    *,
    background: NDArray[np.float32] | None = None,
) -> GalaxyImage:
    """Add one realisation of the image's own noise to a noise-free image.

    Parameters
    ----------
    image : GalaxyImage
        Its `noise` is 1 sigma, white between pixels.
    rng : numpy.random.Generator
        Source of the deviates.
    background : (B, H, W) array or None
        A real sky (of `SkyBackground`) [nanomaggy arcsec^-2], which takes the place of the
        deviates, for it has its own.

    Returns
    -------
    GalaxyImage

    Raises
    ------
    InputError
        If the background has another shape than the image.
    """
    if background is not None:
        if background.shape != image.flux.shape:
            raise InputError(
                f"sky background has shape {background.shape}, expected {image.flux.shape}"
            )
        return replace(image, flux=image.flux + background.astype(np.float32))
    noise = image.noise if image.noise.ndim == 3 else image.noise[:, None, None]
    deviates = rng.standard_normal(image.flux.shape, dtype=np.float32)
    return replace(image, flux=image.flux + noise * deviates)
