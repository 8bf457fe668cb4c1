"""Heads: from raw channels to a distribution of linear surface density in every pixel."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from picassso.core import PROPERTIES

__all__ = ["LogPoint", "Painted", "ShiftedLogStudent"]

FREEDOM = 5.0
"""Degrees of freedom of Student's t: heavy tails, so that no outlier rules the fit."""

HALF_WIDTH = 1.110504
"""84.13% quantile of Student's t with 5 degrees of freedom."""


class Painted(NamedTuple):
    """Summaries of a pixel's distribution, each (N, P, H, W), linear surface densities."""

    mean: Tensor
    std: Tensor
    p16: Tensor
    p50: Tensor
    p84: Tensor


class ShiftedLogStudent(nn.Module):
    """Student's t in the stretched value ln(1 + y / floor), with a linear mean of its own.

    The stretch is linear below the property's floor and logarithmic above it, so that empty
    pixels (y = 0) are ordinary values. Quantiles follow from the location and the scale, which is
    half the width of the central 68.27%. The linear mean has a channel of its own, ``ln(mean /
    floor)`` relative to the location: the mean of a distribution with a heavy logarithmic tail
    does not even exist, and a fitted tail, exponentiated, would rule every sum. Buffers hold what
    calibration on the validation split found: factors on the scale and on the mean.

    Parameters
    ----------
    properties : tuple of str
        Names, in the order of the output.
    """

    channels_per_property = 3
    floor: Tensor
    scale_factor: Tensor
    mean_factor: Tensor

    def __init__(self, properties: tuple[str, ...]) -> None:
        super().__init__()
        floor = torch.tensor([PROPERTIES[p].floor for p in properties], dtype=torch.float32)
        self.register_buffer("floor", floor[:, None, None])
        self.register_buffer("scale_factor", torch.ones(len(properties), 1, 1))
        self.register_buffer("mean_factor", torch.ones(len(properties), 1, 1))

    def parameters_of(self, raw: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Location and scale of the stretched value, and ln(mean / floor), each (N, P, H, W)."""
        location, log_scale, excess = torch.chunk(raw, 3, dim=1)
        # The mean is told where the location lies, but must not move it. Unbounded, a rare pixel
        # far off would explode its deviance and derail a run.
        log_mean = (location.detach() + 4.0 * torch.tanh(0.25 * excess)).clamp(-5.0, 18.0)
        return location, torch.exp(log_scale.clamp(-3.5, 1.5)), log_mean

    def forward(self, raw: Tensor) -> Painted:
        """Raw channels (N, 3 P, H, W) to `Painted`."""
        location, scale, log_mean = self.parameters_of(raw)
        scale = scale * self.scale_factor
        mean = self.floor * torch.exp(log_mean) * self.mean_factor
        variance = torch.exp((scale * scale).clamp_max(6.0)) - 1.0
        return Painted(
            mean,
            (mean + self.floor) * torch.sqrt(variance),
            self._value(location - scale),
            self._value(location),
            self._value(location + scale),
        )

    def _value(self, t: Tensor) -> Tensor:
        return self.floor * (torch.exp(t.clamp(0.0, 20.0)) - 1.0)

    def stretch(self, y: Tensor) -> Tensor:
        """Stretched value of a linear surface density."""
        return torch.log1p(y / self.floor)


class LogPoint(nn.Module):
    """The reference network's head: one number, log10(y + 1e-14), and no uncertainty.

    Its mean, median and quantiles are all 10^x (Buck & Wolf 2021), which under-predicts sums.
    """

    channels_per_property = 1

    def __init__(self, properties: tuple[str, ...]) -> None:
        super().__init__()
        self.count = len(properties)

    def forward(self, raw: Tensor) -> Painted:
        """Raw channels (N, P, H, W) to `Painted`."""
        value = torch.pow(10.0, raw.clamp(-14.0, 14.0))
        return Painted(value, torch.zeros_like(value), value, value, value)
