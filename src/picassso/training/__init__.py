"""Training: typed config, losses, augmentation, one readable loop, checkpoints, calibration."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from picassso.training.config import TrainConfig
    from picassso.training.release import export
    from picassso.training.spectra.config import AutoencoderConfig, SpectrumConfig
    from picassso.training.tasks import CONFIGS, train

_MODULES = {
    "AutoencoderConfig": "spectra.config",
    "CONFIGS": "tasks",
    "SpectrumConfig": "spectra.config",
    "TrainConfig": "config",
    "export": "release",
    "train": "tasks",
}

__all__ = ["CONFIGS", "AutoencoderConfig", "SpectrumConfig", "TrainConfig", "export", "train"]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        from picassso.core import need

        for module in ("torch", "accelerate", "pydantic", "safetensors"):
            need(module, extra="train")
        return getattr(importlib.import_module(f"picassso.training.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'picassso.training' has no attribute {name!r}")
