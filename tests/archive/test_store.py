"""The store: round trips, marks, splits, refusals."""

from __future__ import annotations

import errno
import json
import shutil

import numpy as np
import pytest
import zarr
from archive_fakes import FakeFraming, FakeSource, fake_observe, fake_store
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from picassso.archive import DatasetStore, round_mantissa, split_by_galaxy
from picassso.archive.render import RenderPlan, render_galaxy
from picassso.core import PROPERTY_NAMES, InputError


@pytest.fixture
def plan(tmp_path, monkeypatch):
    monkeypatch.setattr("picassso.archive.render.observe", fake_observe)
    return RenderPlan(
        store=tmp_path / "mock.zarr",
        source=FakeSource(10),
        framings=(FakeFraming(),),
        survey="sdss",
        seed=3,
        truth="smoothed",
    )


@pytest.fixture
def finished(plan):
    store = fake_store(plan.store)
    for galaxy in range(10):
        assert not render_galaxy(plan, store, galaxy).failure
    store.finalise()
    return DatasetStore.open(plan.store)


def test_round_trip(plan, finished):
    """What was observed comes back: pixels within the rounding, everything else exactly."""
    from picassso.core import SDSS

    assert finished.complete and len(finished) == 20 and finished.shape == (16, 16)
    particles = plan.source.load(4)
    expected = fake_observe(particles, framing=FakeFraming(), survey=SDSS, seed=3, views=(0, 1))[1]
    image, truth = finished.image(9), finished.truth(9)
    np.testing.assert_allclose(image.flux, expected.image.flux, rtol=3e-4)
    np.testing.assert_allclose(truth.cube, expected.maps.cube, rtol=3e-4)
    assert np.isnan(truth["gas_mass"]).all() and np.isfinite(truth["stellar_mass"]).all()
    np.testing.assert_array_equal(image.noise, expected.image.noise)
    np.testing.assert_array_equal(image.psf_fwhm, expected.image.psf_fwhm)
    assert (image.galaxy_id, image.view, image.redshift) == ("fake-4", 1, 0.05)
    assert truth.pixel_area == expected.maps.pixel_area
    assert truth.flags == ("no_gas", "fake")
    table = finished.table
    assert table["total_stellar_mass"][9] == expected.maps.total("stellar_mass")
    assert np.isnan(table["total_gas_mass"]).all()
    assert table["stellar_mass"][9] == pytest.approx(float(particles.stars.mass.sum()), rel=1e-6)
    assert table["noise"].shape == (20, 5)


def test_units_stand_beside_every_array(finished):
    group = zarr.open_group(finished.path, mode="r")
    assert group["flux"].attrs["unit"] == "nanomaggy arcsec-2"
    assert len(group["maps"].attrs["unit"]) == len(PROPERTY_NAMES)
    assert group["table/half_mass_radius"].attrs["unit"] == "kpc"
    assert group["table/total_star_formation_rate"].attrs["unit"] == "solMass yr-1"


def test_one_file_a_galaxy_one_chunk_a_view(finished):
    assert finished.flux.chunks == (1, 5, 16, 16)
    files = [p for p in (finished.path / "flux" / "c").rglob("*") if p.is_file()]
    assert len(files) == 10


def test_splits_cover_all_rows_once(finished):
    rows = np.concatenate([finished.indices(s) for s in ("train", "validation", "test")])
    assert sorted(rows) == list(range(20))
    with pytest.raises(InputError, match="unknown split 'tset'"):
        finished.indices("tset")


def test_order_of_writing_does_not_matter(plan, finished, tmp_path):
    other = fake_store(tmp_path / "other.zarr")
    for galaxy in reversed(range(10)):
        render_galaxy(plan, other, galaxy)
    other.finalise()
    assert other.fingerprint == finished.fingerprint
    np.testing.assert_array_equal(other.flux[:], finished.flux[:])


def test_fingerprint_sees_config_and_table(finished):
    from picassso.archive.table import fingerprint

    table = {k: v.copy() for k, v in finished.table.items()}
    assert fingerprint(finished.config, table) == finished.fingerprint
    assert fingerprint(finished.config | {"seed": 1}, table) != finished.fingerprint
    table["redshift"][3] += 1e-9
    assert fingerprint(finished.config, table) != finished.fingerprint


def test_bad_galaxy_is_flagged_and_in_no_split(plan):
    from dataclasses import replace

    plan = replace(plan, source=FakeSource(10, bad=(2,)))
    store = fake_store(plan.store)
    outcomes = [render_galaxy(plan, store, g) for g in range(10)]
    assert [o.galaxy for o in outcomes if o.failure] == [2]
    store.finalise()
    assert store.table["failure"][4] == "this galaxy is bad"
    assert list(store.table["split"][4:6]) == ["failed", "failed"]
    rows = np.concatenate([store.indices(s) for s in ("train", "validation", "test")])
    assert len(rows) == 18 and not {4, 5} & set(rows)
    with pytest.raises(InputError, match="this galaxy is bad"):
        store.image(4)


def test_pixels_that_are_not_finite_make_a_bad_galaxy(plan, monkeypatch):
    def broken(*args, **kwargs):
        observations = fake_observe(*args, **kwargs)
        observations[0].image.flux[0, 3, 3] = np.inf
        return observations

    monkeypatch.setattr("picassso.archive.render.observe", broken)
    outcome = render_galaxy(plan, fake_store(plan.store), 0)
    assert "not finite" in outcome.failure


def test_unfinished_store_says_so(plan):
    store = fake_store(plan.store)
    render_galaxy(plan, store, 0)
    assert store.done() == {0}
    with pytest.raises(InputError, match=r"unfinished \(1 of 10 galaxies\)"):
        store.indices("train")
    with pytest.raises(InputError, match="9 galaxies are still to be made"):
        store.finalise()


def test_refuses_other_versions_and_other_things(finished, tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        DatasetStore.open(tmp_path / "nothing")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="not a data set store"):
        DatasetStore.open(tmp_path / "folder")
    zarr.open_group(tmp_path / "group", mode="w")
    with pytest.raises(InputError, match="not a data set made by"):
        DatasetStore.open(tmp_path / "group")
    meta = finished.path / "zarr.json"
    content = json.loads(meta.read_text())
    content["attributes"]["format_version"] = 99
    meta.write_text(json.dumps(content))
    with pytest.raises(InputError, match="format version 99, expected 1; update picassso"):
        DatasetStore.open(finished.path)


@pytest.mark.parametrize("harm", ["removed", "cut"])
def test_lost_pixels_are_no_empty_sky(finished, tmp_path, harm):
    copy = tmp_path / "copy.zarr"
    shutil.copytree(finished.path, copy)
    for shard in (copy / "flux" / "c").rglob("*"):
        if shard.is_file():
            shard.unlink() if harm == "removed" else shard.write_bytes(shard.read_bytes()[:-90])
    store = DatasetStore.open(copy)
    with pytest.raises(InputError, match=r"copy.zarr: the pixels of row 0 are lost or damaged"):
        store.image(0)


def test_a_damaged_table_is_named(finished, tmp_path):
    copy = tmp_path / "copy.zarr"
    shutil.copytree(finished.path, copy)
    for chunk in (copy / "table" / "redshift" / "c").rglob("*"):
        if chunk.is_file():
            chunk.write_bytes(chunk.read_bytes()[:9])
    with pytest.raises(InputError, match=r"copy.zarr: its table lacks 'redshift' or it is damaged"):
        _ = DatasetStore.open(copy).table


def test_create_refuses_what_exists(tmp_path):
    fake_store(tmp_path / "mock.zarr")
    with pytest.raises(InputError, match="exists already"):
        fake_store(tmp_path / "mock.zarr")
    assert [p.name for p in tmp_path.iterdir()] == ["mock.zarr"]


def test_create_leaves_nothing_on_a_full_disk(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(zarr.Group, "create_array", fail)
    with pytest.raises(OSError, match="No space left"):
        fake_store(tmp_path / "mock.zarr")
    assert not list(tmp_path.iterdir())


@given(arrays(np.float32, array_shapes(max_dims=2), elements=st.floats(width=32)))
def test_rounding_error_is_bounded(values):
    rounded = round_mantissa(values)
    normal = np.isfinite(values) & (np.abs(values) >= np.finfo(np.float32).tiny)
    normal &= np.abs(values) < 3e38
    error = np.abs(rounded[normal].astype(float) / values[normal] - 1)
    assert (error <= 2.0**-12).all()
    np.testing.assert_array_equal(np.isnan(rounded), np.isnan(values))
    np.testing.assert_array_equal(rounded[np.isinf(values)], values[np.isinf(values)])
    np.testing.assert_array_equal(round_mantissa(rounded), rounded)


def test_rounding_is_unbiased():
    """The mean relative error of 10^6 numbers lies within 5 standard errors of zero."""
    values = np.random.default_rng(0).lognormal(0, 3, 1_000_000).astype(np.float32)
    error = round_mantissa(values).astype(float) / values.astype(float) - 1
    assert abs(error.mean()) < 5 * error.std() / np.sqrt(len(error))
    ties = np.array([1 + 2.0**-12, 1 + 3 * 2.0**-12], dtype=np.float32)
    assert list(round_mantissa(ties)) == [1.0, 1 + 2.0**-10]


@given(
    st.lists(st.floats(1e8, 1e12) | st.just(float("nan")), min_size=1, max_size=60),
    st.integers(1, 4),
    st.randoms(),
)
def test_no_galaxy_has_views_on_two_sides(masses, views, random):
    rows = [(f"g{i}", m) for i, m in enumerate(masses) for _ in range(views)]
    random.shuffle(rows)
    ids = np.array([r[0] for r in rows])
    split = split_by_galaxy(ids, np.array([r[1] for r in rows]))
    sides = {g: set(split[ids == g]) for g in ids}
    assert all(len(s) == 1 for s in sides.values())
    n = len(masses)
    counts = {s: sum(v == {s} for v in sides.values()) for s in ("train", "validation", "test")}
    assert counts["test"] == n // 5
    assert counts["validation"] == (n - n // 5) // 5
    assert sum(counts.values()) == n


def test_splits_cover_the_same_range_of_mass():
    mass = np.random.default_rng(1).permutation(1000.0 + np.arange(1000))
    split = split_by_galaxy(np.arange(1000).astype(str), mass)
    medians = [np.median(mass[split == s]) for s in ("train", "validation", "test")]
    assert np.ptp(medians) < 10


def test_same_galaxy_in_two_snapshots_stays_on_one_side():
    ids = np.array(["a", "b", "c", "d", "e", "e"])
    split = split_by_galaxy(ids, np.array([1.0, 2, 3, 4, 5, 0.1]))
    assert split[4] == split[5]


def test_splitting_needs_one_mass_a_row():
    with pytest.raises(InputError, match="two columns of one length"):
        split_by_galaxy(["a", "b"], [1.0])


def test_what_a_killed_process_was_marking_counts_for_nothing(plan):
    store = fake_store(plan.store)
    assert not render_galaxy(plan, store, 2).failure
    (marker,) = (plan.store / "progress").iterdir()
    marker.with_name(f".0123abcd.partial.{marker.name}").write_text("[{")
    assert store.done() == {2}


def test_failures_alone_are_forgotten(plan):
    store = fake_store(plan.store)
    assert not render_galaxy(plan, store, 0).failure
    store.write_failure(1, galaxy_id="fake-1", reason="this galaxy is bad")
    assert store.done() == {0, 1}
    store.forget_failures()
    assert store.done() == {0}
