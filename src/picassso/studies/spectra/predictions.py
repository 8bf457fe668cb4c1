"""What an encoder of images predicts of the galaxies of a store, and what is true of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.spectra import CLASSIFIED, classify
from picassso.analysis.spectra.measured import MEASURED, measure_samples
from picassso.archive import DatasetStore
from picassso.archive.fibres import rest_light
from picassso.core import REST_GRID, InputError
from picassso.painting.spectra import SpectrumWeights, predict_spectra
from picassso.studies.spectra.models import AutoencoderModel

__all__ = ["Predictions", "Truth", "classes_of", "predict_rows", "truth_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Posteriors of the spectra of N views, as `picassso spectrum` gives them.

    Parameters
    ----------
    row : (N,) int array
        Of the store.
    galaxy_id : (N,) array of str
        Whom each shows.
    latent_mean, latent_covariance : (N, D), (N, D, D) array
        Z-scored latents and, last, log10 of the norm.
    latent_samples : (N, S, D) float32 array
        Draws of them.
    quantiles : (N, 5, 1000) float32 array
        Of flux, at `picassso.painting.spectra.QUANTILES`.
    index_samples : (N, S, M) float32 array
        Of the numbers `MEASURED`; NaN where a sample has none.
    failed : dict of int to str
        Rows that could not be predicted, and why.
    """

    row: NDArray[np.int64]
    galaxy_id: NDArray[np.str_]
    latent_mean: NDArray[np.float64]
    latent_covariance: NDArray[np.float64]
    latent_samples: NDArray[np.float32]
    quantiles: NDArray[np.float32]
    index_samples: NDArray[np.float32]
    failed: dict[int, str]

    @property
    def classes(self) -> NDArray[np.int8]:
        """(N, S) classes of emission of the samples."""
        return classes_of(self.index_samples)

    @property
    def index_medians(self) -> NDArray[np.float64]:
        """(N, M) medians over the samples; NaN where fewer than half have a number."""
        samples = self.index_samples
        enough = np.isfinite(samples).mean(axis=1) >= 0.5
        filled = np.where(np.isfinite(samples).any(axis=1, keepdims=True), samples, 0.0)
        return np.where(enough, np.nanmedian(filled, axis=1), np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What is true of N views.

    Parameters
    ----------
    flux : (N, 1000) float32 array
        Without noise, at the resolution of SDSS.
    target : (N, D) array
        What the encoder should have said: latents of the autoencoder, and log10 of the norm.
    indices : (N, M) float32 array
        Of the numbers `MEASURED`, the stars subtracted as they truly are.
    """

    flux: NDArray[np.float32]
    target: NDArray[np.float64]
    indices: NDArray[np.float32]

    @property
    def classes(self) -> NDArray[np.int8]:
        """(N,) of emission."""
        return classes_of(self.indices)


def predict_rows(
    store: DatasetStore,
    rows: NDArray[np.int64],
    weights: SpectrumWeights,
    *,
    samples: int,
    seed: int,
) -> Predictions:
    """Predict the spectra of rows of a store, with noise of their own on each image.

    Raises
    ------
    InputError
        If none can be predicted.
    """
    images = (store.observed(i, np.random.default_rng([seed, i])) for i in rows.tolist())
    found, failed = [], {}
    for row, one in zip(
        rows.tolist(), predict_spectra(images, weights, samples=samples, seed=seed), strict=True
    ):
        if isinstance(one, InputError):
            failed[row] = str(one)
        else:
            latents = (one.latent_mean, one.latent_covariance, one.latent_samples)
            found.append((row, one.galaxy_id, *latents, one.quantiles, one.index_samples))
    if not found:
        raise InputError(f"{store.path}: no spectrum could be predicted ({failed[int(rows[0])]})")
    row, galaxy_id, mean, covariance, drawn, quantiles, numbers = zip(*found, strict=True)
    return Predictions(
        row=np.array(row),
        galaxy_id=np.array(galaxy_id),
        latent_mean=np.stack(mean).astype(np.float64),
        latent_covariance=np.stack(covariance).astype(np.float64),
        latent_samples=np.stack(drawn),
        quantiles=np.stack(quantiles),
        index_samples=np.stack(numbers),
        failed=failed,
    )


def truth_of(store: DatasetStore, rows: NDArray[np.int64], autoencoder: AutoencoderModel) -> Truth:
    """True spectra, what an autoencoder makes of them, and what is measured on them."""
    flux, stars = rest_light(store, rows)
    found = autoencoder.encode_clean(flux)
    target = np.column_stack([found.latents, np.log10(found.norm)])
    return Truth(flux, target, measure_samples(REST_GRID, flux, stars))


def classes_of(numbers: NDArray[np.float32]) -> NDArray[np.int8]:
    """(...) classes of emission of numbers (..., M) in the order of `MEASURED`."""
    return classify(*(numbers[..., MEASURED.index(name)] for name in CLASSIFIED))
