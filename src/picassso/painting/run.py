"""Engines that run a network on one window of an image: ONNX Runtime, or torch when asked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from picassso.core import InputError, need
from picassso.painting.prepare import Prepared
from picassso.painting.weights import Weights

__all__ = ["ENGINES", "OUTPUTS", "Runner", "make_runner"]

ENGINES = ("onnx", "torch")
OUTPUTS = ("mean", "std", "p16", "p50", "p84")

Runner = Callable[[NDArray[np.float32]], list[NDArray[np.float32]]]
"""From flux (B, H, W), sides multiples of the stride, to `OUTPUTS`, (P, H, W) each."""


def make_runner(prepared: Prepared, weights: Weights, *, engine: str = "onnx") -> Runner:
    """Bind the conditions of one image to a network.

    Parameters
    ----------
    prepared : Prepared
        Its conditions are used; its flux is given later, window by window.
    weights : Weights
        The network.
    engine : str
        ``"onnx"`` or ``"torch"``; the two agree to 1e-5.

    Raises
    ------
    InputError
        If the engine is unknown, or the weights have no file for it or one of another network.
    MissingExtraError
        If torch is asked for and not installed.
    """
    conditions = {
        "noise": prepared.noise[None],
        "psf_fwhm": prepared.psf_fwhm[None],
        "redshift": np.array([[prepared.redshift]], dtype=np.float32),
        "kpc_per_pixel": np.array([[prepared.kpc_per_pixel]], dtype=np.float32),
    }
    if engine == "onnx":
        return _onnx_runner(conditions, weights)
    if engine == "torch":
        return _torch_runner(conditions, weights)
    raise InputError(f"unknown engine {engine!r}; choose one of {list(ENGINES)}")


def _onnx_runner(conditions: dict[str, NDArray[np.float32]], weights: Weights) -> Runner:
    session = weights.session
    if session is None:
        raise InputError(
            f"{weights.path}: safetensors run in torch only; ask for the torch engine, or give the "
            ".onnx file"
        )
    # Weights trained without a condition do not list it among their inputs.
    wanted = {i.name for i in session.get_inputs()}
    fixed = {k: v for k, v in conditions.items() if k in wanted}

    def run(flux: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        return [o[0] for o in session.run(list(OUTPUTS), {"flux": flux[None], **fixed})]

    return run


def _torch_runner(conditions: dict[str, NDArray[np.float32]], weights: Weights) -> Runner:
    need("torch", extra="train")
    file = weights.path.with_suffix(".safetensors")
    if not file.is_file():
        raise InputError(
            f"{file}: there is no such file; the torch engine reads the .safetensors twin of "
            f"{weights.path.name}: export both, or use the onnx engine"
        )
    import torch

    from picassso.networks import load_weights

    network, manifest = load_weights(file)
    # Weights of before there were fingerprints have none, either of them.
    if manifest.get("network_fingerprint") != weights.about.get("network_fingerprint"):
        raise InputError(
            f"{file}: holds another network than {weights.path.name}; write both again with "
            "`picassso export`, or use the onnx engine"
        )
    fixed = {k: torch.from_numpy(v) for k, v in conditions.items()}

    def run(flux: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        with torch.inference_mode():
            painted = network(torch.from_numpy(np.ascontiguousarray(flux[None])), **fixed)
        return [getattr(painted, name)[0].numpy() for name in OUTPUTS]

    return run
