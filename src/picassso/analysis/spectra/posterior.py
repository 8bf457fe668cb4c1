"""What samples of a posterior say, and whether they say it as often as it is true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.analysis.bootstrap import bootstrap
from picassso.core import InputError

__all__ = [
    "CREDIBLE_LEVELS",
    "Coverage",
    "coverage",
    "credible_band",
    "interval_coverage",
    "probability_integral_transform",
    "sample_quantiles",
    "uniformity",
]

CREDIBLE_LEVELS: tuple[float, ...] = (0.5, 0.68, 0.9, 0.95)
"""Levels of central intervals whose coverage is given unless others are asked for."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often central credible intervals hold the truth.

    Parameters
    ----------
    level : float
        Probability that the intervals claim.
    value : float
        Fraction of true values that they hold.
    error : float
        Standard error, by drawing galaxies.
    count : int
        How many true values there are.
    """

    level: float
    value: float
    error: float
    count: int


def sample_quantiles(samples: ArrayLike, probabilities: ArrayLike, *, axis: int) -> NDArray[Any]:
    """Quantiles of the distribution that samples were drawn from.

    The k-th of S samples is taken as the quantile k / (S + 1) (Weibull 1939): between two of these
    a further draw falls as often as their difference says, however few samples there are.

    Parameters
    ----------
    samples : array
        NaN is left out.
    probabilities : float or (P,) array
        Between 0 and 1; beyond 1 / (S + 1) from an end the outermost sample is given.
    axis : int
        That of the samples.

    Returns
    -------
    array
        With the quantiles in place of `axis` dropped, in front if there are several; NaN where no
        sample is known.
    """
    values = np.asarray(samples)
    p = np.asarray(probabilities, dtype=np.float64)
    if ((p < 0) | (p > 1)).any() or np.isnan(p).any():
        raise InputError(f"probabilities of quantiles are {p.tolist()}, expected from 0 to 1")
    if not np.issubdtype(values.dtype, np.floating):
        values = values.astype(np.float64)
    # Side by side samples are sorted many times faster; NaN come last.
    ordered = np.sort(np.ascontiguousarray(np.moveaxis(values, axis, -1)), axis=-1)
    if not np.isnan(ordered[..., -1]).any():
        found = np.stack([_at(ordered, q) for q in p.ravel()])
        return found.reshape((*p.shape, *ordered.shape[:-1]))
    known = ordered.shape[-1] - np.isnan(ordered).sum(axis=-1)
    found = np.full((p.size, *known.shape), np.nan, dtype=ordered.dtype)
    for number in np.unique(known[known > 0]):
        rows = known == number
        found[:, rows] = [_at(ordered[rows, :number], q) for q in p.ravel()]
    return found.reshape((*p.shape, *known.shape))


def _at(ordered: NDArray[Any], probability: float) -> NDArray[Any]:
    """Quantile of samples (..., S) that rise along the last axis."""
    last = ordered.shape[-1] - 1
    rank = min(max(probability * (last + 2) - 1.0, 0.0), float(last))
    below = int(rank)
    low, high = ordered[..., below], ordered[..., min(below + 1, last)]
    return low + ordered.dtype.type(rank - below) * (high - low)


def credible_band(
    samples: ArrayLike, level: float, *, axis: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ends of the central interval of a probability, as `sample_quantiles` of its two ends."""
    low, high = sample_quantiles(samples, [0.5 - level / 2.0, 0.5 + level / 2.0], axis=axis)
    return low, high


def probability_integral_transform(true: ArrayLike, samples: ArrayLike) -> NDArray[np.float64]:
    """Where the truth lies among samples: uniform between 0 and 1 if it is one of them.

    Dawid 1984 (J. R. Stat. Soc. A 147, 278); with r of S samples below the truth (those equal to
    it counting half), (r + 1/2) / (S + 1).

    Parameters
    ----------
    true : (N, ...) array
        NaN where not known.
    samples : (N, S, ...) array
        NaN is left out.

    Returns
    -------
    (N, ...) array
        NaN where the truth or every sample is not known.
    """
    rank, number = _ranks(true, samples)
    return (rank + 0.5) / (number + 1.0)


def coverage(
    true: ArrayLike,
    samples: ArrayLike,
    *,
    galaxy_id: ArrayLike,
    levels: Sequence[float] = CREDIBLE_LEVELS,
    bootstraps: int = 200,
    seed: int = 0,
) -> list[Coverage]:
    """How often central intervals of posterior samples hold the truth.

    Between two neighbouring samples the truth counts by the part of the probability between them
    that belongs to the interval; so a posterior that is right has the coverage that it claims,
    however few samples there are.

    Parameters
    ----------
    true : (N, ...) array
        Numbers, or spectra; NaN where not known.
    samples : (N, S, ...) array
        NaN is left out.
    galaxy_id : (N,) array
        Whom each row shows: the bootstrap draws galaxies.
    levels : sequence of float
        Probabilities of the intervals.
    bootstraps, seed : int
        Of the bootstrap.

    Returns
    -------
    list of Coverage
        One a level.
    """
    rank, number = _ranks(true, samples)
    known = ~np.isnan(rank)
    low, high = (np.where(known, (rank + up) / (number + 1.0), 0.0) for up in (0, 1))
    inside = []
    for level in levels:
        ends = 0.5 - level / 2.0, 0.5 + level / 2.0
        overlap = np.minimum(high, ends[1]) - np.maximum(low, ends[0])
        inside.append(np.maximum(overlap, 0.0) * (number + 1.0))
    return _average(inside, known, levels, galaxy_id, bootstraps=bootstraps, seed=seed)


def interval_coverage(
    true: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    *,
    level: float,
    galaxy_id: ArrayLike,
    bootstraps: int = 200,
    seed: int = 0,
) -> Coverage:
    """How often intervals that are given by their ends hold the truth.

    Parameters
    ----------
    true, low, high : (N, ...) array
        A row with NaN in any of them is left out at that place.
    level : float
        Probability that the intervals claim.
    galaxy_id : (N,) array
        Whom each row shows: the bootstrap draws galaxies.
    bootstraps, seed : int
        Of the bootstrap.
    """
    true, low, high = (np.asarray(a, dtype=np.float64) for a in (true, low, high))
    known = ~(np.isnan(true) | np.isnan(low) | np.isnan(high))
    inside = ((true >= low) & (true <= high)).astype(np.float64)
    return _average([inside], known, [level], galaxy_id, bootstraps=bootstraps, seed=seed)[0]


def uniformity(values: ArrayLike) -> tuple[float, float]:
    """Kolmogorov-Smirnov test of values between 0 and 1 being uniform.

    Parameters
    ----------
    values : (N,) array
        p-values or probability integral transforms of independent galaxies; NaN is left out.

    Returns
    -------
    distance, p_value : float
        Largest difference of the cumulative distributions, and the probability of a larger one.
    """
    from scipy.stats import kstest

    values = np.asarray(values, dtype=np.float64)
    result = kstest(values[~np.isnan(values)], "uniform")
    return float(result.statistic), float(result.pvalue)


def _ranks(true: ArrayLike, samples: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(N, ...) how many samples lie below the truth, NaN where not known, and of how many."""
    true, samples = np.asarray(true), np.asarray(samples)
    if samples.ndim < 2 or samples.shape[:1] + samples.shape[2:] != true.shape:
        raise InputError(
            f"samples have shape {samples.shape} and the truth {true.shape}, expected the samples "
            "along the second axis and all others as those of the truth"
        )
    at = true[:, None]
    rank = (samples < at).sum(axis=1) + 0.5 * (samples == at).sum(axis=1)
    number = (~np.isnan(samples)).sum(axis=1).astype(np.float64)
    return np.where(np.isnan(true) | (number == 0), np.nan, rank), number


def _average(
    inside: list[NDArray[np.float64]],
    known: NDArray[np.bool_],
    levels: Sequence[float],
    galaxy_id: ArrayLike,
    *,
    bootstraps: int,
    seed: int,
) -> list[Coverage]:
    """Mean over what is known, with errors by drawing galaxies."""
    ids = np.asarray(galaxy_id)
    if ids.shape != known.shape[:1]:
        raise InputError(f"galaxy_id has shape {ids.shape}, expected ({len(known)},)")
    rows = tuple(range(1, known.ndim))
    held = np.array([np.where(known, i, 0.0).sum(axis=rows) for i in inside])
    count = known.sum(axis=rows)

    def estimate(times: NDArray[np.intp]) -> NDArray[np.float64]:
        with np.errstate(invalid="ignore"):
            return (held @ times) / (count @ times)

    values, errors = bootstrap(estimate, ids, bootstraps=bootstraps, seed=seed)
    return [
        Coverage(level, float(value), float(error), int(count.sum()))
        for level, value, error in zip(levels, values, errors, strict=True)
    ]
