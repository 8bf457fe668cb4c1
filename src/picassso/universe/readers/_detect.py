"""Which layout a file is in: told by what it holds, never by its name."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import h5py

from picassso.core import InputError
from picassso.universe.readers import eagle, generic, illustris, magneticum, subhalos
from picassso.universe.readers._files import open_hdf5

__all__ = ["FORMATS", "detect_format", "reader_of"]

FORMATS: dict[str, ModuleType] = {
    module.NAME: module for module in (illustris, subhalos, magneticum, eagle, generic)
}


def reader_of(name: str) -> ModuleType:
    """Reader of a format; an unknown name raises InputError with the choices."""
    try:
        return FORMATS[name]
    except KeyError:
        raise InputError(f"unknown format {name!r}; choose one of {list(FORMATS)}") from None


def detect_format(path: str | Path) -> str:
    """Name of the layout that a snapshot or cutout is in.

    Parameters
    ----------
    path : path
        An HDF5 file.

    Returns
    -------
    str
        One of ``"illustris"``, ``"illustris-snapshot"``, ``"magneticum"``, ``"eagle"``,
        ``"generic"``.

    Raises
    ------
    InputError
        If the file cannot be read, or its layout is none of these.
    """
    path = Path(path)
    with open_hdf5(path) as file:
        found = next(
            (m.NAME for m in (generic, magneticum, illustris, eagle) if m.matches(file)), None
        )
        held, contents = sorted(file), _contents(file)
    if found == illustris.NAME and subhalos.find_catalogue(path) is not None:
        return subhalos.NAME
    if found is not None:
        return found
    if subhalos.is_catalogue(path):
        raise InputError(
            f"{path}: this is a subhalo catalogue; give the snapshot that it belongs to (the "
            "catalogue is found beside it, or named with catalogue=)"
        )
    if "Header" in held and not any(name.startswith("PartType") for name in held):
        raise InputError(
            f"{path}: neither stars (PartType4) nor gas (PartType0) in it; make the cutout again "
            "with at least one of them"
        )
    raise InputError(
        f"{path}: holds {contents}, not particles in a layout that PICASSSO knows "
        f"({', '.join(FORMATS)}); docs/snapshots.md describes these, and how to write the generic "
        "one"
    )


def _contents(file: h5py.File) -> str:
    """What lies at the root of a file, in words."""
    names = ", ".join(sorted(file)[:8]) + ", ..." * (len(file) > 8)
    shapes = {getattr(item, "shape", None) for item in file.values()}
    shape = shapes.pop() if len(shapes) == 1 else None
    # A table of particles has three columns at most, and no map is so narrow.
    if shape is not None and len(shape) == 2 and min(shape) > 3:
        return f"maps of {shape[1]} x {shape[0]} pixels ({names})"
    return names or "nothing"
