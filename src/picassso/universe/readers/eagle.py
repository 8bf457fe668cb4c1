"""EAGLE snapshots and particle data, from the documentation: **never tried on a real file**.

Layout: The EAGLE team (2017, arXiv:1706.09899). Lengths in comoving Mpc/h, masses in 1e10 Msun/h,
velocities in sqrt(a) km/s, each column with its own unit attributes (``CGSConversionFactor``,
``aexp-scale-exponent``, ``h-scale-exponent``), which are followed. Galaxies are the particles that
share GroupNumber and SubGroupNumber (2^30 = bound to none). All columns are read at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import h5py
import numpy as np
from numpy.typing import NDArray

from picassso.core import InputError, Particles
from picassso.universe.readers._columns import GAS, STARS, Layout, gas_columns, star_columns
from picassso.universe.readers._files import (
    ParticleTable,
    chunk_paths,
    open_table_files,
    stem_of,
)
from picassso.universe.readers._galaxy import GasColumns, StarColumns, build_galaxy
from picassso.universe.readers._options import GalaxyNotFound, ReadOptions
from picassso.universe.readers._single import list_single, read_single
from picassso.universe.readers._units import KPC, read_snapshot

__all__ = ["LAYOUT", "NAME", "list_galaxies", "matches", "read"]

NAME = "eagle"
LAYOUT = Layout(
    mass="Mass",
    velocity="Velocity",
    initial_mass="InitialMass",
    formation="StellarFormationTime",
    metallicity="Metallicity",
    hydrogen="ElementAbundance/Hydrogen",
)
_UNBOUND = 2**30
_STRIDE = 2**31
Columns = TypeVar("Columns", StarColumns, GasColumns)
_MPC = 1000.0 * KPC


def matches(file: h5py.File) -> bool:
    """Whether an open file has Mass, not Masses, and no Metallicity of element masses."""
    if "Header" not in file:
        return False
    groups = [group for kind in (STARS, GAS) if "Mass" in (group := file.get(kind, {}))]
    return bool(groups) and all(
        "Metallicity" not in group or group["Metallicity"].ndim == 1 for group in groups
    )


def list_galaxies(path: Path, options: ReadOptions) -> list[str]:
    """Ids of the galaxies; see `picassso.universe.list_galaxies`."""
    paths = chunk_paths(path)
    with open_table_files(paths) as files:
        stars = ParticleTable.of(files, STARS, path)
        if stars is not None and (len(paths) > 1 or "SubGroupNumber" in stars):
            members = _Members.of_stars(stars)
            return [_galaxy_id(path, label) for label in _chosen(path, members, options)]
    return list_single(path)


def read(path: Path, options: ReadOptions) -> Iterator[Particles]:
    """Read the galaxies of a file or of a snapshot of many; see `read_particles`."""
    paths = chunk_paths(path)
    with open_table_files(paths) as files:
        stars = ParticleTable.of(files, STARS, path)
        gas = ParticleTable.of(files, GAS, path)
        if stars is not None and (len(paths) > 1 or "SubGroupNumber" in stars):
            yield from _read_groups(path, files[0], stars, gas, options)
            return
    yield from read_single(path, options, layout=LAYOUT, length_unit=_MPC, fallback="eagle")


def _read_groups(
    path: Path,
    file: h5py.File,
    star_table: ParticleTable,
    gas_table: ParticleTable | None,
    options: ReadOptions,
) -> Iterator[Particles]:
    """One galaxy for each pair of group and subgroup numbers, in that order."""
    snapshot = read_snapshot(
        file, path, length_unit=_MPC, box_size=options.box_size, fallback="eagle"
    )
    kpc = snapshot.length_factor(star_table)
    stars = star_columns(star_table, snapshot, LAYOUT)
    star_order = _Members.of_stars(star_table)
    gas = gas_order = None
    if gas_table is not None:
        gas = gas_columns(gas_table, snapshot, LAYOUT)
        gas_order = _Members.of(gas_table, np.ones(len(gas_table), bool))
    for label in _chosen(path, star_order, options):
        yield build_galaxy(
            galaxy_id=_galaxy_id(path, label),
            snapshot=snapshot,
            stars=_taken(stars, star_order.rows(label)),
            gas=None if gas is None or gas_order is None else _taken(gas, gas_order.rows(label)),
            box=None if snapshot.box_size is None else snapshot.box_size * kpc,
            centre=None if options.centre is None else np.asarray(options.centre) * kpc,
        )


def _galaxy_id(path: Path, label: int) -> str:
    return f"{stem_of(path)}-{_name(label)}"


def _name(label: int) -> str:
    """Group and subgroup number."""
    return f"{label // _STRIDE}_{label % _STRIDE}"


@dataclass(frozen=True)
class _Members:
    """Particles sorted by the galaxy that they are of, as one number: group * 2^31 + subgroup."""

    label: NDArray[np.int64]
    order: NDArray[np.intp]

    @classmethod
    def of(cls, table: ParticleTable, kept: NDArray[np.bool_]) -> _Members:
        table.require("GroupNumber", "SubGroupNumber")
        # Particles inside a halo's virial radius but outside of its group carry a negative number.
        group = np.abs(table.column("GroupNumber").astype(np.int64))
        label = (group * _STRIDE + table.column("SubGroupNumber").astype(np.int64))[kept]
        order = np.argsort(label, kind="stable")
        return cls(label[order], order)

    @classmethod
    def of_stars(cls, table: ParticleTable) -> _Members:
        """Those of star particles, wind left out."""
        table.require(LAYOUT.formation)
        return cls.of(table, table.column(LAYOUT.formation) > 0)

    def rows(self, label: int) -> NDArray[np.intp]:
        low, high = np.searchsorted(self.label, [label, label + 1])
        return self.order[low:high]


def _chosen(path: Path, members: _Members, options: ReadOptions) -> list[int]:
    """Labels of the galaxies to read."""
    labels, counts = np.unique(members.label, return_counts=True)
    bound = labels % _STRIDE < _UNBOUND
    labels, counts = labels[bound], counts[bound]
    if options.galaxy is not None:
        names = [_name(label) for label in labels]
        wanted = options.galaxy.removeprefix(f"{stem_of(path)}-")
        if wanted not in names:
            raise GalaxyNotFound(
                f"{path}: no galaxy {options.galaxy!r}; galaxies are named GROUP_SUBGROUP, such as "
                f"{', '.join(names[:3])}"
            )
        return [int(labels[names.index(wanted)])]
    if options.centre is not None:
        raise InputError(f"{path}: centre= is of one galaxy; say which with galaxy=")
    chosen = labels[counts >= options.min_stars]
    if not len(chosen):
        raise InputError(
            f"{path}: no galaxy has {options.min_stars} stars or more (the largest has "
            f"{counts.max(initial=0)}); lower min_stars"
        )
    return [int(label) for label in chosen]


def _taken(columns: Columns, rows: NDArray[np.intp]) -> Columns:
    """Some rows of all columns."""
    return replace(columns, **{n: c[rows] for n, c in vars(columns).items() if c is not None})
