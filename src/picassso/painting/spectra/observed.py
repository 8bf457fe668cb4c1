"""A real spectrum beside the predicted one: its indices, its latents, and how unlike they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.spectra import (
    calibrated_p_value,
    departures,
    measure,
    measure_errors,
)
from picassso.analysis.spectra.measured import MEASURED
from picassso.core import REST_GRID, InputError, Spectrum
from picassso.observatory.spectra.extinction import deredden
from picassso.observatory.spectra.resample import resample, to_rest
from picassso.painting.spectra.predicted import PredictedSpectrum
from picassso.painting.spectra.weights import SpectrumWeights
from picassso.painting.weights import NetworkFile, check_entries, read_network

__all__ = [
    "COVERS_TOO_LITTLE",
    "Departure",
    "ObservedSpectrum",
    "compare_observed",
    "load_spectrum_encoder",
    "same_redshift",
]

ENCODER_NAME = "spectrum_encoder.onnx"
"""File beside an encoder of images, which gives the latents of spectra."""

_REQUIRED = ("part", "latents", "network_fingerprint", "training_range")

COVERS_TOO_LITTLE = "covers_too_little"
"""Flag of a spectrum of which less is known than of any that the encoder of spectra saw."""

_SAME_REDSHIFT = 0.003
"""Difference over 1 + z that passes for none: 900 km/s."""


@dataclass(frozen=True, slots=True, eq=False)
class Departure:
    """How far the latents of an observed spectrum lie from those predicted.

    Parameters
    ----------
    latents, errors : (K,) float32 array
        Z-scored latents of the observed spectrum, with their standard deviations.
    distance : float
        Squared Mahalanobis distance, of both covariances.
    contributions : (K,) float64 array
        What each latent has in it.
    p_value : float
        Probability of a larger one for a galaxy that obeys the learnt mapping: its place among the
        distances of validation galaxies, which the weights carry. NaN for a spectrum that is
        flagged ``"covers_too_little"``.
    """

    latents: NDArray[np.float32]
    errors: NDArray[np.float32]
    distance: float
    contributions: NDArray[np.float64]
    p_value: float


@dataclass(frozen=True, slots=True, eq=False)
class ObservedSpectrum:
    """A real spectrum on the pixels of the predicted one.

    Parameters
    ----------
    flux : (1000,) float32 array
        At rest, on `picassso.core.REST_GRID` [1e-17 erg s^-1 cm^-2 Angstrom^-1]; NaN where
        unknown.
    inverse_variance : (1000,) float32 array
        0 where unknown.
    indices : mapping of str to (float, float)
        What was measured, lines above the stars that fit between them, and its standard error,
        by the names of the predicted indices; NaN where it cannot be.
    redshift : float
        By which it was brought to rest.
    ebv : float
        Galactic E(B-V) that it was corrected for.
    departure : Departure
        Of its latents from those predicted.
    flags : tuple of str
        Of the spectrum's file; ``"covers_too_little"`` where fewer pixels are known than the
        encoder of spectra ever saw: latents, and their errors, mean nothing then.
    galaxy_id : str
        Name of the object in that file.
    source : str
        Name of that file; empty where there was none.
    """

    flux: NDArray[np.float32]
    inverse_variance: NDArray[np.float32]
    indices: Mapping[str, tuple[float, float]]
    redshift: float
    ebv: float
    departure: Departure
    flags: tuple[str, ...]
    galaxy_id: str
    source: str


def load_spectrum_encoder(weights: SpectrumWeights, *, threads: int | None = None) -> NetworkFile:
    """The encoder of spectra that lies beside an encoder of images.

    Raises
    ------
    InputError
        If there is none, or that of another autoencoder.
    """
    path = weights.path.with_name(ENCODER_NAME)
    if not path.is_file():
        raise InputError(
            f"{path}: there is no such file; to compare with observed spectra {weights.path.name} "
            "needs the encoder of spectra beside it, which `picassso export` writes"
        )
    network = read_network(path, threads=threads)
    check_entries(network, kind="spectrum-autoencoder", required=_REQUIRED)
    expected = weights.decoder.about["network_fingerprint"]
    if network.about["part"] != "encoder" or network.about["network_fingerprint"] != expected:
        raise InputError(
            f"{path}: not the encoder of the autoencoder {expected}, whose decoder lies beside it; "
            "export the two together"
        )
    return network


def compare_observed(
    predicted: PredictedSpectrum,
    spectrum: Spectrum,
    *,
    weights: SpectrumWeights,
    encoder: NetworkFile,
    ebv: float = 0.0,
    source: str = "",
) -> ObservedSpectrum:
    """Bring a real spectrum to rest, measure it, and compare its latents with those predicted.

    The norm is left out of the distance: it tells of the aperture and of flux calibration.

    Parameters
    ----------
    predicted : PredictedSpectrum
        At rest.
    spectrum : Spectrum
        As observed; or at rest, then without Galactic extinction.
    weights : SpectrumWeights
        That it was predicted with.
    encoder : NetworkFile
        Of `load_spectrum_encoder`.
    ebv : float
        Galactic E(B-V) to correct the spectrum for, as its image was [mag].
    source : str
        Name of the spectrum's file.

    Raises
    ------
    InputError
        If no pixel of the spectrum can be used, or E(B-V) is none.
    """
    rest = resample(to_rest(deredden(spectrum, ebv)), REST_GRID)
    known = rest.usable
    if not known.any():
        raise InputError(
            f"spectrum {spectrum.galaxy_id!r}: no usable pixel between {REST_GRID[0]:.0f} and "
            f"{REST_GRID[-1]:.0f} Angstrom at rest; check its redshift, mask and errors"
        )
    weight = np.where(known, rest.inverse_variance, 0.0).astype(np.float32)
    flux = np.where(known, rest.flux, 0.0).astype(np.float32)
    latents, log_variance, stars = (
        found[0]
        for found in encoder.session.run(
            ["latents", "log_variance", "stars"], {"flux": flux[None], "weight": weight[None]}
        )
    )
    least = float(encoder.about["training_range"]["coverage"][0])
    partial = bool(known.mean() < least)
    values = measure(REST_GRID, flux, MEASURED, inverse_variance=weight, stars=stars)
    errors = measure_errors(REST_GRID, flux, MEASURED, inverse_variance=weight, stars=stars)
    return ObservedSpectrum(
        flux=np.where(known, flux, np.float32(np.nan)),
        inverse_variance=weight,
        indices={name: (float(values[name]), float(errors[name])) for name in MEASURED},
        redshift=spectrum.redshift,
        ebv=ebv,
        departure=_departure(predicted, latents, log_variance, weights, partial=partial),
        flags=(*spectrum.flags, *([COVERS_TOO_LITTLE] if partial else [])),
        galaxy_id=spectrum.galaxy_id,
        source=source,
    )


def same_redshift(observed: float, predicted: float) -> bool:
    """Whether a spectrum and an image may be of one galaxy; a spectrum at rest may."""
    return observed == 0 or abs(observed - predicted) <= _SAME_REDSHIFT * (1 + predicted)


def _departure(
    predicted: PredictedSpectrum,
    latents: NDArray[np.float32],
    log_variance: NDArray[np.float32],
    weights: SpectrumWeights,
    *,
    partial: bool,
) -> Departure:
    number = weights.latents
    found = departures(
        predicted.latent_mean[None, :number],
        predicted.latent_covariance[None, :number, :number],
        latents[None],
        np.diag(np.exp(log_variance)),
    )
    distance = found.distance[0]
    p_value = calibrated_p_value(distance, weights.reference_distances)
    return Departure(
        latents=latents,
        errors=np.exp(0.5 * log_variance),
        distance=float(distance),
        contributions=found.contribution[0],
        p_value=np.nan if partial else float(p_value),
    )
