"""Figures of predicted spectra and of ranked targets: what is on them, and bad input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from picassso.core import REST_GRID, InputError
from picassso.figures import SamplePlane, predicted_spectrum_figure, purity_and_completeness
from picassso.painting.spectra import draw_spectrum, load_spectrum_weights, predict_spectrum
from tiny_spectrum_weights import make_image, write_tiny_spectrum_weights


@pytest.fixture(scope="module")
def predicted(tmp_path_factory):
    weights = load_spectrum_weights(write_tiny_spectrum_weights(tmp_path_factory.mktemp("w")))
    return predict_spectrum(make_image(), weights)


def words_on(figure) -> list[str]:
    texts = [t for axes in figure.axes for t in axes.texts] + list(figure.texts)
    return [t.get_text() for t in texts]


def test_a_page_wide_with_its_numbers(predicted) -> None:
    figure = draw_spectrum(make_image(), predicted, field=32)
    assert figure.get_size_inches()[0] * 25.4 == pytest.approx(180.0)
    said = words_on(figure)
    assert r"EW(H$\alpha$)" in said and "D4000" in said and "m99   z = 0.05" in said
    assert any("weights tiny spectra" in words for words in said)
    assert "observed" not in said and not any("outside" in words for words in said)
    picture = figure.axes[0]
    circle = picture.patches[-1]
    assert circle.center == (15.5, 15.5) and circle.radius == pytest.approx(1.5 / 0.4)


def test_flags_that_alarm_are_on_it(predicted) -> None:
    flagged = replace(predicted, flags=("outside_training_range", "resolution_limited_by_grid"))
    assert "outside training range" in words_on(draw_spectrum(make_image(), flagged, field=32))


def test_the_fibre_is_drawn_where_it_is(predicted) -> None:
    image = make_image((50, 70))
    for position, corner in (((40.0, 25.0), (24, 10)), ((3.0, 48.0), (0, 18))):
        figure = draw_spectrum(image, replace(predicted, position=position), field=32)
        centre = figure.axes[0].patches[-1].center
        assert centre == (position[0] - corner[0], position[1] - corner[1])


def test_planes_without_samples_say_so(predicted) -> None:
    nothing = np.full_like(predicted.index_samples, np.nan)
    figure = draw_spectrum(make_image(), replace(predicted, index_samples=nothing), field=32)
    said = [t for axes in figure.axes for t in axes.texts if "no sample" in t.get_text()]
    assert len(said) == 2
    for words in said:
        # Lines do not show through.
        assert words.get_bbox_patch().get_facecolor() == (1, 1, 1, 1)
        assert words.zorder > max(line.zorder for line in words.axes.lines)


def test_arrays_of_wrong_shapes_are_refused() -> None:
    plane = SamplePlane(np.zeros(3), np.zeros(3), "x", "y", (0, 1), (0, 1))
    about = {
        "limited": np.zeros(1000, bool),
        "position": (15.5, 15.5),
        "fibre": 3.0,
        "field": 32,
        "rows": [],
    }
    with pytest.raises(InputError, match="quantiles have shape"):
        predicted_spectrum_figure(
            make_image(), REST_GRID, np.zeros((3, 1000)), planes=[plane], **about
        )
    with pytest.raises(InputError, match="3 planes"):
        predicted_spectrum_figure(
            make_image(), REST_GRID, np.zeros((5, 1000)), planes=[plane] * 3, **about
        )


def test_curves_of_a_ranking() -> None:
    purity = np.linspace(1.0, 0.4, 300)
    complete = np.linspace(0.0, 1.0, 300)
    figure = purity_and_completeness(purity, 0.1 * purity, complete, condition="D4000 < 1.5")
    axes = figure.axes[0]
    assert axes.get_title() == "D4000 < 1.5" and axes.get_xscale() == "log"
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), purity)
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), complete)
    with pytest.raises(InputError, match="expected one shape"):
        purity_and_completeness(purity, purity[:3], complete, condition="")
