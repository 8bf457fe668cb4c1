"""Magneticum cutouts in the SimSpin layout: one galaxy a file.

Gadget's units with EAGLE-like column names and unit attributes. ``Metallicity`` holds the masses
of He, C, Ca, O, N, Ne, Mg, S, Si, Fe and all other metals; those of a star particle add up to the
metals of its *initial* mass (helium is 0.25 of that, 0.43 of the current one). The unit
attributes of ``StarFormationRate`` claim 1e10 Msun/(yr h), with which the gas would be gone
within months: it is read as Msun/yr and flagged.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import h5py

from picassso.core import Particles
from picassso.universe.readers._columns import GAS, STARS, Layout
from picassso.universe.readers._options import ReadOptions
from picassso.universe.readers._single import list_single, read_single
from picassso.universe.readers._units import KPC, simulation_name

__all__ = ["LAYOUT", "NAME", "list_galaxies", "matches", "read"]

NAME = "magneticum"
LAYOUT = Layout(
    mass="Mass",
    velocity="Velocity",
    initial_mass="InitialMass",
    formation="StellarFormationTime",
    metallicity="Metallicity",
    element_masses=True,
    trust_sfr_unit=False,
)


def matches(file: h5py.File) -> bool:
    """Whether an open file has Mass, and names Magneticum or holds element masses."""
    if "Header" not in file:
        return False
    groups = [group for kind in (STARS, GAS) if "Mass" in (group := file.get(kind, {}))]
    if simulation_name(file) == NAME:
        return bool(groups)
    return any("Metallicity" in group and group["Metallicity"].ndim == 2 for group in groups)


def list_galaxies(path: Path, options: ReadOptions) -> list[str]:
    """Id of the galaxy; see `picassso.universe.list_galaxies`."""
    return list_single(path)


def read(path: Path, options: ReadOptions) -> Iterator[Particles]:
    """Read a cutout; see `picassso.universe.read_particles`."""
    yield from read_single(path, options, layout=LAYOUT, length_unit=KPC, fallback="magneticum")
