"""The published relations, measured back from the synthetic universe: its particles and its maps.

Run as a script, this file prints the tables of docs/synthetic.md:
``python tests/universe/test_synthetic_measured.py [number of galaxies]``.
"""

from __future__ import annotations

import itertools
import sys

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("numba")

from synthetic_measures import RELATIONS, Measured, measure_universe

from picassso.core import DEPLETION_TIME
from picassso.universe.synthetic import relations

MEDIAN = 0.1  # dex
SCATTER = 0.3  # relative
SOURCES = ("particles", "maps")
CASES = [
    (s, name) for s in SOURCES for name, r in RELATIONS.items() if s == "particles" or r.in_maps
]


@pytest.fixture(scope="module")
def few() -> Measured:
    return measure_universe(150, seed=3)


@pytest.fixture(scope="module")
def many() -> Measured:
    return measure_universe(2000, seed=5)


def weighted_quantile(x: np.ndarray, weight: np.ndarray, q: float) -> float:
    order = np.argsort(x)
    rank = np.cumsum(weight[order]) - 0.5 * weight[order]
    return float(np.interp(q * weight.sum(), rank, x[order]))


def summary(residual: np.ndarray, weight: np.ndarray) -> tuple[float, float, float]:
    """Median, half the 68% width, and the effective number."""
    low, median, high = (weighted_quantile(residual, weight, q) for q in (0.16, 0.5, 0.84))
    return median, 0.5 * (high - low), float(weight.sum() ** 2 / (weight**2).sum())


@pytest.mark.slow
@pytest.mark.parametrize(("where", "name"), CASES)
def test_relation_in_mass_bins(many: Measured, where: str, name: str) -> None:
    relation, measured = RELATIONS[name], getattr(many, where)
    mass, residual, scatter, weight = relation.residuals(measured, many.drawn)
    bins = 0
    for low in np.linspace(9.2, 11.45, 6):
        inside = (mass >= low) & (mass < low + 0.45)
        median, sigma, number = summary(residual[inside], weight[inside])
        expected = np.median(scatter[inside])
        # Too few galaxies tell nothing: twice the standard error must be within the tolerance.
        if 2 * 1.25 * expected / number**0.5 > MEDIAN or number < 30:
            continue
        # Nor do those that happen to be measurable: dense rings of small galaxies hold more gas.
        if relation.measurable(measured, many.drawn, low, low + 0.45) < 0.7:
            continue
        bins += 1
        assert abs(median) < MEDIAN, (low, median)
        assert abs(sigma / expected - 1) < SCATTER, (low, sigma)
    assert bins >= 4


@pytest.mark.parametrize(("where", "name"), CASES)
def test_relation_over_all_masses(few: Measured, where: str, name: str) -> None:
    _, residual, scatter, weight = RELATIONS[name].residuals(getattr(few, where), few.drawn)
    median, sigma, number = summary(residual / scatter, weight)
    # The tolerance, and three standard errors of the median and of the width of so few.
    assert abs(median) < 0.25 + 3 * 1.25 / number**0.5
    assert abs(sigma - 1) < SCATTER + 3 / (2 * number) ** 0.5


def test_dense_rings_follow_the_molecular_star_formation_law(few: Measured) -> None:
    molecular, rate = np.log10(few.dense)
    # Bigiel et al. (2008): Sigma_SFR goes as Sigma_H2^(1.0 +- 0.2), the bisector of two fits, with
    # 0.2 dex of scatter.
    a, b = np.polyfit(molecular, rate, 1)[0], 1.0 / np.polyfit(rate, molecular, 1)[0]
    slope = np.tan(0.5 * (np.arctan(a) + np.arctan(b)))
    assert abs(slope - 1.0) < 0.2
    low, median, high = np.quantile(molecular - rate, [0.16, 0.5, 0.84])
    assert abs(median - np.log10(DEPLETION_TIME)) < MEDIAN
    assert abs(0.5 * (high - low) / 0.2 - 1) < SCATTER


def test_young_stars_are_those_that_the_gas_forms(few: Measured) -> None:
    offset = few.particles["young"] - few.particles["sfr"]
    assert abs(np.median(offset)) < 0.02
    assert 0.03 < offset.std() < 0.08
    assert abs(offset).max() < 0.25


def test_gas_is_more_than_neutral_hydrogen(few: Measured) -> None:
    measured = few.particles
    neutral = np.log10(10 ** measured["hi"] + 10 ** measured["h2"])
    # Helium and metals alone make 0.12 dex.
    assert (measured["gas"] - neutral > 0.15).all()
    assert np.ptp(measured["gas"] - neutral) > 1.0


@pytest.mark.slow
@pytest.mark.parametrize("where", SOURCES)
def test_mass_function_and_quenched_fraction(many: Measured, where: str) -> None:
    measured = getattr(many, where)
    mass, weight = measured["mass"], many.drawn["weight"]
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


def print_tables(n: int) -> None:
    """Print, as Markdown, the tables of docs/synthetic.md for so many galaxies of seed 5."""
    universe = measure_universe(n, seed=5)
    print("| relation | published scatter | particles | n | maps | n |\n|---|---|---|---|---|---|")
    for name, relation in RELATIONS.items():
        cells = [name]
        for where in SOURCES:
            if (where, name) not in CASES:
                cells += ["-", "-"]
                continue
            table = relation.residuals(getattr(universe, where), universe.drawn)
            _, residual, scatter, weight = table
            median, sigma, number = summary(residual, weight)
            if where == "particles":
                cells.append(f"{np.median(scatter):.2f}")
            cells += [f"{median:+.2f}, {sigma:.2f}", f"{number:.0f}"]
        print("| " + " | ".join(cells) + " |")
    edges = list(itertools.pairwise(np.linspace(9.2, 11.9, 7)))
    for where in SOURCES:
        titles = [f"from {where}", *(f"{low:.2f}-{high:.2f}" for low, high in edges)]
        print("\n| " + " | ".join(titles) + " |\n" + "|---" * len(titles) + "|")
        for name in (n for w, n in CASES if w == where):
            table = RELATIONS[name].residuals(getattr(universe, where), universe.drawn)
            mass, residual, scatter, weight = table
            cells = [name]
            for low, high in edges:
                inside = (mass >= low) & (mass < high)
                median, sigma, _ = summary(residual[inside], weight[inside])
                cells.append(f"{median:+.2f}, {sigma:.2f} ({np.median(scatter[inside]):.2f})")
            print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    print_tables(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
