"""Departures from a mapping: uniform where there are none, found where there are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from picassso.analysis.spectra import (
    Departures,
    calibrated_p_value,
    chi_squared_p_value,
    departures,
    select_outliers,
    uniformity,
)
from picassso.core import InputError

D = 6


class _Sky(NamedTuple):
    predicted: NDArray[np.float64]
    predicted_covariance: NDArray[np.float64]
    observed: NDArray[np.float64]
    observed_covariance: NDArray[np.float64]


def _sky(n: int, rng: np.random.Generator) -> _Sky:
    """Galaxies whose latents scatter as both of their covariances say."""
    mixes = rng.normal(0, 1, (2, n, D, D)) * rng.uniform(0.1, 2.0, (2, n, 1, D))
    covariances = mixes @ np.swapaxes(mixes, -1, -2) + 0.01 * np.eye(D)
    truth = rng.normal(0, 3, (n, D))
    noise = np.linalg.cholesky(covariances) @ rng.standard_normal((2, n, D, 1))
    predicted, observed = truth + noise[..., 0]
    return _Sky(predicted, covariances[0], observed, covariances[1])


def _departures(sky: _Sky) -> Departures:
    return departures(*sky)


def test_p_values_are_uniform_where_covariances_are_right() -> None:
    found = _departures(_sky(4000, np.random.default_rng(1)))
    assert uniformity(found.p_value)[1] > 0.01
    assert found.distance.mean() == pytest.approx(D, abs=5 * np.sqrt(2 * D / 4000))
    # Each latent has its share.
    np.testing.assert_allclose(found.contribution.mean(axis=0), 1.0, atol=0.12)
    np.testing.assert_allclose(found.pull.std(axis=0), 1.0, atol=0.06)


def test_calibration_mends_wrong_covariances() -> None:
    rng = np.random.default_rng(2)
    sky = _sky(6000, rng)
    proud = sky._replace(
        predicted_covariance=0.3 * sky.predicted_covariance,
        observed_covariance=0.3 * sky.observed_covariance,
    )
    found = _departures(proud)
    assert uniformity(found.p_value)[1] < 1e-6
    calibrated = calibrated_p_value(found.distance[:4000], found.distance[4000:])
    assert uniformity(calibrated)[1] > 0.001


@pytest.mark.parametrize("n", [9, 99])
def test_calibrated_p_values_are_exact_for_a_few(n: int) -> None:
    rng = np.random.default_rng(n)
    drawn = rng.standard_cauchy((20000, n + 1)) ** 2
    p = np.array([calibrated_p_value(d[0], d[1:]) for d in drawn])
    # Exchangeable: every rank as often as any other.
    found = np.bincount(np.rint(p * (n + 1)).astype(int), minlength=n + 2)[1:]
    expected = 20000 / (n + 1)
    chi_squared = ((found - expected) ** 2 / expected).sum()
    assert chi_squared_p_value(chi_squared, n) > 0.001
    assert p.min() == pytest.approx(1 / (n + 1))


def test_shifted_galaxies_are_found() -> None:
    rng = np.random.default_rng(3)
    sky = _sky(2000, rng)
    shift = np.zeros((2000, D))
    sigma = np.sqrt(sky.predicted_covariance[:, 2, 2] + sky.observed_covariance[:, 2, 2])
    shift[:200, 2] = 6.0 * sigma[:200]
    found = _departures(sky._replace(observed=sky.observed + shift))
    reference = _departures(_sky(20000, rng)).distance
    p = calibrated_p_value(found.distance, reference)
    selected = select_outliers(p, false_discovery_rate=0.1)
    assert selected[:200].mean() > 0.8
    assert (~np.isin(np.flatnonzero(selected), np.arange(200))).mean() < 0.15
    # And the latent that was moved is blamed.
    blamed = found.contribution[:200].argmax(axis=1)
    assert (blamed == 2).mean() > 0.6
    assert np.bincount(blamed, minlength=D).argmax() == 2


def test_nothing_is_selected_of_nothing() -> None:
    rng = np.random.default_rng(4)
    # A rate of 1% over all: any selection among these is a false discovery.
    often = [
        select_outliers(rng.uniform(size=100), false_discovery_rate=0.01).any() for _ in range(500)
    ]
    assert np.mean(often) < 0.03


def test_contributions_add_up_and_do_not_know_units() -> None:
    sky = _sky(50, np.random.default_rng(5))
    found = _departures(sky)
    difference = sky.observed - sky.predicted
    inverse = np.linalg.inv(sky.predicted_covariance + sky.observed_covariance)
    expected = np.einsum("ni,nij,nj->n", difference, inverse, difference)
    np.testing.assert_allclose(found.distance, expected)
    np.testing.assert_allclose(found.contribution.sum(axis=1), expected)
    unit = np.diag(10.0 ** np.arange(D))
    scaled = _departures(
        _Sky(
            sky.predicted @ unit,
            unit @ sky.predicted_covariance @ unit,
            sky.observed @ unit,
            unit @ sky.observed_covariance @ unit,
        )
    )
    np.testing.assert_allclose(scaled.contribution, found.contribution, rtol=1e-6)


@given(st.floats(0, 60))
def test_chi_squared_of_two_is_exponential(distance: float) -> None:
    assert chi_squared_p_value(distance, 2) == pytest.approx(np.exp(-distance / 2), rel=1e-9)


def test_unknown_latents_have_no_p_value() -> None:
    sky = _sky(5, np.random.default_rng(6))
    sky.observed[1, 3] = np.nan
    sky.predicted_covariance[2] = np.nan
    sky.predicted_covariance[3] = sky.observed_covariance[3] = 0.0
    found = _departures(sky)
    np.testing.assert_array_equal(np.isnan(found.p_value), [False, True, True, True, False])
    assert np.isnan(found.contribution[1:4]).all() and np.isfinite(found.contribution[4]).all()
    assert np.isnan(calibrated_p_value(found.distance, [1.0, 2.0])[1])
    assert not select_outliers(found.p_value, false_discovery_rate=0.5)[1]


def test_bad_input() -> None:
    sky = _sky(5, np.random.default_rng(7))
    with pytest.raises(InputError, match="expected"):
        departures(sky.predicted, sky.predicted_covariance[:3], sky.observed, np.eye(D))
    with pytest.raises(InputError, match="reference sample"):
        calibrated_p_value([1.0], [np.nan])
    with pytest.raises(InputError, match="between 0 and 1"):
        select_outliers([0.1], false_discovery_rate=5)
