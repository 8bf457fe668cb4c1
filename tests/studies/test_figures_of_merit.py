"""Every figure of merit at once, of painters whose errors are known."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from painted_galaxies import paint_scaled
from picassso.analysis import Protocol, ResidualStatistics
from picassso.archive import DatasetStore
from picassso.report.evaluation.summary import summary_section
from picassso.studies import Evaluation, evaluate
from studied_galaxies import MAPS, studied_store

TENTH = -np.log10(1.1)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> DatasetStore:
    return studied_store(tmp_path_factory.mktemp("data") / "discs.zarr", galaxies=30, side=32)


def painted(store: DatasetStore, folder: Path, factor: float) -> Evaluation:
    with pytest.MonkeyPatch.context() as patch:
        paint_scaled(patch, factor, properties=MAPS)
        return evaluate("w.onnx", store, output=folder, split="train", progress=False)


@pytest.fixture(scope="module")
def perfect(store, tmp_path_factory) -> Evaluation:
    return painted(store, tmp_path_factory.mktemp("perfect"), 1.0)


@pytest.fixture(scope="module")
def a_tenth_too_much(store, tmp_path_factory) -> Evaluation:
    return painted(store, tmp_path_factory.mktemp("tenth"), 1.1)


def residuals(found: Evaluation, protocol: Protocol) -> list[ResidualStatistics]:
    scores = found.scores[protocol]
    annuli = [r for rings in scores.annuli.values() for r in rings]
    measured = [*scores.gradients, *scores.sizes, *scores.concentrations]
    return [*scores.totals, *scores.pixels, *annuli, *measured]


@pytest.mark.parametrize("protocol", Protocol)
def test_a_perfect_prediction_scores_exactly_zero(perfect: Evaluation, protocol: Protocol) -> None:
    scores = perfect.scores[protocol]
    judged = [r for r in residuals(perfect, protocol) if r.counts.used]
    assert {r.kind for r in judged} == {"total", "pixel", "annulus", "value"}
    for r in judged:
        biases = (r.linear_bias, r.median_bias, r.mean_bias, r.sigma, r.robust_sigma)
        assert [b.value for b in biases] == pytest.approx([0.0] * 5, abs=1e-12)
        assert r.outlier_fraction.value == 0.0
    for p in MAPS:
        assert scores.similarity[p].median.value == pytest.approx(1.0, abs=1e-6)
        for spread in (*scores.power_ratio[p], *scores.correlation[p]):
            assert spread.used == 0 or spread.median.value == pytest.approx(1.0, abs=1e-5)
    for d in scores.distances:
        assert (d.wasserstein.value, d.kolmogorov_smirnov.value, d.energy.value) == (0, 0, 0)
    assert len(scores.relations) == 1, "no star formation, no metals: size and mass alone"
    for r in scores.relations:
        assert (r.slope.value, r.zero_point.value, r.scatter.value) == (0, 0, 0)


@pytest.mark.parametrize("protocol", Protocol)
def test_a_tenth_too_much_is_a_tenth_everywhere(
    a_tenth_too_much: Evaluation, protocol: Protocol
) -> None:
    scores = a_tenth_too_much.scores[protocol]
    rings = [r for of in scores.annuli.values() for r in of if r.kind == "annulus"]
    for r in [*scores.totals, *scores.pixels, *rings]:
        if r.counts.used:
            tolerance = 1e-4 if r.kind == "pixel" else 1e-6
            for bias in (r.linear_bias, r.median_bias, r.mean_bias):
                assert bias.value == pytest.approx(TENTH, abs=tolerance)
            assert r.sigma.value == pytest.approx(0.0, abs=max(tolerance, 1e-4))


def test_sums_without_an_interval_have_no_coverage(a_tenth_too_much: Evaluation) -> None:
    """That of the paper's protocol would be zero, and no fault of the intervals."""
    for protocol, known in ((Protocol.HONEST, True), (Protocol.PAPER, False)):
        scores = a_tenth_too_much.scores[protocol]
        rings = [r for of in scores.annuli.values() for r in of if r.kind == "annulus"]
        for r in (r for r in [*scores.totals, *rings] if r.counts.used):
            assert np.isfinite(r.coverage.value) == known


def test_trends_and_bins_of_a_tenth_too_much(a_tenth_too_much: Evaluation) -> None:
    for trend in (*a_tenth_too_much.by_surface_density, *a_tenth_too_much.by_signal_to_noise):
        filled = trend.pixels > 0
        assert filled.any()
        np.testing.assert_allclose(trend.median[filled], TENTH, atol=0.011)
    known = [b for b in a_tenth_too_much.bins if not b.few]
    assert known and all(b.statistics.median_bias.value == pytest.approx(TENTH) for b in known)


def test_protocols_differ_where_the_truth_is_below_the_floor(
    a_tenth_too_much: Evaluation,
) -> None:
    """What is masked by the truth is painted too little, so that its totals err the other way."""
    honest, paper = (a_tenth_too_much.views.predicted[p]["hi_mass"].mean for p in Protocol)
    assert (paper <= honest).all() and (paper < honest).any()


def test_what_the_store_does_not_hold_is_named(store: DatasetStore, tmp_path: Path) -> None:
    """Weights that paint more than there is truth of: the rest is judged, and the reader told."""
    with pytest.MonkeyPatch.context() as patch:
        paint_scaled(patch, 1.0, properties=("gas_mass", *MAPS))
        found = evaluate("w.onnx", store, output=tmp_path, limit=2, progress=False)
    assert found.properties == MAPS
    assert found.about["properties_left_out"] == {"gas_mass": "not in the store"}
    assert any("not judged" in w and "gas mass" in w for w in summary_section(found).words)


def test_every_view_is_counted(perfect: Evaluation, store: DatasetStore) -> None:
    views = len(store.indices("train"))
    assert perfect.flags["views"] == perfect.about["views"] == views
    for f in fields(perfect.views):
        values = getattr(perfect.views, f.name)
        if isinstance(values, np.ndarray):
            assert len(values) == views
    for r in [*perfect.scores[Protocol.HONEST].totals, *perfect.scores[Protocol.HONEST].sizes]:
        c = r.counts
        assert c.used + c.missed * (r.kind == "value") + c.below_floor + c.absent == views


def test_examples_are_of_different_galaxies(perfect: Evaluation) -> None:
    ids = [e.truth.galaxy_id for e in perfect.examples]
    assert len(ids) == len(set(ids)) == 4
    for e in perfect.examples:
        assert e.image.galaxy_id == e.painted.galaxy_id == e.truth.galaxy_id
        assert e.image.view == 0, "the report looks for the first view of a galaxy"
