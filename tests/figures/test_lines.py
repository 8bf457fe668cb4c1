"""Running percentiles: lines and bands where they belong, gaps where nothing is known."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.core import InputError
from picassso.figures import Line, pixel_trends, save_figure, scaling_relations


def line(median: list[float], *, start: float = 0.0, error: float | None = 0.01) -> Line:
    m = np.array(median)
    return Line(
        x=start + np.arange(len(m)),
        p16=m - 0.1,
        median=m,
        p84=m + 0.2,
        median_error=None if error is None else 0 * m + error,
    )


def drawn_medians(axes) -> list[np.ndarray]:
    return [x.get_ydata() for x in axes.lines if x.get_marker() == "."]


def test_trends_are_drawn_as_given_on_one_scale_of_the_quantity(tmp_path) -> None:
    trends = {
        "gas_mass": line([0.5, 0.1, np.nan, 0.0]),
        "stellar_mass": line([0.02, 0.01]),
        "hi_mass": line([np.nan] * 4),
    }
    figure = pixel_trends(trends, label="log signal-to-noise")
    stars, gas, hydrogen = figure.axes
    np.testing.assert_array_equal(drawn_medians(gas)[0], trends["gas_mass"].median)
    assert stars.get_xlim() == gas.get_xlim() and stars.get_xlim()[1] > 3
    assert np.ptp(stars.get_ylim()) == pytest.approx(0.8), "small errors look small"
    low, high = gas.get_ylim()
    assert low < -0.1 < 0.7 < high < 0.8, "as far as the band and no further"
    assert [t.get_text() for t in hydrogen.texts] == ["no pixels above the floor"]
    assert {a.get_xlabel() for a in figure.axes} == {"log signal-to-noise"}
    assert stars.get_ylabel() and not gas.get_ylabel(), "a shared label is written once"
    assert save_figure(figure, tmp_path / "a.pdf").stat().st_size > 5000


def test_a_panel_of_one_sided_residuals_holds_zero() -> None:
    (axes,) = pixel_trends({"gas_mass": line([2.0, 3.0], error=0.5)}, label="x").axes
    low, high = axes.get_ylim()
    assert -0.4 < low < 0 and 3.5 < high < 3.9, "with the errors of medians"


def test_a_lone_point_shows_its_band() -> None:
    figure = pixel_trends({"gas_mass": line([0.3, np.nan, 0.1, 0.2], error=None)}, label="x")
    bars = figure.axes[0].collections[1].get_segments()
    (bar,) = bars
    np.testing.assert_allclose(bar, [[0, 0.2], [0, 0.5]])


def test_relations_have_their_axes_and_say_which_metallicity() -> None:
    names = ("size_mass", "gas_mass_metallicity", "main_sequence", "stellar_mass_metallicity")
    true, predicted = line([0.1, 0.2], start=9), line([0.3, 0.2], start=9)
    figure = scaling_relations({name: (true, predicted) for name in names})
    assert len(figure.axes) == 4
    for axes in figure.axes:
        np.testing.assert_array_equal(drawn_medians(axes), [true.median, predicted.median])
        assert "stellar mass" in axes.get_xlabel() and axes.get_ylabel()
    labels = {a.get_title(): a.get_ylabel() for a in figure.axes}
    assert "kpc" in labels["size–mass"]
    assert sum("absolute mass fraction" in words for words in labels.values()) == 2
    colours = {x.get_color() for a in figure.axes for x in a.lines if x.get_marker() == "."}
    assert len(colours) == 2


def test_relations_of_too_few_galaxies_are_left_empty() -> None:
    nothing = line([np.nan, np.nan])
    figure = scaling_relations({"size_mass": (nothing, nothing)})
    assert [t.get_text() for t in figure.axes[0].texts] == ["too few galaxies"]
    scaling_relations({"size_mass": (nothing, line([1.0]))})


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(InputError, match="expected \\(K,\\)"):
        Line(np.zeros(3), np.zeros(3), np.zeros(2), np.zeros(3))
    with pytest.raises(InputError, match="nothing to draw"):
        pixel_trends({}, label="x")
    with pytest.raises(InputError, match="none of"):
        scaling_relations({"fundamental_plane": (line([0]), line([0]))})
