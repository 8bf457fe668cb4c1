"""Room studies: experiments, made of the rooms before."""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "AutoencoderEvaluation": "spectra",
    "EncoderStudy": "experiments",
    "EncoderStudyConfig": "experiments",
    "Evaluation": "evaluation",
    "Study": "experiments",
    "StudyConfig": "experiments",
    "evaluate": "evaluation",
    "evaluate_autoencoder": "spectra",
    "study": "experiments",
    "weights_kind": "spectra.weights",
    "study_encoders": "experiments",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"picassso.studies.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'picassso.studies' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
