"""ONNX of the networks for spectra, so that spectra are predicted and encoded without torch."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from picassso.networks.export import batch_dimension, write_onnx
from picassso.networks.spectra.autoencoder import SpectrumAutoencoder
from picassso.networks.spectra.deconvolution import without_whitening
from picassso.networks.spectra.encoder import INPUTS, OUTPUTS, ImageEncoder
from picassso.networks.spectra.registry import AutoencoderConfig, EncoderConfig
from picassso.networks.weights import network_manifest

__all__ = ["export_image_encoder", "export_spectrum_decoder", "export_spectrum_encoder"]

SMALLEST_SIDE = 16
"""Pixels; below it the deepest level of a residual network has nothing to average."""


def export_image_encoder(
    network: ImageEncoder,
    config: EncoderConfig,
    path: str | Path,
    *,
    about: dict[str, Any],
    half: bool = False,
) -> None:
    """Write an image encoder as ONNX with dynamic batch, height and width, atomically.

    Inputs and outputs are those of `ImageEncoder.forward`, by their names.

    Parameters
    ----------
    network, config, about, half
        As for `picassso.networks.export_onnx`.
    path : path
        Of the ``.onnx`` file.
    """
    bands = len(config.bands)
    example = (
        torch.rand(2, bands, 64, 72),
        torch.full((2, bands), 0.2),
        torch.full((2, bands), 1.3),
        torch.full((2, 1), 0.05),
        torch.full((2, 1), 0.4),
    )
    batch = batch_dimension()
    rows, columns = (torch.export.Dim(k, min=SMALLEST_SIDE, max=8192) for k in ("rows", "columns"))
    write_onnx(
        without_whitening(_plain(network)),
        example,
        path,
        shapes=({0: batch, 2: rows, 3: columns}, *({0: batch} for _ in INPUTS[1:])),
        inputs=INPUTS,
        outputs=OUTPUTS,
        manifest={**network_manifest(network, config), **about},
        half=half,
    )


def export_spectrum_decoder(
    network: SpectrumAutoencoder,
    config: AutoencoderConfig,
    path: str | Path,
    *,
    about: dict[str, Any],
    half: bool = False,
) -> None:
    """Write ``decoder(latents (n, K), residual (n, R)) -> spectra, stars``, atomically.

    Spectra (n, 1000) are those of `SpectrumAutoencoder.with_scatter`, where zeros for `residual`
    give the decoded spectra alone; stars (n, 1000) are their `StellarFit.of_clean`.

    Parameters
    ----------
    network, config, about, half
        As for `picassso.networks.export_onnx`. The manifest's ``part`` is ``"decoder"``.
    path : path
        Of the ``.onnx`` file.
    """
    batch = batch_dimension()
    write_onnx(
        _Decoder(_plain(network)),
        (torch.randn(2, config.latents), torch.randn(2, config.residuals)),
        path,
        shapes=({0: batch}, {0: batch}),
        inputs=("latents", "residual"),
        outputs=("spectra", "stars"),
        manifest={**network_manifest(network, config), "part": "decoder", **about},
        half=half,
    )


def export_spectrum_encoder(
    network: SpectrumAutoencoder,
    config: AutoencoderConfig,
    path: str | Path,
    *,
    about: dict[str, Any],
    half: bool = False,
) -> None:
    """Write ``encoder(flux, weight) -> latents, log_variance, norm, stars``, atomically.

    Flux (n, 1000) is at rest, on `picassso.core.REST_GRID`, in any unit, not normalised; weight
    (n, 1000) is its inverse variance, 0 where nothing is known (flux may be NaN there). Latents
    (n, K) are z-scored, norm (n, 1) is in the unit of the flux, 0 where there is no light; stars
    (n, 1000) are `StellarFit.of_observed`.

    Parameters
    ----------
    network, config, about, half
        As for `picassso.networks.export_onnx`. The manifest's ``part`` is ``"encoder"``.
    path : path
        Of the ``.onnx`` file.
    """
    batch, pixels = batch_dimension(), len(network.wavelength)
    write_onnx(
        _Encoder(_plain(network)),
        (torch.rand(2, pixels), torch.rand(2, pixels)),
        path,
        shapes=({0: batch}, {0: batch}),
        inputs=("flux", "weight"),
        outputs=("latents", "log_variance", "norm", "stars"),
        manifest={**network_manifest(network, config), "part": "encoder", **about},
        half=half,
    )


class _Decoder(nn.Module):
    def __init__(self, network: SpectrumAutoencoder) -> None:
        super().__init__()
        self.network = network

    def forward(self, latents: Tensor, residual: Tensor) -> tuple[Tensor, Tensor]:
        spectra = self.network.with_scatter(latents, residual)
        return spectra, self.network.stars.of_clean(spectra)


class _Encoder(nn.Module):
    def __init__(self, network: SpectrumAutoencoder) -> None:
        super().__init__()
        self.network = network

    def forward(self, flux: Tensor, weight: Tensor) -> tuple[Tensor, ...]:
        stars = self.network.stars.of_observed(flux, weight)
        return *self.network.encode_observed(flux, weight), stars


def _plain(network: Any) -> Any:
    """A copy in evaluation mode, on the CPU; buffers that are double stay so."""
    return copy.deepcopy(network).cpu().eval()
