"""Painter: stretch, backbone and head in one module, the same in torch and in ONNX."""

from __future__ import annotations

from torch import Tensor, nn

from picassso.networks.heads import LogPoint, Painted, ShiftedLogNormal

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

    def __init__(
        self, stretch: nn.Module, backbone: nn.Module, head: ShiftedLogNormal | LogPoint
    ) -> None:
        super().__init__()
        self.stretch = stretch
        self.backbone = backbone
        self.head = head

    @property
    def stride(self) -> int:
        """Height and width of an image must be multiples of this."""
        return int(self.backbone.stride)

    @property
    def receptive_field(self) -> int:
        """Pixels to each side that can influence an output pixel."""
        return int(self.backbone.receptive_field)

    def raw(
        self, flux: Tensor, noise: Tensor, psf_fwhm: Tensor, redshift: Tensor, kpc_per_pixel: Tensor
    ) -> Tensor:
        """What the backbone says, before the head; losses work on this."""
        features, conditions = self.stretch(flux, noise, psf_fwhm, redshift, kpc_per_pixel)
        return self.backbone(features, conditions)

    def forward(
        self, flux: Tensor, noise: Tensor, psf_fwhm: Tensor, redshift: Tensor, kpc_per_pixel: Tensor
    ) -> Painted:
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

        Returns
        -------
        Painted
            Linear surface densities in the units of `picassso.core.PROPERTIES`, (N, P, H, W) each.
        """
        return self.head(self.raw(flux, noise, psf_fwhm, redshift, kpc_per_pixel).float())
