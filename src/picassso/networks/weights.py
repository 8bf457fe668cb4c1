"""Weights on disk: safetensors with a manifest in the header. Nothing is pickled."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from picassso.core import InputError, written_whole
from picassso.networks.config import MAPS, JsonConfig
from picassso.networks.manifest import FORMAT, MANIFEST_KEY
from picassso.networks.painter import Painter
from picassso.networks.registry import NetworkConfig

__all__ = ["fill", "load_network", "load_weights", "network_manifest", "save_weights"]

Config = TypeVar("Config", bound=JsonConfig)

_NAMED = 3
"""So many of the tensors that do not fit are named."""


def network_manifest(network: nn.Module, config: JsonConfig) -> dict[str, Any]:
    """What any weights file says of its network: format, kind, architecture, config and its own.

    Its ``network_fingerprint`` tells whether two files, ONNX and safetensors, hold one network.
    """
    return {
        "format": FORMAT,
        **({} if config.kind == MAPS else {"kind": config.kind}),
        "architecture": config.name,
        "config": config.to_dict(),
        **config.manifest(network),
        "network_fingerprint": _fingerprint(network, config),
    }


def save_weights(
    network: nn.Module, config: JsonConfig, path: str | Path, *, about: dict[str, Any]
) -> None:
    """Write weights and manifest, atomically.

    Parameters
    ----------
    network : nn.Module
        The network.
    config : NetworkConfig, AutoencoderConfig or EncoderConfig
        From which it was built.
    path : path
        Of the ``.safetensors`` file.
    about : dict
        The rest of the manifest: survey, training range, calibration, fingerprint, licence.
    """
    path = Path(path)
    manifest = {**network_manifest(network, config), **about}
    tensors = {k: v.detach().cpu().contiguous() for k, v in network.state_dict().items()}
    with written_whole(path) as partial:
        save_file(tensors, partial, metadata={MANIFEST_KEY: json.dumps(manifest)})
        partial.chmod(0o644)  # safetensors writes files that only their owner can read


def load_weights(path: str | Path) -> tuple[Painter, dict[str, Any]]:
    """Network that paints of a weights file, ready for it, and its manifest.

    Raises
    ------
    InputError
        If the file is not a PICASSSO weights file, of a newer format, of a network that does
        something else, or of an architecture that has changed since.
    """
    network, _, manifest = load_network(path, NetworkConfig)
    assert isinstance(network, Painter)
    return network, manifest


def load_network(
    path: str | Path, config_class: type[Config]
) -> tuple[nn.Module, Config, dict[str, Any]]:
    """Network of a weights file in evaluation mode, its config and its manifest.

    Parameters
    ----------
    path : path
        Of the ``.safetensors`` file.
    config_class : type
        Of the config of the kind of network that is expected.

    Raises
    ------
    InputError
        As `load_weights`.
    """
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}: not a readable safetensors file ({error})") from error
    if MANIFEST_KEY not in metadata:
        raise InputError(f"{path}: holds no PICASSSO manifest; make it with `picassso export`")
    manifest = json.loads(metadata[MANIFEST_KEY])
    if manifest["format"] > FORMAT:
        raise InputError(
            f"{path}: format {manifest['format']}, but this version reads up to {FORMAT}; "
            "update picassso"
        )
    kind = manifest.get("kind", MAPS)
    if kind != config_class.kind:
        raise InputError(
            f"{path}: holds a network of kind {kind!r}, expected {config_class.kind!r}; "
            f"give the weights of a network of that kind"
        )
    config = config_class.from_dict(manifest["config"])
    network = config.build()
    fill(
        network,
        tensors,
        source=f"{path} ({config.name})",
        remedy="train again with this version, export again from the run with the version that "
        "made it, or use the .onnx file, which holds its own network",
    )
    return network.eval(), config, manifest


def fill(network: nn.Module, tensors: Mapping[str, Tensor], *, source: str, remedy: str) -> None:
    """Put tensors of a file into a network of this version.

    Parameters
    ----------
    network : nn.Module
        To be filled.
    tensors : mapping of str to Tensor
        By the names of its state dict.
    source, remedy : str
        Where they come from, and what to do if they do not fit, for the message.

    Raises
    ------
    InputError
        If a tensor is missing, of another shape, or unknown to the network, which stays as it was.
    """
    own = network.state_dict()
    shape = {k: list(v.shape) for k, v in tensors.items()}
    problems = [
        _some("missing", [k for k in own if k not in tensors]),
        _some("unknown", [k for k in tensors if k not in own]),
        _some(
            "of another shape",
            [
                f"{k} {shape[k]}, expected {list(v.shape)}"
                for k, v in own.items()
                if k in tensors and shape[k] != list(v.shape)
            ],
        ),
    ]
    if any(problems):
        raise InputError(
            f"{source}: its tensors do not fit the network of this version "
            f"({'; '.join(filter(None, problems))}); {remedy}"
        )
    network.load_state_dict(tensors)


def _some(what: str, names: list[str]) -> str:
    """The first few names, or nothing where there are none."""
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{what}: {', '.join(names[:_NAMED])}{more}"


def _fingerprint(network: nn.Module, config: JsonConfig) -> str:
    """First 16 hexadecimal digits of the SHA-256 of config and tensors."""
    digest = hashlib.sha256(json.dumps(config.to_dict(), sort_keys=True).encode())
    for name, tensor in network.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]
