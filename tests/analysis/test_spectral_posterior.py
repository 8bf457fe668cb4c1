"""Samples of posteriors: quantiles, coverage and ranks where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.analysis.spectra import (
    CREDIBLE_LEVELS,
    coverage,
    credible_band,
    interval_coverage,
    probability_integral_transform,
    sample_quantiles,
    uniformity,
)
from picassso.core import InputError


def _drawn(n: int, samples: int, *, width: float = 1.0, shift: float = 0.0) -> tuple:
    """Truths and posterior samples; both of the same distribution with width 1 and no shift."""
    rng = np.random.default_rng(samples)
    middle = rng.normal(0, 3, n)
    true = middle + rng.standard_normal(n)
    return true, middle[:, None] + shift + width * rng.standard_normal((n, samples))


@pytest.mark.parametrize("samples", [4, 9, 64])
def test_a_right_posterior_covers_what_it_claims(samples: int) -> None:
    true, drawn = _drawn(20000, samples)
    for found in coverage(true, drawn, galaxy_id=np.arange(20000)):
        expected_error = np.sqrt(found.level * (1 - found.level) / 20000)
        # Few samples blur the intervals, which makes the mean of parts more certain.
        assert found.error < 1.3 * expected_error
        assert abs(found.value - found.level) < 4.0 * expected_error
        assert found.count == 20000


def test_band_of_few_samples_covers_as_the_ranks_say() -> None:
    true, drawn = _drawn(20000, 64)
    low, high = credible_band(drawn, 0.68, axis=1)
    found = interval_coverage(true, low, high, level=0.68, galaxy_id=np.arange(20000))
    assert abs(found.value - 0.68) < 4.0 * found.error


def test_a_narrow_posterior_covers_less_and_a_shifted_one_too() -> None:
    claimed = np.array(CREDIBLE_LEVELS)
    right, narrow, shifted = (
        np.array([c.value for c in coverage(*_drawn(4000, 50, **wrong), galaxy_id=np.arange(4000))])
        for wrong in ({}, {"width": 0.6}, {"shift": 1.0})
    )
    assert (narrow < claimed - 0.04).all() and (shifted < claimed - 0.04).all()
    assert (np.abs(right - claimed) < 0.03).all()


def test_coverage_of_a_gaussian_is_analytic() -> None:
    true, drawn = _drawn(20000, 400, width=0.5)
    (found,) = coverage(true, drawn, galaxy_id=np.arange(20000), levels=[0.6827])
    assert found.value == pytest.approx(0.3829, abs=0.012)  # within half a sigma


def test_views_of_one_galaxy_are_not_independent() -> None:
    true, drawn = _drawn(500, 50)
    once, four = (
        coverage(
            np.repeat(true, views),
            np.repeat(drawn, views, axis=0),
            galaxy_id=np.repeat(np.arange(500), views),
            levels=[0.68],
        )[0]
        for views in (1, 4)
    )
    assert four.value == pytest.approx(once.value)
    assert four.error == pytest.approx(once.error)


def test_spectra_and_gaps() -> None:
    rng = np.random.default_rng(1)
    true, drawn = rng.standard_normal((300, 20)), rng.standard_normal((300, 40, 20))
    true[:, :5] = np.nan
    drawn[:, :30, 5:10] = np.nan
    drawn[:, :, 10] = np.nan
    found = coverage(true, drawn, galaxy_id=np.arange(300), levels=[0.68])[0]
    assert found.count == 300 * 14
    assert abs(found.value - 0.68) < 4.0 * found.error
    transform = probability_integral_transform(true, drawn)
    assert transform.shape == (300, 20)
    assert np.isnan(transform).sum() == 300 * 6
    low, high = credible_band(drawn, 0.68, axis=1)
    assert np.isnan(low[:, 10]).all() and (high[:, 5:10] > low[:, 5:10]).all()


def test_ranks_are_uniform_only_of_a_right_posterior() -> None:
    # Three hundred samples are fine enough for a test of continuous values.
    right, narrow = (
        probability_integral_transform(*_drawn(2000, 300, width=w)) for w in (1.0, 0.7)
    )
    assert uniformity(right)[1] > 0.01
    assert uniformity(narrow)[1] < 1e-6
    assert right.mean() == pytest.approx(0.5, abs=0.03)


def test_rank_by_hand() -> None:
    found = probability_integral_transform([2.5, 3.0, -1.0], np.tile([1.0, 2.0, 3.0, 4.0], (3, 1)))
    np.testing.assert_allclose(found, [2.5 / 5, 3.0 / 5, 0.5 / 5])


def test_quantiles_by_hand() -> None:
    samples = np.array([4.0, 1.0, np.nan, 3.0, 2.0])
    assert sample_quantiles(samples, 0.5, axis=0) == 2.5
    assert sample_quantiles(samples, 0.2, axis=0) == 1.0
    assert sample_quantiles(samples, 0.01, axis=0) == 1.0
    assert np.isnan(sample_quantiles(samples[2:3], 0.5, axis=0))
    assert sample_quantiles(np.ones((2, 7, 3)), [0.1, 0.9], axis=1).shape == (2, 2, 3)


def test_bad_input() -> None:
    with pytest.raises(InputError, match="from 0 to 1"):
        sample_quantiles([1.0], 16, axis=0)
    with pytest.raises(InputError, match="second axis"):
        coverage(np.ones(3), np.ones((4, 3)), galaxy_id=np.arange(3))
    with pytest.raises(InputError, match="galaxy_id has shape"):
        coverage(np.ones(3), np.ones((3, 4)), galaxy_id=np.arange(2))
