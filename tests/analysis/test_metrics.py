"""Residual statistics on cases whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.analysis import PixelResiduals, Prediction, residual_statistics, residual_table
from picassso.core import PROPERTIES, InputError

N = 40_000
NAMES = ("linear_bias", "median_bias", "sigma", "robust_sigma", "outlier_fraction", "coverage")


def sharp(values, *, width=0.1):
    """A prediction centred on `values`, whose mean is its median."""
    return Prediction(values, values * (1 - width), values, values * (1 + width))


def totals(true, predicted, **options):
    return residual_statistics(true, predicted, property="stellar_mass", **options)


def pixels(true, predicted, *, images=20, bootstraps=0):
    accumulator = PixelResiduals("stellar_mass", bootstraps=bootstraps)
    for i, rows in enumerate(np.array_split(np.arange(len(true)), images)):
        accumulator.add(true[rows], predicted[rows], galaxy_id=f"g{i}")
    return accumulator.result()


def both(true, predicted):
    """The same case as totals, and as pixels a thousand times fainter (as the floors are)."""
    fainter = Prediction(*(getattr(predicted, f) / 1e3 for f in ("mean", "p16", "p50", "p84")))
    return [
        totals(true, predicted, bootstraps=0),
        pixels(true / 1e3, fainter),
    ]


@pytest.fixture
def mass():
    return 10 ** np.random.default_rng(0).uniform(9, 12, N)


def test_perfect_prediction(mass):
    for statistics in both(mass, sharp(mass)):
        for name in ("linear_bias", "median_bias", "sigma", "robust_sigma"):
            assert getattr(statistics, name).value == pytest.approx(0, abs=1e-12)
        assert statistics.coverage.value == 1.0
        assert statistics.outlier_fraction.value == pytest.approx(0, abs=1e-9)
        assert statistics.counts.used == N


def test_intervals_without_width_have_no_coverage(mass):
    for statistics in both(mass, Prediction(mass, mass, mass, mass)):
        assert np.isnan(statistics.coverage.value) and np.isnan(statistics.coverage.error)
        assert statistics.median_bias.value == 0.0


def test_ten_per_cent_too_much(mass):
    for statistics in both(mass, sharp(1.1 * mass)):
        assert statistics.linear_bias.value == pytest.approx(-np.log10(1.1), abs=1e-9)
        assert statistics.median_bias.value == pytest.approx(-np.log10(1.1), abs=1e-6)
        assert statistics.sigma.value == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("scatter", [0.05, 0.2, 0.3])
def test_lognormal_scatter(mass, scatter):
    """A median used as a mean under-predicts sums by ln(10) s^2 / 2 dex; quantiles cover 68%."""
    rng = np.random.default_rng(1)
    median = np.full(N, 3e10)
    true = median * 10 ** rng.normal(0, scatter, N)
    predicted = Prediction(median, median * 10**-scatter, median, median * 10**scatter)
    for statistics in both(true, predicted):
        error = scatter / np.sqrt(N)
        expected = np.log(10) * scatter**2 / 2
        assert statistics.linear_bias.value == pytest.approx(expected, abs=6 * error)
        assert statistics.median_bias.value == pytest.approx(0, abs=6 * error)
        assert statistics.sigma.value == pytest.approx(scatter, rel=0.03)
        assert statistics.robust_sigma.value == pytest.approx(scatter, rel=0.03)
        assert statistics.outlier_fraction.value == pytest.approx(0.0027, abs=0.0013)
        assert statistics.coverage.value == pytest.approx(0.6827, abs=0.01)


def test_the_right_mean_has_no_linear_bias():
    rng = np.random.default_rng(2)
    median, s = np.full(N, 1e11), 0.3
    true = median * 10 ** rng.normal(0, s, N)
    mean = median * np.exp((s * np.log(10)) ** 2 / 2)
    predicted = Prediction(mean, median * 10**-s, median, median * 10**s)
    for statistics in both(true, predicted):
        assert statistics.linear_bias.value == pytest.approx(0, abs=0.01)
        assert statistics.median_bias.value == pytest.approx(0, abs=0.01)


def test_outliers_move_sigma_more_than_its_robust_twin(mass):
    rng = np.random.default_rng(3)
    residual = rng.normal(0, 0.1, N)
    residual[: N // 50] = 2.0
    true = mass * 10**residual
    for statistics in both(true, sharp(mass)):
        assert statistics.robust_sigma.value == pytest.approx(0.1, rel=0.05)
        assert statistics.sigma.value > 0.25
        assert statistics.outlier_fraction.value == pytest.approx(0.02 + 0.0027, abs=2e-3)


def test_what_lies_below_the_floor_is_counted_not_used():
    floor = PROPERTIES["stellar_mass"].total_floor
    true = np.array([10, 10, 0.5, 0, 0.1, np.nan]) * floor
    predicted = sharp(np.array([10, 0.5, 0.5, 3, 0.2, 7.0]) * floor)
    counts = totals(true, predicted).counts
    assert (counts.used, counts.missed) == (2, 1)
    assert (counts.below_floor, counts.false_positive, counts.absent) == (3, 1, 1)
    statistics = totals(true[:1], predicted[:1])
    assert statistics.linear_bias.value == 0 and np.isnan(statistics.linear_bias.error)


def test_sums_hold_what_lies_below_the_floor():
    """And the painted bias whatever was painted, which needs no truth to choose."""
    floor = PROPERTIES["stellar_mass"].total_floor
    true = np.array([20, 10, 0.5, 0.4, np.nan]) * floor
    median = np.array([10, 0.5, 5.0, 0.2, 9.0]) * floor
    found = totals(true, sharp(median), bootstraps=0)
    assert found.linear_bias.value == pytest.approx(np.log10(30.9 / 15.7))
    assert found.median_bias.value == pytest.approx(np.log10([2, 20]).mean())
    assert found.painted_bias.value == pytest.approx(np.log10([2, 0.1]).mean())


def test_too_few_galaxies_have_counts_and_no_statistics():
    true, ids = np.full(8, 1e10), np.repeat(np.arange(4), 2)
    few = totals(true, sharp(true), galaxy_id=ids, fewest=5)
    assert few.counts.used == 8 and all(np.isnan(getattr(few, name).value) for name in NAMES)
    enough = totals(true, sharp(true), galaxy_id=ids, fewest=4)
    assert enough.median_bias.value == 0


def test_a_share_of_all_or_none_has_the_error_of_wilson(mass):
    """No draw of galaxies has an outlier: the population may have some, up to 1 in 101."""
    ids = np.repeat(np.arange(100), 4).astype(str)
    found = totals(mass[:400], sharp(mass[:400]), galaxy_id=ids)
    accumulator = PixelResiduals("stellar_mass")
    for k, galaxy in enumerate(ids):
        accumulator.add(mass[4 * k : 4 * k + 4], sharp(mass[4 * k : 4 * k + 4]), galaxy_id=galaxy)
    for statistics in (found, accumulator.result()):
        assert statistics.outlier_fraction.error == pytest.approx(1 / 101)
        assert statistics.coverage.error == pytest.approx(1 / 101)


def test_a_prediction_is_not_masked_by_the_truth():
    """A prediction of zero is a large finite miss."""
    statistics = totals(np.array([1e10, 1e10]), sharp(np.array([1e10, 0.0])))
    assert statistics.sigma.value == pytest.approx(2.5)
    assert statistics.linear_bias.value == pytest.approx(np.log10(2))


def test_nothing_above_the_floor_gives_nan():
    nothing = np.zeros(5)
    for statistics in (
        totals(nothing, sharp(nothing)),
        pixels(nothing, sharp(nothing), images=2, bootstraps=5),
    ):
        assert all(np.isnan(getattr(statistics, name).value) for name in NAMES)
        assert statistics.counts.below_floor == 5


def test_bootstrap_draws_galaxies_not_views():
    """Four identical views of a galaxy tell no more than one: the error stays that of N."""
    rng = np.random.default_rng(4)
    galaxies, scatter = 500, 0.2
    true = np.repeat(1e10 * 10 ** rng.normal(0, scatter, galaxies), 4)
    predicted = sharp(np.full(4 * galaxies, 1e10))
    ids = np.repeat(np.arange(galaxies).astype(str), 4)
    right = totals(true, predicted, galaxy_id=ids, bootstraps=300)
    wrong = totals(true, predicted, bootstraps=300)
    relative = np.sqrt(np.expm1((scatter * np.log(10)) ** 2) / galaxies)
    assert right.linear_bias.error == pytest.approx(relative / np.log(10), rel=0.2)
    assert right.sigma.error == pytest.approx(scatter / np.sqrt(2 * galaxies), rel=0.2)
    assert right.sigma.error / wrong.sigma.error == pytest.approx(2, rel=0.2)


def test_pixel_bootstrap_knows_that_pixels_of_a_galaxy_err_together():
    rng = np.random.default_rng(5)
    galaxies, scatter = 400, 0.1
    accumulator = PixelResiduals("stellar_mass", bootstraps=200)
    for g in range(galaxies):
        shift = 10 ** rng.normal(0, scatter)
        accumulator.add(np.full(50, 1e8), sharp(np.full(50, 1e8 * shift)), galaxy_id=str(g))
    statistics = accumulator.result()
    assert statistics.counts.used == 50 * galaxies
    assert statistics.sigma.error == pytest.approx(scatter / np.sqrt(2 * galaxies), rel=0.2)
    assert statistics.linear_bias.error == pytest.approx(scatter / np.sqrt(galaxies), rel=0.2)


def test_pixels_agree_with_totals(mass):
    """One estimator streams, the other sorts: the same numbers to the histogram's resolution."""
    rng = np.random.default_rng(6)
    true = mass * 10 ** rng.normal(0.05, 0.15, N)
    exact, streamed = both(true, sharp(mass, width=0.3))
    for name in ("linear_bias", "median_bias", "sigma", "robust_sigma", "coverage"):
        a, b = getattr(exact, name).value, getattr(streamed, name).value
        assert b == pytest.approx(a, abs=5e-4), name


def test_order_of_images_does_not_matter(mass):
    predicted = sharp(mass * 1.3)
    forward = pixels(mass, predicted, bootstraps=20)
    accumulator = PixelResiduals("stellar_mass", bootstraps=20)
    for i, rows in reversed(list(enumerate(np.array_split(np.arange(N), 20)))):
        accumulator.add(mass[rows], predicted[rows], galaxy_id=f"g{i}")
    backward = accumulator.result()
    for name in NAMES:
        a, b = getattr(forward, name), getattr(backward, name)
        assert a.value == pytest.approx(b.value, rel=1e-9, abs=1e-9)
        assert a.error == pytest.approx(b.error, rel=1e-6, abs=1e-9)


def test_bootstrap_repeats_itself(mass):
    predicted = sharp(mass * 1.1)
    rows = slice(0, 300)
    assert totals(mass[rows], predicted[rows]) == totals(mass[rows], predicted[rows])


def test_table_has_a_row_a_property(mass):
    true = {"stellar_mass": mass, "gas_mass": mass, "hi_mass": mass}
    rows = residual_table(
        true, {"gas_mass": sharp(mass), "stellar_mass": sharp(mass)}, bootstraps=0
    )
    assert [r.property for r in rows] == ["stellar_mass", "gas_mass"]


def test_bad_input():
    ones = np.full(3, 1e10)
    with pytest.raises(InputError, match="different shapes"):
        Prediction(ones, ones, ones[:2], ones)
    with pytest.raises(InputError, match="two columns of one length"):
        totals(np.full(4, 1e10), sharp(ones))
    with pytest.raises(InputError, match="stellar_mass: the predicted mean is not finite"):
        totals(ones, sharp(np.array([1e10, np.nan, 1e10])))
