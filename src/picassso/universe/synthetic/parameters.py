"""What a synthetic galaxy is told to be: parameters drawn from the published relations.

Every galaxy has its own stream of uniform deviates, keyed by (seed, index), so that its
parameters depend on nothing else. All functions work on many galaxies at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from picassso.universe.synthetic import gas_relations as gas
from picassso.universe.synthetic import histories
from picassso.universe.synthetic import relations as stars

__all__ = ["LOG_MASS_RANGE", "draw_parameters"]

Array = NDArray[np.float64]
Table = dict[str, Array]

LOG_MASS_RANGE = (9.2, 11.9)
"""log10 of the stellar masses, drawn flat."""

_DEVIATES = 128
_LARGE_TAIL = 1e-5


class _Deviates:
    """Independent uniform columns, handed out one at a time; `spread` widens the normal ones."""

    def __init__(self, seed: int, indices: Sequence[int], spread: float) -> None:
        self.spread = spread
        rows = [np.random.default_rng((seed, int(i))).random(_DEVIATES) for i in indices]
        self._columns = iter(np.clip(np.stack(rows), _LARGE_TAIL, 1 - _LARGE_TAIL).T.copy())

    def uniform(self, low: float | Array = 0.0, high: float | Array = 1.0) -> Array:
        return low + (high - low) * next(self._columns)

    def normal(self, mean: float | Array = 0.0, sigma: float | Array = 1.0) -> Array:
        return mean + self.spread * sigma * _normal(next(self._columns))

    def chance(self, probability: float | Array) -> NDArray[np.bool_]:
        return next(self._columns) < probability

    def correlated(self, other: Array, coefficient: float) -> Array:
        """A deviate that correlates with a standard normal one, the less the wider the spread."""
        coefficient = coefficient / self.spread
        return coefficient * self.spread * other + np.sqrt(1 - coefficient**2) * self.normal()


def _normal(probability: Array) -> Array:
    return torch.special.ndtri(torch.from_numpy(np.ascontiguousarray(probability))).numpy()


def _probability(normal: Array) -> Array:
    return torch.special.ndtr(torch.from_numpy(np.ascontiguousarray(normal))).numpy()


def draw_parameters(seed: int, indices: Sequence[int], *, spread: float = 1.0) -> Table:
    """Parameters of galaxies of a synthetic universe.

    Parameters
    ----------
    seed : int
        Of the universe.
    indices : sequence of int
        Numbers of the galaxies.
    spread : float
        Factor on the scatter of every relation, at least 1. Above 1, correlations between the
        scatters weaken by it, and histories may begin later.

    Returns
    -------
    dict of str to (len(indices),) array
        Masses as log10 Msun, lengths in kpc, velocities in km/s, rates in log10 Msun/yr.
    """
    deviates = _Deviates(seed, indices, spread)
    table: Table = {}
    _draw_population(deviates, table)
    _draw_morphology(deviates, table)
    _draw_stars(deviates, table)
    _draw_gas(deviates, table)
    _draw_kinematics(deviates, table)
    _draw_structure(deviates, table)
    _draw_company(deviates, table)
    return table


def _draw_population(d: _Deviates, t: Table) -> None:
    """Mass, surroundings, quenched or not, star formation rate, and the weight of the draw."""
    low, high = LOG_MASS_RANGE
    mass = d.uniform(low, high)
    t["log_stellar_mass"] = mass
    t["log_overdensity"] = d.normal(0.3, 0.6)
    fraction = stars.quenched_fraction(mass, t["log_overdensity"])
    # Rare kinds (massive star-forming, small quenched) are drawn more often than they occur.
    drawn = np.clip(fraction, 0.15, 0.80)
    quenched = d.chance(drawn)
    t["quenched"] = quenched.astype(float)
    kind = np.where(quenched, fraction / drawn, (1.0 - fraction) / (1.0 - drawn))
    t["weight"] = stars.stellar_mass_function(mass) * (high - low) * kind

    deviate = d.normal()
    green = d.chance(0.15)
    offset = np.where(
        quenched,
        np.where(green, -0.95 + 0.22 * deviate, -1.80 + 0.35 * deviate),
        np.minimum(0.3 * deviate, 1.5),
    )
    dead = quenched & ~green & d.chance(0.15)
    offset = offset - np.where(dead, d.uniform(0.3, 2.0), 0.0)
    t["log_sfr"] = stars.main_sequence(mass) + offset
    t["main_sequence_offset"] = offset
    # Rank of quiescence at fixed mass: uniform over the whole population by construction, so
    # that relations measured for all galaxies keep their marginal distribution.
    rank = _probability(-deviate / d.spread)
    rank_quenched = np.where(green, 0.15 * rank, 0.15 + 0.85 * rank)
    quiescence = np.where(quenched, 1.0 - fraction * (1.0 - rank_quenched), (1.0 - fraction) * rank)
    t["quiescence"] = _normal(np.clip(quiescence, _LARGE_TAIL, 1 - _LARGE_TAIL))


def _draw_morphology(d: _Deviates, t: Table) -> None:
    """Elliptical, lenticular or disc; bulge fraction; size."""
    mass, quenched = t["log_stellar_mass"], t["quenched"] > 0
    chance = np.where(quenched, 0.25 + 0.60 / (1.0 + np.exp(-(mass - 10.8) / 0.25)), 0.05)
    elliptical = d.chance(chance)
    deviate = d.normal()
    spiral = 10.0 ** np.clip(-1.05 + 0.35 * (mass - 10.3) + 0.35 * deviate, -2.3, -0.15)
    lenticular = np.clip(0.42 + 0.08 * (mass - 10.5) + 0.15 * deviate, 0.05, 0.8)
    bulge = np.where(quenched, lenticular, spiral)
    t["bulge_to_total"] = np.where(elliptical, np.clip(1.05 - 0.1 * np.abs(deviate), 0.7, 1), bulge)
    t["elliptical"] = elliptical.astype(float)
    faded = quenched & ~elliptical & d.chance(0.25)
    late = (~quenched & ~elliptical) | faded
    t["late_type"] = late.astype(float)
    median = np.where(late, stars.size_late(mass), stars.size_early(mass))
    size = median * np.exp(stars.size_scatter(mass) * d.normal())
    # Beyond the published scatter, for coverage: diffuse discs and compact early types.
    rare = d.chance(0.08)
    stretch = 10.0 ** np.where(late, d.uniform(0.15, 0.55), -d.uniform(0.1, 0.35))
    t["half_mass_radius"] = np.clip(size * np.where(rare, stretch, 1.0), 0.25, 40.0)


def _draw_stars(d: _Deviates, t: Table) -> None:
    """Metals, ages and the history of star formation."""
    mass = t["log_stellar_mass"]
    metals = d.correlated(t["quiescence"], 0.35)
    t["log_stellar_metallicity"] = np.clip(
        stars.stellar_metallicity_quantile(mass, metals), -1.9, 0.40
    )
    deviate = d.correlated(t["quiescence"], 0.80)
    age = 10.0 ** stars.stellar_age_quantile(mass, np.clip(deviate, -3, 2.5))
    t["oldest_age"] = d.uniform(13.3 - 1.8 * d.spread**2, 13.3)
    t["light_weighted_age"] = np.clip(age, 0.4, 0.9 * t["oldest_age"])
    t["early_fraction"] = d.uniform(0.0, 0.75)
    t["burst_age"] = 10.0 ** d.uniform(-0.8, 0.9)
    t["burst_fraction"] = np.where(d.chance(0.5), d.uniform(0, 0.3) ** 2, 0.0)
    # Young mass is the present rate over 100 Myr, but for its own burstiness.
    t["log_young_mass"] = t["log_sfr"] + 8.0 + 0.05 * d.normal()
    t["history_timescale"] = histories.solve_timescale(
        t["light_weighted_age"],
        10.0 ** (t["log_young_mass"] - mass),
        t["oldest_age"],
        t["early_fraction"],
        t["burst_age"],
        t["burst_fraction"],
    )
    elliptical = t["elliptical"] > 0
    t["age_gradient"] = d.normal(np.where(elliptical, 0.05, 0.35), 0.25)
    t["stellar_gradient"] = d.normal(-0.08, 0.08)
    t["stellar_log_gradient"] = d.normal(np.where(elliptical, -0.22, -0.06), 0.10)


def _draw_gas(d: _Deviates, t: Table) -> None:
    """Atomic, molecular, warm ionised and hot gas, and their metals."""
    mass = t["log_stellar_mass"]
    deviate = d.correlated(t["quiescence"], -0.75)
    t["log_hi_mass"] = mass + gas.atomic_fraction(mass) + 0.5 * np.clip(deviate, -3, 3)
    t["atomic_radius"] = gas.atomic_radius(t["log_hi_mass"]) * 10.0 ** d.normal(0.0, 0.06)
    t["atomic_scale"] = d.uniform(0.17, 0.27)
    t["log_h2_mass"] = gas.molecular_mass(t["log_sfr"]) + d.normal(0.0, 0.2)
    t["molecular_scale"] = d.uniform(0.65, 1.15)
    oxygen = gas.oxygen_abundance(mass) + gas.oxygen_scatter(mass) * d.normal()
    # Beyond the published scatter, for coverage: a tenth lies off the relation on either side.
    outlier = d.chance(0.10)
    t["oxygen_abundance"] = oxygen + np.where(outlier, d.uniform(-0.35, 0.30), 0.0)
    mean, scatter = gas.gas_metallicity_gradient()
    t["gas_gradient"] = d.normal(mean, scatter)
    t["log_halo_mass"] = gas.halo_mass(mass) + d.normal(0.0, 0.18)
    t["halo_radius"] = gas.halo_radius(t["log_halo_mass"])
    # Cosmic baryon fraction 0.157 (Planck 2016); the part that stays in the halo is uncertain.
    # Above 10^13.3 Msun most of it belongs to the group, not to the galaxy.
    own_halo = np.minimum(t["log_halo_mass"], 13.3)
    kept = np.minimum(d.normal(-0.75, 0.35), 0.0)
    t["log_hot_mass"] = own_halo + np.log10(0.157) + kept
    t["hot_core"] = t["halo_radius"] * 10.0 ** d.uniform(-1.9, -1.0)
    # Hotter haloes are more ionised.
    hotter = np.maximum(t["log_halo_mass"] - 12.0, 0.0)
    t["log_hot_neutral"] = d.uniform(-4.5, -2.5) - 1.5 * hotter
    t["log_hot_metallicity"] = d.normal(-0.55, 0.2)
    t["warm_fraction"] = 10.0 ** d.uniform(-1.2, 0.0)
    t["warm_neutral"] = 10.0 ** d.uniform(-2.0, -0.8)
    # Beyond the published scatter, for coverage: quenched satellites that have lost their gas.
    stripped = (t["quenched"] > 0) & d.chance(0.04 * d.spread**2)
    loss = np.where(stripped, d.uniform(1.0, 3.0), 0.0)
    for name in ("log_hi_mass", "log_hot_mass"):
        t[name] = t[name] - loss


def _draw_kinematics(d: _Deviates, t: Table) -> None:
    mass = t["log_stellar_mass"]
    t["rotation_velocity"] = 10.0 ** (stars.tully_fisher(mass) + d.normal(0.0, 0.04))
    t["velocity_dispersion"] = 10.0 ** (stars.faber_jackson(mass) + d.normal(0.0, 0.07))
    slow = (t["elliptical"] > 0) & d.chance(np.clip(0.15 + 0.6 * (mass - 10.8), 0.05, 0.8))
    t["spheroid_rotation"] = np.where(slow, d.uniform(0.0, 0.1), d.uniform(0.2, 0.7))


def _draw_structure(d: _Deviates, t: Table) -> None:
    """Shapes: thickness, bars, arms, rings, clumps, warps, lopsidedness, halo."""
    mass, quenched = t["log_stellar_mass"], t["quenched"] > 0
    disc = t["elliptical"] == 0
    forming = disc & ~quenched
    t["bulge_size"] = np.where(
        t["bulge_to_total"] > 0.65, 1.0, 10.0 ** d.normal(-0.62 + 0.35 * t["bulge_to_total"], 0.13)
    )
    index = np.where(disc, 1.0 + 3.0 * t["bulge_to_total"], 10.0 ** (0.56 + 0.17 * (mass - 10.8)))
    t["sersic_index"] = np.clip(index * 10.0 ** d.normal(0.0, 0.12), 0.8, 7.0)
    t["bulge_flattening"] = np.clip(d.normal(0.70, 0.15), 0.35, 1.0)
    t["bulge_elongation"] = np.clip(1.0 - np.abs(d.normal(0.0, 0.15)), 0.6, 1.0)
    # Thickness: exponential scale height over length, Kregel et al. (2002, MNRAS 334, 646),
    # 1 / (7.3 +- 2.2); dwarfs and lenticulars are thicker.
    thick = np.log10(1 / 8.5) + 0.30 * np.maximum(10.0 - mass, 0.0) + 0.12 * quenched
    t["disc_thickness"] = 10.0 ** d.normal(thick, 0.12)
    t["thick_fraction"] = d.uniform(0.05, 0.3)
    t["disc_break"] = d.uniform(2.0, 4.5)
    t["outer_slope"] = np.clip(d.normal(0.8, 0.25), 0.4, 1.4)

    barred = disc & d.chance(np.where(mass > 9.6, 0.36, 0.22))
    t["bar_fraction"] = np.where(barred, d.uniform(0.08, 0.28), 0.0)
    t["bar_length"] = d.uniform(0.7, 1.5)
    t["bar_axis_ratio"] = d.uniform(0.35, 0.65)

    kind = d.uniform()
    arms = np.select([kind < 0.55, kind < 0.78], [2.0, 3.0], 4.0)
    t["arms"] = np.where(mass < 9.6, np.maximum(arms - 1.0, 1.0), arms)
    strength = d.uniform(0.35, 0.95) * np.clip(0.6 + 0.6 * (mass - 9.2), 0.6, 1.0)
    t["arm_strength"] = np.where(forming, strength, np.where(disc, 0.15 * strength, 0.0))
    t["pitch"] = np.radians(d.uniform(10.0, 30.0))
    t["flocculence"] = np.where(mass < 9.7, d.uniform(0.4, 1.0), d.uniform(0.0, 0.9))
    t["ring_fraction"] = np.where(disc & d.chance(0.15), d.uniform(0.15, 0.6), 0.0)
    t["ring_radius"] = d.uniform(0.9, 2.4)
    t["clump_fraction"] = np.where(disc, d.uniform(0.15, 0.65), d.uniform(0.0, 0.3))
    t["clump_number"] = np.floor(10.0 ** d.uniform(1.4, 2.6))
    t["lopsidedness"] = np.abs(d.normal(0.0, 0.18)) * np.where(mass < 9.8, 2.2, 1.0)
    irregular = disc & d.chance(np.where(mass < 9.8, 0.7, 0.15))
    t["irregularity"] = np.where(irregular, d.uniform(0.1, np.where(mass < 9.8, 1.0, 0.5)), 0.0)
    t["warp"] = np.where(disc & d.chance(0.4), d.uniform(0.0, 0.25), 0.0)
    fraction = 10.0 ** d.normal(-2.0 + 0.45 * (mass - 10.3), 0.35)
    t["halo_fraction"] = np.clip(fraction, 0.002, 0.25)


def _draw_company(d: _Deviates, t: Table) -> None:
    """Satellites and mergers."""
    number = d.uniform()
    t["satellites"] = np.select([number < 0.5, number < 0.8, number < 0.93], [0.0, 1.0, 2.0], 3.0)
    merger = d.chance(0.065)
    t["merger"] = merger.astype(float)
    t["companion_fraction"] = np.where(merger, d.uniform(0.15, 0.5), 0.0)
    t["companion_distance"] = d.uniform(1.5, 6.0)
    t["tail_strength"] = d.uniform(0.5, 1.6)
