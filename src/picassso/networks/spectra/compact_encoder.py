"""A small network that looks where the fibre looks, and measures before it guesses."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from picassso.networks.spectra.sky_stretch import SkyStretch, conditions_length
from picassso.networks.spectra.windows import (
    APERTURES,
    WINDOWS,
    aperture_photometry,
    pool_in_windows,
)
from picassso.networks.stretch import asinh

__all__ = ["CompactEncoder", "photometry_length"]


class CompactEncoder(nn.Module):
    """Convolutions pooled in windows around the fibre, beside aperture photometry and conditions.

    Three things set it apart from a residual network that averages over the image. The fibre's
    place and size are known, so that features are averaged within windows about it, in arcsec, at
    every level. Fluxes and colours within the fibre and around it are measured and handed over,
    so that convolutions need not learn to add up light. And it is told redshift, seeing, noise and
    pixel scale. No layer normalises with a statistic of batch or image: residual branches start at
    zero (De & Smith 2020), so that training and evaluation are one function.

    Parameters
    ----------
    bands, out_features : int
        Bands in and numbers out.
    widths : tuple of int
        Channels of each level, each of half the resolution of the one before.
    blocks : tuple of int
        Residual blocks of each level.
    hidden : int
        Width of the fully connected layers.
    """

    def __init__(
        self,
        bands: int,
        out_features: int,
        *,
        widths: tuple[int, ...] = (32, 48, 96),
        blocks: tuple[int, ...] = (1, 2, 2),
        hidden: int = 128,
    ) -> None:
        super().__init__()
        self.stretch = SkyStretch()
        conditions = conditions_length(bands)
        self.levels = nn.ModuleList()
        self.told = nn.ModuleList()
        channels = bands
        for k, (width, count) in enumerate(zip(widths, blocks, strict=True)):
            shrink = nn.Conv2d(channels, width, 3 if k else 5, stride=2, padding=1 if k else 2)
            self.levels.append(
                nn.Sequential(shrink, *(ResidualBranch(width) for _ in range(count)))
            )
            self.told.append(nn.Linear(conditions, width))
            channels = width
        measured = photometry_length(bands) + conditions
        seen = sum(widths) * (len(WINDOWS) + 1)
        # A layer of their own, or a few dozen measurements drown among hundreds of features.
        self.measured = nn.Sequential(
            nn.Linear(measured, hidden), nn.SiLU(), nn.Linear(hidden, hidden)
        )
        self.seen = nn.Linear(seen, hidden)
        self.join = nn.Sequential(nn.SiLU(), Refine(hidden))
        self.out = nn.Linear(hidden, out_features)
        self.direct = nn.Linear(measured, out_features, bias=False)

    def forward(
        self, flux: Tensor, noise: Tensor, psf_fwhm: Tensor, redshift: Tensor, pixel_scale: Tensor
    ) -> Tensor:
        """Numbers (N, out_features) of images; see `ImageEncoder.forward`."""
        conditions = self.stretch.conditions(noise, psf_fwhm, redshift, pixel_scale)
        x = self.stretch(flux, noise)
        pooled = []
        for k, (level, told) in enumerate(zip(self.levels, self.told, strict=True)):
            shrink, *blocks = level.children()
            x = shrink(x) + told(conditions)[:, :, None, None]
            for block in blocks:
                x = block(x)
            pooled.append(
                pool_in_windows(torch.relu(x), pixel_scale, step=2 ** (k + 1), image=flux)
            )
        measured = torch.cat([photometry(flux, noise, pixel_scale), conditions], dim=1)
        hidden = self.join(self.seen(torch.cat(pooled, dim=1)) + self.measured(measured))
        return self.out(hidden) + self.direct(measured)


class ResidualBranch(nn.Module):
    """Two 3x3 convolutions beside an identity, with a gain that starts at zero."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.gain = nn.Parameter(torch.zeros(()))
        for layer in (self.first, self.second):
            nn.init.kaiming_normal_(layer.weight)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, C, H, W) to the same shape."""
        return x + self.gain * self.second(torch.relu(self.first(torch.relu(x))))


class Refine(nn.Module):
    """A fully connected residual step."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Vectors (N, width) to the same shape."""
        return x + self.body(x)


def photometry_length(bands: int) -> int:
    """Length of the photometry's vector for a number of bands."""
    return len(APERTURES) * 2 * bands


def photometry(flux: Tensor, noise: Tensor, pixel_scale: Tensor) -> Tensor:
    """Logarithm of the flux of the middle band, colours and signal to noise of each aperture.

    Logarithms are softened by the error of the flux (luptitudes, Lupton et al. 1999).

    Returns
    -------
    (N, 2 B len(APERTURES)) Tensor
        Of order one.
    """
    light, error = aperture_photometry(flux, noise, pixel_scale)
    error = error.clamp_min(1e-4)
    logarithm = asinh(0.5 * light / error) + torch.log(error)
    middle = logarithm.shape[2] // 2
    level = (logarithm[..., middle : middle + 1] - 3.0) / 2.0
    colours = 2.0 * (logarithm[..., 1:] - logarithm[..., :-1])
    certainty = asinh(light / error) / math.log(100.0)
    return torch.cat([level, colours, certainty], dim=2).flatten(1)
