"""`picassso evaluate`, with a painter whose errors are known."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from painted_galaxies import fake_weights, paint_scaled
from picassso.analysis import Protocol, scored_ellipse
from picassso.archive import DatasetStore
from picassso.core import PROPERTY_NAMES, SDSS, InputError
from picassso.studies import Evaluation, evaluate
from picassso.studies.evaluation import run
from picassso.studies.evaluation.painters import NetworkPainter

PIXELS, GALAXIES, VIEWS = 48, 60, 2


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> DatasetStore:
    """Elliptical Gaussians of 0.5 kpc pixels; the last galaxy is too large for its frame."""
    path = tmp_path_factory.mktemp("data") / "mock.zarr"
    store = DatasetStore.create(
        path,
        config={},
        galaxies=GALAXIES,
        views=VIEWS,
        shape=(PIXELS, PIXELS),
        survey="sdss",
        bands=SDSS.bands,
        properties=PROPERTY_NAMES,
    )
    y, x = np.indices((PIXELS, PIXELS)) - (PIXELS - 1) / 2
    for g in range(GALAXIES):
        sigma = 30.0 if g == GALAXIES - 1 else 5.0
        shape = np.exp(-0.5 * (x**2 + (y / 0.6) ** 2) / sigma**2)
        maps = np.stack([10 ** (9 + g / 20) * shape] * len(PROPERTY_NAMES)).astype(np.float32)
        maps[PROPERTY_NAMES.index("hi_mass")] = np.nan
        rows = [
            {
                "galaxy_id": f"g{g}",
                "galaxy": g,
                "view": v,
                "redshift": 0.05,
                "pixel_scale": 0.5,
                "kpc_per_pixel": 0.5,
                "noise": list(SDSS.sky_noise),
                "psf_fwhm": list(SDSS.psf_fwhm),
                "stellar_mass": 10 ** (9 + g / 20),
            }
            for v in range(VIEWS)
        ]
        # A frame of even light: S/N of 0.5 a pixel in the first half, of 50 in the second.
        flux = np.full((VIEWS, 5, PIXELS, PIXELS), 0.5 if g < GALAXIES // 2 else 50.0, np.float32)
        flux *= np.array(SDSS.sky_noise, np.float32)[:, None, None]
        store.write_galaxy(g, flux=flux, maps=np.stack([maps] * VIEWS), rows=rows)
    store.finalise()
    return DatasetStore.open(path)


def paint_a_tenth_too_much(patch: pytest.MonkeyPatch) -> None:
    paint_scaled(patch, 1.1, properties=PROPERTY_NAMES)


@pytest.fixture
def painter(monkeypatch):
    paint_a_tenth_too_much(monkeypatch)


@pytest.fixture
def undrawn(monkeypatch):
    """Write no files: drawing takes seconds."""
    monkeypatch.setattr(run, "write_evaluation", lambda *_: None)


@pytest.fixture(scope="module")
def evaluated(store, tmp_path_factory) -> tuple[Evaluation, Path]:
    """An evaluation of that painter on all of the test split, and its folder."""
    folder = tmp_path_factory.mktemp("evaluation") / "out"
    with pytest.MonkeyPatch.context() as patch:
        paint_a_tenth_too_much(patch)
        return evaluate("w.onnx", store, output=folder, progress=False), folder


def test_known_errors_come_back(store, evaluated):
    found, _ = evaluated
    views = len(store.indices("test"))
    totals = {r.property: r for r in found.rows if r.kind == "total"}
    pixels = {r.property: r for r in found.rows if r.kind == "pixel"}
    assert len(found.rows) == 2 * len(PROPERTY_NAMES)
    for row in (totals["stellar_mass"], pixels["gas_mass"]):
        assert row.linear_bias.value == pytest.approx(-np.log10(1.1), abs=1e-6)
        assert row.median_bias.value == pytest.approx(-np.log10(1.1), abs=2.6e-3)
        assert row.coverage.value == 1.0
    assert totals["stellar_mass"].counts.used == views
    assert totals["hi_mass"].counts.absent == views
    # s = sqrt(ln(1 + 0.2^2)) about a mean that is 10% too high: the truth lies inside.
    painted = found.views.predicted[Protocol.HONEST]["stellar_mass"]
    np.testing.assert_allclose(painted.p84 / painted.mean, np.exp(np.sqrt(np.log(1.04))))


def test_totals_are_those_of_the_aperture_or_of_the_frame(store, evaluated):
    found, _ = evaluated
    assert found.about["whole_frame"] == found.views.whole_frame.sum() == VIEWS
    large = found.views.galaxy_id == f"g{GALAXIES - 1}"
    np.testing.assert_array_equal(found.views.whole_frame, large)
    rows = store.indices("test")
    for k, row in enumerate(rows):
        frame = store.truth(row).total("stellar_mass")
        share = found.views.true[Protocol.HONEST]["stellar_mass"][k] / frame
        assert share == 1.0 if large[k] else 0.8 < share < 0.95


def test_files(store, painter, tmp_path, capsys):
    evaluate(None, store.path, output=tmp_path / "out")
    assert "stellar_mass" in capsys.readouterr().out
    out = tmp_path / "out"
    names = {"table.csv", "table.md", "bins.csv", "totals.csv", "evaluation.json"}
    assert {p.name for p in out.iterdir()} == names
    with (out / "table.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [r["kind"] for r in rows] == ["total"] * 7 + ["pixel"] * 7
    assert float(rows[0]["linear_bias"]) == pytest.approx(-0.0414, abs=1e-4)
    assert float(rows[0]["abs_linear_bias"]) == -float(rows[0]["linear_bias"])
    with (out / "totals.csv").open() as file:
        totals = list(csv.DictReader(file))
    assert len(totals) == len(store.indices("test"))
    about = json.loads((out / "evaluation.json").read_text())
    assert about["store_fingerprint"] == store.fingerprint
    assert "| stellar_mass | -0.041" in (out / "table.md").read_text()


def test_bins_tell_where(store, evaluated):
    """The same error everywhere; no hydrogen; bins without a galaxy, with too few, with enough."""
    found, folder = evaluated
    with (folder / "bins.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(found.bins) == (9 + 4 + 6) * len(PROPERTY_NAMES)
    assert not any(cell == "nan" for row in rows for cell in row.values())
    snr = [r for r in rows if r["quantity"] == "signal_to_noise" and r["property"] == "gas_mass"]
    assert [int(r["galaxies"]) for r in snr] == [6, 0, 0, 0, 5, 1, 0, 0, 0]
    enough = [r for r in rows if not r["note"]]
    assert {r["property"] for r in enough} == set(PROPERTY_NAMES) - {"hi_mass"}
    assert {r["quantity"] for r in enough} == {b.quantity for b in found.bins}
    for row in enough:
        assert float(row["median_bias"]) == pytest.approx(-0.0414, abs=1e-4)
        assert float(row["sigma"]) == pytest.approx(0, abs=1e-4)
    for row in rows:
        assert (row["note"] == "") == (int(row["galaxies"]) >= 5) == (row["sigma"] != "")
    whole = {r.property: r.counts for r in found.rows if r.kind == "total"}
    for quantity in ("signal_to_noise", "log_specific_star_formation_rate", "log_stellar_mass"):
        for name in PROPERTY_NAMES:
            of = [r for r in rows if r["quantity"] == quantity and r["property"] == name]
            assert sum(int(r["used"]) for r in of) == whole[name].used
            assert sum(int(r["absent"]) for r in of) == whole[name].absent
    report = (folder / "table.md").read_text().split("## Where it errs")[1]
    assert "in the r band" in report and "too few (" in report


def test_signal_to_noise_of_every_view_is_written(store, evaluated):
    """Of n pixels of even light, sqrt(n) times that of one."""
    found, folder = evaluated
    with (folder / "totals.csv").open() as file:
        written = [float(row["signal_to_noise"]) for row in csv.DictReader(file)]
    np.testing.assert_allclose(written, found.views.signal_to_noise, rtol=1e-5)
    for k, row in enumerate(store.indices("test")):
        ellipse = scored_ellipse(store.truth(row))
        pixels = PIXELS**2 if ellipse is None else ellipse.mask((PIXELS,) * 2, scale=2.0).sum()
        each = 0.5 if store.table["galaxy"][row] < GALAXIES // 2 else 50.0
        assert found.views.signal_to_noise[k] == pytest.approx(each * np.sqrt(pixels), rel=0.005)


def test_limit_spreads_over_the_split(store, painter, undrawn, tmp_path):
    found = evaluate("w.onnx", store, output=tmp_path, limit=4, progress=False)
    assert len(found.views.galaxy_id) == 4
    assert found.views.galaxy_id[0] == "g4" and found.views.galaxy_id[-1] == f"g{GALAXIES - 1}"


def test_noise_is_fixed_by_the_seed(store, undrawn, tmp_path):
    """The whole path, with a tiny network: one seed repeats itself, another one does not."""
    from tiny_weights import write_tiny_weights

    weights = write_tiny_weights(tmp_path / "tiny.onnx")

    def seeded(seed):
        return evaluate(weights, store, output=tmp_path, limit=3, seed=seed, progress=False)

    def gas_of(found):
        return found.views.predicted[Protocol.HONEST]["gas_mass"]

    first, same, other = seeded(1), seeded(1), seeded(2)
    assert first.about["weights"] == "tiny"
    for name in ("mean", "p16", "p50", "p84"):
        one, two, three = (getattr(gas_of(e), name) for e in (first, same, other))
        np.testing.assert_array_equal(one, two)
        assert (one != three).all()
    ratio = np.log(gas_of(first).p16 / gas_of(first).mean)
    assert (ratio < 0).all()


def test_command_line(store, painter, tmp_path):
    from typer.testing import CliRunner

    from picassso.cli.app import build_app

    out = tmp_path / "out"
    said = CliRunner().invoke(build_app(), ["evaluate", str(store.path), "-o", str(out)])
    assert said.exit_code == 0, said.output
    assert "stellar_mass" in said.output and (out / "table.md").exists()
    assert "neutral hydrogen" in (out / "report.html").read_text()
    three = CliRunner().invoke(build_app(), ["evaluate", "a", "b", "c", "-o", str(out)])
    assert isinstance(three.exception, InputError) and "found 3 paths" in str(three.exception)


def test_bad_input(store, painter, tmp_path):
    with pytest.raises(InputError, match="not a run of `picassso train`"):
        evaluate(tmp_path, store, output=tmp_path / "out")
    with pytest.raises(InputError, match="does not exist"):
        evaluate(None, tmp_path / "nothing", output=tmp_path / "out")
    with pytest.raises(InputError, match="unknown split"):
        evaluate(None, store, output=tmp_path / "out", split="all")
    assert not (tmp_path / "out").exists()


def test_a_run_still_training_is_refused(store, tmp_path):
    (tmp_path / "run.json").write_text('{"config": {"epochs": 2}, "data": {}}')
    with pytest.raises(InputError, match="epoch 0 of 2.*picassso export"):
        evaluate(tmp_path, store, output=tmp_path / "out")
    (tmp_path / "metrics.csv").write_text("step,epoch\n2,0.5\n4,1.0\n")
    with pytest.raises(InputError, match="epoch 1 of 2"):
        evaluate(tmp_path, store, output=tmp_path / "out")
    (tmp_path / "metrics.csv").write_text("step,epoch\nfour,1.0\n")
    with pytest.raises(InputError, match="metrics.csv: not the metrics of a run"):
        evaluate(tmp_path, store, output=tmp_path / "out")


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ({"survey": "hsc"}, "images of sdss.*weights fake are for hsc"),
        ({"bands": ("g", "r", "y")}, "has the bands u, g, r, i, z.*need y too"),
        ({"properties": ("x_ray",)}, "knows the truth of stellar_mass.*nothing can be compared"),
    ],
)
def test_weights_that_do_not_fit_the_store_are_refused(store, monkeypatch, tmp_path, weights, said):
    monkeypatch.setattr(
        run,
        "load_weights",
        lambda path, **_: fake_weights(**{"properties": PROPERTY_NAMES} | weights),
    )
    with pytest.raises(InputError, match=said):
        evaluate("w.onnx", store, output=tmp_path / "out")


def test_a_store_without_a_split_is_refused(tmp_path):
    path = tmp_path / "unfinished.zarr"
    DatasetStore.create(
        path,
        config={},
        galaxies=1,
        views=1,
        shape=(8, 8),
        survey="sdss",
        bands=SDSS.bands,
        properties=PROPERTY_NAMES,
    )
    with pytest.raises(InputError, match="unfinished"):
        evaluate(None, path, output=tmp_path / "out")


def test_an_output_that_cannot_be_written_fails_before_the_work(store, monkeypatch, tmp_path):
    monkeypatch.setattr(NetworkPainter, "paint", lambda *_, **__: pytest.fail("painted"))
    (tmp_path / "notes").write_text("a file")
    with pytest.raises(InputError, match="notes: cannot be made"):
        evaluate(None, store, output=tmp_path / "notes", progress=False)


def test_galaxies_that_were_learnt_from_are_refused(store) -> None:
    known = SimpleNamespace(
        path=store.path, config={"synthetic": 10, "seed": 1}, fingerprint="other"
    )
    about = {"synthetic_seeds": [1, 2], "data_fingerprint": "a+b"}
    with pytest.raises(InputError, match="seed 1"):
        run._refuse_galaxies_learnt_from(about, known)
    known.fingerprint = "a"
    run._refuse_galaxies_learnt_from(about, known)


@pytest.mark.parametrize(("option", "said"), [({"limit": 0}, "limit"), ({"seed": -1}, "seed")])
def test_numbers_that_cannot_be_are_refused(store, tmp_path, option, said) -> None:
    with pytest.raises(InputError, match=said):
        evaluate(None, store, output=tmp_path / "out", **option)
