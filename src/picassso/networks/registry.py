"""Names of networks, and the config from which each is built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import nn

from picassso.core import PROPERTIES, PROPERTY_NAMES, InputError
from picassso.networks.compact_unet import CompactUNet
from picassso.networks.config import MAPS, JsonConfig
from picassso.networks.heads import LogPoint, ShiftedLogStudent
from picassso.networks.painter import Painter
from picassso.networks.paper_unet import PaperUNet
from picassso.networks.stretch import AsinhStretch, LogStretch

__all__ = ["ARCHITECTURES", "NetworkConfig", "build", "count_parameters"]

ARCHITECTURES = ("compact_unet", "paper_unet")
STRETCHES: dict[str, type[AsinhStretch] | type[LogStretch]] = {
    "asinh": AsinhStretch,
    "log": LogStretch,
}
HEADS: dict[str, type[ShiftedLogStudent] | type[LogPoint]] = {
    "student": ShiftedLogStudent,
    "point": LogPoint,
}


@dataclass(frozen=True, slots=True)
class NetworkConfig(JsonConfig):
    """All that is needed to build a network; it travels with the weights.

    Parameters
    ----------
    architecture : str
        ``"compact_unet"`` or ``"paper_unet"``.
    stretch : str
        ``"asinh"`` (conditioned) or ``"log"`` (the paper's).
    head : str
        ``"student"`` (a distribution) or ``"point"`` (the paper's).
    bands, properties : tuple of str
        In the order of the channels.
    widths, blocks : tuple of int
        Of `CompactUNet`.
    fold : int
        Of `CompactUNet`.
    """

    kind: ClassVar[str] = MAPS

    architecture: str = "compact_unet"
    stretch: str = "asinh"
    head: str = "student"
    bands: tuple[str, ...] = ("u", "g", "r", "i", "z")
    properties: tuple[str, ...] = PROPERTY_NAMES
    widths: tuple[int, ...] = (32, 64, 96, 160)
    blocks: tuple[int, ...] = (1, 1, 1, 2)
    fold: int = 2

    @property
    def name(self) -> str:
        """Name of the architecture."""
        return self.architecture

    def build(self) -> Painter:
        """Network with fresh weights; see `build`."""
        return build(self)

    def manifest(self, network: nn.Module) -> dict[str, Any]:
        """Bands, properties and reach."""
        assert isinstance(network, Painter)
        return {
            "bands": list(self.bands),
            "properties": list(self.properties),
            "stride": network.stride,
            "receptive_field": network.receptive_field,
        }


def build(config: NetworkConfig | str, **overrides: Any) -> Painter:
    """Build a network with fresh weights.

    Parameters
    ----------
    config : NetworkConfig or str
        Config, or the name of an architecture. ``"paper_unet"`` by name is the paper's network
        whole: its stretch, its head.
    **overrides
        Fields of `NetworkConfig`, where a name is given.

    Raises
    ------
    InputError
        If a name is unknown.
    """
    if isinstance(config, str):
        paper = {"stretch": "log", "head": "point"} if config == "paper_unet" else {}
        config = NetworkConfig(architecture=config, **{**paper, **overrides})
    for kind, name, choices in (
        ("architecture", config.architecture, ARCHITECTURES),
        ("stretch", config.stretch, STRETCHES),
        ("head", config.head, HEADS),
    ):
        if name not in choices:
            raise InputError(f"unknown {kind} {name!r}; choose one of {sorted(choices)}")
    unknown = [p for p in config.properties if p not in PROPERTIES]
    if unknown:
        raise InputError(f"unknown properties {unknown}; choose from {list(PROPERTIES)}")
    stretch = STRETCHES[config.stretch](len(config.bands))
    head = HEADS[config.head](config.properties)
    out_channels = head.channels_per_property * len(config.properties)
    backbone: CompactUNet | PaperUNet
    if config.architecture == "paper_unet":
        backbone = PaperUNet(stretch.channels, out_channels, conditions=stretch.conditions)
    else:
        if not stretch.conditions:
            raise InputError("compact_unet is told its conditions; use stretch 'asinh'")
        backbone = CompactUNet(
            stretch.channels,
            out_channels,
            conditions=stretch.conditions,
            widths=config.widths,
            blocks=config.blocks,
            fold=config.fold,
        )
    return Painter(stretch, backbone, head)


def count_parameters(network: nn.Module) -> int:
    """Number of trainable parameters."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)
