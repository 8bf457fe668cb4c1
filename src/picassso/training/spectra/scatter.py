"""Measure what an autoencoder misses, and how far noise moves its latents."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from picassso.networks.spectra.scatter import scatter_features

__all__ = ["Scatter", "fit_error", "fit_log_scale", "fit_scatter"]

_ROUNDS = 50
_LARGEST_STEP = 0.5
"""Of a logarithm in one round."""

_RIDGE = 3.0
"""Prior on the coefficients of z-scored latents, in spectra: few spectra give one size to all."""

_TINY = 1e-300
_QUIET = 1e-4
"""Least size of what is missed, in units of the norm."""


class Scatter(NamedTuple):
    """What `ConditionalScatter.set` takes."""

    components: Tensor
    coefficients: Tensor
    limits: Tensor


def fit_scatter(latents: Tensor, missed: Tensor, number: int) -> Scatter:
    """Directions and sizes of what is missed of spectra, by their latents.

    Spectra are first brought to one size of what they miss, as their latents foretell it, so that
    the directions are not those of a few bad ones alone; then each direction gets a size of its
    own.

    Parameters
    ----------
    latents : (N, K) Tensor
        Z-scored.
    missed : (N, L) Tensor
        True less decoded spectra.
    number : int
        Number R of directions.
    """
    features = scatter_features(latents.double())
    missed = missed.double()
    size = missed.square().mean(dim=1, keepdim=True).sqrt().clamp_min(_QUIET)
    foretold = torch.exp(features @ fit_log_scale(features, size))
    _, _, directions = torch.linalg.svd(missed / foretold, full_matrices=False)
    directions = directions[:number]
    coefficients = fit_log_scale(features, missed @ directions.mT)
    logarithm = features @ coefficients
    limits = torch.stack([logarithm.amin(dim=0), logarithm.amax(dim=0)])
    lacking = number - len(directions)
    if lacking:  # fewer spectra than directions
        directions = torch.nn.functional.pad(directions, (0, 0, 0, lacking))
        coefficients, limits = (
            torch.nn.functional.pad(part, (0, lacking)) for part in (coefficients, limits)
        )
    return Scatter(directions.float(), coefficients.float(), limits.float())


def fit_log_scale(features: Tensor, values: Tensor) -> Tensor:
    """Coefficients of the logarithm of the standard deviation of Gaussian numbers.

    Maximum of the likelihood, which is concave, by Fisher scoring (Harvey 1976, Econometrica 44,
    461), with a Gaussian prior on all coefficients but the first.

    Parameters
    ----------
    features : (N, F) Tensor
        The first is one.
    values : (N, R) Tensor
        Numbers of mean zero.

    Returns
    -------
    (F, R) Tensor
    """
    prior = torch.full_like(features[0], _RIDGE)
    prior[0] = 0.0
    information = 2.0 * features.mT @ features + torch.diag(prior)
    coefficients = torch.zeros(features.shape[1], values.shape[1], dtype=features.dtype)
    coefficients[0] = values.square().mean(dim=0).clamp_min(_QUIET**2).log() / 2.0
    for _ in range(_ROUNDS):
        excess = values.square() * torch.exp(-2.0 * (features @ coefficients)) - 1.0
        slope = features.mT @ excess - prior[:, None] * coefficients
        step = torch.linalg.solve(information, slope)
        largest = (features @ step).abs().amax(dim=0).clamp_min(_LARGEST_STEP)
        coefficients = coefficients + step * (_LARGEST_STEP / largest)
    return coefficients


def fit_error(shift: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Variance of shifts of mean zero, linear in the noise and never negative.

    Parameters
    ----------
    shift : (N, K) Tensor
        By which noise and gaps moved latents.
    noise : (N,) Tensor
        As of `SpectrumAutoencoder.noise`.

    Returns
    -------
    floor, slope : (K,) Tensor
        The variance is ``floor + slope * noise``: weighted least squares of the squared shifts,
        each round with the weights of the one before, which is the maximum of the likelihood.
    """
    square, x = shift.double().square(), noise.double()[:, None]
    floor = square.mean(dim=0).clamp_min(_QUIET**2)
    least = (square.median(dim=0).values / len(square)).clamp_min(_QUIET**2)  # few tell no less
    slope = torch.zeros_like(floor)
    for _ in range(_ROUNDS):
        weight = (floor + slope * x).pow(-2)
        total, first, second = ((weight * x**k).sum(dim=0) for k in range(3))
        mean, along = ((weight * square * x**k).sum(dim=0) for k in range(2))
        spread = (total * second - first**2).clamp_min(_TINY)
        slope = ((total * along - first * mean) / spread).clamp_min(0.0)
        floor = (mean - slope * first) / total
        slope = torch.where(floor > least, slope, (along - least * first).clamp_min(0.0) / second)
        floor = torch.maximum(floor, least)
    return floor.float(), slope.float()
