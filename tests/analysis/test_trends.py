"""Residuals of pixels against a quantity of theirs, streamed."""

from __future__ import annotations

import numpy as np
import pytest
from known_galaxies import sharp

from picassso.analysis import PixelTrend, Protocol
from picassso.core import PROPERTIES, InputError

NAME = "stellar_mass"
FLOOR = PROPERTIES[NAME].floor
EDGES = (6.0, 7.0, 8.0, 9.0)


def trend(quantity, true, median, *, images=8, protocol=Protocol.HONEST):
    accumulator = PixelTrend(NAME, EDGES, protocol=protocol, bootstraps=0)
    for k, rows in enumerate(np.array_split(np.arange(len(true)), images)):
        accumulator.add(quantity[rows], true[rows], sharp(median[rows]), galaxy_id=f"g{k}")
    return accumulator.result()


@pytest.fixture
def pixels():
    rng = np.random.default_rng(0)
    true = 10 ** rng.uniform(5, 10, 40_000)
    residual = rng.normal(0.1 * (np.log10(true) - 7), 0.2)
    return true, true / 10**residual, residual


def test_it_is_what_sorting_gives(pixels) -> None:
    true, median, residual = pixels
    found = trend(np.log10(true), true, median, protocol=Protocol.PAPER)
    bins = np.digitize(np.log10(true), EDGES)
    for k in range(5):
        expected = np.percentile(residual[bins == k], [16, 50, 84])
        assert (found.p16[k], found.median[k], found.p84[k]) == pytest.approx(expected, abs=4e-3)
        assert found.pixels[k] == (bins == k).sum()


@pytest.mark.parametrize("factor", [1.0, 1.1])
def test_perfect_and_scaled(pixels, factor: float) -> None:
    true, _, _ = pixels
    found = trend(np.log10(true), true, factor * true)
    for numbers in (found.p16, found.median, found.p84):
        # Half a bin of the histogram.
        np.testing.assert_allclose(numbers, -np.log10(factor), atol=0.0101)
    assert found.pixels.sum() == found.counts.used == len(true)


def test_right_medians_have_no_trend_with_what_was_painted() -> None:
    """They do with the truth: the largest truths are painted too small, the faintest too large."""
    rng = np.random.default_rng(2)
    median = 10 ** rng.uniform(5.5, 9.5, 200_000)
    true = median * 10 ** rng.normal(0, 0.5, median.shape)
    honest = trend(np.log10(median), true, median)
    np.testing.assert_allclose(honest.median, 0, atol=0.01)
    paper = trend(np.log10(true), true, median, protocol=Protocol.PAPER)
    assert paper.median[-1] > 0.15 and paper.counts.false_positive == 0
    assert honest.pixels.sum() == honest.counts.painted
    assert paper.pixels.sum() == paper.counts.used


def test_large_residuals_are_measured_and_limits_are_not() -> None:
    """Four dex too little is told; a prediction of next to nothing is but a limit."""
    true = np.full(1000, 1e5 * FLOOR)
    median = np.where(np.arange(1000) % 10 < 3, 0.0, 10 * FLOOR)
    found = trend(np.full(1000, 7.5), true, median, protocol=Protocol.PAPER)
    assert found.p16[2] == pytest.approx(4.0, abs=0.2)
    assert found.median[2] == pytest.approx(4.0, abs=0.2)
    assert found.p84[2] == np.inf and np.isnan(found.p84_error[2])
    empty = np.where(np.arange(1000) % 10 < 6, 0.0, true)
    found = trend(np.full(1000, 7.5), empty, true)
    assert found.p16[2] == found.median[2] == -np.inf
    assert found.p84[2] == pytest.approx(0.0, abs=0.01)


def test_a_handful_of_galaxies_has_counts_and_no_percentiles() -> None:
    true = np.full(400, 1e7)
    found = trend(np.full(400, 7.5), true, true, images=4)
    assert found.pixels[2] == 400 and np.isnan(found.median[2])


def test_edges_are_those_of_digitize_and_ends_are_open() -> None:
    quantity = np.tile([-np.inf, 5.9, 6.0, 8.5, 9.0, np.inf, np.nan], 5)
    true = np.full(35, 10 * FLOOR)
    found = trend(quantity, true, true, images=5)
    assert list(found.pixels) == [10, 5, 0, 5, 10] and found.unknown == 5
    assert np.isnan(found.median[2]) and found.counts.used == 35
    assert found.median[3] == pytest.approx(0.0, abs=1e-3)


def test_what_is_below_the_floor_or_absent_is_counted() -> None:
    true = np.array([0.1, 0.0, 10, 10, np.nan]) * FLOOR
    median = np.array([5, 0.0, 10, 0.1, 3]) * FLOOR
    counts = trend(np.full(5, 7.0), true, median, images=1).counts
    assert (counts.used, counts.missed, counts.below_floor) == (2, 1, 2)
    assert (counts.false_positive, counts.absent) == (1, 1)


def test_errors_are_over_galaxies() -> None:
    rng = np.random.default_rng(1)
    accumulator = PixelTrend(NAME, (7.0,), bootstraps=200)
    true = np.full(100, 1e8)
    shifts = rng.normal(0, 0.1, 300)
    residual = shifts[:, None] + rng.normal(0, 0.05, (300, 100))
    for k, r in enumerate(residual):
        accumulator.add(np.full(100, 8.0), true, sharp(true / 10**r), galaxy_id=str(k))
    found = accumulator.result()
    # That of a median of 300 galaxies, not of 30,000 pixels; between 1 and 1.25 sigma / sqrt(N),
    # because the pixels of each scatter too.
    assert found.median_error[1] == pytest.approx(0.1 / np.sqrt(300), rel=0.3)
    numbers = (found.p16[1], found.median[1], found.p84[1])
    assert numbers == pytest.approx(np.percentile(residual, [16, 50, 84]), abs=4e-3)
    assert np.isnan(found.median_error[0]) and found.pixels[0] == 0


def test_memory_does_not_grow() -> None:
    accumulator = PixelTrend(NAME, EDGES)
    size = accumulator._replicates._sums.nbytes
    for k in range(20):
        true = np.full(50, 1e7)
        accumulator.add(np.full(50, 7.5), true, sharp(true), galaxy_id=str(k))
    assert accumulator._replicates._sums.nbytes == size < 2e6


def test_bad_input() -> None:
    with pytest.raises(InputError, match="expected rising ones"):
        PixelTrend(NAME, (2.0, 1.0))
    with pytest.raises(InputError, match="not finite"):
        trend(np.ones(2), np.full(2, 1e8), np.array([1e8, np.nan]), images=1)
