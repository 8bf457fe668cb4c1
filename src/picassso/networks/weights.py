"""Weights on disk: safetensors with a manifest in the header. Nothing is pickled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from picassso.core import InputError, written_whole
from picassso.networks.manifest import FORMAT, MANIFEST_KEY
from picassso.networks.painter import Painter
from picassso.networks.registry import NetworkConfig, build

__all__ = ["load_weights", "network_manifest", "save_weights"]


def network_manifest(network: Painter, config: NetworkConfig) -> dict[str, Any]:
    """What any weights file says of its network: format, architecture, config, bands, reach."""
    return {
        "format": FORMAT,
        "architecture": config.architecture,
        "config": config.to_dict(),
        "bands": list(config.bands),
        "properties": list(config.properties),
        "stride": network.stride,
        "receptive_field": network.receptive_field,
    }


def save_weights(
    network: Painter, config: NetworkConfig, path: str | Path, *, about: dict[str, Any]
) -> None:
    """Write weights and manifest, atomically.

    Parameters
    ----------
    network : Painter
        The network.
    config : NetworkConfig
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
    """Network of a weights file, ready to paint, and its manifest.

    Raises
    ------
    InputError
        If the file is not a PICASSSO weights file, or of a newer format.
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
    network = build(NetworkConfig.from_dict(manifest["config"]))
    network.load_state_dict(tensors)
    return network.eval(), manifest
