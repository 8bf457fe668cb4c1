"""Predicted against true: what is drawn is what was given, floors and gaps included."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.core import InputError
from picassso.figures import (
    distributions,
    measured_against_true,
    predicted_against_true,
    save_figure,
)

RNG = np.random.default_rng(0)
TRUE = {
    "stellar_mass": 10 ** RNG.uniform(9, 11.5, 300),
    "star_formation_rate": 10 ** RNG.uniform(-3, 1, 300),
}
PREDICTED = {p: t * 10 ** RNG.normal(0, 0.1, 300) for p, t in TRUE.items()}


def running_median(axes) -> np.ndarray:
    """(K, 2) points of the line that is neither equality nor dashed."""
    lines = [line for line in axes.lines if len(line.get_xdata()) > 3]
    (middle,) = (line for line in lines if line.get_linestyle() == "-")
    return middle.get_xydata()


def test_a_panel_a_property_with_its_scores(tmp_path) -> None:
    scores = {"stellar_mass": {"sigma": 0.1, "median bias": -0.02}}
    figure = predicted_against_true(TRUE, PREDICTED, scores=scores)
    titles = [a.get_title() for a in figure.axes if a.get_title()]
    assert titles == ["stellar mass", "star formation rate"]
    assert figure.axes[0].texts[0].get_text() == "sigma 0.100\nmedian bias −0.020"
    assert save_figure(figure, tmp_path / "a.pdf").stat().st_size > 10_000


def test_running_median_follows_an_offset() -> None:
    true = {"stellar_mass": TRUE["stellar_mass"]}
    figure = predicted_against_true(true, {"stellar_mass": 2.0 * true["stellar_mass"]})
    middle = running_median(figure.axes[0])
    np.testing.assert_allclose(middle[:, 1] - middle[:, 0], np.log10(2.0), atol=0.02)


@pytest.mark.parametrize("views", [24, 60])
def test_few_views_have_a_running_line_too(views: int) -> None:
    true = {"stellar_mass": TRUE["stellar_mass"][:views]}
    (axes,) = predicted_against_true(true, true).axes
    equality, *running = (line for line in axes.lines if line.get_linestyle() != ":")
    assert len(equality.get_xdata()) == 2
    assert [line.get_linestyle() for line in running] == ["--", "-", "--"]
    assert all(len(line.get_xdata()) == 2 for line in running)


def test_views_below_the_floor_are_drawn_and_not_scored() -> None:
    """Those far below it, and those of nothing at all, stand at the edge of the panel."""
    true = np.array([0.0] * 20 + [1e-6] * 20 + [0.5e-2] * 20 + [1.0] * 40)
    predicted = np.array([0.1] * 60 + [2.0] * 40)
    figure = predicted_against_true(
        {"star_formation_rate": true}, {"star_formation_rate": predicted}
    )
    (axes,) = figure.axes
    cells = axes.collections[0]
    assert cells.get_array().sum() == 100
    at = cells.get_offsets()[:, 0]
    counts = dict(zip(np.round(at - axes.get_xlim()[0], 1), cells.get_array(), strict=True))
    assert counts.pop(min(counts)) == 40
    inset = axes.child_axes[0]
    assert sum(p.get_height() for p in inset.patches) == 40, "of views above the floor"


def test_few_views_are_points_and_unknown_ones_are_left_out() -> None:
    true = {"stellar_mass": [1e10, np.nan, 1e11], "gas_mass": [np.nan] * 3}
    figure = predicted_against_true(true, {"stellar_mass": [1e10] * 3, "gas_mass": [1e9] * 3})
    stars, gas = figure.axes
    np.testing.assert_allclose(stars.collections[0].get_offsets()[:, 1], [10, 10])
    assert not stars.child_axes, "too few for a distribution"
    assert not gas.collections and "none above zero" in [t.get_text() for t in gas.texts]


def test_what_was_measured_is_drawn_in_log_or_as_it_is() -> None:
    radii = 10 ** RNG.uniform(0, 1, 200)
    names, labels = {"gas_mass": "gas"}, {"gas_mass": "half-mass radius [kpc]"}
    figure = measured_against_true(
        {"gas_mass": np.append(radii, 0.0)},
        {"gas_mass": np.append(radii / 2, 1.0)},
        names=names,
        labels=labels,
    )
    (axes,) = figure.axes
    middle = running_median(axes)
    np.testing.assert_allclose(middle[:, 1] - middle[:, 0], -np.log10(2.0), atol=0.02)
    assert axes.get_title() == "gas"
    assert axes.get_xlabel().replace("\n", " ") == "true log half-mass radius [kpc]"
    gradients = RNG.normal(-0.3, 0.2, 200)
    figure = measured_against_true(
        {"stellar_age": gradients},
        {"stellar_age": gradients + 0.1},
        names={"stellar_age": "age"},
        labels={"stellar_age": "gradient"},
        log=False,
    )
    middle = running_median(figure.axes[0])
    np.testing.assert_allclose(middle[:, 1] - middle[:, 0], 0.1, atol=0.02)
    assert figure.axes[0].get_ylabel() == "predicted gradient"
    assert not [x for x in figure.axes[0].lines if x.get_linestyle() == ":"], "no floors"


def test_what_lies_below_the_floor_is_counted_left_of_it() -> None:
    figure = distributions(TRUE, PREDICTED)
    axes = figure.axes[1]
    drawn = {c.get_label(): c for c in axes.get_legend_handles_labels()[0]}
    assert set(drawn) == {"true", "predicted"}
    below = int((TRUE["star_formation_rate"] < 1e-2).sum())
    heights = np.asarray(drawn["true"].get_xy())[:, 1]
    assert below > 50 and below in heights


def test_nothing_to_compare_is_refused() -> None:
    for draw in (distributions, predicted_against_true):
        with pytest.raises(InputError, match="no property has both"):
            draw({"stellar_mass": [1.0]}, {"gas_mass": [1.0]})
    with pytest.raises(InputError, match="nothing to draw"):
        measured_against_true({}, {}, names={}, labels={})
