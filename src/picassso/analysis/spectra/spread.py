"""How far intervals of predictions must be stretched to hold the truth as often as they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import InputError

__all__ = ["Spread", "stretch_needed"]

_BINS = 5
_FEWEST = 20
"""Galaxies in a bin, below which there is one bin for all."""

_LEAST, _MOST = 0.2, 5.0


@dataclass(frozen=True, slots=True)
class Spread:
    """Factors on the distance of samples from their median, one for each of some medians.

    Between two of these medians the factor is interpolated, beyond them the outermost holds.

    Parameters
    ----------
    medians, factors : tuple of float
        Increasing medians of predictions, and the factor at each.
    """

    medians: tuple[float, ...]
    factors: tuple[float, ...]

    def __post_init__(self) -> None:
        ordered = all(a < b for a, b in zip(self.medians, self.medians[1:], strict=False))
        if len(self.medians) != len(self.factors) or not self.medians or not ordered:
            raise InputError(
                f"spread: medians {self.medians} and factors {self.factors}, expected as many of "
                "both, at least one, and increasing medians"
            )

    @classmethod
    def fit(cls, quantiles: ArrayLike, truth: ArrayLike, *, level: float) -> Spread:
        """What makes the central intervals of predictions hold the truth, whatever is predicted.

        Split conformal prediction (Lei et al. 2018, J. Am. Stat. Assoc. 113, 1094) within equally
        full bins of the predicted median.

        Parameters
        ----------
        quantiles : (3, N) array
            Low end of the interval, median, and high end; NaN where not known.
        truth : (N,) array
            NaN where not known.
        level : float
            Share of truths that the intervals shall hold.
        """
        low, middle, high = np.asarray(quantiles, dtype=np.float64)
        needed = stretch_needed(low, middle, high, truth)
        known = np.isfinite(needed)
        if not known.any():
            return cls((0.0,), (1.0,))
        middle, needed = middle[known], needed[known]
        order = np.argsort(middle, kind="stable")
        bins = np.array_split(order, _BINS if len(order) >= _BINS * _FEWEST else 1)
        centres = np.array([np.median(middle[b]) for b in bins])
        factors = np.array([np.quantile(needed[b], level) for b in bins]).clip(_LEAST, _MOST)
        centres, first = np.unique(centres, return_index=True)
        return cls(tuple(centres.tolist()), tuple(factors[first].tolist()))

    def stretch(self, samples: NDArray[np.floating], *, axis: int) -> NDArray[np.floating]:
        """Samples as far from their median as they should be; NaN stay NaN.

        Parameters
        ----------
        samples : array
            Of predictions.
        axis : int
            That of the samples.
        """
        some = np.isfinite(samples).any(axis=axis, keepdims=True)
        middle = np.nanmedian(np.where(some, samples, 0.0), axis=axis, keepdims=True)
        factor = np.interp(middle, self.medians, self.factors).astype(samples.dtype)
        return middle + factor * (samples - middle)


def stretch_needed(
    low: ArrayLike, middle: ArrayLike, high: ArrayLike, truth: ArrayLike
) -> NDArray[np.float64]:
    """(...) factor by which an interval must be stretched about its median to reach the truth."""
    low, middle, high, truth = (np.asarray(a, np.float64) for a in (low, middle, high, truth))
    above = truth > middle
    reach = np.where(above, high - middle, middle - low)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(reach > 0, np.abs(truth - middle) / reach, np.nan)
