"""Sizes and concentrations of maps whose curve of growth is known."""

from __future__ import annotations

import numpy as np
import pytest
from known_galaxies import CENTRE, FLOORS, elliptical_radius, exponential_cube

from picassso.analysis import (
    enclosing_radii,
    half_mass_ellipse,
    half_mass_radius,
    measure_sizes,
)
from picassso.core import PROPERTY_NAMES


def sizes(cube):
    return measure_sizes(cube, properties=PROPERTY_NAMES, x=CENTRE[0], y=CENTRE[1])


def test_exponential_disc() -> None:
    """Half of it lies within 1.678 scale lengths, and 5 log10(r80 / r20) is 2.80."""
    # (1 + u) exp(-u) = 0.8, 0.2 at u = 0.8244, 2.9943.
    found = sizes(exponential_cube(q=1.0, scale=5.0))
    np.testing.assert_allclose(found.half_radius, 1.678 * 5.0, rtol=0.01)
    np.testing.assert_allclose(found.concentration, 5 * np.log10(2.9943 / 0.8244), rtol=0.01)


@pytest.mark.parametrize("seed", range(20))
def test_radii_are_those_of_the_whole_curve_of_growth(seed: int) -> None:
    """All pixels put in order, on maps mostly empty, about centres anywhere."""
    rng = np.random.default_rng(seed)
    cube = rng.gamma(0.3, size=(2, 17, 23)) * (rng.random((2, 17, 23)) < rng.uniform(0.02, 1))
    cube[:, 8, 8] = 0.1
    x, y = rng.uniform(0, 22), rng.uniform(0, 16)
    rows, columns = np.indices((17, 23))
    radius = np.hypot(columns - x, rows - y).ravel()
    order = np.argsort(radius)
    fractions = (0.01, 0.2, 0.5, 0.8, 0.99)
    for found, surface_density in zip(
        enclosing_radii(cube, x=x, y=y, fractions=fractions), cube, strict=True
    ):
        mass = surface_density.ravel()[order]
        growth = np.cumsum(mass) - 0.5 * mass
        expected = np.interp(np.array(fractions) * mass.sum(), growth, radius[order])
        np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_they_are_those_of_the_ellipse() -> None:
    cube = exponential_cube()
    ellipse = half_mass_ellipse(cube[0])
    found = measure_sizes(cube, properties=PROPERTY_NAMES, x=ellipse.x, y=ellipse.y)
    assert found.half_radius[0] == pytest.approx(ellipse.semi_major, rel=1e-12)
    alone = half_mass_radius(np.where(cube[4] >= FLOORS[4], cube[4], 0), x=ellipse.x, y=ellipse.y)
    assert found.half_radius[4] == pytest.approx(alone, rel=1e-12)


def test_a_scaled_prediction_has_the_same_size() -> None:
    cube = exponential_cube()
    core = np.where(elliptical_radius() < 30, cube, 0)
    for a, b in zip(
        (sizes(core).half_radius, sizes(core).concentration),
        (sizes(1.1 * core).half_radius, sizes(1.1 * core).concentration),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_haze_below_the_floor_does_not_count() -> None:
    cube = exponential_cube()
    sky = np.where(cube < FLOORS, 0.5 * FLOORS, cube)
    np.testing.assert_allclose(sizes(sky).half_radius, sizes(cube).half_radius, rtol=1e-12)


def test_empty_and_absent_maps_have_no_size() -> None:
    cube = exponential_cube()
    cube[3], cube[6] = 0.5 * FLOORS[3], np.nan
    found = sizes(cube)
    missing = np.isnan(found.half_radius)
    assert list(np.flatnonzero(missing)) == [3, 6]
    np.testing.assert_array_equal(np.isnan(found.concentration), missing)


def test_one_pixel_is_half_a_pixel_wide() -> None:
    cube = np.zeros((len(PROPERTY_NAMES), 9, 9))
    cube[:, 4, 4] = 1e9
    found = measure_sizes(cube, properties=PROPERTY_NAMES, x=4.0, y=4.0)
    assert (found.half_radius == 0.5).all() and np.isfinite(found.concentration).all()
