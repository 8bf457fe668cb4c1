"""Training: batches are what they should be, runs resume bit for bit, calibration holds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from typer.testing import CliRunner

from picassso.archive import DatasetStore
from picassso.cli.app import build_app
from picassso.core import PROPERTIES, InputError

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from picassso.networks import build, load_weights  # noqa: E402
from picassso.networks.heads import ShiftedLogStudent  # noqa: E402
from picassso.training import TrainConfig, export, train  # noqa: E402
from picassso.training import data as training_data  # noqa: E402
from picassso.training import loop as training_loop  # noqa: E402
from picassso.training import release as training_release  # noqa: E402
from picassso.training import tasks as training_tasks  # noqa: E402
from picassso.training.calibrate import _law  # noqa: E402
from picassso.training.checkpoints import load_checkpoint, save_checkpoint  # noqa: E402
from picassso.training.data import ViewSet, training_batches, validation_batches  # noqa: E402

MAPS = ("stellar_mass", "hi_mass")
SIDE = 32
QUICK = TrainConfig.resolve(
    widths=(8, 8), blocks=(1, 1), batch=4, crop=16, epochs=4, checkpoints=4, warmup=2
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> DatasetStore:
    return toy_store(tmp_path_factory.mktemp("data") / "toy.zarr", galaxies=20)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> DatasetStore:
    return toy_store(tmp_path_factory.mktemp("data") / "few.zarr", galaxies=2)


def toy_store(path: Path, *, galaxies: int) -> DatasetStore:
    """Galaxies of two views: discs whose light follows their mass."""
    made = DatasetStore.create(
        path,
        config={"synthetic": galaxies, "seed": 5},
        galaxies=galaxies,
        views=2,
        shape=(SIDE, SIDE),
        survey="sdss",
        bands="ugriz",
        properties=MAPS,
    )
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    rng = np.random.default_rng(0)
    for galaxy in range(galaxies):
        maps = np.zeros((2, len(MAPS), SIDE, SIDE), np.float32)
        for view in range(2):
            density = 10 ** rng.uniform(7, 9) * np.exp(-np.hypot(x, y) / rng.uniform(3, 8))
            maps[view] = density, density * 10 ** rng.normal(-1, 0.2)
        if galaxy == 3:
            maps[:, 1] = np.nan
        flux = np.repeat(maps[:, :1] / 3e7, 5, axis=1)
        rows = [
            {
                "galaxy_id": f"toy-{galaxy}",
                "galaxy": galaxy,
                "view": view,
                "stellar_mass": float(maps[view, 0].sum()),
                "redshift": 0.05,
                "pixel_scale": 0.4,
                "kpc_per_pixel": 0.4,
                "noise": [0.1] * 5,
                "psf_fwhm": [1.2] * 5,
            }
            for view in range(2)
        ]
        made.write_galaxy(galaxy, flux=flux, maps=maps, rows=rows)
    made.finalise()
    return DatasetStore.open(path)


def test_batches_depend_on_seed_and_step_alone(store: DatasetStore) -> None:
    views = ViewSet([store], "train", bands=store.bands)
    options = dict(batch=4, crop=16, seed=5, augment=True, fresh_noise=True, noise_range=(0.5, 1.5))
    all_of_them = list(training_batches(views, start=0, stop=4, **options))
    late = list(training_batches(views, start=2, stop=4, **options))
    for a, b in zip(all_of_them[2:], late, strict=True):
        assert all(
            torch.equal(p.nan_to_num(-1), q.nan_to_num(-1)) for p, q in zip(a, b, strict=True)
        )
    assert not torch.equal(all_of_them[0].flux, all_of_them[1].flux)


def test_an_epoch_sees_every_view_once(store: DatasetStore) -> None:
    views = ViewSet([store], "train", bands=store.bands)
    options = dict(crop=0, seed=0, augment=False, fresh_noise=False, noise_range=(1.0, 1.0))
    seen = list(training_batches(views, batch=1, start=0, stop=len(views), **options))
    sums = sorted(float(b.truth[0, 0].sum()) for b in seen)
    expected = sorted(float(store.maps[int(i)][0].sum()) for i in store.indices("train"))
    assert sums == pytest.approx(expected, rel=1e-6)


def test_noise_has_the_level_it_is_said_to_have(store: DatasetStore) -> None:
    views = ViewSet([store], "validation", bands=store.bands)
    first, again = (
        next(iter(validation_batches(views, batch=2, crop=0, seed=0))) for _ in range(2)
    )
    assert torch.equal(first.flux, again.flux)
    _, _, clean, _ = views.view(0)
    assert float((first.flux[0] - torch.from_numpy(clean)).std()) == pytest.approx(0.1, rel=0.05)


def test_memory_is_that_of_the_split_not_of_each_store(
    store: DatasetStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not fit is read as needed, and the batches are the same."""
    both = ViewSet([store, store], "train", bands=store.bands)
    one = both.parts[0].held
    assert one == sum(4 * len(store.indices("train")) * n * SIDE**2 for n in (5, len(MAPS)))
    monkeypatch.setattr(training_data, "MEMORY_LIMIT", 1.5 * one)
    tight = ViewSet([store, store], "train", bands=store.bands)
    assert [p.held for p in tight.parts] == [one, 0]
    options = {"batch": 4, "crop": 16, "seed": 3, "start": 0, "stop": 6}
    options |= {"augment": True, "fresh_noise": True, "noise_range": (1.0, 1.0)}
    pairs = zip(training_batches(both, **options), training_batches(tight, **options), strict=True)
    for a, b in pairs:
        for x, y in zip(a, b, strict=True):
            torch.testing.assert_close(x, y, rtol=0, atol=0, equal_nan=True)


def test_a_choice_of_bands_and_a_limit(store: DatasetStore) -> None:
    views = ViewSet([store], "train", bands=("g", "r"), limit=3)
    assert len(views) == 3
    assert next(iter(validation_batches(views, batch=3, crop=0, seed=0))).flux.shape[1] == 2


def test_a_run_cut_off_resumes_bit_for_bit(
    store: DatasetStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(store.path, output=tmp_path / "whole", config=QUICK, cpu=True, progress=False)
    record = training_loop._record
    calls = []

    def die_at_the_third(*args: object) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        record(*args)

    monkeypatch.setattr(training_loop, "_record", die_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        train(store.path, output=tmp_path / "cut", config=QUICK, cpu=True, progress=False)
    monkeypatch.setattr(training_loop, "_record", record)
    cut = train(store.path, output=tmp_path / "cut", config=QUICK, cpu=True, progress=False)
    assert cut.metrics.read_text() == whole.metrics.read_text()
    a, b = (load_weights(r.best)[0].state_dict() for r in (whole, cut))
    assert a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def test_the_loss_scale_of_half_precision_comes_back(tmp_path: Path) -> None:
    """Its next steps grow or shrink it as those of the run that was cut off would have."""

    def begun() -> tuple[torch.nn.Module, torch.optim.Optimizer, torch.amp.GradScaler]:
        torch.manual_seed(0)
        network = torch.nn.Linear(2, 1)
        scaler = torch.amp.GradScaler("cpu", init_scale=64.0, growth_interval=3)
        return network, torch.optim.AdamW(network.parameters()), scaler

    def step(network, optimizer, scaler, factor: float) -> None:
        optimizer.zero_grad()
        scaler.scale(factor * network(torch.ones(1, 2)).sum()).backward()
        scaler.step(optimizer)
        scaler.update()

    run = begun()
    for factor in (1.0, 1.0, 1.0, torch.inf, 1.0, 1.0):
        step(*run, factor)
    assert run[2].get_scale() == 64.0 * 2.0 / 2.0
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, *run[:2], {"step": 6}, scaler=run[2])
    resumed = begun()
    assert load_checkpoint(path, *resumed[:2], scaler=resumed[2]) == {"step": 6}
    for each in (run, resumed):
        step(*each, 1.0)
    assert resumed[2].get_scale() == run[2].get_scale() == 128.0
    assert torch.equal(resumed[0].weight, run[0].weight)
    save_checkpoint(path, *run[:2], {"step": 6})
    with pytest.raises(InputError, match="not a readable checkpoint"):
        load_checkpoint(path, *resumed[:2], scaler=resumed[2])


@pytest.mark.parametrize("kind", ["training", "validation"])
def test_a_loss_that_is_no_number_ends_the_run_and_spares_its_checkpoint(
    store: DatasetStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    right = training_loop._loss
    run = tmp_path / "run"

    def wrong(task, accelerator, model, batch):
        loss = right(task, accelerator, model, batch)
        begun = (run / "checkpoint.safetensors").exists()
        return loss * torch.nan if begun and model.training == (kind == "training") else loss

    with monkeypatch.context() as patch:
        patch.setattr(training_loop, "_loss", wrong)
        with pytest.raises(InputError, match=f"the {kind} loss is no number .* learning rate"):
            train(store.path, output=run, config=QUICK, cpu=True, progress=False)
    assert len((run / "metrics.csv").read_text().splitlines()) == 2
    ended = train(store.path, output=run, config=QUICK, cpu=True, progress=False)
    whole = train(store.path, output=tmp_path / "whole", config=QUICK, cpu=True, progress=False)
    assert ended.metrics.read_text() == whole.metrics.read_text()


def test_a_run_finds_its_data_from_any_folder(
    store: DatasetStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = QUICK.model_copy(update={"epochs": 1.0, "checkpoints": 1})
    monkeypatch.chdir(store.path.parent)
    run = train(store.path.name, output=tmp_path / "run", config=short, cpu=True, progress=False)
    monkeypatch.chdir(tmp_path)
    train(store.path, output="run", config=short, cpu=True, progress=False)
    assert json.loads(run.manifest.read_text())["data"] == {str(store.path): store.fingerprint}
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    written = export("run", output="ours.v1")
    assert [str(p) for p in written] == ["ours.v1.onnx", "ours.v1.safetensors"]
    manifest = load_weights(written[1])[1]
    assert manifest["name"] == "ours.v1" and manifest["created"] == "2001-09-09"
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "ours.v1.onnx",
        "ours.v1.safetensors",
        "run",
    ]


def test_training_teaches(store: DatasetStore, tmp_path: Path) -> None:
    run = train(
        store.path,
        output=tmp_path / "run",
        config=QUICK.model_copy(update={"epochs": 60.0, "learning_rate": 1e-2}),
        cpu=True,
        progress=False,
    )
    rows = np.genfromtxt(run.metrics, delimiter=",", names=True)
    assert rows["validation_loss"][-1] < 0.5 * rows["validation_loss"][0]
    onnx, safetensors = export(run.path, output=tmp_path / "new" / "toy.onnx")
    network, manifest = load_weights(safetensors)
    twin = json.loads(
        onnxruntime.InferenceSession(onnx).get_modelmeta().custom_metadata_map["picassso"]
    )
    assert twin == manifest and len(manifest["network_fingerprint"]) == 16
    assert onnx.stat().st_size > 1e4
    assert set(manifest["calibration"]) == set(MAPS)
    assert manifest["synthetic_seeds"] == [5]
    low, middle, high, power = manifest["calibration"]["stellar_mass"]
    assert low < middle < high and 0 <= power <= 1
    seen = manifest["training_range"]
    assert seen["kpc_per_pixel"] == pytest.approx([0.4, 0.4])
    rows = store.indices("train")
    for channel, band in enumerate(store.bands):
        noise = store.table["noise"][rows, channel]
        low, high = QUICK.noise_range
        assert seen[f"noise_{band}"] == pytest.approx([low * noise.min(), high * noise.max()])
        brightest = np.asarray(store.flux[:])[rows, channel].max(axis=(1, 2))
        assert seen[f"brightest_{band}"] == pytest.approx([brightest.min(), brightest.max()])
    # Sums over the calibration set itself must now be exact.
    true = painted = 0.0
    for *inputs, truth in validation_batches(
        ViewSet([store], "validation", bands=store.bands), batch=4, crop=0, seed=0
    ):
        with torch.no_grad():
            painted += float(network(*inputs).mean[:, 0].double().sum())
        true += float(truth[:, 0].double().sum())
    assert painted == pytest.approx(true, rel=1e-4)


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_the_width_of_totals_follows_the_scatter_of_pixels(power: float) -> None:
    generator = torch.Generator().manual_seed(2)
    spread = torch.exp(torch.randn(4000, generator=generator, dtype=torch.float64))
    residual = 0.3 * spread**power * torch.randn(4000, generator=generator, dtype=torch.float64)
    low, middle, high, found = _law(torch.stack([residual, spread], dim=1))
    assert found == pytest.approx(power, abs=0.06)
    assert (low, middle, high) == pytest.approx((-0.3, 0.0, 0.3), abs=0.03)
    assert _law(torch.empty(0, 2)) == [0.0, 0.0, 0.0, 1.0]


def test_resuming_with_another_config_is_refused(store: DatasetStore, tmp_path: Path) -> None:
    short = QUICK.model_copy(update={"epochs": 1.0, "checkpoints": 1})
    train(store.path, output=tmp_path / "run", config=short, cpu=True, progress=False)
    with pytest.raises(InputError, match="seed was 0, now 1"):
        other = short.model_copy(update={"seed": 1})
        train(store.path, output=tmp_path / "run", config=other, cpu=True, progress=False)
    with pytest.raises(InputError, match="best.safetensors"):
        export(tmp_path, output=tmp_path / "w.onnx")
    for damaged in ("{", "[]", '{"config": {}}'):
        (tmp_path / "run" / "run.json").write_text(damaged)
        with pytest.raises(InputError, match=r"run.json: not the manifest of a run"):
            train(store.path, output=tmp_path / "run", config=short, cpu=True, progress=False)
        with pytest.raises(InputError, match=r"run.json: not the manifest of a run"):
            export(tmp_path / "run", output=tmp_path / "w.onnx")


def test_a_store_without_validation_galaxies_is_trained_on(
    store: DatasetStore, few: DatasetStore, tmp_path: Path
) -> None:
    assert not len(few.indices("validation")) and len(few.indices("train"))
    views = ViewSet([few, store], "validation", bands=store.bands, limit=1)
    assert len(views) == 1
    short = QUICK.model_copy(update={"epochs": 1.0, "checkpoints": 1})
    paths = [few.path, store.path]
    run = train(paths, output=tmp_path / "run", config=short, cpu=True, progress=False)
    onnx, _ = export(run.path, output=tmp_path / "w.onnx")
    assert onnx.is_file()


def test_a_config_that_is_refused_is_not_that_of_the_run(
    store: DatasetStore, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    with pytest.raises(InputError, match="crop must be a multiple of"):
        wrong = QUICK.model_copy(update={"crop": 15})
        train(store.path, output=path, config=wrong, cpu=True, progress=False)
    assert not path.exists()
    path.write_text("notes")
    with pytest.raises(InputError, match="is a file"):
        train(store.path, output=path, config=QUICK, cpu=True, progress=False)


@pytest.mark.parametrize("epochs", ["inf", "nan"])
def test_endless_training_is_refused_before_it_begins(
    store: DatasetStore, tmp_path: Path, epochs: str
) -> None:
    words = ["train", str(store.path), "-o", str(tmp_path / "run"), "--epochs", epochs]
    said = CliRunner().invoke(build_app(), words)
    assert isinstance(said.exception, InputError) and "epochs" in str(said.exception)
    assert not (tmp_path / "run").exists()


def test_a_batch_is_shared_evenly_or_refused(
    store: DatasetStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Three(training_tasks.Accelerator):
        num_processes = 3

    monkeypatch.setattr(training_tasks, "Accelerator", Three)
    with pytest.raises(InputError, match="batch is 4, expected a multiple of the 3.*batch to 6"):
        train(store.path, output=tmp_path / "run", config=QUICK, cpu=True, progress=False)
    assert not (tmp_path / "run").exists()


def test_a_checkpoint_of_another_architecture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    old, new = torch.nn.Linear(2, 1), torch.nn.Linear(3, 1)
    save_checkpoint(path, old, torch.optim.AdamW(old.parameters()), {"step": 6})
    with pytest.raises(InputError, match=r"checkpoint\.safetensors.*weight \[1, 2\].*run\.json"):
        load_checkpoint(path, new, torch.optim.AdamW(new.parameters()))


@pytest.mark.parametrize("wrong", ["notes/w.onnx", "taken"])
def test_an_export_that_cannot_be_written_fails_before_the_work(
    store: DatasetStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    short = QUICK.model_copy(update={"epochs": 1.0, "checkpoints": 1})
    run = train(store.path, output=tmp_path / "run", config=short, cpu=True, progress=False)
    (tmp_path / "notes").write_text("a file")
    (tmp_path / "taken.safetensors").mkdir()
    monkeypatch.setattr(training_release, "calibrate", lambda *_, **__: pytest.fail("calibrated"))
    with pytest.raises(InputError, match="cannot be made|is a folder"):
        export(run.path, output=tmp_path / wrong)


def test_benchmarked_networks_each_have_both_recipes() -> None:
    from runpy import run_path

    script = Path(__file__).parents[2] / "benchmarks" / "accuracy.py"
    contenders = run_path(str(script))["CONTENDERS"]
    configs = {name: TrainConfig.resolve(**chosen) for name, chosen in contenders.items()}
    assert {(c.architecture, c.recipe) for c in configs.values()} == {
        (a, r) for a in ("compact_unet", "paper_unet") for r in ("picassso", "paper")
    }
    assert len(configs) == 4
    for config in configs.values():
        network = config.network(tuple("ugriz"), MAPS)
        with torch.device("meta"):
            assert type(build(network).head).__name__ == (
                "LogPoint" if config.recipe == "paper" else "ShiftedLogStudent"
            )


def test_floors_are_those_of_the_vocabulary() -> None:
    head = ShiftedLogStudent(MAPS)
    assert head.floor.ravel().tolist() == [PROPERTIES[p].floor for p in MAPS]
