"""From surface brightness and conditions to what the backbones of the image encoder see."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from picassso.networks.spectra.basis import put
from picassso.networks.stretch import MINIMUM_NOISE, asinh

__all__ = ["LinearStretch", "SkyStretch", "conditions_length"]


def conditions_length(bands: int) -> int:
    """Length of the condition vector for a number of bands."""
    return 2 * bands + 2


class SkyStretch(nn.Module):
    """Signal to noise on an asinh scale (Lupton et al. 1999), and the conditions, of order one.

    As `picassso.networks.stretch.AsinhStretch`, in angles on the sky rather than in kpc: what a
    fibre sees is an angle.
    """

    def forward(self, flux: Tensor, noise: Tensor) -> Tensor:
        """Features (N, B, H, W) of flux (N, B, H, W) and noise (N, B)."""
        return asinh(flux / noise.clamp_min(MINIMUM_NOISE)[:, :, None, None]) / 3.0

    def conditions(
        self, noise: Tensor, psf_fwhm: Tensor, redshift: Tensor, pixel_scale: Tensor
    ) -> Tensor:
        """Vector (N, 2 B + 2); PSF FWHM and pixel scale in arcsec."""
        return torch.cat(
            [
                (torch.log(noise.clamp_min(MINIMUM_NOISE)) + 1.0) / 2.0,
                2.0 * torch.log(psf_fwhm.clamp_min(0.05)),
                redshift * 10.0,
                torch.log(pixel_scale) + 1.0,
            ],
            dim=1,
        )


class LinearStretch(nn.Module):
    """Flux less its mean over the training images, divided by its deviation, band by band.

    What Wu & Peek 2020 fed their networks with. Both numbers are buffers, set by training.

    Parameters
    ----------
    bands : int
        Number of bands.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(bands))
        self.register_buffer("deviation", torch.ones(bands))

    def set(self, *, mean: Tensor, deviation: Tensor) -> None:
        """Take over mean and standard deviation (B,) of the pixels of the training images."""
        put(self, mean=mean, deviation=deviation)

    def forward(self, flux: Tensor, noise: Tensor) -> Tensor:
        """Features (N, B, H, W) of flux (N, B, H, W); the noise is not looked at."""
        return (flux - self.mean[:, None, None]) / self.deviation[:, None, None]
