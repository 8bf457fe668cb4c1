"""Evaluate an autoencoder of spectra: what it reconstructs, and whether its latents hold still."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso import __version__
from picassso.analysis.spectra import SpectralPCA
from picassso.archive import DatasetStore
from picassso.archive.fibres import rest_spectra
from picassso.core import InputError, output_folder
from picassso.studies.spectra.constancy import Constancy, constancy_scores, measure_constancy
from picassso.studies.spectra.files import write_autoencoder_evaluation
from picassso.studies.spectra.models import (
    AutoencoderModel,
    ComponentModel,
)
from picassso.studies.spectra.progress import status
from picassso.studies.spectra.reconstruction import (
    Reconstruction,
    reconstruct,
    reconstruction_scores,
)
from picassso.studies.spectra.rows import rows_of
from picassso.studies.spectra.samples import (
    library_spectra,
    mock_sample,
    observed_sample,
    split_in_halves,
)
from picassso.studies.spectra.scores import Score
from picassso.studies.spectra.weights import autoencoder_about, autoencoder_file, load_autoencoder

__all__ = ["AutoencoderEvaluation", "evaluate_autoencoder"]

_LIBRARY_VIEWS = 1000
"""Views whose spectra, and as many around them, are enough for principal components."""

_MOST_HELD_STILL = 100
"""Spectra that are observed 72 times each."""


@dataclass(frozen=True, slots=True, eq=False)
class AutoencoderEvaluation:
    """What an evaluation of an autoencoder found.

    Parameters
    ----------
    about : mapping of str to Any
        Where the numbers come from.
    model : mapping of str to Any
        What the weights say of themselves.
    reconstructions : tuple of Reconstruction
        Of each sample by the autoencoder, then by principal components of equal number.
    constancy : Constancy
        Latents of the same spectra under several conditions.
    scores : tuple of Score
        Every number.
    """

    about: Mapping[str, Any]
    model: Mapping[str, Any]
    reconstructions: tuple[Reconstruction, ...]
    constancy: Constancy
    scores: tuple[Score, ...]


def evaluate_autoencoder(
    weights: str | os.PathLike[str],
    store: str | os.PathLike[str] | DatasetStore,
    *,
    output: str | os.PathLike[str],
    observed: Sequence[str | os.PathLike[str]] = (),
    split: str = "test",
    seed: int = 0,
    limit: int | None = None,
    examples: int = 4,
    progress: bool = True,
) -> AutoencoderEvaluation:
    """Judge an autoencoder by mock spectra that it never saw, and by real ones.

    Mock spectra are those of galaxies of the store, and of others drawn around them, observed as
    SDSS would. Beside the autoencoder stand as many principal components as it has latents,
    fitted on spectra such as it learns from: those of the store's training split, and others
    drawn around them.

    Parameters
    ----------
    weights : path
        A finished run, which is exported into the output first, or the ``.onnx`` file of an
        encoder of spectra with its decoder beside it.
    store : path or DatasetStore
        With spectra.
    output : path
        Folder for ``scores.csv``, ``objects.csv`` and ``evaluation.json``; made if need be.
    observed : sequence of path
        Files and folders of real spectra. Their names split them into two halves: one by which
        choices may be made, one whose numbers may be quoted.
    split : {"train", "validation", "test"}
        Which galaxies.
    seed : int
        Of noise, of what is drawn, and of the bootstrap.
    limit : int, optional
        At most this many views, evenly spread over the split.
    examples : int
        How many spectra of each mock sample the report shows, from good to bad.
    progress : bool
        Say what is being done.

    Raises
    ------
    InputError
        If weights, store or observed spectra cannot be used, or `output` cannot be written to.
    """
    if not isinstance(store, DatasetStore):
        store = DatasetStore.open(store)
    if examples < 0:
        raise InputError(f"examples is {examples}, expected at least 0")
    about = autoencoder_about(weights)
    rows = rows_of(store, split, limit=limit, seed=seed, learnt_from=about)
    real = observed_sample([Path(p) for p in observed]) if observed else None
    with output_folder(Path(output)):
        with status("reading the weights", progress):
            model = load_autoencoder(autoencoder_file(weights, Path(output)))
        with status("fitting principal components", progress):
            beside = _components(store, model.latents, seed=seed)
        with status("observing and reconstructing spectra", progress):
            samples = [mock_sample(store, rows, widened=w, seed=seed) for w in (False, True)]
            samples += split_in_halves(real).values() if real is not None else ()
            found = tuple(reconstruct(sample, m) for sample in samples for m in (model, beside))
        with status("observing the same spectra again and again", progress):
            constancy = _held_still(model, store, rows, seed=seed)
        scores = [score for r in found for score in reconstruction_scores(r, seed=seed)]
        evaluation = AutoencoderEvaluation(
            about={
                "weights": model.encoder.about.get("name", model.encoder.path.stem),
                "weights_fingerprint": model.encoder.fingerprint,
                "decoder_fingerprint": model.decoder.fingerprint,
                "store": store.path.name,
                "store_fingerprint": store.fingerprint,
                "split": split,
                "seed": seed,
                "limit": limit,
                "examples": examples,
                "views": len(rows),
                "galaxies": len(np.unique(store.table["galaxy_id"][rows])),
                "latents": model.latents,
                "observed": sorted({Path(p).name for p in observed}),
                "version": __version__,
            },
            model=model.encoder.about,
            reconstructions=found,
            constancy=constancy,
            scores=(*scores, *constancy_scores(constancy)),
        )
        write_autoencoder_evaluation(evaluation, Path(output))
    return evaluation


def _components(store: DatasetStore, number: int, *, seed: int) -> ComponentModel:
    """Fitted alone: the first of the 30 that an autoencoder carries explain less than these."""
    library = library_spectra(store, limit=_LIBRARY_VIEWS, seed=seed)
    return ComponentModel(SpectralPCA.fit(library, np.ones_like(library), number))


def _held_still(
    model: AutoencoderModel, store: DatasetStore, rows: NDArray[np.int64], *, seed: int
) -> Constancy:
    """On one view each of some galaxies, evenly spread."""
    ids = store.table["galaxy_id"][rows]
    _, first = np.unique(ids, return_index=True)
    first = np.sort(first)
    if len(first) > _MOST_HELD_STILL:
        first = first[np.linspace(0, len(first) - 1, _MOST_HELD_STILL).round().astype(int)]
    return measure_constancy(model, rest_spectra(store, rows[first]), ids[first], seed=seed)
