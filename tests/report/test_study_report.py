"""The page of a study says what was compared, what came out, and what claims nothing."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from picassso.archive import DatasetStore, rebin
from picassso.core import InputError
from studied_galaxies import MAPS, studied_store
from tiny_weights import write_tiny_weights

pytest.importorskip("torch")
pytest.importorskip("accelerate")

from picassso.report import write_study
from picassso.studies.experiments.examples import example_paintings
from picassso.studies.experiments.results import SCORES, ArmSummary, OverSeeds, Study, StudyRow


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> DatasetStore:
    return studied_store(tmp_path_factory.mktemp("data") / "discs.zarr")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, as far as a page needs it."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    for name in ("run", "evaluation"):
        (folder / name).mkdir(parents=True)
    losses = "\n".join(f"{k},{1 / k}" for k in range(1, 20))
    (folder / "run" / "metrics.csv").write_text("step,validation_loss\n" + losses)
    names = [f"{q}_{p}" for p in MAPS for q in ("true", "mean", "p16", "p50", "p84")]
    rng = np.random.default_rng(0)
    with (folder / "evaluation" / "totals.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["galaxy_id", *names])
        for k in range(40):
            true = 10 ** rng.uniform(9, 11)
            writer.writerow([f"g{k}", *([true, 1.1 * true, 0.8 * true, true, 1.3 * true] * 2)])
    write_tiny_weights(folder / "weights.onnx")
    return folder


@pytest.fixture
def unsaved(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the figures of a page, which are not rendered: that takes seconds."""
    names: list[str] = []
    monkeypatch.setattr(
        "picassso.report.page._save_plate", lambda plate, folder: names.append(plate.name) or ""
    )
    return names


def arm(label: str, store: DatasetStore, run: Path, **changes) -> ArmSummary:
    summary = ArmSummary(
        label=label,
        bands="ugriz",
        pixels=store.shape[0],
        images=26,
        steps=20,
        networks=3,
        validation_loss=OverSeeds(0.5, 0.01),
        late_fall=0.001,
        end_above_least=0.002,
        kept_steps=(18, 20),
        provisional="",
        store=store.path,
        runs=(run, run, run),
    )
    return replace(summary, **changes)


def found(kind: str, arms: list[ArmSummary], *, names=MAPS) -> Study:
    score = {s: OverSeeds(0.125, 0.011, 0.013) for s in SCORES}
    rows = [
        StudyRow(a.label, p, what, score)
        for a in arms
        for what in ("total", "pixel")
        for p in names
    ]
    about = {
        "version": "0",
        "store": "discs.zarr",
        "store_fingerprint": "f" * 64,
        "config": {"loss_tolerance": 0.02, "evaluation_seed": 3},
        "training": {"architecture": "compact_unet", "epochs": 2, "batch": 4, "recipe": "picassso"},
    }
    return Study(kind, tuple(arms), tuple(rows), about)


def test_a_page_holds_every_arm_and_says_what_claims_nothing(
    store: DatasetStore, run: Path, tmp_path: Path
) -> None:
    arms = [arm("ugriz", store, run), arm("gr", store, run, provisional="fewer than 3 seeds")]
    study = found("bands", arms)
    mine = {s: OverSeeds(0.251, 0.021, 0.031) for s in SCORES}
    paper = StudyRow("ugriz", "stellar_mass", "paper_total", mine)
    about = study.about | {"left_out": {"z": "no such band"}}
    page = write_study(replace(study, rows=(*study.rows, paper), about=about), tmp_path)
    text = page.read_text()
    assert page == tmp_path / "bands" / "report.html" and "http" not in text
    assert "gr: fewer than 3 seeds." in text and "gr*" in text and "ugriz*" not in text
    assert "No arm is provisional" not in text
    assert "here, every one." in text and "Left out: z (no such band)." in text
    assert "As published" in text and "18–20" in text
    with (tmp_path / "bands" / "tables" / "sigma_beside_published.csv").open() as file:
        beside = {row[0]: row[1] for row in csv.reader(file)}
    assert beside["ugriz, here"] == "0.251 ± 0.021" and beside["ugriz, published"] == "0.090"
    assert beside["r, published"] == "0.152" and "gr*, here" not in beside
    figures = {p.name for p in (tmp_path / "bands" / "figures").iterdir()}
    names = ("bands", "losses", "totals_ugriz", "totals_gr")
    assert figures == {f"{n}.{kind}" for n in names for kind in ("pdf", "png")}
    with (tmp_path / "bands" / "tables" / "sigma_of_totals.csv").open() as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["property", "ugriz", "gr*"]
    assert rows[1] == ["stellar mass", "0.125 ± 0.011 (0.013)", "0.125 ± 0.011 (0.013)"]
    tex = (tmp_path / "bands.tex").read_text()
    assert tex.count(r"\begin{table}") == tex.count(r"\end{table}") == 8
    assert r"0.125 $\pm$ 0.011 (0.013)" in tex


def test_averaged_members_are_drawn_together_and_have_no_pixels(
    store: DatasetStore, run: Path, tmp_path: Path, unsaved: list[str]
) -> None:
    arms = [arm("1 network", store, run), arm("mean of 2", store, run, averaged=2)]
    study = found("ensemble", arms)
    study = replace(study, rows=tuple(r for r in study.rows if r.kind == "total"))
    text = write_study(study, tmp_path).read_text()
    assert "The mean prediction of 2 networks." in text and "that of the median" in text
    assert "No arm is provisional" in text and "As published" not in text
    assert not list((tmp_path / "ensemble" / "tables").glob("*pixels*"))


def test_the_same_galaxies_are_painted_at_every_resolution(
    store: DatasetStore, run: Path, tmp_path: Path, unsaved: list[str]
) -> None:
    coarse = rebin(store, pixels=8, output=tmp_path / "8px.zarr")
    study = found("resolution", [arm("16 px", store, run), arm("8 px", coarse, run)])
    galaxies = example_paintings(study)
    tests = store.indices("test")
    assert len(galaxies) == 3
    masses = []
    for of in galaxies:
        fine, rough = of["16 px"], of["8 px"]
        assert fine.truth.galaxy_id == rough.truth.galaxy_id == fine.painted.galaxy_id
        # Stores round both, by 2^-12 at the most.
        blocks = fine.truth["stellar_mass"].reshape(8, 2, 8, 2).mean((1, 3))
        np.testing.assert_allclose(rough.truth["stellar_mass"], blocks, rtol=2**-11)
        assert rough.image.shape == rough.painted.shape == (8, 8)
        masses.append(fine.truth["stellar_mass"].sum())
        row = next(int(t) for t in tests if store.table["galaxy_id"][t] == fine.image.galaxy_id)
        seen = store.observed(row, np.random.default_rng([3, row]))
        np.testing.assert_array_equal(seen.flux, fine.image.flux)
    assert masses == sorted(masses)
    write_study(study, tmp_path)
    drawn = {name for name in unsaved if name.startswith("gallery")}
    assert drawn == {f"gallery_{k}_{of}" for k in (1, 2, 3) for of in ("stars", "gas")}


def test_weights_that_were_removed_leave_a_page_that_says_so(
    store: DatasetStore, run: Path, tmp_path: Path, unsaved: list[str]
) -> None:
    bare = tmp_path / "bare"
    for name in ("run/metrics.csv", "evaluation/totals.csv"):
        (bare / name).parent.mkdir(parents=True)
        (bare / name).write_bytes((run / name).read_bytes())
    study = found("resolution", [arm("16 px", store, bare), arm("16 px too", store, bare)])
    text = write_study(study, tmp_path).read_text()
    assert "Cannot be drawn" in text and "weights.onnx" in text
    (bare / "run" / "metrics.csv").unlink()
    with pytest.raises(InputError, match=r"metrics\.csv"):
        write_study(study, tmp_path)
