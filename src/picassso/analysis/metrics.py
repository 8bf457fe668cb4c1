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
from picassso.analysis.residuals import STATISTICS, Prediction, RisingResiduals
from picassso.core import PROPERTIES, InputError

__all__ = [
    "Counts",
    "ResidualStatistics",
    "residual_statistics",
    "residual_table",
]


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
    known = ~np.isnan(true)
    residuals = RisingResiduals.of(true[known], predicted[known], floor=floor[known])
    values, errors = bootstrap(residuals.estimate, ids[known], bootstraps=bootstraps, seed=seed)
    intervals = has_intervals(predicted[used])
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
