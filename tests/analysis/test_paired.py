"""Two predictions of the same totals: what both have in common drops out of the error."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.analysis import Prediction, paired_difference, residual_statistics
from picassso.core import InputError

MASS = "stellar_mass"


def prediction(residual, true) -> Prediction:
    """One that leaves these residuals [dex]."""
    return Prediction(*(true / 10.0**residual,) * 4)


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(3)
    true = 10.0 ** rng.uniform(9, 11, 300)
    return true, rng.standard_normal((2, 300)), np.repeat(np.arange(150), 2)


def test_it_is_the_difference_of_both(sample):
    """To the last digit; biases by their amounts."""
    true, (one, two), ids = sample
    a, b = prediction(0.2 * one - 0.1, true), prediction(0.1 * two + 0.03, true)
    found = paired_difference(true, a, b, property=MASS, galaxy_id=ids)
    first, second = (residual_statistics(true, p, property=MASS, galaxy_id=ids) for p in (a, b))
    for name in ("sigma", "robust_sigma", "linear_bias", "median_bias"):
        expected = abs(getattr(first, name).value) - abs(getattr(second, name).value)
        assert getattr(found, name).value == pytest.approx(expected, abs=1e-12)
    assert found.used == 300
    back = paired_difference(true, b, a, property=MASS, galaxy_id=ids)
    assert back.sigma.value == -found.sigma.value
    assert back.sigma.error == pytest.approx(found.sigma.error)


def test_what_is_common_drops_out_of_the_error(sample):
    """Hard galaxies are hard for both: the error is that of what differs."""
    true, (common, own), ids = sample
    a, b = prediction(0.3 * common + 0.03 * own, true), prediction(0.3 * common, true)
    paired = paired_difference(true, a, b, property=MASS, galaxy_id=ids).sigma.error
    alone = residual_statistics(true, b, property=MASS, galaxy_id=ids).sigma.error
    assert paired < 0.3 * alone
    other = prediction(0.3 * own, true)
    apart = paired_difference(true, other, b, property=MASS, galaxy_id=ids).sigma.error
    # Independent errors add in quadrature.
    assert apart == pytest.approx(np.sqrt(2.0) * alone, rel=0.25)


def test_views_of_one_galaxy_are_drawn_together(sample):
    """Every view twice over tells nothing new."""
    true, (one, two), _ = sample
    ids = np.arange(300)
    a, b = prediction(0.2 * one, true), prediction(0.1 * two, true)
    once = paired_difference(true, a, b, property=MASS, galaxy_id=ids)
    twice = paired_difference(
        *(
            np.tile(true, 2),
            *(prediction(np.tile(r, 2), np.tile(true, 2)) for r in (0.2 * one, 0.1 * two)),
        ),
        property=MASS,
        galaxy_id=np.tile(ids, 2),
    )
    assert twice.sigma.error == pytest.approx(once.sigma.error, rel=1e-6)


def test_truth_below_the_floor_counts_in_sums_alone(sample):
    true, (one, two), ids = sample
    a, b = prediction(0.2 * one, true), prediction(0.1 * two, true)
    faint = np.where(np.arange(300) < 100, 1.0, true)
    faint[299] = np.nan
    found = paired_difference(faint, a, b, property=MASS, galaxy_id=ids)
    expected = paired_difference(
        true[100:299], a[100:299], b[100:299], property=MASS, galaxy_id=ids[100:299]
    )
    assert found.used == 199
    for name in ("sigma", "robust_sigma", "median_bias"):
        one, other = getattr(found, name), getattr(expected, name)
        assert one.value == other.value and one.error == pytest.approx(other.error, rel=0.3)
    # A hundred totals of 1 where far more was painted.
    assert found.linear_bias.value != expected.linear_bias.value


def test_what_is_not_finite_is_refused(sample):
    true, (one, _), ids = sample
    good, bad = prediction(0.2 * one, true), prediction(np.full(300, np.nan), true)
    for pair in ((good, bad), (bad, good)):
        with pytest.raises(InputError, match="not finite"):
            paired_difference(true, *pair, property=MASS, galaxy_id=ids)
