"""How the published relations are measured on particles and on maps, and the relations themselves.

Nothing here reads a drawn value of what is measured. On particles masses are sums, sizes are
radii that hold half of them, rates are those of the gas; on the true maps of a face-on view they
are sums over pixels. The drawn parameters only select (late or early type, merging or not) and
weight (``weight``, back to the mass function).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from picassso.analysis import half_mass_radius
from picassso.archive.render import single_threaded
from picassso.core import DEPLETION_TIME, SDSS, Maps, Particles
from picassso.observatory import PaperFraming, observe
from picassso.universe import SyntheticUniverse
from picassso.universe.synthetic import gas_relations, histories, relations

Table = dict[str, np.ndarray]

FRAMING = PaperFraming(pixels=160, render=160, half_mass_radii=40.0)
"""Wide enough for the atomic gas of all but a few galaxies, four pixels a half-mass radius."""

SATURATION = 9.0
"""Msun/pc^2 above which atomic gas turns molecular (Bigiel et al. 2008, section 4)."""

DENSE = 3.0 * SATURATION
"""Msun/pc^2 of neutral hydrogen above which at least two thirds of it are molecular."""


def measure_particles(galaxy: Particles) -> dict[str, float]:
    """Logarithms of what the particles of one galaxy say; NaN where they say nothing."""
    stars, gas = galaxy.stars, galaxy.gas
    assert stars is not None and gas is not None
    mass = stars.mass.astype(np.float64)
    rate = gas.star_formation_rate.astype(np.float64)
    reach = np.hypot(stars.position[:, 0], stars.position[:, 1])
    size, outer = _radius_with(reach, mass, 0.5), _radius_with(reach, mass, 0.8)
    row = {
        "mass": np.log10(mass.sum()),
        "sfr": np.log10(rate.sum()),
        "young": np.log10(stars.initial_mass[stars.age < 0.1].sum(dtype=np.float64)) - 8,
        "size": np.log10(size),
        "age": np.log10(histories.light_weighted_age(stars.age, stars.initial_mass)),
        "z": np.log10(np.average(stars.metallicity, weights=mass) / 0.02),
    }
    oxygen = _oxygen(gas.metallicity)
    row["oxygen"] = np.average(oxygen, weights=rate)
    # Molecular gas is where stars form; the rest of the neutral gas of a disc is atomic.
    forming = rate > 0
    neutral = gas.neutral_hydrogen_mass.astype(np.float64)
    row["hi"] = np.log10(neutral[~forming].sum())
    row["h2"] = np.log10(neutral[forming].sum())
    row["gas"] = np.log10(gas.mass.sum(dtype=np.float64))
    row["hi_fraction"] = row["hi"] - row["mass"]
    row["depletion"] = row["h2"] - row["sfr"]
    radius = np.hypot(gas.position[:, 0], gas.position[:, 1])
    atomic = radius[~forming]
    edges = np.geomspace(np.quantile(atomic, 0.2), np.quantile(atomic, 0.999), 26)
    inside = np.histogram(atomic, edges, weights=neutral[~forming])[0]
    row["diameter"] = _diameter(edges, inside / (np.pi * np.diff(edges**2) * 1e6))
    x = radius / size
    fitted = forming & (x > 0.3) & (x < 2.0)
    row["gradient"] = np.polyfit(x[fitted], oxygen[fitted], 1)[0] if fitted.sum() > 50 else np.nan
    # Reyes et al. (2011) measure rotation where the radius holds 80% of the light.
    annulus = (gas.neutral_fraction > 0.9) & (np.abs(radius / outer - 1.0) < 0.15)
    spin = gas.position[:, 0] * gas.velocity[:, 1] - gas.position[:, 1] * gas.velocity[:, 0]
    row["rotation"] = (
        np.log10(abs(np.median(spin[annulus] / radius[annulus]))) if annulus.sum() > 20 else np.nan
    )
    inner = (reach < size) & (stars.age > 0.1)
    row["dispersion"] = np.log10(np.std(stars.velocity[inner, 2]))
    return row


class Rings:
    """Rings about the centre of maps, a pixel wide or an eighth of their radius if that is more."""

    def __init__(self, maps: Maps) -> None:
        step = maps.pixel_area**0.5
        self.centre = 0.5 * (maps.shape[0] - 1)
        y, x = np.indices(maps.shape)
        self.radius = step * np.hypot(x - self.centre, y - self.centre)
        edges = [0.0, step]
        while edges[-1] < 0.45 * maps.shape[0] * step:
            edges.append(edges[-1] + max(step, 0.125 * edges[-1]))
        self.edges = np.array(edges)
        self._ring = np.digitize(self.radius.ravel(), self.edges) - 1
        self._pixels = self._sum(np.ones(maps.shape))
        self.area = maps.pixel_area * self._pixels

    def _sum(self, values: np.ndarray) -> np.ndarray:
        return np.bincount(self._ring, values.ravel())[: len(self.edges) - 1]

    def mean(self, surface_density: np.ndarray) -> np.ndarray:
        return self._sum(surface_density) / self._pixels


def measure_maps(maps: Maps) -> tuple[dict[str, float], np.ndarray]:
    """The same of the maps of a face-on view, as far as they hold it, and its `dense_rings`.

    Atomic and molecular gas share one map. Dense rings give the galaxy's depletion time; elsewhere
    that time turns star formation into molecular gas, and the rest is atomic.
    """
    rings = Rings(maps)
    step = maps.pixel_area**0.5
    size = step * half_mass_radius(maps["stellar_mass"], x=rings.centre, y=rings.centre)
    mass = maps.total("stellar_mass")
    rate = maps["star_formation_rate"].astype(np.float64)
    row = {
        "mass": np.log10(mass),
        "sfr": np.log10(maps.total("star_formation_rate")),
        "size": np.log10(size),
        "z": np.log10(maps.total("stellar_metal_mass") / mass / 0.02),
    }
    forming = rate > 0
    oxygen = np.zeros(maps.shape)
    oxygen[forming] = _oxygen(maps["gas_metal_mass"][forming] / maps["gas_mass"][forming])
    row["oxygen"] = np.average(oxygen, weights=rate)
    row["gradient"] = _annular_gradient(rings.radius / size, oxygen, rate)
    quenched = row["sfr"] < relations.main_sequence(row["mass"]) - 0.7
    molecular, dense_rate, area = dense = dense_rings(maps, rings)[:, : 0 if quenched else None]
    row["depletion"] = (
        np.log10((molecular * area).sum() / (dense_rate * area).sum()) if len(area) else np.nan
    )
    time = 10.0 ** row["depletion"] if len(area) else DEPLETION_TIME
    atomic = maps["hi_mass"] - time * rate
    row["hi"] = np.log10(max(atomic.sum() * maps.pixel_area, 1.0))
    row["hi_fraction"] = row["hi"] - row["mass"]
    row["diameter"] = _diameter(rings.edges, rings.mean(atomic) / 1e6)
    return row, dense[:2]


def dense_rings(maps: Maps, rings: Rings) -> np.ndarray:
    """Rings in which atomic gas is saturated and molecular gas prevails.

    Returns
    -------
    (3, n) array
        Molecular hydrogen [Msun/kpc^2], star formation [Msun/yr/kpc^2] and area [kpc^2].
    """
    neutral = rings.mean(maps["hi_mass"])
    rate = rings.mean(maps["star_formation_rate"])
    dense = (neutral > DENSE * 1e6) & (rate > 0)
    return np.array([neutral[dense] - SATURATION * 1e6, rate[dense], rings.area[dense]])


def _radius_with(radius: np.ndarray, mass: np.ndarray, share: float) -> float:
    order = np.argsort(radius)
    total = np.cumsum(mass[order], dtype=np.float64)
    return float(np.interp(share * total[-1], total, radius[order]))


def _oxygen(metallicity: np.ndarray) -> np.ndarray:
    """12 + log(O/H) of gas with solar abundance ratios."""
    return gas_relations.SOLAR_OXYGEN + np.log10(metallicity / gas_relations.SOLAR_METALLICITY_GAS)


def _diameter(edges: np.ndarray, density: np.ndarray) -> float:
    """log of the outermost diameter [kpc] at which rings hold 1 Msun/pc^2; NaN if none does."""
    middle = np.maximum(np.sqrt(edges[1:] * edges[:-1]), 0.5 * edges[1])
    above = np.flatnonzero(density > 1.0)
    if not len(above) or above[-1] == len(middle) - 1:
        return np.nan
    k = above[-1]
    d = np.log(np.maximum(density[k : k + 2], 1e-6))
    return float(np.log10(2.0) + np.interp(0.0, -d, np.log10(middle[k : k + 2])))


def _annular_gradient(radius: np.ndarray, oxygen: np.ndarray, rate: np.ndarray) -> float:
    """Slope of ring averages between 0.3 and 2 half-mass radii; NaN if stars form in too few."""
    edges = np.linspace(0.3, 2.0, 8)
    weight = np.histogram(radius, edges, weights=rate)[0]
    total = np.histogram(radius, edges, weights=rate * oxygen)[0]
    ok = weight > 0
    if ok.sum() < 5:
        return np.nan
    return float(np.polyfit(0.5 * (edges[1:] + edges[:-1])[ok], total[ok] / weight[ok], 1)[0])


@dataclass(frozen=True)
class Measured:
    """A universe as measured: rows of logarithms, and what was drawn."""

    particles: Table
    maps: Table
    drawn: Table
    dense: np.ndarray
    """Molecular hydrogen and star formation of the dense rings of all star-forming galaxies."""


def measure_universe(n: int, seed: int) -> Measured:
    """Measure each galaxy on its particles, and on the maps of its face-on view."""
    universe = SyntheticUniverse(n, seed=seed, stars=3000, gas=3000)
    rows, map_rows, dense = [], [], []
    # With more threads torch is ten times slower here, waiting for those that numba has started.
    with single_threaded():
        for galaxy in universe:
            (seen,) = observe(
                galaxy, framing=FRAMING, survey=SDSS, seed=seed, views=(0,), truth="histogram"
            )
            rows.append(measure_particles(galaxy))
            row, rings = measure_maps(seen.maps)
            map_rows.append(row)
            dense.append(rings)
    particles, maps = (
        {k: np.array([r[k] for r in table]) for k in table[0]} for table in (rows, map_rows)
    )
    return Measured(particles, maps, universe.properties, np.concatenate(dense, axis=1))


@dataclass(frozen=True)
class Relation:
    """One published relation.

    `quantity` names the column that is measured, `expected` and `scatter` are what the paper
    gives for rows of a table, `about` picks the galaxies (None: all, weighted), `share` is the
    least part of them in which the quantity must be measurable, and `in_maps` says whether maps
    hold it: they know no velocity, and of ages the mass-weighted one alone.
    """

    quantity: str
    expected: Callable[[Table], np.ndarray]
    scatter: Callable[[Table], np.ndarray]
    about: Callable[[Table], np.ndarray] | None
    share: float = 0.85
    in_maps: bool = True

    def measurable(self, measured: Table, drawn: Table, low: float, high: float) -> float:
        """Share of its galaxies in a range of log M* in which the quantity can be measured."""
        inside = (measured["mass"] >= low) & (measured["mass"] < high)
        if self.about is not None:
            inside &= self.about(drawn)
        return float(np.isfinite(measured[self.quantity][inside]).mean())

    def residuals(
        self, measured: Table, drawn: Table
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Mass, residual from the relation, expected scatter and weight of its galaxies."""
        value = measured[self.quantity]
        chosen = np.isfinite(value)
        # A relation of all galaxies holds for the weighted mix of kinds, that of one kind without.
        weight = drawn["weight"] if self.about is None else np.ones(len(chosen))
        if self.about is not None:
            kind = self.about(drawn)
            assert chosen[kind].mean() > self.share, "cannot be measured in too many galaxies"
            chosen &= kind
        residual = value - self.expected(measured)
        return tuple(
            x[chosen] for x in (measured["mass"], residual, self.scatter(measured), weight)
        )


def _constant(value: float) -> Callable[[Table], np.ndarray]:
    return lambda m: np.full_like(m["mass"], value)


def _half_width(quantile: Callable[..., np.ndarray]) -> Callable[[Table], np.ndarray]:
    return lambda m: 0.5 * (quantile(m["mass"], 1.0) - quantile(m["mass"], -1.0))


def _star_forming(drawn: Table) -> np.ndarray:
    return drawn["quenched"] == 0


def _late(drawn: Table) -> np.ndarray:
    return (drawn["late_type"] > 0) & (drawn["merger"] == 0)


def _early(drawn: Table) -> np.ndarray:
    return (drawn["late_type"] == 0) & (drawn["merger"] == 0)


RELATIONS = {
    "main sequence (Renzini & Peng 2015)": Relation(
        "sfr", lambda m: relations.main_sequence(m["mass"]), _constant(0.3), _star_forming
    ),
    "size of late types (Shen et al. 2003)": Relation(
        "size",
        lambda m: np.log10(relations.size_late(m["mass"])),
        lambda m: relations.size_scatter(m["mass"]) / np.log(10),
        _late,
    ),
    "size of early types (Shen et al. 2003)": Relation(
        "size",
        lambda m: np.log10(relations.size_early(m["mass"])),
        lambda m: relations.size_scatter(m["mass"]) / np.log(10),
        _early,
    ),
    "light-weighted age (Gallazzi et al. 2005)": Relation(
        "age",
        lambda m: relations.stellar_age_quantile(m["mass"], 0.0),
        _half_width(relations.stellar_age_quantile),
        None,
        in_maps=False,
    ),
    "stellar metallicity (Gallazzi et al. 2005)": Relation(
        "z",
        lambda m: relations.stellar_metallicity_quantile(m["mass"], 0.0),
        _half_width(relations.stellar_metallicity_quantile),
        None,
    ),
    "gas metallicity (Tremonti et al. 2004)": Relation(
        "oxygen",
        lambda m: gas_relations.oxygen_abundance(m["mass"]),
        lambda m: gas_relations.oxygen_scatter(m["mass"]),
        _star_forming,
    ),
    "gas metallicity gradient (Sanchez et al. 2014)": Relation(
        "gradient",
        _constant(gas_relations.gas_metallicity_gradient()[0]),
        _constant(gas_relations.gas_metallicity_gradient()[1]),
        _late,
    ),
    "atomic gas fraction (Catinella et al. 2018)": Relation(
        "hi_fraction",
        lambda m: gas_relations.atomic_fraction(m["mass"]),
        _constant(0.5),
        None,
    ),
    "atomic diameter (Wang et al. 2016)": Relation(
        "diameter",
        lambda m: np.log10(2 * gas_relations.atomic_radius(m["hi"])),
        _constant(0.06),
        lambda p: p["merger"] == 0,
    ),
    "depletion time of molecular gas (Bigiel et al. 2008)": Relation(
        "depletion",
        _constant(np.log10(DEPLETION_TIME)),
        _constant(0.2),
        _star_forming,
        share=0.5,
    ),
    "rotation velocity (Reyes et al. 2011)": Relation(
        "rotation",
        lambda m: relations.tully_fisher(m["mass"]),
        _constant(0.04),
        _late,
        in_maps=False,
    ),
    "velocity dispersion (Hyde & Bernardi 2009)": Relation(
        "dispersion",
        lambda m: relations.faber_jackson(m["mass"]),
        _constant(0.07),
        lambda p: (p["elliptical"] > 0) & (p["merger"] == 0),
        in_maps=False,
    ),
}
