"""One galaxy written in each layout reads back as itself."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import snapshot_writers as writers
from hypothesis import given, settings
from hypothesis import strategies as st

import picassso
from picassso.core import InputError, Particles
from picassso.universe import detect_format, list_galaxies, read_particles
from picassso.universe.readers import snapshot_files, surviving_fraction
from picassso.universe.readers._files import ParticleTable
from picassso.universe.readers._galaxy import shrinking_sphere_centre

LAYOUTS = {
    "illustris": (writers.write_cutout, tuple(writers.CORNER), "arepo"),
    "magneticum": (writers.write_magneticum, tuple(writers.CORNER), "magneticum"),
    "eagle": (writers.write_eagle, tuple(writers.CORNER / 1000), "eagle"),
    "generic": (writers.write_generic, tuple(writers.CORNER * writers.KPC), "generic"),
}


def expected_ages(formation: np.ndarray) -> np.ndarray:
    """Ages by astropy's own integration."""
    from astropy.cosmology import FlatLambdaCDM

    cosmology = FlatLambdaCDM(H0=70.0, Om0=0.3)
    ages = cosmology.age(1 / np.r_[writers.A, formation] - 1).value
    return ages[0] - ages[1:]


def assert_same(read: Particles, truth: dict) -> None:
    """Stars and gas of a galaxy are those written, in its rest frame."""
    stars, written = read.stars, truth["stars"]
    np.testing.assert_allclose(stars.position, written["position"], atol=5e-3)
    np.testing.assert_allclose(stars.mass, written["mass"], rtol=1e-5)
    np.testing.assert_allclose(stars.initial_mass, written["initial_mass"], rtol=1e-5)
    np.testing.assert_allclose(stars.metallicity, written["metallicity"], rtol=1e-5)
    np.testing.assert_allclose(stars.age, expected_ages(written["formation"]), atol=1e-4)
    boost = stars.velocity - written["velocity"]
    np.testing.assert_allclose(boost, np.broadcast_to(boost[0], boost.shape), atol=1e-3)
    gas, written = read.gas, truth["gas"]
    np.testing.assert_allclose(gas.position, written["position"], atol=5e-3)
    np.testing.assert_allclose(gas.velocity - boost[0], written["velocity"], atol=1e-3)
    for name in ("mass", "metallicity", "star_formation_rate", "hydrogen_fraction"):
        np.testing.assert_allclose(getattr(gas, name), written[name], rtol=1e-4, err_msg=name)


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_galaxy_reads_back_as_written(name: str, tmp_path: Path) -> None:
    write, centre, source = LAYOUTS[name]
    truth = writers.galaxy()
    # The name of the file says nothing of its layout.
    path = write(tmp_path / "eagle_tng_magneticum.hdf5", truth)
    assert detect_format(path) == name
    (read,) = read_particles(path, centre=centre)
    assert_same(read, truth)
    assert read.source == source
    assert read.galaxy_id == "eagle_tng_magneticum"
    assert read.redshift == pytest.approx(1 / writers.A - 1)
    assert (read.cosmology.h0, read.cosmology.om0) == pytest.approx((70.0, 0.3))
    has_neutral = name in ("illustris", "generic")
    assert (read.gas.neutral_fraction is not None) == has_neutral
    assert ("hi_mass" in read.absent) == (not has_neutral)


@pytest.mark.parametrize("name", LAYOUTS)
def test_without_a_centre_the_galaxy_is_found_and_brought_to_rest(
    name: str, tmp_path: Path
) -> None:
    write, centre, _ = LAYOUTS[name]
    truth = writers.galaxy(4000, 100)
    truth["stars"]["velocity"] += [300.0, -200.0, 100.0]
    path = write(tmp_path / "g.hdf5", truth)
    (given_centre,) = read_particles(path, centre=centre)
    (found,) = read_particles(path)
    assert "centre_estimated" in found.flags and "centre_estimated" not in given_centre.flags
    # Truth: a Gaussian of 2 to 6 kpc; the last sphere holds 50 stars and is about 1 kpc in radius.
    assert np.linalg.norm(found.stars.position[0] - truth["stars"]["position"][0]) < 1.5
    assert np.abs(np.average(found.stars.velocity, axis=0, weights=found.stars.mass)).max() < 10


def test_eagle_galaxies_are_told_apart_by_their_numbers(tmp_path: Path) -> None:
    truth = writers.galaxy()
    path = writers.write_eagle(tmp_path / "snap_028_z000p000.hdf5", truth, subgroup=0)
    with h5py.File(path, "r+") as file:
        file["PartType4/SubGroupNumber"][:100] = 3
        file["PartType4/SubGroupNumber"][100:120] = 2**30
        file["PartType4/GroupNumber"][390:] = -7
    galaxies = {g.galaxy_id: g for g in read_particles(path, min_stars=50)}
    assert {k: len(g.stars) for k, g in galaxies.items()} == {
        "snap_028_z000p000-7_0": 280,
        "snap_028_z000p000-7_3": 100,
    }
    (one,) = read_particles(path, galaxy="7_3")
    np.testing.assert_array_equal(one.stars.mass, galaxies["snap_028_z000p000-7_3"].stars.mass)
    assert len(one.gas) == 0 and "gas_mass" not in one.absent


@pytest.mark.parametrize("files", [1, 3])
@pytest.mark.parametrize(("grouped", "loose"), [(True, 37), (False, 0)])
def test_group_ordered_snapshots(files: int, grouped: bool, loose: int, tmp_path: Path) -> None:
    galaxies = [writers.galaxy(150 + 40 * i, 30 + i, seed=i) for i in range(4)]
    path = writers.write_group_ordered(
        tmp_path, galaxies, files=files, loose=loose, grouped=grouped
    )
    assert detect_format(path) == "illustris-snapshot"
    read = list(read_particles(path, min_stars=160))
    assert [g.galaxy_id for g in read] == ["snap_012-1", "snap_012-2", "snap_012-3"]
    for particles, truth in zip(read, galaxies[1:], strict=True):
        assert_same(particles, truth)
        assert "centre_estimated" not in particles.flags
    (first,) = read_particles(tmp_path, galaxy=0)
    assert_same(first, galaxies[0])
    (named,) = read_particles(path, galaxy="snap_012-2")
    assert_same(named, galaxies[2])


def test_subhalos_that_are_wind_or_no_galaxies_are_passed_over(tmp_path: Path) -> None:
    galaxies = [writers.galaxy(200, 30, seed=i) for i in range(4)]
    galaxies[1]["stars"]["formation"][:150] = -0.3
    path = writers.write_group_ordered(tmp_path, galaxies, files=1, loose=0)
    with h5py.File(tmp_path / "fof_subhalo_tab_012.0.hdf5", "r+") as file:
        file["Subhalo/SubhaloFlag"] = [0, 1]
    with h5py.File(tmp_path / "fof_subhalo_tab_012.1.hdf5", "r+") as file:
        file["Subhalo/SubhaloFlag"] = [1, 1]
    assert [g.galaxy_id for g in read_particles(path)] == ["snap_012-2", "snap_012-3"]
    assert [len(g.stars) for g in read_particles(path, galaxy=1)] == [50]


def test_wind_is_dropped_and_missing_columns_are_absent(tmp_path: Path) -> None:
    truth = writers.galaxy()
    truth["stars"]["formation"][::4] *= -1
    left_out = (
        "GFM_InitialMass",
        "GFM_Metals",
        "NeutralHydrogenAbundance",
        "StarFormationRate",
        "Velocities",
    )
    path = writers.write_cutout(tmp_path / "c.hdf5", truth, leave_out=left_out, SubhaloID=42)
    (read,) = read_particles(path)
    assert read.galaxy_id == "c-42"
    assert len(read.stars) == 300
    assert set(read.flags) == {
        "centre_estimated",
        "velocity_missing",
        "initial_mass_estimated",
        "hydrogen_fraction_assumed",
    }
    assert read.gas.neutral_fraction is None and read.gas.star_formation_rate is None
    assert read.absent == {"hi_mass"}
    assert not read.stars.velocity.any()
    np.testing.assert_array_equal(read.gas.hydrogen_fraction, np.float32(0.76))
    np.testing.assert_allclose(
        read.stars.mass / read.stars.initial_mass, surviving_fraction(read.stars.age), rtol=1e-5
    )


def test_gas_alone_and_stars_alone(tmp_path: Path) -> None:
    truth = writers.galaxy()
    (gas,) = read_particles(writers.write_cutout(tmp_path / "a.hdf5", {"gas": truth["gas"]}))
    (stars,) = read_particles(writers.write_cutout(tmp_path / "b.hdf5", {"stars": truth["stars"]}))
    assert gas.stars is None and len(gas.gas) == 120
    assert stars.gas is None and len(stars.stars) == 400
    assert stars.absent == {"gas_mass", "gas_metal_mass", "hi_mass"}


def test_unit_attributes_win_over_the_layout(tmp_path: Path) -> None:
    truth = writers.galaxy()
    path = writers.write_cutout(tmp_path / "c.hdf5", truth)
    with h5py.File(path, "r+") as file:
        file["PartType4/Masses"][...] *= 1e10 / writers.H
        file["PartType4/Masses"].attrs.update(to_cgs=1.989e33, a_scaling=0.0, h_scaling=0.0)
        file["PartType4/GFM_Metallicity"].attrs.update(to_cgs=0.0, a_scaling=0.0, h_scaling=0.0)
    (read,) = read_particles(path)
    np.testing.assert_allclose(read.stars.mass, truth["stars"]["mass"], rtol=1e-5)


def test_a_header_may_leave_the_cosmology_to_a_known_simulation(tmp_path: Path) -> None:
    path = writers.write_cutout(tmp_path / "c.hdf5", writers.galaxy(), SimulationName="L75n1820TNG")
    with h5py.File(path, "r+") as file:
        for name in ("HubbleParam", "Omega0", "OmegaLambda"):
            del file["Header"].attrs[name]
    (read,) = read_particles(path)
    assert read.source == "tng" and "cosmology_assumed" in read.flags
    # Planck Collaboration (2015): h = 0.6774, Omega_m = 0.3089.
    assert (read.cosmology.h0, read.cosmology.om0) == pytest.approx((67.74, 0.3089))


def test_a_folder_of_cutouts_reads_file_after_file(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        writers.write_cutout(tmp_path / f"{name}.hdf5", writers.galaxy(), SubhaloID=ord(name))
    ids = [g.galaxy_id for g in read_particles(tmp_path)]
    assert ids == ["a-97", "b-98", "c-99"]
    assert [g.galaxy_id for g in read_particles(tmp_path, galaxy="b-98")] == ["b-98"]


def test_centres_come_from_a_table(tmp_path: Path) -> None:
    truth = writers.galaxy()
    path = writers.write_cutout(tmp_path / "c.hdf5", truth, SubhaloID=42)
    np.savetxt(tmp_path / "table.txt", [[7, 1, 2, 3, 4], [42, *writers.CORNER, 5]])
    (read,) = read_particles(path, catalogue=tmp_path / "table.txt")
    assert_same(read, truth)


def test_the_example_of_the_guide_runs_and_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide = Path(__file__).parents[2] / "docs" / "snapshots.md"
    blocks = re.findall(r"```python\n(.*?)```", guide.read_text(), flags=re.S)
    (example,) = [b for b in blocks if "import h5py" in b]
    (tmp_path / "example.py").write_text(example)
    monkeypatch.chdir(tmp_path)
    runpy.run_path("example.py")
    (read,) = picassso.read_particles("my_galaxy.hdf5")
    assert read.source == "mine" and read.redshift == pytest.approx(0.05)
    assert len(read.stars) == len(read.gas) == 5000
    assert read.absent == {"gas_metal_mass"}
    assert read.gas.neutral_hydrogen_mass.sum() == pytest.approx(5000 * 5e5 * 0.8 * 0.76, rel=1e-4)
    assert len(example.strip().splitlines()) < 22


def test_the_guide_explains_every_flag_and_format() -> None:
    import picassso.universe.readers as readers

    guide = (Path(__file__).parents[2] / "docs" / "snapshots.md").read_text()
    sources = "".join(p.read_text() for p in Path(readers.__file__).parent.glob("*.py"))
    flags = set(re.findall(r'"([a-z_]+_(?:assumed|missing|estimated))"', sources))
    assert len(flags) >= 8
    assert [name for name in (*flags, *readers.FORMATS) if f"`{name}`" not in guide] == []


def test_many_galaxies_in_a_generic_file(tmp_path: Path) -> None:
    truth = writers.galaxy()
    path = writers.write_generic(tmp_path / "many.hdf5", truth)
    with h5py.File(path, "r+") as file:
        for name in ("x", "y"):
            for kind in ("stars", "gas"):
                file.copy(file[kind], f"galaxies/{name}/{kind}")
            file[f"galaxies/{name}"].attrs["centre"] = writers.CORNER * writers.KPC
        del file["stars"], file["gas"]
    read = list(read_particles(path))
    assert [g.galaxy_id for g in read] == ["many-x", "many-y"]
    assert_same(read[1], truth)
    assert [g.galaxy_id for g in read_particles(path, galaxy="y")] == ["many-y"]


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """No columns can be read but those that say which galaxy a particle is of."""
    column = ParticleTable.column

    def guarded(table: ParticleTable, name: str) -> np.ndarray:
        assert name in ("GroupNumber", "SubGroupNumber", "StellarFormationTime"), name
        return column(table, name)

    monkeypatch.setattr(ParticleTable, "column", guarded)


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize("name", LAYOUTS)
def test_one_galaxy_is_listed_without_being_read(name: str, tmp_path: Path) -> None:
    path = LAYOUTS[name][0](tmp_path / "one.hdf5", writers.galaxy())
    assert list_galaxies(path) == ["one"]


def test_many_galaxies_are_listed_as_they_are_read(tmp_path: Path, request) -> None:
    sizes = [150 + 40 * i for i in range(4)]
    galaxies = [writers.galaxy(n, 30, seed=n) for n in sizes]
    folders = [tmp_path / "groups", tmp_path / "eagle"]
    for folder in folders:
        folder.mkdir()
    snapshot = writers.write_group_ordered(folders[0], galaxies, files=3, loose=7)
    eagle = writers.write_eagle(folders[1] / "snap.hdf5", writers.galaxy(400, 30), subgroup=2)
    with h5py.File(eagle, "r+") as file:
        file["PartType4/SubGroupNumber"][:100] = 3
    paths = [snapshot, folders[0], eagle]
    read = [[g.galaxy_id for g in read_particles(p, min_stars=160)] for p in paths]
    assert [len(r) for r in read] == [3, 3, 1]
    request.getfixturevalue("unread")
    assert [list_galaxies(p, min_stars=160) for p in paths] == read
    with pytest.raises(InputError, match="lower min_stars"):
        list_galaxies(snapshot, min_stars=1000)


def test_a_catalogue_that_is_written_again_is_read_again(tmp_path: Path) -> None:
    for n in (200, 300):
        galaxies = [writers.galaxy(n + i, 30, seed=i) for i in range(2)]
        path = writers.write_group_ordered(tmp_path, galaxies, files=1, loose=0)
        assert [len(g.stars) for g in read_particles(path)] == [n, n + 1]


def test_files_of_one_snapshot_are_one_and_numbered_cutouts_are_many(tmp_path: Path) -> None:
    galaxies = [writers.galaxy(150, 30, seed=i) for i in range(2)]
    for name in ("snapshot", "cutouts"):
        (tmp_path / name).mkdir()
    path = writers.write_group_ordered(tmp_path / "snapshot", galaxies, files=3, loose=0)
    chunks = [path.with_name(f"snap_012.{i}.hdf5") for i in (1, 0, 2)]
    assert snapshot_files(chunks) == chunks[:1]
    assert snapshot_files([tmp_path / "snapshot"]) == [path]
    cutouts = [
        writers.write_cutout(tmp_path / "cutouts" / f"halo.{i}.hdf5", g, SubhaloID=i)
        for i, g in enumerate(galaxies)
    ]
    assert snapshot_files(cutouts) == snapshot_files([tmp_path / "cutouts"]) == cutouts
    assert len(list(read_particles(tmp_path / "cutouts"))) == 2


@settings(max_examples=40, deadline=None)
@given(
    shift=st.tuples(*[st.floats(-3e4, 3e4)] * 3),
    boost=st.tuples(*[st.floats(-1e3, 1e3)] * 3),
)
def test_where_a_galaxy_lies_and_how_it_moves_does_not_matter(
    shift: tuple[float, float, float], boost: tuple[float, float, float], tmp_path_factory
) -> None:
    """Moving a galaxy through the periodic box, or giving it a speed, changes no particle."""
    path = tmp_path_factory.mktemp("moved") / "g.hdf5"
    reference = writers.galaxy(200, 20)
    moved = writers.galaxy(200, 20)
    for kind in moved.values():
        kind["position"] = kind["position"] + np.array(shift) * writers.KPC
        kind["velocity"] = kind["velocity"] + np.array(boost)
    (a,) = read_particles(writers.write_cutout(path, reference))
    (b,) = read_particles(writers.write_cutout(path, moved))
    for kind in ("stars", "gas"):
        old, new = getattr(a, kind), getattr(b, kind)
        np.testing.assert_allclose(new.position, old.position, atol=1e-3)
        np.testing.assert_allclose(new.velocity, old.velocity, atol=1e-2)


def test_surviving_fraction() -> None:
    # Anchors: living stars of BC03 with a Kroupa IMF, 0.601 and 0.459, plus 0.1 of remnants.
    assert surviving_fraction(np.array([1.0]))[0] == pytest.approx(0.601 + 0.1, abs=0.01)
    assert surviving_fraction(np.array([10.0]))[0] == pytest.approx(0.459 + 0.1, abs=0.01)
    age = np.geomspace(1e-5, 14, 500)
    fraction = surviving_fraction(age)
    assert fraction[0] == 1.0 and (np.diff(fraction) <= 0).all() and fraction[-1] > 0.5


def test_shrinking_spheres_find_the_denser_of_two_galaxies() -> None:
    rng = np.random.default_rng(3)
    dense = rng.normal(size=(3000, 3)) * 2.0 + [10.0, 20.0, 30.0]
    loose = rng.normal(size=(2500, 3)) * 8.0 - [60.0, 0.0, 0.0]
    position = np.concatenate([dense, loose])
    centre = shrinking_sphere_centre(position, np.ones(len(position)))
    # Standard error of a mean of 55 stars in a sphere of about 1 kpc: 0.1 kpc an axis.
    assert np.linalg.norm(centre - [10.0, 20.0, 30.0]) < 0.5


def test_the_room_loads_nothing_heavy() -> None:
    import subprocess

    code = (
        "import sys, picassso.universe; "
        "print([m for m in ('torch', 'h5py', 'numba', 'astropy') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
