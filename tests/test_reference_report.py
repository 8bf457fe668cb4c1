"""The reference report holds what was measured, says what was not run, and what claims nothing."""

from __future__ import annotations

import csv
import json
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from picassso.core import InputError
from picassso.figures import new_figure, save_figure

ROOT = Path(__file__).parents[1]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    for module in ("reference_report", "reference_tables"):
        sys.modules.pop(module, None)
    return import_module("reference_report")


def write_table(path: Path, rows: list[dict[str, object]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def evaluated(tmp_path: Path) -> Path:
    """An evaluation with both protocols and one classical method."""
    folder = tmp_path / "evaluation"
    folder.mkdir()
    about = {"weights": "ugriz", "weights_fingerprint": "abc", "split": "test", "store": "a.zarr"}
    about |= {"store_fingerprint": "f" * 64, "views": 40, "galaxies": 10}
    (folder / "evaluation.json").write_text(json.dumps(about))
    statistics = ["linear_bias", "median_bias", "sigma", "robust_sigma", "outlier_fraction"]
    row = {"property": "stellar_mass", "kind": "total", "used": 40}
    row |= {s: 0.0314 for s in [*statistics, "coverage"]}
    row |= {f"{s}_error": 0.0027 for s in [*statistics, "coverage"]}
    write_table(folder / "table.csv", [row, row | {"kind": "pixel", "sigma": 0.777}])
    score = {"quantity": "totals", "property": "stellar_mass", "method": "", "error": 0.001}
    score |= {"used": 40}
    paper = [
        score | {"protocol": "paper", "statistic": s, "value": v}
        for s, v in (("mean_bias", 0.0512), ("sigma", 0.0623))
    ]
    bell = score | {"protocol": "honest", "quantity": "method_total", "method": "Bell 2003"}
    methods = [
        bell | {"method": "ugriz", "statistic": "sigma", "value": 0.1111},
        bell | {"method": "ugriz", "property": "gas_mass", "statistic": "sigma", "value": 0.999},
        bell | {"statistic": "sigma", "value": 0.4321},
        bell | {"quantity": "method", "property": "", "statistic": "seconds", "value": 0.05},
    ]
    write_table(folder / "scores.csv", paper + methods)
    (folder / "tables").mkdir()
    write_table(folder / "tables" / "pixels.csv", [{"property": "gas", "median bias": "0.987"}])
    (folder / "figures").mkdir()
    save_figure(new_figure(100, 80), folder / "figures" / "methods.png")
    true = 10 ** np.random.default_rng(0).uniform(9, 11, 40)
    write_table(
        folder / "totals.csv",
        [
            {"galaxy_id": k, "true_stellar_mass": t, "p50_stellar_mass": t}
            for k, t in enumerate(true)
        ],
    )
    return folder


@pytest.fixture
def studied(tmp_path: Path) -> Path:
    """A study of two arms, one provisional, with a picture too large to be kept as it is."""
    folder = tmp_path / "studies"
    folder.mkdir()
    about = {"store": "small.zarr", "store_fingerprint": "e" * 64, "left_out": {"z": "no band"}}
    (folder / "bands.json").write_text(json.dumps(about))
    arm = {"bands": "ugriz", "pixels": 64, "images": 1536, "steps": 10, "networks": 3}
    arm |= {"validation_loss": -0.3, "validation_loss_scatter": 0.01, "late_fall": 0.001}
    arm |= {"property": "stellar_mass", "kind": "total", "provisional": ""}
    arm |= {"sigma": 0.1234, "sigma_scatter": 0.0021, "median_bias": 0.01}
    arm |= {"median_bias_scatter": "", "mean_bias": "", "mean_bias_scatter": ""}
    late = {"arm": "r", "provisional": "the loss still fell by 0.050", "sigma": 0.2345}
    paper = {"kind": "paper_total", "mean_bias": 0.0456, "mean_bias_scatter": 0.0012}
    write_table(
        folder / "bands.csv", [{"arm": "ugriz"} | arm, arm | late, {"arm": "ugriz"} | arm | paper]
    )
    figure = new_figure(480, 400)
    noise = np.random.default_rng(0).integers(0, 255, (400, 480, 3), dtype=np.uint8)
    figure.figimage(noise)
    save_figure(figure, folder / "bands.png")
    assert (folder / "bands.png").stat().st_size > 150_000
    return folder


def test_measured_numbers_stand_beside_the_published_ones(
    script: ModuleType, evaluated: Path, studied: Path, tmp_path: Path
) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text("<!-- introduction -->\nTwo cores.\n\n<!-- study bands -->\nLess is worse.\n")
    out = tmp_path / "reference"
    page = script.write_reference({"survey": evaluated}, studied, out, notes=notes).read_text()
    assert "Two cores." in page and "Less is worse." in page
    assert "0.031 ± 0.003" in page and "0.777" not in page, "totals alone"
    assert "| stellar_mass | 0.051 ± 0.001 | 0.062 ± 0.001 | 0.103 | 0.090 |" in page
    assert "| Bell 2003 | – | – | 0.432 ± 0.001 | – | – | – | 0.05 | 40 |" in page
    assert "0.111 ± 0.001" in page and "0.999" not in page, "nothing to compare with"
    assert "| ugriz | 0.123 ± 0.002 |" in page and "| r* | 0.234 ± 0.002 |" in page
    assert "r: the loss still fell by 0.050." in page and "Left out: z (no band)." in page
    assert "| ugriz | here | 0.046 ± 0.001 / 0.123 ± 0.002 | – |" in page
    assert "| r | published | 0.081 / 0.152 |" in page and "| r | here" not in page
    assert page.count("**Not run to its end.**") == 4
    pictures = {p.name: p.stat().st_size for p in out.glob("*.*g")}
    # A picture of many colours is none of few.
    assert set(pictures) == {"totals_survey.png", "bands_bands.jpg", "survey_methods.png"}
    assert all(size < 150_000 for size in pictures.values())
    tables = (out / "survey.md").read_text()
    assert "| gas | 0.987 |" in tables and "## Pixels" in tables and "## Scaling" not in tables
    assert "[all tables of survey](survey.md)" in page
    assert all(f"({name})" in page + tables for name in pictures)
    again = script.write_reference({"survey": evaluated}, studied, out, notes=notes).read_text()
    assert again == page


def test_what_was_not_measured_is_said(script: ModuleType, evaluated: Path, tmp_path: Path) -> None:
    (evaluated / "scores.csv").unlink()
    out = tmp_path / "reference"
    page = script.write_reference({"survey": evaluated}, tmp_path, out).read_text()
    assert "Not run on these images." in page and "by the paper's protocol" not in page
    assert page.count("**Not run to its end.**") == 5


def test_bad_input_is_one_clear_message(
    script: ModuleType,
    studied: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text("<!-- study band -->\nx\n")
    with pytest.raises(InputError, match=r"\['study band'\] belong nowhere"):
        script.write_reference({}, studied, tmp_path / "out", notes=notes)
    words = ["reference_report", "--studies", str(studied), "--evaluation"]
    for given, said in (("survey", "NAME=FOLDER"), ("survey=/nothing", "evaluation.json")):
        monkeypatch.setattr(sys, "argv", [*words, given, "-o", str(tmp_path / "out")])
        assert script.main() == 2
        assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
