"""Studies: trained, cut off, resumed, tabulated; what a shuffled galaxy is judged by."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from picassso.analysis import Prediction, aperture_total, half_mass_ellipse
from picassso.archive import DatasetStore
from picassso.archive.lock import locked
from picassso.cli.app import build_app
from picassso.core import InputError, Maps
from picassso.studies.evaluation.seen import grey_image, paint_as_learnt
from studied_galaxies import MAPS, studied_store

pytest.importorskip("torch")
pytest.importorskip("accelerate")

from picassso.studies import StudyConfig, evaluation, study
from picassso.studies.experiments import ensemble, results, runs, words, workers
from picassso.studies.experiments.totals import mean_prediction

TINY = {
    "seeds": 1,
    "train": {
        "widths": [8, 8],
        "blocks": [1, 1],
        "batch": 4,
        "epochs": 2,
        "checkpoints": 4,
        "warmup": 2,
        "precision": "no",
    },
    "bands": {"sets": ["ugriz", "gr"]},
    "resolution": {"pixels": [16, 8]},
    "samples": {"rungs": 2},
    "ensemble": {"members": 3},
    "morphology": {"train": {"fold": 1}},
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> DatasetStore:
    return studied_store(tmp_path_factory.mktemp("data") / "discs.zarr")


@pytest.fixture
def swift(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks paint in torch, and errors rest on few draws: ONNX and bootstraps take seconds."""
    from picassso.analysis.bootstrap import bootstrap
    from picassso.painting import load_weights, paint_image

    def few(estimate, galaxy_id, *, bootstraps, seed):
        return bootstrap(estimate, galaxy_id, bootstraps=min(bootstraps, 10), seed=seed)

    monkeypatch.setattr("picassso.analysis.metrics.bootstrap", few)

    monkeypatch.setattr("picassso.training.release.export_onnx", lambda *_, **__: None)
    monkeypatch.setattr("picassso.painting.paint_image", partial(paint_image, engine="torch"))
    monkeypatch.setattr(
        evaluation.run, "load_weights", lambda p, **_: load_weights(p.with_suffix(".safetensors"))
    )


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_study_cut_off_goes_on_and_does_nothing_twice(
    store: DatasetStore, tmp_path: Path, swift: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped between training and the test of its second network; then asked for more seeds."""
    out, perform = tmp_path / "out", runs.perform
    tested, trained = evaluation.evaluate, []

    def interrupted(*args, **kwargs):
        if len(list((out / "runs").iterdir())) == 2:
            raise KeyboardInterrupt
        return tested(*args, **kwargs)

    config = StudyConfig.resolve(**TINY)
    with monkeypatch.context() as patch:
        patch.setattr(evaluation, "evaluate", interrupted)
        with pytest.raises(KeyboardInterrupt):
            study("bands", store, output=out, config=config, devices=["cpu"], progress=False)
    assert not (out / "bands.md").exists()

    def counted(each, *, cpu):
        trained.append(each.folder.name)
        perform(each, cpu=cpu)

    monkeypatch.setattr(workers, "perform", counted)
    found = study("bands", store, output=out, config=config, devices=["cpu"], progress=False)
    assert len(trained) == 1 and trained[0].startswith("gr_16px_seed0")
    assert {p.name for p in out.iterdir()} == {"runs", ".lock"} | {
        f"bands.{kind}" for kind in ("csv", "md", "png", "pdf", "json")
    }
    table = (out / "bands.csv").read_bytes()
    study("bands", store, output=out, config=config, devices=["cpu"], progress=False)
    assert len(trained) == 1 and (out / "bands.csv").read_bytes() == table
    assert [a.label for a in found.arms] == ["ugriz", "gr"]
    about = json.loads((out / "bands.json").read_text())
    assert about["training"]["epochs"] == 2 and about["config"]["seeds"] == 1
    rows = read(out / "bands.csv")
    assert [(r["arm"], r["property"], r["kind"]) for r in rows] == [
        (arm, p, kind)
        for arm in ("ugriz", "gr")
        for kind in ("total", "pixel", "paper_total")
        for p in MAPS
    ]
    each = read(next((out / "runs").glob("gr_*")) / "evaluation" / "table.csv")
    for mine, theirs in zip(rows[6:10], each, strict=True):
        for name in ("sigma", "sigma_error"):
            known = [float(row[name] or "nan") for row in (mine, theirs)]
            np.testing.assert_allclose(*known, atol=1e-5)
        assert mine["sigma_scatter"] == "" and "fewer than 3 seeds" in mine["provisional"]
    text = (out / "bands.md").read_text()
    assert "**provisional**" in text and "here, every one." in text and "| ugriz* |" in text
    assert "26 images of 13 galaxies to learn from" in text

    more = StudyConfig.resolve(**TINY | {"samples": {"fewest": 10, "rungs": 2}})
    other = study("samples", store, output=out, config=more, devices=["cpu"], progress=False)
    assert [a.label for a in other.arms] == ["10", "26"]
    assert all("smallest sample of 1,500 images" in a.provisional for a in other.arms)
    assert len(trained) == 2 and "5galaxies" in trained[1], "all of them were trained before"


def test_shuffled_and_grey_networks_are_judged_as_they_learnt(
    store: DatasetStore, tmp_path: Path, swift: None
) -> None:
    """The whole path of the morphology study, 16 pixels rebinned to 8 beside it."""
    config = StudyConfig.resolve(**TINY)
    found = study("morphology", store, output=tmp_path, config=config, devices=["cpu"])
    assert [a.label for a in found.arms] == ["image", "shuffled", "grey", "shuffled grey"]
    manifests = [
        json.loads((f / "run" / "run.json").read_text())["config"]
        for f in sorted((tmp_path / "runs").iterdir())
    ]
    assert sorted((m["grey"], m["shuffled"]) for m in manifests) == [
        (False, False),
        (False, True),
        (True, False),
        (True, True),
    ]
    totals = [read(f / "evaluation" / "totals.csv") for f in (tmp_path / "runs").iterdir()]
    for of in totals[1:]:
        for one, other in zip(totals[0], of, strict=True):
            for column in ("galaxy_id", "whole_frame", "true_stellar_mass", "signal_to_noise"):
                assert one[column] == other[column], "the same pixels are summed in every arm"
    for row in found.rows:
        # Of others fewer than five galaxies are there, or so small a network paints no pixel.
        if row.property == "stellar_mass" and row.kind == "total":
            assert np.isfinite(row.scores["sigma"].value)


def test_a_resolution_study_rebins_and_an_ensemble_averages(
    store: DatasetStore, tmp_path: Path, swift: None
) -> None:
    config = StudyConfig.resolve(**TINY | {"resolution": {"pixels": [64, 32, 16, 8]}})
    options = {"output": tmp_path, "config": config, "devices": ["cpu"], "progress": False}
    found = study("resolution", store, **options)
    assert [a.pixels for a in found.arms] == [16, 8]
    said = json.loads((tmp_path / "resolution.json").read_text())["left_out"]
    assert said == dict.fromkeys(
        ("64 px", "32 px"), "the images of the store have 16 pixels a side"
    )
    assert "Left out: 64 px, 32 px (the images" in (tmp_path / "resolution.md").read_text()
    coarse = DatasetStore.open(tmp_path / "stores" / "8px.zarr")
    assert coarse.config["rebinned_from"] == store.fingerprint
    found = study("ensemble", store, **options)
    assert [a.label for a in found.arms] == ["1 network", "mean of 2", "mean of 3"]
    assert {a.networks for a in found.arms} == {3}
    single = next(r for r in found.rows if r.arm == "1 network" and r.property == "stellar_mass")
    tables = [
        float(read(f / "evaluation" / "table.csv")[0]["sigma"])
        for f in (tmp_path / "runs").glob("ugriz_16px*")
    ]
    assert len(tables) == 3
    assert single.scores["sigma"].value == pytest.approx(np.mean(tables), abs=1e-4)
    assert single.scores["sigma"].scatter == pytest.approx(np.std(tables, ddof=1), abs=1e-4)


class Painter:
    """Paints each pixel by its own light, and remembers what it was shown."""

    def __init__(self, **train_config: bool) -> None:
        self.weights = SimpleNamespace(bands=tuple("ugriz"), about={"train_config": train_config})

    def __call__(self, image, weights, *, totals):
        self.image = image
        cube = np.stack([3e7 * image.flux[2]] * 2)
        return Maps(
            image.galaxy_id, image.view, MAPS, cube, 1.0, std=0.1 * cube, p50=cube, p16=None
        )


def test_an_aperture_holds_the_same_pixels_shuffled_or_not(
    store: DatasetStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shuffled before the painter, put back behind it: a pixelwise painter tells no difference."""
    tests = store.indices("test")
    row = int(tests[np.argmax(store.table["stellar_mass"][tests])])
    painted = {}
    for shuffled in (False, True):
        painter = Painter(shuffled=shuffled)
        monkeypatch.setattr("picassso.painting.paint_image", painter)
        _, maps = paint_as_learnt(
            painter.weights, store, store.image(row), np.random.default_rng([0, row])
        )
        painted[shuffled] = maps, painter.image
    (plain, image), (mixed, disorder) = painted[False], painted[True]
    assert not np.array_equal(disorder.flux, image.flux)
    columns = [i.flux.reshape(5, -1) for i in (image, disorder)]
    by_pixel = [c[:, np.lexsort(c)] for c in columns]
    np.testing.assert_array_equal(*by_pixel)
    for name in ("cube", "std", "p50"):
        np.testing.assert_array_equal(getattr(mixed, name), getattr(plain, name))
    assert mixed.p16 is None and mixed.totals == ()
    truth = store.truth(row)["stellar_mass"]
    region = half_mass_ellipse(truth).mask(truth.shape, scale=2.0)
    total = aperture_total(mixed["stellar_mass"], region, pixel_area=0.16)
    assert total == pytest.approx(aperture_total(truth, region, pixel_area=0.16), rel=0.05)


def test_grey_images_show_one_band_everywhere(
    store: DatasetStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = store.image(0)
    grey = grey_image(image, ("g", "r", "i"))
    assert grey.bands == ("g", "r", "i")
    np.testing.assert_array_equal(grey.flux, np.stack([image.flux[2]] * 3))
    assert np.ptp(grey.noise) == np.ptp(grey.psf_fwhm) == 0 and grey.noise[0] == image.noise[2]
    painter = Painter(grey=True)
    monkeypatch.setattr("picassso.painting.paint_image", painter)
    paint_as_learnt(painter.weights, store, store.image(0), np.random.default_rng(0))
    noise = painter.image.flux - image.flux[2]
    assert noise.std() == pytest.approx(image.noise[2], rel=0.1)
    assert abs(np.corrcoef(noise.reshape(5, -1))[0, 1:]).max() < 0.25, "noise of its own each"


def test_the_mean_prediction_lies_between_its_members() -> None:
    one, two = (
        Prediction(*(f * np.array([1.0, 10.0]) for f in (m, 0.5 * m, 0.9 * m, 2 * m)))
        for m in (1.0, 4.0)
    )
    both = mean_prediction([one, two])
    np.testing.assert_allclose(both.mean, [2.5, 25])
    np.testing.assert_allclose(both.p50, [1.8, 18])
    np.testing.assert_allclose(both.p84 / both.p16, 4.0)
    alone = mean_prediction([one])
    np.testing.assert_allclose(alone.p16, one.p16)


def test_many_members_are_averaged_in_a_few_choices_only(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    folders = []
    for k in range(6):
        folders.append(tmp_path / str(k))
        folders[-1].mkdir()
        lines = ["galaxy_id,true_gas_mass,mean_gas_mass,p16_gas_mass,p50_gas_mass,p84_gas_mass"]
        for g in range(40):
            m = 1e9 * 10 ** rng.normal(0, 0.2)
            lines.append(f"g{g},1e9,{m},{0.7 * m},{m},{1.3 * m}")
        (folders[-1] / "totals.csv").write_text("\n".join(lines))
    found = ensemble.averaged(folders)
    assert [len(found[n]) for n in range(1, 7)] == [6, 12, 12, 12, 6, 1]
    sigma = [np.mean([draw[0].sigma.value for draw in found[n]]) for n in (1, 4)]
    assert sigma[1] == pytest.approx(sigma[0] / 2, rel=0.2), "independent errors average out"
    lines[3] = lines[3].replace("g2,", "g99,")
    (folders[2] / "totals.csv").write_text("\n".join(lines))
    with pytest.raises(InputError, match="different views"):
        ensemble.averaged(folders)
    (folders[2] / "totals.csv").write_text("galaxy_id,true_gas_mass\ng0,1\n")
    with pytest.raises(InputError, match="not the totals"):
        ensemble.averaged(folders)


@pytest.mark.parametrize(
    ("losses", "fall"),
    [([5, 3, 2, 1.5, 1.2, 1.1, 1.0, 1.05], 0.1), ([4, 3, 3, 3.5], 0.0), ([2, 1, 0.5], np.nan)],
)
def test_late_fall_is_that_of_the_last_quarter(tmp_path: Path, losses, fall) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text(
        "step,validation_loss\n" + "\n".join(f"{k},{loss}" for k, loss in enumerate(losses))
    )
    assert runs.late_fall(runs.loss_curve(path)[1]) == pytest.approx(fall, nan_ok=True)
    for bad in ("loss\n1\n", "step,validation_loss\n", "step,loss\n1,2\n"):
        path.write_text(bad)
        with pytest.raises(InputError, match="cannot be read"):
            runs.loss_curve(path)


def test_bad_input_is_one_clear_message(store: DatasetStore, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown study 'band'.*did you mean 'bands'"):
        study("band", store, output=tmp_path / "out")
    with pytest.raises(InputError, match="cuda:77 are not there; choose from"):
        study("bands", store, output=tmp_path / "out", devices=["cuda:77"])
    words = ["study", "morphologie", str(store.path), "-o", str(tmp_path / "out")]
    said = CliRunner().invoke(build_app(), words)
    assert isinstance(said.exception, InputError) and "did you mean" in str(said.exception)
    assert not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    with locked(tmp_path / "out"), pytest.raises(InputError, match="another process"):
        study("bands", store, output=tmp_path / "out", progress=False)


@pytest.mark.parametrize(
    ("device", "visible", "chosen"),
    [
        ("cuda:0", "", "0"),
        ("cuda:3", "", "3"),
        ("cuda:1", "4,6", "6"),
        ("cuda:0", "GPU-8a, GPU-9b", "GPU-8a"),
    ],
)
def test_a_worker_sees_one_device_of_those_that_are_visible(device, visible, chosen) -> None:
    assert workers.visible_as(device, visible) == chosen


def write_results(
    folders: list[Path], losses: list[float], falls: list[float], above: float
) -> None:
    """Networks with their least loss at step 2, that end above it by so much."""
    for folder, loss, fall in zip(folders, losses, falls, strict=True):
        (folder / "run").mkdir(parents=True)
        written = {"fingerprint": "", "validation_loss": loss, "late_fall": fall}
        (folder / "result.json").write_text(json.dumps(written))
        metrics = f"step,validation_loss\n1,9\n2,{loss}\n3,{loss + above}\n"
        (folder / "run" / "metrics.csv").write_text(metrics)


@pytest.mark.parametrize(
    ("losses", "falls", "above", "pixels", "images", "nearest", "said"),
    [
        ([0.3, 0.1, 0.2], [0.0, 0.01, 0.0], 0.01, 64, 1500, [2, 1, 0], ""),
        ([0.1, 0.2], [0.0, 0.0], 0.0, 64, 1500, [0, 1], "fewer than 3 seeds"),
        ([0.1, 0.9, 0.2], [0, 0.03, 0], 0, 64, 1500, [2, 0, 1], "the loss still fell by 0.030"),
        ([0.3, 0.1, 0.2], [0, 0, 0], 0.03, 64, 1500, [2, 1, 0], "loss ended 0.030 above its least"),
        ([0.2, 0.2, 0.2], [0, np.nan, 0], 0, 64, 1500, [1, 0, 2], "validated too seldom"),
        ([0.2, 0.2, 0.2], [0, 0, 0], 0, 32, 1500, [1, 0, 2], "a data set of 32 pixels, fewer"),
        ([0.2, 0.2, 0.2], [0, 0, 0], 0, 64, 1499, [1, 0, 2], "smallest sample of 1,500 images"),
    ],
)
def test_an_arm_has_a_typical_network_and_says_why_it_claims_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    losses,
    falls,
    above,
    pixels,
    images,
    nearest,
    said,
) -> None:
    monkeypatch.setattr(results, "read_scores", lambda folder: {})
    runs_there = [
        SimpleNamespace(folder=tmp_path / str(k), store=tmp_path / "store")
        for k in range(len(losses))
    ]
    write_results([r.folder for r in runs_there], losses, falls, above)
    each = SimpleNamespace(bands=("g", "r"))
    arm = SimpleNamespace(label="gr", pixels=16, images=images, steps=20, training=(each,))
    about = {"store_pixels": pixels, "config": {"loss_tolerance": 0.02}}
    (found,) = results.collect("bands", [(arm, runs_there)], about=about).arms
    assert [int(folder.name) for folder in found.runs] == nearest
    assert found.typical == found.runs[:1]
    assert said in found.provisional and bool(found.provisional) == bool(said)
    assert found.kept_steps == (2, 2) and found.end_above_least == pytest.approx(above)


@pytest.mark.parametrize(
    ("provisional", "said"),
    [
        ("", "No arm is provisional"),
        ("a", "all but those among b, c."),
        ("ab", "here, every one."),
        ("abc", "here, every one."),
    ],
)
def test_a_comparison_with_a_provisional_arm_is_provisional(provisional: str, said: str) -> None:
    arms = [SimpleNamespace(label=a, provisional="few" * (a in provisional)) for a in "abc"]
    assert said in words.comparisons_text(arms)


@pytest.mark.parametrize(
    ("losses", "above"),
    [
        ([5, 3, 2, 1], 0.0),
        ([5, 1, 2, 3], 2.0),
        (
            [
                9,
                3,
                2,
                2,
                2,
                2,
                2,
                2,
                2,
                2,
                2,
                2,
                2,
                2,
                2,
                1.5,
                1.6,
                1.7,
                1.4,
                1.5,
                1.6,
                1.7,
                1.8,
                1.9,
            ],
            0.4,
        ),
    ],
)
def test_a_loss_that_ends_above_its_least_is_told(losses: list[float], above: float) -> None:
    """The end is the middle one of the last three of two dozen validations."""
    assert runs.end_above_least(np.array(losses)) == pytest.approx(above)


def test_a_network_of_before_is_tested_again_and_not_trained(
    store: DatasetStore, tmp_path: Path, swift: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its scores in both protocols come back the same; without weights it goes on without."""
    sets = {"bands": {"sets": ["gr", "r"]}}
    options = {"output": tmp_path, "config": StudyConfig.resolve(**TINY | sets)}
    options |= {"devices": ["cpu"], "progress": False}
    study("bands", store, **options)
    table = (tmp_path / "bands.csv").read_bytes()
    old = next((tmp_path / "runs").glob("gr_*"))
    (old / "evaluation" / "protocols.csv").unlink()
    monkeypatch.setattr("picassso.training.train", None)
    found = study("bands", store, **options)
    kinds = {(r.arm, r.kind) for r in found.rows}
    assert ("gr", "total") in kinds and ("gr", "paper_total") not in kinds, "no weights.onnx"
    assert np.isnan(next(r for r in found.rows if r.arm == "gr").scores["mean_bias"].value)
    text = (tmp_path / "bands.md").read_text()
    assert "| property | r* |" in text

    (old / "weights.onnx").touch()  # painted with in torch, see above
    study("bands", store, **options)
    assert (tmp_path / "bands.csv").read_bytes() == table
    (row,) = (
        r
        for r in read(old / "evaluation" / "protocols.csv")
        if (r["kind"], r["property"]) == ("paper_total", "stellar_mass")
    )
    mine = next(
        r
        for r in read(tmp_path / "bands.csv")
        if (r["arm"], r["kind"], r["property"]) == ("gr", "paper_total", "stellar_mass")
    )
    assert (mine["mean_bias"], mine["sigma"]) == (row["mean_bias"], row["sigma"])


def files_of(folder: Path) -> dict[str, bytes]:
    """What a study wrote; a checkpoint also holds how many seconds it took."""
    found = (p for p in folder.rglob("*") if p.is_file() and p.name != "checkpoint.safetensors")
    return {str(p.relative_to(folder)): p.read_bytes() for p in found}


@pytest.mark.slow
def test_killed_again_and_again_it_ends_bit_for_bit_as_if_it_had_not_been(
    store: DatasetStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed by the kernel in training, between export and test, and in the test."""
    # Midnight may fall between the two studies.
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    config = tmp_path / "studies.json"
    config.write_text(json.dumps(TINY | {"train": TINY["train"] | {"epochs": 20}}))
    words = ["study", "bands", str(store.path), "--config", str(config), "--no-progress"]
    command = [sys.executable, "-m", "picassso", *words, "--device", "cpu", "-o"]
    cut = tmp_path / "cut" / "runs"

    def validations(pattern: str) -> int:
        lines = [len(p.read_text().splitlines()) for p in cut.glob(f"{pattern}/run/metrics.csv")]
        return max(lines, default=0)

    for reached in (
        lambda: validations("ugriz*") > 1,
        lambda: validations("ugriz*") > 2,
        lambda: any(cut.glob("ugriz*/evaluation")),
        lambda: any(cut.glob("gr*/weights.onnx")),
    ):
        killed = subprocess.Popen([*command, str(tmp_path / "cut")])
        while not reached():
            assert killed.poll() is None, "it ended before it could be killed"
            time.sleep(0.01)
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
        assert not (tmp_path / "cut" / "bands.csv").exists()
    for out in ("cut", "whole"):
        subprocess.run([*command, str(tmp_path / out)], check=True)
    one, other = files_of(tmp_path / "cut"), files_of(tmp_path / "whole")
    assert one.keys() == other.keys() and "bands/report.html" in one
    assert [name for name in one if one[name] != other[name]] == []


@pytest.mark.slow
def test_killed_with_two_workers_it_goes_on_to_the_same_numbers(
    store: DatasetStore, tmp_path: Path
) -> None:
    """Killed by the kernel; its workers leave with it. One process or two: the same."""
    config = tmp_path / "studies.json"
    config.write_text(json.dumps(TINY))
    words = ["study", "morphology", str(store.path), "--config", str(config), "--no-progress"]
    command = [sys.executable, "-m", "picassso", *words, "--device", "cpu", "--device", "cpu"]
    killed = subprocess.Popen([*command, "-o", str(tmp_path / "cut")])
    while not list((tmp_path / "cut").glob("runs/*/result.json")):
        assert killed.poll() is None
        time.sleep(0.05)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    time.sleep(1.0)  # its workers see that it is gone
    subprocess.run([*command, "-o", str(tmp_path / "cut")], check=True)
    options = {"config": config, "devices": ["cpu"], "progress": False}
    whole = study("morphology", store, output=tmp_path / "whole", **options)
    numbers = [read(tmp_path / out / "morphology.csv") for out in ("cut", "whole")]
    assert len(numbers[0]) == len(whole.rows) == 4 * 3 * len(MAPS)
    for one, other in zip(*numbers, strict=True):
        assert one["arm"] == other["arm"]
        assert float(one["validation_loss"]) == pytest.approx(
            float(other["validation_loss"]), rel=1e-3
        )
