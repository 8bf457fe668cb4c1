"""Reports of spectra hold what was measured, and their figures fit a page."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from made_up_posteriors import made_up_posteriors
from picassso.core import REST_GRID
from picassso.figures import (
    ReconstructedSpectrum,
    bands_with_wavelength,
    latent_errors,
    latent_shifts,
    p_value_curves,
    rank_histograms,
    reconstructed_spectra,
    residual_spectra,
)
from picassso.report.spectra import write_encoder_report
from picassso.report.spectra.cells import number_cell, score_cell
from picassso.studies.spectra import EncoderEvaluation, Score
from picassso.studies.spectra.departing import Departing, departing_scores
from picassso.studies.spectra.posteriors import (
    bin_scores,
    flux_coverage,
    flux_scores,
    index_scores,
    latent_scores,
)
from picassso.studies.spectra.selection import (
    CONDITIONS,
    class_scores,
    confusion,
    select,
    selection_scores,
)

PAGE, COLUMN = 180 / 25.4, 88 / 25.4


@pytest.fixture(scope="module")
def evaluation() -> EncoderEvaluation:
    predictions, truth = made_up_posteriors(60, samples=16)
    common = {"sample": "test", "seed": 0}
    selections = tuple(select(predictions, truth, text) for text in CONDITIONS)
    rivals = {"linear": truth.target + 0.5}
    redshift = {"redshift": np.linspace(0.01, 0.1, 60)}
    even = np.linspace(0.01, 1.0, 60)
    departing = Departing(even, {"as they are": even, "swapped": 0.1 * even}, reference=99)
    return EncoderEvaluation(
        about={
            "weights": "made_up", "weights_fingerprint": "0123", "store": "made_up.zarr",
            "store_fingerprint": "4567" * 8, "bands": "ugriz", "split": "test", "seed": 0,
            "limit": None, "views": 60, "galaxies": 60, "latents": 3, "examples": 3,
        },
        model={
            "kind": "spectrum-encoder", "architecture": "compact", "config": {"widths": [8, 8]},
            "training_range": {"redshift": [0.01, 0.2]},
            "calibration": {"factors": [1.1, 0.9], "coverage": {"flux": 0.681}},
        },
        predictions=predictions,
        truth=truth,
        rivals=rivals,
        flux_coverage=flux_coverage(predictions, truth),
        confusion=confusion(truth, predictions),
        selections=selections,
        departing=departing,
        scores=(
            *latent_scores(predictions, truth.target, rivals, **common),
            *flux_scores(predictions, truth, **common),
            *index_scores(predictions, truth, {"linear": truth.indices}, **common),
            *class_scores(predictions, truth, {"linear": truth.indices}, **common),
            *(n for s in selections for n in selection_scores(s, predictions.galaxy_id, **common)),
            *bin_scores(predictions, truth, redshift, **common),
            *departing_scores(departing, sample="test"),
        ),
    )  # fmt: skip


def test_the_page_says_what_was_measured(evaluation: EncoderEvaluation, tmp_path: Path) -> None:
    page = write_encoder_report(evaluation, tmp_path).read_text()
    assert "Wu &amp; Peek" in page or "the paper&#39;s" in page
    assert "those of 99 validation galaxies" in page
    rows = list(csv.reader((tmp_path / "tables" / "latents.csv").open()))
    assert len(rows) == 1 + 3 + 2, "latents, all of them, and the norm"
    (score,) = (
        s for s in evaluation.scores
        if (s.part, s.method, s.quantity, s.statistic)
        == ("latents", "network", "latent_1", "rmse")
    )  # fmt: skip
    assert rows[2][2] == f"{score.value:.3f} ± {score.error:.3f}"
    card = (tmp_path / "model_card.md").read_text()
    assert "1.10, 0.90" in card and "flux 0.681" in card and "EW(Halpha)" in card
    tex = (tmp_path / "tables" / "indices.tex").read_text()
    assert r"[\AA{}]" in tex and "Å" not in tex
    targets = (tmp_path / "tables" / "targets.csv").read_text()
    assert "D4000 > 1.6" in targets


def test_cells_have_true_minus_signs_and_errors() -> None:
    score = Score("a", "b", "c", "d", "e", -0.01234, 0.001)
    assert score_cell(score) == "−0.012 ± 0.001"
    assert score_cell(score, factor=100, digits=1) == "−1.2 ± 0.1"
    assert number_cell(np.nan) == "–" and number_cell(-0.0001) == "0.000"


def test_figures_fit_a_page() -> None:
    rng = np.random.default_rng(0)
    spectrum = ReconstructedSpectrum("one", np.ones(1000), np.ones(1000), np.zeros(1000))
    lost = ReconstructedSpectrum("lost", *np.full((3, 1000), np.nan))
    bands = {m: rng.normal(0, 0.03, (3, 1000)) for m in ("autoencoder", "PCA")}
    empty = {m: np.full((3, 1000), np.nan) for m in bands}
    wide = [
        residual_spectra(
            REST_GRID, {"a": bands, "b": empty}, regions={"line": ((5000.0, 5020.0),)}
        ),
        reconstructed_spectra(REST_GRID, [spectrum, lost, spectrum]),
        latent_shifts(
            rng.normal(0, 0.1, (3, 3, 8, 5, 6)), redshifts=(0.1, 0.2, 0.3), signals=(5, 10, 30),
            bar=0.2,
        ),
        bands_with_wavelength(REST_GRID, {0.68: np.full(1000, 0.7), 0.95: np.full(1000, 0.9)}),
        rank_histograms({str(k): rng.random(50) for k in range(5)} | {"none": [np.nan]}),
    ]  # fmt: skip
    narrow = [
        latent_errors({"network": {"all": (0.6, 0.02)}, "linear": {"all": (0.7, np.nan)}},
                      reference={"paper": 0.688}),
        p_value_curves({"own": rng.random(50), "none": np.array([np.nan])}),
    ]  # fmt: skip
    for figures, width in ((wide, PAGE), (narrow, COLUMN)):
        for figure in figures:
            assert figure.get_figwidth() == pytest.approx(width)
            figure.canvas.draw()
            box = figure.get_tightbbox()
            assert box.x0 > -0.02 and box.x1 < width + 0.02, "nothing is cut off"
            assert box.y0 > -0.02 and box.y1 < figure.get_figheight() + 0.02
