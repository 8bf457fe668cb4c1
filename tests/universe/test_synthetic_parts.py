"""Relations, histories and shapes of the synthetic universe, against analytic values."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("scipy")

import torch
from scipy import special

from picassso.core import DEPLETION_TIME
from picassso.universe.synthetic import gas_relations, histories, relations, shapes
from picassso.universe.synthetic.shapes import ArmPattern, Sampler


@pytest.fixture
def sampler() -> Sampler:
    return Sampler(torch.Generator().manual_seed(3), torch.device("cpu"))


def test_values_given_in_the_papers() -> None:
    # Renzini & Peng: a galaxy of 10^10 Msun forms 0.9 Msun a year.
    assert relations.main_sequence(10.0) == pytest.approx(-0.04)
    # Peng: half of the galaxies of 10^10.5 or so are mass-quenched, none without mass.
    assert relations.mass_quenching(10.56) == pytest.approx(1 - 1 / math.e)
    assert relations.quenched_fraction(7.0, -9.0) < 2e-3
    # Shen: late types of 3.98e10 Msun: 0.1 x (3.98e10)^0.14 x 2^0.25 kpc.
    assert relations.size_late(math.log10(3.98e10)) == pytest.approx(3.62, abs=0.03)
    assert relations.size_scatter(8.0) == pytest.approx(0.47, abs=1e-3)
    assert relations.size_early(11.0) == pytest.approx(4.16, abs=0.03)
    # Tremonti: 12 + log(O/H) = 8.95 at 10^10 Msun.
    assert gas_relations.oxygen_abundance(10.0) == pytest.approx(8.952, abs=1e-3)
    assert gas_relations.metallicity_from_oxygen(8.69) == pytest.approx(0.0142)
    # Wang: a galaxy with 10^9 Msun of HI is 18.2 kpc across.
    assert 2 * gas_relations.atomic_radius(9.0) == pytest.approx(18.24, abs=0.05)
    assert gas_relations.atomic_profile(1.0, 0.2, 37.0) == pytest.approx(1.0)
    # Milky Way's halo: 10^12 Msun has a virial radius of about 200 kpc.
    assert gas_relations.halo_radius(12.0) == pytest.approx(206.0, abs=2.0)


def test_rows_of_the_published_tables() -> None:
    # Gallazzi et al. (2005), table 2, the row of log M* = 10.91.
    row = [relations.stellar_age_quantile(10.91, x) + 9.0 for x in (-1.0, 0.0, 1.0)]
    np.testing.assert_allclose(row, [9.60, 9.87, 10.06], atol=1e-9)
    row = [relations.stellar_metallicity_quantile(10.91, x) for x in (-1.0, 0.0, 1.0)]
    np.testing.assert_allclose(row, [-0.14, 0.07, 0.24], atol=1e-9)
    # Catinella et al. (2018), table 1, weighted medians.
    row = gas_relations.atomic_fraction([9.74, 10.34, 11.20])
    np.testing.assert_allclose(row, [-0.656, -1.278, -1.785], atol=1e-9)
    assert gas_relations.atomic_fraction(11.5) == pytest.approx(-1.785 - 0.3 * 0.6)
    # Reyes et al. (2011), abstract, at their pivot.
    assert relations.tully_fisher(10.102) == pytest.approx(2.142)


def test_oxygen_abundance_and_scatter_follow_the_percentiles_of_tremonti() -> None:
    # Table 3: log M*; 16th, 50th, 84th percentile; bins between those that the scatter is read at.
    table = np.array(
        [
            [9.06, 8.56, 8.66, 8.82],
            [9.76, 8.76, 8.87, 8.99],
            [10.26, 8.92, 9.01, 9.10],
            [10.76, 9.01, 9.09, 9.15],
            [11.15, 9.04, 9.12, 9.18],
        ]
    )
    mass, low, median, high = table.T
    np.testing.assert_allclose(gas_relations.oxygen_abundance(mass), median, atol=0.04)
    np.testing.assert_allclose(gas_relations.oxygen_scatter(mass), 0.5 * (high - low), atol=0.015)


def test_depletion_time_agrees_with_the_power_law_of_bigiel() -> None:
    # log Sigma_SFR = (-2.06 +- 0.17) + (0.96 +- 0.07) log(Sigma_H2 / (10 Msun/pc^2)), no helium.
    for density in (5.0, 10.0, 50.0):
        law = -2.06 + 0.96 * np.log10(density / 10.0)
        ours = np.log10(density * 1e6 / DEPLETION_TIME)
        assert abs(ours - law) < 0.17


def test_halo_mass_inverts_moster() -> None:
    halo = np.array([11.0, 12.0, 13.0, 14.0])
    x = 10 ** (halo - 11.590)
    stars = halo + np.log10(2 * 0.0351 / (x**-1.376 + x**0.608))
    np.testing.assert_allclose(gas_relations.halo_mass(stars), halo, atol=2e-3)


def test_quantiles_of_gallazzi_are_ordered_and_split() -> None:
    mass = np.linspace(9.2, 11.9, 28)
    for quantile in (relations.stellar_age_quantile, relations.stellar_metallicity_quantile):
        low, median, high = (quantile(mass, x) for x in (-1.0, 0.0, 1.0))
        assert (low < median).all() and (median < high).all()
        np.testing.assert_allclose(quantile(mass, -2.0), median - 2 * (median - low))


def test_surviving_fraction_of_the_reference_models() -> None:
    assert histories.surviving_fraction(0.0) == 1.0
    assert histories.surviving_fraction(1.0) == pytest.approx(0.70, abs=0.005)
    assert histories.surviving_fraction(10.0) == pytest.approx(0.56, abs=0.005)


@pytest.mark.parametrize("wanted", [0.8, 1.5, 3.0, 6.0, 9.0])
def test_history_has_the_light_weighted_age(wanted: float) -> None:
    one = np.ones(1)
    start, early, burst_age, burst = 13.0 * one, 0.3 * one, 2.0 * one, 0.02 * one
    young = 1e-4 * one
    k = histories.solve_timescale(wanted * one, young, start, early, burst_age, burst)
    mass = histories.history(k, start, early, burst_age, burst)[0]
    assert mass.sum() == pytest.approx(1.0)
    age = np.sqrt(histories.AGE_EDGES[1:] * histories.AGE_EDGES[:-1])
    assert histories.light_weighted_age(age, mass) == pytest.approx(wanted, rel=0.03)


@pytest.mark.parametrize("index", [1.0, 2.5, 4.0])
def test_spheroid_projects_to_a_sersic_profile(sampler: Sampler, index: float) -> None:
    position = shapes.sersic_spheroid(sampler, 100_000, index=index)
    b = special.gammaincinv(2 * index, 0.5)
    for view in ((0, 1), (1, 2)):
        radius = position[:, view].norm(dim=1).numpy()
        for r in (0.3, 1.0, 3.0):
            expected = special.gammainc(2 * index, b * r ** (1 / index))
            assert (radius < r).mean() == pytest.approx(expected, abs=0.025)


def test_exponential_disc_has_its_mass_profile(sampler: Sampler) -> None:
    u = sampler.uniform(50_000)
    radius = shapes.exponential_disc_radius(u, break_radius=3.0, outer_slope=0.5).numpy()
    for r in (0.5, 1.678, 2.9):
        assert (radius < r).mean() == pytest.approx(1 - (1 + r) * math.exp(-r), abs=0.01)
    # Beyond the break distances are halved: what an unbroken disc has inside 5 lies inside 4.
    assert (radius < 4.0).mean() == pytest.approx(1 - 6 * math.exp(-5.0), abs=0.01)


def test_quasi_random_points_are_smoother_than_random(sampler: Sampler) -> None:
    points = sampler.spread(10_000, 2).numpy()
    counts = np.histogram2d(*points.T, bins=16, range=[[0, 1], [0, 1]])[0]
    assert counts.sum() == 10_000
    assert counts.var() < 0.3 * counts.mean()


@pytest.mark.parametrize("amplitude", [0.2, 0.6, 0.9])
def test_arms_are_logarithmic_spirals_of_the_given_strength(
    sampler: Sampler, amplitude: float
) -> None:
    pitch, phase, m = math.radians(18.0), 0.7, 2
    winding = 1 / math.tan(pitch)
    arms = ArmPattern(((m, amplitude, winding, phase),), 0.01, (0.0, 0.0), ())
    radius = 0.5 + 3.0 * sampler.uniform(100_000)
    angle = arms.apply(radius, sampler.uniform(100_000, high=2 * math.pi), 1.0)
    wave = torch.exp(1j * m * (angle + winding * radius.log() - phase)).mean()
    # theta - (A / m) sin(m theta) has the first Fourier coefficient J1(A).
    assert wave.real.item() == pytest.approx(special.j1(amplitude), abs=0.01)
    assert wave.imag.item() == pytest.approx(0.0, abs=0.01)


def test_arms_never_cross_over(sampler: Sampler) -> None:
    parameters = {
        "pitch": 0.3,
        "arms": 2.0,
        "arm_strength": 0.95,
        "flocculence": 0.9,
        "bar_length": 1.0,
        "bar_fraction": 0.0,
        "lopsidedness": 0.6,
        "irregularity": 1.0,
    }
    angle = torch.linspace(0, 2 * math.pi, 2001)
    for _ in range(5):
        moved = ArmPattern.draw(parameters, sampler).apply(torch.full((2001,), 2.0), angle, 1.1)
        assert (moved.diff() > 0).all()
        assert (moved[-1] - moved[0]).item() == pytest.approx(2 * math.pi, abs=1e-4)


def test_tails_leave_the_inner_galaxy_alone() -> None:
    angle = torch.linspace(0, 2 * math.pi, 200)
    inner, outer = (
        shapes.cylindrical(torch.full_like(angle, r), angle, 0 * angle) for r in (1.0, 4.0)
    )
    options = {"scale": 1.0, "strength": 1.0, "phase": 0.4}
    torch.testing.assert_close(shapes.tidal_tails(inner, **options), inner, atol=1e-5, rtol=0)
    radius = shapes.tidal_tails(outer, **options)[:, :2].norm(dim=1)
    assert radius.max() > 8.0
    assert radius.min() < 4.2
