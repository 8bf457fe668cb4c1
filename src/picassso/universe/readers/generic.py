"""PICASSSO's own particle layout, for simulations without a reader; see docs/snapshots.md.

Root attributes ``format = "picassso-particles"``, ``redshift``, ``h0`` [km/s/Mpc], ``om0``, and
optionally ``source`` and ``box_size``. Groups ``stars`` and ``gas`` at the root, or in
``galaxies/NAME`` for many galaxies. Columns carry the units of `picassso.core.Stars` and
`picassso.core.Gas`, or an attribute ``unit`` that astropy understands.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from picassso.core import Cosmology, InputError, Particles
from picassso.universe.readers._files import ParticleTable, open_hdf5
from picassso.universe.readers._galaxy import (
    GasColumns,
    StarColumns,
    age_at_snapshot,
    build_galaxy,
)
from picassso.universe.readers._options import GalaxyNotFound, ReadOptions
from picassso.universe.readers._units import Snapshot

__all__ = ["FORMAT", "NAME", "list_galaxies", "matches", "read"]

NAME = "generic"
FORMAT = "picassso-particles"
_UNITS = {
    "position": "kpc",
    "velocity": "km / s",
    "mass": "Msun",
    "initial_mass": "Msun",
    "age": "Gyr",
    "star_formation_rate": "Msun / yr",
}


def matches(file: h5py.File) -> bool:
    """Whether an open file names this layout."""
    name = file.attrs.get("format")
    return (name.decode() if isinstance(name, bytes) else name) == FORMAT


def list_galaxies(path: Path, options: ReadOptions) -> list[str]:
    """Names of the galaxies; see `picassso.universe.list_galaxies`."""
    with open_hdf5(path) as file:
        return list(_chosen(file, path, options))


def read(path: Path, options: ReadOptions) -> Iterator[Particles]:
    """Read the galaxies of a file; see `picassso.universe.read_particles`."""
    with open_hdf5(path) as file:
        snapshot = _snapshot(file, path, options)
        for name, home in _chosen(file, path, options).items():
            yield _galaxy(name, home, snapshot, options)


def _chosen(file: h5py.File, path: Path, options: ReadOptions) -> dict[str, h5py.Group]:
    """Galaxies to read, by their ids."""
    many = file.get("galaxies")
    if many is None:
        homes = {path.stem: file}
    else:
        entries = dict(many) if isinstance(many, h5py.Group) else {"galaxies": many}
        if arrays := [name for name, of in entries.items() if not isinstance(of, h5py.Group)]:
            raise InputError(
                f"{path}: {', '.join(arrays[:3])} is an array; expected a group for each galaxy "
                "(docs/snapshots.md shows how to write them)"
            )
        homes = {f"{path.stem}-{name}": home for name, home in entries.items()}
    if options.galaxy is not None:
        names = (options.galaxy, f"{path.stem}-{options.galaxy}")
        chosen = {name: home for name, home in homes.items() if name in names}
        if not chosen:
            raise GalaxyNotFound(
                f"{path}: no galaxy {options.galaxy!r}; it holds {', '.join(list(homes)[:5])}"
            )
        return chosen
    if many is None:
        return homes
    return {name: home for name, home in homes.items() if _large_enough(home, options.min_stars)}


def _large_enough(home: h5py.Group, min_stars: int) -> bool:
    """Whether a galaxy has so many stars; one of gas alone is not passed over."""
    stars = home.get("stars")
    mass = stars.get("mass") if isinstance(stars, h5py.Group) else None
    # What cannot be told here the reader will say.
    return mass is None or mass.size == 0 or mass.size >= min_stars


def _snapshot(file: h5py.File, path: Path, options: ReadOptions) -> Snapshot:
    """What the root attributes say."""
    missing = [name for name in ("redshift", "h0", "om0") if name not in file.attrs]
    if missing:
        raise InputError(
            f"{path}: lacks the root attributes {', '.join(missing)}; docs/snapshots.md shows how "
            "to write them"
        )
    try:
        redshift, h0, om0 = (float(file.attrs[name]) for name in ("redshift", "h0", "om0"))
        box = options.box_size or file.attrs.get("box_size")
        box = None if box is None else float(box)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{path}: a root attribute is not a number ({error}); expected one number each for "
            "redshift, h0, om0 and box_size"
        ) from error
    if not (redshift >= 0 and 10 < h0 < 200 and 0 < om0 < 1):
        raise InputError(
            f"{path}: redshift = {redshift:g}, h0 = {h0:g}, om0 = {om0:g}; expected a redshift of "
            "0 or more, h0 about 70 (km/s/Mpc) and om0 in (0, 1)"
        )
    source = file.attrs.get("source", NAME)
    return Snapshot(
        path=path,
        source=source.decode() if isinstance(source, bytes) else str(source),
        scale_factor=1.0 / (1.0 + redshift),
        cosmology=Cosmology(h0=h0, om0=om0),
        box_size=box,
        length=1.0,
        mass=1.0,
        velocity=1.0,
        flags=(),
    )


def _galaxy(name: str, home: h5py.Group, snapshot: Snapshot, options: ReadOptions) -> Particles:
    """One galaxy; its centre is the origin only where `centre` says so."""
    stars = ParticleTable.of([home], "stars", snapshot.path)
    gas = ParticleTable.of([home], "gas", snapshot.path)
    centre = options.centre if options.centre is not None else home.attrs.get("centre")
    return build_galaxy(
        galaxy_id=name,
        snapshot=snapshot,
        stars=None if stars is None else _stars(stars, snapshot),
        gas=None if gas is None else _gas(gas),
        box=snapshot.box_size,
        centre=None if centre is None else np.asarray(centre, dtype=np.float64),
    )


def _column(table: ParticleTable, name: str) -> NDArray[np.float64] | None:
    """A column in PICASSSO's unit, or None where the file lacks it."""
    if name not in table:
        return None
    values = table.column(name)
    expected = 2 if name in ("position", "velocity") else 1
    if values.ndim != expected or (expected == 2 and values.shape[1] != 3):
        shape = "(N, 3)" if expected == 2 else "(N,)"
        raise InputError(
            f"{table.path}: {table.kind}/{name} has shape {values.shape}, expected {shape}"
        )
    unit = table.attributes(name).get("unit")
    if unit is None or name not in _UNITS:
        return values
    from astropy import units

    text = unit.decode() if isinstance(unit, bytes) else str(unit)
    try:
        return values * units.Unit(text).to(units.Unit(_UNITS[name]))
    except (ValueError, units.UnitConversionError) as error:
        raise InputError(
            f"{table.path}: {table.kind}/{name} has unit {text!r}, which is no unit like "
            f"{_UNITS[name]!r}; correct its attribute 'unit'"
        ) from error


def _needed(table: ParticleTable, name: str) -> NDArray[np.float64]:
    column = _column(table, name)
    assert column is not None, f"{name} was required"
    return column


def _stars(table: ParticleTable, snapshot: Snapshot) -> StarColumns:
    table.require("position", "mass", "metallicity")
    age = _column(table, "age")
    if age is None:
        if "formation_scale_factor" not in table:
            table.require("age")
        age = age_at_snapshot(_needed(table, "formation_scale_factor"), snapshot)
    elif len(age) and not (age.min() >= 0 and age.max() <= 20):
        raise InputError(
            f"{table.path}: stars/age runs from {age.min():.3g} to {age.max():.3g}, expected 0 to "
            "14 Gyr; give it in Gyr, or its unit in the attribute 'unit'"
        )
    return StarColumns(
        position=_needed(table, "position"),
        velocity=_column(table, "velocity"),
        mass=_needed(table, "mass"),
        initial_mass=_column(table, "initial_mass"),
        age=age,
        metallicity=_needed(table, "metallicity"),
    )


def _gas(table: ParticleTable) -> GasColumns:
    table.require("position", "mass")
    return GasColumns(
        position=_needed(table, "position"),
        velocity=_column(table, "velocity"),
        mass=_needed(table, "mass"),
        metallicity=_column(table, "metallicity"),
        star_formation_rate=_column(table, "star_formation_rate"),
        neutral_fraction=_column(table, "neutral_fraction"),
        hydrogen_fraction=_column(table, "hydrogen_fraction"),
    )
