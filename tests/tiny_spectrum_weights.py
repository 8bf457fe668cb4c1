"""A tiny encoder and decoder in ONNX that obey the interface, with smooth spectra of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fits_galaxies import galaxy, make_wcs
from picassso.analysis.spectra import near_lines
from picassso.core import REST_GRID, GalaxyImage, get_line

BANDS = ("u", "g", "r", "i", "z")
LATENTS, RESIDUALS, PIXELS = 3, 2, 32

ENCODER: dict[str, Any] = {
    "format": 1,
    "kind": "spectrum-encoder",
    "name": "tiny spectra",
    "architecture": "tiny",
    "survey": "sdss",
    "bands": list(BANDS),
    "latents": LATENTS,
    "gaussians": 1,
    "outputs": [*(f"latent_{k}" for k in range(LATENTS)), "log10_norm"],
    "pixels": PIXELS,
    "training_range": {
        "redshift": [0.01, 0.15],
        "pixel_scale": [0.2, 0.6],
        "psf_fwhm": [0.8, 2.0],
    },
    "decoder_fingerprint": "tiny",
    "reference_distances": list(np.linspace(0.5, 50.0, 99)),
    "calibration": {"flux": 1.0, "indices": {}},
    "data_fingerprint": "tiny",
    "licence": "BSD-3-Clause",
    "version": "0.1.0",
    "created": "2026-01-01",
}
DECODER: dict[str, Any] = {
    "format": 1,
    "kind": "spectrum-autoencoder",
    "part": "decoder",
    "architecture": "tiny",
    "config": {"latents": LATENTS, "residuals": RESIDUALS},
    "latents": LATENTS,
    "network_fingerprint": "tiny",
    "training_range": {"coverage": [0.7, 1.0]},
    "version": "0.1.0",
    "created": "2026-01-01",
}

CENTRE_MEAN = np.array([0.3, -0.2, 0.1, 0.0])
"""Latents of an image without light; the last is log10 of the norm."""

SCALE = np.array(
    [[0.3, 0, 0, 0], [0.1, 0.25, 0, 0], [0.0, 0.05, 0.2, 0], [0.01, 0.0, 0.0, 0.05]], np.float32
)
"""Cholesky factor of the covariance, the same for all images."""

_STRENGTHS = {
    "OII3727": 0.25, "OII3730": 0.3, "Hdelta": 0.08, "Hgamma": 0.14, "Hbeta": 0.3,
    "OIII4960": 0.1, "OIII5008": 0.3, "OI6302": 0.04, "NII6550": 0.12, "Halpha": 0.95,
    "NII6585": 0.35, "SII6718": 0.2, "SII6733": 0.15,
}  # fmt: skip


def make_image(shape=(PIXELS, PIXELS), *, shift=(0.0, 0.0), **changes) -> GalaxyImage:
    """A galaxy without noise at the reference point of its WCS, `shift` pixels off the middle."""
    wcs = make_wcs(shape, shift=shift)
    about = {
        "galaxy_id": "m99",
        "view": 0,
        "survey": "sdss",
        "bands": ("u", "g", "r", "i", "z"),
        "flux": galaxy(shape, wcs=wcs, noise=False).astype(np.float32),
        "noise": np.array([0.3, 0.1, 0.2, 0.3, 1.2], np.float32),
        "mask": np.zeros(shape, bool),
        "psf_fwhm": np.full(5, 1.2, np.float32),
        "pixel_scale": 0.4,
        "redshift": 0.05,
        "wcs": wcs,
    }
    return GalaxyImage(**{**about, **changes})


def write_tiny_spectrum_weights(
    folder: Path,
    *,
    encoder: dict[str, Any] | None = None,
    decoder: dict[str, Any] | None = None,
) -> Path:
    """Write both into a folder; entries of `encoder` and `decoder` replace those of manifests.

    An entry of None takes one out. Returns the path of the encoder.
    """
    pytest.importorskip("onnx", reason="the tiny networks are written with onnx")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tiny_encoder.onnx"
    path.write_bytes(_encoder(_changed(ENCODER, encoder)))
    (folder / "decoder.onnx").write_bytes(_decoder(_changed(DECODER, decoder)))
    return path


def _changed(manifest: dict[str, Any], changes: dict[str, Any] | None) -> dict[str, Any]:
    return {k: v for k, v in {**manifest, **(changes or {})}.items() if v is not None}


def smooth_spectra() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean (1000,), what a latent changes (LATENTS, 1000), and a residual (RESIDUALS, 1000).

    The first latent reddens, the second makes lines, the third deepens the break at 4000 A.
    """
    x = np.log(REST_GRID / 5500.0)
    lines, ionised = np.zeros_like(REST_GRID), np.zeros_like(REST_GRID)
    for name, strength in _STRENGTHS.items():
        centre = get_line(name).wavelength
        line = strength * np.exp(-0.5 * ((REST_GRID / centre - 1) * 299792.458 / 180) ** 2)
        lines += line
        ionised += line * {"OIII": 1.5, "NII6": 0.5}.get(name[:4], -0.1)
    absorbed = sum(
        np.exp(-0.5 * ((REST_GRID - w) / 12) ** 2) for w in (3934.8, 3969.6, 4305.6, 5176.6, 5895.6)
    )
    step = 1.0 / (1.0 + np.exp(-(REST_GRID - 4000.0) / 25.0)) - 0.8
    mean = 1.0 + 0.1 * x + 0.3 * step + lines - 0.15 * absorbed
    changes = np.stack([0.5 * x, 0.7 * lines + 0.2 * ionised, 0.2 * step - 0.04 * absorbed])
    wiggle = np.stack([np.sin(40 * x), np.cos(25 * x)])
    return mean, changes, 0.01 * wiggle


def smooth_stars() -> np.ndarray:
    """(1 + LATENTS, 1000) mean and changes of `smooth_spectra` without the lines."""
    mean, changes, _ = smooth_spectra()
    between = ~near_lines(REST_GRID)
    rows = np.vstack([mean, changes])
    return np.stack([np.interp(REST_GRID, REST_GRID[between], row[between]) for row in rows])


def _encoder(manifest: dict[str, Any]) -> bytes:
    """Latents follow the colours of the light at the centre, the norm its brightness."""
    from onnx import helper

    node = helper.make_node
    bands = len(manifest["bands"])
    weights = np.zeros((bands, LATENTS + 1), np.float32)
    weights[1, 0], weights[-2, 0] = -0.3, 0.3
    weights[0, 1], weights[-1, 1] = 0.3, -0.3
    weights[0, 2], weights[2, 2] = -0.2, 0.2
    weights[:, 3] = 0.12
    # Brightness is that of the middle: a Gaussian of 4 pixels.
    y, x = np.indices((PIXELS, PIXELS)) - 0.5 * (PIXELS - 1)
    window = np.exp(-0.5 * (x**2 + y**2) / 16)[None, None]
    constants = {
        "window": (window / window.sum()).astype(np.float32),
        "weights": weights,
        "centre": CENTRE_MEAN.astype(np.float32)[None],
        "scale": SCALE[None],
        "covariances": (SCALE @ SCALE.T)[None],
        "floor": np.array(0.05, np.float32),
        "zero": np.array(0.0, np.float32),
        "one": np.array(1.0, np.float32),
        "axes": np.array([2, 3]),
        "band_axis": np.array([1]),
        "last_axis": np.array([2]),
    }
    nodes = [
        node("Mul", ["flux", "window"], ["middle"]),
        node("ReduceSum", ["middle", "axes"], ["light"], keepdims=0),
        node("Max", ["light", "floor"], ["bright"]),
        node("Log", ["bright"], ["magnitudes"]),
        node("MatMul", ["magnitudes", "weights"], ["seen"]),
        # Conditions are inputs that must be there; they change nothing here but by nothing.
        node("ReduceSum", ["noise", "band_axis"], ["a"]),
        node("ReduceSum", ["psf_fwhm", "band_axis"], ["b"]),
        node("Add", ["a", "b"], ["c"]),
        node("Add", ["redshift", "pixel_scale"], ["d"]),
        node("Add", ["c", "d"], ["e"]),
        node("Mul", ["e", "zero"], ["nothing"]),
        node("Add", ["seen", "nothing"], ["f"]),
        node("Add", ["f", "centre"], ["mean"]),
        node("Add", ["nothing", "one"], ["g"]),
        node("Unsqueeze", ["g", "last_axis"], ["h"]),
        node("Mul", ["h", "covariances"], ["covariance"]),
        # A mixture of one
        node("Unsqueeze", ["mean", "band_axis"], ["means"]),
        node("Mul", ["h", "scale"], ["tril"]),
        node("Unsqueeze", ["tril", "band_axis"], ["scale_trils"]),
        node("Identity", ["nothing"], ["log_weight"]),
    ]
    inputs = {
        "flux": ["n", bands, PIXELS, PIXELS],
        "noise": ["n", bands],
        "psf_fwhm": ["n", bands],
        "redshift": ["n", 1],
        "pixel_scale": ["n", 1],
    }
    numbers = LATENTS + 1
    outputs = {
        "mean": ["n", numbers],
        "covariance": ["n", numbers, numbers],
        "log_weight": ["n", 1],
        "means": ["n", 1, numbers],
        "scale_trils": ["n", 1, numbers, numbers],
    }
    return _model(nodes, inputs, outputs, constants, manifest)


def write_tiny_spectrum_encoder(folder: Path, **changes: Any) -> None:
    """Write the encoder of spectra that undoes the decoder, free of noise, beside it."""
    from onnx import helper

    mean, slopes, _ = smooth_spectra()
    node = helper.make_node
    constants = {
        "solve": np.linalg.pinv(np.vstack([mean, slopes])).astype(np.float32),
        "sizes": np.array([1, LATENTS]),
        "spread": np.full((1, LATENTS), np.log(0.1**2), np.float32),
        "zero": np.array(0.0, np.float32),
        "without_lines": smooth_stars().astype(np.float32),
    }
    nodes = [
        node("MatMul", ["flux", "solve"], ["solved"]),
        node("MatMul", ["solved", "without_lines"], ["stars"]),
        node("Split", ["solved", "sizes"], ["norm", "scaled"], axis=1),
        node("Div", ["scaled", "norm"], ["latents"]),
        node("ReduceSum", ["weight"], ["all"], keepdims=1),
        node("Mul", ["all", "zero"], ["nothing"]),
        node("Mul", ["latents", "zero"], ["nothings"]),
        node("Add", ["nothings", "nothing"], ["still"]),
        node("Add", ["still", "spread"], ["log_variance"]),
    ]
    shapes = {"flux": ["n", len(mean)], "weight": ["n", len(mean)]}
    outputs = {
        "latents": ["n", LATENTS],
        "log_variance": ["n", LATENTS],
        "norm": ["n", 1],
        "stars": ["n", len(mean)],
    }
    manifest = {**DECODER, "part": "encoder", **changes}
    content = _model(nodes, shapes, outputs, constants, manifest)
    (folder / "spectrum_encoder.onnx").write_bytes(content)


def _decoder(manifest: dict[str, Any]) -> bytes:
    from onnx import helper

    node = helper.make_node
    mean, changes, wiggle = (a.astype(np.float32) for a in smooth_spectra())
    nodes = [
        node("MatMul", ["latents", "changes"], ["a"]),
        node("MatMul", ["residual", "wiggle"], ["b"]),
        node("Add", ["a", "b"], ["c"]),
        node("Add", ["c", "base"], ["spectra"]),
        node("MatMul", ["latents", "star_changes"], ["d"]),
        node("Add", ["d", "star_base"], ["stars"]),
    ]
    inputs = {"latents": ["n", LATENTS], "residual": ["n", RESIDUALS]}
    star_base, star_changes = np.split(smooth_stars().astype(np.float32), [1])
    constants = {
        "changes": changes,
        "wiggle": wiggle,
        "base": mean[None],
        "star_changes": star_changes,
        "star_base": star_base,
    }
    outputs = {"spectra": ["n", len(mean)], "stars": ["n", len(mean)]}
    return _model(nodes, inputs, outputs, constants, manifest)


def _model(
    nodes: list[Any],
    inputs: dict[str, list[Any]],
    outputs: dict[str, list[Any]],
    constants: dict[str, np.ndarray],
    manifest: dict[str, Any],
) -> bytes:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    def tensors(shapes: dict[str, list[Any]]) -> list[Any]:
        return [helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in shapes.items()]

    graph = helper.make_graph(
        nodes,
        "tiny",
        tensors(inputs),
        tensors(outputs),
        [numpy_helper.from_array(v, k) for k, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, {"picassso": json.dumps(manifest)})
    onnx.checker.check_model(model)
    return model.SerializeToString()
