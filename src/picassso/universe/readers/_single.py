"""Files of the Gadget family that hold one galaxy each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from picassso.core import InputError, Particles, half_mass_radius
from picassso.universe.readers._columns import GAS, STARS, Layout, gas_columns, star_columns
from picassso.universe.readers._files import ParticleTable, header_value, open_hdf5
from picassso.universe.readers._galaxy import build_galaxy
from picassso.universe.readers._options import GalaxyNotFound, ReadOptions
from picassso.universe.readers._units import Snapshot, read_snapshot

__all__ = ["galaxy_number", "list_single", "read_single"]

_LARGEST_HALF_MASS_RADIUS = 250.0  # kpc; the largest brightest-cluster galaxies lie below it


def galaxy_number(file: h5py.File) -> int | None:
    """Subhalo number that the header of a cutout gives, or None."""
    number = header_value(file, "SubhaloID", "CutoutID")
    return None if number is None else int(number)


def single_galaxy_id(path: Path, number: int | None) -> str:
    """File stem, and the subhalo number where the stem does not hold it already."""
    if number is None or str(number) in re.findall(r"\d+", path.stem):
        return path.stem
    return f"{path.stem}-{number}"


def list_single(path: Path) -> list[str]:
    """Id of the galaxy that a file of one galaxy holds."""
    with open_hdf5(path) as file:
        return [single_galaxy_id(path, galaxy_number(file))]


def read_single(
    path: Path, options: ReadOptions, *, layout: Layout, length_unit: float, fallback: str
) -> Iterator[Particles]:
    """Read a file of one galaxy.

    Parameters
    ----------
    path, options
        See `picassso.universe.read_particles`.
    layout : Layout
        Names of the columns.
    length_unit : float
        Length unit [cgs] where neither header nor columns say.
    fallback : str
        Source where the header names no simulation.
    """
    with open_hdf5(path) as file:
        number = galaxy_number(file)
        galaxy_id = single_galaxy_id(path, number)
        if options.galaxy is not None and options.galaxy not in (galaxy_id, path.stem, str(number)):
            raise GalaxyNotFound(
                f"{path}: holds one galaxy, {galaxy_id!r}, not {options.galaxy!r}; leave the "
                "galaxy out, or give the file that holds it"
            )
        snapshot = read_snapshot(
            file, path, length_unit=length_unit, box_size=options.box_size, fallback=fallback
        )
        tables = [ParticleTable.of([file], kind, path) for kind in (STARS, GAS)]
        star_table, gas_table = tables
        if star_table is None and gas_table is None:
            raise InputError(
                f"{path}: neither stars (PartType4) nor gas (PartType0) in it; make the cutout "
                "again with at least one of them"
            )
        stars = None if star_table is None else star_columns(star_table, snapshot, layout)
        gas = None if gas_table is None else gas_columns(gas_table, snapshot, layout)
        some = star_table or gas_table
        assert some is not None
        kpc = snapshot.length_factor(some)
    centre, flags = _centre(path, number, options)
    flags += () if layout.trust_sfr_unit or gas is None else ("star_formation_rate_unit_assumed",)
    particles = build_galaxy(
        galaxy_id=galaxy_id,
        snapshot=snapshot,
        stars=stars,
        gas=gas,
        box=None if snapshot.box_size is None else snapshot.box_size * kpc,
        centre=None if centre is None else centre * kpc,
        flags=flags,
    )
    if centre is None:
        _check_one_galaxy(path, particles, snapshot)
    yield particles


def _centre(
    path: Path, number: int | None, options: ReadOptions
) -> tuple[NDArray[np.float64] | None, tuple[str, ...]]:
    """Centre in the file's length unit: given, or looked up in a table of centres."""
    if options.centre is not None:
        return np.asarray(options.centre, dtype=np.float64), ()
    if options.catalogue is None:
        return None, ()
    try:
        table = np.loadtxt(options.catalogue, ndmin=2, usecols=(0, 1, 2, 3))
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise InputError(
            f"{options.catalogue}: not a text table of subhalo number, x, y, z ({error}); a cutout "
            "takes its centre from such a table"
        ) from error
    rows = table[table[:, 0] == number] if number is not None else table[:0]
    if not len(rows):
        raise InputError(
            f"{options.catalogue}: no row for subhalo {number} of {path}; give centre=(x, y, z), "
            "or leave the table out to have the centre found from the particles"
        )
    return rows[0, 1:4], ()


def _check_one_galaxy(path: Path, particles: Particles, snapshot: Snapshot) -> None:
    """Refuse a box of many galaxies that comes without its catalogue."""
    if particles.stars is None:
        return
    radius = half_mass_radius(particles.stars.position, particles.stars.mass)
    if radius > _LARGEST_HALF_MASS_RADIUS:
        raise InputError(
            f"{path}: half of its stars lie outside {radius:.0f} kpc, more than any one galaxy: it "
            "seems to hold many. Put its subhalo catalogue (with Subhalo/SubhaloLenType) beside "
            "it or give catalogue=FILE; for one galaxy all the same, give centre=(x, y, z)"
        )
