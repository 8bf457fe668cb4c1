"""Every file that cannot be used gets one clear InputError, which names it and the remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import snapshot_writers as writers

from picassso.core import InputError
from picassso.universe import detect_format, read_particles


@pytest.fixture
def cutout(tmp_path: Path) -> Path:
    return writers.write_cutout(tmp_path / "cutout.hdf5", writers.galaxy())


def refusal(path: Path, **options: object) -> str:
    """The message with which a file is refused: one line that names the file."""
    with pytest.raises(InputError) as caught:
        list(read_particles(path, **options))
    message = str(caught.value)
    assert path.name in message and "\n" not in message
    return message


def test_no_such_file(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "absent.hdf5")


def test_not_hdf5(tmp_path: Path) -> None:
    path = tmp_path / "text.hdf5"
    path.write_text("no HDF5 in here")
    assert "not an HDF5 file" in refusal(path)


@pytest.mark.parametrize("kept", [0.02, 0.5, 0.95])
def test_truncated(cutout: Path, kept: float) -> None:
    data = cutout.read_bytes()
    cutout.write_bytes(data[: int(kept * len(data))])
    message = refusal(cutout)
    assert "truncated" in message and "again" in message


def test_damaged_inside(tmp_path: Path) -> None:
    """A compressed chunk that does not unpack is found when it is read."""
    path = writers.write_cutout(tmp_path / "c.hdf5", writers.galaxy(), leave_out=("Masses",))
    with h5py.File(path, "r+") as file:
        for kind, n in (("PartType4", 400), ("PartType0", 120)):
            file[kind].create_dataset("Masses", data=np.ones(n), compression="gzip", chunks=(50,))
        chunk = file["PartType4/Masses"].id.get_chunk_info(3)
    data = bytearray(path.read_bytes())
    data[chunk.byte_offset : chunk.byte_offset + chunk.size] = b"\xff" * chunk.size
    path.write_bytes(bytes(data))
    assert "damaged or unreadable" in refusal(path)


def test_neither_stars_nor_gas(tmp_path: Path) -> None:
    path = writers.write_cutout(tmp_path / "empty.hdf5", {})
    assert "neither stars (PartType4) nor gas (PartType0)" in refusal(path)
    with h5py.File(path, "r+") as file:
        file["PartType4/Masses"] = np.zeros(0)
    assert "neither stars" in refusal(path)


def test_only_wind(tmp_path: Path) -> None:
    truth = {"stars": writers.galaxy()["stars"]}
    truth["stars"]["formation"][:] = -0.5
    assert "neither stars nor gas" in refusal(writers.write_cutout(tmp_path / "w.hdf5", truth))


def test_all_missing_datasets_are_named(tmp_path: Path) -> None:
    left_out = ("Coordinates", "GFM_Metallicity", "GFM_StellarFormationTime")
    path = writers.write_cutout(tmp_path / "c.hdf5", writers.galaxy(), leave_out=left_out)
    message = refusal(path)
    for name in left_out:
        assert name in message
    assert "Masses" in message  # what it does hold


def test_all_missing_header_attributes_are_named(cutout: Path) -> None:
    with h5py.File(cutout, "r+") as file:
        for name in ("Time", "HubbleParam", "Omega0", "OmegaLambda"):
            del file["Header"].attrs[name]
    message = refusal(cutout)
    for name in ("Redshift", "HubbleParam", "Omega0"):
        assert name in message


@pytest.mark.parametrize(
    ("name", "value"), [("Time", 0.0), ("Time", 12.5), ("HubbleParam", 70.0), ("Omega0", -0.3)]
)
def test_a_header_out_of_range(cutout: Path, name: str, value: float) -> None:
    with h5py.File(cutout, "r+") as file:
        file["Header"].attrs[name] = value
    assert "correct the header" in refusal(cutout)


def test_unknown_layout_lists_the_known_ones(tmp_path: Path) -> None:
    path = tmp_path / "other.hdf5"
    with h5py.File(path, "w") as file:
        file["particles/x"] = np.zeros(3)
    with pytest.raises(InputError) as caught:
        detect_format(path)
    for text in ("particles", "illustris", "magneticum", "eagle", "generic", "docs/snapshots.md"):
        assert text in str(caught.value)


@pytest.mark.parametrize("name", ["galaxies", "galaxies/a"])
def test_galaxies_that_are_arrays(tmp_path: Path, name: str) -> None:
    path = tmp_path / "generic.hdf5"
    with h5py.File(path, "w") as file:
        file.attrs.update({"format": "picassso-particles", "redshift": 0.0, "h0": 70, "om0": 0.3})
        file[name] = np.zeros(3)
    with pytest.raises(InputError, match=f"{name.split('/')[-1]} is an array; expected a group"):
        list(read_particles(path))


def test_unknown_format_and_box(cutout: Path) -> None:
    with pytest.raises(InputError, match="unknown format 'gadget'; choose one of"):
        read_particles(cutout, format="gadget")
    with pytest.raises(InputError, match="box_size is -1"):
        read_particles(cutout, box_size=-1)


def test_columns_that_differ_in_length(cutout: Path) -> None:
    with h5py.File(cutout, "r+") as file:
        masses = file["PartType4/Masses"][:-3]
        del file["PartType4/Masses"]
        file["PartType4/Masses"] = masses
    message = refusal(cutout)
    assert "Masses 397" in message and "Coordinates 400" in message


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("column", ["Coordinates", "Masses", "GFM_Metallicity"])
def test_values_that_are_not_finite(cutout: Path, column: str, value: float) -> None:
    with h5py.File(cutout, "r+") as file:
        file[f"PartType4/{column}"][5] = value
    assert f"PartType4/{column} holds" in refusal(cutout)


def test_masses_of_zero_and_stars_of_the_future(cutout: Path) -> None:
    with h5py.File(cutout, "r+") as file:
        file["PartType0/Masses"][3] = 0.0
    assert "1 values of mass of the gas are out of range" in refusal(cutout)
    with h5py.File(cutout, "r+") as file:
        file["Header"].attrs["Time"] = 0.5
    assert "after the snapshot's own 0.5" in refusal(cutout)


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("PartType4/GFM_Metallicity", 1.5, "not solar units"),
        ("PartType4/GFM_InitialMass", -1.0, "above zero"),
        ("PartType0/StarFormationRate", -0.1, "zero or more"),
        ("PartType0/NeutralHydrogenAbundance", 2.0, "a fraction, 0 to 1"),
        ("PartType0/GFM_Metals", 76.0, "a mass fraction, 0 to 1"),
    ],
)
def test_values_out_of_range(cutout: Path, column: str, value: float, expected: str) -> None:
    with h5py.File(cutout, "r+") as file:
        file[column][7] = value
    assert expected in refusal(cutout)


@pytest.mark.parametrize("name", ["magneticum", "eagle"])
def test_all_missing_datasets_are_named_in_other_layouts(name: str, tmp_path: Path) -> None:
    write = {"magneticum": writers.write_magneticum, "eagle": writers.write_eagle}[name]
    path = write(tmp_path / "g.hdf5", writers.galaxy())
    with h5py.File(path, "r+") as file:
        for column in ("Coordinates", "StellarFormationTime", "Metallicity"):
            del file[f"PartType4/{column}"]
    message = refusal(path)
    for column in ("Coordinates", "StellarFormationTime", "Metallicity"):
        assert column in message


def test_columns_of_the_wrong_shape_or_type(cutout: Path) -> None:
    with h5py.File(cutout, "r+") as file:
        flat = file["PartType4/Velocities"][:, 0]
        del file["PartType4/Velocities"]
        file["PartType4/Velocities"] = flat
    assert "Velocities has shape (400,), expected (N, 3)" in refusal(cutout)
    with h5py.File(cutout, "r+") as file:
        del file["PartType4/Velocities"], file["PartType4/Masses"]
        file["PartType4/Masses"] = np.full(400, b"heavy")
    assert "expected numbers" in refusal(cutout)


def test_another_galaxy_than_the_file_holds(cutout: Path) -> None:
    assert "holds one galaxy, 'cutout', not '7'" in refusal(cutout, galaxy=7)
    with pytest.raises(InputError, match="none of its 1 snapshots holds galaxy '7'"):
        list(read_particles(cutout.parent, galaxy=7))


def test_a_centre_table_without_the_galaxy(cutout: Path) -> None:
    table = cutout.parent / "table.txt"
    table.write_text("7 1 2 3\n")
    with pytest.raises(InputError, match="no row for subhalo"):
        list(read_particles(cutout, catalogue=table))
    table.write_text("a few words in here\n")
    with pytest.raises(InputError, match="not a text table"):
        list(read_particles(cutout, catalogue=table))


def test_a_folder_without_snapshots(tmp_path: Path) -> None:
    assert "no snapshot" in refusal(tmp_path)


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    galaxies = [writers.galaxy(150, 20, seed=i) for i in range(4)]
    return writers.write_group_ordered(tmp_path, galaxies, files=2, loose=5)


def catalogue_of(snapshot: Path) -> Path:
    return snapshot.parent / "fof_subhalo_tab_012.0.hdf5"


def test_a_subhalo_out_of_range(snapshot: Path) -> None:
    assert "numbers 0 to 3" in refusal(snapshot, galaxy=4)
    assert "numbers 0 to 3" in refusal(snapshot, galaxy="disc")


def test_no_galaxy_large_enough(snapshot: Path) -> None:
    assert "the largest has 150); lower min_stars" in refusal(snapshot, min_stars=1000)


def test_one_centre_for_many_galaxies(snapshot: Path) -> None:
    assert "say which with galaxy=" in refusal(snapshot, centre=(1.0, 2.0, 3.0))


def test_a_missing_file_of_a_snapshot(snapshot: Path) -> None:
    snapshot.with_name("snap_012.1.hdf5").unlink()
    assert "snap_012.1.hdf5" in refusal(snapshot)


def test_a_renamed_file_of_a_snapshot(snapshot: Path) -> None:
    renamed = snapshot.rename(snapshot.with_name("first.hdf5"))
    assert "one of 2 files" in refusal(renamed)


def test_the_catalogue_itself(snapshot: Path) -> None:
    assert "this is a subhalo catalogue" in refusal(catalogue_of(snapshot))


def _longer(file: h5py.File) -> None:
    file["Subhalo/SubhaloLenType"][1, 4] += 50


def _no_groups(file: h5py.File) -> None:
    del file["Group"]


def _no_lengths(file: h5py.File) -> None:
    del file["Subhalo/SubhaloLenType"]


def _other_count(file: h5py.File) -> None:
    file["Group/GroupNsubs"][0] = 1


def _few_centres(file: h5py.File) -> None:
    centres = file["Subhalo/SubhaloPos"][:-1]
    del file["Subhalo/SubhaloPos"]
    file["Subhalo/SubhaloPos"] = centres


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (_longer, "have more particles than the group"),
        (_no_groups, "give the catalogue that belongs to it"),
        (_no_lengths, "SubhaloPos has 4 rows and SubhaloLenType 2"),
        (_other_count, "GroupNsubs adds up to 3 subhalos and the catalogue has 4"),
        (_few_centres, "SubhaloPos has 3 rows and SubhaloLenType 4"),
    ],
)
def test_a_catalogue_of_another_snapshot(
    snapshot: Path, spoil: Callable[[h5py.File], None], expected: str
) -> None:
    with h5py.File(catalogue_of(snapshot), "r+") as file:
        spoil(file)
    with pytest.raises(InputError, match=expected.replace("(", r"\(")) as caught:
        list(read_particles(snapshot))
    assert "fof_subhalo_tab_012" in str(caught.value)


def test_a_box_of_galaxies_without_its_catalogue(tmp_path: Path) -> None:
    truth = writers.galaxy()
    truth["stars"]["position"][::2] += [2000.0, 0.0, 0.0]
    path = writers.write_cutout(tmp_path / "box.hdf5", truth)
    assert "it seems to hold many" in refusal(path)
    assert len(list(read_particles(path, centre=tuple(writers.CORNER)))) == 1


def test_generic_files(tmp_path: Path) -> None:
    def written(change: Callable[[h5py.File], object]) -> Path:
        path = writers.write_generic(tmp_path / "g.hdf5", writers.galaxy())
        with h5py.File(path, "r+") as file:
            change(file)
        return path

    def old(file: h5py.File) -> None:
        del file["stars/formation_scale_factor"]
        file["stars/age"] = np.full(400, 5e9)

    message = refusal(written(lambda f: [f.attrs.pop("h0"), f.attrs.pop("redshift")]))
    assert "redshift, h0" in message
    assert "om0 in (0, 1)" in refusal(written(lambda f: f.attrs.update(om0=3.0)))
    assert "lacks metallicity" in refusal(written(lambda f: f["stars"].pop("metallicity")))
    assert "stars lacks age" in refusal(written(lambda f: f["stars"].pop("formation_scale_factor")))
    assert "give it in Gyr" in refusal(written(old))
    bad_unit = written(lambda f: f["stars/mass"].attrs.update(unit="furlong / fortnight"))
    assert "correct its attribute 'unit'" in refusal(bad_unit)
    assert "no galaxy 'x'; it holds g" in refusal(written(lambda f: None), galaxy="x")
