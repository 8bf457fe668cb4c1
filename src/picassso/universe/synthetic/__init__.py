"""The synthetic universe: galaxies drawn from published scaling relations."""

from __future__ import annotations

from typing import Any

__all__ = ["SyntheticUniverse"]


def __getattr__(name: str) -> Any:
    if name == "SyntheticUniverse":
        from picassso.universe.synthetic.population import SyntheticUniverse

        return SyntheticUniverse
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
