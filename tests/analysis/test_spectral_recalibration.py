"""Intervals that were moved hold what they say, whatever is predicted."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.analysis.spectra.recalibration import (
    CENTRAL,
    Recalibration,
    central_interval,
    standardise,
)
from picassso.core import InputError


def predictions(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Samples (n, 99) too wide and too low where little is predicted, too narrow where much.

    Truths scatter more above than below.
    """
    rng = np.random.default_rng(seed)
    middle = rng.uniform(0.0, 10.0, n)
    noise = rng.standard_normal(n)
    truth = middle + np.where(noise > 0, 2.0 * noise, noise) + np.where(middle < 5.0, 0.5, 0.0)
    claimed = np.where(middle < 5.0, 3.0, 0.7)
    return middle[:, None] + claimed[:, None] * rng.standard_normal((n, 99)), truth


def test_what_was_wrong_is_right_on_others() -> None:
    samples, truth = predictions(4000, 0)
    found = Recalibration.fit(central_interval(samples, axis=1), truth)
    samples, truth = predictions(4000, 1)
    said = np.median(samples, axis=1)
    low, middle, high = central_interval(found.apply(samples, axis=1), axis=1)
    for some in (said < 4.0, said > 6.0):
        before, _, after = central_interval(samples[some], axis=1)
        held = (before <= truth[some]) & (truth[some] <= after)
        assert abs(held.mean() - CENTRAL) > 0.1
        for end, share in ((low, 0.159), (middle, 0.5), (high, 0.841)):
            assert (truth[some] < end[some]).mean() == pytest.approx(share, abs=0.04)


@pytest.mark.parametrize("n", [20, 100, 480])
def test_few_galaxies_do_not_make_intervals_narrow(n: int) -> None:
    """What is right is held as often as it is said, on average over calibrations."""
    rng = np.random.default_rng(n)
    held = []
    for _ in range(200):
        samples, truth = rng.standard_normal((n, 99)), rng.standard_normal(n)
        found = Recalibration.fit(central_interval(samples, axis=1), truth)
        others = found.apply(rng.standard_normal((200, 99)), axis=1)
        low, _, high = central_interval(others, axis=1)
        new = rng.standard_normal(200)
        held.append(np.mean((low <= new) & (new <= high)))
    assert np.mean(held) == pytest.approx(CENTRAL, abs=0.02)


def test_samples_keep_their_order_and_ends_go_where_they_are_sent() -> None:
    samples = np.random.default_rng(0).standard_gamma(1.5, size=(4, 200, 3))
    found = Recalibration((0.0, 9.0), ((-2.0, 0.5, 1.0), (-2.0, 0.5, 1.0))).apply(samples, axis=1)
    order = np.argsort(samples, axis=1)
    assert (np.diff(np.take_along_axis(found, order, axis=1), axis=1) > 0).all()
    low, middle, high = central_interval(samples, axis=1)
    wanted = [low - (middle - low), middle + 0.5 * (high - middle), high]
    # Between two samples ends are interpolated, which a bend in the map does not keep.
    np.testing.assert_allclose(central_interval(found, axis=1), wanted, rtol=0.03)


def test_what_is_not_known_and_what_does_not_scatter_stay_so() -> None:
    found = Recalibration((0.0, 1.0), ((-2.0, 0.0, 2.0), (-3.0, 0.0, 3.0)))
    samples = np.array([[0.0, 1.0, 2.0, np.nan], [np.nan] * 4, [1.0] * 4])
    moved = found.apply(samples, axis=1)
    np.testing.assert_allclose(moved[0, :3], [-2.0, 1.0, 4.0])
    assert np.isnan(moved[0, 3]) and np.isnan(moved[1]).all()
    np.testing.assert_array_equal(moved[2], samples[2])


def test_nothing_is_moved_by_what_is_right_already() -> None:
    samples = np.random.default_rng(0).standard_normal((5, 64)).astype(np.float32)
    same = Recalibration((0.0,), ((-1.0, 0.0, 1.0),)).apply(samples, axis=1)
    assert same.dtype == np.float32
    np.testing.assert_allclose(same, samples, atol=1e-6)


def test_few_galaxies_have_one_bin_and_none_no_change() -> None:
    samples, truth = predictions(50, 2)
    interval = central_interval(samples, axis=1)
    assert len(Recalibration.fit(interval, truth).medians) == 1
    nothing = Recalibration((0.0,), ((-1.0, 0.0, 1.0),))
    assert Recalibration.fit(interval, np.full(50, np.nan)) == nothing
    assert Recalibration.fit(interval[:, :19], truth[:19]) == nothing, "too few to tell"


def test_places_are_relative_to_the_side_of_the_value() -> None:
    interval = np.array([[-1.0, -1.0, 0.0], [0.0, 0.0, 0.0], [4.0, 4.0, 4.0]])
    np.testing.assert_allclose(standardise([2.0, -2.0, -1.0], interval), [0.5, -2.0, np.nan])


@pytest.mark.parametrize(
    ("medians", "ends"),
    [
        ((), ()),
        ((1.0, 0.0), ((-1.0, 0.0, 1.0),) * 2),
        ((0.0,), ()),
        ((np.nan,), ((-1.0, 0.0, 1.0),)),
        ((0.0,), ((-1.0, 1.5, 1.0),)),
    ],
)
def test_impossible_ones_are_refused(medians: tuple, ends: tuple) -> None:
    with pytest.raises(InputError, match="expected as many"):
        Recalibration(medians, ends)
