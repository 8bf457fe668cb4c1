"""Calibration of predicted spectra on validation galaxies: intervals that hold what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from picassso.analysis.spectra import d4000, equivalent_width
from picassso.core import REST_GRID
from picassso.networks import ImageEncoder, SpectrumAutoencoder
from picassso.training.spectra.images import FibreImages

__all__ = ["CENTRAL", "Calibration", "calibrate"]

CENTRAL = 0.6827
"""Share of a normal distribution within one standard deviation."""

_SAMPLES = 99
"""Of each galaxy's posterior."""

_FACTORS = np.geomspace(0.5, 2.0, 9)
"""Overall factors that are tried; between them coverage is interpolated."""

_MOST_IMAGES = 300
"""Images whose posteriors are sampled, which takes some seconds."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What calibration found.

    Parameters
    ----------
    factors : tuple of float
        By which the standard deviation of each latent, and of log10 of the norm, is multiplied.
    overall : float
        The part of them that is the same for all.
    coverage : dict of str to float
        Share of the truth within the 68% intervals after that: of ``flux``, ``EW(Halpha)`` and
        ``D4000`` of validation galaxies.
    """

    factors: tuple[float, ...]
    overall: float
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

    Two steps, neither of which sees the test split. (1) The standard deviation of each number is
    multiplied so that 68.27% of its truths lie within one of the mean; a head without a
    predicted covariance first gets that of its errors. (2) Posteriors of spectra are drawn, with
    the scatter of the autoencoder's reconstructions, and all standard deviations are multiplied
    by one factor more, between 0.5 and 2: that for which the 68% intervals of flux density, pixel
    by pixel, of the equivalent width of Halpha and of D4000 hold shares of the truth whose
    squared distances from 68.27% sum up to the least.

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
    each = torch.quantile((target - mean).abs() / sigma, CENTRAL, dim=0)
    some = torch.linspace(0, len(mean) - 1, min(len(mean), _MOST_IMAGES)).round().long()
    truth = images.spectra(some.numpy())

    def coverage(factor: float) -> dict[str, float]:
        scaled = factor * each[:, None] * scale_tril[some]
        # The same draws for each factor, so that nothing but the factor tells them apart.
        generator = torch.Generator().manual_seed(seed)
        return _coverage(mean[some], scaled, truth, autoencoder, generator=generator)

    overall = _best_factor([coverage(float(factor)) for factor in _FACTORS])
    head.set_calibration(overall * each)
    return Calibration(tuple((overall * each).tolist()), overall, coverage(overall))


def _best_factor(held: list[dict[str, float]]) -> float:
    """Factor for which the coverage found at `_FACTORS`, of several quantities, is nearest."""
    fine = np.geomspace(_FACTORS[0], _FACTORS[-1], 201)
    curves = [np.interp(fine, _FACTORS, [found[name] for found in held]) for name in held[0]]
    return float(fine[np.argmin(sum((curve - CENTRAL) ** 2 for curve in curves))])


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


def _coverage(
    mean: Tensor,
    scale_tril: Tensor,
    truth: NDArray[np.float32],
    autoencoder: SpectrumAutoencoder,
    *,
    generator: torch.Generator,
) -> dict[str, float]:
    """Share of true flux (N, 1000), EW(Halpha) and D4000 within the 68% intervals of samples."""
    inside: dict[str, list[NDArray[np.bool_]]] = {"flux": [], "EW(Halpha)": [], "D4000": []}
    for k, true in enumerate(truth):
        spectra = _samples(mean[k], scale_tril[k], autoencoder, generator)
        if mean.shape[1] == autoencoder.latents:  # without a norm, spectra have no brightness
            true = true / np.sqrt(np.mean(true**2))
        inside["flux"].append(_within(spectra, true))
        inside["EW(Halpha)"].append(
            _within(
                equivalent_width(REST_GRID, spectra, "Halpha"),
                equivalent_width(REST_GRID, true, "Halpha"),
            )
        )
        inside["D4000"].append(_within(d4000(REST_GRID, spectra), d4000(REST_GRID, true)))
    return {name: float(np.mean(found)) for name, found in inside.items()}


def _samples(
    mean: Tensor, scale_tril: Tensor, autoencoder: SpectrumAutoencoder, generator: torch.Generator
) -> NDArray[np.float32]:
    """(S, 1000) spectra of one posterior."""
    draw = torch.randn(_SAMPLES, len(mean), generator=generator)
    numbers = mean + draw @ scale_tril.mT
    residual = torch.randn(_SAMPLES, len(autoencoder.residual_components), generator=generator)
    spectra = autoencoder.with_scatter(numbers[:, : autoencoder.latents], residual)
    if len(mean) > autoencoder.latents:
        spectra = spectra * 10.0 ** numbers[:, autoencoder.latents :]
    return spectra.numpy()


def _within(samples: NDArray, truth: NDArray) -> NDArray[np.bool_]:
    """Whether truths lie between the 16th and the 84th percentile of samples (S, ...)."""
    # Weibull's positions: a truth that is one more sample lies between them as often as it should.
    limits = [0.5 - CENTRAL / 2, 0.5 + CENTRAL / 2]
    low, high = np.quantile(samples, limits, axis=0, method="weibull")
    return (low <= truth) & (truth <= high)
