"""The study of encoders: what it chooses by, what it compares, and what that says."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from unittest.mock import PropertyMock

import numpy as np
import pytest
from typer.testing import CliRunner

from fibre_store import fibre_store
from picassso.archive import DatasetStore
from picassso.cli.app import build_app
from picassso.core import InputError
from studied_galaxies import studied_store

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from picassso.networks import AutoencoderConfig as AutoencoderNetwork  # noqa: E402
from picassso.networks import EncoderConfig, load_network  # noqa: E402
from picassso.report import write_encoder_study  # noqa: E402
from picassso.studies import EncoderStudyConfig, StudyConfig, study_encoders  # noqa: E402
from picassso.studies.experiments import ENCODERS, runs, workers  # noqa: E402
from picassso.studies.experiments.encoders import trial  # noqa: E402
from picassso.studies.experiments.encoders.comparison import Comparison, compare  # noqa: E402
from picassso.studies.experiments.encoders.plan import (  # noqa: E402
    Choice,
    compared,
    ground_of,
    trials_of,
)
from picassso.studies.experiments.encoders.published import PAPER_ORDER  # noqa: E402
from picassso.studies.experiments.encoders.trial import read_latents  # noqa: E402
from picassso.studies.experiments.encoders.words import ordering, ours  # noqa: E402
from picassso.studies.experiments.plan import Run, plan, runs_of  # noqa: E402
from picassso.training import AutoencoderConfig, train  # noqa: E402
from picassso.training.loop import DivergedError  # noqa: E402
from picassso.training.run import RunDirectory  # noqa: E402
from picassso.training.spectra.images import FibreImages  # noqa: E402

ENCODE = AutoencoderConfig.resolve(
    latents=3, widths=(16,), components=5, residuals=4, epochs=2, batch=12, checkpoints=1,
    warmup=2, learning_rate=5e-3, versions=1,
)  # fmt: skip
TINY = {
    "arms": ["simple_cnn", "compact"],
    "seeds": 2,
    "train": {
        "widths": [8, 8], "blocks": [1, 1], "hidden": 16, "epochs": 2, "batch": 12,
        "checkpoints": 4, "warmup": 4, "crop": 16, "precision": "no",
    },
    "tuning": {"rates": [3e-3], "share": 0.5},
}  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> DatasetStore:
    return fibre_store(tmp_path_factory.mktemp("data") / "fibres.zarr")


@pytest.fixture(scope="module")
def encoding(store: DatasetStore, tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    output = tmp_path_factory.mktemp("runs") / "autoencoder"
    return train(store.path, output=output, config=ENCODE, cpu=True, progress=False)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def choice_of(run: Run) -> Choice:
    recipe = "ours" if run.training.covariance else "paper"
    return Choice(run.training.backbone, recipe, run.training.learning_rate)


@pytest.mark.parametrize(
    ("kind", "name", "fingerprint"),
    [
        ("bands", "r_32px_seed2", "b7ac6454fd1930482892aed7aaccbafc"),
        ("resolution", "ugriz_16px_seed2", "8d20f1b81469912ae87d7adebe0220fa"),
        ("samples", "ugriz_32px_2galaxies_seed0", "7dccc0c3735b41327b374d4ef770b499"),
        ("ensemble", "ugriz_32px_seed4", "d2dbb0f0c299979e9e05dcf77770aa29"),
        ("morphology", "ugriz_32px_shuffled_grey_seed2", "dfae4ab4eb5d16589badae28e40d8cba"),
    ],
)  # fmt: skip
def test_runs_of_maps_are_called_what_they_were_called_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind, name, fingerprint
) -> None:
    """So that folders of studies go on; computed when studies trained networks of maps alone."""
    discs = studied_store(tmp_path / "discs.zarr", side=32, galaxies=20)
    zeros = PropertyMock(return_value="0" * 64)
    monkeypatch.setattr(DatasetStore, "fingerprint", zeros)
    small = {"widths": [8, 8], "blocks": [1, 1], "batch": 4, "epochs": 3, "precision": "no"}
    config = StudyConfig.resolve(train=small, morphology={"train": {"fold": 1}})
    found = {
        run.folder.name: run.fingerprint
        for arm in plan(kind, config, discs)
        for run in runs_of(arm, discs, output=tmp_path, evaluation_seed=0)
    }
    assert found[f"{name}-{fingerprint[:8]}"].startswith(fingerprint)


def test_every_network_is_tuned_with_the_same_effort(
    store: DatasetStore, encoding: RunDirectory, tmp_path: Path
) -> None:
    config = EncoderStudyConfig.resolve(train={"epochs": 20, "warmup": 200, "checkpoints": 12})
    ground = ground_of(store, encoding.path, output=tmp_path)
    trials = trials_of(config, ground)
    by_arm = {arm: [t for t in trials if t.choice.arm == arm] for arm in ENCODERS}
    assert {len(of) for of in by_arm.values()} == {6}
    for t in trials:
        training = t.run.training
        assert choice_of(t.run) == t.choice and not t.run.tested
        assert (training.epochs, training.warmup, training.checkpoints) == (5, 50, 3)
        assert training.crop == 0 and training.bands == tuple("ugriz")
        own = t.choice.recipe == "ours"
        assert (training.covariance, training.norm, training.fresh_noise) == (own, own, own)
        built_in = own or t.choice.arm == "compact"
        assert (training.conditions, training.stretch == "asinh") == (built_in, built_in)
        training.network(tuple("ugriz"), 3).build()
    assert len({t.run.folder for t in trials}) == len(trials)
    chosen = {"compact": Choice("compact", "ours", 1e-3)}
    (finals,) = compared(chosen, config, ground).values()
    assert [run.training.seed for run in finals] == [0, 1, 2]
    assert all(run.training.epochs == 20 and run.tested for run in finals)
    other = replace(ground, latents="of another autoencoder")
    assert not {t.run.folder for t in trials_of(config, other)} & {t.run.folder for t in trials}
    whole = EncoderStudyConfig.resolve(tuning={"share": 1.0, "seed": 3})
    folders = {t.run.fingerprint for t in trials_of(whole, ground)}
    assert not folders & {r.fingerprint for r in compared(chosen, whole, ground)[chosen["compact"]]}


def test_a_study_trains_tests_resumes_and_does_nothing_twice(
    store: DatasetStore, encoding: RunDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    perform, test, performed = runs.perform, trial._test, []

    def counted(run: Run, *, cpu: bool) -> None:
        performed.append(run.folder.name)
        perform(run, cpu=cpu)

    def interrupted(run: Run, trained: RunDirectory, *, cpu: bool) -> None:
        if run.training.seed == 1:
            raise KeyboardInterrupt
        test(run, trained, cpu=cpu)

    monkeypatch.setattr(workers, "perform", counted)
    monkeypatch.setattr("picassso.figures.save_figure", lambda *_: None)
    options = {
        "autoencoder": encoding.path,
        "output": tmp_path / "out",
        "config": EncoderStudyConfig.resolve(**TINY),
        "devices": ["cpu"],
        "progress": False,
    }
    with monkeypatch.context() as patch:
        patch.setattr(trial, "_test", interrupted)
        with pytest.raises(KeyboardInterrupt):
            study_encoders(store, **options)
    tried = 2 + 2
    assert len(performed) == tried + 2 and not (tmp_path / "out" / "encoders.md").exists()
    performed.clear()
    found = study_encoders(store, **options)
    assert len(performed) == 3, "the one cut off, and those after it"
    study_encoders(store, **options)
    assert len(performed) == 3
    for folder in (tmp_path / "out" / "runs").iterdir():
        kept = {p.name for p in (folder / "run").iterdir()}
        assert "checkpoint.safetensors" not in kept and "metrics.csv" in kept
        assert ("best.safetensors" in kept) == (folder / "latents.csv").exists()
        assert (folder / "latents.csv").exists() == ("tuning" not in folder.name)

    recipes = {t.error: t.choice for t in found.tried if t.choice.arm == "simple_cnn"}
    assert found.arms[0].choice == recipes[min(recipes)] and len(recipes) == 2
    arm = found.arms[1]
    assert arm.choice.arm == "compact" and len(arm.by_seed) == 2
    tested = read_latents(arm.runs[0])
    network, _, manifest = load_network(arm.runs[0] / "run" / "best.safetensors", EncoderConfig)
    autoencoder, *_ = load_network(encoding.best, AutoencoderNetwork)
    training = options["config"].training(arm.choice.recipe, backbone="compact")
    images = FibreImages(
        [store], "test", autoencoder=autoencoder, config=training, bands=tuple("ugriz")
    )
    np.testing.assert_allclose(tested.true, images.target[:, :3], rtol=1e-5)
    with torch.no_grad():
        said = [network(*inputs)[0][:, :3] for *inputs, _ in images.batches(seed=0)]
    np.testing.assert_allclose(tested.predicted, torch.cat(said).numpy(), atol=1e-4)
    assert list(tested.galaxy_id) == list(store.table["galaxy_id"][store.indices("test")])
    np.testing.assert_allclose(arm.by_seed[0], tested.squares.mean())
    metrics = read(arm.runs[0] / "run" / "metrics.csv")
    kept_row = next(row for row in metrics if int(row["step"]) == manifest["step"])
    errors = [float(kept_row[f"latent_{k}"]) for k in range(3)]
    result = json.loads((arm.runs[0] / "result.json").read_text())
    assert result["validation_loss"] == pytest.approx(np.mean(errors))
    assert result["seconds"] > 0 and result["parameters"] == arm.parameters


class StandIn:
    """Trains nothing: errors on the validation split follow a table, those of the test arms."""

    def __init__(self, tuned: dict[Choice, float], errors: dict[str, float]) -> None:
        self.tuned, self.errors, self.tested = tuned, errors, []

    def __call__(self, run: Run, *, cpu: bool) -> None:
        choice = choice_of(run)
        (run.folder / "run").mkdir(parents=True)
        loss = self.tuned.get(choice, 1.0)
        errors = loss + 1 / np.arange(1, 13) ** 3
        errors[-1] += 0.05 * (choice.arm == "simple_cnn")  # overfitted
        lines = ["step,validation_loss,latent_0", *(f"{k},{e},{e}" for k, e in enumerate(errors))]
        (run.folder / "run" / "metrics.csv").write_text("\n".join(lines))
        result = {"validation_loss": loss, "late_fall": 0.001, "seconds": 9.0, "parameters": 12}
        (run.folder / "result.json").write_text(
            json.dumps({"fingerprint": run.fingerprint, **result})
        )
        if run.tested:
            self.tested.append(choice)
            self.predict(run.folder, self.errors[choice.arm], run.training.seed)

    def predict(self, folder: Path, error: float, seed: int) -> None:
        true = np.random.default_rng(0).normal(size=(120, 2))
        noise = np.random.default_rng([1, seed]).normal(size=true.shape)
        rows = [["galaxy_id", "row", "true_latent_0", "true_latent_1"]]
        rows[0] += ["predicted_latent_0", "predicted_latent_1"]
        for k, (t, n) in enumerate(zip(true, noise, strict=True)):
            rows.append([f"g{k // 2}", str(k), *map(str, (*t, *(t + np.sqrt(error) * n)))])
        (folder / "latents.csv").write_text("\n".join(map(",".join, rows)))


ERRORS = {
    "xresnet18_hybrid": 0.4,
    "xresnet18_batch": 0.5,
    "xresnet18_deconvolution": 0.6,
    "simple_cnn": 0.8,
    "simple_deconvolution": 0.7,
    "compact": 0.3,
}


def test_the_best_recipe_and_rate_of_each_network_are_what_is_compared(
    store: DatasetStore, encoding: RunDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    best = {arm: Choice(arm, "ours", 1e-3) for arm in ENCODERS}
    best["xresnet18_batch"] = Choice("xresnet18_batch", "paper", 3e-3)
    best["simple_cnn"] = Choice("simple_cnn", "paper", 3e-4)
    stand_in = StandIn({choice: 0.5 for choice in best.values()}, ERRORS)
    stand_in.tuned[Choice("simple_cnn", "ours", 1e-3)] = np.inf  # diverged
    monkeypatch.setattr(workers, "perform", stand_in)
    found = study_encoders(
        store, autoencoder=encoding.path, output=tmp_path, devices=["cpu"], progress=False
    )
    assert {a.choice.arm: a.choice for a in found.arms} == best
    assert stand_in.tested == [c for arm in ENCODERS for c in [best[arm]] * 3]
    assert {t.choice for t in found.tried if t.chosen} == set(best.values())
    errors = [a.error.value for a in found.arms]
    np.testing.assert_allclose(errors, [ERRORS[a] for a in ENCODERS], rtol=0.2)
    assert "The paper's order, hybrid (0." in ordering(found) and " holds: " in ordering(found)
    assert "errs less than the best of the others" in ours(found)
    assert all("fewer than 5 seeds; images of 20 pixels" in a.provisional for a in found.arms)
    rose = {a.choice.arm for a in found.arms if "the error ended 0.05" in a.provisional}
    assert rose == {"simple_cnn"}
    assert ordering(found).endswith("Provisional: it claims nothing.")
    table = read(tmp_path / "encoders.csv")
    assert [row["arm"] for row in table] == list(ENCODERS)
    assert table[1]["recipe"] == "paper" and table[1]["learning_rate"] == "0.003"
    assert float(table[0]["end_above_least"]) == 0 and float(table[3]["end_above_least"]) > 0.04
    assert table[0]["published"] == "0.47400" and table[5]["published"] == ""
    text = (tmp_path / "encoders.md").read_text()
    assert ordering(found) in text and "diverged" in text and "0.500 (chosen)" in text
    # Drawn once already, which takes seconds.
    monkeypatch.setattr("picassso.report.page._save_plate", lambda plate, folder: plate.name)
    page = write_encoder_study(found, tmp_path).read_text()
    assert page.count("<figure") >= 2 and "http" not in page and "batch norm*" in page


def test_keys_of_a_recipe_leave_the_rest_of_it_alone() -> None:
    config = EncoderStudyConfig.resolve(
        train={"weight_decay": 0.5, "stretch": "asinh"}, recipes={"paper": {"augment": False}}
    )
    paper, own = (config.training(r, backbone="simple_cnn") for r in ("paper", "ours"))
    assert (paper.stretch, paper.augment, paper.weight_decay) == ("linear", False, 0.5)
    assert (own.stretch, own.augment, own.weight_decay) == ("asinh", True, 0.5)


def test_a_network_that_diverges_at_every_rate_is_named(
    store: DatasetStore, encoding: RunDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverge(*_, output: Path, **__):
        output.mkdir(parents=True)
        raise DivergedError("no number")

    monkeypatch.setattr(trial, "train", diverge)
    config = EncoderStudyConfig.resolve(**TINY)
    options = {"autoencoder": encoding.best, "output": tmp_path, "config": config}
    with pytest.raises(InputError, match="loss of simple_cnn diverged at every learning rate"):
        study_encoders(store, devices=["cpu"], progress=False, **options)


def latents(error: float, *, seed: int, galaxies: int = 60, noise: int = 0) -> trial.TestedLatents:
    """Errors of a given mean square, of which a part is common to all networks of a view."""
    true = np.random.default_rng(7).normal(size=(2 * galaxies, 4))
    common = np.random.default_rng(8).normal(size=true.shape)
    own = np.random.default_rng([9, seed, noise]).normal(size=true.shape)
    predicted = true + np.sqrt(error) * (0.9 * common + np.sqrt(0.19) * own)
    return trial.TestedLatents(np.repeat([f"g{k}" for k in range(galaxies)], 2), true, predicted)


def test_a_difference_is_paired_over_galaxies_and_over_seeds() -> None:
    one = [latents(0.50, seed=s) for s in range(3)]
    two = [latents(0.55, seed=s) for s in range(3)]
    found = compare(("a", one), ("b", two), seed=0)
    means = [t.squares.mean() for t in one], [t.squares.mean() for t in two]
    assert found.difference == pytest.approx(np.mean(means[0]) - np.mean(means[1]))
    of_seeds = np.subtract(*means)
    assert found.seeds == pytest.approx(of_seeds.std(ddof=1) / np.sqrt(3))
    unpaired = np.hypot(
        *(np.mean([t.squares for t in of], axis=(0, 2)).std() / np.sqrt(120) for of in (one, two))
    )
    assert found.galaxies < 0.3 * unpaired and found.p_value < 0.01
    back = compare(("b", two), ("a", one), seed=0)
    assert back.difference == -found.difference
    assert back.p_value == pytest.approx(found.p_value)
    alone = compare(("a", one[:1]), ("b", two[:1]), seed=0)
    assert np.isnan(alone.seeds) and np.isnan(alone.p_value)
    same = compare(("a", one), ("a", one), seed=0)
    assert same.difference == 0 and same.p_value == 1


def test_equal_networks_differ_as_often_as_chance_says() -> None:
    values = []
    for k in range(60):
        one, two = (
            [latents(0.5, seed=s, galaxies=30, noise=10 * k + arm) for s in range(3)]
            for arm in (1, 2)
        )
        values.append(compare(("a", one), ("b", two), seed=0).p_value)
    assert np.mean(np.array(values) < 0.2) < 0.35 and np.median(values) > 0.3


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([(-0.02, 0.01), (-0.05, 0.001)], " holds: "),
        ([(-0.02, 0.2), (-0.05, 0.001)], "is that of these networks too, but not significantly"),
        ([(0.02, 0.2), (-0.05, 0.001)], "is not that of these networks, but not significantly"),
        ([(0.02, 0.04), (-0.05, 0.001)], "is not that of these networks, but not significantly"),
        ([(0.02, 0.02), (-0.05, 0.001)], " does not hold: "),
        ([(-0.02, np.nan), (-0.05, np.nan)], "is that of these networks too, but not"),
    ],
)
def test_the_order_of_the_paper_is_judged_by_the_numbers(steps, said) -> None:
    class Found:
        arms = ()
        comparisons = tuple(
            Comparison(a, b, value, 0.01, 0.01, p)
            for a, b, (value, p) in zip(PAPER_ORDER, PAPER_ORDER[1:], steps, strict=False)
        )

    class Arm:
        provisional = ""

        def __init__(self, arm: str) -> None:
            self.choice = Choice(arm, "ours", 1e-3)
            self.error = type("Error", (), {"value": 0.5})

    Found.arms = tuple(map(Arm, PAPER_ORDER))
    assert said in ordering(Found) and "claims nothing" not in ordering(Found)
    Found.comparisons = ()
    assert "is not told" in ordering(Found)


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"seed": 3}, "seed: Extra inputs"),
        ({"arms": ["compact", "resnet50"]}, "arms must be different ones of xresnet18_hybrid"),
        ({"arms": ["compact"]}, "arms"),
        ({"train": {"backbone": "compact"}}, "train: backbone set by the study"),
        ({"recipes": {"paper": {"learning_rate": 1}}}, r"recipes.paper: learning_rate set by"),
        ({"recipes": {"ours": {"crop": 32}}}, r"recipes.ours: crop must be in train, for all"),
        ({"recipes": {"mine": {}}}, "mine: Extra inputs"),
        ({"train": {"epoch": 3}}, "epoch: Extra inputs.*known keys"),
        ({"tuning": {"rates": []}}, "tuning.rates"),
        ({"tuning": {"share": 2}}, "tuning.share"),
        ({"tuning": {"seed": 1}}, "tuning.seed must be above"),
    ],
)
def test_bad_configs_name_the_key(chosen: dict, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        EncoderStudyConfig.resolve(**chosen)
    (tmp_path / "c.json").write_text(json.dumps(chosen))
    with pytest.raises(InputError, match=r"c\.json"):
        EncoderStudyConfig.read(tmp_path / "c.json")


def test_what_cannot_serve_is_refused(
    store: DatasetStore, encoding: RunDirectory, tmp_path: Path
) -> None:
    plain = studied_store(tmp_path / "plain.zarr")
    with pytest.raises(InputError, match=r"plain\.zarr has no spectra to predict"):
        study_encoders(plain, autoencoder=encoding.path, output=tmp_path / "out")
    with pytest.raises(InputError, match=r"none/?.*safetensors"):
        study_encoders(store, autoencoder=tmp_path / "none", output=tmp_path / "out")
    for words, said in (
        (["encoders"], "needs --autoencoder RUN"),
        (["bands", "--autoencoder", "run"], "belongs to the study 'encoders', not to 'bands'"),
        (["encoder"], "did you mean 'encoders'"),
    ):
        words = ["study", words[0], str(store.path), "-o", str(tmp_path / "out"), *words[1:]]
        error = CliRunner().invoke(build_app(), words).exception
        assert isinstance(error, InputError) and said in str(error)
    assert not (tmp_path / "out").exists()
    (tmp_path / "latents.csv").write_text("galaxy_id,true_latent_0\ng0,1\n")
    with pytest.raises(InputError, match="not the latents of a test"):
        read_latents(tmp_path)


def test_the_example_config_is_one() -> None:
    example = Path(__file__).parents[2] / "examples" / "encoders.toml"
    read_config = EncoderStudyConfig.read(example)
    assert read_config.arms == ENCODERS and read_config.seeds == 3
    training = read_config.training("paper", backbone="compact")
    assert training.warmup < 0.2 * training.epochs * 5120 / training.batch
