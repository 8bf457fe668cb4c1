"""A frame too large for memory gives what a small one gives, to the bit."""

from __future__ import annotations

import errno
import os
from dataclasses import fields

import numpy as np
import pytest
from astropy.io import fits

import picassso.core.large
import picassso.painting.galaxy
from fits_galaxies import galaxy, make_wcs
from picassso.archive.fits import write_maps
from picassso.core import GalaxyImage, InputError
from picassso.painting import load_weights, paint_image
from picassso.painting.tile import paint_tiles
from tiny_weights import write_tiny_weights

SHAPE = (70, 90)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return load_weights(write_tiny_weights(tmp_path_factory.mktemp("weights") / "tiny.onnx"))


@pytest.fixture
def image(monkeypatch) -> GalaxyImage:
    """A masked galaxy, and a network that only scales its light."""

    def run(flux):
        mean = np.multiply.outer(10.0 ** np.array([7, 5, 8, -3, 6, 4, 6]), np.maximum(flux[2], 0))
        return [mean * c for c in (1.0, 0.5, 0.6, 0.9, 1.5)]

    monkeypatch.setattr(picassso.painting.galaxy, "make_runner", lambda *_, **__: run)
    mask = np.zeros(SHAPE, bool)
    mask[3:9, 40:60] = True
    return GalaxyImage(
        galaxy_id="m99",
        view=0,
        survey="sdss",
        bands=tuple("ugriz"),
        flux=galaxy(SHAPE).astype(np.float32),
        noise=np.array([0.3, 0.1, 0.2, 0.3, 1.2], np.float32),
        mask=mask,
        psf_fwhm=np.full(5, 1.2, np.float32),
        pixel_scale=0.4,
        redshift=0.05,
        wcs=make_wcs(SHAPE),
    )


@pytest.fixture
def in_files(monkeypatch, tmp_path):
    """Every array in a file; gives the folder, and the bytes claimed so far."""
    claimed = []
    real = os.posix_fallocate
    monkeypatch.setattr(picassso.core.large, "LARGEST_IN_MEMORY", 0)
    monkeypatch.setattr(os, "posix_fallocate", lambda f, a, n: (claimed.append(n), real(f, a, n)))
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder, claimed


def test_held_in_a_file_it_is_the_same(image, weights, tmp_path, request) -> None:
    small = paint_image(image, weights)
    write_maps(small, tmp_path / "small.fits")
    folder, claimed = request.getfixturevalue("in_files")
    large = paint_image(image, weights)
    write_maps(large, tmp_path / "large.fits")
    assert 5 * 7 * 4 * SHAPE[0] * SHAPE[1] in claimed
    assert not list(folder.iterdir())
    for name in ("cube", "std", "p16", "p50", "p84", "mask"):
        np.testing.assert_array_equal(getattr(large, name), getattr(small, name))
    compared = {f.name for f in fields(small)} - {"cube", "std", "p16", "p50", "p84", "mask", "wcs"}
    assert all(getattr(large, name) == getattr(small, name) for name in compared)
    assert (tmp_path / "large.fits").read_bytes() == (tmp_path / "small.fits").read_bytes()


def test_in_many_blocks_it_is_the_same(image, weights, tmp_path, monkeypatch) -> None:
    """Totals to rounding, all else to the bit."""
    whole = paint_image(image, weights)
    write_maps(whole, tmp_path / "whole.fits")
    monkeypatch.setattr(picassso.core.large, "_BLOCK", 7 * SHAPE[1])
    blocks = paint_image(image, weights)
    write_maps(blocks, tmp_path / "blocks.fits")
    for one, other in zip(whole.totals, blocks.totals, strict=True):
        assert (one.property, one.region) == (other.property, other.region)
        for name in ("mean", "p16", "p50", "p84"):
            assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-6)
    with fits.open(tmp_path / "whole.fits") as one, fits.open(tmp_path / "blocks.fits") as other:
        for hdu in one[1:-2]:
            np.testing.assert_array_equal(hdu.data, other[hdu.name].data)


def test_a_file_is_what_astropy_writes(image, weights, tmp_path) -> None:
    write_maps(paint_image(image, weights), tmp_path / "maps.fits")
    with fits.open(tmp_path / "maps.fits", memmap=False) as hdus:
        hdus.writeto(tmp_path / "again.fits")
    assert (tmp_path / "again.fits").read_bytes() == (tmp_path / "maps.fits").read_bytes()


def test_a_full_disk_is_said(in_files, monkeypatch) -> None:
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    options = {"properties": 7, "stride": 8, "receptive_field": 8}
    with pytest.raises(InputError, match="no room for .* TMPDIR"):
        paint_tiles(lambda flux: [flux], np.zeros((5, 16, 16), np.float32), **options)
    assert not list(in_files[0].iterdir())


def test_means_of_blocks() -> None:
    plane = np.arange(35.0).reshape(5, 7)
    plane[0, :2] = np.nan
    plane[4, 6] = np.nan
    mean = picassso.core.large.block_mean(plane, 2)
    assert mean.shape == (3, 4)
    assert mean[0, 0] == pytest.approx((7 + 8) / 2)
    assert mean[1, 1] == pytest.approx((16 + 17 + 23 + 24) / 4)
    assert mean[2, 2] == pytest.approx((32 + 33) / 2)
    assert np.isnan(mean[2, 3])
