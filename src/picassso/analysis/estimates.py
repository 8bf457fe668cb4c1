"""A number with its error, and when there are too few galaxies for either."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["MINIMUM_GALAXIES", "Statistic", "share_of", "statistics"]

MINIMUM_GALAXIES = 5
"""Fewer galaxies have counts, but no statistics."""

_CERTAIN = 1e-9  # a share so close to 0 or 1 differs from it by rounding alone


@dataclass(frozen=True, slots=True)
class Statistic:
    """A number and its bootstrap standard error (NaN where there is too little to tell)."""

    value: float
    error: float = np.nan


def statistics(values: NDArray[np.float64], errors: NDArray[np.float64]) -> list[Statistic]:
    """Numbers with their errors, one by one."""
    return [Statistic(float(v), float(e)) for v, e in zip(values, errors, strict=True)]


def share_of(share: Statistic, *, galaxies: int) -> Statistic:
    """A share of values of some galaxies, with an error where all or none of them fulfil it.

    There every draw of a bootstrap gives the same. The error is then how far the share of the
    population may lie from 0 or 1 by Wilson's interval of one sigma, 1 / (galaxies + 1) (Wilson
    1927, J. Am. Stat. Assoc. 22, 209), each galaxy counting once.
    """
    certain = min(share.value, 1.0 - share.value) < _CERTAIN
    if not certain or galaxies == 0:
        return share
    return Statistic(share.value, float(np.fmax(share.error, 1.0 / (galaxies + 1))))
