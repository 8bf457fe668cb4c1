"""Where galaxies come from: readers of simulation snapshots, and the synthetic universe."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from picassso.universe.readers import detect_format, list_galaxies, read_particles
    from picassso.universe.synthetic import SyntheticUniverse

__all__ = ["SyntheticUniverse", "detect_format", "list_galaxies", "read_particles"]

# The synthetic universe needs torch, the readers need h5py: each loads when first asked for.
_HOMES = {
    "SyntheticUniverse": "picassso.universe.synthetic",
    "detect_format": "picassso.universe.readers",
    "list_galaxies": "picassso.universe.readers",
    "read_particles": "picassso.universe.readers",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
