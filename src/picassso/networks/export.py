"""ONNX: the whole network, stretch and head included, in a file that needs no torch."""

from __future__ import annotations

import copy
import json
import logging
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from picassso.core import need, written_whole
from picassso.networks.compact_unet import CompactUNet, without_folds
from picassso.networks.half import halve
from picassso.networks.manifest import MANIFEST_KEY
from picassso.networks.painter import INPUTS, OUTPUTS, Painter
from picassso.networks.registry import NetworkConfig
from picassso.networks.weights import network_manifest

__all__ = ["batch_dimension", "export_onnx", "write_onnx"]

_MARK = "__output"
"""Of outputs, until they may take their names without meeting their like within the graph."""


def export_onnx(
    network: Painter,
    config: NetworkConfig,
    path: str | Path,
    *,
    about: dict[str, Any],
    half: bool = False,
) -> None:
    """Write a network that paints as ONNX with dynamic batch, height and width, atomically.

    Parameters
    ----------
    network, config, about
        As for `picassso.networks.save_weights`.
    path : path
        Of the ``.onnx`` file.
    half : bool
        See `write_onnx`.
    """
    side = 4 * network.stride
    bands = len(config.bands)
    example = (
        torch.rand(2, bands, side, side + network.stride),
        torch.full((2, bands), 0.2),
        torch.full((2, bands), 3.0),
        torch.full((2, 1), 0.05),
        torch.full((2, 1), 0.4),
    )
    batch, height, width = batch_dimension(), *_sides(network.stride)
    write_onnx(
        _fast(network),
        example,
        path,
        shapes=({0: batch, 2: height, 3: width}, *({0: batch} for _ in INPUTS[1:])),
        inputs=INPUTS,
        outputs=OUTPUTS,
        manifest={**network_manifest(network, config), **about},
        half=half,
    )


def batch_dimension() -> Any:
    """Number of examples, as the exporter wants to hear it."""
    return torch.export.Dim("n", min=1, max=4096)


def write_onnx(
    module: nn.Module,
    example: tuple[Tensor, ...],
    path: str | Path,
    *,
    shapes: tuple[dict[int, Any], ...],
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    manifest: dict[str, Any],
    half: bool = False,
) -> None:
    """Write any module in evaluation mode as ONNX, atomically.

    Parameters
    ----------
    module : nn.Module
        On the CPU.
    example : tuple of Tensor
        What it is called with.
    path : path
        Of the ``.onnx`` file.
    shapes : tuple of dict
        Dynamic dimensions of each input.
    inputs, outputs : tuple of str
        Names.
    manifest : dict
        Whole manifest.
    half : bool
        Keep large tensors in half precision; see `picassso.networks.half.halve`.
    """
    for name in ("onnx", "onnxscript"):
        need(name, extra="train")
    import onnx

    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module,
            example,
            dynamo=True,
            dynamic_shapes=shapes,
            input_names=list(inputs),
            output_names=[f"{name}{_MARK}" for name in outputs],
            opset_version=20,
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    _forget_the_machine(model)
    _name_outputs(model.graph, outputs)
    if half:
        halve(model)
    onnx.helper.set_model_props(model, {MANIFEST_KEY: json.dumps(manifest)})
    onnx.checker.check_model(model)
    with written_whole(Path(path)) as partial:
        partial.write_bytes(model.SerializeToString())


def _name_outputs(graph: Any, outputs: tuple[str, ...]) -> None:
    """Give outputs their names; values within the graph that happen to have them yield."""
    new = {name: f"{name}_within" for name in outputs}
    new |= {f"{name}{_MARK}": name for name in outputs}
    for node in graph.node:
        node.input[:] = [new.get(name, name) for name in node.input]
        node.output[:] = [new.get(name, name) for name in node.output]
    for value in (*graph.output, *graph.value_info):
        value.name = new.get(value.name, value.name)


def _forget_the_machine(model: Any) -> None:
    """Drop the stack traces that the exporter leaves on nodes: they hold paths of this machine."""
    graph = model.graph
    for part in (graph, *graph.node, *graph.input, *graph.output, *graph.value_info):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")


def _sides(stride: int) -> tuple[Any, Any]:
    """Height and width as multiples of the stride, as the exporter wants to hear it."""
    rows, columns = torch.export.Dim("rows", min=1), torch.export.Dim("columns", min=1)
    return stride * rows, stride * columns


def _fast(network: Painter) -> nn.Module:
    """A copy in evaluation mode, on the CPU, in float32, in operators that take little time."""
    twin = copy.deepcopy(network).cpu().float()
    if isinstance(twin.backbone, CompactUNet):
        twin.backbone = without_folds(twin.backbone)
    return twin.eval()
