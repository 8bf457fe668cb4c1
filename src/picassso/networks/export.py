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
from picassso.networks.manifest import MANIFEST_KEY
from picassso.networks.painter import INPUTS, OUTPUTS, Painter
from picassso.networks.registry import NetworkConfig
from picassso.networks.weights import network_manifest

__all__ = ["export_onnx"]


def export_onnx(
    network: Painter, config: NetworkConfig, path: str | Path, *, about: dict[str, Any]
) -> None:
    """Write a network as ONNX with dynamic batch, height and width, atomically.

    Parameters
    ----------
    network, config, about
        As for `picassso.networks.save_weights`.
    path : path
        Of the ``.onnx`` file.
    """
    for module in ("onnx", "onnxscript"):
        need(module, extra="train")
    import onnx

    path = Path(path)
    side = 4 * network.stride
    batch, height, width = torch.export.Dim("n", min=1, max=4096), *_sides(network.stride)
    bands = len(config.bands)
    example: tuple[Tensor, ...] = (
        torch.rand(2, bands, side, side + network.stride),
        torch.full((2, bands), 0.2),
        torch.full((2, bands), 3.0),
        torch.full((2, 1), 0.05),
        torch.full((2, 1), 0.4),
    )
    shapes = ({0: batch, 2: height, 3: width}, *({0: batch} for _ in INPUTS[1:]))
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            _fast(network),
            example,
            dynamo=True,
            dynamic_shapes=shapes,
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            opset_version=20,
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    _forget_the_machine(model)
    manifest = {**network_manifest(network, config), **about}
    onnx.helper.set_model_props(model, {MANIFEST_KEY: json.dumps(manifest)})
    onnx.checker.check_model(model)
    with written_whole(path) as partial:
        partial.write_bytes(model.SerializeToString())


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
