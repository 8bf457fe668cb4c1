"""Residuals in bins: what is drawn is what was given."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.core import InputError
from picassso.figures import ResidualBins, residuals_in_bins, save_figure

EDGES = np.array([-np.inf, 10.0, 30.0, np.inf])


def make_bins(median: list[float], edges: np.ndarray = EDGES) -> ResidualBins:
    m = np.array(median)
    return ResidualBins(
        edges=edges,
        galaxies=np.arange(1, len(m) + 1) * 111,
        median=m,
        median_error=0 * m + 0.01,
        p16=m - 0.1,
        p84=m + 0.2,
        coverage=0 * m + 0.6,
        coverage_error=0 * m + 0.05,
    )


def test_each_bin_is_drawn_where_it_belongs(tmp_path) -> None:
    bins = {"snr": {"stellar_mass": make_bins([0.3, np.nan, -0.2]), "gas_mass": make_bins([0] * 3)}}
    figure = residuals_in_bins(bins, titles={"snr": "signal-to-noise"})
    above, below, *others = figure.axes
    assert len(others) == 2
    drawn = above.containers[0].patches
    assert [(p.get_x() + p.get_width() / 2, p.get_y(), p.get_height()) for p in drawn] == [
        pytest.approx((0, 0.2, 0.3)),
        pytest.approx((2, -0.3, 0.3)),
    ]
    points = above.containers[1].lines[0]
    np.testing.assert_allclose(points.get_xydata(), [[0, 0.3], [2, -0.2]])
    np.testing.assert_allclose(below.containers[0].lines[0].get_ydata(), [0.6, 0.6])
    assert [t.get_text() for t in above.texts] == ["111", "222", "333"]
    hatched = [p for p in above.patches if p.get_hatch()]
    assert [p.get_x() for p in hatched] == [0.5]
    low, high = above.get_ylim()
    assert low == -high and high > 0.5
    assert [t.get_text() for t in others[1].get_xticklabels()] == ["10", "30"]
    assert others[1].get_xlabel() == "signal-to-noise"
    assert "stellar mass" in above.get_ylabel()
    assert save_figure(figure, tmp_path / "bins.png").stat().st_size > 10_000


def test_closed_edges_are_written_and_a_lone_bin_is_drawn() -> None:
    figure = residuals_in_bins(
        {
            "one": {"hi_mass": make_bins([0.0], np.array([-12.0, np.inf]))},
            "none": {"hi_mass": make_bins([np.nan, np.nan], np.array([1.0, 2.0, 3.5]))},
        },
        titles={"one": "1", "none": "0"},
    )
    labels = [[t.get_text() for t in a.get_xticklabels()] for a in figure.axes[1::2]]
    assert labels == [["−12"], ["1", "2", "3.5"]]


def test_bad_bins_are_refused() -> None:
    with pytest.raises(InputError, match="4 edges"):
        make_bins([0.0, 0.0])
    with pytest.raises(InputError, match="nothing to draw"):
        residuals_in_bins({}, titles={})
