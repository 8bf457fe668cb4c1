"""`picassso mock`: resuming, refusing, bad galaxies, full disks, one process or several."""

from __future__ import annotations

import errno
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from archive_fakes import FakeSource, fake_observe

from picassso.archive import DatasetStore, mock, mocks
from picassso.archive.sources import SyntheticSource
from picassso.core import InputError, PicasssoError
from picassso.universe import read_particles

KILL_ME = Path(__file__).with_name("kill_me.py")


def contents(store: DatasetStore) -> dict[str, bytes]:
    """All files of the arrays, byte by byte."""
    return {
        str(p.relative_to(store.path)): p.read_bytes()
        for name in ("flux", "maps", "table")
        for p in (store.path / name).rglob("*")
        if p.is_file()
    }


def test_killed_run_goes_on_with_nothing_lost_or_done_twice(fake, tmp_path, monkeypatch):
    whole = fake(tmp_path / "whole.zarr")
    path = tmp_path / "killed.zarr"
    process = subprocess.Popen([sys.executable, KILL_ME, path, "0.1"])
    deadline = time.monotonic() + 300
    while len(list((path / "progress").glob("*.json"))) < 4:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = DatasetStore.open(path).done()
    assert 4 <= len(done) < 12
    made = []

    def counting(particles, **how):
        made.append(particles.galaxy_id)
        return fake_observe(particles, **how)

    monkeypatch.setattr("picassso.archive.render.observe", counting)
    resumed = fake(path)
    assert len(made) == 12 - len(done)
    assert resumed.fingerprint == whole.fingerprint
    assert contents(resumed) == contents(whole)
    assert not (path / "progress").exists()


def test_finished_store_is_not_made_again(fake, tmp_path, monkeypatch):
    fake(tmp_path / "mock.zarr")
    monkeypatch.delattr("picassso.archive.render.observe")
    assert fake(tmp_path / "mock.zarr").complete


@pytest.mark.parametrize("complete", [True, False])
def test_other_config_is_refused_by_name(fake, tmp_path, monkeypatch, complete):
    if not complete:
        monkeypatch.setattr(DatasetStore, "finalise", lambda self: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            fake(tmp_path / "mock.zarr")
    else:
        fake(tmp_path / "mock.zarr")
    with pytest.raises(InputError, match="seed is 0 there and 5 now") as error:
        fake(tmp_path / "mock.zarr", seed=5)
    assert "pixels" not in str(error.value)


def test_lost_contact_sheet_is_drawn_again(fake, tmp_path, monkeypatch):
    drawn = []
    fake(tmp_path / "mock.zarr")
    monkeypatch.setattr(mocks, "draw_contact_sheet", drawn.append)
    fake(tmp_path / "mock.zarr")
    (tmp_path / "mock.zarr" / mocks.CONTACT_SHEET).touch()
    fake(tmp_path / "mock.zarr")
    assert len(drawn) == 1


def test_other_package_version_does_not_go_on(fake, tmp_path, monkeypatch):
    monkeypatch.setattr(DatasetStore, "finalise", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fake(tmp_path / "mock.zarr")
    monkeypatch.setattr("picassso.__version__", "99.0")
    with pytest.raises(InputError, match=r"this is 99\.0"):
        fake(tmp_path / "mock.zarr")


def test_existing_store_is_refused_without_resume(fake, tmp_path):
    fake(tmp_path / "mock.zarr")
    with pytest.raises(InputError, match="exists already"):
        fake(tmp_path / "mock.zarr", resume=False)


def test_store_that_another_process_writes_is_refused(fake, tmp_path):
    fake(tmp_path / "mock.zarr")
    with (
        mocks.locked(tmp_path / "mock.zarr"),
        pytest.raises(InputError, match="being written by another process"),
    ):
        fake(tmp_path / "mock.zarr")


def test_bad_galaxies_do_not_stop_a_run(fake, tmp_path):
    store = fake(tmp_path / "mock.zarr", source=FakeSource(12, bad=(0, 7)))
    bad = np.unique(store.table["galaxy"][store.table["failure"] != ""])
    assert list(bad) == [0, 7]
    assert len(store.indices("train")) + len(store.indices("validation")) == 16


def test_run_without_a_good_galaxy_stops_and_leaves_nothing_behind(fake, tmp_path):
    with pytest.raises(InputError, match="no galaxy could be made; the first failed with"):
        fake(tmp_path / "mock.zarr", source=FakeSource(12, bad=tuple(range(12))))
    assert list(tmp_path.iterdir()) == []
    assert fake(tmp_path / "mock.zarr").complete


def test_workers_without_a_good_galaxy_leave_nothing_behind_either(fake, tmp_path, monkeypatch):
    """Not even the marks of galaxies that fail while the run is being stopped."""
    monkeypatch.setattr("picassso.observatory.load_light_table", lambda survey: None)
    with pytest.raises(InputError, match="no galaxy could be made; the first failed with"):
        fake(tmp_path / "mock.zarr", source=FakeSource(60, bad=tuple(range(60))), workers=2)
    assert list(tmp_path.iterdir()) == []


def test_full_disk_is_one_clear_message_and_the_run_goes_on(fake, tmp_path, monkeypatch):
    write = DatasetStore.write_galaxy

    def full(self, galaxy, **arrays):
        if galaxy == 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, galaxy, **arrays)

    with monkeypatch.context() as patch:
        patch.setattr(DatasetStore, "write_galaxy", full)
        with pytest.raises(InputError, match="no space left for .* run the same command again"):
            fake(tmp_path / "mock.zarr")
    assert DatasetStore.open(tmp_path / "mock.zarr").done() == {0, 1, 2, 3, 4}
    store = fake(tmp_path / "mock.zarr")
    assert (store.table["failure"] == "").all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "either snapshot files or a number"),
        ({"snapshots": ["a.hdf5"], "synthetic": 3}, "either snapshot files or a number"),
        ({"snapshots": ["nowhere.hdf5"]}, "no such snapshot: nowhere.hdf5"),
        ({"synthetic": 0}, "synthetic is 0, expected a positive number"),
        ({"synthetic": 3, "spread": 0.5}, "spread is 0.5; it must lie between 1 and 3"),
        ({"synthetic": 3, "views": 5}, "views is 5, expected 1 to 4"),
        ({"synthetic": 3, "framing": "square"}, "unknown framing 'square'"),
        ({"synthetic": 3, "truth": "beauty"}, "unknown truth 'beauty'"),
        ({"synthetic": 3, "survey": "dss"}, "unknown survey 'dss'"),
    ],
)
def test_bad_arguments_leave_nothing_behind(tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        mock(**options, output=tmp_path / "mock.zarr")
    assert list(tmp_path.iterdir()) == []


def test_command_line(fake, tmp_path, monkeypatch):
    """The verb says what it made, and what it could not make."""
    from typer.testing import CliRunner

    from picassso.cli.app import build_app

    fake(tmp_path / "first.zarr")
    monkeypatch.setattr(mocks, "_source", lambda *args, **kwargs: FakeSource(12, bad=(3,)))
    path = tmp_path / "mock.zarr"
    words = ["mock", "--synthetic", "12", "--pixels", "16", "--views", "2", "--workers", "1"]
    said = CliRunner().invoke(build_app(), [*words, "--no-progress", "-o", str(path)])
    assert said.exit_code == 0, said.output
    assert f"{path}: 24 views of 16 x 16 pixels (16 train, 2 validation, 4 test, 2 failed)" in (
        said.output
    )
    assert "1 of 12 galaxies could not be made; the first: this galaxy" in said.output
    assert str(path / "contact_sheet.png") in said.output


SYNTHETIC = {"synthetic": 8, "seed": 5, "pixels": 32, "views": 2, "framing": "both"}


def children(pid: int) -> list[int]:
    return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see processes")
def test_killed_parallel_run_leaves_no_orphans_and_goes_on(tmp_path):
    """Two processes killed on the way, then one process: the same store as one process alone."""
    path = tmp_path / "killed.zarr"
    options = [f"--{name}={value}" for name, value in SYNTHETIC.items()]
    command = [sys.executable, "-c", "import picassso.cli; picassso.cli.main()", "mock"]
    command += [*options, "--workers=2", "--no-progress", "-o", str(path)]
    process = subprocess.Popen(command)
    deadline = time.monotonic() + 300
    while len(list((path / "progress").glob("*.json"))) < 2:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    workers = children(process.pid)
    assert len(workers) >= 2
    process.send_signal(signal.SIGKILL)
    process.wait()
    while any(alive(w) for w in workers):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert 2 <= len(DatasetStore.open(path).done()) < 8
    resumed = mock(**SYNTHETIC, output=path, workers=1, progress=False)
    whole = mock(**SYNTHETIC, output=tmp_path / "whole.zarr", workers=1, progress=False)
    assert resumed.fingerprint == whole.fingerprint
    assert contents(resumed) == contents(whole)
    assert (resumed.path / "contact_sheet.png").stat().st_size > 1000
    table = resumed.table
    assert list(table["framing"][:4]) == ["survey", "survey", "paper", "paper"]
    assert (table["failure"] == "").all()
    for i in (0, 2, 15):
        totals = {p: table[f"total_{p}"][i] for p in resumed.properties}
        truth = resumed.truth(i)
        assert {p: truth.total(p) for p in resumed.properties} == pytest.approx(totals, rel=3e-4)


def test_real_particles(data_dir, tmp_path):
    """Stars without gas, gas without stars, and a file that is none: no stop."""
    folder = data_dir / "illustris_particles"
    stars = sorted(folder.glob("*stars.hdf5"))
    gas = sorted(folder.glob("*gas.hdf5"))[:1]
    broken = tmp_path / "broken.hdf5"
    broken.write_text("not an HDF5 file")
    store = mock(
        [*stars, *gas, broken],
        output=tmp_path / "mock.zarr",
        pixels=32,
        views=1,
        workers=1,
        progress=False,
    )
    table = store.table
    assert list(table["failure"] == "") == [True] * len(stars) + [False, False]
    assert "no star particles" in table["failure"][len(stars)]
    assert "broken.hdf5" in table["failure"][-1]
    truth = store.truth(0)
    assert np.isnan(truth["gas_mass"]).all() and np.isnan(table["total_gas_mass"][0])
    assert 0.3 * table["stellar_mass"][0] < table["total_stellar_mass"][0]
    assert table["total_stellar_mass"][0] <= table["stellar_mass"][0] * 1.001
    (galaxy,) = read_particles(stars[0])
    assert table["stellar_mass"][0] == pytest.approx(galaxy.stars.mass.sum(dtype=float))


def test_one_process_drives_the_gpu(fake, tmp_path, monkeypatch):
    """The device reaches the observatory and the config; one that is not there is refused."""
    with pytest.raises(InputError, match=r"device 'cuda': PyTorch .* finds 0 GPUs"):
        monkeypatch.setattr("torch.cuda.is_available", lambda: False)
        fake(tmp_path / "mock.zarr", device="cuda")
    with pytest.raises(InputError, match="unknown device 'gpu'; choose 'cpu', 'cuda'"):
        fake(tmp_path / "mock.zarr", device="gpu")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    with pytest.raises(InputError, match="device 'cuda:1'.* finds 1 GPUs"):
        fake(tmp_path / "mock.zarr", device="cuda:1")
    with pytest.raises(InputError, match="workers is 4: one process drives a GPU"):
        fake(tmp_path / "mock.zarr", device="cuda", workers=4)
    assert list(tmp_path.iterdir()) == []
    devices = set()

    def observe(particles, *, device, **how):
        devices.add(device)
        return fake_observe(particles, **how)

    monkeypatch.setattr("picassso.archive.render.observe", observe)
    store = fake(tmp_path / "mock.zarr", device="cuda:0", workers=None)
    assert devices == {"cuda:0"} and store.config["device"] == "cuda"
    with pytest.raises(InputError, match="device is 'cuda' there and None now"):
        fake(tmp_path / "mock.zarr")
    fake(tmp_path / "cpu.zarr", device="cpu")
    assert devices == {"cuda:0", "cpu"}


def test_full_gpu_is_not_the_galaxy_s_fault(fake, tmp_path, monkeypatch):
    import torch

    def full(*args, **kwargs):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("picassso.archive.render.observe", full)
    with pytest.raises(PicasssoError, match="device 'cpu' is out of memory"):
        fake(tmp_path / "mock.zarr")


def test_the_synthetic_universe_is_made_on_the_device():
    same = [SyntheticSource(3, 1, device).load(2) for device in ("cpu", "cpu:0")]
    np.testing.assert_array_equal(same[0].stars.position, same[1].stars.position)
    with pytest.raises(RuntimeError):
        SyntheticSource(3, 1, "nonsense").load(2)


def test_one_bad_galaxy_does_not_stop_the_rest_of_its_file(fake, tmp_path, monkeypatch):
    """Of four galaxies of a file one is too small and one damaged."""
    source = mocks._source
    path = write_generic(tmp_path / "many.hdf5", [150, 300, 20, 200], damaged=1)
    asked = {"synthetic": None, "spread": 1.0, "seed": 0, "limit": None}
    asked |= {"device": "cpu", "catalogue": None}
    scanned = source([path], min_stars=100, **asked)
    assert [scanned.name(i) for i in range(3)] == [f"many.hdf5:many-{i}" for i in (0, 1, 3)]
    store = fake(tmp_path / "mock.zarr", source=scanned)
    failure = store.table["failure"][::2]
    assert failure[0] == failure[2] == "" and "NaN" in failure[1]
    assert list(store.table["galaxy_id"][::4]) == ["many-0", "many-3"]
    assert store.config["min_stars"] == 100
    assert len(source([path], min_stars=1, **asked)) == 4


def write_generic(path, sizes, *, damaged):
    """A file of galaxies of so many stars in PICASSSO's own layout."""
    rng = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        file.attrs.update(format="picassso-particles", redshift=0.05, h0=70.0, om0=0.3)
        for number, n in enumerate(sizes):
            stars = file.create_group(f"galaxies/{number}/stars")
            stars["position"] = rng.normal(size=(n, 3))
            stars["mass"] = np.full(n, np.nan if number == damaged else 1e6)
            stars["age"] = rng.uniform(0, 12, n)
            stars["metallicity"] = np.full(n, 0.02)
    return path


@pytest.mark.parametrize("made", ["file", "folder", "below"])
def test_an_output_that_cannot_be_is_refused(tmp_path, made):
    taken = tmp_path / "taken"
    taken.mkdir() if made == "folder" else taken.touch()
    output = taken / "mock.zarr" if made == "below" else taken
    with pytest.raises(InputError, match="no data set store|cannot be made"):
        mock(synthetic=2, output=output, progress=False)
    assert [p.name for p in tmp_path.rglob("*")] == ["taken"]


@pytest.mark.parametrize("lost", ["maps", "table", "zarr.json"])
def test_a_damaged_store_is_said_to_be_one(fake, tmp_path, lost):
    path = fake(tmp_path / "mock.zarr").path
    if lost == "zarr.json":
        (path / lost).write_text("{")
    else:
        shutil.rmtree(path / lost)
    with pytest.raises(InputError, match="damaged"):
        DatasetStore.open(path).indices("train")
