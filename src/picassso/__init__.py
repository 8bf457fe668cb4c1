"""PICASSSO: Painting IntrinsiC Attributes onto SDSS Objects."""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

# Public name -> the room it lives in. Rooms load when first asked for, so that importing the
# package (and `picassso --help`) stays fast.
_PUBLIC = {
    "GalaxyImage": "picassso.core",
    "Maps": "picassso.core",
    "Particles": "picassso.core",
    "Spectrum": "picassso.core",
    "SyntheticUniverse": "picassso.universe",
    "evaluate": "picassso.studies",
    "export": "picassso.training",
    "find_outliers": "picassso.painting",
    "find_targets": "picassso.painting",
    "info": "picassso.painting",
    "mock": "picassso.archive",
    "paint": "picassso.painting",
    "read_image": "picassso.archive",
    "read_particles": "picassso.universe",
    "spectrum": "picassso.painting",
    "study": "picassso.studies",
    "train": "picassso.training",
}

__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'picassso' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
