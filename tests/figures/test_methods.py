"""A network beside classical methods: a row each, the numbers that were given."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.core import InputError
from picassso.figures import MethodScore, method_scores, save_figure

OURS = MethodScore(0.2, 0.02, 0.12, 0.01, -0.01, 0.005, 0.021)
THEIRS = MethodScore(0.4, 0.09, 0.2, 0.04, 0.3, 0.03, 1.72)
UNKNOWN = MethodScore(*[np.nan] * 7)
SCORES = {
    "network": {"stellar_mass": OURS, "star_formation_rate": OURS, "gas_mass": OURS},
    "Taylor 2011, $g-i$": {"stellar_mass": THEIRS},
    "grid fit": {"star_formation_rate": UNKNOWN, "stellar_mass": THEIRS},
}


def words(axes) -> list[str]:
    return [t.get_text() for t in axes.texts]


def half_length(container) -> float:
    low, high = container.lines[2][0].get_segments()[0][:, 0]
    return (high - low) / 2


def test_a_block_for_each_property_that_a_classical_method_makes(tmp_path) -> None:
    figure = method_scores(SCORES)
    assert [a.get_title(loc="left") for a in figure.axes[::2]] == [
        "stellar mass",
        "star formation rate",
    ]
    mass, bias, rate, rate_bias = figure.axes
    assert words(mass) == ["network", "Taylor 2011, $g-i$", "grid fit"]
    assert words(rate) == ["network", "grid fit"]
    assert words(bias) == ["21 ms", "1.7 s", "1.7 s"] and words(rate_bias) == ["21 ms", "–"]
    assert save_figure(figure, tmp_path / "a.pdf").stat().st_size > 5000


def test_points_and_errors_are_those_given() -> None:
    mass, bias, rate, _ = method_scores(SCORES).axes
    points = [c.lines[0].get_xydata()[0] for c in mass.containers]
    assert [x for x, _ in points] == [0.12, 0.2, 0.2, 0.4, 0.2, 0.4]
    assert [round(y) for _, y in points] == [0, 0, 1, 1, 2, 2]
    robust, plain = (y for _, y in points[:2])
    assert plain < robust, "one above the other: their errors can be told apart"
    errors = [half_length(c) for c in mass.containers]
    assert errors == pytest.approx([0.01, 0.02, 0.04, 0.09, 0.04, 0.09])
    filled = [c.lines[0].get_markerfacecolor() != "white" for c in mass.containers]
    assert filled == [False, True] * 3
    for container, error in zip(bias.containers, (0.005, 0.03, 0.03), strict=True):
        assert half_length(container) == pytest.approx(error)
    assert len(rate.containers) == 2, "what is unknown has no point"
    low, high = bias.get_xlim()
    assert low == -high and high > 0.33


def test_a_long_name_is_broken_behind_a_comma_in_a_column() -> None:
    long = "Roediger & Courteau 2015, FSPS, g-i -> i, per galaxy"
    scores = {"network": {"stellar_mass": OURS}, long: {"stellar_mass": THEIRS}}
    drawn = [words(method_scores(scores, column=column).axes[0])[1] for column in (False, True)]
    assert drawn == [long, "Roediger & Courteau 2015,\nFSPS, g-i -> i, per galaxy"]


def test_the_network_stands_out() -> None:
    mass, bias, *_ = method_scores(SCORES).axes
    for axes in (mass, bias):
        (shade,) = axes.patches
        assert shade.get_y() == -0.5 and shade.get_height() == 1
        assert [t.get_weight() for t in axes.texts] == ["bold", "normal", "normal"]
    assert len({c.lines[0].get_color() for c in mass.containers[:4]}) == 2


@pytest.mark.parametrize("scores", [{}, {"network": {"gas_mass": OURS}}, {"a": {}, "b": {}}])
def test_nothing_to_compare_with_is_refused(scores) -> None:
    with pytest.raises(InputError, match="nothing to compare with"):
        method_scores(scores)
