"""What all configs of networks share: to JSON and back."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, ClassVar, Self

from picassso.core import InputError

if TYPE_CHECKING:
    from torch import nn

__all__ = ["MAPS", "JsonConfig"]

MAPS = "maps"
"""Kind of the networks that paint; their manifests do not say it, being older than kinds."""


class JsonConfig:
    """A frozen dataclass of names, numbers and tuples from which a network is built."""

    kind: ClassVar[str]
    """What the network does, as its manifest says it."""

    @classmethod
    def from_dict(cls, config: dict[str, Any]) -> Self:
        """Config of a dictionary read from JSON; unknown keys raise InputError."""
        known = {field.name for field in fields(cls)}  # type: ignore[arg-type]
        unknown = sorted(set(config) - known)
        if unknown:
            raise InputError(f"unknown network config keys {unknown}; known: {sorted(known)}")
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in config.items()})

    def to_dict(self) -> dict[str, Any]:
        """Dictionary fit for JSON."""
        values = asdict(self)  # type: ignore[call-overload]
        return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}

    @property
    def name(self) -> str:
        """Name of the architecture."""
        raise NotImplementedError

    def build(self) -> nn.Module:
        """Network with fresh weights."""
        raise NotImplementedError

    def manifest(self, network: nn.Module) -> dict[str, Any]:
        """What the manifest of a weights file says of such a network beyond config and name."""
        raise NotImplementedError
