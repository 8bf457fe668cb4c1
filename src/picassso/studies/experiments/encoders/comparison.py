"""Whether one network errs less than another: paired over test galaxies and over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.bootstrap import bootstrap
from picassso.studies.experiments.encoders.trial import TestedLatents

__all__ = ["BOOTSTRAPS", "Comparison", "compare"]

BOOTSTRAPS = 500


@dataclass(frozen=True, slots=True)
class Comparison:
    """Mean squared error of one arm less that of another.

    Parameters
    ----------
    first, second : str
        The arms.
    difference : float
        Negative where the first errs less.
    galaxies, seeds : float
        Its standard errors over test galaxies and over seeds; NaN where there are fewer than two.
    p_value : float
        Two-sided; NaN where an error is unknown.
    """

    first: str
    second: str
    difference: float
    galaxies: float
    seeds: float
    p_value: float

    @property
    def error(self) -> float:
        """Standard error over both."""
        return float(np.hypot(self.galaxies, self.seeds))


def compare(
    first: tuple[str, Sequence[TestedLatents]],
    second: tuple[str, Sequence[TestedLatents]],
    *,
    seed: int,
) -> Comparison:
    """Compare the networks of two arms, those of one seed with each other.

    The variance of the difference is the sum of two: over galaxies, by a bootstrap of the mean
    over the seeds; and over seeds, of the mean over the galaxies. Student's t has as many
    degrees of freedom as such a sum has by Welch (1947, Biometrika 34, 28).

    Parameters
    ----------
    first, second : str, sequence of TestedLatents
        Label of an arm, and its networks on the same views, seed by seed.
    seed : int
        Of the bootstrap.
    """
    pairs = zip(first[1], second[1], strict=True)
    differences = np.array([(a.squares - b.squares).mean(axis=1) for a, b in pairs])  # (S, N)
    galaxy_id = first[1][0].galaxy_id
    per_view = differences.mean(axis=0)

    def mean(times: NDArray[np.intp]) -> NDArray[np.float64]:
        return np.asarray(times @ per_view / times.sum())

    value, over_galaxies = bootstrap(mean, galaxy_id, bootstraps=BOOTSTRAPS, seed=seed)
    of_seeds = differences.mean(axis=1)
    n = len(of_seeds)
    over_seeds = float(of_seeds.std(ddof=1) / np.sqrt(n)) if n > 1 else np.nan
    parts = (
        (float(over_galaxies), len(np.unique(galaxy_id)) - 1),
        (over_seeds, n - 1),
    )
    return Comparison(
        first[0], second[0], float(value), parts[0][0], over_seeds, _p_value(float(value), parts)
    )


def _p_value(value: float, parts: Sequence[tuple[float, int]]) -> float:
    """Two-sided probability of a value so far from 0, of standard errors and their degrees."""
    from scipy.stats import t

    variances = np.array([error**2 for error, _ in parts])
    if not np.isfinite(variances).all():
        return np.nan
    if variances.sum() == 0:  # twins
        return 1.0 if value == 0 else 0.0
    degrees = variances.sum() ** 2 / np.sum(variances**2 / [freedom for _, freedom in parts])
    return float(2.0 * t.sf(abs(value) / np.sqrt(variances.sum()), degrees))
