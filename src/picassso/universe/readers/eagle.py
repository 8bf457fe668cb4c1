"""EAGLE snapshots and particle data, from the documentation: **never tried on a real file**.

Layout: The EAGLE team (2017, arXiv:1706.09899). Lengths in comoving Mpc/h, masses in 1e10 Msun/h,
velocities in sqrt(a) km/s, each column with its own unit attributes (``CGSConversionFactor``,
``aexp-scale-exponent``, ``h-scale-exponent``), which are followed. Galaxies are the particles that
share GroupNumber and SubGroupNumber (2^30 = bound to none). All columns are read at once.
"""

from __future__ import annotations

from collections.abc import Iterator
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
from picassso.universe.readers._options import ReadOptions
from picassso.universe.readers._single import read_single
from picassso.universe.readers._units import KPC, read_snapshot

__all__ = ["DESCRIPTION", "LAYOUT", "NAME", "matches", "read"]

NAME = "eagle"
DESCRIPTION = "EAGLE snapshot, particle data or cutout (never tried on a real file)"
LAYOUT = Layout(
    mass="Mass",
    velocity="Velocity",
    initial_mass="InitialMass",
    formation="StellarFormationTime",
    metallicity="Metallicity",
    hydrogen="ElementAbundance/Hydrogen",
)
_UNBOUND = 2**30
Columns = TypeVar("Columns", StarColumns, GasColumns)
_MPC = 1000.0 * KPC


def matches(file: h5py.File) -> bool:
    """Whether an open file has EAGLE's column names and a Metallicity of one number."""
    if "Header" not in file:
        return False
    for kind, telling in ((STARS, "StellarFormationTime"), (GAS, "StarFormationRate")):
        group = file.get(kind, {})
        names = ("Mass", "Coordinates", telling)
        if all(name in group for name in names):
            return "Metallicity" not in group or group["Metallicity"].ndim == 1
    return False


def read(path: Path, options: ReadOptions) -> Iterator[Particles]:
    """Read the galaxies of a file or of a snapshot of many; see `read_particles`."""
    with open_table_files(chunk_paths(path)) as files:
        stars = ParticleTable.of(files, STARS, path)
        gas = ParticleTable.of(files, GAS, path)
        numbered = stars is not None and "SubGroupNumber" in stars and "GroupNumber" in stars
        if numbered:
            yield from _read_groups(path, files[0], stars, gas, options)
    if not numbered:
        yield from read_single(path, options, layout=LAYOUT, length_unit=_MPC, fallback="eagle")


def _labels(table: ParticleTable) -> NDArray[np.int64]:
    """(N, 2) group and subgroup of each particle."""
    table.require("GroupNumber", "SubGroupNumber")
    # Particles inside a halo's virial radius but outside of its group carry a negative number.
    group = np.abs(table.column("GroupNumber").astype(np.int64))
    return np.stack([group, table.column("SubGroupNumber").astype(np.int64)], axis=1)


def _read_groups(
    path: Path,
    file: h5py.File,
    star_table: ParticleTable,
    gas_table: ParticleTable | None,
    options: ReadOptions,
) -> Iterator[Particles]:
    """One galaxy for each pair of group and subgroup numbers, largest groups first."""
    snapshot = read_snapshot(
        file, path, length_unit=_MPC, box_size=options.box_size, fallback="eagle"
    )
    kpc = snapshot.length_factor(star_table)
    star_label = _labels(star_table)
    stars = star_columns(star_table, snapshot, LAYOUT)
    star_label = star_label[star_table.column(LAYOUT.formation) > 0]
    gas = None if gas_table is None else gas_columns(gas_table, snapshot, LAYOUT)
    gas_label = None if gas_table is None else _labels(gas_table)
    pairs, counts = np.unique(star_label, axis=0, return_counts=True)
    bound = pairs[:, 1] < _UNBOUND
    pairs, counts = pairs[bound], counts[bound]
    names = [f"{group}_{sub}" for group, sub in pairs]
    if options.galaxy is not None:
        wanted = options.galaxy.removeprefix(f"{stem_of(path)}-")
        if wanted not in names:
            raise InputError(
                f"{path}: no galaxy {options.galaxy!r}; galaxies are named GROUP_SUBGROUP, such as "
                f"{', '.join(names[:3])}"
            )
        chosen = [names.index(wanted)]
    else:
        chosen = [int(i) for i in np.flatnonzero(counts >= options.min_stars)]
        if not chosen:
            raise InputError(
                f"{path}: no galaxy has {options.min_stars} stars or more (the largest has "
                f"{counts.max(initial=0)}); lower min_stars"
            )
    for i in chosen:
        yield build_galaxy(
            galaxy_id=f"{stem_of(path)}-{names[i]}",
            snapshot=snapshot,
            stars=_taken(stars, (star_label == pairs[i]).all(axis=1)),
            gas=None
            if gas is None or gas_label is None
            else _taken(gas, (gas_label == pairs[i]).all(axis=1)),
            box=None if snapshot.box_size is None else snapshot.box_size * kpc,
            centre=None
            if options.centre is None
            else np.asarray(options.centre, dtype=np.float64) * kpc,
        )


def _taken(columns: Columns, rows: NDArray[np.bool_]) -> Columns:
    """Some rows of all columns."""
    taken = {name: None if c is None else c[rows] for name, c in vars(columns).items()}
    return type(columns)(**taken)
