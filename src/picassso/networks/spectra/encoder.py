"""From an image and its conditions to the distribution of a spectrum's latents."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from picassso.networks.spectra.latent_head import LatentHead, LatentPosterior
from picassso.networks.spectra.sky_stretch import LinearStretch, SkyStretch, conditions_length

__all__ = ["INPUTS", "OUTPUTS", "ImageEncoder", "PlainBackbone"]

INPUTS = ("flux", "noise", "psf_fwhm", "redshift", "pixel_scale")
OUTPUTS = LatentPosterior._fields


class ImageEncoder(nn.Module):
    """Backbone and head: what spectrum the fibre at the centre of an image would record.

    Parameters
    ----------
    backbone : nn.Module
        Takes what `forward` takes, and gives (N, head.raw_length).
    head : LatentHead
        Makes a distribution of it.
    """

    head: LatentHead

    def __init__(self, backbone: nn.Module, head: LatentHead) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head

    def forward(
        self, flux: Tensor, noise: Tensor, psf_fwhm: Tensor, redshift: Tensor, pixel_scale: Tensor
    ) -> LatentPosterior:
        """Predict.

        Parameters
        ----------
        flux : (N, B, H, W) Tensor
            Surface brightness [nanomaggy arcsec^-2]; the fibre is at the centre of the image.
        noise : (N, B) Tensor
            1 sigma a pixel, same unit.
        psf_fwhm : (N, B) Tensor
            Arcsec.
        redshift : (N, 1) Tensor
            Of the galaxy.
        pixel_scale : (N, 1) Tensor
            Arcsec.

        Returns
        -------
        LatentPosterior
            Of the z-scored latents of a `SpectrumAutoencoder`, then, where the network predicts it,
            of log10 of the norm: the root mean square of the rest-frame flux density on
            `picassso.core.REST_GRID` [1e-17 erg s^-1 cm^-2 Angstrom^-1].
        """
        raw = self.backbone(flux, noise, psf_fwhm, redshift, pixel_scale)
        return self.head(raw.float())


class PlainBackbone(nn.Module):
    """A convolutional network of images, with or without conditions beside what it says.

    Without conditions the network's numbers are the raw ones, as in Wu & Peek 2020. With them they
    meet in two further layers.

    Parameters
    ----------
    stretch : SkyStretch or LinearStretch
        Of the image.
    network : nn.Module
        Image (N, B, H, W) to (N, F).
    features : int
        F.
    bands, out_features : int
        Bands in and numbers out.
    conditions : bool
        Whether conditions are told. Without, F must be `out_features`.
    """

    def __init__(
        self,
        stretch: SkyStretch | LinearStretch,
        network: nn.Module,
        *,
        features: int,
        bands: int,
        out_features: int,
        conditions: bool,
    ) -> None:
        super().__init__()
        self.stretch = stretch
        self.network = network
        self.told = SkyStretch() if conditions else None
        self.join = (
            nn.Sequential(
                nn.Linear(features + conditions_length(bands), features),
                nn.Mish(),
                nn.Linear(features, out_features),
            )
            if conditions
            else None
        )

    def forward(
        self, flux: Tensor, noise: Tensor, psf_fwhm: Tensor, redshift: Tensor, pixel_scale: Tensor
    ) -> Tensor:
        """Numbers (N, out_features) of images; see `ImageEncoder.forward`."""
        raw = self.network(self.stretch(flux, noise))
        if self.told is None or self.join is None:
            return raw
        conditions = self.told.conditions(noise, psf_fwhm, redshift, pixel_scale)
        return self.join(torch.cat([raw, conditions], dim=1))
