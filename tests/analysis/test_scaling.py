"""Relations that were put in come out again."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.analysis import RELATIONS, compare_relation
from picassso.analysis.scaling import HALF_RADIUS, weighted_quantiles
from picassso.core import InputError

N = 2000


def population(*, slope=0.3, zero=-2.0, scatter=0.1, seed=0, n=N):
    """Galaxies flat in log mass, on known relations."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(9, 12, n)
    mass = 10**x
    gas = mass

    def on_a_line(at_pivot):
        return 10 ** (at_pivot + slope * (x - 10) + rng.normal(0, scatter, n))

    return {
        "stellar_mass": mass,
        "stellar_metal_mass": mass * on_a_line(zero),
        "gas_mass": gas,
        "gas_metal_mass": gas * on_a_line(zero),
        "star_formation_rate": on_a_line(1.0),
        HALF_RADIUS: on_a_line(0.5),
    }


def compare(name, true, predicted, **options):
    ids = options.pop("galaxy_id", np.arange(len(true["stellar_mass"])).astype(str))
    return compare_relation(RELATIONS[name], true, predicted, galaxy_id=ids, **options)


@pytest.mark.parametrize(
    ("name", "zero"),
    [
        ("stellar_mass_metallicity", -2.0),
        ("gas_mass_metallicity", -2.0),
        ("main_sequence", 1.0),
        ("size_mass", 0.5),
    ],
)
def test_what_was_put_in_comes_out(name: str, zero: float) -> None:
    true = population()
    found = compare(name, true, true, bootstraps=50).true
    for statistic, expected in (
        (found.slope, 0.3),
        (found.zero_point, zero),
        (found.scatter, 0.1),
    ):
        assert abs(statistic.value - expected) < 4 * statistic.error
    assert found.slope.error == pytest.approx(0.1 / np.sqrt(N * 0.75), rel=0.3)
    assert (found.used, found.left_out, found.absent) == (N, 0, 0)
    middle = 0.5 * (found.edges[1:] + found.edges[:-1])
    filled = found.galaxies > 0
    line = zero + 0.3 * (middle[filled] - 10)
    np.testing.assert_allclose(found.median[filled], line, atol=0.02)
    # The spread within a bin half a dex wide is the scatter and the slope across it.
    width = 2 * np.hypot(0.1, 0.3 * 0.5 / np.sqrt(12))
    np.testing.assert_allclose((found.p84 - found.p16)[filled], width, rtol=0.12)
    assert np.isnan(found.median[~filled]).all()


def test_perfect_prediction_has_no_difference() -> None:
    true = population()
    found = compare("stellar_mass_metallicity", true, true, bootstraps=10)
    for statistic in (found.slope, found.zero_point, found.scatter):
        assert (statistic.value, statistic.error) == (0, 0)


def test_a_scaled_prediction_moves_ratios_not_at_all_and_others_along() -> None:
    true = population()
    scaled = {name: 1.1 * v for name, v in true.items()}
    ratio = compare("stellar_mass_metallicity", true, scaled, bootstraps=0)
    # Along the mass axis alone: by slope x log10(1.1) at the pivot.
    expected = -ratio.true.slope.value * np.log10(1.1)
    assert ratio.zero_point.value == pytest.approx(expected, abs=1e-12)
    rate = compare("main_sequence", true, scaled, bootstraps=0)
    expected = (1 - rate.true.slope.value) * np.log10(1.1)
    assert rate.zero_point.value == pytest.approx(expected, abs=1e-12)
    assert rate.slope.value == pytest.approx(0, abs=1e-12)


def test_differences_draw_the_same_galaxies() -> None:
    true = population(scatter=0.3)
    predicted = dict(true)
    rng = np.random.default_rng(1)
    predicted[HALF_RADIUS] = true[HALF_RADIUS] * 10 ** rng.normal(0.05, 0.02, N)
    found = compare("size_mass", true, predicted, bootstraps=50)
    assert found.zero_point.error < 0.2 * found.true.zero_point.error
    assert abs(found.zero_point.value - 0.05) < 4 * found.zero_point.error


def test_errors_are_over_galaxies() -> None:
    true = population(n=500)
    often = {name: np.repeat(v, 4) for name, v in true.items()}
    a = compare("size_mass", true, true)
    b = compare("size_mass", often, often, galaxy_id=np.repeat(np.arange(500), 4))
    assert b.true.slope.value == pytest.approx(a.true.slope.value)
    assert b.true.slope.error == pytest.approx(a.true.slope.error, rel=0.2)
    np.testing.assert_array_equal(a.true.galaxies, b.true.galaxies)


def test_weights_are_as_good_as_copies() -> None:
    true = population(n=3000)
    times = np.random.default_rng(2).integers(0, 4, 3000)
    copies = {name: np.repeat(v, times) for name, v in true.items()}
    ids = np.arange(3000).astype(str)
    a = compare("size_mass", true, true, weights=times, bootstraps=0)
    b = compare("size_mass", copies, copies, galaxy_id=np.repeat(ids, times), bootstraps=0)
    for name in ("slope", "zero_point", "scatter"):
        assert getattr(a.true, name).value == pytest.approx(getattr(b.true, name).value)
    np.testing.assert_array_equal(a.true.galaxies, b.true.galaxies)
    np.testing.assert_allclose(a.true.median, b.true.median, atol=0.02)


def test_each_side_is_star_forming_by_its_own_rate() -> None:
    true = population(scatter=0.0)
    predicted = dict(true)
    predicted["star_formation_rate"] = true["star_formation_rate"].copy()
    predicted["star_formation_rate"][:500] = 0.5e-11 * true["stellar_mass"][:500]
    found = compare("main_sequence", true, predicted, bootstraps=0)
    assert (found.true.used, found.predicted.used, found.predicted.left_out) == (N, N - 500, 500)


def test_faint_and_absent_galaxies_are_counted() -> None:
    true = population(n=100)
    true["gas_metal_mass"] = true["gas_metal_mass"].copy()
    true["gas_metal_mass"][:10], true["gas_metal_mass"][10:30] = np.nan, 10.0
    found = compare("gas_mass_metallicity", true, true, bootstraps=0).true
    assert (found.used, found.left_out, found.absent) == (70, 20, 10)


def test_too_few_galaxies_give_nan() -> None:
    few = population(n=4)
    found = compare("size_mass", few, few).true
    assert np.isnan(found.slope.value) and np.isnan(found.median).all()
    assert found.galaxies.sum() == 4
    often = {name: np.repeat(v, 3) for name, v in few.items()}
    views = compare("size_mass", often, often, galaxy_id=np.repeat(np.arange(4), 3))
    assert np.isnan(views.true.slope.value) and views.true.used == 12
    assert np.isfinite(compare("size_mass", *[population(n=5)] * 2).true.slope.value)


def test_weighted_quantiles_are_those_of_numpy() -> None:
    values = np.random.default_rng(3).normal(size=31)
    q = (0.0, 0.16, 0.5, 0.84, 1.0)
    np.testing.assert_allclose(
        weighted_quantiles(values, np.full(31, 2.5), q), np.quantile(values, q)
    )
    np.testing.assert_array_equal(weighted_quantiles(np.ones(1), np.ones(1), q), np.ones(5))


def test_bad_input() -> None:
    true = population(n=10)
    del true[HALF_RADIUS]
    with pytest.raises(InputError, match=r"relation size_mass: totals of \['half_mass_radius'\]"):
        compare("size_mass", true, true)
    with pytest.raises(InputError, match=r"expected \(3,\)"):
        compare("main_sequence", true, true, galaxy_id=list("abc"))
