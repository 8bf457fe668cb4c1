"""Statistics of numbers without floor or interval."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.analysis import spread, value_residuals
from picassso.core import InputError


def names(n: int) -> np.ndarray:
    return np.arange(n).astype(str)


@pytest.mark.parametrize("factor", [1.0, 1.1])
def test_perfect_and_scaled(factor: float) -> None:
    radius = 10 ** np.random.default_rng(0).normal(0.5, 0.3, 200)
    found = value_residuals(radius, factor * radius, name="half_mass_radius", galaxy_id=names(200))
    for statistic in (found.linear_bias, found.median_bias, found.mean_bias):
        assert statistic.value == pytest.approx(-np.log10(factor), abs=1e-12)
    assert found.sigma.value == pytest.approx(0, abs=1e-12)
    assert np.isnan(found.coverage.value) and found.counts.used == 200
    assert (found.property, found.kind) == ("half_mass_radius", "value")


def test_gradients_by_their_power() -> None:
    rng = np.random.default_rng(1)
    true = rng.normal(-0.1, 0.1, 500)
    predicted = true + 0.02 + rng.normal(0, 0.05, 500)
    found = value_residuals(10**true, 10**predicted, name="gradient", galaxy_id=names(500))
    assert found.mean_bias.value == pytest.approx((true - predicted).mean(), abs=1e-12)
    assert found.sigma.error == pytest.approx(0.05 / np.sqrt(1000), rel=0.25)


def test_what_was_not_measured_is_counted() -> None:
    true = np.append(np.full(5, 3.0), [2, np.nan, np.nan])
    predicted = np.append(np.full(5, 3.0), [np.nan, 1, np.nan])
    found = value_residuals(true, predicted, name="n", galaxy_id=names(8), bootstraps=0)
    assert (found.counts.used, found.counts.missed, found.counts.absent) == (5, 1, 2)
    assert found.median_bias.value == 0


def test_a_handful_of_galaxies_has_counts_and_no_statistics() -> None:
    """Four galaxies, two views each."""
    values, ids = np.full(8, 2.0), np.repeat(names(4), 2)
    found = value_residuals(values, values, name="n", galaxy_id=ids)
    assert found.counts.used == 8 and np.isnan(found.sigma.value)
    few = spread(values, galaxy_id=ids)
    assert few.used == 8 and np.isnan(few.median.value) and np.isnan(few.p16)


def test_spread() -> None:
    rng = np.random.default_rng(2)
    values = np.append(rng.normal(0.8, 0.1, 900), [np.nan] * 5)
    found = spread(values, galaxy_id=names(905))
    assert found.median.value == np.nanmedian(values)
    assert found.median.error == pytest.approx(0.1 * np.sqrt(np.pi / 1800), rel=0.3)
    assert (found.p16, found.p84) == tuple(np.nanpercentile(values, [16, 84]))
    assert (found.used, found.absent) == (900, 5)
    nothing = spread([np.nan], galaxy_id=["a"])
    assert np.isnan(nothing.median.value) and nothing.absent == 1


def test_infinite_numbers_have_no_percentiles() -> None:
    with pytest.raises(InputError, match="1 of 6 numbers infinite"):
        spread([1, 2, 3, 4, 5, np.inf], galaxy_id=names(6))
