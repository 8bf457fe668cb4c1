"""From raw numbers to a Gaussian distribution of latents."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from picassso.networks.spectra.basis import put

__all__ = ["LatentHead"]

SMALLEST_SCALE = 0.01
"""Least conditional standard deviation in units of the targets' width, so that no outlier among
the training targets costs without bound."""


class LatentHead(nn.Module):
    """Mean and Cholesky factor of the covariance of D numbers.

    Raw numbers are taken in units of the training targets' location and width, which are buffers.
    With `covariance` the factor is predicted: a positive scale for each row, times a triangle of
    ones on the diagonal, so that a number that is well known is not swamped by its covariances.
    Without, it is a buffer, one for all images, which training sets from the residuals of
    validation. A further buffer, a factor for each number, is what calibration finds.

    Parameters
    ----------
    outputs : int
        Number D of outputs.
    covariance : bool
        Whether the covariance is predicted.
    """

    location: Tensor
    width: Tensor
    scale_factor: Tensor
    constant_tril: Tensor

    def __init__(self, outputs: int, *, covariance: bool = True) -> None:
        super().__init__()
        self.outputs = outputs
        self.covariance = covariance
        self.raw_length = outputs + (outputs * (outputs + 1) // 2 if covariance else 0)
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

    def forward(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        """Raw numbers (N, raw_length) to mean (N, D) and scale_tril (N, D, D)."""
        d = self.outputs
        mean = self.location + self.width * raw[:, :d]
        if self.covariance:
            # softplus is one where the raw scale is zero, as a fresh network gives it
            scale = nn.functional.softplus(raw[:, d : 2 * d] + math.log(math.e - 1.0))
            scale = self.width * (scale + SMALLEST_SCALE)
            tril = scale[:, :, None] * self._unit_triangle(
                torch.ones_like(raw[:, :1]), raw[:, 2 * d :]
            )
        else:
            tril = self.constant_tril.expand(len(raw), d, d)
        return mean, self.scale_factor[:, None] * tril

    def _unit_triangle(self, one: Tensor, below: Tensor) -> Tensor:
        """Triangles (N, D, D) of ones (N, 1) on the diagonal and, row by row, what lies below."""
        rows, start = [], 0
        for k in range(self.outputs):
            row = torch.cat([below[:, start : start + k], one], dim=1)
            rows.append(nn.functional.pad(row, (0, self.outputs - 1 - k)))
            start += k
        return torch.stack(rows, dim=1)
