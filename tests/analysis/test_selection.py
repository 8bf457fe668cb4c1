"""Pixels selected once are those that every accumulator would select for itself."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.analysis import (
    PixelDetections,
    PixelDistributions,
    PixelResiduals,
    PixelTrend,
    Prediction,
    Protocol,
    apply_protocol,
    bin_numbers,
    select_pixels,
)
from picassso.core import PROPERTIES, InputError

NAME = "hi_mass"
FLOOR = PROPERTIES[NAME].floor


def views() -> list[tuple[str, np.ndarray, Prediction]]:
    """Two views each of a galaxy with faint and unknown pixels, and of one above the floor."""
    rng = np.random.default_rng(0)
    found = []
    for k, centre in enumerate((0.0, 0.5, 5.0, 5.0)):
        true = FLOOR * 10 ** rng.normal(centre, 0.7, (20, 30))
        median = true * 10 ** rng.normal(0, 0.5, true.shape)
        true[k, 3:7] = np.nan if k == 1 else 0.0
        found.append((f"g{k // 2}", true, Prediction(1.2 * median, median / 2, median, 2 * median)))
    return found


def numbers(result) -> list[float]:
    """All values and errors of a result."""
    fields = [getattr(result, f) for f in result.__slots__]
    return [v for f in fields if hasattr(f, "error") for v in (f.value, f.error)]


@pytest.mark.parametrize("accumulator", [PixelResiduals, PixelDistributions])
def test_the_paper_protocol_is_that_of_masked_predictions(accumulator) -> None:
    ours, masked = accumulator(NAME), accumulator(NAME)
    for galaxy, true, predicted in views():
        pixels = select_pixels(true, predicted, property=NAME)
        ours.add_selected(pixels, galaxy_id=galaxy)
        seen, paper = apply_protocol(Protocol.PAPER, true, predicted, floor=FLOOR)
        given = paper if accumulator is PixelResiduals else paper.p50
        masked.add(seen, given, galaxy_id=galaxy)
    found, expected = ours.result(Protocol.PAPER), masked.result(Protocol.PAPER)
    np.testing.assert_allclose(numbers(found), numbers(expected), rtol=1e-9, atol=1e-9)
    assert numbers(found) != numbers(ours.result())
    for count in ("counts", "used", "absent"):
        assert getattr(found, count, None) == getattr(expected, count, None)


def test_selected_or_not_is_the_same() -> None:
    def accumulators() -> tuple:
        return PixelResiduals(NAME), PixelDistributions(NAME), PixelDetections(NAME)

    once, alone = accumulators(), accumulators()
    edges = np.array([0.0, 1.0])
    trends = [PixelTrend(NAME, edges) for _ in range(2)]
    for galaxy, true, predicted in views():
        pixels = select_pixels(true, predicted, property=NAME)
        quantity = np.log10(predicted.p16 / FLOOR)
        for a in once:
            a.add_selected(pixels, galaxy_id=galaxy)
        for a, given in zip(alone, (predicted, predicted.p50, predicted), strict=True):
            a.add(true, given, galaxy_id=galaxy)
        numbered = bin_numbers(quantity[pixels.where], edges)
        trends[0].add_selected(numbered, pixels, galaxy_id=galaxy)
        trends[1].add(quantity, true, predicted, galaxy_id=galaxy)
    for a, b in zip(once, alone, strict=True):
        assert numbers(a.result()) == numbers(b.result())
    a, b = (t.result() for t in trends)
    np.testing.assert_array_equal(a.median, b.median)
    np.testing.assert_array_equal(a.p84_error, b.p84_error)
    assert a.counts == b.counts == once[0].result().counts


def test_every_known_pixel_is_there_painted_or_neither() -> None:
    for _, true, predicted in views():
        pixels, known = select_pixels(true, predicted, property=NAME), ~np.isnan(true)
        there, painted = true >= FLOOR, known & (predicted.p50 >= FLOOR)
        np.testing.assert_array_equal(pixels.where, there | painted)
        np.testing.assert_array_equal(pixels.true, true[pixels.where])
        np.testing.assert_array_equal(pixels.missed, np.flatnonzero(~painted[pixels.where]))
        np.testing.assert_array_equal(pixels.invented, np.flatnonzero(~there[pixels.where]))
        counts, n = pixels.counts, len(pixels.true)
        assert counts.painted == n - len(pixels.missed) == painted.sum()
        assert counts.used == n - len(pixels.invented) == there.sum()
        assert len(pixels.faint_median) == len(pixels.faint_within) == counts.below_floor
        assert counts.used + counts.below_floor == known.sum()
        assert pixels.sums == pytest.approx((true[known].sum(), predicted.mean[known].sum()))


def test_sums_hold_all_pixels_and_medians_those_that_were_painted() -> None:
    """Against numpy, of what is painted and what is there, each protocol by its own choice."""
    accumulator = PixelResiduals(NAME, bootstraps=0)
    parts = views()
    for galaxy, true, predicted in parts:
        accumulator.add(true, predicted, galaxy_id=galaxy)
    true, mean, median = (
        np.concatenate([np.ravel(m) for m in of])
        for of in zip(*((t, p.mean, p.p50) for _, t, p in parts), strict=True)
    )
    known = ~np.isnan(true)
    true, mean, median = true[known], mean[known], median[known]
    least = 1e-3 * FLOOR
    residual = np.log10(np.maximum(true, least) / np.maximum(median, least))
    honest, paper = (accumulator.result(p) for p in Protocol)
    painted, there = median >= FLOOR, true >= FLOOR
    assert honest.linear_bias.value == pytest.approx(np.log10(true.sum() / mean.sum()))
    for found, chosen in ((honest, painted), (paper, there)):
        assert found.median_bias.value == pytest.approx(np.median(residual[chosen]), abs=2e-3)
        assert found.sigma.value == pytest.approx(residual[chosen].std(), rel=1e-9)
        assert found.mean_bias.value == pytest.approx(residual[chosen].mean(), rel=1e-9)
    sums = true[there].sum() / median[there].sum()
    assert paper.linear_bias.value == pytest.approx(np.log10(sums))
    assert honest.painted_bias.value == honest.median_bias.value
    assert np.isnan(paper.painted_bias.value)


def test_a_choice_by_the_truth_moves_the_median() -> None:
    """Right medians of faint pixels: unbiased among what was painted, not among what is there."""
    rng = np.random.default_rng(1)
    accumulator = PixelResiduals(NAME, bootstraps=0)
    for k in range(8):
        median = FLOOR * 10 ** rng.normal(0, 0.5, 20_000)
        true = median * 10 ** rng.normal(0, 0.5, median.shape)
        accumulator.add(true, Prediction(median, median, median, median), galaxy_id=str(k))
    honest, paper = (accumulator.result(p) for p in Protocol)
    assert honest.median_bias.value == pytest.approx(0.0, abs=0.005)
    assert paper.median_bias.value > 0.2


def test_bad_input() -> None:
    bad = np.array([1.0, np.inf])
    with pytest.raises(InputError, match="hi_mass: the predicted mean is not finite"):
        select_pixels(np.ones(2), Prediction(bad, bad, bad, bad), property=NAME)
