"""Detection scores on cases that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.analysis import PixelDetections, Prediction, detection_scores
from picassso.core import PROPERTIES, InputError

NAME = "star_formation_rate"
TOTAL_FLOOR, FLOOR = PROPERTIES[NAME].total_floor, PROPERTIES[NAME].floor
SCORES = (
    "false_positive_rate",
    "completeness",
    "purity",
    "upper_limits",
    "limits_below_floor",
    "area_under_roc",
)


def around(median, limit):
    return Prediction(median, median / 2, median, limit)


def both(true, median, limit):
    """The same case as totals and as pixels, in units of the floor, of as many galaxies."""
    accumulator = PixelDetections(NAME, bootstraps=10)
    for rows in np.array_split(np.arange(len(true)), min(len(true), 50)):
        prediction = around(median[rows] * FLOOR, limit[rows] * FLOOR)
        accumulator.add(true[rows] * FLOOR, prediction, galaxy_id=str(rows[:1]))
    ids = np.arange(len(true)).astype(str)
    total = detection_scores(
        true * TOTAL_FLOOR,
        around(median * TOTAL_FLOOR, limit * TOTAL_FLOOR),
        property=NAME,
        galaxy_id=ids,
        bootstraps=10,
    )
    return total, accumulator.result()


def test_counted_by_hand() -> None:
    """Every galaxy twice, so that there are enough of each kind."""
    true = np.tile([10, 20, 30, 5, 0, 0.1, 0.5, 0.2, np.nan], 2)
    median = np.tile([8, 30, 0.5, 6, 0, 2.0, 0.3, 0.1, 9], 2)
    limit = np.tile([16, 60, 40, 9, 0.3, 4.0, 0.4, 0.6, 18], 2)
    for scores in both(true, median, limit):
        counts = scores.counts
        assert (counts.used, counts.missed, counts.below_floor) == (8, 2, 8)
        assert (counts.false_positive, counts.absent) == (2, 2)
        assert (counts.painted, counts.not_painted) == (8, 8)
        assert scores.false_positive_rate.value == 1 / 4
        assert scores.completeness.value == 3 / 4
        assert scores.purity.value == 3 / 4
        # Not detected: the third (30 <= 40), fifth, seventh (0.5 > 0.4) and eighth.
        assert scores.upper_limits.value == 3 / 4
        assert scores.limits_below_floor.value == 3 / 4
        # Of 16 pairs, each four times, only (0.5 there, 2 not there) is in the wrong order.
        assert scores.area_under_roc.value == 15 / 16
        assert np.isfinite(scores.area_under_roc.error)


def test_area_is_that_of_the_curve() -> None:
    """Swept threshold by threshold, with ties."""
    rng = np.random.default_rng(0)
    true = 10 ** rng.normal(0, 1, 3000)
    median = 10 ** np.round(np.log10(true) + rng.normal(0, 0.7, 3000), 1)
    there = true >= 1
    thresholds = np.concatenate([[np.inf], np.unique(median)[::-1]])
    complete = [(median[there] >= t).mean() for t in thresholds]
    false = [(median[~there] >= t).mean() for t in thresholds]
    expected = np.trapezoid(complete, false)
    for scores in both(true, median, 2 * median):
        assert scores.area_under_roc.value == pytest.approx(expected, abs=2e-3)


def test_guessing_scores_half() -> None:
    rng = np.random.default_rng(1)
    true, median = 10 ** rng.normal(0, 1, (2, 8_000))
    for scores in both(true, median, median):
        assert scores.area_under_roc.value == pytest.approx(0.5, abs=0.03)
        assert scores.completeness.value == pytest.approx(0.5, abs=0.03)


def test_perfect_prediction() -> None:
    true = 10 ** np.random.default_rng(2).normal(0, 1, 500)
    for scores in both(true, true, true):
        assert [getattr(scores, s).value for s in SCORES] == [0, 1, 1, 1, 1, 1]


def test_right_quantiles_hold_their_limits() -> None:
    """Truths drawn from what is predicted: p84 is exceeded in 16 of 100, detected or not."""
    rng = np.random.default_rng(3)
    median = 10 ** rng.normal(0, 0.5, 10_000)
    true = median * 10 ** rng.normal(0, 0.3, 10_000)
    for scores in both(true, median, median * 10 ** (0.3 * 0.994458)):
        assert scores.upper_limits.value == pytest.approx(0.84, abs=0.015)


def test_nothing_to_count_is_nan() -> None:
    true = np.full(5, 3.0)
    for scores in both(true, true, true):
        assert scores.completeness.value == 1
        for name in ("false_positive_rate", "upper_limits", "area_under_roc"):
            assert np.isnan(getattr(scores, name).value)
    scores = detection_scores(
        np.full(3, np.nan), around(*np.ones((2, 3))), property=NAME, galaxy_id=list("abc")
    )
    assert scores.counts.absent == 3 and np.isnan(scores.completeness.value)


def test_a_handful_of_galaxies_has_counts_and_no_scores() -> None:
    """Four that are not there, all of them painted; one that is and was not: no error is zero."""
    true = np.append(np.full(40, 5.0), np.full(4, 0.1))
    median = np.append(np.append(np.full(39, 5.0), 0.1), np.full(4, 3.0))
    for scores in both(true, median, 2 * median):
        for name in ("false_positive_rate", "upper_limits", "limits_below_floor", "area_under_roc"):
            assert np.isnan(getattr(scores, name).value) and np.isnan(getattr(scores, name).error)
        assert scores.counts.not_painted == 1 and scores.counts.false_positive == 4
        assert scores.completeness.value == 39 / 40


def test_a_share_of_all_has_the_error_of_wilson() -> None:
    """Of 20 galaxies, four views each, all were seen: as few as 20 of 21 might have been."""
    ids = np.repeat(np.arange(20), 4).astype(str)
    true = np.full(80, 5 * TOTAL_FLOOR)
    scores = detection_scores(true, around(true, true), property=NAME, galaxy_id=ids)
    assert scores.completeness.value == 1
    assert scores.completeness.error == pytest.approx(1 / 21)
    accumulator = PixelDetections(NAME)
    for galaxy in ids:
        pixel = np.full(9, 5 * FLOOR)
        accumulator.add(pixel, around(pixel, pixel), galaxy_id=galaxy)
    assert accumulator.result().completeness.error == pytest.approx(1 / 21)


def test_errors_are_over_galaxies() -> None:
    rng = np.random.default_rng(4)
    detected = rng.random(400) < 0.7
    true, median = np.full(1600, 2 * TOTAL_FLOOR), np.repeat(np.where(detected, 3.0, 0.1), 4)
    scores = detection_scores(
        true,
        around(median * TOTAL_FLOOR, median * TOTAL_FLOOR),
        property=NAME,
        galaxy_id=np.repeat(np.arange(400), 4),
        bootstraps=300,
    )
    p = detected.mean()
    expected = np.sqrt(p * (1 - p) / 400)
    assert scores.completeness.error == pytest.approx(expected, rel=0.2)


def test_bad_input() -> None:
    bad = np.array([1.0, np.nan])
    with pytest.raises(InputError, match="not finite"):
        detection_scores(np.ones(2), around(bad, bad), property=NAME, galaxy_id=list("ab"))
    with pytest.raises(InputError, match="not finite"):
        PixelDetections(NAME).add(np.ones(2), around(bad, bad), galaxy_id="a")
