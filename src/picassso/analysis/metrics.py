"""How far predictions lie from the truth: statistics of log10(true / predicted).

Two estimators have two biases. The predicted *mean* must be right where things add up: its
linear bias is log10(sum of true / sum of predicted). The predicted *median* must be right for a
single value: its median bias is the median of log10(true / predicted). The scatter is that of
the median. A prediction is never masked by the truth: sums hold everything. A logarithm needs
something to take it of: totals that truly lie below the floor of their property are left out of
medians and scatter, counted, and scored as a detection. That choice by the truth moves medians, so
that the median of what was *painted* above the floor stands beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.analysis.bootstrap import bootstrap
from picassso.analysis.estimates import Statistic, share_of, statistics
from picassso.core import PROPERTIES, InputError, Maps

__all__ = [
    "MAD_TO_SIGMA",
    "Counts",
    "Prediction",
    "ResidualStatistics",
    "log_residual",
    "residual_statistics",
    "residual_table",
]

MAD_TO_SIGMA = 1.4826
"""Standard deviation of a Gaussian over its median absolute deviation."""

OUTLIER_SIGMAS = 3.0
"""An outlier lies more than this many robust sigmas from the median."""

_FAINTEST = 1e-3  # of the floor: a prediction of zero is a large miss, not an infinite one


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


@dataclass(frozen=True, slots=True)
class Counts:
    """How many values, totals or pixels, there were of each kind.

    Parameters
    ----------
    used : int
        Truth at or above the floor.
    missed : int
        Of those, predicted median below the floor.
    below_floor : int
        Truth below the floor.
    false_positive : int
        Of those, predicted median at or above the floor.
    absent : int
        Truth not known (NaN).
    """

    used: int = 0
    missed: int = 0
    below_floor: int = 0
    false_positive: int = 0
    absent: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def masked(self) -> Counts:
        """Of the same values, predictions being zero where the truth lies below the floor."""
        return replace(self, false_positive=0)

    @property
    def painted(self) -> int:
        """Predicted median at or above the floor."""
        return self.used - self.missed + self.false_positive

    @property
    def not_painted(self) -> int:
        """Predicted median below the floor, truth known."""
        return self.missed + self.below_floor - self.false_positive


@dataclass(frozen=True, slots=True)
class ResidualStatistics:
    """Residuals of one property, in dex of true over predicted.

    Sums are over all whose truth is known. Everything else is of those that reach the floor: in
    truth, or, of pixels under `picassso.analysis.Protocol.HONEST`, in the predicted median, smaller
    truths counting as they are.

    Parameters
    ----------
    property : str
        Name of the property, or of what else was measured.
    kind : str
        ``"total"``, ``"annulus"``, ``"pixel"`` or ``"value"``.
    linear_bias : Statistic
        log10(sum of true / sum of predicted mean), signed.
    median_bias : Statistic
        Median of log10(true / predicted median).
    mean_bias : Statistic
        Mean of that: the mu of Buck & Wolf (2021).
    sigma, robust_sigma : Statistic
        Standard deviation of that, and 1.4826 times its median absolute deviation.
    outlier_fraction : Statistic
        Share farther than three robust sigmas from the median (a Gaussian: 0.0027).
    coverage : Statistic
        Share of truths between the predicted 16th and 84th percentiles (wanted: 0.68); NaN where
        no interval has any width.
    painted_bias : Statistic
        Median of log10(true / predicted median) of all whose predicted median reaches the floor,
        however small their truth: the median bias of a choice that needs no truth. NaN for pixels
        under `picassso.analysis.Protocol.PAPER`, where the truth has chosen.
    counts : Counts
        What the statistics rest on, and what was left out.
    """

    property: str
    kind: str
    linear_bias: Statistic
    median_bias: Statistic
    mean_bias: Statistic
    sigma: Statistic
    robust_sigma: Statistic
    outlier_fraction: Statistic
    coverage: Statistic
    painted_bias: Statistic
    counts: Counts


STATISTICS = 8
"""How many statistics `ResidualStatistics` holds."""


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


def residual_statistics(
    true: ArrayLike,
    predicted: Prediction,
    *,
    property: str,
    kind: str = "total",
    floor: ArrayLike | None = None,
    galaxy_id: ArrayLike | None = None,
    fewest: int = 1,
    bootstraps: int = 500,
    seed: int = 0,
) -> ResidualStatistics:
    """Residual statistics of totals of one property.

    Parameters
    ----------
    true : (N,) array
        True totals in the property's total unit; NaN where not known.
    predicted : Prediction
        (N,) each.
    property : str
        Name of the additive property.
    kind : str
        What is summed, as the statistics are to say.
    floor : float or (N,) array, optional
        Smaller truths are left out, but for the sums; by default the property's total floor.
    galaxy_id : (N,) array of str, optional
        Whom each row shows: the bootstrap draws galaxies, not views, because views of one galaxy
        err together. By default every row is a galaxy of its own.
    fewest : int
        With fewer galaxies above the floor there are counts, and no statistics.
    bootstraps : int
        Number of resamplings; 0 leaves the errors NaN.
    seed : int
        Of the bootstrap.

    Returns
    -------
    ResidualStatistics

    Raises
    ------
    InputError
        If the arrays do not match, or a prediction whose truth is known is not finite.
    """
    true = np.asarray(true, dtype=np.float64)
    if true.ndim != 1 or np.shape(predicted.mean) != true.shape:
        raise InputError(
            f"{property}: true totals have shape {true.shape} and predicted ones "
            f"{np.shape(predicted.mean)}, expected two columns of one length"
        )
    floor = PROPERTIES[property].total_floor if floor is None else floor
    floor = np.broadcast_to(floor, true.shape)
    used, counts = select(true, predicted, floor=floor, name=property)
    ids = np.arange(len(used)) if galaxy_id is None else np.asarray(galaxy_id)
    galaxies = len(np.unique(ids[used]))
    if galaxies < fewest:
        unknown = np.full(STATISTICS, np.nan)
        return assemble(property, kind, unknown, unknown, counts, galaxies=0, intervals=False)
    rows = np.flatnonzero(~np.isnan(true))
    residual = log_residual(true[rows], predicted.p50[rows], floor=floor[rows])
    order = np.argsort(residual)
    rows, residual = rows[order], residual[order]
    true, predicted, floor = true[rows], predicted[rows], floor[rows]
    inside = (predicted.p16 <= true) & (true <= predicted.p84)
    columns = np.array([true, predicted.mean, residual, inside], dtype=np.float64)
    there, painted = true >= floor, predicted.p50 >= floor
    alike = np.array_equal(there, painted)

    def estimate(times: NDArray[np.intp]) -> NDArray[np.float64]:
        return _estimate(columns, times, times * there, None if alike else times * painted)

    values, errors = bootstrap(estimate, ids[rows], bootstraps=bootstraps, seed=seed)
    intervals = has_intervals(predicted[there])
    return assemble(property, kind, values, errors, counts, galaxies=galaxies, intervals=intervals)


def has_intervals(predicted: Prediction) -> bool:
    """Whether there is any width between the 16th and 84th percentiles."""
    return bool(np.any(predicted.p84 > predicted.p16))


def residual_table(
    true: Mapping[str, ArrayLike],
    predicted: Mapping[str, Prediction],
    *,
    galaxy_id: ArrayLike | None = None,
    fewest: int = 1,
    bootstraps: int = 500,
    seed: int = 0,
) -> list[ResidualStatistics]:
    """`residual_statistics` of every property that has a prediction, in the order of `true`."""
    return [
        residual_statistics(
            true[name],
            predicted[name],
            property=name,
            galaxy_id=galaxy_id,
            fewest=fewest,
            bootstraps=bootstraps,
            seed=seed,
        )
        for name in true
        if name in predicted
    ]


def assemble(
    property: str,
    kind: str,
    values: NDArray[np.float64],
    errors: NDArray[np.float64],
    counts: Counts,
    *,
    galaxies: int,
    intervals: bool,
) -> ResidualStatistics:
    """Statistics of so many galaxies from their values and errors, in the order of the fields."""
    bias, median, mean, sigma, robust, outliers, coverage, painted = statistics(values, errors)
    outliers, coverage = (share_of(s, galaxies=galaxies) for s in (outliers, coverage))
    if not intervals:  # one number tells nothing of its own error
        coverage = Statistic(np.nan)
    return ResidualStatistics(
        property, kind, bias, median, mean, sigma, robust, outliers, coverage, painted, counts
    )


def select(
    true: NDArray[np.floating], predicted: Prediction, *, floor: ArrayLike, name: str
) -> tuple[NDArray[np.bool_], Counts]:
    """Which values make the statistics, and how many of each kind there are.

    Raises
    ------
    InputError
        If a prediction whose truth is known is not finite: it must not vanish from the
        statistics.
    """
    known = ~np.isnan(true)
    for f in fields(predicted):
        finite = np.isfinite(getattr(predicted, f.name))
        if not (finite.all() or (finite | ~known).all()):
            raise InputError(f"{name}: the predicted {f.name} is not finite everywhere")
    floor = np.asarray(floor, dtype=true.dtype)
    used, bright = true >= floor, predicted.p50 >= floor
    known_number, used_number, found, bright_number = (
        int(np.count_nonzero(k)) for k in (known, used, used & bright, known & bright)
    )
    counts = Counts(
        used=used_number,
        missed=used_number - found,
        below_floor=known_number - used_number,
        false_positive=bright_number - found,
        absent=known.size - known_number,
    )
    return used, counts


def _estimate(
    columns: NDArray[np.float64],
    times: NDArray[np.intp],
    used: NDArray[np.intp],
    painted: NDArray[np.intp] | None,
) -> NDArray[np.float64]:
    """The statistics, in the order of `ResidualStatistics`, of rows that count so many times.

    `columns` are the truth, the predicted mean, the residual, and whether the truth lies inside the
    interval, by rising residual. In sums every row counts `times`, in the other statistics `used`,
    in the painted bias `painted` times; None: as often as in those.
    """
    residual = columns[2]
    number, true, predicted = used.sum(), *(columns[:2] @ times)
    found = np.full(STATISTICS, np.nan)
    found[0] = log_ratio(true, predicted)
    if painted is not None and painted.any():
        found[-1] = middle_of_sorted(np.repeat(residual, painted))
    if number == 0:
        return found
    first, inside = columns[2:] @ used
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
    if painted is None:
        found[-1] = median
    return found


def middle_of_sorted(values: NDArray[np.float64]) -> float:
    """Median of rising values."""
    n = len(values)
    return float(0.5 * (values[(n - 1) // 2] + values[n // 2]))
