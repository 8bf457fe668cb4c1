"""Draws from mixtures of Gaussians."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["mixture_samples"]


def mixture_samples(
    log_weight: NDArray[np.floating],
    means: NDArray[np.floating],
    scale_trils: NDArray[np.floating],
    *,
    normal: NDArray[np.floating],
    uniform: NDArray[np.floating],
) -> NDArray[np.floating]:
    """Samples (N, S, D) of N mixtures of K Gaussians, made of given random numbers.

    Parameters
    ----------
    log_weight : (N, K) array
        Natural logarithms of the Gaussians' probabilities.
    means : (N, K, D) array
        Of each Gaussian.
    scale_trils : (N, K, D, D) array
        Cholesky factor of the covariance of each.
    normal : (N, S, D) array
        Standard normal numbers.
    uniform : (N, S) array
        Numbers between 0 and 1, which choose the Gaussian of a sample.
    """
    rising = np.cumsum(np.exp(log_weight), axis=1)[:, :-1]  # the last Gaussian has the rest
    chosen = (uniform[:, :, None] >= rising[:, None]).sum(axis=2)
    row = np.arange(len(means))[:, None]
    away = scale_trils[row, chosen] @ normal[..., None]
    return means[row, chosen] + away[..., 0]
