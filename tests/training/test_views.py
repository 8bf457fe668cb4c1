"""What is taken away from an image is gone, and nothing else is."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from picassso.archive import DatasetStore
from picassso.core import InputError
from picassso.training.views import grey_bands, in_disorder, reordered, restored
from studied_galaxies import MAPS, studied_store

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from picassso.training import TrainConfig  # noqa: E402
from picassso.training.calibrate import _total_residuals  # noqa: E402
from picassso.training.data import ViewSet, training_batches, validation_batches  # noqa: E402
from picassso.training.run import RunDirectory  # noqa: E402

BANDS = tuple("ugriz")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> DatasetStore:
    return studied_store(tmp_path_factory.mktemp("data") / "discs.zarr")


def pixels(*cubes: np.ndarray) -> np.ndarray:
    """All pixels of a view, every band and map of each, in an order of their own."""
    columns = np.concatenate([c.reshape(len(c), -1) for c in cubes])
    return columns[:, np.lexsort(columns)]


@given(st.integers(1, 7), st.integers(1, 7), st.integers(0, 99))
def test_an_order_is_undone(height: int, width: int, seed: int) -> None:
    cube = np.arange(2 * 3 * height * width).reshape(2, 3, height, width)
    order = np.random.default_rng(seed).permutation(height * width)
    shown = reordered(cube, order)
    np.testing.assert_array_equal(restored(shown, order), cube)
    assert shown[1, 2, 0, 0] == cube[1, 2].ravel()[order[0]]
    np.testing.assert_array_equal(reordered(torch.from_numpy(cube), order).numpy(), shown)


def test_shuffled_views_keep_every_pixel_with_its_truth_and_no_place(store: DatasetStore) -> None:
    """Light is mass times a factor: it still is after shuffling, but lies elsewhere each time."""
    quiet = ViewSet([store], "train", bands=BANDS, shuffled=True)
    for part in quiet.parts:
        part.noise[:] = 0.0

    def batches():
        return training_batches(
            quiet,
            batch=len(quiet),
            crop=0,
            seed=1,
            start=0,
            stop=2,
            augment=False,
            fresh_noise=True,
            noise_range=(1.0, 1.0),
        )

    first, second = batches()
    stored = {quiet.view(k)[2].sum(): k for k in range(len(quiet))}
    for batch in (first, second):
        for flux, truth in zip(batch.flux.numpy(), batch.truth.numpy(), strict=True):
            k = min(stored, key=lambda total: abs(total - flux.sum()))
            _, _, whole_flux, whole_maps = quiet.view(stored[k])
            np.testing.assert_array_equal(pixels(flux, truth), pixels(whole_flux, whole_maps))
            assert not np.array_equal(flux, whole_flux)
    assert not np.array_equal(np.sort(first.flux[:, 0, 0, 0]), np.sort(second.flux[:, 0, 0, 0]))
    again, _ = batches()
    np.testing.assert_array_equal(again.flux, first.flux)


def test_grey_views_have_no_colour_left(store: DatasetStore) -> None:
    """Not in light, nor in noise or PSF, which would tell of it."""
    assert grey_bands(BANDS) == ("r",) * 5
    assert grey_bands(("u", "g")) == ("g", "g")
    grey = ViewSet([store], "validation", bands=BANDS, grey=True)
    coloured = ViewSet([store], "validation", bands=BANDS)
    for index in range(len(grey)):
        part, k, flux, maps = grey.view(index)
        _, _, of_all, same_maps = coloured.view(index)
        np.testing.assert_array_equal(flux, np.repeat(of_all[2:3], 5, axis=0))
        np.testing.assert_array_equal(maps, same_maps)
        assert np.ptp(part.noise[k]) == np.ptp(part.psf_fwhm[k]) == 0
        assert part.noise[k, 0] == coloured.parts[0].noise[k, 2]
    batch = next(validation_batches(grey, batch=4, crop=0, seed=0))
    difference = (batch.flux[:, 0] - batch.flux[:, 4]).numpy() / batch.noise[:, :1, None].numpy()
    assert difference.std() == pytest.approx(np.sqrt(2), rel=0.1), "each band has noise of its own"


def test_samples_are_of_galaxies_and_nested(store: DatasetStore) -> None:
    def chosen(galaxies: int, seed: int) -> set[int]:
        views = ViewSet([store], "train", bands=BANDS, galaxies=galaxies, seed=seed)
        return set(views.parts[0].rows.tolist())

    everyone = set(store.indices("train").tolist())
    assert chosen(13, 0) == chosen(0, 0) == everyone
    samples = [chosen(n, 0) for n in (2, 5, 9)]
    assert [len(s) for s in samples] == [4, 10, 18]
    assert samples[0] < samples[1] < samples[2] < everyone
    for sample in samples:
        names = store.table["galaxy_id"][sorted(sample)]
        assert (np.unique(names, return_counts=True)[1] == 2).all()
    assert chosen(5, 0) != chosen(5, 1)
    with pytest.raises(InputError, match="galaxies is 14, but the stores hold 13"):
        chosen(14, 0)


def test_disorder_is_put_right_behind_a_network() -> None:
    """One that works pixel by pixel notices nothing; one that looks around loses its way."""
    flux = torch.rand(2, 5, 8, 8, generator=torch.Generator().manual_seed(0))

    def pixelwise(flux, factor, *, raw):
        return factor * flux.sum(dim=1, keepdim=True)

    def blurred(flux, factor, *, raw):
        return torch.nn.functional.avg_pool2d(pixelwise(flux, factor, raw=raw), 3, 1, 1)

    for paint, same in ((pixelwise, True), (blurred, False)):
        seen = in_disorder(paint, seed=3)(flux, 2.0, raw=True)
        assert torch.allclose(seen, paint(flux, 2.0, raw=True), rtol=1e-5) == same


def test_totals_are_calibrated_in_the_true_regions(store: DatasetStore) -> None:
    """A painter that is right pixel by pixel is right in the ellipse, shuffled or not."""
    from picassso.networks.heads import Painted

    def paint(flux, *conditions, raw=False):
        mean = 3e7 * flux[:, [2, 2]]
        return Painted(mean, 0.1 * mean, mean, mean, mean)

    views = [ViewSet([store], "validation", bands=BANDS)]
    views[0].parts[0].noise[:] = 1e-6
    plain = _total_residuals(paint, views, MAPS, seed=0)
    mixed = _total_residuals(in_disorder(paint, seed=0), views, MAPS, seed=0)
    frames = len(store.indices("validation"))
    assert len(plain[0]) == len(mixed[0]) > frames, "ellipses beside frames"
    for one, other in zip(plain, mixed, strict=True):
        assert torch.allclose(one, other, atol=1e-3)


def test_runs_of_before_these_keys_go_on(store: DatasetStore, tmp_path: Path) -> None:
    run = RunDirectory(tmp_path / "run")
    config = TrainConfig.resolve(epochs=2)
    data = {str(store.path): store.fingerprint}
    run.begin(config, data)
    manifest = json.loads(run.manifest.read_text())
    for key in ("grey", "shuffled", "galaxies"):
        manifest["config"].pop(key)
    manifest.pop("task")
    run.manifest.write_text(json.dumps(manifest))
    run.check(config, data)
    with pytest.raises(InputError, match="grey was False, now True"):
        run.check(config.model_copy(update={"grey": True}), data)


def test_the_config_is_the_one_that_old_runs_and_studies_are_known_by() -> None:
    """A hash of these very keys names the runs of a study; another would train them all anew."""
    known = json.dumps(TrainConfig().model_dump(mode="json"), sort_keys=True)
    assert hashlib.sha256(known.encode()).hexdigest()[:16] == "38cee285df8c1fd4"
