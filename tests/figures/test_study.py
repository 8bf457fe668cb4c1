"""The figure of a study: every arm where it belongs, with its errors."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.core import PROPERTY_NAMES, InputError
from picassso.figures import ArmScores, save_figure, study_figure

ARMS = ("ugriz", "ugri", "gr", "r")


def scores(values: list[float], scatter: float = 0.01) -> ArmScores:
    v = np.array(values)
    return ArmScores(value=v, scatter=0 * v + scatter, error=0 * v + 0.02)


def drawn(names: tuple[str, ...] = PROPERTY_NAMES, starred: int = 0, **changes):
    sigma = {p: scores([0.1, 0.12, 0.2, 0.3]) for p in names}
    bias = {p: scores([0.0, -0.02, 0.05, np.nan], np.nan) for p in names}
    provisional = [k < starred for k in range(len(ARMS))]
    given = {"sigma": sigma, "bias": bias, "title": "bands", "provisional": provisional}
    return study_figure(ARMS, **(given | changes))


def test_values_and_errors_are_those_given() -> None:
    figure = drawn()
    key, *panels = figure.axes
    assert len(panels) == len(PROPERTY_NAMES) and not key.axison
    pale, sigma, _, bias = panels[0].containers
    np.testing.assert_allclose(sigma.lines[0].get_xydata()[:, 1], [0.1, 0.12, 0.2, 0.3])
    np.testing.assert_allclose(bias.lines[0].get_ydata()[:3], [0.0, -0.02, 0.05])
    for container, error in ((pale, 0.02), (sigma, 0.01)):
        low, high = container.lines[2][0].get_segments()[1][:, 1]
        assert (high - low) / 2 == pytest.approx(error)
    assert panels[0].get_ylim()[0] <= 0, "the zero line is in sight"


def test_arms_are_named_once_below_each_column_and_starred_if_provisional() -> None:
    figure = drawn(starred=2)
    key, *panels = figure.axes
    named = [[t.get_text() for t in p.get_xticklabels()] for p in panels]
    assert [k for k, texts in enumerate(named) if any(texts)] == [5, 6]
    assert named[6] == ["ugriz*", "ugri*", "gr", "r"]
    assert "provisional" in key.texts[0].get_text()
    assert "provisional" not in drawn().axes[0].texts[0].get_text()


def test_it_is_one_column_wide_and_nothing_overlaps_its_edge(tmp_path) -> None:
    for names in (PROPERTY_NAMES, ("stellar_mass",)):
        figure = drawn(names)
        assert figure.get_size_inches()[0] == pytest.approx(88 / 25.4)
        box = figure.get_tightbbox()
        width, height = figure.get_size_inches()
        assert box.x0 >= -0.01 and box.x1 <= width + 0.01
        assert box.y0 >= -0.01 and box.y1 <= height + 0.01
    assert save_figure(figure, tmp_path / "study.pdf").stat().st_size > 1000


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(InputError, match="no study to draw"):
        drawn(())
    with pytest.raises(InputError, match="another number"):
        drawn(sigma={"gas_mass": scores([0.1])}, bias={"gas_mass": scores([0.1])})
    with pytest.raises(InputError, match="different shapes"):
        ArmScores(value=np.zeros(2), scatter=np.zeros(3), error=np.zeros(2))
