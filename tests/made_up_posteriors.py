"""Predicted spectra that are as right as they say, or as wrong as is asked for."""

from __future__ import annotations

import numpy as np

from picassso.analysis.spectra import sample_quantiles
from picassso.analysis.spectra.measured import measure_samples
from picassso.core import REST_GRID
from picassso.painting.spectra import QUANTILES
from picassso.studies.spectra.predictions import Predictions, Truth
from tiny_spectrum_weights import smooth_spectra, smooth_stars

LATENTS = 3
SIGMA = np.array([0.5, 0.4, 0.6, 0.05])
"""Of the latents and log10 of the norm, given what is predicted."""


def decode(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Spectra, and their stars, (..., 1000) of latents and log10 of the norm (..., 4)."""
    mean, changes, _ = smooth_spectra()
    norm = 10.0 ** numbers[..., LATENTS:]
    parts = (np.vstack([mean, changes]), smooth_stars())
    spectra, stars = (
        (norm * (rows[0] + 0.4 * numbers[..., :LATENTS] @ rows[1:])).astype(np.float32)
        for rows in parts
    )
    return spectra, stars


def made_up_posteriors(
    n: int = 240, *, samples: int = 32, claimed: float = 1.0, seed: int = 0
) -> tuple[Predictions, Truth]:
    """Galaxies whose truth scatters by `SIGMA` about what is predicted; `claimed` times that."""
    rng = np.random.default_rng(seed)
    mean = rng.standard_normal((n, LATENTS + 1)) * [1.0, 1.0, 1.0, 0.3]
    target = mean + SIGMA * rng.standard_normal(mean.shape)
    drawn = mean[:, None] + claimed * SIGMA * rng.standard_normal((n, samples, LATENTS + 1))
    (flux, stars), (true, true_stars) = decode(drawn), decode(target)
    predictions = Predictions(
        row=np.arange(n),
        galaxy_id=np.array([f"galaxy-{k}" for k in range(n)]),
        latent_mean=mean,
        latent_covariance=np.tile(np.diag((claimed * SIGMA) ** 2), (n, 1, 1)),
        latent_samples=drawn,
        quantiles=np.moveaxis(sample_quantiles(flux, QUANTILES, axis=1), 0, 1),
        index_samples=measure_samples(REST_GRID, flux, stars),
        failed={},
    )
    return predictions, Truth(true, target, measure_samples(REST_GRID, true, true_stars))
