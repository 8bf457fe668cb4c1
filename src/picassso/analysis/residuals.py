"""Residuals, log10(true / predicted), and statistics of totals that are taken many times."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import InputError, Maps

__all__ = [
    "MAD_TO_SIGMA",
    "OUTLIER_SIGMAS",
    "STATISTICS",
    "Prediction",
    "RisingResiduals",
    "faintest",
    "log_ratio",
    "log_residual",
    "middle_of_sorted",
]

MAD_TO_SIGMA = 1.4826
"""Standard deviation of a Gaussian over its median absolute deviation."""

OUTLIER_SIGMAS = 3.0
"""An outlier lies more than this many robust sigmas from the median."""

_FAINTEST = 1e-3  # of the floor: a prediction of zero is a large miss, not an infinite one


STATISTICS = 8
"""How many statistics `picassso.analysis.metrics.ResidualStatistics` holds."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """Mean and quantiles of predicted distributions, arrays of one shape, linear."""

    mean: NDArray[np.floating]
    p16: NDArray[np.floating]
    p50: NDArray[np.floating]
    p84: NDArray[np.floating]

    def __post_init__(self) -> None:
        shapes = {f.name: np.shape(getattr(self, f.name)) for f in fields(self)}
        if len(set(shapes.values())) > 1:
            raise InputError(f"prediction: arrays of different shapes, {shapes}")

    @classmethod
    def of(cls, painted: Maps) -> Prediction:
        """That of painted maps; without quantiles an interval of no width, holding no truth."""
        quantiles = (painted.p16, painted.p50, painted.p84)
        return cls(painted.cube, *(painted.cube if q is None else q for q in quantiles))

    def __getitem__(self, where: object) -> Prediction:
        return Prediction(*(getattr(self, f.name)[where] for f in fields(self)))


def log_residual(
    true: NDArray[np.floating], predicted: NDArray[np.floating], *, floor: ArrayLike
) -> NDArray[np.floating]:
    """log10(true / predicted), both taken as at least a thousandth of `floor`.

    In the precision of `predicted`: single precision is enough for pixels, and ten times as fast.
    """
    lowest = faintest(floor, like=predicted)
    return np.log10(np.maximum(true, lowest) / np.maximum(predicted, lowest))


def faintest(floor: ArrayLike, *, like: NDArray[np.floating]) -> NDArray[np.floating]:
    """What `log_residual` takes smaller values as, in the precision of an array."""
    return np.multiply(floor, _FAINTEST).astype(np.asarray(like).dtype)


def log_ratio(true: float, predicted: float) -> float:
    """log10 of a ratio of sums; infinite where one is zero, NaN where both are."""
    if true > 0 and predicted > 0:
        return float(np.log10(true / predicted))
    return np.nan if true == predicted else float(np.copysign(np.inf, true - predicted))


@dataclass(frozen=True, slots=True, eq=False)
class RisingResiduals:
    """Totals by rising residual, of which statistics are to be taken many times.

    Parameters
    ----------
    columns : (4, N) array
        The truth, the predicted mean, the residual, and whether the truth lies inside the interval.
    order : (N,) int array
        Which total each column holds.
    there : (N,) bool array
        Whose truth is at or above the floor.
    painted : (N,) bool array or None
        Whose prediction is; None where these are the same.
    """

    columns: NDArray[np.float64]
    order: NDArray[np.intp]
    there: NDArray[np.bool_]
    painted: NDArray[np.bool_] | None

    @classmethod
    def of(
        cls,
        true: NDArray[np.floating],
        predicted: Prediction,
        *,
        floor: NDArray[np.floating],
    ) -> RisingResiduals:
        """Of N known totals."""
        residual = log_residual(true, predicted.p50, floor=floor)
        order = np.argsort(residual)
        inside = (predicted.p16 <= true) & (true <= predicted.p84)
        columns = np.array([true, predicted.mean, residual, inside], dtype=np.float64)
        there, painted = (true >= floor)[order], (predicted.p50 >= floor)[order]
        alike = np.array_equal(there, painted)
        return cls(columns[:, order], order, there, None if alike else painted)

    def estimate(self, times: NDArray[np.intp]) -> NDArray[np.float64]:
        """The statistics, in the order of `ResidualStatistics`, of totals that count so many times.

        In sums every total counts, in the painted bias those that are painted, in all others those
        that are there.
        """
        times, residual = times[self.order], self.columns[2]
        used = times * self.there
        number, true, predicted = used.sum(), *(self.columns[:2] @ times)
        found = np.full(STATISTICS, np.nan)
        found[0] = log_ratio(true, predicted)
        if self.painted is not None and (painted := times * self.painted).any():
            found[-1] = middle_of_sorted(np.repeat(residual, painted))
        if number == 0:
            return found
        first, inside = self.columns[2:] @ used
        mean = first / number
        drawn = np.repeat(residual, used)
        median = middle_of_sorted(drawn)
        halves = [(number - 1) // 2, number // 2]
        robust = MAD_TO_SIGMA * middle_of_sorted(np.partition(np.abs(drawn - median), halves))
        far = OUTLIER_SIGMAS * robust
        lower = np.searchsorted(drawn, median - far, side="left")
        upper = np.searchsorted(drawn, median + far, side="right")
        found[1:-1] = [
            median,
            mean,
            np.sqrt((residual - mean) ** 2 @ used / number),
            robust,
            (number - (upper - lower)) / number,
            inside / number,
        ]
        if self.painted is None:
            found[-1] = median
        return found


def middle_of_sorted(values: NDArray[np.float64]) -> float:
    """Median of rising values."""
    n = len(values)
    return float(0.5 * (values[(n - 1) // 2] + values[n // 2]))
