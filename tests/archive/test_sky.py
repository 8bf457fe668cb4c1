"""Mocks on real sky: the light is that of galaxy and sky, and nobody adds noise to it again."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from archive_fakes import FakeSource

from fits_galaxies import make_wcs, write_cube
from picassso.archive import DatasetStore, read_image
from picassso.archive.skies import SkyFrames
from picassso.core import SDSS, InputError
from picassso.studies.evaluation.seen import paint_as_learnt
from picassso.training.data import ViewSet, training_batches, validation_batches

SIDE = 96
SIGMA = np.array([0.3, 0.1, 0.2, 0.3, 1.2])


def frames(folder: Path, *, seed: int = 0, shift: float = 0.0, bands: str = "ugriz") -> list[Path]:
    """White noise with a few stars, one frame a band; u is shifted by so many pixels."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(seed)
    sky = rng.normal(size=(5, SIDE, SIDE)) * SIGMA[:, None, None]
    sky[:, 10::40, 15::40] += 50.0
    paths = []
    for band, plane in zip(SDSS.bands, sky, strict=True):
        wcs = make_wcs((SIDE, SIDE), pixel_scale=SDSS.pixel_scale)
        if band == "u":
            wcs.wcs.crpix = wcs.wcs.crpix + shift
        if band in bands:
            path = folder / f"frame-{band}-1.fits"
            paths.append(write_cube(path, plane, wcs=wcs, bands=None, redshift=None))
    return paths


@pytest.fixture
def pair(fake, tmp_path) -> tuple[DatasetStore, DatasetStore, list[Path]]:
    """The same galaxies without and with sky, and the frames."""
    paths = frames(tmp_path / "sky")
    return fake(tmp_path / "clean.zarr"), fake(tmp_path / "on_sky.zarr", sky=paths), paths


def test_light_is_that_of_galaxy_and_a_piece_of_sky(pair) -> None:
    clean, on_sky, paths = pair
    assert on_sky.real_sky and not clean.real_sky
    sky = read_image(paths).flux
    places = set()
    for i in range(len(clean)):
        difference = on_sky.image(i).flux - clean.image(i).flux
        # Pixels are stored with 11 bits: the piece shows where galaxies are faint.
        faint = np.abs(on_sky.image(i).flux) + clean.image(i).flux < 5
        pieces = np.lib.stride_tricks.sliding_window_view(sky, difference.shape[1:], axis=(1, 2))
        band = int(faint.sum(axis=(1, 2)).argmax())
        error = np.abs(pieces[band] - difference[band])[..., faint[band]].max(axis=-1)
        place = np.unravel_index(error.argmin(), error.shape)
        assert np.abs(pieces[:, *place] - difference)[faint].max() < 5e-3
        places.add(place)
        np.testing.assert_array_equal(on_sky.truth(i).cube, clean.truth(i).cube)
    assert len(places) > len(clean) // 2
    # 256 pixels give sigma to 4.5 per cent, 24 times as many to 1.
    np.testing.assert_allclose(on_sky.table["noise"] / SIGMA, 1.0, atol=0.25)
    np.testing.assert_allclose(on_sky.table["noise"].mean(axis=0) / SIGMA, 1.0, atol=0.06)


def test_noise_is_stated_as_for_real_images_whose_bands_were_aligned(tmp_path) -> None:
    """Half a pixel of shift halves the scatter of neighbours; the noise stays what it was."""
    stored = SkyFrames.of(frames(tmp_path / "sky", shift=0.5), None).store(
        tmp_path / "sky.npy", survey="sdss"
    )
    assert stored.smoothed_noise[0] / SIGMA[0] == pytest.approx(0.5, abs=0.05)
    np.testing.assert_allclose(stored.noise, SIGMA, rtol=0.05)


def test_nobody_adds_noise_to_a_real_sky(pair, monkeypatch) -> None:
    _, store, _ = pair
    monkeypatch.setattr("picassso.painting.paint_image", lambda image, weights, **_: image)
    flux = np.asarray(store.flux[:])
    weights, rng = SimpleNamespace(about={}), np.random.default_rng(1)
    _, painted_on = paint_as_learnt(weights, store, store.image(3), rng)
    np.testing.assert_array_equal(painted_on.flux, flux[3])
    views = ViewSet([store], "train", bands=store.bands)
    rows = store.indices("train")
    (batch, *_) = validation_batches(views, batch=4, crop=0, seed=0)
    np.testing.assert_array_equal(batch.flux.numpy(), flux[rows[:4]])
    drawn = training_batches(
        views,
        batch=4,
        crop=0,
        seed=0,
        start=0,
        stop=2,
        augment=False,
        fresh_noise=True,
        noise_range=(0.5, 2.0),
    )
    known = {(f.tobytes(), n.tobytes()) for f, n in zip(flux, noise_of(store), strict=True)}
    for batch in drawn:
        for f, n in zip(batch.flux.numpy(), batch.noise.numpy(), strict=True):
            assert (f.tobytes(), n.tobytes()) in known


def noise_of(store: DatasetStore) -> np.ndarray:
    return store.table["noise"].astype(np.float32)


def test_sky_is_part_of_what_a_store_is(pair, fake, tmp_path) -> None:
    clean, store, paths = pair
    assert store.fingerprint != clean.fingerprint
    again = fake(tmp_path / "again.zarr", sky=paths[::-1])
    assert again.fingerprint == store.fingerprint
    other = frames(tmp_path / "other", seed=1)
    with pytest.raises(InputError, match="sky_sha256 is .* there and .* now"):
        fake(store.path, sky=other)
    with pytest.raises(InputError, match="sky_region is None there"):
        fake(store.path, sky=paths, sky_region=(0, 50, 0, 50))
    with pytest.raises(InputError, match="sky_sha256 is .* there and None now"):
        fake(store.path)
    with pytest.raises(InputError, match="sky_sha256 is None there"):
        fake(clean.path, sky=paths)


def test_an_interrupted_mock_goes_on_with_its_sky(pair, fake, tmp_path, monkeypatch) -> None:
    _, whole, paths = pair
    write = DatasetStore.write_galaxy

    def interrupted(self, galaxy, **arrays):
        if galaxy == 7:
            raise KeyboardInterrupt
        write(self, galaxy, **arrays)

    with monkeypatch.context() as patch:
        patch.setattr(DatasetStore, "write_galaxy", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fake(tmp_path / "cut.zarr", sky=paths)
    store = fake(tmp_path / "cut.zarr", sky=paths)
    assert store.fingerprint == whole.fingerprint
    np.testing.assert_array_equal(store.flux[:], whole.flux[:])
    assert not (store.path / "progress").exists()


def test_bad_skies_leave_nothing_behind(fake, tmp_path) -> None:
    sky = tmp_path / "sky"
    paths = frames(sky)
    text = sky / "notes.fits"
    text.write_text("no FITS")
    for options, message in (
        ({"sky": []}, "no frame was given"),
        ({"sky": sky / "absent.fits"}, "no such sky frame: .*absent.fits"),
        ({"sky": text}, "notes.fits"),
        ({"sky": paths[:4]}, "hold the bands u g r i, expected u g r i z"),
        ({"sky": paths, "sky_region": (0, 5, 0, 500)}, "region 0:5,0:500"),
        ({"sky": paths, "sky_region": (0, 10, 0, 10)}, "no galaxy could be made.*larger frames"),
        ({"sky_region": (0, 10, 0, 10)}, "without sky frames"),
    ):
        with pytest.raises(InputError, match=message):
            fake(tmp_path / "mock.zarr", source=FakeSource(2), **options)
        assert not list(tmp_path.glob("*.zarr")) and not list(tmp_path.glob(".*"))
