"""Group-ordered Illustris, IllustrisTNG and CAMELS snapshots with their subhalo catalogue.

The particles of each type lie in the order of the catalogue: group after group, in a group
subhalo after subhalo, then the group's unbound particles, and behind all groups those of none
(Nelson et al. 2015, arXiv:1504.00362; 2019, arXiv:1812.05609). A catalogue without group table is
taken to list every particle of the file. Snapshot and catalogue may be split into many files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from picassso.core import InputError, Particles
from picassso.universe.readers import illustris
from picassso.universe.readers._columns import GAS, STARS, gas_columns, star_columns
from picassso.universe.readers._files import (
    ParticleTable,
    chunk_paths,
    is_hdf5,
    open_hdf5,
    open_table_files,
    stem_of,
)
from picassso.universe.readers._galaxy import build_galaxy
from picassso.universe.readers._options import GalaxyNotFound, ReadOptions
from picassso.universe.readers._single import galaxy_number
from picassso.universe.readers._units import KPC, Snapshot, read_snapshot

__all__ = ["NAME", "find_catalogue", "is_catalogue", "list_galaxies", "read"]

NAME = "illustris-snapshot"
_GAS, _STARS = 0, 4
_MOST_NEIGHBOURS = 32  # files looked into in search of a catalogue: a folder may hold thousands


@dataclass(frozen=True)
class Catalogue:
    """What is needed of a subhalo catalogue.

    Parameters
    ----------
    path : Path
    length : (S, 6) array
        Number of particles of each type in each subhalo.
    start : (S, 6) array
        Row of the first of them in the snapshot.
    position : (S, 3) array or None
        Centre of each [the snapshot's length unit].
    galaxy : (S,) bool array
        False where the catalogue says that a subhalo is no galaxy (SubhaloFlag = 0).
    grouped : bool
        Whether it has a group table, and so knows of particles outside of subhalos.
    """

    path: Path
    length: NDArray[np.int64]
    start: NDArray[np.int64]
    position: NDArray[np.float64] | None
    galaxy: NDArray[np.bool_]
    grouped: bool


def is_catalogue(path: Path) -> bool:
    """Whether a file is a subhalo catalogue."""
    if not is_hdf5(path):
        return False
    try:
        with h5py.File(path, "r") as file:
            return "Subhalo" in file and "PartType4" not in file
    except OSError:
        return False


def find_catalogue(path: Path) -> Path | None:
    """Subhalo catalogue of a snapshot: another file of its folder, or of ``../groups*``.

    Files are known by what they hold; their names only say which to look into first.
    """
    with open_hdf5(path) as file:
        if galaxy_number(file) is not None:
            return None
    folders = [path.parent, *sorted(path.parent.parent.glob("groups*"))]
    number = stem_of(path).rsplit("_", 1)[-1]
    folders = [folders[0], *(f for f in folders[1:] if f.name.endswith(f"_{number}"))]
    for folder in folders:
        others = [
            p
            for p in folder.iterdir()
            if p.suffix in (".hdf5", ".h5") and stem_of(p) != stem_of(path)
        ]
        others.sort(key=lambda p: (not any(w in p.name for w in ("sub", "fof", "group")), p.name))
        for other in others[:_MOST_NEIGHBOURS]:
            if is_catalogue(other):
                return other
    return None


def read_catalogue(path: Path) -> Catalogue:
    """Read a subhalo catalogue, all its files; the last one is kept while it stays as it is.

    Raises
    ------
    InputError
        If SubhaloLenType is missing, or group and subhalo tables contradict each other.
    """
    state = path.stat() if path.is_file() else None
    return _read_catalogue(path, *(() if state is None else (state.st_mtime_ns, state.st_size)))


@lru_cache(maxsize=1)
def _read_catalogue(path: Path, *state: int) -> Catalogue:
    """Catalogue at `path`; `state` tells a file that was written again from the one before."""
    with open_table_files(chunk_paths(path)) as files:
        length = _joined(files, "Subhalo/SubhaloLenType")
        position = _joined(files, "Subhalo/SubhaloPos")
        flag = _joined(files, "Subhalo/SubhaloFlag")
        group_length = _joined(files, "Group/GroupLenType")
        first = _joined(files, "Group/GroupFirstSub")
        count = _joined(files, "Group/GroupNsubs")
    if length is None:
        raise InputError(
            f"{path}: no dataset Subhalo/SubhaloLenType; give the subhalo catalogue that belongs "
            "to the snapshot"
        )
    if position is not None and len(position) != len(length):
        raise InputError(
            f"{path}: SubhaloPos has {len(position)} rows and SubhaloLenType {len(length)}; fetch "
            "the catalogue again"
        )
    length = length.astype(np.int64)
    start = np.cumsum(length, axis=0) - length
    grouped = False
    if group_length is not None and first is not None and count is not None:
        start = _starts_in_groups(path, length, group_length, first, count)
        grouped = True
    return Catalogue(
        path=path,
        length=length,
        start=start,
        position=None if position is None else position.astype(np.float64),
        galaxy=np.ones(len(length), bool) if flag is None else flag != 0,
        grouped=grouped,
    )


def _joined(files: Sequence[h5py.File], name: str) -> NDArray | None:
    """A dataset across the files of a catalogue; files without any subhalo lack it."""
    parts = [file[name][()] for file in files if name in file and file[name].ndim]
    return np.concatenate(parts) if parts else None


def _starts_in_groups(
    path: Path, length: NDArray, group_length: NDArray, first: NDArray, count: NDArray
) -> NDArray[np.int64]:
    """First rows of subhalos where each group ends with its unbound particles."""
    group_length = group_length.astype(np.int64)
    group_start = np.cumsum(group_length, axis=0) - group_length
    start = np.zeros_like(length)
    if count.sum() != len(length):
        raise InputError(
            f"{path}: GroupNsubs adds up to {count.sum()} subhalos and the catalogue has "
            f"{len(length)}; fetch all of its files"
        )
    for g in np.flatnonzero(count > 0):
        members = slice(int(first[g]), int(first[g] + count[g]))
        inside = np.cumsum(length[members], axis=0)
        if (inside[-1] > group_length[g]).any():
            raise InputError(
                f"{path}: the subhalos of group {g} have more particles than the group; fetch the "
                "catalogue again"
            )
        start[members] = group_start[g] + inside - length[members]
    return start


def list_galaxies(path: Path, options: ReadOptions) -> list[str]:
    """Ids of the subhalos; see `picassso.universe.list_galaxies`."""
    catalogue = _catalogue_of(path, options)
    return [_galaxy_id(path, number) for number in _chosen(path, catalogue, options)]


def _galaxy_id(path: Path, number: int) -> str:
    return f"{stem_of(path)}-{number}"


def _catalogue_of(path: Path, options: ReadOptions) -> Catalogue:
    """The catalogue that was given, or the one that lies beside the snapshot."""
    source = options.catalogue or find_catalogue(path)
    if source is None:
        raise InputError(
            f"{path}: found no subhalo catalogue beside it; give catalogue=FILE (an HDF5 file with "
            "Subhalo/SubhaloLenType)"
        )
    return read_catalogue(source)


def read(path: Path, options: ReadOptions) -> Iterator[Particles]:
    """Read the galaxies of a snapshot; see `picassso.universe.read_particles`."""
    catalogue = _catalogue_of(path, options)
    with open_table_files(chunk_paths(path)) as files:
        snapshot = read_snapshot(
            files[0], path, length_unit=KPC, box_size=options.box_size, fallback="arepo"
        )
        stars = ParticleTable.of(files, STARS, path)
        gas = ParticleTable.of(files, GAS, path)
        if stars is None and gas is None:
            raise InputError(f"{path}: neither stars (PartType4) nor gas (PartType0) in it")
        for table, kind in ((stars, _STARS), (gas, _GAS)):
            _check_lengths(catalogue, table, kind)
        for number in _chosen(path, catalogue, options):
            particles = _galaxy(number, catalogue, snapshot, stars, gas, options)
            if particles is not None:
                yield particles


def _check_lengths(catalogue: Catalogue, table: ParticleTable | None, kind: int) -> None:
    """Refuse a catalogue that is not this snapshot's."""
    if table is None:
        return
    end = int((catalogue.start + catalogue.length)[:, kind].max(initial=0))
    if end > len(table) or (end < len(table) and not catalogue.grouped):
        raise InputError(
            f"{table.path}: the catalogue {catalogue.path} lists {end} particles of "
            f"{table.kind} and the snapshot holds {len(table)}; give the catalogue that belongs to "
            "it (with the group tables GroupLenType, GroupFirstSub and GroupNsubs where particles "
            "outside of subhalos are kept)"
        )


def _chosen(path: Path, catalogue: Catalogue, options: ReadOptions) -> list[int]:
    """Numbers of the subhalos to read."""
    stars = catalogue.length[:, _STARS]
    if options.galaxy is not None:
        text = options.galaxy.removeprefix(f"{stem_of(path)}-")
        if not text.isdigit() or int(text) >= len(stars):
            raise GalaxyNotFound(
                f"{path}: no subhalo {options.galaxy!r}; the catalogue {catalogue.path} has "
                f"numbers 0 to {len(stars) - 1}"
            )
        return [int(text)]
    if options.centre is not None:
        raise InputError(f"{path}: centre= is of one galaxy; say which with galaxy=")
    chosen = np.flatnonzero((stars >= options.min_stars) & catalogue.galaxy)
    if not len(chosen):
        raise InputError(
            f"{path}: no galaxy has {options.min_stars} stars or more (the largest has "
            f"{stars.max(initial=0)}); lower min_stars"
        )
    return [int(n) for n in chosen]


def _galaxy(
    number: int,
    catalogue: Catalogue,
    snapshot: Snapshot,
    star_table: ParticleTable | None,
    gas_table: ParticleTable | None,
    options: ReadOptions,
) -> Particles | None:
    """One subhalo, or None if wind particles made up its number of stars."""
    begin, end = catalogue.start[number], catalogue.start[number] + catalogue.length[number]
    stars = gas = None
    if star_table is not None:
        table = star_table.rows(int(begin[_STARS]), int(end[_STARS]))
        stars = star_columns(table, snapshot, illustris.LAYOUT)
        if options.galaxy is None and len(stars.mass) < options.min_stars:
            return None
    if gas_table is not None:
        table = gas_table.rows(int(begin[_GAS]), int(end[_GAS]))
        gas = gas_columns(table, snapshot, illustris.LAYOUT)
    some = star_table or gas_table
    assert some is not None
    kpc = snapshot.length_factor(some)
    centre = None if options.centre is None else np.asarray(options.centre, dtype=np.float64)
    if centre is None and catalogue.position is not None:
        centre = catalogue.position[number]
    flags: tuple[str, ...] = ()
    box = snapshot.box_size
    if box is None:
        offsets = [] if stars is None else [stars.position]
        offsets += [] if gas is None else [gas.position]
        box, flags = _box_where_needed(np.concatenate(offsets) / kpc)
    return build_galaxy(
        galaxy_id=_galaxy_id(snapshot.path, number),
        snapshot=snapshot,
        stars=stars,
        gas=gas,
        box=None if box is None else box * kpc,
        centre=None if centre is None else centre * kpc,
        flags=flags,
    )


def _box_where_needed(position: NDArray[np.float64]) -> tuple[float | None, tuple[str, ...]]:
    """Side of a box that the header does not give, where a galaxy lies across its edge.

    A subhalo that spans more than half of the largest coordinate does; the side is taken as the
    next multiple of 5000 (boxes are 25, 35, 50, 75, 100, 205 Mpc/h).
    """
    if not len(position) or np.ptp(position, axis=0).max() < 0.5 * position.max():
        return None, ()
    return 5000.0 * np.ceil(position.max() / 5000.0), ("box_size_assumed",)
