"""Wavelengths in vacuum and air, and the edges of pixels."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.core import (
    EMISSION_LINES,
    REST_GRID,
    InputError,
    air_to_vacuum,
    get_line,
    pixel_edges,
    vacuum_to_air,
)


def test_air_and_vacuum_undo_each_other():
    vacuum = np.linspace(1000.0, 10500.0, 4000)
    np.testing.assert_allclose(air_to_vacuum(vacuum_to_air(vacuum)), vacuum, rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "air"),  # NIST ASD, standard air
    [("Halpha", 6562.79), ("Hbeta", 4861.35), ("OIII5008", 5006.84), ("NII6585", 6583.45)],
)
def test_lines_lie_where_the_laboratory_finds_them(name, air):
    assert abs(vacuum_to_air(get_line(name).wavelength) - air) < 0.03


def test_wavelengths_below_two_thousand_are_in_vacuum_everywhere():
    assert vacuum_to_air(1500.0) == air_to_vacuum(1500.0) == 1500.0


def test_edges_enclose_their_pixels_without_gaps():
    edges = pixel_edges(REST_GRID)
    assert edges.shape == (1001,)
    assert (edges[:-1] < REST_GRID).all() and (edges[1:] > REST_GRID).all()
    np.testing.assert_allclose(np.diff(np.log(edges)), np.diff(np.log(REST_GRID))[0], rtol=1e-6)


def test_lines_are_in_order_of_wavelength_and_unknown_ones_are_refused():
    waves = [line.wavelength for line in EMISSION_LINES]
    assert waves == sorted(waves)
    with pytest.raises(InputError, match="unknown emission line 'Lyalpha'"):
        get_line("Lyalpha")
