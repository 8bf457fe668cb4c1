"""Checkpoints: weights, optimizer, loss scale and counters in one safetensors file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from picassso.core import InputError, written_whole
from picassso.networks.weights import fill

__all__ = ["load_checkpoint", "save_checkpoint"]


def save_checkpoint(
    path: Path,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    counters: dict[str, Any],
    *,
    scaler: torch.amp.GradScaler | None = None,
) -> None:
    """Write the state of a run, atomically.

    Parameters
    ----------
    path : Path
        Of the file.
    network, optimizer
        Their states go in as tensors.
    counters : dict
        Step, best loss and the like, fit for JSON.
    scaler : GradScaler, optional
        Of training in half precision: its scale and its count of good steps go in as JSON.
    """
    tensors = {f"network.{k}": v for k, v in network.state_dict().items()}
    for index, state in optimizer.state_dict()["state"].items():
        for name, value in state.items():
            tensors[f"optimizer.{index}.{name}"] = torch.as_tensor(value)
    tensors = {k: v.detach().cpu().clone().contiguous() for k, v in tensors.items()}
    metadata = {"counters": json.dumps(counters)}
    if scaler is not None:
        metadata["scaler"] = json.dumps(scaler.state_dict())
    with written_whole(path) as partial:
        save_file(tensors, partial, metadata=metadata)


def load_checkpoint(
    path: Path,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    *,
    scaler: torch.amp.GradScaler | None = None,
) -> dict[str, Any]:
    """Bring a network, an optimizer and a loss scale back to a checkpoint; returns its counters.

    Raises
    ------
    InputError
        If the file cannot be read, does not fit the network, or holds no loss scale where one is
        wanted.
    """
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            counters = json.loads(metadata["counters"])
            scale = json.loads(metadata["scaler"]) if scaler is not None else {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, KeyError) as error:
        raise InputError(
            f"{path}: not a readable checkpoint ({error}); remove the run and start it again"
        ) from error
    fill(
        network,
        {k.removeprefix("network."): v for k, v in tensors.items() if k.startswith("network.")},
        source=str(path),
        remedy="go on with the version of picassso that began the run (see its run.json), or train "
        "in another directory",
    )
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith("optimizer."):
            _, index, name = key.split(".", 2)
            state.setdefault(int(index), {})[name] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
    if scaler is not None:
        scaler.load_state_dict(scale)
    return counters
