"""Weights that make spectra of images: an encoder of images, and the decoder of its latents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.spectra.recalibration import Recalibration
from picassso.core import REST_GRID, InputError
from picassso.painting.weights import NetworkFile, check_entries, read_network

__all__ = ["SHIPPED_BANDS", "SpectrumWeights", "load_spectrum_weights"]

SHIPPED_BANDS = ("ugriz", "grizy")
"""Sets of bands for which encoders are made to ship with the package."""

DECODER_NAME = "decoder.onnx"
"""File beside an encoder, which decodes its latents."""

_REQUIRED_OF_ENCODER = (
    "survey",
    "bands",
    "latents",
    "outputs",
    "gaussians",
    "pixels",
    "training_range",
    "decoder_fingerprint",
    "reference_distances",
    "calibration",
)
_REQUIRED_OF_DECODER = ("part", "config", "latents", "network_fingerprint")


@dataclass(frozen=True, slots=True, eq=False)
class SpectrumWeights:
    """An encoder from images to latents with the decoder from latents to spectra.

    Parameters
    ----------
    encoder, decoder : NetworkFile
        On disk, with their manifests.
    survey : str
        For whose images the encoder was trained.
    bands : tuple of str
        In the order of its channels.
    latents : int
        Number of latents that the decoder takes; the encoder adds one more, log10 of the norm
        [1e-17 erg s^-1 cm^-2 Angstrom^-1].
    residuals : int
        Number of standard normal numbers by which the decoder scatters as the autoencoder does.
    pixels : int
        Side of the images that the encoder was trained on.
    training_range : mapping of str to (float, float)
        Lowest and highest ``redshift``, ``pixel_scale`` and ``psf_fwhm`` [arcsec] seen in
        training and, where stored, ``noise_<band>`` and ``brightest_<band>``.
    reference_distances : (M,) array
        Squared distances between predicted and observed latents of validation galaxies.
    flux_spread : (1000,) float32 array
        By which the band of each pixel is stretched about its median.
    recalibration : mapping of str to Recalibration
        Of what is measured on spectra, by name.
    """

    encoder: NetworkFile
    decoder: NetworkFile
    survey: str
    bands: tuple[str, ...]
    latents: int
    residuals: int
    pixels: int
    training_range: Mapping[str, tuple[float, float]]
    reference_distances: NDArray[np.float64]
    flux_spread: NDArray[np.float32]
    recalibration: Mapping[str, Recalibration]

    @property
    def path(self) -> Path:
        """Of the encoder's file."""
        return self.encoder.path

    @property
    def name(self) -> str:
        """What the encoder is called."""
        return str(self.encoder.about.get("name", self.encoder.path.stem))


def load_spectrum_weights(
    path: str | Path | None = None,
    *,
    bands: Sequence[str] = tuple("ugriz"),
    threads: int | None = None,
) -> SpectrumWeights:
    """Load an encoder and its decoder, and check that they belong together.

    Parameters
    ----------
    path : path, optional
        An encoder's ``.onnx`` file of `picassso export`, with ``decoder.onnx`` beside it;
        default: those shipped for `bands`.
    bands : sequence of str
        Of the images at hand; without a `path` they choose the weights.
    threads : int, optional
        Of ONNX Runtime; default: one for each core.

    Raises
    ------
    InputError
        If no weights are shipped for these bands, a file is missing or not of its kind, or the
        decoder is that of another autoencoder.
    """
    encoder = read_network(_shipped(bands) if path is None else path, threads=threads)
    check_entries(encoder, kind="spectrum-encoder", required=_REQUIRED_OF_ENCODER)
    beside = encoder.path.with_name(DECODER_NAME)
    if not beside.is_file():
        raise InputError(
            f"{beside}: there is no such file; the encoder {encoder.path.name} needs the decoder "
            "of its latents beside it, which `picassso export` writes"
        )
    decoder = read_network(beside, threads=threads)
    check_entries(decoder, kind="spectrum-autoencoder", required=_REQUIRED_OF_DECODER)
    for network in (encoder, decoder):
        if network.session is None:
            raise InputError(
                f"{network.path}: safetensors run in torch only; give the .onnx file beside it"
            )
    try:
        weights = SpectrumWeights(
            encoder=encoder,
            decoder=decoder,
            survey=str(encoder.about["survey"]),
            bands=tuple(encoder.about["bands"]),
            latents=int(decoder.about["latents"]),
            residuals=int(decoder.about["config"]["residuals"]),
            pixels=int(encoder.about["pixels"]),
            training_range={
                k: (float(v[0]), float(v[1])) for k, v in encoder.about["training_range"].items()
            },
            reference_distances=np.array(encoder.about["reference_distances"], np.float64),
            flux_spread=np.broadcast_to(
                np.array(encoder.about["calibration"]["flux"], np.float32), REST_GRID.shape
            ),
            recalibration={
                name: Recalibration(tuple(found["medians"]), tuple(tuple(e) for e in found["ends"]))
                for name, found in encoder.about["calibration"]["indices"].items()
            },
        )
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise InputError(
            f"{encoder.path}: its manifest or that of {beside.name} is not as it should be "
            f"({type(error).__name__}: {error}); make the weights again with `picassso export`"
        ) from None
    _check_pair(weights)
    return weights


def _check_pair(weights: SpectrumWeights) -> None:
    """Latents mean nothing but to the autoencoder that they were learned from."""
    encoder, decoder = weights.encoder, weights.decoder
    if decoder.about["part"] != "decoder":
        raise InputError(
            f"{decoder.path}: holds the {decoder.about['part']} of an autoencoder, expected its "
            "decoder; export again"
        )
    if list(encoder.about["outputs"])[-1:] != ["log10_norm"]:
        raise InputError(
            f"{encoder.path}: predicts latents without the norm of the spectrum, which would then "
            "have no unit; train an encoder with `norm`"
        )
    expected, found = (
        encoder.about["decoder_fingerprint"],
        decoder.about["network_fingerprint"],
    )
    if expected != found or encoder.about["latents"] != weights.latents:
        raise InputError(
            f"{decoder.path}: decodes the latents of another autoencoder ({found}, "
            f"{weights.latents} latents) than {encoder.path.name} was trained for ({expected}, "
            f"{encoder.about['latents']}); export the two together"
        )


def _shipped(bands: Sequence[str]) -> Path:
    """Encoder shipped for bands, or for some of them."""
    folder = Path(str(resources.files("picassso.painting") / "weights" / "spectra"))
    fitting = [name for name in SHIPPED_BANDS if set(name) <= set(bands)]
    if not fitting:
        raise InputError(
            f"no weights are shipped for spectra from the bands {', '.join(bands)}; give images "
            f"in {' or '.join(SHIPPED_BANDS)}, or your own weights"
        )
    paths = [folder / f"{name}_encoder.onnx" for name in fitting]
    there = [path for path in paths if path.is_file()]
    if not there:
        raise InputError(
            f"{paths[0]}: this version ships no weights for spectra from {fitting[0]}; give your "
            "own, made by `picassso train --task spectrum` and `picassso export`"
        )
    return there[0]
