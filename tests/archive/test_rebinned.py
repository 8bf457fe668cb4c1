"""Stores of coarser pixels: what adds up is conserved, galaxies stay in their split."""

from __future__ import annotations

import numpy as np
import pytest
from archive_fakes import FakeFraming, FakeSource, fake_observe, fake_store

from picassso.archive import DatasetStore, rebin, rebinned
from picassso.archive.render import RenderPlan, render_galaxy
from picassso.core import PROPERTY_NAMES, InputError


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr("picassso.archive.render.observe", fake_observe)
    path = tmp_path / "fine.zarr"
    plan = RenderPlan(
        store=path,
        source=FakeSource(12, bad=(5,)),
        framings=(FakeFraming(),),
        survey="sdss",
        seed=3,
        truth="smoothed",
    )
    made = fake_store(path, galaxies=12)
    for galaxy in range(12):
        render_galaxy(plan, made, galaxy)
    made.finalise()
    return DatasetStore.open(path)


def test_means_of_blocks_keep_totals_and_splits(store, tmp_path):
    coarse = rebin(store, pixels=4, output=tmp_path / "coarse.zarr")
    assert coarse.complete and coarse.shape == (4, 4) and len(coarse) == len(store)
    for name in ("galaxy_id", "view", "split", "failure", "psf_fwhm", "total_stellar_mass"):
        np.testing.assert_array_equal(coarse.table[name], store.table[name])
    np.testing.assert_array_equal(coarse.table["noise"], store.table["noise"] / 4)
    np.testing.assert_array_equal(coarse.table["kpc_per_pixel"], 4 * store.table["kpc_per_pixel"])
    row = int(store.indices("test")[0])
    fine, seen = store.truth(row), coarse.truth(row)
    for name in PROPERTY_NAMES:
        expected = fine.total(name)
        if np.isnan(expected):
            assert np.isnan(seen[name]).all()
        else:
            assert seen.total(name) == pytest.approx(expected, rel=5e-4)
    corner = store.image(row).flux[:, :4, :4].mean(axis=(1, 2))
    np.testing.assert_allclose(coarse.image(row).flux[:, 0, 0], corner, rtol=5e-4)
    assert coarse.image(row).pixel_scale == 4 * store.image(row).pixel_scale


def test_a_cut_off_call_goes_on_and_a_finished_one_does_nothing(store, tmp_path, monkeypatch):
    whole = rebin(store, pixels=8, output=tmp_path / "whole.zarr")
    write, calls = rebinned._write, []

    def die_at_the_fourth(*args, **kwargs):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        write(*args, **kwargs)

    monkeypatch.setattr(rebinned, "_write", die_at_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        rebin(store, pixels=8, output=tmp_path / "cut.zarr")
    cut = rebin(store, pixels=8, output=tmp_path / "cut.zarr")
    assert len(calls) == 4 + 12 - 3
    assert cut.fingerprint == whole.fingerprint != store.fingerprint
    np.testing.assert_array_equal(cut.maps[:], whole.maps[:])
    assert rebin(store.path, pixels=8, output=tmp_path / "cut.zarr").complete
    assert len(calls) == 13


def test_what_cannot_be_is_refused(store, tmp_path):
    for pixels in (5, 32, 0):
        with pytest.raises(InputError, match="cannot be averaged"):
            rebin(store, pixels=pixels, output=tmp_path / "other.zarr")
    rebin(store, pixels=8, output=tmp_path / "other.zarr")
    with pytest.raises(InputError, match="holds another data set"):
        rebin(store, pixels=4, output=tmp_path / "other.zarr")
