"""From a run on spectra to weights that are used without torch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from picassso.archive import DatasetStore
from picassso.core import REST_GRID, InputError
from picassso.networks import (
    AutoencoderConfig,
    EncoderConfig,
    ImageEncoder,
    SpectrumAutoencoder,
    load_network,
    save_weights,
)
from picassso.networks.manifest import MANIFEST_KEY
from picassso.networks.spectra.export import (
    export_image_encoder,
    export_spectrum_decoder,
    export_spectrum_encoder,
)
from picassso.observatory.spectra.inverse_variances import inverse_variances
from picassso.training.ranges import training_range
from picassso.training.release import Release
from picassso.training.spectra.calibrate import calibrate, reference_distances
from picassso.training.spectra.config import SpectrumConfig
from picassso.training.spectra.images import FibreImages

__all__ = ["DECODER_NAME", "SPECTRUM_ENCODER_NAME", "write_autoencoder", "write_encoder"]

DECODER_NAME = "decoder.onnx"
"""File beside an encoder, which makes spectra of its latents."""

_REDSHIFTS = 25
"""At which it is asked how much of a spectrum an autoencoder saw."""

SPECTRUM_ENCODER_NAME = "spectrum_encoder.onnx"
"""File beside an encoder of images, which makes latents of observed spectra."""


def write_autoencoder(release: Release) -> tuple[Path, ...]:
    """Write an autoencoder: its encoder of spectra, all of it as safetensors, and its decoder."""
    network, config, found = load_network(release.run.best, AutoencoderConfig)
    assert isinstance(network, SpectrumAutoencoder)
    decoder = _path_beside(release, DECODER_NAME, found)
    about = release.about(found, training_range=_range_of_spectra(release.manifest["config"]))
    save_weights(network, config, release.safetensors, about=about)
    export_spectrum_encoder(network, config, release.onnx, about=about, half=release.half)
    about = {**found, **about, "name": decoder.stem}
    export_spectrum_decoder(network, config, decoder, about=about, half=release.half)
    return release.onnx, release.safetensors, decoder


def write_encoder(release: Release) -> tuple[Path, ...]:
    """Calibrate an encoder of images and write it, with both halves of its autoencoder."""
    network, config, found = load_network(release.run.best, EncoderConfig)
    autoencoder, its_config, its_manifest = load_network(release.run.autoencoder, AutoencoderConfig)
    assert isinstance(network, ImageEncoder) and isinstance(autoencoder, SpectrumAutoencoder)
    decoder = _path_beside(release, DECODER_NAME, its_manifest)
    spectrum_encoder = _path_beside(release, SPECTRUM_ENCODER_NAME, its_manifest)
    learnt = SpectrumConfig.resolve(**release.manifest["config"])
    images = FibreImages(
        release.stores,
        "validation",
        autoencoder=autoencoder,
        config=learnt,
        bands=config.bands,
        limit=learnt.validation_images,
    )
    calibration = calibrate(network, autoencoder, images)
    about = release.about(
        found,
        pixels=learnt.crop or release.stores[0].shape[0],
        training_range=_range(release.stores, config, learnt),
        calibration=asdict(calibration),
        decoder_fingerprint=its_manifest["network_fingerprint"],
        reference_distances=reference_distances(network, autoencoder, images),
    )
    save_weights(network, config, release.safetensors, about=about)
    export_image_encoder(network, config, release.onnx, about=about, half=release.half)
    for path, write in (
        (decoder, export_spectrum_decoder),
        (spectrum_encoder, export_spectrum_encoder),
    ):
        about = {
            **its_manifest,
            "name": path.stem,
            "training_range": _range_of_spectra(its_manifest["train_config"]),
            **release.signature(),
        }
        write(autoencoder, its_config, path, about=about, half=release.half)
    return release.onnx, release.safetensors, decoder, spectrum_encoder


def _range(
    stores: Sequence[DatasetStore], config: EncoderConfig, learnt: SpectrumConfig
) -> dict[str, list[float]]:
    return training_range(
        stores,
        bands=config.bands,
        noise_range=learnt.noise_range,
        conditions={name: itemgetter(name) for name in ("redshift", "pixel_scale", "psf_fwhm")},
    )


def _range_of_spectra(learnt: Mapping[str, Any]) -> dict[str, list[float]]:
    """Redshifts, signals to noise, and the shares of pixels that were known."""
    low, high = learnt["redshift_range"]
    flux = np.ones((_REDSHIFTS, len(REST_GRID)), np.float32)
    known = inverse_variances(flux, np.linspace(low, high, _REDSHIFTS)) > 0
    return {
        "redshift": [low, high],
        "signal_to_noise": list(learnt["snr_range"]),
        "coverage": [round(float(known.mean(axis=1).min()) - learnt["gap"], 3), 1.0],
    }


def _path_beside(release: Release, name: str, about: Mapping[str, Any]) -> Path:
    """Path of half an autoencoder beside an encoder; that of other latents must not lie there."""
    path = release.onnx.with_name(name)
    if release.onnx == path:
        raise InputError(f"{path}: that is the {path.stem}'s name; choose another for the encoder")
    if path.exists() and _fingerprint(path) != about["network_fingerprint"]:
        raise InputError(
            f"{path}: belongs to another autoencoder; write to another folder, where the "
            f"{path.stem} can lie beside its encoder"
        )
    return path


def _fingerprint(path: Path) -> str | None:
    """Of the network in an ONNX file; None where there is none to be found."""
    import onnx

    try:
        entries = {e.key: e.value for e in onnx.load(path).metadata_props}
        return json.loads(entries[MANIFEST_KEY])["network_fingerprint"]
    except (OSError, ValueError, KeyError, onnx.checker.ValidationError, DecodeError):
        return None
