"""Structure against frequency: every property in its place, told apart twice."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.core import PROPERTY_NAMES, InputError
from picassso.figures import Line, save_figure, structure_with_frequency

EDGES = np.array([0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0])
X = np.sqrt(EDGES[1:] * EDGES[:-1])


def line(values: np.ndarray) -> Line:
    return Line(X, 0.8 * values, values, 1.2 * values, 0.02 * values)


def test_each_property_has_its_own_colour_and_dashes(tmp_path) -> None:
    ratio = {n: line(1 / (1 + k + X)) for k, n in enumerate(PROPERTY_NAMES)}
    correlation = {n: line(np.exp(-X / (1 + k))) for k, n in enumerate(PROPERTY_NAMES)}
    figure = structure_with_frequency(EDGES, ratio, correlation)
    assert len(figure.axes) == 4
    medians = [x for a in figure.axes for x in a.lines if x.get_marker() == "."]
    expected = [p.median for lines in (ratio, correlation) for p in lines.values()]
    drawn = np.array([x.get_ydata() for x in medians])
    order = np.lexsort(drawn.T)
    np.testing.assert_allclose(drawn[order], np.array(expected)[np.lexsort(np.array(expected).T)])
    assert len({tuple(x.get_color()) for x in medians}) == 7
    assert len({str(x._dash_pattern) for x in medians}) == 7, "no two share their dashes"
    for axes in figure.axes[:2]:
        assert axes.get_yscale() == "log" and axes.get_xscale() == "log"
        box = axes.get_legend().get_window_extent()
        assert box.y0 >= axes.get_window_extent().y1 - 1, "the legend lies outside the data"
        assert box.y1 <= figure.bbox.y1 + 1
    assert save_figure(figure, tmp_path / "a.pdf").stat().st_size > 5000


def test_one_property_is_a_column_and_what_is_unknown_is_said() -> None:
    nothing = line(np.full(6, np.nan))
    figure = structure_with_frequency(EDGES, {"gas_mass": nothing}, {"gas_mass": nothing})
    assert figure.get_size_inches()[0] == pytest.approx(88 / 25.4)
    above, below = figure.axes
    assert [t.get_text() for a in (above, below) for t in a.texts] == ["no values"] * 2
    assert below.get_xlim() == pytest.approx((0.125, 8))


def test_a_property_without_both_is_left_out() -> None:
    with pytest.raises(InputError, match="no property has both"):
        structure_with_frequency(EDGES, {"gas_mass": line(X)}, {"hi_mass": line(X)})
