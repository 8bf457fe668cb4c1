"""The tasks of spectra: what they learn from, what they learn, and what comes out of a run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from typer.testing import CliRunner

from fibre_store import fibre_store
from picassso.analysis.spectra.measured import MEASURED
from picassso.archive import DatasetStore
from picassso.archive.fibres import rest_spectra
from picassso.cli.app import build_app
from picassso.core import REST_GRID, InputError

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from picassso.networks import (  # noqa: E402
    AutoencoderConfig as AutoencoderNetwork,
)
from picassso.networks import EncoderConfig, load_network  # noqa: E402
from picassso.networks.manifest import MANIFEST_KEY  # noqa: E402
from picassso.networks.spectra.latent_head import LatentHead, LatentPosterior  # noqa: E402
from picassso.networks.weights import network_manifest  # noqa: E402
from picassso.training import (  # noqa: E402
    AutoencoderConfig,
    SpectrumConfig,
    TrainConfig,
    export,
    train,
)
from picassso.training import loop as training_loop  # noqa: E402
from picassso.training.run import RunDirectory  # noqa: E402
from picassso.training.spectra import calibrate as spectra_calibrate  # noqa: E402
from picassso.training.spectra import release as spectra_release  # noqa: E402
from picassso.training.spectra.autoencoder import AutoencoderTask  # noqa: E402
from picassso.training.spectra.calibrate import calibrate  # noqa: E402
from picassso.training.spectra.images import FibreImages  # noqa: E402
from picassso.training.spectra.library import read_library  # noqa: E402

ENCODE = AutoencoderConfig.resolve(
    latents=3, widths=(32, 16), components=5, residuals=4, epochs=12, batch=12, checkpoints=3,
    warmup=5, learning_rate=5e-3, versions=2,
)  # fmt: skip
PREDICT = SpectrumConfig.resolve(
    widths=(8, 8), blocks=(1, 1), hidden=16, epochs=30, batch=12, checkpoints=2, warmup=5,
    crop=16, learning_rate=1e-2, gaussians=2,
)  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> DatasetStore:
    return fibre_store(tmp_path_factory.mktemp("data") / "fibres.zarr")


@pytest.fixture(scope="module")
def encoding(store: DatasetStore, tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    output = tmp_path_factory.mktemp("runs") / "autoencoder"
    return train(store.path, output=output, config=ENCODE, cpu=True, progress=False)


@pytest.fixture(scope="module")
def predicting(
    store: DatasetStore, encoding: RunDirectory, tmp_path_factory: pytest.TempPathFactory
) -> RunDirectory:
    return train(
        store.path,
        output=tmp_path_factory.mktemp("runs") / "encoder",
        config=PREDICT,
        autoencoder=encoding.path,
        cpu=True,
        progress=False,
    )


@pytest.fixture
def light_onnx(monkeypatch: pytest.MonkeyPatch) -> None:
    """The networks' own tests export them; here a file with the manifest will do."""

    def write(network, config, path, *, about, half=False):
        graph = onnx.helper.make_graph([], "none", [], [])
        model = onnx.helper.make_model(graph)
        manifest = {**network_manifest(network, config), **about}
        onnx.helper.set_model_props(model, {MANIFEST_KEY: json.dumps(manifest)})
        Path(path).write_bytes(model.SerializeToString())

    for name in ("export_image_encoder", "export_spectrum_decoder", "export_spectrum_encoder"):
        monkeypatch.setattr(spectra_release, name, write)


def metrics_of(run: RunDirectory) -> np.ndarray:
    return np.genfromtxt(run.metrics, delimiter=",", names=True)


def manifest_of(path: Path) -> dict:
    return json.loads({e.key: e.value for e in onnx.load(path).metadata_props}[MANIFEST_KEY])


def test_spectra_depend_on_seed_and_step_alone(store: DatasetStore) -> None:
    library = read_library([store], "train", config=ENCODE)
    one, again, other = (library.batch(s, ENCODE, rank=0, world=1) for s in (4, 4, 5))
    assert all(torch.equal(a, b) for a, b in zip(one, again, strict=True))
    assert not torch.equal(one.flux, other.flux)
    assert not torch.equal(one.draw, one.prior)
    same = read_library([store], "train", config=ENCODE)
    np.testing.assert_array_equal(library.flux, same.flux)


def test_noise_is_what_its_weight_says_and_gaps_have_none(store: DatasetStore) -> None:
    library = read_library([store], "train", config=ENCODE)
    batches = [library.batch(s, ENCODE, rank=0, world=1) for s in range(8)]
    flux, weight, truth = (torch.cat(part) for part in list(zip(*batches, strict=True))[:3])
    pull = ((flux - truth) * weight.sqrt())[weight > 0]
    assert float(pull.std()) == pytest.approx(1.0, abs=0.02)
    assert float(pull.mean()) == pytest.approx(0.0, abs=0.02)
    share = (weight > 0).float().mean(dim=1)
    assert 0.6 < float(share.min()) < float(share.max()) < 1.0, "redshifts and gaps differ"
    near = ENCODE.model_copy(update={"redshift_range": (0.02, 0.02), "gap": 0.0})
    known = library.batch(0, near, rank=0, world=1).weight > 0
    below = torch.from_numpy(REST_GRID * 1.02 < 3795)
    assert not known[:, below].any() and bool(known[:, ~below].float().mean() > 0.95)


def test_the_first_version_is_the_galaxy_and_the_others_are_not(store: DatasetStore) -> None:
    library = read_library([store], "train", config=ENCODE)
    own = rest_spectra(store, store.indices("train"))
    scaled = own / np.sqrt(np.mean(own**2, axis=1, keepdims=True))
    np.testing.assert_allclose(library.own, scaled, rtol=1e-5)
    assert library.flux.shape[1] == ENCODE.versions
    assert np.abs(library.flux[:, 1] - scaled).max(axis=1).min() > 1e-3
    plain = ENCODE.model_copy(update={"widen": False})
    assert read_library([store], "train", config=plain).flux.shape[1] == 1


def test_an_autoencoder_learns_and_knows_its_population(
    store: DatasetStore, encoding: RunDirectory
) -> None:
    rows = metrics_of(encoding)
    assert rows["validation_loss"][-1] < 0.8 * rows["validation_loss"][0]
    assert rows["error"][-1] < rows["error"][0]
    network, _, manifest = load_network(encoding.best, AutoencoderNetwork)
    assert manifest["train_config"]["latents"] == 3
    task = AutoencoderTask([store], ENCODE)
    clean = torch.from_numpy(task.library.own)
    with torch.no_grad():
        norm = network.norm(clean, torch.full_like(clean, 1e8))
        latents, _ = network.encode(clean, torch.full_like(clean, 1e8))
        held_out = torch.from_numpy(task.held_out.own)
        decoded = network.decode(network.encode(held_out, torch.full_like(held_out, 1e8))[0])
    torch.testing.assert_close(norm, torch.ones(len(norm)), rtol=2e-3, atol=0)
    torch.testing.assert_close(latents.mean(dim=0), torch.zeros(3), rtol=0, atol=0.02)
    torch.testing.assert_close(latents.std(dim=0), torch.ones(3), rtol=0, atol=0.02)
    with torch.no_grad():
        scale = network.scatter.scale(network.encode(held_out, torch.full_like(held_out, 1e8))[0])
    scatter = (scale[:, :, None] * network.scatter.components).square().sum(dim=1)
    assert float(scatter.mean()) == pytest.approx(
        float((decoded - held_out).square().mean()), rel=0.3
    ), "a few components hold most of what is missed"


def test_an_autoencoder_cut_off_resumes_bit_for_bit(
    store: DatasetStore, encoding: RunDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = training_loop._record
    calls = []

    def die_at_the_second(*args: object) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        record(*args)

    with monkeypatch.context() as patch:
        patch.setattr(training_loop, "_record", die_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            train(store.path, output=tmp_path / "cut", config=ENCODE, cpu=True, progress=False)
    cut = train(store.path, output=tmp_path / "cut", config=ENCODE, cpu=True, progress=False)
    assert cut.metrics.read_text() == encoding.metrics.read_text()
    a, b = (load_network(r.best, AutoencoderNetwork)[0].state_dict() for r in (encoding, cut))
    assert a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


@pytest.mark.parametrize("target", ["truth", "noisy"])
@pytest.mark.parametrize("weighting", ["even", "observed"])
def test_every_choice_of_the_loss_has_gradients(
    store: DatasetStore, target: str, weighting: str
) -> None:
    config = ENCODE.model_copy(
        update={"target": target, "weighting": weighting, "constancy": 1.0, "alpha": -0.5}
    )
    task = AutoencoderTask([store], config)
    task.total(task.loss(task.network, task.library.batch(0, config, rank=0, world=1))).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in task.network.parameters())


def test_fibres_lie_in_the_middle_of_what_the_encoder_sees(
    store: DatasetStore, encoding: RunDirectory
) -> None:
    autoencoder, *_ = load_network(encoding.best, AutoencoderNetwork)
    images = FibreImages(
        [store], "train", autoencoder=autoencoder, config=PREDICT, bands=("g", "r")
    )
    batch = next(images.training_batches(0, 1, rank=0, world=1))
    assert batch.flux.shape == (PREDICT.batch, 2, PREDICT.crop, PREDICT.crop)
    bright = batch.flux.mean(dim=(0, 1))
    middle = PREDICT.crop // 2
    assert float(bright[middle - 1 : middle + 1, middle - 1 : middle + 1].min()) > 0.9 * float(
        bright.max()
    )
    np.testing.assert_allclose(batch.psf_fwhm[0], [1.2, 1.2], rtol=1e-6)
    np.testing.assert_allclose(batch.pixel_scale, 0.4, rtol=1e-6)
    rows = np.arange(3)
    spectra, stars = images.light(rows)
    np.testing.assert_array_equal(spectra, rest_spectra(store, store.indices("train")[:3]))
    assert (stars <= spectra).all() and (stars < spectra).any()
    size = np.sqrt(np.mean(spectra**2, axis=1))
    np.testing.assert_allclose(10.0 ** images.target[rows, -1], size, rtol=0.01)


def test_an_encoder_learns_from_images(store: DatasetStore, predicting: RunDirectory) -> None:
    rows = metrics_of(predicting)
    names = [f"latent_{k}" for k in range(3)] + ["log10_norm"]
    assert set(names) | {f"likelihood_{n}" for n in names} < set(rows.dtype.names)
    assert rows["validation_loss"][-1] < rows["validation_loss"][0]
    size = np.log10(np.sqrt(np.mean(rest_spectra(store, store.indices("validation")) ** 2, axis=1)))
    assert rows["log10_norm"][-1] < 0.7 * np.var(size), "an image tells how bright a spectrum is"


def test_calibration_finds_by_how_much_an_encoder_is_too_sure(
    encoding: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of truths drawn from a posterior twice as wide as the one that is claimed."""
    monkeypatch.setattr(spectra_calibrate, "_SAMPLES", 39)
    autoencoder, *_ = load_network(encoding.best, AutoencoderNetwork)
    # What the autoencoder misses would hide how sure the encoder is.
    autoencoder.scatter.components.zero_()
    generator = torch.Generator().manual_seed(0)
    n, numbers = 200, autoencoder.latents + 1
    mean = 0.3 * torch.randn(n, numbers, generator=generator)
    tril = 0.4 * torch.eye(numbers) + 0.1 * torch.ones(numbers, numbers).tril(-1)
    target = mean + torch.randn(n, numbers, generator=generator) @ tril.mT
    residual = torch.randn(n, len(autoencoder.scatter), generator=generator)
    with torch.no_grad():
        shapes = autoencoder.with_scatter(target[:, :-1], residual)
        true_stars = autoencoder.stars.of_clean(shapes)
    truth, stars = ((10.0 ** target[:, -1:] * s).numpy() for s in (shapes, true_stars))

    class Claims:
        head = LatentHead(numbers)

        def eval(self) -> None: ...

        def __call__(self, flux: torch.Tensor) -> LatentPosterior:
            return LatentPosterior.of(
                torch.zeros(n, 1),
                mean[:, None],
                (0.5 * tril).expand(n, 1, numbers, numbers),
                stretch=torch.ones(numbers),
            )

    class Images:
        def batches(self, *, seed: int):
            yield torch.zeros(n, 1), target

        def light(self, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return truth[which], stars[which]

    claims = Claims()
    found = calibrate(claims, autoencoder, Images())
    np.testing.assert_allclose(found.factors, 2.0, rtol=0.2)
    np.testing.assert_allclose(claims.head.scale_factor, found.factors, rtol=1e-6)
    assert set(found.indices) == set(MEASURED) and len(found.flux) == len(REST_GRID)
    # Latents that are right make everything right: nothing is left to move.
    assert np.median(found.flux) == pytest.approx(1.0, abs=0.15)
    for name in ("EW_Halpha", "D4000"):
        ends = np.mean(found.indices[name].ends, axis=0)
        np.testing.assert_allclose(ends, [-1.0, 0.0, 1.0], atol=0.2)


def test_exports_say_what_they_need_to(
    store: DatasetStore,
    encoding: RunDirectory,
    predicting: RunDirectory,
    tmp_path: Path,
    light_onnx: None,
) -> None:
    paths = export(predicting.path, output=tmp_path / "ugriz.onnx")
    halves = ["decoder.onnx", "spectrum_encoder.onnx"]
    assert [p.name for p in paths] == ["ugriz.onnx", "ugriz.safetensors", *halves]
    encoder, decoder, of_spectra = (manifest_of(paths[k]) for k in (0, 2, 3))
    _, _, its = load_network(encoding.best, AutoencoderNetwork)
    assert encoder["decoder_fingerprint"] == its["network_fingerprint"]
    for half in (decoder, of_spectra):
        assert half["network_fingerprint"] == its["network_fingerprint"]
        assert half["licence"] == encoder["licence"] and half["version"] == encoder["version"]
        assert half["created"] == encoder["created"]
        assert half["training_range"]["signal_to_noise"] == list(ENCODE.snr_range)
        assert 0.6 < half["training_range"]["coverage"][0] < 0.9, "sky, ends and gaps are lost"
    held_out = store.table["galaxy"][store.indices("validation")]
    distances = encoder["reference_distances"]
    assert len(distances) == len(np.unique(held_out)) and sorted(distances) == distances
    assert min(distances) > 0
    assert encoder["pixels"] == PREDICT.crop and encoder["synthetic_seeds"] == [5]
    low, high = PREDICT.noise_range
    assert encoder["training_range"]["noise_r"] == pytest.approx([0.05 * low, 0.05 * high])
    assert encoder["training_range"]["psf_fwhm"] == pytest.approx([1.0, 1.2])
    network, *_ = load_network(paths[1], EncoderConfig)
    factors = encoder["calibration"]["factors"]
    np.testing.assert_allclose(network.head.scale_factor, factors, rtol=1e-6)
    # The same decoder may serve many encoders, another one none of them.
    assert export(encoding.path, output=tmp_path / "spectra.onnx")[2] == paths[2]
    (tmp_path / "decoder.onnx").write_bytes(b"of something else")
    with pytest.raises(InputError, match=r"decoder\.onnx: belongs to another autoencoder"):
        export(predicting.path, output=tmp_path / "ugriz.onnx")


def test_another_task_or_autoencoder_is_refused(
    store: DatasetStore, encoding: RunDirectory, predicting: RunDirectory, tmp_path: Path
) -> None:
    of = {"cpu": True, "progress": False}
    with pytest.raises(InputError, match=r"a run of the task 'spectrum-autoencoder', not of"):
        train(store.path, output=encoding.path, config=TrainConfig(), **of)
    with pytest.raises(InputError, match="latents was 3, now 4"):
        other = ENCODE.model_copy(update={"latents": 4})
        train(store.path, output=encoding.path, config=other, **of)
    with pytest.raises(InputError, match="--autoencoder RUN"):
        train(store.path, output=tmp_path / "run", config=PREDICT, **of)
    with pytest.raises(InputError, match="needs no autoencoder"):
        train(store.path, output=tmp_path / "run", config=ENCODE, autoencoder="a", **of)
    with pytest.raises(InputError, match=r"no best\.safetensors in it"):
        train(store.path, output=tmp_path / "run", config=PREDICT, autoencoder=tmp_path, **of)
    with pytest.raises(InputError, match="kind 'spectrum-encoder'"):
        its = predicting.best
        train(store.path, output=tmp_path / "run", config=PREDICT, autoencoder=its, **of)
    short = ENCODE.model_copy(update={"epochs": 1.0, "checkpoints": 1, "seed": 1})
    another = train(store.path, output=tmp_path / "another", config=short, **of)
    with pytest.raises(InputError, match="the data, or their order, differ"):
        its = another.path
        train(store.path, output=predicting.path, config=PREDICT, autoencoder=its, **of)
    assert not (tmp_path / "run").exists()


def test_a_store_without_spectra_is_refused(tmp_path: Path) -> None:
    from studied_galaxies import studied_store

    plain = studied_store(tmp_path / "plain.zarr")
    with pytest.raises(InputError, match=r"plain\.zarr has no spectra"):
        train(plain.path, output=tmp_path / "run", config=ENCODE, cpu=True, progress=False)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("crop", [15, 32])
def test_a_crop_that_has_no_middle_is_refused(
    store: DatasetStore, encoding: RunDirectory, tmp_path: Path, crop: int
) -> None:
    wrong = PREDICT.model_copy(update={"crop": crop})
    with pytest.raises(InputError, match=f"frames of 20 pixels: a crop of {crop}"):
        train(
            store.path,
            output=tmp_path / "run",
            config=wrong,
            autoencoder=encoding.path,
            cpu=True,
            progress=False,
        )


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"recipe": "paper"}, "recipe"),
        ({"snr_range": [10, 3]}, "snr_range is 10 to 3"),
        ({"target": "both"}, "target"),
        ({"alpha": 2}, "alpha is 2"),
        ({"divergence_weight": 0.5}, "at least 1"),
    ],
)
def test_bad_configs_name_the_key(chosen: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        AutoencoderConfig.resolve(**chosen)


def test_an_unknown_task_names_the_known_ones(store: DatasetStore, tmp_path: Path) -> None:
    words = ["train", str(store.path), "-o", str(tmp_path / "run"), "--task", "sketch"]
    said = CliRunner().invoke(build_app(), words)
    assert isinstance(said.exception, InputError)
    assert all(t in str(said.exception) for t in ("maps", "spectrum-autoencoder", "'spectrum'"))
