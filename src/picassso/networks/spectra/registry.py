"""Names of the networks for spectra, and the configs from which they are built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import nn

from picassso.core import REST_GRID, InputError
from picassso.networks.config import JsonConfig
from picassso.networks.spectra.autoencoder import SpectrumAutoencoder
from picassso.networks.spectra.compact_encoder import CompactEncoder
from picassso.networks.spectra.encoder import ImageEncoder, PlainBackbone
from picassso.networks.spectra.latent_head import LatentHead
from picassso.networks.spectra.simple_cnn import SimpleCNN
from picassso.networks.spectra.sky_stretch import LinearStretch, SkyStretch
from picassso.networks.spectra.xresnet import XResNet18

__all__ = ["BACKBONES", "STRETCHES", "AutoencoderConfig", "EncoderConfig"]

BACKBONES = (
    "compact",
    "simple_cnn",
    "simple_deconvolution",
    "xresnet18_batch",
    "xresnet18_deconvolution",
    "xresnet18_hybrid",
)
STRETCHES = ("asinh", "linear")

FEATURES = 128
"""Numbers that a plain network says before it meets its conditions."""


@dataclass(frozen=True, slots=True)
class AutoencoderConfig(JsonConfig):
    """All that is needed to build a `SpectrumAutoencoder`.

    Parameters
    ----------
    latents : int
        Number of latents.
    widths : tuple of int
        Of the hidden layers, outermost first.
    components : int
        Principal components that fill gaps and give the norm.
    residuals : int
        Components of the scatter of reconstructions.
    stellar_components : int
        Of the fit of stars alone.
    """

    kind: ClassVar[str] = "spectrum-autoencoder"

    latents: int = 6
    widths: tuple[int, ...] = (549, 110)
    components: int = 30
    residuals: int = 20
    stellar_components: int = 10

    @property
    def name(self) -> str:
        """Name of the architecture."""
        return "infovae"

    def build(self) -> SpectrumAutoencoder:
        """Autoencoder with fresh weights; numbers below one raise InputError."""
        components = (self.components, self.residuals, self.stellar_components)
        sizes = (self.latents, *components, len(self.widths), *self.widths)
        if min(sizes) < 1:
            raise InputError(f"autoencoder config {self}: every number must be 1 or more")
        return SpectrumAutoencoder(
            self.latents,
            widths=self.widths,
            components=self.components,
            residuals=self.residuals,
            stellar_components=self.stellar_components,
        )

    def manifest(self, network: nn.Module) -> dict[str, Any]:
        """Number of latents and the wavelengths."""
        return {
            "latents": self.latents,
            "wavelength": [float(REST_GRID[0]), float(REST_GRID[-1]), len(REST_GRID)],
            "medium": "vacuum",
        }


@dataclass(frozen=True, slots=True)
class EncoderConfig(JsonConfig):
    """All that is needed to build an `ImageEncoder`.

    Wu & Peek 2020 is ``stretch="linear", conditions=False, covariance=False, norm=False`` with one
    of the ``xresnet18`` backbones.

    Parameters
    ----------
    backbone : str
        One of `BACKBONES`.
    bands : tuple of str
        In the order of the channels.
    latents : int
        Of the autoencoder.
    norm : bool
        Whether log10 of the norm is predicted after the latents.
    covariance : bool
        Whether the covariance is predicted, or one for all images.
    gaussians : int
        Of the mixture that is predicted; more than one need their covariances.
    stretch : str
        ``"asinh"`` of signal to noise, or ``"linear"``; ``"compact"`` knows only the first.
    conditions : bool
        Whether conditions are told; ``"compact"`` always hears them.
    widths, blocks : tuple of int
        Channels and residual blocks of each level, and
    hidden : int
        width of the fully connected layers, of ``"compact"``.
    """

    kind: ClassVar[str] = "spectrum-encoder"

    backbone: str = "compact"
    bands: tuple[str, ...] = ("u", "g", "r", "i", "z")
    latents: int = 6
    norm: bool = True
    covariance: bool = True
    gaussians: int = 1
    stretch: str = "asinh"
    conditions: bool = True
    widths: tuple[int, ...] = (32, 48, 96)
    blocks: tuple[int, ...] = (1, 2, 2)
    hidden: int = 128

    @property
    def name(self) -> str:
        """Name of the architecture."""
        return self.backbone

    @property
    def outputs(self) -> int:
        """Length of the predicted vector."""
        return self.latents + int(self.norm)

    def build(self) -> ImageEncoder:
        """Encoder with fresh weights.

        Raises
        ------
        InputError
            If a name is unknown, or backbone or head cannot do what is asked for.
        """
        if self.backbone not in BACKBONES:
            raise InputError(f"unknown backbone {self.backbone!r}; choose one of {list(BACKBONES)}")
        if self.stretch not in STRETCHES:
            raise InputError(f"unknown stretch {self.stretch!r}; choose one of {list(STRETCHES)}")
        head = LatentHead(self.outputs, covariance=self.covariance, gaussians=self.gaussians)
        if self.backbone == "compact":
            return ImageEncoder(self._compact(head.raw_length), head)
        return ImageEncoder(self._plain(head.raw_length), head)

    def manifest(self, network: nn.Module) -> dict[str, Any]:
        """Bands and what is predicted."""
        outputs = [f"latent_{k}" for k in range(self.latents)]
        return {
            "bands": list(self.bands),
            "latents": self.latents,
            "gaussians": self.gaussians,
            "outputs": [*outputs, "log10_norm"] if self.norm else outputs,
        }

    def _compact(self, out_features: int) -> CompactEncoder:
        if self.stretch != "asinh" or not self.conditions:
            raise InputError(
                "backbone 'compact' measures signal to noise under its conditions; "
                "use stretch 'asinh' and conditions"
            )
        if len(self.widths) != len(self.blocks):
            raise InputError(
                f"backbone 'compact' has {len(self.widths)} widths and {len(self.blocks)} numbers "
                "of blocks; give one of each a level"
            )
        return CompactEncoder(
            len(self.bands),
            out_features,
            widths=self.widths,
            blocks=self.blocks,
            hidden=self.hidden,
        )

    def _plain(self, out_features: int) -> PlainBackbone:
        bands = len(self.bands)
        features = FEATURES if self.conditions else out_features
        network: nn.Module
        if self.backbone.startswith("xresnet18_"):
            network = XResNet18(bands, features, norm=self.backbone.removeprefix("xresnet18_"))
        else:
            network = SimpleCNN(
                bands, features, deconvolution=self.backbone == "simple_deconvolution"
            )
        return PlainBackbone(
            SkyStretch() if self.stretch == "asinh" else LinearStretch(bands),
            network,
            features=features,
            bands=bands,
            out_features=out_features,
            conditions=self.conditions,
        )
