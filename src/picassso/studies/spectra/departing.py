"""Whether galaxies whose spectra do not go with their images are found, and no others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.spectra import calibrated_p_value, departures, uniformity
from picassso.archive import DatasetStore
from picassso.studies.spectra.models import AutoencoderModel, Encoded
from picassso.studies.spectra.posteriors import NETWORK, one_view_each
from picassso.studies.spectra.predictions import Predictions
from picassso.studies.spectra.samples import mock_sample
from picassso.studies.spectra.scores import Score

__all__ = ["SHIFTS", "Departing", "departing_scores", "measure_departing"]

SHIFTS = (1.0, 2.0, 4.0)
"""Standard deviations of the population, in a direction drawn at random."""

THRESHOLDS = (0.05, 0.01)


@dataclass(frozen=True, slots=True, eq=False)
class Departing:
    """p-values of test galaxies, as they are and changed.

    Parameters
    ----------
    gaussian : (n,) array
        Of the galaxies as they are, if all covariances were right.
    calibrated : mapping of str to (n,) array
        Among the distances of the reference galaxies: ``"as they are"``, ``"swapped"`` (with the
        spectrum of another galaxy), ``"widened"`` (with one drawn around their own), and
        ``"shifted by 1"`` and so on.
    reference : int
        Number of reference galaxies.
    """

    gaussian: NDArray[np.float64]
    calibrated: Mapping[str, NDArray[np.float64]]
    reference: int


def measure_departing(
    store: DatasetStore,
    predictions: Predictions,
    reference: NDArray[np.float64],
    autoencoder: AutoencoderModel,
    *,
    seed: int,
) -> Departing:
    """Compare predicted with observed latents, of noisy spectra of one view of each galaxy.

    The norm is left out: brightness goes with the image whatever the spectrum is. `reference` is
    what the weights carry, the distances of validation galaxies.
    """
    alone = one_view_each(predictions.galaxy_id)
    own = _observed(store, predictions, alone, autoencoder, seed=seed)
    rng = np.random.default_rng([seed, 5])
    direction = rng.standard_normal(own.latents.shape)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    order = rng.permutation(len(alone))
    other = np.empty_like(order)
    other[order] = np.roll(order, 1)  # nobody keeps its own
    widened = _observed(store, predictions, alone, autoencoder, seed=seed, widened=True)
    changed = {
        "as they are": own,
        "swapped": _rows(own, other),
        "widened": widened,
        **{f"shifted by {s:g}": _shifted(own, s * direction) for s in SHIFTS},
    }
    distances = {name: _compare(predictions, alone, of) for name, of in changed.items()}
    return Departing(
        gaussian=distances["as they are"][1],
        calibrated={n: calibrated_p_value(d, reference) for n, (d, _) in distances.items()},
        reference=int(np.isfinite(reference).sum()),
    )


def _observed(
    store: DatasetStore,
    predictions: Predictions,
    which: NDArray[np.intp],
    autoencoder: AutoencoderModel,
    *,
    seed: int,
    widened: bool = False,
) -> Encoded:
    sample = mock_sample(store, predictions.row[which], widened=widened, seed=seed)
    return autoencoder.encode(sample.flux, sample.inverse_variance)


def _compare(
    predictions: Predictions, which: NDArray[np.intp], observed: Encoded
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    latents = observed.latents.shape[1]
    variance = np.exp(observed.log_variance)
    found = departures(
        predictions.latent_mean[which, :latents],
        predictions.latent_covariance[which, :latents, :latents],
        observed.latents,
        variance[:, :, None] * np.eye(latents),
    )
    return found.distance, found.p_value


def _rows(of: Encoded, rows: NDArray[np.intp]) -> Encoded:
    return Encoded(of.latents[rows], of.log_variance[rows], of.norm[rows])


def _shifted(of: Encoded, by: NDArray[np.float64]) -> Encoded:
    return Encoded(of.latents + by, of.log_variance, of.norm)


def departing_scores(found: Departing, *, sample: str) -> Iterator[Score]:
    """Uniformity of what should be uniform, and power against what is changed."""
    own = {"gaussian": found.gaussian, "calibrated": found.calibrated["as they are"]}
    for kind, values in own.items():
        known = int(np.isfinite(values).sum())
        if known:
            for statistic, value in zip(("distance", "p_value"), uniformity(values), strict=True):
                name = f"{kind}_{statistic}"
                yield Score("outliers", sample, NETWORK, "as they are", name, value, count=known)
    for name, values in found.calibrated.items():
        known_values = values[np.isfinite(values)]
        for threshold in THRESHOLDS:
            if not len(known_values):
                continue
            share = float(np.mean(known_values <= threshold))
            error = np.sqrt(share * (1 - share) / len(known_values))
            yield Score(
                "outliers", sample, NETWORK, name, f"share_below_{threshold}",
                share, float(error), len(known_values),
            )  # fmt: skip
