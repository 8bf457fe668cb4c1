"""Particles: stars and gas of one galaxy."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from picassso.core.cosmology import DEFAULT_COSMOLOGY, Cosmology
from picassso.core.errors import InputError

__all__ = [
    "HYDROGEN_FRACTION",
    "SOLAR_METALLICITY",
    "Gas",
    "Particles",
    "Stars",
    "half_mass_radius",
]

HYDROGEN_FRACTION = 0.76
"""Primordial hydrogen mass fraction, used where a snapshot holds none."""

SOLAR_METALLICITY = 0.02
"""Mass fraction of metals of the Sun in the models of Bruzual & Charlot 2003."""


@dataclass(frozen=True, slots=True)
class Stars:
    """Star particles, float32.

    Parameters
    ----------
    position : (N, 3) array
        Proper kpc, origin at the galaxy's centre.
    velocity : (N, 3) array
        km s^-1, in the galaxy's rest frame.
    mass, initial_mass : (N,) array
        Current mass and mass at birth [Msun].
    age : (N,) array
        Gyr at the snapshot's time, in the snapshot's own cosmology.
    metallicity : (N,) array
        Mass fraction of metals.
    """

    position: NDArray[np.float32]
    velocity: NDArray[np.float32]
    mass: NDArray[np.float32]
    initial_mass: NDArray[np.float32]
    age: NDArray[np.float32]
    metallicity: NDArray[np.float32]

    def __post_init__(self) -> None:
        _check_columns(self)

    def __len__(self) -> int:
        return len(self.mass)


@dataclass(frozen=True, slots=True)
class Gas:
    """Gas cells, float32; a column that the snapshot lacks is None, never zero.

    Parameters
    ----------
    position, velocity, mass, metallicity
        As in `Stars`.
    star_formation_rate : (N,) array or None
        Msun yr^-1.
    neutral_fraction : (N,) array or None
        Neutral (HI + H2) fraction of the hydrogen.
    hydrogen_fraction : (N,) array
        Hydrogen mass fraction (0.76 where the snapshot holds none).
    """

    position: NDArray[np.float32]
    velocity: NDArray[np.float32]
    mass: NDArray[np.float32]
    metallicity: NDArray[np.float32] | None
    star_formation_rate: NDArray[np.float32] | None
    neutral_fraction: NDArray[np.float32] | None
    hydrogen_fraction: NDArray[np.float32]

    def __post_init__(self) -> None:
        _check_columns(self)

    def __len__(self) -> int:
        return len(self.mass)

    @property
    def neutral_hydrogen_mass(self) -> NDArray[np.float32] | None:
        """Mass of neutral hydrogen, HI + H2 [Msun]; None where it is not known."""
        if self.neutral_fraction is None:
            return None
        return self.neutral_fraction * self.hydrogen_fraction * self.mass


@dataclass(frozen=True, slots=True)
class Particles:
    """One galaxy.

    Parameters
    ----------
    galaxy_id : str
        Unique within its source; splits are made on it.
    source : str
        ``"synthetic"``, ``"illustris"``, ``"tng"``, ...
    stars, gas : Stars, Gas or None
        None where the snapshot holds none of that kind.
    redshift : float
        Of the snapshot.
    cosmology : Cosmology
        Of the simulation.
    flags : tuple of str
        Whatever a reader had to assume, such as ``"initial_mass_estimated"``.
    """

    galaxy_id: str
    source: str
    stars: Stars | None
    gas: Gas | None
    redshift: float = 0.0
    cosmology: Cosmology = field(default=DEFAULT_COSMOLOGY)
    flags: tuple[str, ...] = ()

    @property
    def absent(self) -> frozenset[str]:
        """Names of the properties that the snapshot does not hold."""
        absent: set[str] = set()
        if self.stars is None:
            absent |= {"stellar_mass", "stellar_metal_mass", "stellar_age_mass"}
        if self.gas is None:
            absent |= {"gas_mass", "gas_metal_mass", "hi_mass"}
            if self.stars is None:
                absent.add("star_formation_rate")
        else:
            if self.gas.metallicity is None:
                absent.add("gas_metal_mass")
            if self.gas.neutral_fraction is None:
                absent.add("hi_mass")
            if self.gas.star_formation_rate is None and self.stars is None:
                absent.add("star_formation_rate")
        return frozenset(absent)


def half_mass_radius(position: NDArray[np.floating], mass: NDArray[np.floating]) -> float:
    """Radius of the sphere about the origin that holds half of the mass.

    Parameters
    ----------
    position : (N, 3) array
        Of the particles, in any unit.
    mass : (N,) array
        Theirs.

    Returns
    -------
    float
        In the unit of `position`.
    """
    radius = np.linalg.norm(position, axis=1)
    order = np.argsort(radius)
    enclosed = np.cumsum(mass[order], dtype=np.float64)
    return float(radius[order][np.searchsorted(enclosed, 0.5 * enclosed[-1])])


def _check_columns(table: Stars | Gas) -> None:
    """Raise InputError naming every column whose shape or dtype is wrong."""
    n = len(table.mass)
    problems = []
    for f in fields(table):
        column = getattr(table, f.name)
        if column is None:
            continue
        expected = (n, 3) if f.name in ("position", "velocity") else (n,)
        if column.shape != expected:
            problems.append(f"{f.name} has shape {column.shape}, expected {expected}")
        if column.dtype != np.float32:
            problems.append(f"{f.name} is {column.dtype}, expected float32")
    if problems:
        raise InputError(f"{type(table).__name__}: " + "; ".join(problems))
