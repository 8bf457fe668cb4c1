"""Calibration of predicted spectra on validation galaxies: intervals that hold what they say."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from picassso.analysis.spectra import d4000, departures, equivalent_width
from picassso.core import REST_GRID
from picassso.networks import ImageEncoder, SpectrumAutoencoder
from picassso.training.spectra.images import FibreImages

__all__ = ["CENTRAL", "Calibration", "calibrate", "reference_distances"]

CENTRAL = 0.6827
"""Share of a normal distribution within one standard deviation."""

_SAMPLES = 99
"""Of each galaxy's posterior."""

_FACTORS = np.geomspace(0.5, 2.0, 7)
"""Overall factors that are tried; between them coverage is interpolated."""

_TRUST = 0.1
"""How far, in the logarithm, a factor goes from 1 as readily as one standard error of coverage."""

_MOST_IMAGES = 300
"""Images whose posteriors are sampled, which takes some seconds."""


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
    coverage : dict of str to float
        Share of the truth within the 68% intervals after that: of ``flux``, ``EW(Halpha)`` and
        ``D4000`` of validation galaxies.
    """

    factors: tuple[float, ...]
    coverage: dict[str, float]


@torch.no_grad()
def calibrate(
    network: ImageEncoder,
    autoencoder: SpectrumAutoencoder,
    images: FibreImages,
    *,
    seed: int = 0,
) -> Calibration:
    """Measure the calibration on the validation split and write it into the encoder's head.

    Three steps, none of which sees the test split. (1) The standard deviation of each number is
    multiplied so that 68.27% of its truths lie within one of the mean; a head without a
    predicted covariance first gets that of its errors. (2) Posteriors of spectra are drawn, with
    the scatter of the autoencoder's reconstructions, and the standard deviations of all latents
    multiplied by one factor more, between 0.5 and 2: that for which the 68% intervals of the
    equivalent width of Halpha and of D4000, which know no brightness, hold shares of the truth
    whose squared distances from 68.27%, in standard errors, sum up to the least together with
    that of the factor from 1, in units of 0.1 in the logarithm: it stays near 1 where it hardly
    matters. (3) The same with the standard deviation of the norm, and the intervals of flux
    density pixel by pixel.

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
    mean, scale_tril, target = _predictions(network, images, seed)
    if not head.covariance:
        head.set_residuals(target - mean)
        scale_tril = head.constant_tril.expand_as(scale_tril)
    sigma = scale_tril.square().sum(dim=2).sqrt()
    factors = torch.quantile((target - mean).abs() / sigma, CENTRAL, dim=0)
    some = torch.linspace(0, len(mean) - 1, min(len(mean), _MOST_IMAGES)).round().long()
    truth = Light(*(images.spectra(some.numpy(), lines=lines) for lines in (True, False)))
    if head.outputs == autoencoder.latents:  # then brightness is not foretold
        size = np.sqrt(np.mean(truth.flux**2, axis=1, keepdims=True))
        truth = Light(truth.flux / size, truth.stars / size)

    def coverage(factors: Tensor, names: Sequence[str] = tuple(_MEASURES)) -> dict[str, float]:
        # The same draws for all factors, so that nothing but these tells them apart.
        generator = torch.Generator().manual_seed(seed)
        scaled = factors[:, None] * scale_tril[some]
        samples = _samples(mean[some], scaled, autoencoder, generator)
        return {name: _coverage(_MEASURES[name], samples, truth) for name in names}

    error = math.sqrt(CENTRAL * (1.0 - CENTRAL) / len(some))
    latents, norm = slice(0, autoencoder.latents), slice(autoencoder.latents, head.outputs)
    factors = _rescaled(factors, latents, ("EW(Halpha)", "D4000"), coverage, error=error)
    if head.outputs > autoencoder.latents:
        factors = _rescaled(factors, norm, ("flux",), coverage, error=error)
    head.set_calibration(factors)
    return Calibration(tuple(factors.tolist()), coverage(factors))


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
    mean, scale_tril, _ = _predictions(network, images, seed)
    first = images.one_of_each_galaxy()
    seen = [(s.flux, s.inverse_variance * s.usable) for s in images.observed(first, seed=seed)]
    flux, weight = (torch.from_numpy(np.stack(part)) for part in zip(*seen, strict=True))
    latents, log_variance, _ = autoencoder.encode_observed(flux, weight)
    chosen, number = torch.from_numpy(first), autoencoder.latents
    scale = scale_tril[chosen, :number, :number]
    distance = departures(
        mean[chosen, :number].numpy(),
        (scale @ scale.mT).numpy(),
        latents.numpy(),
        torch.diag_embed(log_variance.exp()).numpy(),
    ).distance
    return [float(f"{d:.4g}") for d in np.sort(distance).tolist()]


def _rescaled(
    factors: Tensor,
    which: slice,
    judges: Sequence[str],
    coverage: Callable[[Tensor, Sequence[str]], dict[str, float]],
    *,
    error: float,
) -> Tensor:
    """Factors, some of them multiplied by what brings the coverage of the judges nearest."""
    found = []
    for more in _FACTORS:
        tried = factors.clone()
        tried[which] *= float(more)
        found.append(coverage(tried, judges))
    fine = np.geomspace(_FACTORS[0], _FACTORS[-1], 201)
    missed = (np.log(fine) / _TRUST) ** 2
    for name in judges:
        curve = np.interp(np.log(fine), np.log(_FACTORS), [held[name] for held in found])
        missed += ((curve - CENTRAL) / error) ** 2
    chosen = factors.clone()
    chosen[which] *= float(fine[np.argmin(missed)])
    return chosen


def _predictions(
    network: ImageEncoder, images: FibreImages, seed: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Means (N, D), Cholesky factors (N, D, D) and targets (N, D)."""
    found = []
    for *inputs, target in images.batches(seed=seed):
        mean, scale_tril = network(*inputs)
        found.append((mean, scale_tril, target))
    mean, scale_tril, target = (torch.cat(part) for part in zip(*found, strict=True))
    return mean, scale_tril, target


def _samples(
    mean: Tensor, scale_tril: Tensor, autoencoder: SpectrumAutoencoder, generator: torch.Generator
) -> Light:
    """(N, S, 1000) spectra of posteriors; without a predicted norm, of a norm of one."""
    n, numbers = mean.shape
    draw = torch.randn(n, _SAMPLES, numbers, generator=generator)
    drawn = (mean[:, None] + draw @ scale_tril.mT).flatten(0, 1)
    components = len(autoencoder.scatter)
    residual = torch.randn(len(drawn), components, generator=generator)
    spectra = autoencoder.with_scatter(drawn[:, : autoencoder.latents], residual)
    if numbers > autoencoder.latents:
        spectra = spectra * 10.0 ** drawn[:, autoencoder.latents :]
    stars = autoencoder.stars.of_clean(spectra)
    return Light(*(part.unflatten(0, (n, _SAMPLES)).numpy() for part in (spectra, stars)))


def _coverage(measure: Callable[[Light], NDArray], samples: Light, truth: Light) -> float:
    """Share of what is measured on true light within the 68% intervals of samples."""
    limits = [0.5 - CENTRAL / 2, 0.5 + CENTRAL / 2]
    measured, true = measure(samples), measure(truth)
    # Weibull's positions: a truth that is one more sample lies between them as often as it should.
    # nanquantile is slow: only where a spectrum without continuum has no equivalent width.
    quantile = np.quantile if np.isfinite(measured).all() else np.nanquantile
    low, high = quantile(measured, limits, axis=1, method="weibull")
    inside = (low <= true) & (true <= high)
    return float(np.mean(inside[np.isfinite(true)]))


_MEASURES: dict[str, Callable[[Light], NDArray]] = {
    "flux": lambda light: light.flux[..., ::10],  # neighbouring pixels say the same
    "EW(Halpha)": lambda light: equivalent_width(
        REST_GRID, light.flux, "Halpha", stars=light.stars
    ),
    "D4000": lambda light: d4000(REST_GRID, light.flux),
}
"""Quantities whose intervals are judged."""
