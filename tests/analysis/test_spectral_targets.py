"""Rankings of targets: what is expected comes true where probabilities are right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from picassso.analysis.spectra import (
    Condition,
    condition_samples,
    rank_targets,
    realised,
    reliability,
)
from picassso.core import REST_GRID, InputError, get_line


def _calibrated(n: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    rng = np.random.default_rng(seed)
    probability = rng.beta(0.4, 1.5, n)
    return probability, rng.uniform(size=n) < probability


def test_expected_is_realised() -> None:
    probability, true = _calibrated(20000, 1)
    ranking = rank_targets(probability)
    purity, completeness = realised(ranking, true)
    deep = slice(50, None)
    pulls = (purity - ranking.purity)[deep] / ranking.purity_error[deep]
    # A random walk: over all depths it stays below 4 sigma.
    assert np.abs(pulls).max() < 4.0
    assert np.abs(completeness - ranking.completeness).max() < 0.03
    assert ranking.completeness[-1] == pytest.approx(1.0) == pytest.approx(completeness[-1])


def test_purity_error_is_the_scatter_of_the_realised() -> None:
    probability, _ = _calibrated(200, 2)
    ranking = rank_targets(probability)
    rng = np.random.default_rng(3)
    found = np.array(
        [realised(ranking, rng.uniform(size=200) < probability)[0] for _ in range(4000)]
    )
    np.testing.assert_allclose(found.std(axis=0), ranking.purity_error, rtol=0.08)
    np.testing.assert_allclose(found.mean(axis=0), ranking.purity, atol=0.02)


def test_by_hand() -> None:
    ranking = rank_targets([0.2, np.nan, 0.8, 0.0])
    np.testing.assert_array_equal(ranking.order, [2, 0, 3, 1])
    np.testing.assert_allclose(ranking.purity, [0.8, 0.5, 1 / 3, 0.25])
    np.testing.assert_allclose(ranking.completeness, [0.8, 1.0, 1.0, 1.0])
    np.testing.assert_array_equal(ranking.choose(purity=0.5), [2, 0])
    np.testing.assert_array_equal(ranking.choose(number=1), [2])
    assert ranking.choose(purity=0.9).size == 0
    purity, completeness = realised(ranking, np.array([True, False, True, False]))
    np.testing.assert_allclose(purity, [1.0, 1.0, 2 / 3, 0.5])
    np.testing.assert_allclose(completeness, [0.5, 1.0, 1.0, 1.0])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.floats(0, 1))
def test_chosen_are_as_pure_as_wanted_and_as_many_as_can_be(
    values: list[float], wanted: float
) -> None:
    ranking = rank_targets(values)
    chosen = ranking.choose(purity=wanted)
    assert sorted(ranking.order) == list(range(len(values)))
    if chosen.size:
        assert ranking.purity[chosen.size - 1] >= wanted - 1e-12
    if chosen.size < len(values):
        assert ranking.purity[chosen.size] < wanted


def test_reliability_of_right_and_of_proud_probabilities() -> None:
    probability, true = _calibrated(20000, 4)
    right = reliability(probability, true, galaxy_id=np.arange(20000))
    pulls = (right.happened - right.claimed) / right.error
    assert np.abs(pulls).max() < 3.5
    assert pulls.std() < 1.8
    proud = reliability(np.sqrt(probability), true, galaxy_id=np.arange(20000))
    assert ((proud.happened - proud.claimed) / proud.error).min() < -10
    assert right.count.sum() == proud.count.sum() == 20000


def test_views_of_a_galaxy_come_true_together() -> None:
    probability, true = _calibrated(2000, 5)
    one = reliability(probability, true, galaxy_id=np.arange(2000))
    three = reliability(
        np.tile(probability, 3), np.tile(true, 3), galaxy_id=np.tile(np.arange(2000), 3)
    )
    np.testing.assert_allclose(three.error, one.error)
    np.testing.assert_array_equal(three.count, 3 * one.count)


def test_ends_and_empty_bins() -> None:
    found = reliability([0.0, 1.0, np.nan], np.array([False, True, True]), galaxy_id=list("abc"))
    assert found.count[0] == found.count[-1] == 1 and found.count.sum() == 2
    assert np.isnan(found.claimed[1:-1]).all()
    np.testing.assert_array_equal(found.error[[0, -1]], 0.0)


def test_from_spectra_to_probability() -> None:
    z = (REST_GRID - get_line("Halpha").wavelength) / 4.0
    line = np.exp(-0.5 * z**2) / (4.0 * np.sqrt(2 * np.pi))
    widths = np.array([[10.0, 20.0, 40.0, 50.0], [40.0, 50.0, 60.0, 70.0]])
    condition = Condition.parse("EW(Halpha) > 30 A and class == 'no_emission'")
    samples = condition_samples(condition, REST_GRID, 1.0 + widths[..., None] * line)
    np.testing.assert_allclose(condition.probability(samples), [0.5, 1.0])
    np.testing.assert_allclose(samples["EW_Halpha"], widths, rtol=0.03)


def test_bad_input() -> None:
    ranking = rank_targets([0.5, 0.1])
    with pytest.raises(InputError, match="from 0 to 1"):
        rank_targets([0.5, 1.1])
    with pytest.raises(InputError, match="one of the two"):
        ranking.choose()
    with pytest.raises(InputError, match="purity is 2"):
        ranking.choose(purity=2)
    with pytest.raises(InputError, match="number of targets"):
        ranking.choose(number=-1)
    with pytest.raises(InputError, match="expected bool"):
        realised(ranking, [1, 0])
    with pytest.raises(InputError, match="one shape and bool"):
        reliability([0.5], np.array([True, False]), galaxy_id=[1])


def test_what_is_not_trusted_comes_last() -> None:
    ranking = rank_targets([0.9, 0.2, 1.0, 0.6], trusted=[True, True, False, True])
    np.testing.assert_array_equal(ranking.order, [0, 3, 1, 2])
    np.testing.assert_allclose(ranking.purity, [0.9, 0.75, 1.7 / 3, 2.7 / 4])
    np.testing.assert_array_equal(ranking.choose(purity=0.6), [0, 3])
    with pytest.raises(InputError, match="trusted has shape"):
        rank_targets([0.5, 0.2], trusted=[True])
