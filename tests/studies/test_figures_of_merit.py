"""Every figure of merit at once, of painters whose errors are known."""

from __future__ import annotations

import warnings
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from painted_galaxies import paint_scaled
from picassso.analysis import Protocol, ResidualStatistics
from picassso.archive import DatasetStore
from picassso.core import GalaxyImage, Maps
from picassso.report.evaluation.summary import summary_section
from picassso.studies import Evaluation, evaluate
from picassso.studies.evaluation.painters import NetworkPainter
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


def enough(rows: list[ResidualStatistics]) -> list[ResidualStatistics]:
    """Those of at least five galaxies; the others hold counts and not one number."""
    few = [r for r in rows if r.counts.used and np.isnan(r.median_bias.value)]
    for r in few:
        assert r.counts.used < 5 * 2, "a galaxy has two views"
        assert np.isnan(r.linear_bias.value) and np.isnan(r.coverage.value)
    return [r for r in rows if r.counts.used and r not in few]


@pytest.mark.parametrize("protocol", Protocol)
def test_a_perfect_prediction_scores_exactly_zero(perfect: Evaluation, protocol: Protocol) -> None:
    scores = perfect.scores[protocol]
    judged = enough(residuals(perfect, protocol))
    assert {r.kind for r in judged} == {"total", "pixel", "annulus", "value"}
    for r in judged:
        biases = (r.linear_bias, r.median_bias, r.mean_bias, r.sigma, r.robust_sigma)
        assert [b.value for b in biases] == pytest.approx([0.0] * 5, abs=1e-12)
        assert r.outlier_fraction.value == 0.0 and r.outlier_fraction.error > 0
    for p in MAPS:
        assert scores.similarity[p].median.value == pytest.approx(1.0, abs=1e-6)
        for spread in (*scores.power_ratio[p], *scores.correlation[p]):
            if spread.used >= 5 * 2:  # a galaxy has two views
                assert spread.median.value == pytest.approx(1.0, abs=1e-5)
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
    judged = enough([*scores.totals, *scores.pixels, *rings])
    assert {r.kind for r in judged} == {"total", "pixel", "annulus"}
    for r in judged:
        tolerance = 1e-4 if r.kind == "pixel" else 1e-6
        for bias in (r.linear_bias, r.median_bias, r.mean_bias):
            assert bias.value == pytest.approx(TENTH, abs=tolerance)
        assert r.sigma.value == pytest.approx(0.0, abs=max(tolerance, 1e-4))


def test_sums_without_an_interval_have_no_coverage(a_tenth_too_much: Evaluation) -> None:
    """That of the paper's protocol would be zero, and no fault of the intervals."""
    for protocol, known in ((Protocol.HONEST, True), (Protocol.PAPER, False)):
        scores = a_tenth_too_much.scores[protocol]
        rings = [r for of in scores.annuli.values() for r in of if r.kind == "annulus"]
        for r in enough([*scores.totals, *rings]):
            assert np.isfinite(r.coverage.value) == known


def test_trends_and_bins_of_a_tenth_too_much(a_tenth_too_much: Evaluation) -> None:
    by = (a_tenth_too_much.by_surface_density, a_tenth_too_much.by_signal_to_noise)
    for trend in (t for trends in by for of in trends.values() for t in of):
        filled = np.isfinite(trend.median)
        assert filled.any()
        np.testing.assert_allclose(trend.median[filled], TENTH, atol=0.011)
    known = [b for b in a_tenth_too_much.bins if not b.few]
    assert known and all(b.statistics.median_bias.value == pytest.approx(TENTH) for b in known)


def test_pixels_are_chosen_as_painted_or_by_the_truth(a_tenth_too_much: Evaluation) -> None:
    """A tenth more is painted than is there: more pixels above the floor, each bin told."""
    for trends in (a_tenth_too_much.by_surface_density, a_tenth_too_much.by_signal_to_noise):
        for honest, paper in zip(*(trends[p] for p in Protocol), strict=True):
            assert honest.pixels.sum() == honest.counts.painted > honest.counts.used
            assert paper.pixels.sum() == paper.counts.used == honest.counts.used


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


@pytest.mark.parametrize("painted", [0.0, 0.1])
def test_empty_gas_maps_are_judged_without_a_warning(
    store: DatasetStore, tmp_path: Path, painted: float
) -> None:
    """Nothing is there, whether or not gas was painted: counted, and said with a dash."""
    truth = DatasetStore.truth

    def empty(store: DatasetStore, row: int) -> Maps:
        maps = truth(store, row)
        return replace(maps, cube=maps.cube * np.array([1, 0], np.float32)[:, None, None])

    def gas_of_mass(*given: Any) -> tuple[GalaxyImage, Maps]:
        image, maps = paint(*given)
        cube = maps.cube[:1] * np.array([1, painted], np.float32)[:, None, None]
        return image, replace(maps, cube=cube, p16=0.8 * cube, p50=cube, p84=1.2 * cube)

    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        paint_scaled(patch, 1.0, properties=MAPS)
        paint = NetworkPainter.paint
        patch.setattr(DatasetStore, "truth", empty)
        patch.setattr(NetworkPainter, "paint", gas_of_mass)
        found = evaluate("w.onnx", store, output=tmp_path, split="train", progress=False)
    _, gas = found.scores[Protocol.HONEST].totals
    assert gas.counts.below_floor == found.about["views"] and np.isnan(gas.sigma.value)
    assert (gas.counts.false_positive > 0) == (painted > 0)
    assert not any(s.used for s in found.scores[Protocol.HONEST].power_ratio["hi_mass"])


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
