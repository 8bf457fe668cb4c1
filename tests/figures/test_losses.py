"""Losses of several networks: every one is drawn, and the end can be seen."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.core import InputError
from picassso.figures import validation_losses


def falling(networks: int) -> list[tuple[np.ndarray, np.ndarray]]:
    steps = np.arange(10, 410, 10)
    return [(steps, 50 * np.exp(-steps / 20) + 0.1 * k) for k in range(networks)]


def test_every_network_is_a_line_and_the_steep_start_is_cut_off() -> None:
    figure = validation_losses({"ugriz": falling(3), "r": falling(2)})
    assert [len(axes.lines) for axes in figure.axes] == [3, 2]
    assert [axes.get_title() for axes in figure.axes] == ["ugriz", "r"]
    for axes in figure.axes:
        assert axes.get_ylim()[1] < 12 and axes.get_ylim()[0] < 0.0
        assert axes.get_xlim() == (0, 400)
        (late,) = axes.patches
        assert late.get_x() == 300 and late.get_width() == 100


def test_a_loss_that_is_flat_or_not_finite_is_drawn() -> None:
    steps = np.array([1, 2])
    figure = validation_losses({"flat": [(steps, [1.0, 1.0])], "lost": [(steps, [np.nan, 1.0])]})
    figure.canvas.draw()


def test_more_than_four_arms_go_on_below() -> None:
    figure = validation_losses({str(k): falling(1) for k in range(5)})
    rows = {round(axes.get_position().y0, 2) for axes in figure.axes}
    assert len(rows) == 2 and figure.get_size_inches()[0] <= 7.1


@pytest.mark.parametrize("arms", [{}, {"ugriz": []}])
def test_nothing_to_draw_is_said(arms) -> None:
    with pytest.raises(InputError, match="nothing to draw"):
        validation_losses(arms)
