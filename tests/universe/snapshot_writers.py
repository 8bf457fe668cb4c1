"""Files in the layouts that the readers know, all written from one galaxy known in proper units."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from picassso.core import Cosmology

A = 0.8
COSMOLOGY = Cosmology(h0=70.0, om0=0.3)
H = COSMOLOGY.h
BOX = 25000.0  # ckpc/h
KPC = A / H  # proper kpc in one comoving kpc/h
CORNER = np.array([24995.0, 3.0, 12000.0])  # ckpc/h: the galaxy lies across two faces of the box


def galaxy(n: int = 400, n_gas: int = 120, seed: int = 0) -> dict[str, dict[str, np.ndarray]]:
    """Stars and gas about the origin: kpc, km/s, Msun; formation as a scale factor."""
    rng = np.random.default_rng(seed)
    initial = rng.uniform(0.5e6, 2e6, n)
    stars = {
        "position": rng.normal(size=(n, 3)) * [6.0, 5.0, 2.0],
        "velocity": rng.normal(size=(n, 3)) * 80.0,
        "initial_mass": initial,
        "mass": initial * rng.uniform(0.5, 0.9, n),
        "formation": rng.uniform(0.1, A, n),
        "metallicity": rng.uniform(0.001, 0.03, n),
    }
    gas = {
        "position": rng.normal(size=(n_gas, 3)) * [12.0, 12.0, 3.0],
        "velocity": rng.normal(size=(n_gas, 3)) * 60.0,
        "mass": rng.uniform(1e6, 2e6, n_gas),
        "metallicity": rng.uniform(0.001, 0.03, n_gas),
        "star_formation_rate": rng.uniform(0, 0.01, n_gas),
        "neutral_fraction": rng.uniform(0, 1, n_gas),
        "hydrogen_fraction": rng.uniform(0.70, 0.76, n_gas),
    }
    return {"stars": stars, "gas": gas}


def in_box(position: np.ndarray, centre: np.ndarray = CORNER) -> np.ndarray:
    """Comoving kpc/h inside the periodic box."""
    return np.mod(position / KPC + centre, BOX)


def header(file: h5py.File, **extra: object) -> None:
    """Header of the AREPO kind."""
    attributes = {"Time": A, "HubbleParam": H, "Omega0": 0.3, "OmegaLambda": 0.7, "BoxSize": BOX}
    file.create_group("Header").attrs.update({**attributes, **extra})


def arepo_stars(stars: dict[str, np.ndarray], centre: np.ndarray = CORNER) -> dict:
    """PartType4 columns of Illustris and TNG."""
    return {
        "Coordinates": in_box(stars["position"], centre),
        "Velocities": stars["velocity"] / A**0.5,
        "Masses": stars["mass"] / 1e10 * H,
        "GFM_InitialMass": stars["initial_mass"] / 1e10 * H,
        "GFM_StellarFormationTime": stars["formation"],
        "GFM_Metallicity": stars["metallicity"],
    }


def arepo_gas(gas: dict[str, np.ndarray], centre: np.ndarray = CORNER) -> dict:
    """PartType0 columns of Illustris and TNG."""
    return {
        "Coordinates": in_box(gas["position"], centre),
        "Velocities": gas["velocity"] / A**0.5,
        "Masses": gas["mass"] / 1e10 * H,
        "GFM_Metallicity": gas["metallicity"],
        "GFM_Metals": np.stack([gas["hydrogen_fraction"], 0.98 - gas["hydrogen_fraction"]], 1),
        "StarFormationRate": gas["star_formation_rate"],
        "NeutralHydrogenAbundance": gas["neutral_fraction"],
    }


def write_columns(
    file: h5py.File, kind: str, columns: dict, leave_out: tuple[str, ...] = ()
) -> None:
    """One particle type."""
    group = file.create_group(kind)
    for name, values in columns.items():
        if name not in leave_out:
            group[name] = values


def write_cutout(path: Path, truth: dict, *, leave_out: tuple[str, ...] = (), **extra) -> Path:
    """Cutout of Illustris or TNG."""
    with h5py.File(path, "w") as file:
        header(file, **extra)
        if "stars" in truth:
            write_columns(file, "PartType4", arepo_stars(truth["stars"]), leave_out)
        if "gas" in truth:
            write_columns(file, "PartType0", arepo_gas(truth["gas"]), leave_out)
    return path


def _gadget_unit(dataset: h5py.Dataset, cgs: float, a: float, h: float) -> None:
    dataset.attrs.update(
        {"CGSConversionFactor": cgs, "aexp-scale-exponent": a, "h-scale-exponent": h}
    )


def write_eagle(path: Path, truth: dict, *, subgroup: int | None = None) -> Path:
    """EAGLE's layout, after arXiv:1706.09899; Time is no scale factor there."""
    mpc, mass, km = 3.085678e24, 1.989e43, 1e5
    with h5py.File(path, "w") as file:
        header(file, Time=0.0123, ExpansionFactor=A, BoxSize=BOX / 1000, RunLabel="L0025N0376")
        for kind, name in (("PartType4", "stars"), ("PartType0", "gas")):
            values = truth[name]
            group = file.create_group(kind)
            group["Coordinates"] = in_box(values["position"]) / 1000
            _gadget_unit(group["Coordinates"], mpc, 1.0, -1.0)
            group["Velocity"] = values["velocity"] / A**0.5
            _gadget_unit(group["Velocity"], km, 0.5, 0.0)
            group["Mass"] = values["mass"] / 1e10 * H
            _gadget_unit(group["Mass"], mass, 0.0, -1.0)
            group["Metallicity"] = values["metallicity"]
            if subgroup is not None:
                n = len(values["mass"])
                group["GroupNumber"] = np.full(n, 7)
                group["SubGroupNumber"] = np.full(n, subgroup)
        stars, gas = file["PartType4"], file["PartType0"]
        stars["InitialMass"] = truth["stars"]["initial_mass"] / 1e10 * H
        _gadget_unit(stars["InitialMass"], mass, 0.0, -1.0)
        stars["StellarFormationTime"] = truth["stars"]["formation"]
        gas["StarFormationRate"] = truth["gas"]["star_formation_rate"]
        _gadget_unit(gas["StarFormationRate"], 1.989e33 / 3.15576e7, 0.0, 0.0)
        gas["ElementAbundance/Hydrogen"] = truth["gas"]["hydrogen_fraction"]
    return path


def write_magneticum(path: Path, truth: dict) -> Path:
    """Magneticum in the SimSpin layout: element masses, a wrong unit of star formation."""
    kpc, mass, km = 3.085678e21, 1.989e43, 1e5
    with h5py.File(path, "w") as file:
        header(file, RunLabel="Magneticum")
        for kind, name in (("PartType4", "stars"), ("PartType0", "gas")):
            values = truth[name]
            group = file.create_group(kind)
            group["Coordinates"] = in_box(values["position"])
            _gadget_unit(group["Coordinates"], kpc, 1.0, -1.0)
            group["Velocity"] = values["velocity"] / A**0.5
            _gadget_unit(group["Velocity"], km, 0.5, 0.0)
            group["Mass"] = values["mass"] / 1e10 * H
            whole = values["initial_mass"] if name == "stars" else values["mass"]
            helium = np.full(len(whole), 0.25)
            if name == "gas":
                helium = 1.0 - values["hydrogen_fraction"] - values["metallicity"]
            metals = np.repeat(values["metallicity"][:, None] / 10, 10, axis=1)
            elements = np.concatenate([helium[:, None], metals], axis=1) * whole[:, None]
            group["Metallicity"] = elements / 1e10 * H
            _gadget_unit(group["Metallicity"], mass, 0.0, -1.0)
        file["PartType4/InitialMass"] = truth["stars"]["initial_mass"] / 1e10 * H
        file["PartType4/StellarFormationTime"] = truth["stars"]["formation"]
        file["PartType0/StarFormationRate"] = truth["gas"]["star_formation_rate"]
        _gadget_unit(file["PartType0/StarFormationRate"], 6.306e35, 0.0, -1.0)
    return path


def write_generic(path: Path, truth: dict) -> Path:
    """PICASSSO's own layout, with masses in another unit to have its attribute read."""
    with h5py.File(path, "w") as file:
        file.attrs.update(
            format="picassso-particles", redshift=1 / A - 1, h0=100 * H, om0=0.3, box_size=BOX * KPC
        )
        for name, values in truth.items():
            group = file.create_group(name)
            for column, data in values.items():
                if column == "position":
                    data = in_box(data) * KPC
                key = "formation_scale_factor" if column == "formation" else column
                group[key] = data
            group["mass"][...] /= 1e10
            group["mass"].attrs["unit"] = "1e10 Msun"
    return path


def write_group_ordered(
    folder: Path, galaxies: list[dict], *, files: int, loose: int, grouped: bool = True
) -> Path:
    """Snapshot split at rows that cut through subhalos, and its catalogue in two files.

    The first two galaxies form one group, with `loose` unbound particles at its end; each other
    galaxy is a group of its own; `loose` particles of no group follow.
    """
    fuzz = galaxy(max(loose, 1), max(loose, 1), seed=99)
    fuzz = {k: {c: v[:loose] for c, v in t.items()} for k, t in fuzz.items()}
    groups = [galaxies[:2], *([g] for g in galaxies[2:])]
    order = [m for i, g in enumerate(groups) for m in ([*g, fuzz] if i == 0 else g)] + [fuzz]
    centres = [np.mod(CORNER + 300.0 * i, BOX) for i in range(len(galaxies))]
    columns = {}
    for kind, name, write in (
        ("PartType4", "stars", arepo_stars),
        ("PartType0", "gas", arepo_gas),
    ):
        parts, i = [], 0
        for member in order:
            parts.append(write(member[name], centres[i % len(centres)]))
            i += member is not fuzz
        columns[kind] = {c: np.concatenate([p[c] for p in parts]) for c in parts[0]}
    for number in range(files):
        name = "snap_012.hdf5" if files == 1 else f"snap_012.{number}.hdf5"
        with h5py.File(folder / name, "w") as file:
            header(file, NumFilesPerSnapshot=files)
            for kind, table in columns.items():
                n = len(table["Masses"])
                rows = slice(number * n // files, (number + 1) * n // files)
                write_columns(file, kind, {c: v[rows] for c, v in table.items()})
    length = np.zeros((len(galaxies), 6), int)
    length[:, 4] = [len(g["stars"]["mass"]) for g in galaxies]
    length[:, 0] = [len(g["gas"]["mass"]) for g in galaxies]
    group_length = np.array([length[:2].sum(0), *length[2:]])
    group_length[0, [0, 4]] += loose
    half = len(galaxies) // 2
    for number, part in enumerate((slice(0, half), slice(half, None))):
        with h5py.File(folder / f"fof_subhalo_tab_012.{number}.hdf5", "w") as file:
            file.create_group("Header").attrs["NumFiles"] = 2
            file["Subhalo/SubhaloLenType"] = length[part]
            file["Subhalo/SubhaloPos"] = np.array(centres)[part]
            if grouped and number == 0:
                file["Group/GroupLenType"] = group_length
                file["Group/GroupFirstSub"] = np.r_[0, np.arange(2, len(galaxies))]
                file["Group/GroupNsubs"] = np.r_[2, np.ones(len(galaxies) - 2, int)]
    return folder / ("snap_012.hdf5" if files == 1 else "snap_012.0.hdf5")
