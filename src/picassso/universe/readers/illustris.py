"""Illustris and IllustrisTNG cutouts: one galaxy a file, AREPO's column names.

Layout: the `Illustris data specifications <https://www.illustris-project.org/data/docs/
specifications/>`_ and Nelson et al. (2019, arXiv:1812.05609). Lengths in comoving kpc/h, masses in
1e10 Msun/h, velocities in sqrt(a) km/s, star formation rates in Msun/yr, unless the columns'
attributes (``to_cgs``, ``a_scaling``, ``h_scaling``) or the header say otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import h5py

from picassso.core import Particles
from picassso.universe.readers._columns import GAS, STARS, Layout
from picassso.universe.readers._options import ReadOptions
from picassso.universe.readers._single import list_single, read_single
from picassso.universe.readers._units import KPC

__all__ = ["LAYOUT", "NAME", "list_galaxies", "matches", "read"]

NAME = "illustris"
LAYOUT = Layout(
    mass="Masses",
    velocity="Velocities",
    initial_mass="GFM_InitialMass",
    formation="GFM_StellarFormationTime",
    metallicity="GFM_Metallicity",
)


def matches(file: h5py.File) -> bool:
    """Whether an open file has AREPO's column names."""
    if "Header" not in file:
        return False
    stars, gas = file.get(STARS, {}), file.get(GAS, {})
    return (
        any(name.startswith("GFM_") for group in (stars, gas) for name in group)
        or "Masses" in stars
        or "Masses" in gas
    )


def list_galaxies(path: Path, options: ReadOptions) -> list[str]:
    """Id of the galaxy; see `picassso.universe.list_galaxies`."""
    return list_single(path)


def read(path: Path, options: ReadOptions) -> Iterator[Particles]:
    """Read a cutout; see `picassso.universe.read_particles`."""
    yield from read_single(path, options, layout=LAYOUT, length_unit=KPC, fallback="arepo")
