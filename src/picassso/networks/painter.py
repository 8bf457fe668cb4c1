"""Painter: stretch, backbone and head in one module, the same in torch and in ONNX."""

from __future__ import annotations

from torch import Tensor, nn

from picassso.networks.compact_unet import CompactUNet
from picassso.networks.heads import LogPoint, Painted, ShiftedLogStudent
from picassso.networks.paper_unet import PaperUNet

__all__ = ["INPUTS", "OUTPUTS", "Painter"]

INPUTS = ("flux", "noise", "psf_fwhm", "redshift", "kpc_per_pixel")
OUTPUTS = Painted._fields


class Painter(nn.Module):
    """From surface brightness and conditions to painted maps.

    Parameters
    ----------
    stretch, backbone, head : nn.Module
        Its three parts.
    """

    head: ShiftedLogStudent | LogPoint
    backbone: CompactUNet | PaperUNet

    def __init__(
        self,
        stretch: nn.Module,
        backbone: CompactUNet | PaperUNet,
        head: ShiftedLogStudent | LogPoint,
    ) -> None:
        super().__init__()
        self.stretch = stretch
        self.backbone = backbone
        self.head = head

    @property
    def stride(self) -> int:
        """Height and width of an image must be multiples of this."""
        return self.backbone.stride

    @property
    def receptive_field(self) -> int:
        """Pixels to each side that can influence an output pixel."""
        return self.backbone.receptive_field

    def forward(
        self,
        flux: Tensor,
        noise: Tensor,
        psf_fwhm: Tensor,
        redshift: Tensor,
        kpc_per_pixel: Tensor,
        *,
        raw: bool = False,
    ) -> Painted | Tensor:
        """Paint.

        Parameters
        ----------
        flux : (N, B, H, W) Tensor
            Surface brightness [nanomaggy arcsec^-2].
        noise : (N, B) Tensor
            1 sigma a pixel, same unit.
        psf_fwhm : (N, B) Tensor
            Pixels.
        redshift, kpc_per_pixel : (N, 1) Tensor
            Of the galaxy.
        raw : bool
            Return what the backbone says, before the head: losses work on this.

        Returns
        -------
        Painted or Tensor
            Linear surface densities in the units of `picassso.core.PROPERTIES`, (N, P, H, W) each;
            or the raw channels, (N, K P, H, W).
        """
        features, conditions = self.stretch(flux, noise, psf_fwhm, redshift, kpc_per_pixel)
        channels = self.backbone(features, conditions)
        return channels if raw else self.head(channels.float())
