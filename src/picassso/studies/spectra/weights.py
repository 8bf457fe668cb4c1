"""What is to be evaluated: which kind of network weights or a run hold, and the network itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from picassso.core import InputError
from picassso.painting.spectra import SpectrumWeights, load_spectrum_encoder
from picassso.painting.spectra.observed import ENCODER_NAME
from picassso.painting.spectra.weights import DECODER_NAME
from picassso.painting.weights import check_entries, read_network
from picassso.studies.spectra.models import AutoencoderModel

if TYPE_CHECKING:
    from picassso.training.run import RunDirectory

__all__ = [
    "AUTOENCODER",
    "ENCODER",
    "autoencoder_about",
    "autoencoder_beside",
    "autoencoder_file",
    "encoder_file",
    "finished_run",
    "load_autoencoder",
    "weights_kind",
]

AUTOENCODER, ENCODER = "spectrum-autoencoder", "spectrum-encoder"

_KIND_OF_TASK = {"spectrum-autoencoder": AUTOENCODER, "spectrum": ENCODER}


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


def autoencoder_about(weights: str | os.PathLike[str]) -> Mapping[str, Any]:
    """Manifest of an autoencoder; arguments and errors as of `autoencoder_file`."""
    path = Path(weights)
    file = finished_run(path).best if path.is_dir() else path.with_suffix(".onnx")
    return read_network(file, threads=1).about


def autoencoder_file(weights: str | os.PathLike[str], folder: Path) -> Path:
    """ONNX file of an encoder of spectra, with its decoder beside it.

    Parameters
    ----------
    weights : path
        A finished run, of which both are written into the folder; or what `picassso export` made
        of one.
    folder : Path
        Exists.

    Raises
    ------
    InputError
        If the run is not finished.
    """
    path = Path(weights)
    if not path.is_dir():
        return path.with_suffix(".onnx")
    from picassso.networks import AutoencoderConfig, SpectrumAutoencoder, load_network
    from picassso.networks.spectra.export import export_spectrum_decoder, export_spectrum_encoder

    network, config, about = load_network(finished_run(path).best, AutoencoderConfig)
    assert isinstance(network, SpectrumAutoencoder)
    file = folder / ENCODER_NAME
    about = {**about, "name": path.resolve().name}
    export_spectrum_encoder(network, config, file, about=about)
    export_spectrum_decoder(network, config, file.with_name(DECODER_NAME), about=about)
    return file


def load_autoencoder(file: Path) -> AutoencoderModel:
    """Autoencoder of the ONNX file of its encoder.

    Raises
    ------
    InputError
        If the file holds no encoder of spectra, or its decoder is missing or another's.
    """
    encoder = read_network(file)
    check_entries(encoder, kind=AUTOENCODER, required=("part", "latents", "network_fingerprint"))
    decoder = read_network(file.with_name(DECODER_NAME))
    check_entries(decoder, kind=AUTOENCODER, required=("part", "config", "network_fingerprint"))
    expected = encoder.about["network_fingerprint"]
    if encoder.about["part"] != "encoder" or decoder.about["network_fingerprint"] != expected:
        raise InputError(
            f"{file}: not an encoder of spectra with its own decoder beside it; export the two "
            "together with `picassso export`"
        )
    return AutoencoderModel(encoder, decoder)


def autoencoder_beside(weights: SpectrumWeights) -> AutoencoderModel:
    """The autoencoder whose latents an encoder of images predicts.

    Raises
    ------
    InputError
        If ``spectrum_encoder.onnx`` does not lie beside it.
    """
    return AutoencoderModel(load_spectrum_encoder(weights), weights.decoder)


def encoder_file(weights: str | os.PathLike[str], folder: Path) -> Path:
    """File of an encoder of images; that of a run is calibrated and exported into the folder."""
    path = Path(weights)
    if not path.is_dir():
        return path
    from picassso.training import export

    finished_run(path)
    return export(path, output=folder / "weights.onnx")[0]
