"""Figures of many galaxies: what is drawn is what was given, floors and gaps included."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.core import InputError
from picassso.figures import save_figure
from picassso.figures.evidence import (
    distributions,
    predicted_against_true,
    residuals_with_radius,
)

RNG = np.random.default_rng(0)
TRUE = {
    "stellar_mass": 10 ** RNG.uniform(9, 11.5, 300),
    "star_formation_rate": 10 ** RNG.uniform(-3, 1, 300),
}
PREDICTED = {p: t * 10 ** RNG.normal(0, 0.1, 300) for p, t in TRUE.items()}


def test_a_panel_a_property_with_its_scores(tmp_path) -> None:
    scores = {"stellar_mass": {"sigma": 0.1}}
    figure = predicted_against_true(TRUE, PREDICTED, scores=scores)
    titles = [a.get_title() for a in figure.axes if a.get_title()]
    assert titles == ["stellar mass", "star formation rate"]
    assert "sigma +0.100" in figure.axes[0].texts[0].get_text()
    assert save_figure(figure, tmp_path / "a.pdf").stat().st_size > 10_000


def test_running_median_follows_an_offset() -> None:
    true = {"stellar_mass": TRUE["stellar_mass"]}
    figure = predicted_against_true(true, {"stellar_mass": 2.0 * true["stellar_mass"]})
    running = [line for line in figure.axes[0].lines if len(line.get_xdata()) > 3]
    (middle,) = (line for line in running if line.get_linestyle() == "-")
    offset = np.asarray(middle.get_ydata()) - np.asarray(middle.get_xdata())
    np.testing.assert_allclose(offset, np.log10(2.0), atol=0.02)


def test_what_lies_below_the_floor_is_counted_left_of_it() -> None:
    figure = distributions(TRUE, PREDICTED)
    axes = figure.axes[1]
    drawn = {c.get_label(): c for c in axes.get_legend_handles_labels()[0]}
    assert set(drawn) == {"true", "predicted"}
    below = int((TRUE["star_formation_rate"] < 1e-2).sum())
    heights = np.asarray(drawn["true"].get_xy())[:, 1]
    assert below > 50 and below in heights


def test_annuli_without_values_are_left_out(tmp_path) -> None:
    radius = np.arange(0.5, 5.1, 0.5)
    residuals = RNG.normal(0.05, 0.1, (200, 10))
    residuals[:, -2:] = np.nan
    figure = residuals_with_radius(
        radius, {"stellar_mass": residuals}, names={"stellar_mass": "mass"}
    )
    middle = np.asarray(figure.axes[0].lines[1].get_ydata())
    np.testing.assert_allclose(middle[:8], np.median(residuals[:, :8], axis=0))
    assert np.isnan(middle[8:]).all()
    save_figure(figure, tmp_path / "a.png")


def test_nothing_to_compare_is_refused() -> None:
    with pytest.raises(InputError, match="no property has both"):
        distributions({"stellar_mass": [1.0]}, {"gas_mass": [1.0]})
