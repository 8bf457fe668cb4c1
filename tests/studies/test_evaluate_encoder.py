"""Encoders of images that are known: what is said of them is what was put in."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from fibre_store import fibre_store
from made_up_posteriors import LATENTS, SIGMA, made_up_posteriors
from picassso.analysis.spectra.measured import MEASURED
from picassso.archive import DatasetStore
from picassso.cli.app import build_app
from picassso.core import InputError
from picassso.studies.spectra import departing, find_score
from picassso.studies.spectra.departing import departing_scores, measure_departing
from picassso.studies.spectra.models import Encoded
from picassso.studies.spectra.posteriors import (
    JUDGED,
    bin_scores,
    flux_coverage,
    flux_scores,
    index_scores,
    latent_scores,
    one_view_each,
)
from picassso.studies.spectra.predictions import Predictions, Truth
from picassso.studies.spectra.rivals import aperture_features, predict_from_colours
from picassso.studies.spectra.selection import (
    CONDITIONS,
    class_scores,
    confusion,
    select,
    selection_scores,
)
from tiny_spectrum_weights import (
    make_image,
    write_tiny_spectrum_encoder,
    write_tiny_spectrum_weights,
)

Pair = tuple[Predictions, Truth]


@pytest.fixture(scope="module")
def honest() -> Pair:
    return made_up_posteriors()


@pytest.fixture(scope="module")
def boasting() -> Pair:
    """Claims half of the scatter that it has."""
    return made_up_posteriors(claimed=0.5)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> DatasetStore:
    return fibre_store(tmp_path_factory.mktemp("encoded") / "fibres.zarr", side=32)


def test_a_calibrated_encoder_covers_what_it_claims(honest: Pair) -> None:
    scores = [
        *latent_scores(honest[0], honest[1].target, {}, sample="test", seed=0),
        *flux_scores(*honest, sample="test", seed=0),
        *index_scores(*honest, {}, sample="test", seed=0),
    ]
    for part, quantity in (("flux", "flux"), ("indices", "EW_Halpha"), ("indices", "D4000")):
        for level in (0.68, 0.95):
            found = find_score(scores, part=part, quantity=quantity, statistic=f"coverage_{level}")
            assert found.value == pytest.approx(level, abs=4 * found.error), quantity
    for k in range(LATENTS):
        of = {"part": "latents", "method": "network", "quantity": f"latent_{k}"}
        held = find_score(scores, statistic="coverage_0.68", **of)
        assert held.value == pytest.approx(0.68, abs=0.1)
        assert find_score(scores, statistic="rank_p_value", **of).value > 1e-3
        rmse = find_score(scores, statistic="rmse", **of)
        assert rmse.value == pytest.approx(SIGMA[k], rel=0.15) and 0 < rmse.error < 0.1
    norm = find_score(scores, quantity="log10_norm", statistic="scatter")
    assert norm.value == pytest.approx(SIGMA[-1], rel=0.15)


def test_one_that_boasts_is_found_out(boasting: Pair) -> None:
    scores = [
        *latent_scores(boasting[0], boasting[1].target, {}, sample="test", seed=0),
        *flux_scores(*boasting, sample="test", seed=0),
        *index_scores(*boasting, {}, sample="test", seed=0),
    ]
    for part, quantity in (("flux", "flux"), ("indices", "D4000"), ("latents", "latent_0")):
        found = find_score(scores, part=part, quantity=quantity, statistic="coverage_0.68")
        assert found.value == pytest.approx(0.38, abs=0.08), "68% of half the scatter"
    assert find_score(scores, quantity="D4000", statistic="rank_p_value").value < 1e-3


def test_coverage_with_wavelength_averages_to_that_of_all(honest: Pair) -> None:
    by_pixel = flux_coverage(*honest)
    scores = list(flux_scores(*honest, sample="test", seed=0))
    whole = find_score(scores, quantity="flux", statistic="coverage_0.68")
    assert by_pixel[0.68].mean() == pytest.approx(whole.value, abs=1e-6)
    assert (by_pixel[0.95] >= by_pixel[0.68]).all()


def test_rivals_are_judged_by_the_same_numbers(honest: Pair) -> None:
    predictions, truth = honest
    perfect = {"oracle": truth.target}
    scores = latent_scores(predictions, truth.target, perfect, sample="test", seed=0)
    assert find_score(scores, method="oracle", quantity="latents", statistic="rmse").value == 0.0
    measured = {"oracle": truth.indices}
    found = list(index_scores(predictions, truth, measured, sample="test", seed=0))
    for name in JUDGED:
        error = find_score(found, method="oracle", quantity=name, statistic="rmse").value
        assert error == 0.0 or np.isnan(error)
    classes = list(class_scores(predictions, truth, measured, sample="test", seed=0))
    assert find_score(classes, method="oracle", statistic="accuracy").value == 1.0
    table = confusion(truth, predictions)
    assert table.sum() == len(predictions.row)
    accuracy = find_score(classes, method="network", statistic="accuracy").value
    assert np.trace(table) / table.sum() == pytest.approx(accuracy)


def test_bins_hold_every_galaxy_once(honest: Pair) -> None:
    values = {"redshift": np.linspace(0.01, 0.1, len(honest[0].row))}
    scores = list(bin_scores(*honest, values, sample="test", seed=0))
    counts = [s.count for s in scores if s.statistic == "latents_rmse"]
    assert sum(counts) == len(honest[0].row) and len(counts) == 4


def test_expected_purities_come_true(honest: Pair) -> None:
    for name in ("D4000", "EW(Halpha)"):
        values = honest[1].indices[:, MEASURED.index("EW_Halpha" if "EW" in name else name)]
        found = select(*honest, f"{name} > {np.quantile(values, 0.7):.4f}")
        number = int(found.true.sum())
        assert number == pytest.approx(72, abs=1)
        spread = np.sqrt((found.probability * (1 - found.probability)).sum())
        assert found.probability.sum() == pytest.approx(number, abs=4 * spread + 1)
        scores = list(selection_scores(found, honest[0].galaxy_id, sample="test", seed=0))
        at = {"statistic": "as_many_as_true, expected purity"}
        expected = find_score(scores, **at)
        realised = find_score(scores, statistic="as_many_as_true, purity")
        assert realised.value == pytest.approx(expected.value, abs=4 * expected.error + 0.02)
        complete = find_score(scores, statistic="as_many_as_true, completeness")
        assert complete.value == pytest.approx(realised.value)
    for text in CONDITIONS:
        select(*honest, text)


class Labelled:
    """What `measure_departing` asks of an autoencoder, and how it is asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, noise: float) -> None:
        rng = np.random.default_rng(9)

        def observed(store, predictions, which, autoencoder, *, seed, widened=False):  # type: ignore[no-untyped-def]
            target = store[id(predictions)][which, :LATENTS]
            seen = target + noise * rng.standard_normal(target.shape) + 3.0 * widened
            return Encoded(seen, np.full(seen.shape, 2 * np.log(noise)), np.ones(len(seen)))

        monkeypatch.setattr(departing, "_observed", observed)


def test_outliers_are_found_and_no_others(honest: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = made_up_posteriors(samples=2, seed=5)
    Labelled(monkeypatch, 0.2)
    of = {id(p): t.target for p, t in (honest, reference)}
    everyone = np.arange(len(reference[0].row))
    seen = departing._observed(of, reference[0], everyone, None, seed=0)
    known, _ = departing._compare(reference[0], everyone, seen)
    found = measure_departing(of, honest[0], known, None, seed=0)  # type: ignore[arg-type]
    scores = list(departing_scores(found, sample="test"))
    own = {"quantity": "as they are"}
    assert find_score(scores, statistic="calibrated_p_value", **own).value > 1e-3
    assert find_score(scores, statistic="gaussian_p_value", **own).value > 1e-3
    assert find_score(scores, statistic="share_below_0.05", **own).value < 0.12
    for name in ("swapped", "widened", "shifted by 4"):
        assert find_score(scores, quantity=name, statistic="share_below_0.05").value > 0.5, name
    weak, strong = (
        find_score(scores, quantity=f"shifted by {s}", statistic="share_below_0.05").value
        for s in (1, 4)
    )
    assert weak < strong


def test_colours_tell_what_hangs_on_them() -> None:
    rng = np.random.default_rng(2)
    features = rng.uniform(-1.7, 1.7, (800, 4))
    target = np.stack([features[:, 0] + 0.5 * features[:, 1] ** 2, features[:, 2]], axis=1)
    found = predict_from_colours(features[:600], target[:600], features[600:])
    error = {m: np.sqrt(np.mean((v - target[600:]) ** 2)) for m, v in found.items()}
    assert error["linear"] < 0.05, "a square is among the terms"
    assert error["neighbours"] < 0.5 * target.std()
    far = predict_from_colours(features[:600], target[:600], 9.0 * features[600:])["linear"]
    assert (far <= target[:600].max(axis=0)).all() and (far >= target[:600].min(axis=0)).all()


def test_colours_do_not_change_with_brightness_nor_with_what_is_masked() -> None:
    image = make_image(noise=np.full(5, 1e-4, np.float32))
    brighter = make_image(flux=2 * image.flux, noise=image.noise)
    bands = ("u", "g", "r", "i", "z")
    one, two = (aperture_features(i, bands) for i in (image, brighter))
    np.testing.assert_allclose(one[:12], two[:12], atol=1e-4)
    np.testing.assert_allclose(one[12:15] - two[12:15], 2.5 * np.log10(2), atol=1e-3)
    assert one[-1] == image.redshift
    masked = make_image(noise=image.noise)
    masked.mask[0, 0], masked.flux[:, 0, 0] = True, np.nan
    np.testing.assert_allclose(aperture_features(masked, bands), one)


def test_views_of_one_galaxy_are_not_independent() -> None:
    np.testing.assert_array_equal(one_view_each(np.array(["b", "b", "a", "c", "a"])), [0, 2, 3])


def test_an_encoder_is_judged_and_reported(store: DatasetStore, tmp_path: Path) -> None:
    weights = write_tiny_spectrum_weights(tmp_path / "weights")
    write_tiny_spectrum_encoder(tmp_path / "weights")
    output = tmp_path / "evaluation"
    command = ["evaluate", str(weights), str(store.path), "-o", str(output), "--no-progress"]
    result = CliRunner().invoke(build_app(), command, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    page = (output / "report.html").read_text()
    for words in ("Latents", "Bands of flux", "Targets", "Classes of emission", "Outliers"):
        assert words in page
    about = json.loads((output / "evaluation.json").read_text())
    assert about["views"] == len(store.indices("test"))
    galaxies = list(csv.DictReader((output / "galaxies.csv").open()))
    assert len(galaxies) == about["views"]
    assert {f"true_{n}" for n in MEASURED} | {"true_latent_0"} <= set(galaxies[0])
    scores = list(csv.DictReader((output / "scores.csv").open()))
    parts = {"latents", "outliers", "flux", "indices", "classes", "targets", "bins"}
    assert {s["part"] for s in scores} == parts
    assert {"linear", "neighbours"} < {s["method"] for s in scores}
    assert "Performance" in (output / "model_card.md").read_text()


def test_without_the_encoder_of_spectra_nothing_is_judged(
    store: DatasetStore, tmp_path: Path
) -> None:
    from picassso.studies import evaluate_encoder

    weights = write_tiny_spectrum_weights(tmp_path / "weights")
    with pytest.raises(InputError, match="needs the encoder of spectra beside it"):
        evaluate_encoder(weights, store, output=tmp_path / "out", progress=False)
    assert not (tmp_path / "out").exists()


def test_a_store_of_another_survey_is_refused(store: DatasetStore, tmp_path: Path) -> None:
    from picassso.studies import evaluate_encoder

    weights = write_tiny_spectrum_weights(tmp_path / "weights", encoder={"survey": "panstarrs"})
    with pytest.raises(InputError, match="use a store of that survey"):
        evaluate_encoder(weights, store, output=tmp_path / "out", progress=False)
    assert not (tmp_path / "out").exists()
