"""From surface brightness and conditions to what a backbone sees."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["MINIMUM_NOISE", "AsinhStretch", "LogStretch", "asinh", "conditions_length"]

MINIMUM_NOISE = 1e-4
"""Noise-free images are treated as having this noise [nanomaggy arcsec^-2]."""


def conditions_length(bands: int) -> int:
    """Length of the condition vector for a number of bands."""
    return 2 * bands + 2


class AsinhStretch(nn.Module):
    """Signal to noise on an asinh scale, beside a vector of conditions.

    The stretch (Lupton et al. 1999) is linear in the noise and logarithmic above it. Cosmological
    dimming, (1 + z)^-4, is undone first, so that equal stars look equal at any redshift. Bright
    pixels obey ``ln(flux) = stretched + ln(noise) - ln 2``, and the noise is a condition: the
    backbone can recover absolute surface brightness with one addition.

    Parameters
    ----------
    bands : int
        Number of bands.
    """

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.channels = bands
        self.conditions = conditions_length(bands)

    def forward(
        self, flux: Tensor, noise: Tensor, psf_fwhm: Tensor, redshift: Tensor, kpc_per_pixel: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Features (N, B, H, W) and conditions (N, 2 B + 2), all of order one."""
        sigma = noise.clamp_min(MINIMUM_NOISE)
        features = asinh(flux / sigma[:, :, None, None]) / 3.0
        undimmed = torch.log(sigma) + 4.0 * torch.log1p(redshift)
        conditions = torch.cat(
            [
                (undimmed + 1.0) / 2.0,
                torch.log(psf_fwhm.clamp_min(0.3)) - 1.0,
                redshift * 10.0,
                torch.log(kpc_per_pixel) + 1.0,
            ],
            dim=1,
        )
        return features, conditions


class LogStretch(nn.Module):
    """The reference network's stretch, ln(flux clipped at 1e-4), and no conditions.

    Source: Buck & Wolf 2021, training repository.
    """

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.channels = bands
        self.conditions = 0

    def forward(
        self, flux: Tensor, noise: Tensor, psf_fwhm: Tensor, redshift: Tensor, kpc_per_pixel: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Features (N, B, H, W) and an empty vector of conditions (N, 0)."""
        return torch.log(flux.clamp_min(1e-4)), redshift[:, :0]


def asinh(x: Tensor) -> Tensor:
    """Inverse hyperbolic sine; ONNX Runtime's own operator takes six times as long."""
    size = x.abs()
    return torch.sign(x) * torch.log(size + torch.sqrt(x * x + 1.0))
