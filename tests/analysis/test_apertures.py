"""Ellipses: known shapes come back, and turn with the image."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from picassso.analysis import (
    Ellipse,
    aperture_total,
    half_mass_ellipse,
    half_mass_radius,
    scored_ellipse,
    scored_region,
)
from picassso.core import InputError, Maps


def gaussian(*, q, angle, sigma=10.0, shape=(181, 201), centre=(98.3, 91.6)):
    """Elliptical Gaussian [Msun kpc^-2]; `angle` of the major axis in degrees."""
    y, x = np.indices(shape)
    dx, dy = x - centre[0], y - centre[1]
    t = np.radians(angle)
    u, v = dx * np.cos(t) + dy * np.sin(t), dy * np.cos(t) - dx * np.sin(t)
    return (1e9 * np.exp(-0.5 * (u**2 + (v / q) ** 2) / sigma**2)).astype(np.float32)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.2, 0.95), st.floats(-85, 85))
def test_known_ellipse(q, angle):
    ellipse = half_mass_ellipse(gaussian(q=q, angle=angle))
    assert ellipse.axis_ratio == pytest.approx(q, rel=0.02)
    assert (ellipse.x, ellipse.y) == pytest.approx((98.3, 91.6), abs=0.05)
    assert np.degrees(ellipse.position_angle) == pytest.approx(angle, abs=2.0)


@pytest.mark.parametrize("angle", [0.0, 33.0, 90.0, -70.0])
@pytest.mark.parametrize("q", [0.15, 0.02])
def test_moments_are_those_of_photutils(angle, q):
    """Also where the minor axis is narrower than a pixel."""
    from photutils.morphology import data_properties

    image = gaussian(q=q, angle=angle, shape=(60, 70), centre=(33.2, 28.9))
    ellipse = half_mass_ellipse(image)
    expected = data_properties(np.where(image >= 1e5, image, 0.0).astype(float) / 1e9)
    assert (ellipse.x, ellipse.y) == pytest.approx(tuple(expected.centroid), abs=1e-6)
    minor_over_major = 1 / float(np.asarray(expected.elongation))
    assert ellipse.axis_ratio == pytest.approx(minor_over_major, rel=1e-6)
    turned = (ellipse.position_angle - expected.orientation.to_value("rad")) % np.pi
    assert min(turned, np.pi - turned) == pytest.approx(0, abs=1e-6)


def test_half_mass_radius_of_a_round_gaussian():
    """It is sigma sqrt(2 ln 2)."""
    ellipse = half_mass_ellipse(gaussian(q=1.0, angle=0.0))
    assert ellipse.semi_major == pytest.approx(10 * np.sqrt(2 * np.log(2)), rel=0.01)


def test_half_mass_radius_of_an_exponential_disc():
    """It is 1.678 scale lengths."""
    y, x = np.indices((401, 401)) - 200.0
    disc = np.exp(-np.hypot(x, y) / 15)
    assert half_mass_radius(disc, x=200, y=200) == pytest.approx(1.678 * 15, rel=0.01)


def test_one_pixel_has_the_smallest_radius():
    image = np.zeros((9, 9))
    image[4, 4] = 1e8
    ellipse = half_mass_ellipse(image)
    assert (ellipse.semi_major, ellipse.axis_ratio) == (0.5, pytest.approx(1.0, abs=0.01))
    assert ellipse.mask((9, 9)).sum() == 1


def test_ellipse_turns_with_the_image():
    image = gaussian(q=0.4, angle=25.0)
    before, after = half_mass_ellipse(image), half_mass_ellipse(np.rot90(image).copy())
    assert after.axis_ratio == pytest.approx(before.axis_ratio, rel=1e-6)
    assert after.semi_major == pytest.approx(before.semi_major, rel=1e-6)
    # rot90 turns against the direction in which angles count, because rows run along +y.
    turned = np.degrees(before.position_angle - after.position_angle) % 180
    assert turned == pytest.approx(90, abs=1e-3)
    inside_before = before.mask(image.shape, scale=2)
    inside_after = after.mask(image.T.shape, scale=2)
    np.testing.assert_array_equal(np.rot90(inside_before), inside_after)


@pytest.mark.parametrize("angle", [0.0, 30.0, 90.0, -60.0])
def test_mask_is_that_of_photutils(angle):
    from photutils.aperture import EllipticalAperture

    ellipse = Ellipse(x=40.2, y=33.1, semi_major=12.0, axis_ratio=0.3, position_angle=0.0)
    ellipse = Ellipse(40.2, 33.1, 12.0, 0.3, np.radians(angle))
    aperture = EllipticalAperture((40.2, 33.1), 24.0, 7.2, theta=np.radians(angle))
    expected = aperture.to_mask(method="center").to_image((70, 80)) > 0
    np.testing.assert_array_equal(ellipse.mask((70, 80), scale=2), expected)


def test_fits():
    along_x = Ellipse(x=49.5, y=20.0, semi_major=20.0, axis_ratio=0.5, position_angle=0.0)
    assert along_x.fits((41, 100), scale=2)
    assert not along_x.fits((41, 100), scale=2.6)
    along_y = Ellipse(49.5, 20.0, 20.0, 0.5, np.pi / 2)
    assert along_y.fits((41, 100)) and not along_y.fits((41, 100), scale=1.2)


def test_faint_pixels_do_not_count():
    image = gaussian(q=0.5, angle=10.0)
    haze = image + np.where(np.indices(image.shape)[0] < 40, 9e4, 0).astype(np.float32)
    assert half_mass_ellipse(haze).axis_ratio == pytest.approx(0.5, rel=0.02)


@pytest.mark.parametrize("value", [0.0, 9.9e4, np.nan])
def test_map_without_mass_has_no_ellipse(value):
    with pytest.raises(InputError, match="no pixel of the stellar-mass map"):
        half_mass_ellipse(np.full((20, 20), value, np.float32))


def test_aperture_totals_add_up():
    image = gaussian(q=0.5, angle=10.0)
    ellipse = half_mass_ellipse(image)
    inside = ellipse.mask(image.shape, scale=2)
    within, without = (aperture_total(image, r, pixel_area=0.25) for r in (inside, ~inside))
    total = image.sum(dtype=float) * 0.25
    assert within + without == pytest.approx(total, rel=1e-12)
    # An ellipse of semi-major axis a holds 1 - exp(-a^2 / 2 sigma^2) of an elliptical Gaussian.
    expected = -np.expm1(-0.5 * (2 * ellipse.semi_major / 10) ** 2)
    assert within / total == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("wing", [1e7, 2e7, 3e7, 3.5e7])
def test_no_ellipse_passes_between_pixels(wing: float) -> None:
    """A disc seen edge-on, two rows thick."""
    mass = np.zeros((32, 32))
    mass[15:17, 2:30] += wing / 2
    mass[15:17, 15:17] += 1.5e8
    ellipse = half_mass_ellipse(mass)
    assert ellipse.mask(mass.shape, scale=2.0).any()


def truth(property, mass):
    return Maps("g", 0, (property,), mass[None], 0.25)


def test_totals_are_taken_inside_twice_the_half_mass_ellipse_or_of_the_frame():
    image = gaussian(q=0.5, angle=10.0)
    ellipse = scored_ellipse(truth("stellar_mass", image))
    assert ellipse == half_mass_ellipse(image)
    np.testing.assert_array_equal(
        scored_region(ellipse, image.shape), ellipse.mask(image.shape, scale=2.0)
    )
    for maps in (
        truth("stellar_mass", image[:, 97:]),
        truth("stellar_mass", 0 * image),
        truth("gas_mass", image),
    ):
        assert scored_ellipse(maps) is None
        assert scored_region(None, maps.shape).all()
