"""Where samples of predictions must lie for their intervals to hold what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.analysis.spectra.posterior import sample_quantiles
from picassso.core import InputError

__all__ = ["CENTRAL", "Recalibration", "central_interval", "standardise"]

CENTRAL = 0.6827
"""Share of a normal distribution within one standard deviation."""

_ENDS = (0.5 - CENTRAL / 2, 0.5, 0.5 + CENTRAL / 2)

_BINS = 5
_FEWEST = 20
"""Predictions in a bin, below which there is one bin for all; of all, below which there is none."""

_LEAST, _MOST = 0.2, 5.0
"""Factors by which a side of an interval may be stretched."""

_FARTHEST = 1.0
"""Sides of an interval by which its median may be moved."""


@dataclass(frozen=True, slots=True)
class Recalibration:
    """Where the central interval of predictions shall lie, for each of some medians.

    Samples are moved with the ends of their interval: by as much as its median, and stretched
    about it, below and above by factors of their own. Between two medians everything is
    interpolated, beyond them the outermost holds.

    Parameters
    ----------
    medians : tuple of float
        Increasing medians of predictions.
    ends : tuple of (float, float, float)
        For each, where low end, median and high end shall be, in sides of the predicted interval:
        -1, 0, 1 leaves them where they are.
    """

    medians: tuple[float, ...]
    ends: tuple[tuple[float, float, float], ...]

    def __post_init__(self) -> None:
        ordered = all(np.isfinite(self.medians)) and all(
            a < b for a, b in zip(self.medians, self.medians[1:], strict=False)
        )
        rising = all(low < middle < high for low, middle, high in self.ends)
        if len(self.medians) != len(self.ends) or not (self.medians and ordered and rising):
            raise InputError(
                f"recalibration: medians {self.medians} and ends {self.ends}, expected as many of "
                "both, at least one, increasing medians, and increasing ends"
            )

    @classmethod
    def fit(cls, interval: ArrayLike, truth: ArrayLike) -> Recalibration:
        """What makes intervals hold 68.27% of the truths, half of the rest below, half above.

        Quantiles of the truths in units of what is predicted, as in conformalised quantile
        regression (Romano, Patterson & Candes 2019, NeurIPS 32), within equally full bins of
        the predicted median. Fewer than 20 truths change nothing.

        Parameters
        ----------
        interval : (3, N) array
            Of `central_interval`; NaN where not known.
        truth : (N,) array
            NaN where not known.
        """
        interval = np.asarray(interval, dtype=np.float64)
        place, middle = standardise(truth, interval), interval[1]
        known = np.isfinite(place)
        if known.sum() < _FEWEST:
            return cls((0.0,), ((-1.0, 0.0, 1.0),))
        place, middle = place[known], middle[known]
        order = np.argsort(middle, kind="stable")
        bins = np.array_split(order, _BINS if len(order) >= _BINS * _FEWEST else 1)
        centres, first = np.unique([np.median(middle[b]) for b in bins], return_index=True)
        ends = np.array([_ends(place[bins[k]]) for k in first])
        # Between the bins all is interpolated: one factor more makes up for it on the whole.
        low, shift, high = _interpolated(middle, centres, ends)
        within = (place - shift) / np.where(place > shift, high - shift, shift - low)
        factor = float(sample_quantiles(np.abs(within), CENTRAL, axis=0))
        ends = ends[:, 1:2] + factor * (ends - ends[:, 1:2])
        return cls(tuple(centres.tolist()), tuple(tuple(e) for e in ends.tolist()))

    def apply(self, samples: NDArray[np.floating], *, axis: int) -> NDArray[np.floating]:
        """Samples where they should be; NaN stay NaN, and what does not scatter stays as it is.

        Parameters
        ----------
        samples : array
            Of predictions.
        axis : int
            That of the samples.
        """
        samples = np.asarray(samples, dtype=np.result_type(samples, np.float32))
        interval = np.expand_dims(central_interval(samples, axis=axis), axis % samples.ndim + 1)
        low, middle, high = interval
        to = _interpolated(middle, self.medians, np.array(self.ends)).astype(samples.dtype)
        place = standardise(samples, interval)
        place = to[1] + place * np.where(place > 0, to[2] - to[1], to[1] - to[0])
        moved = middle + place * np.where(place > 0, high - middle, middle - low)
        return np.where(np.isnan(place), samples, moved)


def central_interval(samples: ArrayLike, *, axis: int) -> NDArray[np.floating]:
    """(3, ...) low end, median and high end of the central 68.27% of samples along an axis."""
    return sample_quantiles(samples, _ENDS, axis=axis)


def standardise(values: ArrayLike, interval: NDArray[np.floating]) -> NDArray[np.floating]:
    """Values (...) in sides of an interval (3, ...): -1 at its low end, 0 at its median, 1 high.

    NaN where the side on which a value lies has no width.
    """
    low, middle, high = interval
    away = np.asarray(values) - middle
    side = np.where(away > 0, high - middle, middle - low)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(side > 0, away / side, np.nan)


def _interpolated(
    middle: NDArray[np.floating], medians: ArrayLike, ends: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(3, ...) ends for medians of predictions, of those (K, 3) that are known for K of them."""
    return np.stack([np.interp(middle, np.asarray(medians), end) for end in ends.T])


def _ends(place: NDArray[np.float64]) -> tuple[float, float, float]:
    """Ends of an interval that holds its share of these places."""
    low, middle, high = sample_quantiles(place, _ENDS, axis=0)
    shift = np.clip(middle, -_FARTHEST, _FARTHEST)
    below, above = np.clip([shift - low, high - shift], _LEAST, _MOST)
    return float(shift - below), float(shift), float(shift + above)
