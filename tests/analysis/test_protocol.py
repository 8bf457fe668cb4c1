"""The two protocols: what the truth may, and may not, do to a prediction."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.analysis import Prediction, Protocol, apply_protocol
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
    same, found = apply_protocol(Protocol.HONEST, true, predicted, floor=FLOOR)
    assert same is true and found is predicted


def test_paper_masks_by_the_truth_and_takes_the_median(scene) -> None:
    true, predicted = scene
    masked, paper = apply_protocol(Protocol.PAPER, true, predicted, floor=FLOOR)
    for found, expected in (
        (masked, true),
        (paper.mean, predicted.p50),
        (paper.p50, predicted.p50),
        (paper.p16, predicted.p16),
        (paper.p84, predicted.p84),
    ):
        np.testing.assert_array_equal(found[:, :10], expected[:, :10])
        assert not found[:, 10:].any()


def test_unknown_truth_masks_too_and_stays_unknown(scene) -> None:
    true, predicted = scene
    masked, paper = apply_protocol(Protocol.PAPER, true * np.nan, predicted, floor=FLOOR)
    assert not paper.mean.any() and np.isnan(masked).all()


def test_a_perfect_prediction_is_perfect_in_both(scene) -> None:
    true, _ = scene
    for protocol in Protocol:
        masked, found = apply_protocol(protocol, true, Prediction(*(true,) * 4), floor=FLOOR)
        np.testing.assert_array_equal(found.mean, masked)


def test_a_cube_is_its_maps(scene) -> None:
    true, predicted = scene
    floors = np.array([FLOOR, 1e3 * FLOOR])
    stacked = Prediction(*(np.stack([getattr(predicted, f)] * 2) for f in predicted.__slots__))
    cube = np.stack([true, true])
    masked, found = apply_protocol(Protocol.PAPER, cube, stacked, floor=floors[:, None, None])
    for k, floor in enumerate(floors):
        alone = apply_protocol(Protocol.PAPER, true, predicted, floor=floor)
        np.testing.assert_array_equal(masked[k], alone[0])
        np.testing.assert_array_equal(found.mean[k], alone[1].mean)
