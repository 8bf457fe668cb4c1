"""From raw numbers to a distribution of latents: a Gaussian, or a mixture of several."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from picassso.core import InputError
from picassso.networks.spectra.basis import put

__all__ = ["LatentHead", "LatentPosterior"]

SMALLEST_SCALE = 0.01
"""Least conditional standard deviation in units of the targets' width, so that no outlier among
the training targets costs without bound."""


class LatentPosterior(NamedTuple):
    """Distributions of D numbers: mixtures of K Gaussians, with mean and covariance of the whole.

    Parameters
    ----------
    mean : (N, D) Tensor
    covariance : (N, D, D) Tensor
    log_weight : (N, K) Tensor
        Natural logarithms of the Gaussians' probabilities.
    means : (N, K, D) Tensor
        Of each Gaussian.
    scale_trils : (N, K, D, D) Tensor
        Cholesky factor of the covariance of each.
    """

    mean: Tensor
    covariance: Tensor
    log_weight: Tensor
    means: Tensor
    scale_trils: Tensor

    @classmethod
    def of(
        cls, log_weight: Tensor, means: Tensor, scale_trils: Tensor, *, stretch: Tensor
    ) -> LatentPosterior:
        """A mixture, every number stretched about its mean by a factor of its own (D,)."""
        weight = log_weight.exp()[..., None]
        mean = (weight * means).sum(dim=1)
        away = stretch * (means - mean[:, None])
        scale_trils = stretch[:, None] * scale_trils
        within = scale_trils @ scale_trils.mT
        between = away[..., None] * away[..., None, :]
        covariance = (weight[..., None] * (within + between)).sum(dim=1)
        return cls(mean, covariance, log_weight, mean[:, None] + away, scale_trils)


class LatentHead(nn.Module):
    """Mixture of Gaussians of D numbers.

    Raw numbers are taken in units of the training targets' location and width, which are buffers.
    With `covariance` the Cholesky factor of each Gaussian is predicted: a positive scale for each
    row, times a triangle of ones on the diagonal, so that a number that is well known is not
    swamped by its covariances. Without, there is one Gaussian whose factor is a buffer, one for
    all images, which training sets from the residuals of validation. A further buffer, a factor
    for each number, is what calibration finds: it stretches the mixture about its mean.

    Parameters
    ----------
    outputs : int
        Number D of outputs.
    covariance : bool
        Whether the covariance is predicted.
    gaussians : int
        Of the mixture; one without `covariance`.

    Raises
    ------
    InputError
        If a mixture is asked for without covariance, or of no Gaussian.
    """

    location: Tensor
    width: Tensor
    scale_factor: Tensor
    constant_tril: Tensor

    def __init__(self, outputs: int, *, covariance: bool = True, gaussians: int = 1) -> None:
        if gaussians < 1 or (gaussians > 1 and not covariance):
            raise InputError(
                f"a mixture of {gaussians} Gaussians"
                + (": expected 1 or more" if covariance else " needs their covariances")
            )
        super().__init__()
        self.outputs = outputs
        self.covariance = covariance
        self.gaussians = gaussians
        each = outputs + (outputs * (outputs + 1) // 2 if covariance else 0)
        self.choices = gaussians if gaussians > 1 else 0
        self.raw_length = self.choices + gaussians * each
        self.register_buffer("location", torch.zeros(outputs))
        self.register_buffer("width", torch.ones(outputs))
        self.register_buffer("scale_factor", torch.ones(outputs))
        self.register_buffer("constant_tril", torch.eye(outputs))

    def set_targets(self, *, location: Tensor, width: Tensor) -> None:
        """Take over mean and standard deviation (D,) of the training targets."""
        put(self, location=location, width=width.clamp_min(1e-6))

    def set_calibration(self, factor: Tensor) -> None:
        """Set the factor (D,) on the standard deviation of each number."""
        put(self, scale_factor=factor)

    def set_residuals(self, residuals: Tensor) -> None:
        """Without a predicted covariance: set it to that of residuals (M, D), target less mean."""
        second_moment = residuals.double().mT @ residuals.double() / len(residuals)
        put(self, constant_tril=torch.linalg.cholesky(second_moment))

    def forward(self, raw: Tensor) -> LatentPosterior:
        """Distributions of raw numbers (N, raw_length)."""
        d = self.outputs
        parts = raw[:, self.choices :].unflatten(1, (self.gaussians, -1))
        logits = raw[:, : self.choices] if self.choices else torch.zeros_like(raw[:, :1])
        return LatentPosterior.of(
            logits.log_softmax(dim=1),
            self.location + self.width * parts[..., :d],
            self._factors(parts[..., d:]),
            stretch=self.scale_factor,
        )

    def _factors(self, parts: Tensor) -> Tensor:
        """Cholesky factors (N, K, D, D) of what the raw numbers have beside the means."""
        d = self.outputs
        if not self.covariance:
            return self.constant_tril.expand(*parts.shape[:2], d, d)
        # softplus is one where the raw scale is zero, as a fresh network gives it
        scale = nn.functional.softplus(parts[..., :d] + math.log(math.e - 1.0))
        scale = self.width * (scale + SMALLEST_SCALE)
        return scale[..., None] * self._unit_triangles(
            torch.ones_like(parts[..., :1]), parts[..., d:]
        )

    def _unit_triangles(self, one: Tensor, below: Tensor) -> Tensor:
        """Triangles (..., D, D) of ones (..., 1) on the diagonal and, row by row, what is below."""
        rows, start = [], 0
        for k in range(self.outputs):
            row = torch.cat([below[..., start : start + k], one], dim=-1)
            rows.append(nn.functional.pad(row, (0, self.outputs - 1 - k)))
            start += k
        return torch.stack(rows, dim=-2)
