"""Whether the latents of a spectrum depend on how it was observed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.observatory.spectra.inverse_variances import inverse_variances
from picassso.studies.spectra.models import AutoencoderModel
from picassso.studies.spectra.scores import Score

__all__ = [
    "BAR",
    "REDSHIFTS",
    "SIGNALS",
    "Constancy",
    "condition_name",
    "constancy_scores",
    "measure_constancy",
]

REDSHIFTS: tuple[float, ...] = (0.03, 0.08, 0.15)
SIGNALS: tuple[float, ...] = (5.0, 10.0, 30.0)
"""Median signal to noise a pixel, as SDSS quotes it."""

DRAWS = 8
"""Of the noise, in each condition."""

BAR = 0.2
"""Standard deviations of the population that no latent should move by."""


@dataclass(frozen=True, slots=True, eq=False)
class Constancy:
    """Latents of the same spectra under several conditions.

    Parameters
    ----------
    galaxy_id : (N,) array of str
        Whose they are.
    shift : (Z, S, D, N, K) array
        Latents of D observations at each redshift and signal to noise, less those of the
        spectrum without noise and gaps [standard deviations of the population].
    """

    galaxy_id: NDArray[np.str_]
    shift: NDArray[np.float64]

    @property
    def systematic(self) -> NDArray[np.float64]:
        """(Z, S, N, K) mean over the draws of noise."""
        return self.shift.mean(axis=2)

    @property
    def scatter(self) -> NDArray[np.float64]:
        """(Z, S, N, K) standard deviation over the draws of noise."""
        return self.shift.std(axis=2, ddof=1)

    def bias(self, place: tuple[slice, slice]) -> NDArray[np.float64]:
        """(K,) root mean square of the systematic shift, freed of what noise is left in it."""
        leftover = np.mean(self.scatter[place] ** 2, axis=(0, 1, 2)) / self.shift.shape[2]
        found = np.mean(self.systematic[place] ** 2, axis=(0, 1, 2)) - leftover
        return np.sqrt(np.maximum(found, 0.0))


def measure_constancy(
    model: AutoencoderModel,
    flux: NDArray[np.float32],
    galaxy_id: NDArray[np.str_],
    *,
    seed: int,
) -> Constancy:
    """Observe noise-free spectra (N, 1000) at rest under nine conditions, eight times each."""
    reference = model.encode_clean(flux).latents
    shift = np.empty((len(REDSHIFTS), len(SIGNALS), DRAWS, *reference.shape))
    for i, redshift in enumerate(REDSHIFTS):
        for j, signal in enumerate(SIGNALS):
            weight = inverse_variances(
                flux, np.full(len(flux), redshift), signal_to_noise=np.full(len(flux), signal)
            )
            with np.errstate(divide="ignore"):
                sigma = np.where(weight > 0, 1.0 / np.sqrt(weight), 0.0)
            for k in range(DRAWS):
                rng = np.random.default_rng([seed, 3, i, j, k])
                noise = sigma * rng.standard_normal(flux.shape)
                seen = (flux + noise).astype(np.float32)
                shift[i, j, k] = model.encode(seen, weight).latents - reference
    return Constancy(galaxy_id, shift)


def constancy_scores(found: Constancy) -> list[Score]:
    """Of each latent, and of the one that moves most, over all conditions and in each."""
    conditions: dict[str, tuple[slice, slice]] = {"all": (slice(None), slice(None))}
    for i, z in enumerate(REDSHIFTS):
        for j, s in enumerate(SIGNALS):
            conditions[condition_name(z, s)] = (slice(i, i + 1), slice(j, j + 1))
    scores = []
    for name, place in conditions.items():
        kinds = {
            "single": np.abs(found.shift[place]),
            "systematic": np.abs(found.systematic[place]),
            "scatter": found.scatter[place],
        }
        for kind, values in kinds.items():
            columns = {f"latent_{k}": values[..., k] for k in range(values.shape[-1])}
            for quantity, moved in (columns | {"largest": values.max(axis=-1)}).items():
                known = moved[np.isfinite(moved)]
                if not known.size:
                    continue
                for statistic, function in _STATISTICS.items():
                    value, count = float(function(known)), len(found.galaxy_id)
                    scores.append(
                        Score("constancy", name, kind, quantity, statistic, value, count=count)
                    )
        bias = found.bias(place)
        for k, value in enumerate(bias):
            count = len(found.galaxy_id)
            scores.append(
                Score("constancy", name, "systematic", f"latent_{k}", "bias", value, count=count)
            )
    return scores


def condition_name(redshift: float, signal: float) -> str:
    """How a condition is called in scores."""
    return f"z = {redshift:g}, S/N = {signal:g}"


_STATISTICS: dict[str, Callable[[NDArray[np.float64]], Any]] = {
    "median": np.median,
    "p95": lambda v: np.percentile(v, 95),
    "maximum": np.max,
    "share_within_0.2": lambda v: np.mean(v <= BAR),
}
