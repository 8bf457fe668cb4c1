"""Galaxies that depart from a learned mapping: latents predicted against latents observed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import InputError

__all__ = [
    "Departures",
    "calibrated_p_value",
    "chi_squared_p_value",
    "departures",
    "select_outliers",
]


_LEAST_EIGENVALUE = 1e-12
"""Of a correlation matrix that is told from a singular one."""


@dataclass(frozen=True, slots=True)
class Departures:
    """How far observed latents lie from those predicted, in units of both uncertainties.

    Parameters
    ----------
    distance : (N,) array
        Squared Mahalanobis distance; NaN where a latent is not known or the sum of the
        covariances is not positive definite.
    contribution : (N, D) array
        Non-negative parts of the distance, which they add up to: what each latent has in it.
    pull : (N, D) array
        Observed minus predicted, each in units of its own uncertainty, correlations apart.
    p_value : (N,) array
        Probability of a larger distance if both covariances are right and all is Gaussian.
    """

    distance: NDArray[np.float64]
    contribution: NDArray[np.float64]
    pull: NDArray[np.float64]
    p_value: NDArray[np.float64]


def departures(
    predicted_mean: ArrayLike,
    predicted_covariance: ArrayLike,
    observed_mean: ArrayLike,
    observed_covariance: ArrayLike,
) -> Departures:
    """Compare predicted with observed latents.

    The distance is d^T (C_predicted + C_observed)^-1 d with d the difference of the means. The
    parts of the latents are those of the difference once it is whitened with as little change of
    each latent as can be (ZCA-cor: Kessy, Lewin & Strimmer 2018, Am. Stat. 72, 309; as parts of a
    quadratic form: Garthwaite & Koch 2016, Aust. N. Z. J. Stat. 58, 99).

    Parameters
    ----------
    predicted_mean, observed_mean : (N, D) array
        NaN where not known.
    predicted_covariance, observed_covariance : (N, D, D) array, or (D, D) for all

    Raises
    ------
    InputError
        If shapes disagree.
    """
    difference = np.asarray(observed_mean, np.float64) - np.asarray(predicted_mean, np.float64)
    covariance = _sum(predicted_covariance, observed_covariance, shape=difference.shape)
    size = difference.shape[1]
    sigma = np.sqrt(np.maximum(np.diagonal(covariance, axis1=1, axis2=2), 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        pull = difference / sigma
        correlation = covariance / (sigma[:, :, None] * sigma[:, None, :])
    whole: NDArray[np.bool_] = np.asarray(np.isfinite(correlation).all(axis=(1, 2)))
    values, vectors = np.linalg.eigh(np.where(whole[:, None, None], correlation, np.eye(size)))
    whole = whole & (values > _LEAST_EIGENVALUE).all(axis=1) & np.isfinite(pull).all(axis=1)
    values = np.where(whole[:, None], values, np.nan)
    along = np.einsum("nji,nj->ni", vectors, pull) / np.sqrt(values)
    whitened = np.einsum("nij,nj->ni", vectors, along)
    distance = (whitened**2).sum(axis=1)
    return Departures(distance, whitened**2, pull, chi_squared_p_value(distance, size))


def chi_squared_p_value(distance: ArrayLike, degrees: int) -> NDArray[np.float64]:
    """(...) probability that chi-squared of so many degrees of freedom exceeds a distance."""
    from scipy.special import chdtrc

    return chdtrc(float(degrees), np.asarray(distance, dtype=np.float64))


def calibrated_p_value(distance: ArrayLike, reference: ArrayLike) -> NDArray[np.float64]:
    """p-values among the distances of a reference sample.

    (1 + number of reference distances at least as large) / (n + 1): if the galaxy is of the same
    kind as those of reference, at most a part p of all draws has a value up to p, whatever the
    distribution and however wrong the covariances (conformal p-values: Vovk et al. 2005; Bates et
    al. 2023, Ann. Stat. 51, 149). No value lies below 1 / (n + 1): the tail beyond the reference
    is not known, and nothing is made up for it.

    Parameters
    ----------
    distance : (...) array
        NaN where not known.
    reference : (n,) array
        Distances of galaxies that obey the mapping and were not used to learn it, one a galaxy;
        NaN is left out. Where they chose the best weights, p-values are a little too small.

    Raises
    ------
    InputError
        If no reference distance is known.
    """
    distance = np.asarray(distance, dtype=np.float64)
    known = np.asarray(reference, dtype=np.float64)
    known = np.sort(known[~np.isnan(known)])
    if not known.size:
        raise InputError("no distance of the reference sample is known; give some that are")
    larger = known.size - np.searchsorted(known, distance, side="left")
    p_value = (1.0 + larger) / (known.size + 1.0)
    return np.where(np.isnan(distance), np.nan, p_value)


def select_outliers(p_value: ArrayLike, *, false_discovery_rate: float) -> NDArray[np.bool_]:
    """(N,) which galaxies to call outliers, so that few of them are none.

    Benjamini & Hochberg 1995 (J. R. Stat. Soc. B 57, 289): of those selected at most this part is
    expected to obey the mapping. With `calibrated_p_value` nothing can be selected among N
    galaxies unless the reference sample has about N / (rate x number of outliers) of them.

    Parameters
    ----------
    p_value : (N,) array
        NaN is never selected.
    false_discovery_rate : float
        Between 0 and 1.
    """
    p = np.asarray(p_value, dtype=np.float64)
    if not 0 < false_discovery_rate < 1:
        raise InputError(
            f"false discovery rate is {false_discovery_rate}, expected between 0 and 1"
        )
    known = np.sort(p[~np.isnan(p)])
    below = known <= false_discovery_rate * np.arange(1, known.size + 1) / max(known.size, 1)
    if not below.any():
        return np.zeros(p.shape, dtype=bool)
    return p <= known[np.flatnonzero(below)[-1]]


def _sum(a: ArrayLike, b: ArrayLike, *, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """(N, D, D) sum of two covariances, each of all or of every galaxy."""
    whole = (*shape, shape[-1])
    both = [np.asarray(c, dtype=np.float64) for c in (a, b)]
    if len(shape) != 2 or any(c.shape not in (whole, whole[1:]) for c in both):
        raise InputError(
            f"latents have shape {shape} and covariances {[c.shape for c in both]}, expected "
            f"(N, D) and {whole} or {whole[1:]}"
        )
    return np.broadcast_to(both[0] + both[1], whole)
