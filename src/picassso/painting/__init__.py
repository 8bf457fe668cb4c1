"""Painting: from an image to maps with error bars, using weights that ship."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from picassso.painting.description import Info, info
    from picassso.painting.galaxy import paint, paint_image
    from picassso.painting.totals import group_totals
    from picassso.painting.weights import Weights, default_weights_path, load_weights

_MODULES = {
    "Info": "description",
    "Weights": "weights",
    "default_weights_path": "weights",
    "group_totals": "totals",
    "info": "description",
    "load_weights": "weights",
    "paint": "galaxy",
    "paint_image": "galaxy",
}

__all__ = [
    "Info",
    "Weights",
    "default_weights_path",
    "group_totals",
    "info",
    "load_weights",
    "paint",
    "paint_image",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(importlib.import_module(f"picassso.painting.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'picassso.painting' has no attribute {name!r}")
