"""SyntheticUniverse: conservation, determinism and sane particles."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch")

import torch

from picassso.core import InputError, Particles
from picassso.universe import SyntheticUniverse
from picassso.universe.synthetic import histories
from picassso.universe.synthetic.gas_relations import gas_metallicity_gradient
from picassso.universe.synthetic.shapes import ArmPattern

N = 40


@pytest.fixture(scope="module")
def universe() -> SyntheticUniverse:
    return SyntheticUniverse(N, seed=11, stars=4000, gas=3000)


@pytest.fixture(scope="module")
def galaxies(universe: SyntheticUniverse) -> list[Particles]:
    return list(universe)


def columns(galaxy: Particles) -> dict[str, np.ndarray]:
    tables = {"stars": galaxy.stars, "gas": galaxy.gas}
    return {
        f"{kind}.{name}": getattr(table, name)
        for kind, table in tables.items()
        for name in type(table).__dataclass_fields__
    }


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), i=st.integers(0, 10**6))
def test_totals_are_the_drawn_ones(seed: int, i: int) -> None:
    universe = SyntheticUniverse(10**6 + 1, seed=seed, stars=400, gas=300)
    galaxy, p = universe[i], universe._parameters(i)
    mass = galaxy.stars.mass.sum(dtype=np.float64)
    assert mass == pytest.approx(10 ** p["log_stellar_mass"], rel=1e-5)
    rate = galaxy.gas.star_formation_rate.sum(dtype=np.float64)
    assert rate == pytest.approx(10 ** p["log_sfr"], rel=1e-4)
    young = galaxy.stars.age < histories.YOUNG_AGE
    formed = galaxy.stars.initial_mass[young].sum(dtype=np.float64)
    assert formed == pytest.approx(10 ** p["log_young_mass"], rel=1e-3)
    metals = (galaxy.stars.metallicity * galaxy.stars.mass).sum(dtype=np.float64)
    drawn = mass * 0.02 * 10 ** p["log_stellar_metallicity"]
    # A little is lost where particles reach the limit of stellar models.
    assert metals == pytest.approx(drawn, rel=0.05)
    assert len(galaxy.stars) == 400 and len(galaxy.gas) == 300


def test_same_seed_and_number_make_the_same_galaxy_bit_for_bit() -> None:
    first = SyntheticUniverse(50, seed=4, stars=1500, gas=1000)
    again = SyntheticUniverse(7, seed=4, stars=1500, gas=1000)
    other = SyntheticUniverse(7, seed=5, stars=1500, gas=1000)
    list(first)
    for i in (6, 2):
        ours, theirs = columns(first[i]), columns(again[i])
        assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
        assert not np.array_equal(ours["stars.position"], columns(other[i])["stars.position"])
    assert again[3].galaxy_id == first[3].galaxy_id != other[3].galaxy_id
    np.testing.assert_allclose(
        again.properties["half_mass_radius"], first.properties["half_mass_radius"][:7], rtol=1e-12
    )


def test_particles_are_physical(galaxies: list[Particles]) -> None:
    for galaxy in galaxies:
        table = columns(galaxy)
        assert all(x.dtype == np.float32 and np.isfinite(x).all() for x in table.values())
        stars, gas = galaxy.stars, galaxy.gas
        assert (stars.age >= 0).all() and (stars.age < 13.5).all()
        assert (stars.mass > 0).all()
        left = stars.mass / stars.initial_mass
        np.testing.assert_allclose(left, histories.surviving_fraction(stars.age), rtol=1e-3)
        for z in (stars.metallicity, gas.metallicity):
            assert (z >= 1e-5).all() and (z <= 0.1).all()
        assert (gas.mass > 0).all()
        assert (gas.star_formation_rate >= 0).all()
        assert ((gas.neutral_fraction >= 0) & (gas.neutral_fraction <= 1)).all()
        assert (gas.hydrogen_fraction + gas.metallicity < 1).all()


def test_half_of_the_mass_lies_inside_the_drawn_radius(
    universe: SyntheticUniverse, galaxies: list[Particles]
) -> None:
    p = universe.properties
    alone = np.flatnonzero((p["merger"] == 0) & (p["satellites"] == 0))
    for i in alone:
        x, mass = galaxies[i].stars.position, galaxies[i].stars.mass
        inside = np.hypot(x[:, 0], x[:, 1]) < p["half_mass_radius"][i]
        assert mass[inside].sum() / mass.sum() == pytest.approx(0.5, abs=0.05), i


def test_cold_gas_turns_about_z(universe: SyntheticUniverse, galaxies: list[Particles]) -> None:
    p = universe.properties
    for i in np.flatnonzero(p["merger"] == 0):
        gas = galaxies[i].gas
        cold = gas.neutral_fraction > 0.9
        spin = np.cross(gas.position[cold], gas.velocity[cold]).mean(axis=0)
        assert spin[2] / np.linalg.norm(spin) > 0.98


def test_discs_are_flatter_than_spheroids(
    universe: SyntheticUniverse, galaxies: list[Particles]
) -> None:
    p = universe.properties
    flattening = np.array(
        [
            np.median(np.abs(g.stars.position[:, 2]))
            / np.median(np.hypot(*g.stars.position[:, :2].T))
            for g in galaxies
        ]
    )
    alone = p["merger"] == 0
    discs = flattening[alone & (p["bulge_to_total"] < 0.2)]
    spheroids = flattening[alone & (p["bulge_to_total"] > 0.8)]
    # A scale height of 1 / 7.3 of the scale length (Kregel et al. 2002) is 0.06 of these.
    assert len(discs) > 5 and len(spheroids) > 5
    assert discs.min() > 0.03 and discs.max() < 0.20
    assert spheroids.min() > np.median(discs)
    assert np.median(spheroids) > 3 * np.median(discs)


def test_no_few_particles_make_the_light(galaxies: list[Particles]) -> None:
    for galaxy in galaxies:
        stars = galaxy.stars
        light = histories.r_band_light(stars.age) * stars.initial_mass
        assert light.max() / light.sum() < 0.03
        young = np.flatnonzero(stars.age < histories.YOUNG_AGE)
        youngest = young[np.argsort(stars.age[young])[: len(young) // 4]]
        assert stars.initial_mass[youngest].max() <= stars.initial_mass[young].mean()


def test_young_stars_lie_where_the_gas_forms_them(
    universe: SyntheticUniverse, galaxies: list[Particles]
) -> None:
    p = universe.properties
    for i in np.flatnonzero((p["merger"] == 0) & (p["late_type"] > 0)):
        stars, gas, size = galaxies[i].stars, galaxies[i].gas, p["half_mass_radius"][i]
        # Angle and radius on a coarse grid, each share of the mass formed.
        edges = [np.linspace(-3, 3, 13) * size] * 2
        young = stars.age < histories.YOUNG_AGE
        formed = np.histogram2d(
            *stars.position[young, :2].T, edges, weights=stars.initial_mass[young]
        )[0]
        rate = np.histogram2d(*gas.position[:, :2].T, edges, weights=gas.star_formation_rate)[0]
        assert np.corrcoef(formed.ravel(), rate.ravel())[0, 1] > 0.85


def test_age_gradients_follow_the_drawn_sign() -> None:
    universe = SyntheticUniverse(60, seed=2, stars=3000, gas=300)
    p = universe.properties
    steep = (np.abs(p["age_gradient"]) > 0.3) & (p["bulge_to_total"] < 0.15) & (p["merger"] == 0)
    assert steep.sum() > 8
    for i in np.flatnonzero(steep):
        stars = universe[i].stars
        old = (stars.age > histories.YOUNG_AGE) & (np.abs(stars.position[:, 2]) < 2.0)
        radius = np.hypot(*stars.position[old, :2].T) / p["half_mass_radius"][i]
        inner, outer = (stars.age[old][s].mean() for s in (radius < 1, (radius > 1) & (radius < 4)))
        assert np.sign(inner - outer) == np.sign(p["age_gradient"][i])


def test_merging_galaxies_have_two_centres(universe: SyntheticUniverse) -> None:
    many = SyntheticUniverse(400, seed=11, stars=4000, gas=300)
    p = many.properties
    apart = (p["merger"] > 0) & (p["companion_distance"] > 2.5) & (p["companion_fraction"] > 0.3)
    chosen = np.flatnonzero(apart)[:4]
    assert len(chosen) == 4
    for i in chosen:
        stars = many[i].stars
        distance = p["companion_distance"][i] * p["half_mass_radius"][i]
        radius = np.linalg.norm(stars.position, axis=1)
        shell = (radius > 0.7 * distance) & (radius < 1.8 * distance)
        centre = np.average(stars.position[shell], axis=0, weights=stars.mass[shell])
        # The companion's stars lie on one side.
        assert np.linalg.norm(centre) > 0.25 * distance


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"n": 0, "seed": 1}, "n is 0"),
        ({"n": 3, "seed": -1}, "seed is -1"),
        ({"n": 3, "seed": 1, "stars": 10}, "stars is 10"),
        ({"n": 3, "seed": 1, "gas": 10}, "gas is 10"),
        ({"n": 3, "seed": 1, "spread": 0.5}, "spread is 0.5"),
        ({"n": 3, "seed": 1, "spread": float("nan")}, "spread is nan"),
    ],
)
def test_numbers_out_of_range_are_named(options: dict[str, int], field: str) -> None:
    with pytest.raises(InputError, match=field):
        SyntheticUniverse(**options)


def test_spread_is_the_factor_on_the_scatter_and_leaves_the_medians() -> None:
    near, wide = (SyntheticUniverse(4000, seed=2, spread=s).properties for s in (1.0, 2.0))

    def scatter(p: dict[str, np.ndarray], name: str, sample: np.ndarray) -> np.ndarray:
        return np.quantile(p[name][sample], [0.159, 0.5, 0.841])

    for name, sample, published in (
        ("main_sequence_offset", lambda p: p["quenched"] == 0, 0.3),
        ("gas_gradient", lambda p: p["quenched"] >= 0, 0.09),
    ):
        for p, factor in ((near, 1.0), (wide, 2.0)):
            low, middle, high = scatter(p, name, sample(p))
            assert (high - low) / 2 == pytest.approx(factor * published, rel=0.06)
            centre = gas_metallicity_gradient()[0] if name == "gas_gradient" else 0.0
            assert middle == pytest.approx(centre, abs=0.05 * factor * published)
    assert near["oldest_age"].min() > 11.4 > 7.0 > wide["oldest_age"].min()


def test_universes_of_another_spread_share_no_name() -> None:
    wide = SyntheticUniverse(2, seed=1, spread=1.5)
    assert wide[1].galaxy_id == wide.name(1) == "synthetic-1-1-spread-1.5"


def test_irregular_discs_are_not_folded_over_themselves(universe: SyntheticUniverse) -> None:
    """Knots keep the order of points on any line through their centre."""
    pattern = ArmPattern((), 1.0, (0.0, 0.0), ((0.3, -0.2, 0.5, 0.9, 0.4),))
    line = torch.linspace(-3.0, 3.0, 2001)
    for angle in (0.4, 1.2, 2.0):
        x, y = 0.3 + line * math.cos(angle), -0.2 + line * math.sin(angle)
        moved = pattern.distort(torch.stack([x, y, torch.zeros_like(x)], 1), 1.0)
        along = moved[:, 0] * math.cos(angle) + moved[:, 1] * math.sin(angle)
        assert (along.diff() > 0).all()
        assert float((moved[1000, :2] - torch.tensor([0.3, -0.2])).norm()) < 1e-6


def test_galaxies_out_of_range_and_from_the_end(universe: SyntheticUniverse) -> None:
    assert universe[-1].galaxy_id == f"synthetic-11-{N - 1}"
    with pytest.raises(IndexError, match="galaxy 40 "):
        universe[N]


def test_importing_the_room_does_not_import_torch() -> None:
    code = "import sys, picassso.universe.synthetic; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
