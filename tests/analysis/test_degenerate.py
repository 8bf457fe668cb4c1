"""Galaxies that break definitions are flagged, and counted."""

from __future__ import annotations

import numpy as np
import pytest
from known_galaxies import FLOORS, SHAPE, elliptical_radius, exponential_cube, maps

from picassso.analysis import (
    count_flags,
    degenerate_flags,
    half_mass_ellipse,
    has_two_cores,
    true_ellipse,
)
from picassso.core import PROPERTY_NAMES, Maps

MASS, GAS, HI = (PROPERTY_NAMES.index(p) for p in ("stellar_mass", "gas_mass", "hi_mass"))


def galaxy(x, y, *, scale=6.0, q=0.7, angle=20.0, height=1e9):
    return height * np.exp(-elliptical_radius(q=q, angle=angle, centre=(x, y)) / scale)


def two_cores(mass) -> bool:
    return has_two_cores(mass, half_mass_radius=half_mass_ellipse(mass).semi_major)


def flags_of(truth: Maps) -> tuple[str, ...]:
    return degenerate_flags(truth, true_ellipse(truth))


def test_an_ordinary_galaxy_has_no_flags() -> None:
    assert flags_of(maps(exponential_cube(scale=4.0), pixel_area=1.0)) == ()


def test_empty_gas_map() -> None:
    cube = exponential_cube(scale=4.0)
    cube[GAS] = 0.5 * FLOORS[GAS]
    assert flags_of(maps(cube, pixel_area=1.0)) == ("empty:gas_mass",)


def test_one_pixel() -> None:
    cube = np.zeros((len(PROPERTY_NAMES), 40, 40), np.float32)
    cube[:, 20, 20] = 1e10
    flags = flags_of(maps(cube, pixel_area=1.0))
    assert flags == tuple(f"few_pixels:{p}" for p in PROPERTY_NAMES)


def test_faint_total() -> None:
    cube = exponential_cube(scale=4.0)
    assert "below_floor:hi_mass" in flags_of(maps(cube * 3e-3, pixel_area=1e-2))


def test_absent_property() -> None:
    cube = exponential_cube(scale=4.0)
    cube[HI] = np.nan
    assert flags_of(maps(cube, pixel_area=1.0)) == ("absent:hi_mass",)


def test_no_stars_at_all() -> None:
    cube = exponential_cube(scale=4.0)
    cube[MASS] = 0
    assert flags_of(maps(cube, pixel_area=1.0)) == ("empty:stellar_mass", "no_ellipse")
    gas = Maps("g", 0, ("gas_mass",), cube[GAS : GAS + 1], 1.0)
    assert flags_of(gas) == ("no_ellipse",)


def test_ellipses_that_leave_the_frame() -> None:
    near, far = (flags_of(maps(exponential_cube(scale=s), pixel_area=1.0)) for s in (12.0, 40.0))
    assert "annuli_leave_frame" in near and "aperture_leaves_frame" not in near
    assert "aperture_leaves_frame" in far and "annuli_leave_frame" not in far


@pytest.mark.parametrize("ratio", [1.0, 0.4])
@pytest.mark.parametrize("angle", [0.0, 60.0, 135.0])
def test_a_merger_has_two_cores(ratio: float, angle: float) -> None:
    t = np.radians(angle)
    pair = galaxy(64, 64) + galaxy(64 + 40 * np.cos(t), 64 + 40 * np.sin(t), height=ratio * 1e9)
    assert two_cores(pair)
    cube = exponential_cube(scale=4.0)
    cube[MASS] = pair
    assert "two_cores" in flags_of(maps(cube, pixel_area=1.0))


def spiral():
    """Two arms of five times the density between them, and a bulge."""
    y, x = np.indices(SHAPE)
    dx, dy = x - 64.0, y - 64.0
    r = np.hypot(dx, dy)
    phase = 2 * (np.arctan2(dy, dx) - np.log(np.maximum(r, 1)) / 0.3)
    arms = 1 + 4 * np.exp(4 * (np.cos(phase) - 1))
    return galaxy(64, 64, scale=12, q=1.0, height=3e8) * arms + galaxy(64, 64, scale=2, height=2e9)


def ring():
    r = elliptical_radius(q=0.6, angle=30.0)
    return 1e9 * np.exp(-0.5 * ((r - 25) / 5) ** 2) + 1e6


@pytest.mark.parametrize(
    "mass",
    [
        galaxy(64, 64),
        galaxy(64, 64, q=0.1),
        galaxy(64, 64) + galaxy(100, 64, height=5e7),
        galaxy(64, 64, scale=12) + galaxy(80, 64, scale=1.5, height=1e9),
        spiral(),
        ring(),
    ],
    ids=["disc", "edge-on", "minor companion", "clump", "spiral", "ring"],
)
def test_one_galaxy_has_one_core(mass) -> None:
    assert not two_cores(mass)


def test_noise_makes_no_cores() -> None:
    rng = np.random.default_rng(0)
    mass = galaxy(64, 64, scale=10)
    particles = 1e6 * rng.poisson(mass / 1e6)
    assert not two_cores(particles)


def test_flags_are_counted() -> None:
    counts = count_flags([("a", "b"), (), ("b",)])
    assert counts == {"views": 3, "b": 2, "a": 1}
    assert count_flags([]) == {"views": 0}
