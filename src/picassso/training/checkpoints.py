"""Checkpoints: weights, optimizer and counters in one safetensors file, written atomically."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from picassso.core import InputError, written_whole

__all__ = ["load_checkpoint", "save_checkpoint"]


def save_checkpoint(
    path: Path, network: nn.Module, optimizer: torch.optim.Optimizer, counters: dict[str, Any]
) -> None:
    """Write the state of a run.

    Parameters
    ----------
    path : Path
        Of the file.
    network, optimizer
        Their states go in as tensors.
    counters : dict
        Step, best loss and the like, fit for JSON.
    """
    tensors = {f"network.{k}": v for k, v in network.state_dict().items()}
    for index, state in optimizer.state_dict()["state"].items():
        for name, value in state.items():
            tensors[f"optimizer.{index}.{name}"] = torch.as_tensor(value)
    tensors = {k: v.detach().cpu().clone().contiguous() for k, v in tensors.items()}
    with written_whole(path) as partial:
        save_file(tensors, partial, metadata={"counters": json.dumps(counters)})


def load_checkpoint(
    path: Path, network: nn.Module, optimizer: torch.optim.Optimizer
) -> dict[str, Any]:
    """Bring a network and an optimizer back to a checkpoint; returns its counters.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    try:
        with safe_open(str(path), framework="pt") as file:
            counters = json.loads((file.metadata() or {})["counters"])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, KeyError) as error:
        raise InputError(
            f"{path}: not a readable checkpoint ({error}); remove the run and start it again"
        ) from error
    network.load_state_dict(
        {k.removeprefix("network."): v for k, v in tensors.items() if k.startswith("network.")}
    )
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith("optimizer."):
            _, index, name = key.split(".", 2)
            state.setdefault(int(index), {})[name] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
    return counters
