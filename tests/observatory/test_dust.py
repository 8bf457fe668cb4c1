"""Dust: curves, columns and screens."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from picassso.core import SDSS, InputError
from picassso.observatory import (
    attenuation_curve,
    draw_dust,
    dust_column_in_front,
    screen_transmission,
)
from picassso.observatory.dust import (
    BIRTH_CLOUD_AGE,
    BIRTH_CLOUD_AV,
    GALACTIC_AV_PER_METAL_COLUMN,
)

BANDS = np.array(SDSS.effective_wavelengths)
CURVES = ("cardelli", "charlot_fall")


@pytest.mark.parametrize("curve", CURVES)
def test_curves_fall_with_wavelength_and_are_one_at_v(curve: str) -> None:
    assert (np.diff(attenuation_curve(BANDS / 1.1, curve=curve)) < 0).all()
    assert attenuation_curve(5500.0, curve=curve) == pytest.approx(1.0, abs=0.01)


def test_cardelli_has_its_colour_excess_and_its_published_values() -> None:
    """A_B - A_V = A_V / R_V by definition; A_U, A_R, A_I, A_J from table 3 of the paper."""
    b, v = attenuation_curve(1e4 / np.array([2.27, 1.82]))
    assert 1.0 / (b / v - 1.0) == pytest.approx(3.1, rel=1e-3)
    others = attenuation_curve(1e4 / np.array([2.78, 1.43, 1.11, 0.80]))
    np.testing.assert_allclose(others, [1.569, 0.751, 0.479, 0.282], atol=0.002)


def test_cardelli_peaks_at_the_bump_and_is_continuous() -> None:
    wavelength = np.linspace(1300.0, 30000.0, 200_000)
    curve = attenuation_curve(wavelength)
    assert abs(np.diff(curve)).max() < 0.01
    bump = (wavelength > 1900.0) & (wavelength < 2600.0)
    assert wavelength[bump][curve[bump].argmax()] == pytest.approx(2175.0, abs=20.0)


def test_a_spiral_disc_has_an_extinction_of_half_a_magnitude_to_one() -> None:
    """Ten Msun pc^-2 of gas with Z = 0.02."""
    assert 0.5 < GALACTIC_AV_PER_METAL_COLUMN * 10.0 * 1e6 * 0.02 < 1.0


def test_scattering_returns_part_of_the_light_and_more_of_the_blue() -> None:
    column = np.float32([2e5])
    (passed,) = screen_transmission(column, wavelength=BANDS)
    extinction = GALACTIC_AV_PER_METAL_COLUMN * 2e5 * attenuation_curve(BANDS)
    share = -2.5 * np.log10(passed) / extinction
    assert (share > 0.3).all() and (share < 0.8).all() and (np.diff(share) > 0).all()


def test_scattering_is_continuous_where_its_formula_changes() -> None:
    column = np.float32([2e5])
    a, b = screen_transmission(column, wavelength=[3459.9, 3460.1])[0]
    assert a == pytest.approx(b, rel=2e-3)


def test_without_dust_all_light_passes() -> None:
    column = np.array([0.0, 1e5, 1e9], dtype=np.float32)
    age = np.array([0.0, 0.001, 5.0])
    clear = screen_transmission(column, wavelength=BANDS, amplitude=0.0, age_gyr=age)
    np.testing.assert_array_equal(clear, np.ones((3, 5), dtype=np.float32))
    np.testing.assert_array_equal(screen_transmission(column[:1], wavelength=BANDS), 1.0)


@settings(max_examples=30)
@given(amplitude=st.floats(0.1, 5.0), redshift=st.floats(0.0, 0.25))
def test_transmission_falls_with_column_and_rises_with_wavelength(
    amplitude: float, redshift: float
) -> None:
    column = np.geomspace(1e4, 1e6, 20, dtype=np.float32)
    passed = screen_transmission(column, wavelength=BANDS / (1 + redshift), amplitude=amplitude)
    assert passed.shape == (20, 5) and passed.dtype == np.float32
    assert (np.diff(passed, axis=0) < 0).all()
    assert (np.diff(passed, axis=1) > 0).all()
    assert (passed > 0).all() and (passed < 1).all()


def test_screens_multiply() -> None:
    a, b = np.float32([2e5]), np.float32([7e5])
    product = screen_transmission(a, wavelength=BANDS) * screen_transmission(b, wavelength=BANDS)
    np.testing.assert_allclose(screen_transmission(a + b, wavelength=BANDS), product, rtol=1e-5)


def test_birth_clouds_dim_the_young_alone() -> None:
    column = np.full(2, 3e5, dtype=np.float32)
    age = np.array([0.5, 2.0]) * BIRTH_CLOUD_AGE
    bare = screen_transmission(column, wavelength=BANDS, amplitude=0.6)
    young, old = screen_transmission(column, wavelength=BANDS, amplitude=0.6, age_gyr=age)
    np.testing.assert_array_equal(old, bare[1])
    cloud = 0.6 * BIRTH_CLOUD_AV * (BANDS / 5500.0) ** -0.7
    np.testing.assert_allclose(-2.5 * np.log10(young / bare[0]), cloud, rtol=1e-5)


def slab(rng: np.random.Generator, *, depth: float, side: float = 20.0, count: int = 400_000):
    """Gas spread evenly over a layer |z| < depth / 2; the metals' surface density is 2.5e5."""
    size = np.array([side, side, depth])
    position = ((rng.random((count, 3)) - 0.5) * size).astype(np.float32)
    return position, np.full(count, 2.5e5 * side**2 / count, dtype=np.float32)


def test_column_of_a_uniform_slab_grows_linearly_with_depth() -> None:
    gas, metals = slab(np.random.default_rng(0), depth=10.0)
    z = np.linspace(-9.0, 9.0, 37)
    stars = np.stack([np.full_like(z, 1.3), np.full_like(z, -2.1), z], axis=1).astype(np.float32)
    column = dust_column_in_front(stars, gas, metals, extent=20.0, pixels=8)
    expected = 2.5e5 * np.clip(0.5 - z / 10.0, 0.0, 1.0)
    # 400,000 particles in 64 columns: Poisson noise of 1.3% of the whole slab at most.
    np.testing.assert_allclose(column, expected, atol=0.03 * 2.5e5)
    assert (column[z > 5.0] == 0.0).all() and (np.diff(column) <= 0).all()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), pixels=st.sampled_from([2, 16, 61]))
def test_mass_inside_the_cube_is_conserved(seed: int, pixels: int) -> None:
    rng = np.random.default_rng(seed)
    gas = rng.normal(0.0, 12.0, (300, 3)).astype(np.float32)
    metals = rng.lognormal(10.0, 1.0, 300).astype(np.float32)
    extent = 40.0
    centre = (np.arange(pixels) + 0.5) * extent / pixels - extent / 2
    y, x = np.meshgrid(centre, centre, indexing="ij")
    behind = np.stack([x.ravel(), y.ravel(), np.full(x.size, -100.0)], axis=1).astype(np.float32)
    column = dust_column_in_front(behind, gas, metals, extent=extent, pixels=pixels)
    inside = (abs(gas) <= extent / 2).all(axis=1)
    assert column.sum() * (extent / pixels) ** 2 == pytest.approx(metals[inside].sum(), rel=1e-4)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_column_agrees_with_direct_summation(seed: int) -> None:
    """Sum over all gas in front of w(star, cell) w(gas, cell) / area, cell by cell."""
    rng = np.random.default_rng(seed)
    gas, stars = (rng.uniform(-10, 10, (n, 3)).astype(np.float32) for n in (60, 20))
    metals = rng.lognormal(10.0, 1.0, 60).astype(np.float32)
    pixels, extent = 5, 20.0

    def shares(position: np.ndarray) -> np.ndarray:
        place = np.clip((position[:, :2] / extent + 0.5) * pixels - 0.5, 0, pixels - 1)
        along = np.clip(1 - abs(place[:, :, None] - np.arange(pixels)), 0, None)
        return along[:, 1, :, None] * along[:, 0, None, :]

    overlap = np.einsum("nij,mij->nm", shares(stars), shares(gas))
    in_front = gas[None, :, 2] > stars[:, None, 2]
    expected = (overlap * in_front) @ metals / (extent / pixels) ** 2
    got = dust_column_in_front(stars, gas, metals, extent=extent, pixels=pixels)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4 * expected.max())


def test_one_cloud_dims_what_lies_behind_it() -> None:
    gas, metals = np.zeros((1, 3), np.float32), np.array([1e6], np.float32)
    stars = np.array([[0, 0, -5], [0, 0, 5], [9, 9, -5]], np.float32)
    behind, before, beside = dust_column_in_front(stars, gas, metals, extent=20.0, pixels=20)
    assert behind > 0.0 and before == 0.0 and beside == 0.0


def test_views_of_a_turned_galaxy_agree() -> None:
    """Turning stars and gas together about the line of sight by a right angle changes nothing."""
    rng = np.random.default_rng(3)
    gas = rng.normal(0, 5, (2000, 3)).astype(np.float32)
    stars = rng.normal(0, 5, (500, 3)).astype(np.float32)
    metals = rng.lognormal(9, 1, 2000).astype(np.float32)
    turn = np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]], np.float32)
    seen = dust_column_in_front(stars, gas, metals, extent=40.0)
    turned = dust_column_in_front(stars @ turn, gas @ turn, metals, extent=40.0)
    np.testing.assert_allclose(turned, seen, rtol=1e-3, atol=1e-3 * seen.max())


def test_galaxies_without_gas_or_stars_are_fine() -> None:
    none, one = np.zeros((0, 3), np.float32), np.zeros((1, 3), np.float32)
    assert dust_column_in_front(one, none, np.zeros(0, np.float32), extent=10.0) == [0.0]
    assert dust_column_in_front(none, one, np.ones(1, np.float32), extent=10.0).shape == (0,)


def test_drawn_dust_is_absent_in_some_and_log_normal_in_the_rest() -> None:
    rng = np.random.default_rng(5)
    drawn = np.array([draw_dust(rng) for _ in range(20_000)])
    logs = np.log10(drawn[drawn > 0])
    assert (drawn == 0).mean() == pytest.approx(0.15, abs=0.01)
    assert logs.mean() == pytest.approx(0.0, abs=0.01)
    assert logs.std() == pytest.approx(0.3, abs=0.01)


def test_amplitude_of_one_is_galactic() -> None:
    """Bohlin et al. 1978 and Guever & Ozel 2009 bracket it, for gas of solar metallicity."""
    hydrogen_mass_per_kpc2 = 1.6735e-24 / 1.98847e33 * (3.0856775814913673e21) ** 2
    for per_av, factor in ((1.87e21, 0.85), (2.21e21, 1.0)):
        metals = per_av * hydrogen_mass_per_kpc2 * 1.36 * 0.0134
        assert GALACTIC_AV_PER_METAL_COLUMN * metals == pytest.approx(factor, abs=0.01)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: attenuation_curve(5500.0, curve="grey"), "grey"),
        (lambda: attenuation_curve(500.0), "500"),
        (lambda: screen_transmission(np.ones(1), wavelength=BANDS, amplitude=-1.0), "amplitude"),
        (
            lambda: dust_column_in_front(
                np.zeros((1, 3)), np.zeros((1, 3)), np.ones(1), extent=0.0
            ),
            "extent",
        ),
    ],
)
def test_bad_input_is_named(wrong, words: str) -> None:
    with pytest.raises(InputError, match=words):
        wrong()
