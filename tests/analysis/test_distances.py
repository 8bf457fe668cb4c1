"""Distances of distributions: those of scipy, streamed or sorted, with errors over galaxies."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from picassso.analysis import PixelDistributions, distribution_distances
from picassso.core import PROPERTIES, InputError

NAME = "gas_mass"
TOTAL_FLOOR, FLOOR = PROPERTIES[NAME].total_floor, PROPERTIES[NAME].floor
NAMES = ("wasserstein", "kolmogorov_smirnov", "energy")


def totals(true, predicted, **options):
    ids = options.pop("galaxy_id", np.arange(len(true)).astype(str))
    return distribution_distances(true, predicted, property=NAME, galaxy_id=ids, **options)


def pixels(true, predicted, *, images=10, bootstraps=0):
    accumulator = PixelDistributions(NAME, bootstraps=bootstraps)
    for k, rows in enumerate(np.array_split(np.arange(len(true)), images)):
        accumulator.add(true[rows], predicted[rows], galaxy_id=f"g{k}")
    return accumulator.result()


@pytest.fixture
def sample():
    rng = np.random.default_rng(0)
    true = 10 ** rng.normal(2.5, 0.7, 2000)
    predicted = 10 ** rng.normal(2.3, 0.4, 2000)
    return true, predicted


def test_they_are_those_of_scipy(sample) -> None:
    """With ties at the floor, where everything fainter is put."""
    true, predicted = sample
    found = totals(true * TOTAL_FLOOR, predicted * TOTAL_FLOOR, bootstraps=0)
    a, b = (np.log10(np.maximum(v, 1)) for v in sample)
    assert (a == 0).sum() > 0
    assert found.wasserstein.value == pytest.approx(stats.wasserstein_distance(a, b), rel=1e-9)
    assert found.kolmogorov_smirnov.value == pytest.approx(stats.ks_2samp(a, b).statistic)
    assert found.energy.value == pytest.approx(stats.energy_distance(a, b), rel=1e-9)
    assert found.used == 2000 and found.absent == 0


def test_streamed_agrees_with_sorted(sample) -> None:
    true, predicted = np.maximum(sample, 1.001)
    exact = totals(true * TOTAL_FLOOR, predicted * TOTAL_FLOOR, bootstraps=0)
    streamed = pixels(true * FLOOR, predicted * FLOOR)
    for name in NAMES:
        a, b = getattr(exact, name).value, getattr(streamed, name).value
        assert b == pytest.approx(a, abs=0.01), name


@pytest.mark.parametrize("factor", [1.0, 1.1])
def test_perfect_and_scaled(sample, factor: float) -> None:
    true = np.maximum(sample[0], 1.2)
    exact = totals(true * TOTAL_FLOOR, factor * true * TOTAL_FLOOR, bootstraps=0)
    assert exact.wasserstein.value == pytest.approx(np.log10(factor), abs=1e-12)
    streamed = pixels(true * FLOOR, factor * true * FLOOR)
    assert streamed.wasserstein.value == pytest.approx(np.log10(factor), abs=1e-3)
    if factor == 1:
        for found in (exact, streamed):
            assert all(getattr(found, name).value == 0 for name in NAMES)


def test_errors_are_over_galaxies() -> None:
    """Four identical views of a galaxy tell no more than one."""
    rng = np.random.default_rng(1)
    true = TOTAL_FLOOR * 10 ** rng.normal(2, 0.5, 300)
    predicted = true * 10 ** rng.normal(0.3, 0.3, 300)
    once = totals(true, predicted)
    often = totals(
        np.repeat(true, 4), np.repeat(predicted, 4), galaxy_id=np.repeat(np.arange(300), 4)
    )
    for name in NAMES:
        a, b = getattr(once, name), getattr(often, name)
        assert b.value == pytest.approx(a.value, rel=1e-9)
        assert b.error == pytest.approx(a.error, rel=0.05)
    # A shift of all: the distance is the mean residual, and so is its error.
    assert once.wasserstein.error == pytest.approx(0.3 / np.sqrt(300), rel=0.2)


def test_pixel_errors_are_over_galaxies() -> None:
    rng = np.random.default_rng(2)
    accumulator = PixelDistributions(NAME, bootstraps=200)
    shifts = rng.normal(0.5, 0.1, 200)
    for k, shift in enumerate(shifts):
        true = FLOOR * 10 ** rng.uniform(1, 3, 100)
        accumulator.add(true, true * 10**shift, galaxy_id=str(k))
    found = accumulator.result()
    assert found.wasserstein.value == pytest.approx(shifts.mean(), abs=2e-3)
    assert found.wasserstein.error == pytest.approx(0.1 / np.sqrt(200), rel=0.25)


def test_missing_truth_is_left_out_and_counted(sample) -> None:
    true, predicted = (v * TOTAL_FLOOR for v in sample)
    true[:100], predicted[:100] = np.nan, np.nan
    found = totals(true, predicted, bootstraps=0)
    alone = totals(true[100:], predicted[100:], bootstraps=0)
    assert found.absent == 100 and found.used == 1900
    for name in NAMES:
        assert getattr(found, name).value == getattr(alone, name).value
    nothing = totals(true[:100], predicted[:100])
    assert all(np.isnan(getattr(nothing, name).value) for name in NAMES)


def test_pixels_that_both_call_empty_do_not_count() -> None:
    true = np.array([0.0, 0.5, 2.0, 0.1, np.nan]) * FLOOR
    predicted = np.array([0.2, 3.0, 0.0, 0.1, 7.0]) * FLOOR
    found = pixels(true, predicted, images=1)
    assert (found.used, found.absent) == (2, 1)


def test_no_pixels_at_all() -> None:
    found = PixelDistributions(NAME).result()
    assert all(np.isnan(getattr(found, name).value) for name in NAMES)


def test_order_of_images_does_not_matter(sample) -> None:
    true, predicted = (v * FLOOR for v in sample)
    forward, backward = PixelDistributions(NAME), PixelDistributions(NAME)
    cuts = list(pairwise(range(0, 2001, 200)))
    for accumulator, order in ((forward, cuts), (backward, cuts[::-1])):
        for a, b in order:
            accumulator.add(true[a:b], predicted[a:b], galaxy_id=str(a))
    for name in NAMES:
        a, b = getattr(forward.result(), name), getattr(backward.result(), name)
        assert (a.value, a.error) == pytest.approx((b.value, b.error), rel=1e-12)


def test_bad_input() -> None:
    with pytest.raises(InputError, match="gas_mass: a predicted total is not finite"):
        totals(np.ones(3), np.array([1, np.nan, 1]))
    with pytest.raises(InputError, match="gas_mass: a predicted pixel is not finite"):
        pixels(np.ones(3), np.array([1, np.inf, 1]), images=1)
