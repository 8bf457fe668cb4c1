"""Detections: does a prediction know what lies below the floor?

The prediction of a galaxy or pixel is a *detection* where its median reaches the floor, and the
truth is *there* where it does. These scores need predictions that know no truth: under
`picassso.analysis.Protocol.PAPER`, which masks by it, there are no false positives by construction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.analysis.bootstrap import GalaxyCounts, Replicates, bootstrap
from picassso.analysis.estimates import MINIMUM_GALAXIES, Statistic, share_of, statistics
from picassso.analysis.metrics import Counts, select
from picassso.analysis.residuals import Prediction
from picassso.analysis.selection import SelectedPixels, select_pixels
from picassso.core import PROPERTIES

__all__ = ["DetectionScores", "PixelDetections", "detection_scores"]

_LOWEST, _WIDTH = -3.0, 0.02  # dex above the floor
_BINS = 451


@dataclass(frozen=True, slots=True)
class DetectionScores:
    """How well detections are told from non-detections.

    A score is NaN where fewer than five galaxies make it. Errors are bootstraps over galaxies; of
    a share that is 0 or 1, which no draw changes, see `picassso.analysis.estimates.share_of`.

    Parameters
    ----------
    property : str
        Name of the additive property.
    kind : str
        ``"total"`` or ``"pixel"``.
    false_positive_rate : Statistic
        Of what is not there, the share detected.
    completeness : Statistic
        Of what is there, the share detected.
    purity : Statistic
        Of what is detected, the share that is there.
    upper_limits : Statistic
        Of what is not detected, the share whose truth lies at or below the predicted 84th
        percentile, the upper limit that one would quote (wanted: 0.84 or more).
    limits_below_floor : Statistic
        Likewise, of what is not there, detected or not: 1 unless limits are far too low.
    area_under_roc : Statistic
        Probability that of one that is there and one that is not, the former has the larger
        predicted median, ties counting half (Hanley & McNeil 1982, Radiology 143, 29): 0.5 for
        guessing. It does not depend on the floor of the prediction.
    counts : Counts
        There (`used`), of these not detected (`missed`), not there (`below_floor`), of these
        detected (`false_positive`), all that were not detected (`not_painted`), and not known
        (`absent`).
    """

    property: str
    kind: str
    false_positive_rate: Statistic
    completeness: Statistic
    purity: Statistic
    upper_limits: Statistic
    limits_below_floor: Statistic
    area_under_roc: Statistic
    counts: Counts


def detection_scores(
    true: ArrayLike,
    predicted: Prediction,
    *,
    property: str,
    galaxy_id: ArrayLike,
    bootstraps: int = 200,
    seed: int = 0,
) -> DetectionScores:
    """Detection scores of totals of one property.

    Parameters
    ----------
    true : (N,) array
        True totals in the property's total unit; NaN where not known.
    predicted : Prediction
        (N,) each.
    property : str
        Name of the additive property; its total floor applies.
    galaxy_id : (N,) array of str
        Whom each row shows.
    bootstraps, seed : int
        Of the bootstrap over galaxies.

    Returns
    -------
    DetectionScores

    Raises
    ------
    InputError
        If a prediction whose truth is known is not finite.
    """
    truth = np.asarray(true, dtype=np.float64)
    floor = PROPERTIES[property].total_floor
    _, counts = select(truth, predicted, floor=floor, name=property)
    known = ~np.isnan(truth)
    truth, predicted = truth[known], predicted[known]
    cells = _cells(truth, predicted, floor=floor)
    _, rank = np.unique(predicted.p50, return_inverse=True)
    there, ranks = truth >= floor, int(rank.max()) + 1 if len(rank) else 0

    def estimate(times: NDArray[np.intp]) -> NDArray[np.float64]:
        table = np.bincount(cells, times, minlength=_TABLE).astype(np.float64)
        positive, negative = (
            np.bincount(rank[k], times[k], minlength=ranks).astype(np.float64)
            for k in (there, ~there)
        )
        return _scores(table, positive, negative)

    ids = np.asarray(galaxy_id)[known]
    values, errors = bootstrap(estimate, ids, bootstraps=bootstraps, seed=seed)
    detected = predicted.p50 >= floor
    galaxies = [len(np.unique(ids[k])) for k in (~there, there, ~detected, detected)]
    return _assemble(property, "total", values, errors, counts, galaxies=galaxies)


class PixelDetections:
    """Detection scores of the pixels of one property, image after image.

    Predicted medians are ranked in bins of 0.02 dex, from three dex below the floor to six above.
    Memory does not grow with the number of images.

    Parameters
    ----------
    property : str
        Name of the additive property; its floor applies.
    bootstraps : int
        Number of replicates of the Poisson bootstrap over galaxies.
    seed : int
        Of the bootstrap.
    """

    def __init__(self, property: str, *, bootstraps: int = 50, seed: int = 0) -> None:
        self.property = property
        self._floor = PROPERTIES[property].floor
        self._counts = Counts()
        self._galaxies = GalaxyCounts(4)
        self._replicates = Replicates(_TABLE + 2 * _BINS, bootstraps=bootstraps, seed=seed)

    def add(self, true: NDArray[np.floating], predicted: Prediction, *, galaxy_id: str) -> None:
        """Add the pixels of one image.

        Parameters
        ----------
        true : array
            True surface density; NaN where not known.
        predicted : Prediction
            Arrays of the same shape.
        galaxy_id : str
            Whom the image shows.

        Raises
        ------
        InputError
            If a prediction whose truth is known is not finite.
        """
        pixels = select_pixels(true, predicted, property=self.property)
        self.add_selected(pixels, galaxy_id=galaxy_id)

    def add_selected(self, pixels: SelectedPixels, *, galaxy_id: str) -> None:
        """`add`, where the pixels have been selected already."""
        counts = pixels.counts
        self._counts += counts
        of_each = (counts.below_floor, counts.used, counts.not_painted, counts.painted)
        self._galaxies.add(map(bool, of_each), galaxy_id=galaxy_id)
        invented, faint = pixels.invented, pixels.faint_median
        parts = [
            self._table(faint, pixels.faint_within),
            self._table(pixels.median, pixels.within)
            - self._table(pixels.median[invented], pixels.within[invented]),
            self._ranks(pixels.median) - self._ranks(pixels.median[invented]),
            self._ranks(faint),
        ]
        self._replicates.add(np.concatenate(parts), galaxy_id=galaxy_id)

    def _table(self, median: NDArray[np.floating], within: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Detected or not x within the upper limit or not."""
        detected = median >= self._floor
        d, w, both = (np.count_nonzero(k) for k in (detected, within, detected & within))
        return np.array([len(median) - d - w + both, w - both, d - both, both])

    def _ranks(self, median: NDArray[np.floating]) -> NDArray[np.intp]:
        """How many predicted medians lie in each bin."""
        height = np.log10(np.maximum(median / self._floor, 10.0**_LOWEST))
        bins = np.minimum((height - _LOWEST) / _WIDTH, _BINS - 1).astype(np.int32)
        return np.bincount(bins, minlength=_BINS)

    def result(self) -> DetectionScores:
        """Scores of all pixels added so far."""

        def estimate(sums: NDArray[np.float64]) -> NDArray[np.float64]:
            return _scores(sums[:_TABLE], *sums[_TABLE:].reshape(2, _BINS))

        values, errors = self._replicates.estimate(estimate)
        galaxies = self._galaxies.numbers
        return _assemble(self.property, "pixel", values, errors, self._counts, galaxies=galaxies)


_TABLE = 8  # there or not x detected or not x within the upper limit or not
_THERE = 4  # and beyond


def _cells(true: NDArray[np.floating], predicted: Prediction, *, floor: float) -> NDArray[np.uint8]:
    """Cell of the contingency table that every value falls into."""
    there, detected, within = true >= floor, predicted.p50 >= floor, true <= predicted.p84
    # bool is one byte: sums of it need no wider number.
    return there * np.uint8(_THERE) + detected * np.uint8(2) + within


def _scores(
    table: NDArray[np.float64], positive: NDArray[np.float64], negative: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The six scores, in the order of `DetectionScores`, from counts."""
    there, detected, within = np.indices((2, 2, 2)).reshape(3, _TABLE).astype(bool)

    def share(of: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
        n = table[among].sum()
        return float(table[of & among].sum() / n) if n else np.nan

    pairs = positive.sum() * negative.sum()
    below = np.cumsum(negative) - 0.5 * negative
    return np.array(
        [
            share(detected, ~there),
            share(detected, there),
            share(there, detected),
            share(within, ~detected),
            share(within, ~there),
            positive @ below / pairs if pairs else np.nan,
        ]
    )


def _assemble(
    property: str,
    kind: str,
    values: NDArray[np.float64],
    errors: NDArray[np.float64],
    counts: Counts,
    *,
    galaxies: Sequence[int],
) -> DetectionScores:
    """Scores from their values and errors.

    `galaxies` of which something is not there, is there, is not detected and is detected.
    """
    faint, there, missed, detected = galaxies
    of_each = (faint, there, detected, missed, faint)
    *shares, area = statistics(values, errors)
    scores = [share_of(s, galaxies=n) for s, n in zip(shares, of_each, strict=True)]
    enough = [n >= MINIMUM_GALAXIES for n in (*of_each, min(faint, there))]
    false, complete, pure, limits, below, area = (
        s if e else Statistic(np.nan) for s, e in zip([*scores, area], enough, strict=True)
    )
    return DetectionScores(property, kind, false, complete, pure, limits, below, area, counts)
