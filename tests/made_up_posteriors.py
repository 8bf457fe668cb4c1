"""Predicted spectra that are as right as they say, or as wrong as is asked for."""

from __future__ import annotations

import numpy as np

from picassso.analysis.spectra import sample_quantiles
from picassso.core import REST_GRID
from picassso.painting.spectra import QUANTILES
from picassso.painting.spectra.measures import measure_samples
from picassso.studies.spectra.predictions import Predictions, Truth
from tiny_spectrum_weights import smooth_spectra

LATENTS = 3
SIGMA = np.array([0.5, 0.4, 0.6, 0.05])
"""Of the latents and log10 of the norm, given what is predicted."""


def decode(numbers: np.ndarray) -> np.ndarray:
    """(..., 1000) spectra of latents and log10 of the norm (..., 4)."""
    mean, changes, _ = smooth_spectra()
    spectra = mean + 0.4 * numbers[..., :LATENTS] @ changes
    return (spectra * 10.0 ** numbers[..., LATENTS:]).astype(np.float32)


def made_up_posteriors(
    n: int = 240, *, samples: int = 32, claimed: float = 1.0, seed: int = 0
) -> tuple[Predictions, Truth]:
    """Galaxies whose truth scatters by `SIGMA` about what is predicted; `claimed` times that."""
    rng = np.random.default_rng(seed)
    mean = rng.standard_normal((n, LATENTS + 1)) * [1.0, 1.0, 1.0, 0.3]
    target = mean + SIGMA * rng.standard_normal(mean.shape)
    drawn = mean[:, None] + claimed * SIGMA * rng.standard_normal((n, samples, LATENTS + 1))
    flux, true = decode(drawn), decode(target)
    predictions = Predictions(
        row=np.arange(n),
        galaxy_id=np.array([f"galaxy-{k}" for k in range(n)]),
        latent_mean=mean,
        latent_covariance=np.tile(np.diag((claimed * SIGMA) ** 2), (n, 1, 1)),
        quantiles=np.moveaxis(sample_quantiles(flux, QUANTILES, axis=1), 0, 1),
        index_samples=measure_samples(REST_GRID, flux),
        failed={},
    )
    return predictions, Truth(true, target, measure_samples(REST_GRID, true))
