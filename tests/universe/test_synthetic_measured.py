"""The published relations, measured back from the particles of the synthetic universe.

Nothing here reads a drawn value of what is measured: masses are sums, sizes are radii that hold
half of them, rates are those of the gas. The drawn parameters only select (late or early type,
merging or not) and weight (``weight``, back to the mass function).
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

pytest.importorskip("torch")

from picassso.core import Particles
from picassso.universe import SyntheticUniverse
from picassso.universe.synthetic import gas_relations, histories, relations

MEDIAN = 0.1  # dex
SCATTER = 0.3  # relative
Table = dict[str, np.ndarray]


def half_mass_radius(x: np.ndarray, mass: np.ndarray) -> float:
    radius = np.hypot(x[:, 0], x[:, 1])
    order = np.argsort(radius)
    total = np.cumsum(mass[order], dtype=np.float64)
    return float(np.interp(0.5 * total[-1], total, radius[order]))


def atomic_diameter(radius: np.ndarray, mass: np.ndarray) -> float:
    """Outermost diameter [kpc] at which the annular surface density is 1 Msun/pc^2."""
    edges = np.geomspace(np.quantile(radius, 0.2), np.quantile(radius, 0.999), 26)
    inside = np.histogram(radius, edges, weights=mass)[0]
    density = inside / (np.pi * np.diff(edges**2) * 1e6)
    middle = np.sqrt(edges[1:] * edges[:-1])
    above = np.flatnonzero(density > 1.0)
    if not len(above) or above[-1] == len(middle) - 1:
        return np.nan
    k = above[-1]
    d = np.log(np.maximum(density[k : k + 2], 1e-6))
    return float(2 * np.exp(np.interp(0.0, -d, np.log(middle[k : k + 2]))))


def measure(galaxy: Particles) -> dict[str, float]:
    stars, gas = galaxy.stars, galaxy.gas
    assert stars is not None and gas is not None
    mass = stars.mass.astype(np.float64)
    rate = gas.star_formation_rate.astype(np.float64)
    size = half_mass_radius(stars.position, mass)
    row = {
        "mass": np.log10(mass.sum()),
        "sfr": np.log10(rate.sum()),
        "young": np.log10(stars.initial_mass[stars.age < 0.1].sum(dtype=np.float64)) - 8,
        "size": np.log10(size),
        "age": np.log10(histories.light_weighted_age(stars.age, stars.initial_mass)),
        "mass_age": np.average(stars.age, weights=mass),
        "z": np.log10(np.average(stars.metallicity, weights=mass) / 0.02),
    }
    oxygen = np.log10(gas.metallicity / gas_relations.SOLAR_METALLICITY_GAS)
    row["oxygen"] = gas_relations.SOLAR_OXYGEN + np.average(oxygen, weights=rate)
    # Molecular gas is where stars form; the rest of the neutral gas of a disc is atomic.
    forming = rate > 0
    neutral = gas.neutral_hydrogen_mass.astype(np.float64)
    row["hi"] = np.log10(neutral[~forming].sum())
    row["h2"] = np.log10(neutral[forming].sum())
    row["gas"] = np.log10(gas.mass.sum(dtype=np.float64))
    radius = np.hypot(gas.position[:, 0], gas.position[:, 1])
    row["diameter"] = np.log10(atomic_diameter(radius[~forming], neutral[~forming]))
    x = radius / size
    fitted = forming & (x > 0.3) & (x < 2.0)
    row["gradient"] = np.polyfit(x[fitted], oxygen[fitted], 1)[0] if fitted.sum() > 50 else np.nan
    outer = (gas.neutral_fraction > 0.9) & (x > 1.6) & (x < 3.0)
    spin = gas.position[:, 0] * gas.velocity[:, 1] - gas.position[:, 1] * gas.velocity[:, 0]
    row["rotation"] = (
        np.log10(abs(np.median(spin[outer] / radius[outer]))) if outer.sum() > 50 else np.nan
    )
    inner = (np.hypot(stars.position[:, 0], stars.position[:, 1]) < size) & (stars.age > 0.1)
    row["dispersion"] = np.log10(np.std(stars.velocity[inner, 2]))
    return row


def measure_universe(n: int, seed: int) -> tuple[Table, Table]:
    universe = SyntheticUniverse(n, seed=seed, stars=3000, gas=3000)
    rows = [measure(galaxy) for galaxy in universe]
    return {k: np.array([r[k] for r in rows]) for k in rows[0]}, universe.properties


@pytest.fixture(scope="module")
def few() -> tuple[Table, Table]:
    return measure_universe(150, seed=3)


@pytest.fixture(scope="module")
def many() -> tuple[Table, Table]:
    return measure_universe(2000, seed=5)


def weighted_quantile(x: np.ndarray, weight: np.ndarray, q: float) -> float:
    order = np.argsort(x)
    rank = np.cumsum(weight[order]) - 0.5 * weight[order]
    return float(np.interp(q * weight.sum(), rank, x[order]))


def summary(residual: np.ndarray, weight: np.ndarray) -> tuple[float, float, float]:
    """Median, half the 68% width, and the effective number."""
    low, median, high = (weighted_quantile(residual, weight, q) for q in (0.16, 0.5, 0.84))
    return median, 0.5 * (high - low), float(weight.sum() ** 2 / (weight**2).sum())


ZERO, ONE = 0.0, 1.0
# name: measured, relation, its scatter, whom it is about
RELATIONS = {
    "main sequence (Renzini & Peng 2015)": (
        lambda m: m["sfr"],
        lambda m: relations.main_sequence(m["mass"]),
        lambda m: np.full_like(m["mass"], 0.3),
        lambda p: p["quenched"] == 0,
    ),
    "size of late types (Shen et al. 2003)": (
        lambda m: m["size"],
        lambda m: np.log10(relations.size_late(m["mass"])),
        lambda m: relations.size_scatter(m["mass"]) / np.log(10),
        lambda p: (p["late_type"] > 0) & (p["merger"] == 0),
    ),
    "size of early types (Shen et al. 2003)": (
        lambda m: m["size"],
        lambda m: np.log10(relations.size_early(m["mass"])),
        lambda m: relations.size_scatter(m["mass"]) / np.log(10),
        lambda p: (p["late_type"] == 0) & (p["merger"] == 0),
    ),
    "light-weighted age (Gallazzi et al. 2005)": (
        lambda m: m["age"],
        lambda m: relations.stellar_age_quantile(m["mass"], ZERO),
        lambda m: (
            0.5
            * (
                relations.stellar_age_quantile(m["mass"], ONE)
                - relations.stellar_age_quantile(m["mass"], -ONE)
            )
        ),
        None,
    ),
    "stellar metallicity (Gallazzi et al. 2005)": (
        lambda m: m["z"],
        lambda m: relations.stellar_metallicity_quantile(m["mass"], ZERO),
        lambda m: (
            0.5
            * (
                relations.stellar_metallicity_quantile(m["mass"], ONE)
                - relations.stellar_metallicity_quantile(m["mass"], -ONE)
            )
        ),
        None,
    ),
    "gas metallicity (Tremonti et al. 2004)": (
        lambda m: m["oxygen"],
        lambda m: gas_relations.oxygen_abundance(m["mass"]),
        lambda m: gas_relations.oxygen_scatter(m["mass"]),
        lambda p: p["quenched"] == 0,
    ),
    "gas metallicity gradient (Sanchez et al. 2014)": (
        lambda m: m["gradient"],
        lambda m: np.full_like(m["mass"], gas_relations.gas_metallicity_gradient()[0]),
        lambda m: np.full_like(m["mass"], gas_relations.gas_metallicity_gradient()[1]),
        lambda p: (p["late_type"] > 0) & (p["merger"] == 0),
    ),
    "atomic gas fraction (Catinella et al. 2018)": (
        lambda m: m["hi"] - m["mass"],
        lambda m: gas_relations.atomic_fraction(m["mass"]),
        lambda m: np.full_like(m["mass"], 0.5),
        None,
    ),
    "atomic diameter (Wang et al. 2016)": (
        lambda m: m["diameter"],
        lambda m: np.log10(2 * gas_relations.atomic_radius(m["hi"])),
        lambda m: np.full_like(m["mass"], 0.06),
        lambda p: p["merger"] == 0,
    ),
    "depletion time of molecular gas (Bigiel et al. 2008)": (
        lambda m: m["h2"] - m["sfr"],
        lambda m: np.full_like(m["mass"], np.log10(gas_relations.DEPLETION_TIME)),
        lambda m: np.full_like(m["mass"], 0.2),
        lambda p: p["quenched"] == 0,
    ),
    "rotation velocity (Reyes et al. 2011)": (
        lambda m: m["rotation"],
        lambda m: relations.tully_fisher(m["mass"]),
        lambda m: np.full_like(m["mass"], 0.04),
        lambda p: (p["late_type"] > 0) & (p["merger"] == 0),
    ),
    "velocity dispersion (Hyde & Bernardi 2009)": (
        lambda m: m["dispersion"],
        lambda m: relations.faber_jackson(m["mass"]),
        lambda m: np.full_like(m["mass"], 0.07),
        lambda p: (p["elliptical"] > 0) & (p["merger"] == 0),
    ),
}


def residuals(
    name: str, universe: tuple[Table, Table]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mass, residual from the relation, expected scatter and weight of those that it is about."""
    measured, drawn = universe
    value, relation, scatter, about = RELATIONS[name]
    chosen = np.isfinite(value(measured))
    # A relation of all galaxies holds for the weighted mix of kinds, that of one kind without.
    weight = drawn["weight"] if about is None else np.ones(len(chosen))
    if about is not None:
        assert chosen[about(drawn)].mean() > 0.85, "cannot be measured in too many galaxies"
        chosen &= about(drawn)
    residual = value(measured) - relation(measured)
    return tuple(x[chosen] for x in (measured["mass"], residual, scatter(measured), weight))


@pytest.mark.slow
@pytest.mark.parametrize("name", RELATIONS)
def test_relation_in_mass_bins(many: tuple[Table, Table], name: str) -> None:
    mass, residual, scatter, weight = residuals(name, many)
    bins = 0
    for low in np.linspace(9.2, 11.45, 6):
        inside = (mass >= low) & (mass < low + 0.45)
        median, sigma, number = summary(residual[inside], weight[inside])
        expected = np.median(scatter[inside])
        # Too few galaxies tell nothing: twice the standard error must be within the tolerance.
        if 2 * 1.25 * expected / number**0.5 > MEDIAN or number < 30:
            continue
        bins += 1
        assert abs(median) < MEDIAN, (low, median)
        assert abs(sigma / expected - 1) < SCATTER, (low, sigma)
    assert bins >= 4


@pytest.mark.parametrize("name", RELATIONS)
def test_relation_over_all_masses(few: tuple[Table, Table], name: str) -> None:
    _, residual, scatter, weight = residuals(name, few)
    median, sigma, number = summary(residual / scatter, weight)
    # The tolerance, and three standard errors of the median and of the width of so few.
    assert abs(median) < 0.25 + 3 * 1.25 / number**0.5
    assert abs(sigma - 1) < SCATTER + 3 / (2 * number) ** 0.5


def test_young_stars_are_those_that_the_gas_forms(few: tuple[Table, Table]) -> None:
    measured, _ = few
    offset = measured["young"] - measured["sfr"]
    assert abs(np.median(offset)) < 0.02
    assert 0.03 < offset.std() < 0.08
    assert abs(offset).max() < 0.25


def test_gas_is_more_than_neutral_hydrogen(few: tuple[Table, Table]) -> None:
    measured, _ = few
    neutral = np.log10(10 ** measured["hi"] + 10 ** measured["h2"])
    # Helium and metals alone make 0.12 dex.
    assert (measured["gas"] - neutral > 0.15).all()
    assert np.ptp(measured["gas"] - neutral) > 1.0


@pytest.mark.slow
def test_mass_function_and_quenched_fraction(many: tuple[Table, Table]) -> None:
    measured, drawn = many
    mass, weight = measured["mass"], drawn["weight"]
    # Quenched: 0.7 dex below the main sequence, as the rates measured say.
    quenched = measured["sfr"] < relations.main_sequence(mass) - 0.7
    grid = np.linspace(-4, 4, 401)
    chance = np.exp(-0.5 * grid**2)
    for low in (9.2, 9.65, 10.1, 10.55, 11.0):
        inside = (mass >= low) & (mass < low + 0.45)
        density = weight[inside].sum() / len(mass)
        fine = np.linspace(low, low + 0.45, 91)
        expected = np.mean(relations.stellar_mass_function(fine)) * 0.45
        assert abs(np.log10(density / expected)) < MEDIAN, low
        fraction = weight[inside & quenched].sum() / weight[inside].sum()
        numbers = relations.stellar_mass_function(fine)[:, None] * chance
        red = relations.quenched_fraction(fine[:, None], 0.3 + 0.6 * grid)
        assert abs(fraction - (numbers * red).sum() / numbers.sum()) < 0.07, low


def print_table() -> None:
    """Print, as Markdown, what the 2,000 galaxies give in mass bins, as in docs/synthetic.md."""
    universe = measure_universe(2000, seed=5)
    edges = np.linspace(9.2, 11.9, 7)
    for name in RELATIONS:
        mass, residual, scatter, weight = residuals(name, universe)
        cells = []
        for low, high in itertools.pairwise(edges):
            inside = (mass >= low) & (mass < high)
            median, sigma, _ = summary(residual[inside], weight[inside])
            cells.append(f"{median:+.2f}, {sigma:.2f} ({np.median(scatter[inside]):.2f})")
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    print_table()
