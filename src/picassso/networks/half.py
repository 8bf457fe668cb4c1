"""Weights of half the size: large tensors of an ONNX model kept in half precision."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["halve"]

_LARGE = 4096
"""Numbers in a tensor from which on it pays."""

_GREATEST = float(np.finfo(np.float16).max)


def halve(model: Any) -> None:
    """Keep the large float32 tensors of a model in float16, and widen them where they are used.

    The network computes in float32 as before, with weights rounded to one part in 2048. ONNX
    Runtime widens them once, when it loads the model. Tensors with numbers that float16 cannot
    hold stay as they are.

    Parameters
    ----------
    model : onnx.ModelProto
        Is changed.
    """
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < _LARGE:
            continue
        values, name = numpy_helper.to_array(tensor), tensor.name
        if np.abs(values).max() > _GREATEST:
            continue
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
        casts.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend([*casts, *nodes])
