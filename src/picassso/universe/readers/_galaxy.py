"""From columns in proper units to `Particles`: periodic box, centre, rest frame, ages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.core import HYDROGEN_FRACTION, Gas, InputError, Particles, Stars, half_mass_radius
from picassso.universe.readers._units import Snapshot

__all__ = [
    "GasColumns",
    "StarColumns",
    "age_at_snapshot",
    "build_galaxy",
    "shrinking_sphere_centre",
    "surviving_fraction",
]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class StarColumns:
    """Stars of a galaxy where they lie in the box.

    Parameters
    ----------
    position : (N, 3) array
        Proper kpc.
    velocity : (N, 3) array or None
        Peculiar velocity [km/s].
    mass : (N,) array
        Current mass [Msun].
    initial_mass : (N,) array or None
        Mass at birth [Msun].
    age : (N,) array
        Gyr.
    metallicity : (N,) array
        Mass fraction of metals.
    """

    position: Array
    velocity: Array | None
    mass: Array
    initial_mass: Array | None
    age: Array
    metallicity: Array


@dataclass(frozen=True)
class GasColumns:
    """Gas of a galaxy where it lies in the box; units as in `StarColumns`, and Msun/yr."""

    position: Array
    velocity: Array | None
    mass: Array
    metallicity: Array | None
    star_formation_rate: Array | None
    neutral_fraction: Array | None
    hydrogen_fraction: Array | None


def surviving_fraction(age: NDArray[np.floating]) -> Array:
    """Mass left of a stellar population, remnants included, per mass formed.

    A straight line in log age through 0.70 at 1 Gyr and 0.56 at 10 Gyr, which reaches 1 at 7 Myr,
    when the first stars die; 1 before that. The anchors are the living fractions of the Bruzual &
    Charlot (2003) populations with a Kroupa IMF (0.60 and 0.46) plus 0.10 for the remnants.

    Parameters
    ----------
    age : array
        Gyr.
    """
    return np.clip(0.70 - 0.14 * np.log10(np.maximum(age, 1e-6)), 0.0, 1.0)


def age_at_snapshot(
    formation: Array, snapshot: Snapshot, *, tolerance: float = 1e-3
) -> NDArray[np.float64]:
    """Ages [Gyr] of stars that formed at given scale factors, in the simulation's cosmology.

    Raises
    ------
    InputError
        If stars formed after the snapshot by more than `tolerance` in scale factor.
    """
    if len(formation) and formation.max() > snapshot.scale_factor + tolerance:
        raise InputError(
            f"{snapshot.path}: stars formed at scale factor {formation.max():.4f}, after the "
            f"snapshot's own {snapshot.scale_factor:.4f}; correct Time and Redshift in the header"
        )
    now = float(snapshot.cosmology.age(snapshot.redshift))
    born = snapshot.cosmology.age(1.0 / np.maximum(formation, 1e-4) - 1.0)
    return np.maximum(now - born, 0.0)


def wrap(offset: Array, box: float | None) -> Array:
    """Shortest offsets in a periodic box (any length unit, the same for both)."""
    return offset if box is None else offset - box * np.round(offset / box)


def shrinking_sphere_centre(
    position: Array, mass: Array, *, shrink: float = 0.9, least: int = 50
) -> Array:
    """Centre of the densest lump: the centre of mass of an ever smaller sphere.

    Power et al. (2003, MNRAS 338, 14): centre of mass, keep what lies within a radius about it,
    shrink the radius, repeat until few particles are left (here one in a hundred, but `least`).

    Parameters
    ----------
    position : (N, 3) array
        Not wrapped around a periodic box.
    mass : (N,) array
    shrink : float
        Ratio of successive radii.
    least : int
        Number of particles to stop at.
    """
    centre = np.average(position, axis=0, weights=mass)
    radius = float(np.linalg.norm(position - centre, axis=1).max())
    stop = max(least, len(position) // 100)
    while True:
        radius *= shrink
        near = np.linalg.norm(position - centre, axis=1) < radius
        if np.count_nonzero(near) < stop:
            return centre
        position, mass = position[near], mass[near]
        centre = np.average(position, axis=0, weights=mass)


def build_galaxy(
    *,
    galaxy_id: str,
    snapshot: Snapshot,
    stars: StarColumns | None,
    gas: GasColumns | None,
    box: float | None,
    centre: Array | None = None,
    flags: tuple[str, ...] = (),
) -> Particles:
    """Put a galaxy into its rest frame.

    Parameters
    ----------
    galaxy_id : str
    snapshot : Snapshot
    stars, gas : StarColumns, GasColumns or None
        None where the snapshot holds none of that kind. No stars at all count as None; gas may be
        empty, for a galaxy without gas in a snapshot with gas has a gas mass of zero.
    box : float or None
        Side of the periodic box [proper kpc].
    centre : (3,) array or None
        Proper kpc; None: the shrinking sphere's centre of the stars, or of the gas without stars.
    flags : tuple of str
        What the reader has assumed so far.

    Raises
    ------
    InputError
        If there is neither star nor gas, or a value lies outside of its possible range.
    """
    if stars is not None and not len(stars.mass):
        stars = None
    kinds = [c for c in (stars, gas) if c is not None and len(c.mass)]
    if not kinds:
        raise InputError(
            f"{snapshot.path}: galaxy {galaxy_id!r} has neither stars nor gas (wind particles do "
            "not count); leave it out, or make the cutout again with PartType4 or PartType0"
        )
    for columns in kinds:
        _check_ranges(columns, f"{snapshot.path}: galaxy {galaxy_id!r}")
    lead = kinds[0]
    noted = list(dict.fromkeys((*snapshot.flags, *flags)))
    if centre is None:
        anchor = lead.position[0]
        unwrapped = wrap(lead.position - anchor, box)
        centre = anchor + shrinking_sphere_centre(unwrapped, lead.mass)
        noted.append("centre_estimated")
    position = wrap(lead.position - centre, box)
    if lead.velocity is None:
        frame = np.zeros(3)
        noted.append("velocity_missing")
    else:
        inner = np.linalg.norm(position, axis=1) <= half_mass_radius(position, lead.mass)
        frame = np.average(lead.velocity[inner], axis=0, weights=lead.mass[inner])
    if stars is not None and stars.initial_mass is None:
        noted.append("initial_mass_estimated")
    if gas is not None and len(gas.mass) and gas.hydrogen_fraction is None:
        noted.append("hydrogen_fraction_assumed")
    return Particles(
        galaxy_id=galaxy_id,
        source=snapshot.source,
        stars=None if stars is None else _stars(stars, centre, frame, box),
        gas=None if gas is None else _gas(gas, centre, frame, box),
        redshift=snapshot.redshift,
        cosmology=snapshot.cosmology,
        flags=tuple(noted),
    )


# Fractions may fall short of 0 by rounding; nothing else may leave its range.
_RANGES = {
    "mass": (np.nextafter(0.0, 1.0), np.inf, "Msun, above zero"),
    "initial_mass": (np.nextafter(0.0, 1.0), np.inf, "Msun, above zero"),
    "metallicity": (-1e-4, 1.0, "a mass fraction, 0 to 1 (not solar units)"),
    "star_formation_rate": (0.0, np.inf, "Msun/yr, zero or more"),
    "neutral_fraction": (-1e-4, 1.0 + 1e-4, "a fraction, 0 to 1"),
    "hydrogen_fraction": (-1e-4, 1.0 + 1e-4, "a mass fraction, 0 to 1"),
}


def _check_ranges(columns: StarColumns | GasColumns, where: str) -> None:
    """Raise InputError for the first column with values that cannot be."""
    kind = "stars" if isinstance(columns, StarColumns) else "gas"
    for name, (low, high, expected) in _RANGES.items():
        column = getattr(columns, name, None)
        if column is None:
            continue
        bad = np.flatnonzero((column < low) | (column > high))
        if len(bad):
            raise InputError(
                f"{where}: {len(bad)} values of {name} of the {kind} are out of range (such as "
                f"{column[bad[0]]:.4g}), expected {expected}; correct or remove those particles"
            )


def _single(column: Array | None) -> NDArray[np.float32] | None:
    return None if column is None else column.astype(np.float32)


def _phase_space(
    columns: StarColumns | GasColumns, centre: Array, frame: Array, box: float | None
) -> dict[str, NDArray[np.float32]]:
    """Position and velocity in the rest frame; a snapshot without velocities gets zeros."""
    velocity = np.zeros_like(columns.position)
    if columns.velocity is not None:
        velocity = columns.velocity - frame
    return {
        "position": wrap(columns.position - centre, box).astype(np.float32),
        "velocity": velocity.astype(np.float32),
    }


def _stars(columns: StarColumns, centre: Array, frame: Array, box: float | None) -> Stars:
    initial = columns.initial_mass
    if initial is None:
        initial = columns.mass / surviving_fraction(columns.age)
    return Stars(
        **_phase_space(columns, centre, frame, box),
        mass=columns.mass.astype(np.float32),
        initial_mass=initial.astype(np.float32),
        age=columns.age.astype(np.float32),
        # Advection leaves a few metallicities at -1e-16.
        metallicity=np.clip(columns.metallicity, 0.0, 1.0).astype(np.float32),
    )


def _gas(columns: GasColumns, centre: Array, frame: Array, box: float | None) -> Gas:
    hydrogen = columns.hydrogen_fraction
    if hydrogen is None:
        hydrogen = np.full(len(columns.mass), HYDROGEN_FRACTION)
    metals, neutral = columns.metallicity, columns.neutral_fraction
    return Gas(
        **_phase_space(columns, centre, frame, box),
        mass=columns.mass.astype(np.float32),
        metallicity=None if metals is None else _single(np.clip(metals, 0.0, 1.0)),
        star_formation_rate=_single(columns.star_formation_rate),
        neutral_fraction=None if neutral is None else _single(np.clip(neutral, 0.0, 1.0)),
        hydrogen_fraction=hydrogen.astype(np.float32),
    )
