"""Experiments: networks that differ in one thing, trained and compared."""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "ENCODERS": "encoders.config",
    "EncoderStudy": "encoders.results",
    "EncoderStudyConfig": "encoders.config",
    "KINDS": "config",
    "Study": "results",
    "StudyConfig": "config",
    "study": "run",
    "study_encoders": "encoders.run",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from picassso.core import need

        for module in ("torch", "accelerate", "pydantic", "safetensors"):
            need(module, extra="train")
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
