"""Particle columns of the Gadget family of layouts, whatever each calls them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.core import InputError
from picassso.universe.readers._files import ParticleTable
from picassso.universe.readers._galaxy import GasColumns, StarColumns, age_at_snapshot
from picassso.universe.readers._units import MSUN_PER_YEAR, Snapshot

__all__ = ["GAS", "STARS", "Layout", "gas_columns", "star_columns"]

GAS = "PartType0"
STARS = "PartType4"


@dataclass(frozen=True, slots=True)
class Layout:
    """What one family of simulations calls its columns.

    Parameters
    ----------
    mass, velocity, initial_mass, formation, metallicity : str
        Names of columns; `formation` is a scale factor, of wind particles zero or negative.
    neutral_fraction : str
        Neutral fraction of the hydrogen.
    hydrogen : str
        Hydrogen mass fraction: a column, or the first of a column of element fractions.
    element_masses : bool
        Whether `metallicity` holds the masses of helium and ten heavier elements instead.
    trust_sfr_unit : bool
        Whether the unit attributes of the star formation rate are right.
    """

    mass: str
    velocity: str
    initial_mass: str
    formation: str
    metallicity: str
    neutral_fraction: str = "NeutralHydrogenAbundance"
    hydrogen: str = "GFM_Metals"
    element_masses: bool = False
    trust_sfr_unit: bool = True


def _vector(table: ParticleTable, name: str) -> NDArray[np.float64]:
    values = table.column(name)
    if values.ndim != 2 or values.shape[1] != 3:
        raise InputError(
            f"{table.path}: {table.kind}/{name} has shape {values.shape}, expected (N, 3)"
        )
    return values


def _position(table: ParticleTable, snapshot: Snapshot) -> NDArray[np.float64]:
    return _vector(table, "Coordinates") * snapshot.length_factor(table)


def _velocity(table: ParticleTable, snapshot: Snapshot, name: str) -> NDArray[np.float64] | None:
    if name not in table:
        return None
    return _vector(table, name) * snapshot.velocity_factor(table, name)


def star_columns(table: ParticleTable, snapshot: Snapshot, layout: Layout) -> StarColumns:
    """Read the stars of a table into proper units, wind particles left out.

    Raises
    ------
    InputError
        If required columns are missing, or stars are younger than the snapshot allows.
    """
    table.require("Coordinates", layout.mass, layout.formation, layout.metallicity)
    formation = table.column(layout.formation)
    born = formation > 0
    mass = table.column(layout.mass) * snapshot.mass_factor(table, layout.mass)
    initial_mass = None
    if layout.initial_mass in table:
        unit = snapshot.mass_factor(table, layout.initial_mass)
        initial_mass = table.column(layout.initial_mass) * unit
    metallicity = table.column(layout.metallicity)
    if layout.element_masses:
        # A star particle keeps the metals that it was born with, hence of its initial mass.
        unit = snapshot.mass_factor(table, layout.metallicity)
        whole = mass if initial_mass is None else initial_mass
        metallicity = metallicity[:, 1:].sum(axis=1) * unit / whole
    velocity = _velocity(table, snapshot, layout.velocity)
    return StarColumns(
        position=_position(table, snapshot)[born],
        velocity=None if velocity is None else velocity[born],
        mass=mass[born],
        initial_mass=None if initial_mass is None else initial_mass[born],
        age=age_at_snapshot(formation[born], snapshot),
        metallicity=metallicity[born],
    )


def gas_columns(table: ParticleTable, snapshot: Snapshot, layout: Layout) -> GasColumns:
    """Read the gas of a table into proper units.

    Raises
    ------
    InputError
        If required columns are missing.
    """
    table.require("Coordinates", layout.mass)
    mass = table.column(layout.mass) * snapshot.mass_factor(table, layout.mass)
    metallicity = hydrogen = rate = neutral = None
    if layout.metallicity in table:
        metallicity = table.column(layout.metallicity)
        if layout.element_masses:
            fractions = metallicity * snapshot.mass_factor(table, layout.metallicity)
            fractions = fractions / mass[:, None]
            metallicity = fractions[:, 1:].sum(axis=1)
            hydrogen = 1.0 - fractions.sum(axis=1)
    if layout.hydrogen in table:
        hydrogen = table.column(layout.hydrogen)
        hydrogen = hydrogen[:, 0] if hydrogen.ndim == 2 else hydrogen
    if "StarFormationRate" in table:
        unit = 1.0
        if layout.trust_sfr_unit:
            unit = snapshot.factor(table, "StarFormationRate", MSUN_PER_YEAR, 1.0)
        rate = table.column("StarFormationRate") * unit
    if layout.neutral_fraction in table:
        neutral = table.column(layout.neutral_fraction)
    return GasColumns(
        position=_position(table, snapshot),
        velocity=_velocity(table, snapshot, layout.velocity),
        mass=mass,
        metallicity=metallicity,
        star_formation_rate=rate,
        neutral_fraction=neutral,
        hydrogen_fraction=hydrogen,
    )
