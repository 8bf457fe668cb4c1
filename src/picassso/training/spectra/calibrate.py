"""Calibration of predicted spectra on validation galaxies: intervals that hold what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from picassso.analysis.spectra import departures
from picassso.analysis.spectra.measured import MEASURED, measure_samples
from picassso.analysis.spectra.mixture import mixture_samples
from picassso.analysis.spectra.posterior import sample_quantiles
from picassso.analysis.spectra.recalibration import (
    CENTRAL,
    Recalibration,
    central_interval,
    standardise,
)
from picassso.core import REST_GRID
from picassso.networks import ImageEncoder, SpectrumAutoencoder
from picassso.networks.spectra.latent_head import LatentPosterior
from picassso.training.spectra.images import FibreImages

__all__ = ["Calibration", "calibrate", "reference_distances"]

_SAMPLES = 99
"""Of each image's posterior."""

_CHUNK = 40
"""Images whose samples are in memory at once."""


class Light(NamedTuple):
    """Spectra (..., 1000) on `REST_GRID`, and what of them is not of lines."""

    flux: NDArray[np.float32]
    stars: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What calibration found.

    Parameters
    ----------
    factors : tuple of float
        By which the standard deviation of each latent, and of log10 of the norm, is multiplied.
    flux : tuple of float
        By which the band of each pixel is stretched about its median.
    indices : dict of str to Recalibration
        Of what is measured on spectra.
    """

    factors: tuple[float, ...]
    flux: tuple[float, ...]
    indices: dict[str, Recalibration]


@torch.no_grad()
def calibrate(
    network: ImageEncoder,
    autoencoder: SpectrumAutoencoder,
    images: FibreImages,
    *,
    seed: int = 0,
) -> Calibration:
    """Measure the calibration on the validation split and write it into the encoder's head.

    Two steps, none of which sees the test split. (1) The standard deviation of each number is
    multiplied so that 68.27% of its truths lie within one of the mean; a head without a
    predicted covariance first gets that of its errors. (2) Posteriors of spectra are drawn, with
    the scatter of the autoencoder's reconstructions; the 68% band of the flux is stretched in each
    pixel, and the interval of everything that is measured on a spectrum moved and stretched (see
    `Recalibration`), so that they hold 68.27% of the truths. Latents of the right width do not
    make all that is made of them right, since their errors are not quite Gaussian.

    Parameters
    ----------
    network : ImageEncoder
        Its head is set.
    autoencoder : SpectrumAutoencoder
        Whose latents it predicts.
    images : FibreImages
        Of the validation split.
    seed : int
        Of the noise and of the samples.

    Returns
    -------
    Calibration
    """
    network.eval()
    head = network.head
    head.set_calibration(torch.ones(head.outputs))
    found, target = _predictions(network, images, seed)
    if not head.covariance:
        head.set_residuals(target - found.mean)
        found, _ = _predictions(network, images, seed)
    sigma = found.covariance.diagonal(dim1=1, dim2=2).sqrt()
    factors = torch.quantile((target - found.mean).abs() / sigma, CENTRAL, dim=0)
    head.set_calibration(factors)
    found = LatentPosterior.of(*found[2:], stretch=factors)
    generator = torch.Generator().manual_seed(seed)
    needed, intervals, truth = [], [], []
    for some in torch.arange(len(target)).split(_CHUNK):
        true = _true_light(images, some.numpy(), normalised=head.outputs == autoencoder.latents)
        posterior = LatentPosterior(*(part[some] for part in found))
        drawn = _samples(posterior, autoencoder, generator)
        needed.append(np.abs(standardise(true.flux, central_interval(drawn.flux, axis=1))))
        intervals.append(central_interval(measure_samples(REST_GRID, *drawn), axis=1))
        truth.append(measure_samples(REST_GRID, *true))
    indices, true_indices = np.concatenate(intervals, axis=1), np.concatenate(truth)
    flux = sample_quantiles(np.concatenate(needed), CENTRAL, axis=0)
    return Calibration(
        factors=tuple(factors.tolist()),
        flux=tuple(np.round(flux, 3).tolist()),
        indices={
            name: Recalibration.fit(indices[..., k], true_indices[:, k])
            for k, name in enumerate(MEASURED)
        },
    )


def _true_light(images: FibreImages, which: NDArray[np.int64], *, normalised: bool) -> Light:
    """What is true of some images; of a norm of one where brightness is not foretold."""
    flux, stars = images.light(which)
    size = np.sqrt(np.mean(flux**2, axis=1, keepdims=True)) if normalised else 1.0
    return Light(flux / size, stars / size)


@torch.no_grad()
def reference_distances(
    network: ImageEncoder,
    autoencoder: SpectrumAutoencoder,
    images: FibreImages,
    *,
    seed: int = 0,
) -> list[float]:
    """Squared distances between predicted and observed latents, to judge those of other galaxies.

    Of one image of each galaxy, whose spectrum is measured as SDSS would; the norm is left out.
    Sorted, of four digits.

    Parameters
    ----------
    network : ImageEncoder
        Calibrated.
    autoencoder : SpectrumAutoencoder
        Whose latents it predicts.
    images : FibreImages
        Of the validation split.
    seed : int
        Of the noise.
    """
    network.eval()
    found, _ = _predictions(network, images, seed)
    first = images.one_of_each_galaxy()
    seen = [(s.flux, s.inverse_variance * s.usable) for s in images.observed(first, seed=seed)]
    flux, weight = (torch.from_numpy(np.stack(part)) for part in zip(*seen, strict=True))
    latents, log_variance, _ = autoencoder.encode_observed(flux, weight)
    chosen, number = torch.from_numpy(first), autoencoder.latents
    distance = departures(
        found.mean[chosen, :number].numpy(),
        found.covariance[chosen, :number, :number].numpy(),
        latents.numpy(),
        torch.diag_embed(log_variance.exp()).numpy(),
    ).distance
    return [float(f"{d:.4g}") for d in np.sort(distance).tolist()]


def _predictions(
    network: ImageEncoder, images: FibreImages, seed: int
) -> tuple[LatentPosterior, Tensor]:
    """Posteriors of all images, and targets (N, D)."""
    found, targets = [], []
    for *inputs, target in images.batches(seed=seed):
        found.append(network(*inputs))
        targets.append(target)
    return LatentPosterior(*map(torch.cat, zip(*found, strict=True))), torch.cat(targets)


@torch.no_grad()
def _samples(
    posterior: LatentPosterior, autoencoder: SpectrumAutoencoder, generator: torch.Generator
) -> Light:
    """(N, S, 1000) spectra of posteriors; without a predicted norm, of a norm of one."""
    n, numbers = posterior.mean.shape
    normal = torch.randn(n, _SAMPLES, numbers, generator=generator)
    residual = torch.randn(n * _SAMPLES, len(autoencoder.scatter), generator=generator)
    uniform = torch.rand(n, _SAMPLES, generator=generator)
    _, _, *mixture = (part.numpy() for part in posterior)
    samples = mixture_samples(*mixture, normal=normal.numpy(), uniform=uniform.numpy())
    drawn = torch.from_numpy(samples).flatten(0, 1)
    spectra = autoencoder.with_scatter(drawn[:, : autoencoder.latents], residual)
    if numbers > autoencoder.latents:
        spectra = spectra * 10.0 ** drawn[:, autoencoder.latents :]
    stars = autoencoder.stars.of_clean(spectra)
    return Light(*(part.unflatten(0, (n, _SAMPLES)).numpy() for part in (spectra, stars)))
