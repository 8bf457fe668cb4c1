"""What is to be evaluated: which kind of network weights or a run hold, and the network itself."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from picassso.core import InputError

if TYPE_CHECKING:
    from picassso.networks import SpectrumAutoencoder
    from picassso.training.run import RunDirectory

__all__ = [
    "AUTOENCODER",
    "ENCODER",
    "LoadedAutoencoder",
    "finished_run",
    "load_autoencoder",
    "weights_kind",
]

AUTOENCODER, ENCODER = "spectrum-autoencoder", "spectrum-encoder"

_KIND_OF_TASK = {"spectrum-autoencoder": AUTOENCODER, "spectrum": ENCODER}


@dataclass(frozen=True, slots=True, eq=False)
class LoadedAutoencoder:
    """An autoencoder and what its file says of it.

    Parameters
    ----------
    network : SpectrumAutoencoder
        In evaluation mode, on the CPU.
    path : Path
        Of the file.
    about : dict
        Its manifest.
    """

    network: SpectrumAutoencoder
    path: Path
    about: dict[str, Any]


def weights_kind(weights: str | os.PathLike[str] | None) -> str:
    """Kind of network that weights or a run hold.

    Parameters
    ----------
    weights : path or None
        File or run directory; None: the weights that ship, which paint maps.

    Returns
    -------
    str
        ``"maps"``, ``"spectrum-autoencoder"`` or ``"spectrum-encoder"``; ``"maps"``, too, of what
        cannot be read, for whoever uses it to complain.
    """
    from picassso.networks.config import MAPS
    from picassso.painting.weights import read_network

    if weights is None:
        return MAPS
    path = Path(weights)
    try:
        if not path.is_dir():
            return read_network(path, threads=1).kind
        from picassso.training.run import RunDirectory

        return _KIND_OF_TASK.get(RunDirectory(path).read_manifest()["task"], MAPS)
    except InputError:
        return MAPS


def finished_run(path: Path) -> RunDirectory:
    """A run that is finished; InputError for any other, saying how far it is."""
    from picassso.training.run import RunDirectory

    run = RunDirectory(path)
    done, wanted = run.epochs()
    if done < wanted:
        raise InputError(
            f"{path}: this run is not finished, it is at epoch {done:g} of {wanted:g}; let it "
            "finish (the same `picassso train` command resumes it), or write what it has learnt "
            f"so far with `picassso export {path} -o weights.onnx` and evaluate that"
        )
    return run


def load_autoencoder(weights: str | os.PathLike[str]) -> LoadedAutoencoder:
    """Autoencoder of a finished run, or of a file of weights.

    Raises
    ------
    InputError
        If the run is not finished, or the file holds none. Of an ``.onnx`` file, which encodes
        alone, the ``.safetensors`` beside it is taken.
    """
    from picassso.networks import AutoencoderConfig, SpectrumAutoencoder, load_network

    path = Path(weights)
    path = finished_run(path).best if path.is_dir() else path
    if path.suffix == ".onnx":
        if not path.with_suffix(".safetensors").is_file():
            raise InputError(
                f"{path}: encodes spectra and does not decode them; give the .safetensors file "
                "that `picassso export` wrote beside it"
            )
        path = path.with_suffix(".safetensors")
    network, _, about = load_network(path, AutoencoderConfig)
    assert isinstance(network, SpectrumAutoencoder)
    return LoadedAutoencoder(network, path, about)
