"""The two protocols: what the truth may, and may not, do to a prediction."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.analysis import (
    Prediction,
    Protocol,
    aperture_prediction,
    aperture_total,
    apply_protocol,
)
from picassso.core import PROPERTIES

FLOOR = PROPERTIES["gas_mass"].floor


@pytest.fixture
def scene():
    """Gas in the left half alone, painted everywhere, with a mean above the median."""
    true = np.full((20, 20), 100 * FLOOR)
    true[:, 10:] = 0.1 * FLOOR
    median = np.full((20, 20), 50 * FLOOR)
    return true, Prediction(2 * median, median / 3, median, median * 3)


def test_honest_prediction_knows_no_truth(scene) -> None:
    true, predicted = scene
    assert apply_protocol(Protocol.HONEST, true, predicted, floor=FLOOR) is predicted


def test_paper_masks_by_the_truth_and_takes_the_median(scene) -> None:
    true, predicted = scene
    paper = apply_protocol(Protocol.PAPER, true, predicted, floor=FLOOR)
    for found, expected in (
        (paper.mean, predicted.p50),
        (paper.p50, predicted.p50),
        (paper.p16, predicted.p16),
        (paper.p84, predicted.p84),
    ):
        np.testing.assert_array_equal(found[:, :10], expected[:, :10])
        assert not found[:, 10:].any()


def test_unknown_truth_masks_too(scene) -> None:
    true, predicted = scene
    paper = apply_protocol(Protocol.PAPER, true * np.nan, predicted, floor=FLOOR)
    assert not paper.mean.any()


def test_totals(scene) -> None:
    true, predicted = scene
    region = np.zeros((20, 20), bool)
    region[5:15, 5:15] = True
    calibrated = Prediction(*(np.float64(v) for v in (4.0, 1.0, 3.0, 9.0)))
    options = {"floor": FLOOR, "pixel_area": 0.25, "calibrated": calibrated}
    honest = aperture_prediction(Protocol.HONEST, true, predicted, region, **options)
    paper = aperture_prediction(Protocol.PAPER, true, predicted, region, **options)
    assert honest is calibrated
    expected = aperture_total(predicted.p50, region & (true >= FLOOR), pixel_area=0.25)
    assert paper.mean == paper.p16 == paper.p50 == paper.p84 == pytest.approx(expected)


def test_a_cube_is_its_maps(scene) -> None:
    true, predicted = scene
    floors = np.array([FLOOR, 1e3 * FLOOR])
    cube = np.stack([true, true])
    stacked = Prediction(*(np.stack([getattr(predicted, f)] * 2) for f in predicted.__slots__))
    nothing = Prediction(*np.zeros((4, 2)))
    region = np.ones((20, 20), bool)
    found = aperture_prediction(
        Protocol.PAPER,
        cube,
        stacked,
        region,
        floor=floors[:, None, None],
        pixel_area=1.0,
        calibrated=nothing,
    )
    for k, floor in enumerate(floors):
        alone = apply_protocol(Protocol.PAPER, true, predicted, floor=floor)
        assert found.mean[k] == pytest.approx(alone.mean.sum())
