"""The aperture is that of the galaxy, not of its neighbours or the sky."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.analysis import half_mass_ellipse
from picassso.core import Maps
from picassso.painting.aperture import main_galaxy, painted_ellipse


def gaussian(shape, x, y, sigma, peak):
    rows, columns = np.indices(shape)
    return peak * np.exp(-0.5 * ((columns - x) ** 2 + (rows - y) ** 2) / sigma**2)


def painting(mass, *, sky=0.0) -> Maps:
    """Mean with some mass on empty sky, of which the network is not sure."""
    mean = (mass + sky).astype(np.float32)[None]
    return Maps("m99", 0, ("stellar_mass",), mean, 0.04, p16=0.7 * mean - np.float32(0.7 * sky))


def test_sky_and_neighbours_do_not_count() -> None:
    shape = (150, 200)
    galaxy = gaussian(shape, 105.3, 71.8, 8.0, 3e8)
    alone = half_mass_ellipse(galaxy)
    neighbour = gaussian(shape, 20, 130, 4.0, 5e8)
    ellipse = painted_ellipse(painting(galaxy + neighbour, sky=5e5))
    assert (ellipse.x, ellipse.y) == pytest.approx((105.3, 71.8), abs=0.1)
    assert ellipse.semi_major == pytest.approx(alone.semi_major, rel=0.05)
    assert ellipse.axis_ratio == pytest.approx(1.0, abs=0.02)


def test_masked_pixels_do_not_count() -> None:
    mass = gaussian((80, 80), 40, 40, 6.0, 1e8)
    mass[38:42, 60:70] = np.nan
    maps = painting(mass)
    assert not main_galaxy(maps)[np.isnan(mass)].any()
    assert painted_ellipse(maps).semi_major == pytest.approx(6 * 1.1774, rel=0.05)


def test_no_galaxy_no_aperture() -> None:
    assert painted_ellipse(painting(np.full((20, 30), 10.0))) is None
    maps = Maps("m99", 0, ("gas_mass",), np.ones((1, 4, 4), np.float32), 0.04)
    assert painted_ellipse(maps) is None


def test_a_kpc_wider_than_the_frame_costs_nothing() -> None:
    mass = gaussian((64, 64), 30, 34, 6.0, 1e8).astype(np.float32)[None]
    maps = Maps("m31", 0, ("stellar_mass",), mass, 1e-16)  # 1e-8 kpc a pixel
    ellipse = painted_ellipse(maps)
    assert (ellipse.x, ellipse.y) == pytest.approx((30, 34), abs=0.2)
