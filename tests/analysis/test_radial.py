"""Annuli: nothing lost, nothing counted twice, known profiles and slopes come back."""

from __future__ import annotations

import numpy as np
import pytest
from known_galaxies import CENTRE, SHAPE, elliptical_radius, exponential_cube, sharp

from picassso.analysis import (
    ANNULUS_EDGES,
    Ellipse,
    Prediction,
    annulus_residuals,
    aperture_total,
    elliptical_annuli,
    half_mass_ellipse,
    radial_profile,
)
from picassso.core import DERIVED, PROPERTIES, PROPERTY_NAMES, InputError

ROUND = Ellipse(*CENTRE, semi_major=10.0, axis_ratio=0.6, position_angle=np.radians(25.0))


def profile(cube, ellipse=ROUND, shape=SHAPE):
    annuli = elliptical_annuli(ellipse, shape)
    return radial_profile(cube, annuli, properties=PROPERTY_NAMES, pixel_area=0.25)


def test_annuli_add_up_to_the_apertures() -> None:
    """Ten annuli of half a half-mass radius: the first starts at the centre, none is shifted."""
    assert ANNULUS_EDGES == (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0)
    cube = exponential_cube()
    found = profile(cube)
    assert found.annuli.in_frame.all()
    for name, surface_density in zip(PROPERTY_NAMES, cube, strict=True):
        grown = np.cumsum(found.total(name))
        for k, edge in enumerate(ANNULUS_EDGES):
            region = ROUND.mask(SHAPE, scale=edge)
            expected = aperture_total(surface_density, region, pixel_area=0.25)
            assert grown[k] == pytest.approx(expected, rel=1e-6)
    areas = np.cumsum(found.areas)
    assert areas[-1] == ROUND.mask(SHAPE, scale=5.0).sum() * 0.25


def test_annuli_are_those_of_photutils() -> None:
    from photutils.aperture import EllipticalAnnulus

    image = exponential_cube()[0].astype(np.float64)
    found = profile(image[None].repeat(len(PROPERTY_NAMES), axis=0)).total("stellar_mass") / 0.25
    for k in (1, 4, 9):
        aperture = EllipticalAnnulus(
            CENTRE, 5.0 * k, 5.0 * (k + 1), 3.0 * (k + 1), theta=np.radians(25.0)
        )
        expected = aperture.do_photometry(image, method="center")[0][0]
        assert found[k] == pytest.approx(expected, rel=1e-9)


def test_annuli_that_leave_the_frame_are_not_measured() -> None:
    found = profile(exponential_cube(), Ellipse(*CENTRE, 20.0, 0.6, 0.0))
    inside = found.annuli.in_frame
    assert inside.sum() == 6 and inside[:6].all()
    assert np.isnan(found.totals[:, ~inside]).all() and np.isfinite(found.totals[:, inside]).all()
    assert np.isnan(found.areas[~inside]).all()


def test_annuli_without_a_pixel_are_not_measured() -> None:
    found = profile(exponential_cube(), Ellipse(63.4, 64.4, 0.5, 1.0, 0.0))
    empty = found.annuli.pixels == 0
    assert empty.any() and np.isnan(found.totals[:, empty]).all()
    assert np.isfinite(found.totals[:, ~empty]).all()


def test_ratio_is_one_of_sums() -> None:
    """Where a mean of ratios would say something else."""
    cube = exponential_cube()
    age, mass = (PROPERTY_NAMES.index(p) for p in ("stellar_age_mass", "stellar_mass"))
    rng = np.random.default_rng(0)
    weight = 10 ** rng.normal(0, 0.5, SHAPE)
    cube[mass] *= weight
    cube[age] = cube[mass] * (2 + 8 * (weight > 1))
    found = profile(cube)
    ages = found.profile("stellar_age")
    np.testing.assert_allclose(ages, found.total("stellar_age_mass") / found.total("stellar_mass"))
    mean_of_ratios = np.mean((cube[age] / cube[mass])[ROUND.mask(SHAPE, scale=0.5)])
    assert ages[0] > mean_of_ratios + 1


@pytest.mark.parametrize("faint", ["gas_mass", "gas_metal_mass"])
def test_ratio_is_unknown_where_either_part_is_below_the_floor(faint: str) -> None:
    cube = exponential_cube()
    cube[PROPERTY_NAMES.index(faint)] *= 1e-4
    assert np.isnan(profile(cube).profile("gas_metallicity")).all()
    assert np.isfinite(profile(cube).profile("stellar_metallicity")).all()


@pytest.mark.parametrize("slope", [-0.4, 0.0, 0.25])
def test_gradients_of_known_slope(slope: float) -> None:
    """Steps between annuli, because within one a steep profile is not at its middle."""
    steps = np.ceil(elliptical_radius() / 5.0) * 0.5 - 0.25
    cube = (1e3 * np.array([PROPERTIES[p].floor for p in PROPERTY_NAMES])[:, None, None]) * 10 ** (
        slope * steps
    )
    mass = PROPERTY_NAMES.index("stellar_mass")
    metals = PROPERTY_NAMES.index("stellar_metal_mass")
    cube[metals] = 0.02 * 10 ** (-0.1 * steps) * cube[mass]
    found = profile(cube)
    assert found.gradient("stellar_mass") == pytest.approx(slope, abs=1e-6)
    assert found.gradient("stellar_mass", within=(0, 5)) == pytest.approx(slope, abs=1e-6)
    assert found.gradient("stellar_metallicity") == pytest.approx(-0.1, abs=1e-6)
    assert found.gradient("gas_fraction") == pytest.approx(0.0, abs=1e-6)


def test_gradient_of_an_exponential_disc() -> None:
    """log10(e) / scale length, to what the width of the annuli allows."""
    cube = exponential_cube(scale=10.0)
    expected = -np.log10(np.e) * ROUND.semi_major / 10.0
    assert profile(cube).gradient("gas_mass") == pytest.approx(expected, rel=0.03)


def test_gradient_needs_three_annuli() -> None:
    cube = exponential_cube()
    found = profile(cube)
    assert np.isfinite(found.gradient("hi_mass", within=(0.5, 2.0)))
    assert np.isnan(found.gradient("hi_mass", within=(0.5, 1.5)))
    cube[PROPERTY_NAMES.index("hi_mass")] *= np.where(ROUND.mask(SHAPE, scale=1.5), 1.0, 1e-6)
    assert np.isnan(profile(cube).gradient("hi_mass"))


def test_a_scaled_prediction_is_off_by_its_factor_everywhere() -> None:
    true = exponential_cube(scale=14.0)
    for factor in (1.0, 1.1):
        a, b = profile(true), profile(np.float32(factor) * true)
        for name in PROPERTY_NAMES:
            residual = np.log10(a.profile(name) / b.profile(name))
            np.testing.assert_allclose(residual, -np.log10(factor), atol=1e-6)
            assert a.gradient(name) == pytest.approx(b.gradient(name), abs=1e-6)
        for name in DERIVED:
            np.testing.assert_allclose(a.profile(name), b.profile(name), rtol=1e-6)


@pytest.mark.parametrize("factor", [1.0, 1.1])
def test_residuals_by_annulus(factor: float) -> None:
    """Annuli that leave the frame are absent, faint ones below the floor; the rest is exact."""
    rng = np.random.default_rng(3)
    floor = PROPERTIES["gas_mass"].floor
    areas = np.full((60, 4), 5.0)
    true = areas * floor * 10 ** rng.uniform(0, 3, areas.shape)
    true[:10, 3], true[:20, 2] = np.nan, 0.5 * floor * areas[:20, 2]
    predicted = sharp(np.where(np.isnan(true), np.nan, factor * true))
    rows = annulus_residuals(
        true,
        predicted,
        areas,
        property="gas_mass",
        galaxy_id=np.arange(60).astype(str),
        bootstraps=10,
    )
    assert [r.kind for r in rows] == ["annulus"] * 4
    for row in rows:
        for name in ("linear_bias", "median_bias", "mean_bias"):
            assert getattr(row, name).value == pytest.approx(-np.log10(factor), abs=1e-12)
        assert row.sigma.value == pytest.approx(0, abs=1e-12)
    assert rows[3].counts.absent == 10 and rows[2].counts.below_floor == 20


def test_a_missing_prediction_is_refused() -> None:
    true, missing = np.ones((3, 1)) * 1e9, np.full((3, 1), np.nan)
    with pytest.raises(InputError, match="not finite"):
        annulus_residuals(
            true, Prediction(*[missing] * 4), true, property="gas_mass", galaxy_id=list("abc")
        )


def test_absent_property_has_no_profile() -> None:
    cube = exponential_cube()
    cube[PROPERTY_NAMES.index("hi_mass")] = np.nan
    found = profile(cube)
    assert np.isnan(found.profile("hi_mass")).all() and np.isnan(found.gradient("hi_mass"))
    assert np.isfinite(found.profile("gas_mass")).all()


def test_profile_turns_with_the_map() -> None:
    cube = exponential_cube()
    turned = np.rot90(cube, axes=(1, 2)).copy()
    a, b = (profile(c, half_mass_ellipse(c[0])) for c in (cube, turned))
    np.testing.assert_allclose(a.totals, b.totals, rtol=1e-5)


def test_bad_input() -> None:
    annuli = elliptical_annuli(ROUND, SHAPE)
    with pytest.raises(InputError, match="expected 1 maps of 16384 pixels"):
        radial_profile(exponential_cube(), annuli, properties=("gas_mass",), pixel_area=1.0)
    with pytest.raises(InputError, match="rising numbers above 0"):
        elliptical_annuli(ROUND, SHAPE, edges=(1.0, 1.0))
    with pytest.raises(InputError, match="no profile of 'velocity'"):
        profile(exponential_cube()).profile("velocity")


def test_lognormal_scatter_by_annulus() -> None:
    """No bias of the median, and ln(10) s^2 / 2 of sums of it: a median is no mean."""
    rng = np.random.default_rng(5)
    floor, s, n = PROPERTIES["gas_mass"].floor, 0.3, 20_000
    areas = np.full((n, 2), 4.0)
    median = 1e3 * floor * areas
    true = median * 10 ** rng.normal(0, s, areas.shape)
    rows = annulus_residuals(
        true,
        sharp(median, width=10**s),
        areas,
        property="gas_mass",
        galaxy_id=np.arange(n).astype(str),
        bootstraps=0,
    )
    for row in rows:
        assert row.median_bias.value == pytest.approx(0, abs=6 * s / np.sqrt(n))
        assert row.linear_bias.value == pytest.approx(np.log(10) * s**2 / 2, abs=0.01)
        assert row.coverage.value == pytest.approx(0.6827, abs=0.015)


def test_sums_of_annuli_are_those_of_their_pixels() -> None:
    """Also where an annulus is narrower than a pixel and holds none, the last one too."""
    image = np.random.default_rng(0).random((30, 40))
    ellipse = Ellipse(x=19.4, y=14.7, semi_major=6.0, axis_ratio=0.7, position_angle=0.3)
    for edges in ((0.01, 0.02, 1.0, 1.001, 2.0), (0.5, 9.0, 9.5), (0.001, 0.002)):
        annuli = elliptical_annuli(ellipse, image.shape, edges=edges)
        flat = image.ravel()
        expected = [flat[annuli.labels == k].sum() for k in range(len(edges))]
        np.testing.assert_allclose(annuli.sums(image), expected, rtol=1e-12)
        assert not annuli.pixels.all()
