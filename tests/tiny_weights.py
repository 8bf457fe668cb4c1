"""A tiny network in ONNX that obeys the interface, so that tests do not rest on trained numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from picassso.core import PROPERTY_NAMES

BANDS = ("u", "g", "r", "i", "z")
STRIDE, REACH = 4, 13

MANIFEST: dict[str, Any] = {
    "format": 1,
    "name": "tiny",
    "architecture": "tiny",
    "config": {},
    "survey": "sdss",
    "bands": list(BANDS),
    "properties": list(PROPERTY_NAMES),
    "stride": STRIDE,
    "receptive_field": REACH,
    "training_range": {
        "redshift": [0.01, 0.15],
        "kpc_per_pixel": [0.07, 1.5],
        "psf_fwhm_pixels": [0.5, 20],
    },
    "calibration": {p: [-0.8, -0.1, 0.9, 0.7] for p in PROPERTY_NAMES},
    "data_fingerprint": "tiny",
    "licence": "BSD-3-Clause",
    "version": "0.1.0",
    "created": "2026-01-01",
}


def write_tiny_weights(
    path: Path, *, lacks: tuple[str, ...] = (), with_manifest: bool = True, **changes: Any
) -> Path:
    """Write it; `changes` replace entries of the manifest, `lacks` takes some out.

    Maps follow the light smoothly: a 3 x 3 convolution of the pixels, plus one of the image pooled
    by the stride, times a factor of all conditions, and nowhere quite zero.
    """
    pytest.importorskip("onnx", reason="the tiny network is written with onnx")
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(3)
    p, b = len(PROPERTY_NAMES), len(BANDS)
    levels = np.array([4e6, 8e4, 2e7, 1e-3, 2e6, 3e4, 1e6], np.float32)
    constants = {
        "fine": rng.uniform(0.01, 0.05, (p, b, 3, 3)).astype(np.float32),
        "coarse": rng.uniform(0.0, 0.05, (p, b, 3, 3)).astype(np.float32),
        "levels": levels[None, :, None, None],
        "one": np.array(1.0, np.float32),
        "small": np.array(1e-3, np.float32),
        "scales": np.array([1, 1, STRIDE, STRIDE], np.float32),
        "pixel_axes": np.array([2, 3]),
        "band_axis": np.array([1]),
        **{f"times_{n}": np.array(v, np.float32) for n, v in FACTORS.items()},
    }
    node = helper.make_node
    nodes = [
        node("Conv", ["flux", "fine"], ["a"], pads=[1, 1, 1, 1]),
        node("AveragePool", ["flux"], ["low"], kernel_shape=[STRIDE] * 2, strides=[STRIDE] * 2),
        node("Conv", ["low", "coarse"], ["b"], pads=[1, 1, 1, 1]),
        node("Resize", ["b", "", "scales"], ["c"], mode="nearest"),
        node("Add", ["a", "c"], ["d"]),
        node("ReduceMean", ["noise", "band_axis"], ["noise_mean"]),
        node("ReduceMean", ["psf_fwhm", "band_axis"], ["psf_mean"]),
        node("Add", ["noise_mean", "psf_mean"], ["e"]),
        node("Add", ["redshift", "kpc_per_pixel"], ["f"]),
        node("Add", ["e", "f"], ["g"]),
        node("Mul", ["g", "small"], ["h"]),
        node("Add", ["h", "one"], ["i"]),
        node("Unsqueeze", ["i", "pixel_axes"], ["factor"]),
        node("Relu", ["d"], ["bright"]),
        node("Add", ["bright", "small"], ["light"]),
        node("Mul", ["light", "levels"], ["painted"]),
        node("Mul", ["painted", "factor"], ["mean"]),
        *(node("Mul", ["mean", f"times_{n}"], [n]) for n in FACTORS),
    ]

    def tensor(name: str, shape: list) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            tensor("flux", ["n", b, "h", "w"]),
            tensor("noise", ["n", b]),
            tensor("psf_fwhm", ["n", b]),
            tensor("redshift", ["n", 1]),
            tensor("kpc_per_pixel", ["n", 1]),
        ],
        [tensor(n, ["n", p, "h", "w"]) for n in ("mean", *FACTORS)],
        [numpy_helper.from_array(v, k) for k, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    if with_manifest:
        manifest = {k: v for k, v in {**MANIFEST, **changes}.items() if k not in lacks}
        helper.set_model_props(model, {"picassso": json.dumps(manifest)})
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


FACTORS = {"std": 0.3, "p16": 0.7, "p50": 0.95, "p84": 1.3}
"""Of every statistic, relative to the mean."""
