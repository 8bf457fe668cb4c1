"""The pixels of one map that statistics rest on, selected once for all of these."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.histograms import COARSE, FINE, finest_cells
from picassso.analysis.metrics import Counts, select
from picassso.analysis.protocol import Protocol
from picassso.analysis.residuals import Prediction, faintest, log_residual
from picassso.core import PROPERTIES

__all__ = ["SelectedPixels", "select_pixels"]


@dataclass(frozen=True, slots=True)
class SelectedPixels:
    """The pixels of one property in one image that reach its floor, in truth or as painted.

    Parameters
    ----------
    property : str
        Name of the additive property.
    where : bool array
        Of the image's shape: which pixels reach the floor in truth or in the predicted median, n
        of them.
    missed, invented : int array
        Numbers of those of them that do so in truth alone, and in the predicted median alone.
    true, median : (n,) array
        Their true surface densities, and the predicted medians.
    residual : (n,) array
        Their log10(true / predicted median), both taken as at least a thousandth of the floor.
    fine : (n,) int array
        Number of the bin of `picassso.analysis.histograms.FINE` that the residual lies in.
    coarse : (n,) int array
        One plus the number of that of `picassso.analysis.histograms.COARSE`. Where truth or
        prediction were taken as a thousandth of the floor, the residual is but a limit: there 0 if
        it is negative, and one more than the last bin if it is not.
    within : (n,) bool array
        Whether the truth lies at or below the predicted 84th percentile.
    inside : (n,) bool array
        Whether it lies at or above the 16th, too.
    wide : bool
        Whether any interval has a width.
    sums : (float, float)
        Of true surface densities and predicted means over all pixels whose truth is known.
    faint_median : (m,) array
        Predicted median of those whose truth is known to lie below the floor.
    faint_within : (m,) bool array
        Whether their truth lies at or below the predicted 84th percentile.
    counts : Counts
        How many there are of each kind.
    """

    property: str
    where: NDArray[np.bool_]
    missed: NDArray[np.intp]
    invented: NDArray[np.intp]
    true: NDArray[np.floating]
    median: NDArray[np.floating]
    residual: NDArray[np.floating]
    fine: NDArray[np.intp]
    coarse: NDArray[np.intp]
    within: NDArray[np.bool_]
    inside: NDArray[np.bool_]
    wide: bool
    sums: tuple[float, float]
    faint_median: NDArray[np.floating]
    faint_within: NDArray[np.bool_]
    counts: Counts

    def left_out(self, protocol: Protocol) -> NDArray[np.intp]:
        """Numbers of those of the n pixels that do not make logarithmic statistics.

        `Protocol.HONEST` takes pixels whose predicted median reaches the floor, which needs no
        truth; `Protocol.PAPER` those whose truth does. Either leaves out a few: it is quicker to
        count all n, and to take off those, than to copy the others.
        """
        return self.missed if protocol is Protocol.HONEST else self.invented


def select_pixels(
    true: NDArray[np.floating], predicted: Prediction, *, property: str
) -> SelectedPixels:
    """Take the pixels out of an image that every accumulator of its property wants.

    Parameters
    ----------
    true : array
        True surface density; NaN where not known.
    predicted : Prediction
        Arrays of the same shape, as predicted: the accumulators apply the protocols themselves.
    property : str
        Name of the additive property; its floor applies.

    Raises
    ------
    InputError
        If a prediction whose truth is known is not finite.
    """
    floor = PROPERTIES[property].floor
    there, counts = select(true, predicted, floor=floor, name=property)
    painted = predicted.p50 >= floor
    if counts.absent:
        painted &= ~np.isnan(true)
    where = there | painted
    # Where all are wanted, as often, nothing need be copied.
    whole = counts.used + counts.false_positive == where.size
    flat = np.ravel if whole else lambda m: m[where]
    of_true, median = flat(true), flat(predicted.p50)
    low, high = flat(predicted.p16), flat(predicted.p84)
    within = of_true <= high
    residual = log_residual(of_true, median, floor=floor)
    cells = finest_cells(residual)
    faint = true < floor
    return SelectedPixels(
        property=property,
        where=where,
        missed=np.flatnonzero(~flat(painted)),
        invented=np.flatnonzero(~flat(there)),
        true=of_true,
        median=median,
        residual=residual,
        fine=FINE.of_cell.take(cells),
        coarse=_coarse(cells, residual, np.minimum(of_true, median), floor=floor),
        within=within,
        inside=within & (low <= of_true),
        wide=bool((high > low).any()),
        sums=_sums(true, predicted.mean, known=counts.absent == 0),
        faint_median=predicted.p50[faint],
        faint_within=(true <= predicted.p84)[faint],
        counts=counts,
    )


def _coarse(
    cells: NDArray[np.intp],
    residual: NDArray[np.floating],
    smaller: NDArray[np.floating],
    *,
    floor: float,
) -> NDArray[np.intp]:
    """Numbers of coarse bins, limits told by the smaller one of truth and prediction."""
    bins = COARSE.of_cell.take(cells) + 1
    limits = np.flatnonzero(smaller <= faintest(floor, like=smaller))
    bins[limits] = np.where(residual[limits] < 0, 0, COARSE.number + 1)
    return bins


def _sums(
    true: NDArray[np.floating], mean: NDArray[np.floating], *, known: bool
) -> tuple[float, float]:
    """Of a truth that is `known` everywhere, or where it is, and of the means there."""
    if not known:
        where = ~np.isnan(true)
        true, mean = true[where], mean[where]
    return float(true.sum(dtype=np.float64)), float(mean.sum(dtype=np.float64))
