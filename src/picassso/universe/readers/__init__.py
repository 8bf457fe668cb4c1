"""Readers of simulation snapshots and cutouts, one file a format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

from picassso.core import InputError, Particles
from picassso.universe.readers._detect import FORMATS, detect_format, reader_of
from picassso.universe.readers._files import chunk_paths, is_hdf5, stem_of
from picassso.universe.readers._galaxy import surviving_fraction
from picassso.universe.readers._options import GalaxyNotFound, ReadOptions
from picassso.universe.readers.subhalos import NAME as SNAPSHOT
from picassso.universe.readers.subhalos import is_catalogue

__all__ = [
    "FORMATS",
    "detect_format",
    "list_galaxies",
    "read_particles",
    "snapshot_files",
    "surviving_fraction",
]


def read_particles(
    path: str | Path,
    *,
    galaxy: str | int | None = None,
    format: str | None = None,
    catalogue: str | Path | None = None,
    centre: tuple[float, float, float] | None = None,
    box_size: float | None = None,
    min_stars: int = 100,
) -> Iterator[Particles]:
    """Read the galaxies of a snapshot or cutout, one after the other.

    Parameters
    ----------
    path : path
        An HDF5 file, the first file of a snapshot of many, or a folder of either.
    galaxy : str or int or None
        One galaxy only: its number in the catalogue or its id. It is read however small it is.
    format : str or None
        Name of the layout; None: told by what the file holds (`detect_format`).
    catalogue : path or None
        Subhalo catalogue of a group-ordered snapshot (None: looked for beside it), or for cutouts
        a text table whose first columns are subhalo number, x, y and z of the centre.
    centre : (x, y, z) or None
        Centre of the galaxy in the file's own length unit; None: the catalogue's, or the
        shrinking sphere's of the stars (of the gas, where there are none).
    box_size : float or None
        Side of the periodic box in the file's own length unit; None: the header's.
    min_stars : int
        In files of many galaxies, those with fewer star particles are passed over.

    Returns
    -------
    iterator of Particles
        In proper kpc, km/s, Msun and Gyr, in the rest frame of each galaxy. What had to be
        assumed stands in `Particles.flags`.

    Raises
    ------
    InputError
        If a file cannot be used; the message names it and says what to do.
    """
    path = Path(path)
    if box_size is not None and not box_size > 0:
        raise InputError(f"box_size is {box_size}, expected the positive side of a periodic box")
    options = ReadOptions(
        galaxy=None if galaxy is None else str(galaxy),
        catalogue=None if catalogue is None else Path(catalogue),
        centre=centre,
        box_size=box_size,
        min_stars=min_stars,
    )
    if path.is_dir():
        return _read_folder(path, format, options)
    return _read(path, format, options)


def list_galaxies(
    path: str | Path,
    *,
    format: str | None = None,
    catalogue: str | Path | None = None,
    min_stars: int = 100,
) -> list[str]:
    """Ids of the galaxies of a snapshot or cutout, told from headers and catalogues alone.

    Each id can be given to `read_particles` as `galaxy`. Particles are not read (of EAGLE files,
    which have no catalogue, the columns of group numbers are): whether a galaxy can be read turns
    out when it is. In group-ordered snapshots wind particles count towards `min_stars` here.

    Parameters
    ----------
    path, format, catalogue, min_stars
        As of `read_particles`.

    Returns
    -------
    list of str
        In the order in which `read_particles` gives them.

    Raises
    ------
    InputError
        If a header or catalogue cannot be used, or no galaxy is large enough.
    """
    path = Path(path)
    options = ReadOptions(
        catalogue=None if catalogue is None else Path(catalogue), min_stars=min_stars
    )
    files = snapshot_files([path]) if path.is_dir() else [path]
    return [
        i for file in files for i in _reader(file, format, options).list_galaxies(file, options)
    ]


def snapshot_files(paths: Sequence[str | Path]) -> list[Path]:
    """Files to read one by one: folders opened, and of a snapshot of many files the first given.

    Parameters
    ----------
    paths : sequence of paths
        Files and folders; in folders, subhalo catalogues are passed over.

    Raises
    ------
    InputError
        If a folder holds no snapshot.
    """
    chosen: dict[Path, Path] = {}
    for path in map(Path, paths):
        for file in _files_of(path) if path.is_dir() else [path]:
            chosen.setdefault(_first_file(file), file)
    return list(chosen.values())


def _read(path: Path, format: str | None, options: ReadOptions) -> Iterator[Particles]:
    """Read one file, or the snapshot that it begins."""
    return _reader(path, format, options).read(path, options)


def _reader(path: Path, format: str | None, options: ReadOptions) -> ModuleType:
    """Reader of a file's layout."""
    name = format
    if name is None:
        name = detect_format(path)
        if name == "illustris" and options.catalogue is not None and is_hdf5(options.catalogue):
            name = SNAPSHOT
    return reader_of(name)


def _read_folder(folder: Path, format: str | None, options: ReadOptions) -> Iterator[Particles]:
    """Read the files of a folder in turn, or the one galaxy asked for, wherever it is."""
    paths, found = _files_of(folder), False
    for path in paths:
        try:
            for particles in _read(path, format, options):
                found = True
                yield particles
        except GalaxyNotFound:
            continue
    if not found:
        raise InputError(
            f"{folder}: none of its {len(paths)} snapshots holds galaxy {options.galaxy!r}; leave "
            "the galaxy out to see all"
        )


def _files_of(folder: Path) -> list[Path]:
    """Files of a folder to read: its snapshots' first files, catalogues left out."""
    paths = sorted(p for p in folder.iterdir() if p.suffix in (".hdf5", ".h5"))
    first: dict[Path, Path] = {}
    for path in sorted(paths, key=lambda p: (len(p.name), p.name)):
        if not is_catalogue(path):
            first.setdefault(_first_file(path), path)
    if not first:
        raise InputError(
            f"{folder}: no snapshot (*.hdf5) in this folder; give a file or another folder"
        )
    return sorted(first.values())


def _first_file(path: Path) -> Path:
    """First file of the snapshot that a file is part of, or the file itself."""
    if stem_of(path) == path.stem:
        return path
    try:
        return chunk_paths(path)[0]
    except InputError:
        return path  # what is wrong with it is said when it is read
