"""Ellipses of the stellar-mass maps of real Illustris galaxies, and by isophotes."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from known_galaxies import elliptical_radius
from numpy.typing import NDArray

from picassso.analysis import Ellipse, half_mass_ellipse, isophote_ellipse
from picassso.core import InputError

NAMES = [f"halo_{halo}_camera_{camera}" for halo in (1, 12, 24) for camera in (0, 2)]


@pytest.fixture(scope="module", params=NAMES)
def mass(request: pytest.FixtureRequest, data_dir: Path) -> NDArray[np.float64]:
    """Msun kpc^-2, 256 x 256; rows and columns as they are stored."""
    path = data_dir / "illustris_maps" / f"{request.param}_physical_data.h5"
    if not path.is_file():
        pytest.skip(f"{path.name} is not among the real data")
    with h5py.File(path) as file:
        return file["stars_Masses"][()]


def half_turns(angle: float) -> float:
    """The smallest of an angle and those half a turn away [degrees]."""
    return abs((np.degrees(angle) + 90) % 180 - 90)


def test_it_turns_with_the_map(mass: NDArray) -> None:
    straight, turned = half_mass_ellipse(mass), half_mass_ellipse(np.rot90(mass).copy())
    assert turned.axis_ratio == pytest.approx(straight.axis_ratio, rel=1e-9)
    assert turned.semi_major == pytest.approx(straight.semi_major, rel=1e-9)
    assert (turned.x, turned.y) == pytest.approx((straight.y, 255 - straight.x), abs=1e-9)
    quarter = turned.position_angle - straight.position_angle - np.pi / 2
    assert half_turns(quarter) == pytest.approx(0, abs=1e-6)


def test_it_turns_with_a_transposed_map(mass: NDArray) -> None:
    """The images of these galaxies lie transposed against their maps."""
    straight, other = half_mass_ellipse(mass), half_mass_ellipse(mass.T.copy())
    assert other.axis_ratio == pytest.approx(straight.axis_ratio, rel=1e-9)
    assert other.semi_major == pytest.approx(straight.semi_major, rel=1e-9)
    assert (other.x, other.y) == pytest.approx((straight.y, straight.x), abs=1e-9)
    mirrored = other.position_angle - (np.pi / 2 - straight.position_angle)
    assert half_turns(mirrored) == pytest.approx(0, abs=1e-6)


def test_apertures_turn_too(mass: NDArray) -> None:
    inside = half_mass_ellipse(mass).mask(mass.shape, scale=2.0)
    for turn in (np.rot90, np.transpose):
        other = turn(mass).copy()
        region = half_mass_ellipse(other).mask(other.shape, scale=2.0)
        np.testing.assert_array_equal(turn(inside), region)


def test_it_is_stable_under_rebinning(mass: NDArray) -> None:
    """Twice as large pixels: the radius to 1%, the shape to 1%, the angle to half a degree."""
    fine = half_mass_ellipse(mass)
    coarse = half_mass_ellipse(mass.reshape(128, 2, 128, 2).mean(axis=(1, 3)))
    assert (2 * coarse.x + 0.5, 2 * coarse.y + 0.5) == pytest.approx((fine.x, fine.y), abs=0.05)
    assert 2 * coarse.semi_major == pytest.approx(fine.semi_major, rel=0.01)
    assert coarse.axis_ratio == pytest.approx(fine.axis_ratio, rel=0.01)
    assert half_turns(coarse.position_angle - fine.position_angle) < 0.5


@pytest.mark.parametrize(("q", "angle"), [(0.3, 20.0), (0.5, -65.0), (0.8, 80.0)])
@pytest.mark.parametrize("ellipse_of", [half_mass_ellipse, isophote_ellipse])
def test_known_axis_ratio_comes_back(ellipse_of, q: float, angle: float) -> None:
    """To 2%, by moments and by isophotes."""
    radius = elliptical_radius(q=q, angle=angle, shape=(281, 281), centre=(140.4, 139.7))
    found = ellipse_of(1e9 * np.exp(-radius / 12))
    assert found.axis_ratio == pytest.approx(q, rel=0.02)
    assert half_turns(found.position_angle - np.radians(angle)) < 1
    assert (found.x, found.y) == pytest.approx((140.4, 139.7), abs=0.2)


def test_companion_pulls_at_moments_not_at_isophotes() -> None:
    shape = (201, 201)
    radius = elliptical_radius(q=0.6, angle=0.0, shape=shape, centre=(90.0, 100.0))
    other = elliptical_radius(q=1.0, angle=0.0, shape=shape, centre=(180.0, 180.0))
    mass = 1e9 * np.exp(-radius / 9) + 3e8 * np.exp(-other / 4)
    moments, isophote = half_mass_ellipse(mass), isophote_ellipse(mass)
    assert isophote.axis_ratio == pytest.approx(0.6, rel=0.02)
    assert abs(moments.axis_ratio - 0.6) > 0.05
    assert isophote.semi_major == moments.semi_major


def test_isophotes_of_a_real_galaxy(data_dir: Path) -> None:
    path = data_dir / "illustris_maps" / "halo_24_camera_0_physical_data.h5"
    if not path.is_file():
        pytest.skip(f"{path.name} is not among the real data")
    with h5py.File(path) as file:
        mass = file["stars_Masses"][()]
    moments, isophote = half_mass_ellipse(mass), isophote_ellipse(mass)
    assert isinstance(isophote, Ellipse) and 0 < isophote.axis_ratio <= 1
    assert np.hypot(isophote.x - moments.x, isophote.y - moments.y) < 0.2 * moments.semi_major


def test_maps_without_isophotes() -> None:
    with pytest.raises(InputError, match="no pixel of the stellar-mass map"):
        isophote_ellipse(np.zeros((30, 30)))
    one_pixel = np.zeros((30, 30))
    one_pixel[15, 15] = 1e9
    with pytest.raises(InputError, match="use the ellipse of the moments"):
        isophote_ellipse(one_pixel)
