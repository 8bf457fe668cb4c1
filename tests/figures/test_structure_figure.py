"""Structure against frequency: every property in panels of its own."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.core import PROPERTY_NAMES, InputError
from picassso.figures import STYLES, Line, save_figure, structure_with_frequency

EDGES = np.array([0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0])
X = np.sqrt(EDGES[1:] * EDGES[:-1])


def line(values: np.ndarray) -> Line:
    return Line(X, 0.8 * values, values, 1.2 * values, 0.02 * values)


def test_each_property_has_its_own_panels_on_one_scale(tmp_path) -> None:
    ratio = {n: line(1 / (1 + k + X)) for k, n in enumerate(PROPERTY_NAMES)}
    correlation = {n: line(np.exp(-X / (1 + k))) for k, n in enumerate(PROPERTY_NAMES)}
    figure = structure_with_frequency(EDGES, ratio, correlation)
    assert len(figure.axes) == 2 * 7
    assert [a.get_title() for a in figure.axes[::2]] == [STYLES[n].title for n in PROPERTY_NAMES]
    for k, name in enumerate(PROPERTY_NAMES):
        for axes, expected in zip(figure.axes[2 * k :], (ratio, correlation), strict=False):
            (drawn,) = (x.get_ydata() for x in axes.lines if x.get_marker() == ".")
            np.testing.assert_array_equal(drawn, expected[name].median)
            assert len(axes.collections) == 3, "one band, bars of lone points, errors"
    for half in (0, 1):
        assert len({a.get_ylim() for a in figure.axes[half::2]}) == 1
    assert all(a.get_yscale() == a.get_xscale() == "log" for a in figure.axes[::2])
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
