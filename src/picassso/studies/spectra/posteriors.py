"""Scores of predicted latents, spectra and indices: how far off, and how honest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.spectra import coverage, interval_coverage, uniformity
from picassso.analysis.spectra.measured import MEASURED
from picassso.analysis.spectra.posterior import probability_integral_transform
from picassso.studies.spectra.predictions import Predictions, Truth
from picassso.studies.spectra.reconstruction import REGIONS
from picassso.studies.spectra.scores import Score, measured

__all__ = [
    "JUDGED",
    "LEVELS",
    "NETWORK",
    "bin_scores",
    "flux_coverage",
    "flux_scores",
    "index_scores",
    "latent_ranks",
    "latent_scores",
    "one_view_each",
]

NETWORK = "network"

JUDGED: tuple[str, ...] = (
    "EW_Halpha",
    "EW_OIII5008",
    "EW_OII",
    "EW_Hbeta",
    "D4000",
    "Dn4000",
    "HdeltaA",
    "log_NII_Ha",
    "log_OIII_Hb",
    "log_SII_Ha",
)
"""Indices that are judged, of those that `picassso spectrum` gives."""

LEVELS = (0.68, 0.95)

_ENDS = {0.68: (1, 3), 0.95: (0, 4)}
"""Of `picassso.painting.spectra.QUANTILES`."""


def latent_scores(
    predictions: Predictions,
    target: NDArray[np.float64],
    rivals: Mapping[str, NDArray[np.float64]],
    *,
    sample: str,
    seed: int,
) -> list[Score]:
    """Errors of each latent, of all, and of log10 of the norm, by the network and its rivals."""
    ids = predictions.galaxy_id
    scores = []
    for method, predicted in {NETWORK: predictions.latent_mean, **rivals}.items():
        pairs = np.stack([predicted, target], axis=-1)
        names = [*(f"latent_{k}" for k in range(target.shape[1] - 1)), "log10_norm"]
        for k, name in enumerate(names):
            for statistic, function in _OF_PAIRS.items():
                found = measured(pairs[:, k], ids, function, seed=seed)
                scores.append(Score("latents", sample, method, name, statistic, *found))
        for statistic in ("mse", "rmse"):
            found = measured(pairs[:, :-1], ids, _OF_PAIRS[statistic], seed=seed)
            scores.append(Score("latents", sample, method, "latents", statistic, *found))
    for k, name in enumerate(names):
        samples = predictions.latent_samples[:, :, k]
        scores += _honesty("latents", name, target[:, k], samples, ids, sample=sample, seed=seed)
    return scores


_OF_PAIRS: dict[str, Callable[[NDArray[np.float64]], Any]] = {
    "mse": lambda p: np.mean((p[..., 0] - p[..., 1]) ** 2),
    "rmse": lambda p: np.sqrt(np.mean((p[..., 0] - p[..., 1]) ** 2)),
    "bias": lambda p: np.median(p[..., 0] - p[..., 1]),
    "scatter": lambda p: np.std(p[..., 0] - p[..., 1]),
    "robust_scatter": lambda p: _robust(p[..., 0] - p[..., 1]),
    "correlation": lambda p: _correlation(p[..., 0], p[..., 1]),
}
"""Of (n, 2) predicted and true values, or (n, K, 2)."""


def _robust(values: NDArray[np.float64]) -> float:
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))


def _correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    x, y = x - x.mean(), y - y.mean()
    size = np.sqrt((x**2).sum() * (y**2).sum())
    return float((x * y).sum() / size) if size > 0 else np.nan


def latent_ranks(predictions: Predictions, target: NDArray[np.float64]) -> NDArray[np.float64]:
    """(M, D) probability integral transforms of latents, of one view of each galaxy."""
    alone = one_view_each(predictions.galaxy_id)
    return probability_integral_transform(target[alone], predictions.latent_samples[alone])


def flux_coverage(predictions: Predictions, truth: Truth) -> dict[float, NDArray[np.float64]]:
    """By level, (1000,) share of the true flux inside of the bands, pixel by pixel."""
    return {
        level: np.mean(
            (predictions.quantiles[:, low] <= truth.flux)
            & (truth.flux <= predictions.quantiles[:, high]),
            axis=0,
        )
        for level, (low, high) in _ENDS.items()
    }


def flux_scores(
    predictions: Predictions, truth: Truth, *, sample: str, seed: int
) -> Iterator[Score]:
    """Coverage of the bands of flux over all pixels and by region; errors of the median."""
    ids = predictions.galaxy_id
    places = {"flux": np.ones(truth.flux.shape[1], bool), **{r.name: r.pixels for r in REGIONS}}
    for name, pixels in places.items():
        for level, (low, high) in _ENDS.items():
            found = interval_coverage(
                truth.flux[:, pixels],
                predictions.quantiles[:, low][:, pixels],
                predictions.quantiles[:, high][:, pixels],
                level=level,
                galaxy_id=ids,
                seed=seed,
            )
            yield Score(
                "flux",
                sample,
                NETWORK,
                name,
                f"coverage_{level}",
                found.value,
                found.error,
                len(ids),
            )
        level_of = np.median(truth.flux, axis=1, keepdims=True)
        missed = np.median(
            np.abs(predictions.quantiles[:, 2] - truth.flux)[:, pixels] / level_of, axis=1
        )
        found_missed = measured(missed, ids, np.median, seed=seed)
        yield Score("flux", sample, NETWORK, name, "median_error", *found_missed)


def index_scores(
    predictions: Predictions,
    truth: Truth,
    rivals: Mapping[str, NDArray[np.float32]],
    *,
    sample: str,
    seed: int,
) -> Iterator[Score]:
    """Coverage, ranks and errors of indices; rivals are (N, M) numbers."""
    ids = predictions.galaxy_id
    by_method: dict[str, NDArray[Any]] = {NETWORK: predictions.index_medians, **rivals}
    for name in JUDGED:
        k = MEASURED.index(name)
        true, samples = truth.indices[:, k], predictions.index_samples[:, :, k]
        yield from _honesty("indices", name, true, samples, ids, sample=sample, seed=seed)
        for method, medians in by_method.items():
            pairs = np.stack([medians[:, k], true], axis=-1)
            for statistic, function in _OF_PAIRS.items():
                found_pairs = measured(pairs, ids, function, seed=seed)
                yield Score("indices", sample, method, name, statistic, *found_pairs)


def _honesty(
    part: str,
    name: str,
    true: NDArray[np.floating],
    samples: NDArray[np.floating],
    ids: NDArray[np.str_],
    *,
    sample: str,
    seed: int,
) -> Iterator[Score]:
    """How often intervals of samples (N, S) hold the truth (N,), and whether ranks are uniform."""
    for found in coverage(true, samples, galaxy_id=ids, levels=LEVELS, seed=seed):
        yield Score(
            part, sample, NETWORK, name, f"coverage_{found.level}",
            found.value, found.error, found.count,
        )  # fmt: skip
    alone = one_view_each(ids)
    ranks = probability_integral_transform(true[alone], samples[alone])
    known = int(np.isfinite(ranks).sum())
    if known:
        for statistic, value in zip(
            ("rank_distance", "rank_p_value"), uniformity(ranks), strict=True
        ):
            yield Score(part, sample, NETWORK, name, statistic, value, count=known)


def bin_scores(
    predictions: Predictions,
    truth: Truth,
    quantities: Mapping[str, NDArray[np.float64]],
    *,
    sample: str,
    seed: int,
    bins: int = 4,
) -> Iterator[Score]:
    """Quality in equally full bins of what describes galaxies and images."""
    ids = predictions.galaxy_id
    inside = (predictions.quantiles[:, 1] <= truth.flux) & (
        truth.flux <= predictions.quantiles[:, 3]
    )
    k = MEASURED.index("EW_Halpha")
    width = np.stack([predictions.index_medians[:, k], truth.indices[:, k]], axis=-1)
    pairs = np.stack([predictions.latent_mean, truth.target], axis=-1)
    rows: dict[str, tuple[NDArray[np.float64], Callable[[NDArray[np.float64]], Any]]] = {
        "flux_coverage_0.68": (inside.mean(axis=1), np.mean),
        "EW_Halpha_robust_scatter": (width, _OF_PAIRS["robust_scatter"]),
        "latents_rmse": (pairs[:, :-1], _OF_PAIRS["rmse"]),
        "log10_norm_scatter": (pairs[:, -1], _OF_PAIRS["scatter"]),
    }
    for quantity, values in quantities.items():
        edges = np.unique(np.quantile(values[np.isfinite(values)], np.linspace(0, 1, bins + 1)))
        for low, high in pairwise(edges):
            last = high == edges[-1]
            within = (values >= low) & ((values <= high) if last else (values < high))
            for statistic, (numbers, function) in rows.items():
                found = measured(numbers[within], ids[within], function, seed=seed)
                yield Score(
                    "bins", sample, NETWORK, quantity, statistic, *found,
                    by=quantity, low=float(low), high=float(high),
                )  # fmt: skip


def one_view_each(galaxy_id: NDArray[np.str_]) -> NDArray[np.intp]:
    """Rows of the first view of each galaxy: those are independent."""
    return np.sort(np.unique(galaxy_id, return_index=True)[1])
