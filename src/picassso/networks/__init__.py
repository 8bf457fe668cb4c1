"""Networks: pure ``nn.Module`` from surface brightness and conditions to linear maps."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from picassso.networks.export import export_onnx
    from picassso.networks.painter import Painter
    from picassso.networks.registry import NetworkConfig, build, count_parameters
    from picassso.networks.spectra.autoencoder import SpectrumAutoencoder
    from picassso.networks.spectra.encoder import ImageEncoder
    from picassso.networks.spectra.registry import AutoencoderConfig, EncoderConfig
    from picassso.networks.weights import load_network, load_weights, save_weights

# Each of these modules imports torch, so they load only when asked for.
_MODULES = {
    "AutoencoderConfig": "spectra.registry",
    "EncoderConfig": "spectra.registry",
    "ImageEncoder": "spectra.encoder",
    "NetworkConfig": "registry",
    "Painter": "painter",
    "SpectrumAutoencoder": "spectra.autoencoder",
    "build": "registry",
    "count_parameters": "registry",
    "export_onnx": "export",
    "load_network": "weights",
    "load_weights": "weights",
    "save_weights": "weights",
}

__all__ = [
    "AutoencoderConfig",
    "EncoderConfig",
    "ImageEncoder",
    "NetworkConfig",
    "Painter",
    "SpectrumAutoencoder",
    "build",
    "count_parameters",
    "export_onnx",
    "load_network",
    "load_weights",
    "save_weights",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        from picassso.core import need

        need("torch", extra="train")
        return getattr(importlib.import_module(f"picassso.networks.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'picassso.networks' has no attribute {name!r}")
