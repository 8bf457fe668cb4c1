"""What changes with radius: medians of views, and annuli that have none."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.core import InputError
from picassso.figures import radial_profiles, residuals_with_radius, save_figure

RNG = np.random.default_rng(0)
EDGES = np.arange(0.5, 5.1, 0.5)
CENTRES = EDGES - 0.25


def lines_of(axes) -> list[np.ndarray]:
    return [x.get_ydata() for x in axes.lines if x.get_marker() == "."]


def test_profiles_are_log_medians_of_the_same_views(tmp_path) -> None:
    true = 1e9 * np.exp(-CENTRES) * 10 ** RNG.normal(0, 0.1, (40, 10))
    predicted = 2.0 * true
    predicted[:, 8] = np.nan
    predicted[:3, 0] = np.nan
    figure = radial_profiles(
        EDGES, {"stellar_mass": true}, {"stellar_mass": predicted}, names={"stellar_mass": "mass"}
    )
    (axes,) = figure.axes
    drawn, above = lines_of(axes)
    np.testing.assert_allclose(drawn[1:8], np.log10(np.median(true, axis=0))[1:8])
    assert drawn[0] == pytest.approx(np.log10(np.median(true[3:, 0])))
    assert np.isnan(drawn[8]) and np.isnan(above[8])
    np.testing.assert_allclose(above - drawn, np.where(CENTRES == 4.25, np.nan, np.log10(2.0)))
    assert "kpc" in axes.get_ylabel()
    assert save_figure(figure, tmp_path / "a.pdf").stat().st_size > 5000


def test_bands_down_to_nothing_leave_the_panel_and_do_not_stretch_it() -> None:
    true = np.full((20, 10), 1e-2)
    true[:8] = 0.0
    figure = radial_profiles(
        EDGES,
        {"star_formation_rate": true},
        {"star_formation_rate": np.zeros((20, 10))},
        names={"star_formation_rate": "SFR"},
    )
    low, high = figure.axes[0].get_ylim()
    assert low > -6 and high > -2
    assert np.isnan(lines_of(figure.axes[0])[1]).all(), "the log of a median of zero"


def test_too_few_views_have_no_profile() -> None:
    one = {"stellar_age": np.ones((1, 10))}
    figure = radial_profiles(EDGES, one, one, names={"stellar_age": "age"})
    assert [t.get_text() for t in figure.axes[0].texts] == ["too few views"]
    figure = residuals_with_radius(EDGES, one, names={"stellar_age": "age"})
    assert [t.get_text() for t in figure.axes[0].texts] == ["too few views"]


def test_annuli_without_values_are_left_out(tmp_path) -> None:
    residuals = RNG.normal(0.05, 0.1, (200, 10))
    residuals[:, -2:] = np.nan
    figure = residuals_with_radius(
        EDGES, {"stellar_mass": residuals}, names={"stellar_mass": "mass"}
    )
    middle = np.asarray(figure.axes[0].lines[1].get_ydata())
    np.testing.assert_allclose(middle[:8], np.median(residuals[:, :8], axis=0))
    assert np.isnan(middle[8:]).all()
    save_figure(figure, tmp_path / "a.png")


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(InputError, match="10 annuli"):
        radial_profiles(
            EDGES,
            {"gas_mass": np.ones((3, 9))},
            {"gas_mass": np.ones((3, 10))},
            names={"gas_mass": "gas"},
        )
    for draw in (
        lambda: radial_profiles(EDGES, {}, {}, names={}),
        lambda: residuals_with_radius(EDGES, {}, names={}),
    ):
        with pytest.raises(InputError, match="nothing to draw"):
            draw()
