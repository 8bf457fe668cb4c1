"""Intervals that are stretched hold what they say, whatever is predicted."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.analysis.spectra import sample_quantiles
from picassso.analysis.spectra.spread import Spread, stretch_needed
from picassso.core import InputError

LEVEL = 0.6827
ENDS = [0.5 - LEVEL / 2, 0.5, 0.5 + LEVEL / 2]


def predictions(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Samples (n, 99) that are twice too wide where little is predicted, and half where much."""
    rng = np.random.default_rng(seed)
    middle = rng.uniform(0.0, 10.0, n)
    truth = middle + rng.standard_normal(n)
    claimed = np.where(middle < 5.0, 2.0, 0.5)
    return middle[:, None] + claimed[:, None] * rng.standard_normal((n, 99)), truth


def held(samples: np.ndarray, truth: np.ndarray) -> np.ndarray:
    low, _, high = sample_quantiles(samples, ENDS, axis=1)
    return (low <= truth) & (truth <= high)


def test_what_was_too_wide_and_too_narrow_is_right_on_others() -> None:
    samples, truth = predictions(4000, 0)
    spread = Spread.fit(sample_quantiles(samples, ENDS, axis=1), truth, level=LEVEL)
    samples, truth = predictions(4000, 1)
    middle = np.median(samples, axis=1)
    stretched = spread.stretch(samples, axis=1)
    for some in (middle < 4.0, middle > 6.0):
        assert abs(held(samples, truth)[some].mean() - LEVEL) > 0.2
        assert held(stretched, truth)[some].mean() == pytest.approx(LEVEL, abs=0.04)
    np.testing.assert_allclose(np.median(stretched, axis=1), middle, atol=1e-12)


def test_what_is_not_known_stays_so() -> None:
    spread = Spread((0.0, 1.0), (2.0, 3.0))
    samples = np.array([[0.0, 1.0, 2.0, np.nan], [np.nan] * 4])
    found = spread.stretch(samples, axis=1)
    np.testing.assert_allclose(found[0, :3], [-2.0, 1.0, 4.0])
    assert np.isnan(found[0, 3]) and np.isnan(found[1]).all()


def test_few_galaxies_have_one_factor_and_none_no_stretch() -> None:
    samples, truth = predictions(50, 2)
    quantiles = sample_quantiles(samples, ENDS, axis=1)
    assert len(Spread.fit(quantiles, truth, level=LEVEL).factors) == 1
    assert Spread.fit(quantiles, np.full(50, np.nan), level=LEVEL) == Spread((0.0,), (1.0,))


def test_stretches_are_relative_to_the_side_of_the_truth() -> None:
    np.testing.assert_allclose(
        stretch_needed([-1.0, -1.0, 0.0], [0.0, 0.0, 0.0], [4.0, 4.0, 4.0], [2.0, -2.0, -1.0]),
        [0.5, 2.0, np.nan],
    )


@pytest.mark.parametrize(("medians", "factors"), [((), ()), ((1.0, 0.0), (1.0, 1.0)), ((0.0,), ())])
def test_impossible_spreads_are_refused(medians: tuple, factors: tuple) -> None:
    with pytest.raises(InputError, match="expected as many"):
        Spread(medians, factors)
