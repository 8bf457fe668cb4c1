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
        _, paper = apply_protocol(Protocol.PAPER, true, predicted, floor=FLOOR)
        given = paper if accumulator is PixelResiduals else paper.p50
        masked.add(true, given, galaxy_id=galaxy)
    found, expected = ours.result(Protocol.PAPER), masked.result()
    np.testing.assert_allclose(numbers(found), numbers(expected), rtol=1e-9)
    assert numbers(found) != numbers(ours.result())
    for count in ("counts", "used", "absent"):
        assert getattr(found, count, None) == getattr(expected, count, None)


def test_selected_or_not_is_the_same() -> None:
    def accumulators() -> tuple:
        return PixelResiduals(NAME), PixelDistributions(NAME), PixelDetections(NAME)

    once, alone = accumulators(), accumulators()
    trends = [PixelTrend(NAME, (0.0, 1.0)) for _ in range(2)]
    for galaxy, true, predicted in views():
        pixels = select_pixels(true, predicted, property=NAME)
        quantity = np.log10(predicted.p16 / FLOOR)
        for a in once:
            a.add_selected(pixels, galaxy_id=galaxy)
        for a, given in zip(alone, (predicted, predicted.p50, predicted), strict=True):
            a.add(true, given, galaxy_id=galaxy)
        trends[0].add_selected(quantity, pixels, galaxy_id=galaxy)
        trends[1].add(quantity, true, predicted, galaxy_id=galaxy)
    for a, b in zip(once, alone, strict=True):
        assert numbers(a.result()) == numbers(b.result())
    a, b = (t.result() for t in trends)
    np.testing.assert_array_equal(a.median, b.median)
    np.testing.assert_array_equal(a.p84_error, b.p84_error)
    assert a.counts == b.counts == once[0].result().counts


def test_every_known_pixel_is_there_or_faint() -> None:
    for _, true, predicted in views():
        pixels = select_pixels(true, predicted, property=NAME)
        np.testing.assert_array_equal(pixels.true, true[pixels.where])
        np.testing.assert_array_equal(pixels.predicted.p84, predicted.p84[pixels.where])
        assert len(pixels.true) == pixels.counts.used
        assert len(pixels.faint_median) == len(pixels.faint_within) == pixels.counts.below_floor
        assert pixels.counts.used + pixels.counts.below_floor == np.sum(~np.isnan(true))


def test_bad_input() -> None:
    bad = np.array([1.0, np.inf])
    with pytest.raises(InputError, match="hi_mass: the predicted mean is not finite"):
        select_pixels(np.ones(2), Prediction(bad, bad, bad, bad), property=NAME)
