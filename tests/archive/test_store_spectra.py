"""Spectra in a store: they come back, nothing else changes, and what is lost is said."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import zarr
from archive_fakes import FakeFraming, FakeSource, fake_light, fake_observe, fake_store

from picassso.archive import DatasetStore, mocks, rebin, sheets
from picassso.archive.fibres import lit_rows
from picassso.archive.render import RenderPlan, render_galaxy
from picassso.core import EMISSION_LINES, FIBRE_GRID, LINE_NAMES, InputError

N, BAD = 12, 5


@pytest.fixture
def store(fake, tmp_path):
    """Twelve galaxies of two views with spectra; one could not be made."""
    return fake(tmp_path / "spectra.zarr", source=FakeSource(N, bad=(BAD,)), spectra=True)


@pytest.fixture
def plain(fake, tmp_path):
    """The same without spectra."""
    return fake(tmp_path / "plain.zarr", source=FakeSource(N, bad=(BAD,)))


def files(store: DatasetStore, *names: str) -> dict[str, bytes]:
    return {
        str(p.relative_to(store.path)): p.read_bytes()
        for name in names
        for p in (store.path / name).rglob("*")
        if p.is_file()
    }


def test_light_comes_back(store):
    assert store.has_spectra and store.config["spectra"] is True
    for row in (0, 7, 23):
        light, expected = store.fibre_light(row), fake_light(f"fake-{row // 2}", row % 2, seed=0)
        np.testing.assert_allclose(light.continuum, expected.continuum, rtol=2.0**-14)
        np.testing.assert_allclose(light.line_flux, expected.line_flux, rtol=2.0**-14)
        assert light.line_dispersion == expected.line_dispersion
        assert light.stellar_dispersion == expected.stellar_dispersion
        assert (light.galaxy_id, light.view) == (expected.galaxy_id, expected.view)
        assert light.redshift == expected.redshift == store.image(row).redshift
        assert light.flags == ("no_gas", "fake", "fake_light")


def test_many_lights_are_those_of_their_rows(store):
    rows = [9, 2, 2, 23, 0]
    continuum, line_flux, dispersion, redshift = store.fibre_lights(rows)
    assert continuum.dtype == line_flux.dtype == np.float32
    for k, row in enumerate(rows):
        light = store.fibre_light(row)
        np.testing.assert_array_equal(continuum[k], light.continuum)
        np.testing.assert_array_equal(line_flux[k], light.line_flux)
        assert (dispersion[k], redshift[k]) == (light.line_dispersion, light.redshift)
    whole = store.fibre_lights(store.indices("train"))
    assert [len(column) for column in whole] == [len(store.indices("train"))] * 4
    np.testing.assert_array_equal(store.fibre_lights([-1])[0], store.fibre_lights([23])[0])
    with pytest.raises(IndexError):
        store.fibre_lights([24])
    none = store.fibre_lights([])
    assert [c.shape for c in none] == [(0, len(FIBRE_GRID)), (0, len(EMISSION_LINES)), (0,), (0,)]


def test_one_file_a_galaxy_one_chunk_a_view_with_units(store):
    group = zarr.open_group(store.path, mode="r")["fibre"]
    assert set(group) == {"continuum", "line_flux"}
    assert group["continuum"].shape == (2 * N, 4801) and group["line_flux"].shape == (2 * N, 25)
    for name in group:
        assert group[name].dtype == np.float32 and group[name].chunks[0] == 1
        shards = [p for p in (store.path / "fibre" / name / "c").rglob("*") if p.is_file()]
        assert len(shards) == N - 1
    continuum, lines = dict(group["continuum"].attrs), dict(group["line_flux"].attrs)
    assert continuum["unit"] == "1e-17 erg s-1 cm-2 Angstrom-1"
    assert lines["unit"] == "1e-17 erg s-1 cm-2" and lines["lines"] == list(LINE_NAMES)
    grid = continuum["grid"]
    wave = 10 ** (grid["log10_first"] + grid["log10_step"] * np.arange(grid["pixels"]))
    np.testing.assert_allclose(wave, FIBRE_GRID, rtol=1e-12)
    assert (grid["medium"], grid["frame"], grid["unit"]) == ("vacuum", "rest", "Angstrom")
    table = zarr.open_group(store.path, mode="r")["table"]
    assert table["line_dispersion"].attrs["unit"] == "km s-1"
    assert table["stellar_dispersion"].attrs["unit"] == "km s-1"


def test_spectra_change_nothing_else(store, plain):
    assert files(store, "flux", "maps") == files(plain, "flux", "maps")
    added = {"line_dispersion", "stellar_dispersion"}
    assert set(store.table) - set(plain.table) == added
    for name in set(plain.table) - {"flags"}:
        np.testing.assert_array_equal(store.table[name], plain.table[name])
    assert store.fingerprint != plain.fingerprint


def test_without_spectra_a_store_is_what_it_always_was(plain):
    assert not plain.has_spectra and "spectra" not in plain.config
    assert not (plain.path / "fibre").exists()
    assert set(plain.attributes) == {
        "format", "format_version", "package_version", "config", "survey", "bands", "properties",
        "views", "mantissa_bits", "real_sky", "complete", "columns", "fingerprint",
    }  # fmt: skip
    for ask in (lambda: plain.fibre_light(0), lambda: plain.fibre_lights([0, 1])):
        with pytest.raises(InputError, match=r"plain.zarr has no spectra; .*picassso mock --spect"):
            ask()


def test_bad_galaxies_have_no_light(store):
    for ask in (lambda: store.fibre_light(2 * BAD), lambda: store.fibre_lights([0, 2 * BAD + 1])):
        with pytest.raises(InputError, match=r"row 1[01] could not be made: this galaxy is bad"):
            ask()
    assert np.isnan(store.table["line_dispersion"][2 * BAD])
    assert np.isfinite(store.table["stellar_dispersion"][store.indices("train")]).all()


def test_a_galaxy_without_its_light_is_a_failure(tmp_path, monkeypatch):
    def lightless(*args, **kwargs):
        first, second = fake_observe(*args, **kwargs)
        return [first, replace(second, fibre=None)]

    monkeypatch.setattr("picassso.archive.render.observe", lightless)
    path = tmp_path / "mock.zarr"
    plan = RenderPlan(
        store=path,
        source=FakeSource(10),
        framings=(FakeFraming(),),
        survey="sdss",
        seed=3,
        truth="smoothed",
        spectra=True,
    )
    assert "no light of a fibre" in render_galaxy(plan, fake_store(path, spectra=True), 0).failure


@pytest.mark.parametrize("array", ["continuum", "line_flux"])
@pytest.mark.parametrize("harm", ["removed", "cut"])
def test_lost_light_is_no_darkness(store, tmp_path, array, harm):
    shard = store.path / "fibre" / array / "c" / "3" / "0"
    if harm == "removed":
        shard.unlink()
    else:
        shard.write_bytes(shard.read_bytes()[:-9])
    damaged = DatasetStore.open(store.path)
    for rows in ([6], [0, 1, 7]):
        with pytest.raises(InputError, match=r"spectra\.zarr: .*(lost|damaged).*make it again"):
            damaged.fibre_lights(rows)
    assert damaged.fibre_light(8).view == 0
    assert damaged.image(6).view == 0


def test_missing_arrays_and_other_grids_are_refused(store, tmp_path):
    meta = store.path / "fibre" / "line_flux" / "zarr.json"
    content = json.loads(meta.read_text())
    content["attributes"]["lines"][0] = "Lyalpha"
    meta.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"the list of its emission lines is \['Lyalpha'"):
        DatasetStore.open(store.path)
    shutil.rmtree(store.path / "fibre")
    with pytest.raises(InputError, match="a part of this data set is missing or damaged"):
        DatasetStore.open(store.path)


def test_a_cut_off_run_goes_on_and_others_do_not(fake, store, tmp_path, monkeypatch):
    class Cut(BaseException):
        pass

    write, cut = DatasetStore.write_galaxy, tmp_path / "cut.zarr"
    source = FakeSource(N, bad=(BAD,))

    def cutting(self, galaxy, **arrays):
        if galaxy == 7:
            raise Cut
        write(self, galaxy, **arrays)

    with monkeypatch.context() as patch:
        patch.setattr(DatasetStore, "write_galaxy", cutting)
        with pytest.raises(Cut):
            fake(cut, source=source, spectra=True)
    with pytest.raises(InputError, match="spectra is True there and None now"):
        fake(cut, source=source)
    resumed = fake(cut, source=source, spectra=True)
    names = ("flux", "maps", "fibre", "table")
    assert files(resumed, *names) == files(store, *names)
    assert resumed.fingerprint == store.fingerprint


def test_stores_with_and_without_nuclei_are_not_mixed(fake, store, tmp_path):
    source = FakeSource(N, bad=(BAD,))
    assert store.config["nuclei"] is True
    with pytest.raises(InputError, match="nuclei is True there and False now"):
        fake(store.path, source=source, spectra=True, nuclei=False)
    without = fake(tmp_path / "without.zarr", source=source, spectra=True, nuclei=False)
    assert without.config["nuclei"] is False and without.fingerprint != store.fingerprint
    assert rebin(without, pixels=4, output=tmp_path / "coarse.zarr").config["nuclei"] is False


def test_stores_of_earlier_versions_do_not_go_on(fake, store):
    """Their lines came from the youngest particles alone; their config says nothing of nuclei."""
    meta = store.path / "zarr.json"
    content = json.loads(meta.read_text())
    del content["attributes"]["config"]["nuclei"]
    meta.write_text(json.dumps(content))
    for nuclei in (True, False):
        with pytest.raises(InputError, match=f"nuclei is None there and {nuclei} now"):
            fake(store.path, source=FakeSource(N, bad=(BAD,)), spectra=True, nuclei=nuclei)


def test_nuclei_are_of_spectra_alone(fake, plain, tmp_path):
    assert "nuclei" not in plain.config
    with pytest.raises(InputError, match="nuclei are of spectra alone"):
        fake(tmp_path / "none.zarr", source=FakeSource(N), nuclei=False)


def test_coarser_images_keep_their_spectra(store, tmp_path):
    coarse = rebin(store, pixels=4, output=tmp_path / "coarse.zarr")
    assert coarse.has_spectra
    assert files(coarse, "fibre") == files(store, "fibre")
    for name in ("line_dispersion", "stellar_dispersion", "flags", "failure"):
        np.testing.assert_array_equal(coarse.table[name], store.table[name])


def test_sheet_shows_one_view_of_some_galaxies_by_mass(store, monkeypatch):
    drawn = {}

    def sheet(images, wavelength, flux, **about):
        drawn.update(about, images=images, flux=flux)
        return drawn_sheet(images, wavelength, flux, **about)

    from picassso import figures

    drawn_sheet = figures.spectra_sheet
    monkeypatch.setattr(figures, "spectra_sheet", sheet)
    sheets.draw_spectra_sheet(store, galaxies=4)
    assert (store.path / "spectra_sheet.png").stat().st_size > 1000
    masses = [float(words.partition("log M★ ")[2].split()[0]) for words in drawn["captions"]]
    assert len(masses) == 4 and masses == sorted(masses)
    assert {image.view for image in drawn["images"]} == {0}
    assert drawn["flux"].shape == (4, 1000) and drawn["fibre"] == 3.0
    assert drawn["limited"][[0, -1]].all() and not drawn["limited"][500]


def test_lost_sheet_is_drawn_again(fake, plain, store, monkeypatch):
    drawn = []
    monkeypatch.setattr(mocks, "draw_spectra_sheet", drawn.append)
    fake(store.path, source=FakeSource(N, bad=(BAD,)), spectra=True)
    fake(plain.path, source=FakeSource(N, bad=(BAD,)))
    (store.path / "spectra_sheet.png").touch()
    fake(store.path, source=FakeSource(N, bad=(BAD,)), spectra=True)
    assert [s.path for s in drawn] == [store.path]


def test_command_line(fake, plain, tmp_path):
    from typer.testing import CliRunner

    from picassso.cli.app import build_app

    path = tmp_path / "mock.zarr"
    words = ["mock", "--synthetic", str(N), "--pixels", "16", "--views", "2", "--workers", "1"]
    words += ["--spectra", "--no-nuclei", "--no-progress", "-o", str(path)]
    said = CliRunner().invoke(build_app(), words)
    assert said.exit_code == 0, said.output
    assert str(path / "spectra_sheet.png") in said.output
    made = DatasetStore.open(path)
    assert made.has_spectra and made.config["nuclei"] is False


REAL = {"synthetic": 3, "seed": 3, "pixels": 32, "views": 2, "progress": False}


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """Synthetic galaxies as the real observatory sees them."""
    path = tmp_path_factory.mktemp("real") / "one.zarr"
    return mocks.mock(**REAL, spectra=True, workers=1, output=path)


def test_the_real_observatory_fills_a_store(real, tmp_path):
    """Its images are those of a store without spectra."""
    none = mocks.mock(**REAL, workers=1, output=tmp_path / "none.zarr")
    assert (real.table["failure"] == "").all()
    assert files(real, "flux", "maps") == files(none, "flux", "maps")
    assert (real.path / "spectra_sheet.png").stat().st_size > 1000
    continuum, line_flux, line_dispersion, redshift = real.fibre_lights(np.arange(6))
    assert (continuum > 0).all() and (line_flux >= 0).all()
    assert (line_dispersion >= 0).all() and (real.table["stellar_dispersion"] > 1).all()
    np.testing.assert_array_equal(redshift, real.table["redshift"])


def test_nuclei_reach_the_store(real, tmp_path):
    """Without them lines alone are others."""
    none = mocks.mock(**REAL, spectra=True, nuclei=False, workers=1, output=tmp_path / "none.zarr")
    assert files(real, "flux", "maps") == files(none, "flux", "maps")
    rows = np.arange(6)
    (with_, lines, *_), (without, young, *_) = real.fibre_lights(rows), none.fibre_lights(rows)
    np.testing.assert_array_equal(with_, without)
    assert (lines >= young).all() and (lines > young).any()


@pytest.mark.slow
def test_two_processes_make_the_same_spectra_as_one(real, tmp_path):
    two = mocks.mock(**REAL, spectra=True, workers=2, output=tmp_path / "two.zarr")
    names = ("flux", "maps", "fibre", "table")
    assert files(two, *names) == files(real, *names)


def test_views_whose_fibre_sees_no_star_have_no_spectrum_to_learn() -> None:
    class Store:
        def __init__(self) -> None:
            flags = ["", "fibre_without_stars", "a;fibre_without_stars", "a"]
            self.table = {"flags": np.array(flags)}

        def indices(self, split: str) -> np.ndarray:
            return np.array([0, 1, 3])

    np.testing.assert_array_equal(lit_rows(Store(), "train"), [0, 3])  # type: ignore[arg-type]
