"""Evaluate an encoder of images: the spectra that it predicts, and what they are good for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso import __version__
from picassso.analysis.spectra.measured import MEASURED, measure_samples
from picassso.archive import DatasetStore
from picassso.core import FIBRE_DIAMETER, REST_GRID, InputError, output_folder
from picassso.painting.spectra import SpectrumWeights, load_spectrum_weights
from picassso.studies.spectra.departing import Departing, departing_scores, measure_departing
from picassso.studies.spectra.files import write_encoder_evaluation
from picassso.studies.spectra.models import AutoencoderModel
from picassso.studies.spectra.posteriors import (
    bin_scores,
    flux_coverage,
    flux_scores,
    index_scores,
    latent_scores,
)
from picassso.studies.spectra.predictions import Predictions, Truth, predict_rows, truth_of
from picassso.studies.spectra.progress import status
from picassso.studies.spectra.rivals import features_of, predict_from_colours
from picassso.studies.spectra.rows import rows_of, spread_over
from picassso.studies.spectra.scores import Score
from picassso.studies.spectra.selection import (
    CONDITIONS,
    Selection,
    class_scores,
    confusion,
    select,
    selection_scores,
)
from picassso.studies.spectra.weights import autoencoder_beside, encoder_file

__all__ = ["EncoderEvaluation", "evaluate_encoder"]

_SAMPLES = 128
"""Of each posterior."""

_MOST_LEARNT_FROM = 4000
"""Training views from which colours are taught."""


@dataclass(frozen=True, slots=True, eq=False)
class EncoderEvaluation:
    """What an evaluation of an encoder found.

    Parameters
    ----------
    about : mapping of str to Any
        Where the numbers come from.
    model : mapping of str to Any
        What the weights say of themselves.
    predictions, truth
        Of every view.
    rivals : mapping of str to (N, D) array
        Latents and norm by methods that see colours alone.
    flux_coverage : mapping of float to (1000,) array
        Share of the true flux inside the bands of each level.
    confusion : (C, C) array
        Views by true class of emission (rows) and most probable one.
    selections : tuple of Selection
        Of `CONDITIONS`.
    departing : Departing
        Outliers.
    scores : tuple of Score
        Every number.
    """

    about: Mapping[str, Any]
    model: Mapping[str, Any]
    predictions: Predictions
    truth: Truth
    rivals: Mapping[str, NDArray[np.float64]]
    flux_coverage: Mapping[float, NDArray[np.float64]]
    confusion: NDArray[np.int64]
    selections: tuple[Selection, ...]
    departing: Departing
    scores: tuple[Score, ...]


def evaluate_encoder(
    weights: str | os.PathLike[str],
    store: str | os.PathLike[str] | DatasetStore,
    *,
    output: str | os.PathLike[str],
    split: str = "test",
    seed: int = 0,
    limit: int | None = None,
    examples: int = 4,
    progress: bool = True,
) -> EncoderEvaluation:
    """Judge an encoder of images by the spectra of galaxies that it never saw.

    What is judged is what `picassso spectrum` gives: decoder, scatter and calibration included.
    Beside it stand methods that see the colours of apertures alone, taught on the store's
    training split.

    Parameters
    ----------
    weights : path
        A finished run, whose weights are exported into the output first; or an encoder's
        ``.onnx`` file with its decoder and the encoder of spectra beside it.
    store : path or DatasetStore
        With spectra.
    output : path
        Folder for ``scores.csv``, ``galaxies.csv`` and ``evaluation.json``; made if need be.
    split : {"train", "validation", "test"}
        Which galaxies.
    seed : int
        Of noise, samples and bootstrap.
    limit : int, optional
        At most this many views, evenly spread over the split.
    examples : int
        How many spectra the report shows.
    progress : bool
        Say what is being done.

    Raises
    ------
    InputError
        If weights or store cannot be used or do not fit together, or `output` cannot be written.
    """
    if examples < 0:
        raise InputError(f"examples is {examples}, expected at least 0")
    if not isinstance(store, DatasetStore):
        store = DatasetStore.open(store)
    folder = Path(output)
    with output_folder(folder):
        with status("calibrating and exporting the run", progress):
            loaded = load_spectrum_weights(encoder_file(weights, folder))
        _check_fits(loaded, store)
        about_model = loaded.encoder.about
        rows = rows_of(store, split, limit=limit, seed=seed, learnt_from=about_model)
        autoencoder = autoencoder_beside(loaded)
        with status("predicting spectra", progress):
            predictions = predict_rows(store, rows, loaded, samples=_SAMPLES, seed=seed)
            truth = truth_of(store, predictions.row, autoencoder)
        with status("teaching colours, comparing", progress):
            found = _evaluate(
                store, loaded, autoencoder, predictions, truth, sample=split, seed=seed
            )
        about = _about(loaded, store, predictions, split=split, seed=seed)
        about |= {"limit": limit, "examples": examples}
        evaluation = EncoderEvaluation(about=about, model=about_model, **found)
        write_encoder_evaluation(evaluation, folder)
    return evaluation


def _check_fits(weights: SpectrumWeights, store: DatasetStore) -> None:
    missing = [b for b in weights.bands if b not in store.bands]
    if weights.survey != store.survey or missing:
        raise InputError(
            f"{store.path} holds images of {store.survey} in {', '.join(store.bands)}, the weights "
            f"{weights.name} are for {weights.survey} in {', '.join(weights.bands)}; use a store "
            "of that survey"
        )


def _about(
    weights: SpectrumWeights, store: DatasetStore, found: Predictions, *, split: str, seed: int
) -> dict[str, Any]:
    return {
        "weights": weights.name,
        "weights_fingerprint": weights.encoder.fingerprint,
        "decoder_fingerprint": weights.decoder.fingerprint,
        "store": store.path.name,
        "store_fingerprint": store.fingerprint,
        "survey": store.survey,
        "bands": "".join(weights.bands),
        "split": split,
        "seed": seed,
        "samples": _SAMPLES,
        "views": len(found.row),
        "galaxies": len(np.unique(found.galaxy_id)),
        "failed": len(found.failed),
        "latents": weights.latents,
        "version": __version__,
    }


def _evaluate(
    store: DatasetStore,
    weights: SpectrumWeights,
    autoencoder: AutoencoderModel,
    predictions: Predictions,
    truth: Truth,
    *,
    sample: str,
    seed: int,
) -> dict[str, Any]:
    rivals = _rivals(store, weights, autoencoder, predictions.row, seed=seed)
    decoded = {
        name: measure_samples(REST_GRID, *_decoded(autoencoder, numbers))
        for name, numbers in rivals.items()
    }
    departing = measure_departing(
        store, predictions, weights.reference_distances, autoencoder, seed=seed
    )
    scores = list(latent_scores(predictions, truth.target, rivals, sample=sample, seed=seed))
    scores += departing_scores(departing, sample=sample)
    selections = tuple(select(predictions, truth, text) for text in CONDITIONS)
    scores += flux_scores(predictions, truth, sample=sample, seed=seed)
    scores += index_scores(predictions, truth, decoded, sample=sample, seed=seed)
    scores += class_scores(predictions, truth, decoded, sample=sample, seed=seed)
    for selection in selections:
        scores += selection_scores(selection, predictions.galaxy_id, sample=sample, seed=seed)
    quantities = _quantities(store, predictions.row)
    scores += bin_scores(predictions, truth, quantities, sample=sample, seed=seed)
    return {
        "predictions": predictions,
        "truth": truth,
        "rivals": rivals,
        "flux_coverage": flux_coverage(predictions, truth),
        "confusion": confusion(truth, predictions),
        "selections": selections,
        "departing": departing,
        "scores": tuple(scores),
    }


def _decoded(
    autoencoder: AutoencoderModel, numbers: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Spectra and their stars, (N, 1000) each, of latents and log10 of the norm."""
    norm = 10.0 ** numbers[:, -1:]
    spectra, stars = autoencoder.decode(numbers[:, :-1])
    return (norm * spectra).astype(np.float32), (norm * stars).astype(np.float32)


def _rivals(
    store: DatasetStore,
    weights: SpectrumWeights,
    autoencoder: AutoencoderModel,
    rows: NDArray[np.int64],
    *,
    seed: int,
) -> Mapping[str, NDArray[np.float64]]:
    taught = spread_over(store.indices("train"), _MOST_LEARNT_FROM)
    if len(taught) <= len(MEASURED):
        return {}
    target = truth_of(store, taught, autoencoder).target
    features, asked = (features_of(store, r, weights.bands, seed=seed) for r in (taught, rows))
    return predict_from_colours(features, target, asked)


def _quantities(store: DatasetStore, rows: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    """What describes galaxies and images: bins are made of it."""
    mass = store.table["stellar_mass"][rows]
    return {
        "signal_to_noise": np.array([_signal_to_noise(store, i) for i in rows.tolist()]),
        "redshift": store.table["redshift"][rows],
        "log_stellar_mass": np.log10(np.where(mass > 0, mass, np.nan)),
    }


def _signal_to_noise(store: DatasetStore, row: int) -> float:
    """Of the flux in the fibre, in the middle band of the image, without the noise drawn."""
    image = store.image(row)
    band = len(image.bands) // 2
    y, x = np.indices(image.shape)
    height, width = image.shape
    distance = np.hypot(x - 0.5 * (width - 1), y - 0.5 * (height - 1)) * image.pixel_scale
    inside = (distance <= 0.5 * FIBRE_DIAMETER) & ~image.mask
    if not inside.any():
        return np.nan
    return float(image.flux[band][inside].sum() / (image.noise[band] * np.sqrt(inside.sum())))
