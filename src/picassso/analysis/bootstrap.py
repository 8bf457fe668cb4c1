"""Errors by drawing galaxies, not views: the views of one galaxy err together."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["GalaxyCounts", "Replicates", "bootstrap"]

_BLOCK = 16
"""Galaxies to one matrix product."""


def bootstrap(
    estimate: Callable[[NDArray[np.intp]], NDArray[np.float64]],
    galaxy_id: ArrayLike,
    *,
    bootstraps: int,
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Numbers of a sample, and their standard errors.

    Parameters
    ----------
    estimate : callable
        From how often each row is drawn, (N,) int, to an array of numbers, always of one shape.
    galaxy_id : (N,) array
        Whom each row shows; a draw takes a galaxy with all its rows (Efron 1979, with galaxies
        as the units).
    bootstraps : int
        Number of draws; 0 leaves the errors NaN.
    seed : int
        Of the draws.

    Returns
    -------
    values, errors : array
        Both of the shape that `estimate` gives; an error is NaN where there are fewer than two
        galaxies or fewer than two draws with a finite number.
    """
    _, galaxy = np.unique(np.asarray(galaxy_id), return_inverse=True)
    values = estimate(np.ones(len(galaxy), dtype=np.intp))
    galaxies = int(galaxy.max()) + 1 if len(galaxy) else 0
    draws = []
    if galaxies > 1:
        draws = [estimate(times[galaxy]) for times in _draws(galaxies, bootstraps, seed)]
    return values, _spread(np.array(draws).reshape(len(draws), *values.shape))


@lru_cache(maxsize=8)
def _draws(galaxies: int, bootstraps: int, seed: int) -> NDArray[np.intp]:
    """(bootstraps, galaxies) how often each galaxy is drawn."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(galaxies, size=(bootstraps, galaxies))
    counts = [np.bincount(d, minlength=galaxies) for d in drawn]
    return np.reshape(counts, (bootstraps, galaxies))


class Replicates:
    """Sums that come image after image, with replicates for a Poisson bootstrap over galaxies.

    Each galaxy has a Poisson weight of mean 1 in each replicate, drawn from its name (Chamandy et
    al. 2012), so that all its views weigh the same, in whatever order they come. Galaxies wait
    until there are enough of them for one matrix product. Memory does not grow with the number of
    images.

    Parameters
    ----------
    size : int
        How many sums there are.
    bootstraps : int
        Number of replicates.
    seed : int
        Of the weights.
    """

    def __init__(self, size: int, *, bootstraps: int, seed: int) -> None:
        # Column 0 holds the data themselves, the others the replicates.
        self._sums = np.zeros((size, bootstraps + 1))
        self._seed = seed
        self._waiting = np.zeros((_BLOCK, size))
        self._galaxies: list[str] = []
        self._last: str | None = None
        self._several = False

    def add(self, values: NDArray[np.floating] | NDArray[np.integer], *, galaxy_id: str) -> None:
        """Add (size,) values to the sums."""
        self._several |= self._last not in (None, galaxy_id)
        if not self._galaxies or self._last != galaxy_id:
            if len(self._galaxies) == _BLOCK:
                self._weigh()
            self._galaxies.append(galaxy_id)
        self._last = galaxy_id
        self._waiting[len(self._galaxies) - 1] += values

    def _weigh(self) -> None:
        """Add those waiting to the sums."""
        replicates = self._sums.shape[1] - 1
        for_each = [_weights(g, self._seed, replicates) for g in self._galaxies]
        if for_each:
            waiting = self._waiting[: len(for_each)]
            self._sums += waiting.T @ np.array(for_each)
            waiting[:] = 0.0
            self._galaxies.clear()

    def estimate(
        self, function: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What a function makes of the sums, and its standard error.

        Parameters
        ----------
        function : callable
            From (size,) sums to an array of numbers, always of one shape.
        """
        self._weigh()
        values = function(self._sums[:, 0])
        replicates = self._sums.shape[1] - 1 if self._several else 0
        draws = [function(self._sums[:, k + 1]) for k in range(replicates)]
        return values, _spread(np.array(draws).reshape(replicates, *values.shape))


class GalaxyCounts:
    """How many galaxies there are of each of some kinds, as they come image after image.

    Parameters
    ----------
    kinds : int
        How many.
    most : int
        Count no farther: memory does not grow with the number of galaxies.
    """

    def __init__(self, kinds: int, *, most: int = 1000) -> None:
        self._most = most
        self._galaxies: list[set[str]] = [set() for _ in range(kinds)]

    def add(self, present: Iterable[bool], *, galaxy_id: str) -> None:
        """Say of which kinds a galaxy is, as one of its images shows it."""
        for galaxies, here in zip(self._galaxies, present, strict=True):
            if here and len(galaxies) < self._most:
                galaxies.add(galaxy_id)

    @property
    def numbers(self) -> list[int]:
        """Of each kind."""
        return [len(galaxies) for galaxies in self._galaxies]


@lru_cache(maxsize=4 * _BLOCK)
def _weights(galaxy_id: str, seed: int, n: int) -> NDArray[np.float64]:
    """One, and the weights of a galaxy in n replicates."""
    rng = np.random.default_rng([seed, zlib.crc32(galaxy_id.encode())])
    return np.concatenate([[1.0], rng.poisson(1.0, n)])


def _spread(draws: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard deviation along the first axis of what is finite.

    A draw without a finite number (an infinite bias, an empty bin) tells nothing of the error.
    """
    finite = np.isfinite(draws)
    n = finite.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(finite, draws, 0.0).sum(axis=0) / n
        squares = np.where(finite, (draws - mean) ** 2, 0.0).sum(axis=0)
        return np.where(n > 1, np.sqrt(squares / (n - 1)), np.nan)
