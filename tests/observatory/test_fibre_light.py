"""The light in a fibre: the same stars as in the image, counted, dimmed and moved rightly."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from fibre_stars import lit, seen, stars_in_view
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special
from toy_galaxies import rotating_disc

from picassso.core import (
    DEFAULT_COSMOLOGY,
    EMISSION_LINES,
    FIBRE_GRID,
    LINE_NAMES,
    SDSS,
    FibreLight,
    InputError,
    Particles,
    Stars,
)
from picassso.observatory import (
    LightTable,
    PaperFraming,
    SurveyFraming,
    observation,
    observe,
    scene,
    screen_transmission,
)
from picassso.observatory.photometry import FilterCurve
from picassso.observatory.spectra.aperture import fraction_in_fibre
from picassso.observatory.spectra.fibre import StarsInView, fibre_light
from picassso.observatory.spectra.populations import SHIFT_PIXELS, SpectralTable
from picassso.observatory.spectra.starlight import LitStars, starlight
from picassso.observatory.truth import STAR_FORMATION_TIME
from picassso.universe import read_particles

INSIDE = slice(SHIFT_PIXELS, -SHIFT_PIXELS)
WIDE = 1e4
"""Arcsec: a fibre that misses nothing."""


# How much of a point source a fibre takes in.


@settings(deadline=None)
@given(sigma=st.floats(0.02, 30.0), radius=st.floats(0.5, 3.0))
def test_centred_source(sigma: float, radius: float) -> None:
    got = fraction_in_fibre([0.0], sigma, radius=radius)
    assert got[0] == pytest.approx(-np.expm1(-0.5 * (radius / sigma) ** 2), rel=5e-4)


@settings(deadline=None)
@given(distance=st.floats(0.0, 8.0), sigma=st.floats(0.05, 5.0))
def test_source_off_the_centre(distance: float, sigma: float) -> None:
    exact = special.chndtr((1.5 / sigma) ** 2, 2.0, (distance / sigma) ** 2)
    got = fraction_in_fibre([distance], sigma, radius=1.5)
    assert got[0] == pytest.approx(exact, abs=0.0005 * -np.expm1(-0.5 * (1.5 / sigma) ** 2))


@pytest.mark.parametrize("sigma", [0.01, 0.3, 1.0, 4.0])
def test_fibres_that_tile_the_plane_miss_nothing(sigma: float) -> None:
    """The integral over where the source may lie is the fibre's area, whatever the seeing."""
    distance = np.linspace(0.0, 1.5 + 9.0 * sigma, 40_001)
    share = fraction_in_fibre(distance, sigma, radius=1.5)
    area = integrate.trapezoid(2.0 * np.pi * distance * share, distance)
    assert area == pytest.approx(np.pi * 1.5**2, rel=1e-3)


# What the light of stars adds up to.


def test_one_population_in_the_fibre_has_its_own_flux(spectral_table: SpectralTable) -> None:
    z, a = 8, 150
    star = StarsInView(
        distance=np.zeros(1, "f4"),
        radius=np.zeros(1, "f4"),
        velocity=np.zeros(1, "f4"),
        initial_mass=np.full(1, 1e8, "f4"),
        age=spectral_table.age[[a]].astype("f4"),
        metallicity=spectral_table.metallicity[[z]].astype("f4"),
        dust_column=None,
        gas_metallicity=np.full(1, np.nan, "f4"),
    )
    light = seen(star, spectral_table)
    metre = DEFAULT_COSMOLOGY.luminosity_distance(0.05) * 3.0856775814913673e22
    spectrum = spectral_table.coefficients[z, a] @ spectral_table.components
    luminosity = 1e8 * 3.826e26 * spectrum.astype(np.float64)
    # W m^-2 are 1e3 erg s^-1 cm^-2
    expected = luminosity[INSIDE] / (4.0 * np.pi * metre**2) * 1e3 / 1e-17
    sigma = 1.3 / np.sqrt(8.0 * np.log(2.0))
    expected *= -np.expm1(-0.5 * (1.5 / sigma) ** 2)
    ratio = light.continuum / expected
    np.testing.assert_allclose(ratio, np.median(ratio), rtol=2e-5)
    assert np.median(ratio) == pytest.approx(1.0, abs=5e-4)
    assert not light.line_flux.any() and light.line_dispersion == light.stellar_dispersion == 0.0


@settings(max_examples=10, deadline=None)
@given(factor=st.floats(0.01, 100.0), dusty=st.booleans())
def test_light_is_linear_in_mass(spectral_table: SpectralTable, factor: float, dusty: bool) -> None:
    stars = stars_in_view(dusty=dusty)
    once = seen(stars, spectral_table)
    more = seen(
        replace(stars, initial_mass=stars.initial_mass * np.float32(factor)), spectral_table
    )
    np.testing.assert_allclose(more.continuum, factor * once.continuum, rtol=1e-4)
    np.testing.assert_allclose(more.line_flux, factor * once.line_flux, rtol=1e-4)
    assert more.stellar_dispersion == pytest.approx(once.stellar_dispersion, rel=1e-4)
    assert more.line_dispersion == pytest.approx(once.line_dispersion, rel=1e-4)


@pytest.mark.parametrize("dusty", [False, True])
def test_light_is_the_sum_of_its_stars(spectral_table: SpectralTable, dusty: bool) -> None:
    """A wide fibre holds the sum; and the light of two halves is that of the whole."""
    stars = stars_in_view(dusty=dusty)
    whole = starlight(spectral_table, lit(stars), stars.velocity)
    parts = [stars.take(np.arange(first, 400, 2)) for first in range(2)]
    halves = sum(starlight(spectral_table, lit(part), part.velocity) for part in parts)
    np.testing.assert_allclose(halves, whole, rtol=2e-5)
    still = replace(stars, velocity=np.zeros_like(stars.velocity))
    light = seen(still, spectral_table, diameter=WIDE, psf_fwhm=0.0)
    ratio = light.continuum / starlight(spectral_table, lit(still), still.velocity)
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-5)


def test_wider_fibres_hold_more(spectral_table: SpectralTable) -> None:
    stars = stars_in_view()
    flux = [seen(stars, spectral_table, diameter=d).line_flux for d in (1.0, 3.0, 10.0, WIDE)]
    assert all((more > less).all() for less, more in pairwise(flux))


def band_flux(light: FibreLight, curve: FilterCurve) -> float:
    """nMgy of what is in the fibre: photon-counting AB flux over observed wavelengths."""
    observed = FIBRE_GRID * (1.0 + light.redshift)
    response = np.interp(observed, curve.wavelength, curve.response, left=0.0, right=0.0)
    f_observed = light.continuum.astype(np.float64) / (1.0 + light.redshift)
    photons = integrate.trapezoid(f_observed * response * observed, observed)
    lines = (1.0 + light.redshift) * np.array([line.wavelength for line in EMISSION_LINES])
    photons += light.line_flux @ (np.interp(lines, curve.wavelength, curve.response) * lines)
    fine = np.linspace(curve.wavelength[0], curve.wavelength[-1], 20_001)
    r = np.interp(fine, curve.wavelength, curve.response)
    flux_density = 1e-17 * photons / (2.99792458e18 * integrate.trapezoid(r / fine, fine))
    return flux_density / 3.631e-29


def steady(particles: Particles, parts: int = 200) -> Particles:
    """With each star younger than 100 Myr in parts whose ages fill these 100 Myr evenly."""
    stars = particles.stars
    young = stars.age < STAR_FORMATION_TIME
    index = np.concatenate([np.flatnonzero(~young), np.repeat(np.flatnonzero(young), parts)])
    share = np.where(young[index], np.float32(1.0 / parts), np.float32(1.0))
    age = stars.age[index]
    age[young[index]] = np.tile(
        ((np.arange(parts) + 0.5) * STAR_FORMATION_TIME / parts).astype("f4"), young.sum()
    )
    stars = Stars(
        position=stars.position[index],
        velocity=stars.velocity[index],
        mass=stars.mass[index] * share,
        initial_mass=stars.initial_mass[index] * share,
        age=age,
        metallicity=stars.metallicity[index],
    )
    return replace(particles, stars=stars)


@pytest.mark.parametrize("dusty", [False, True])
def test_a_wide_fibre_sees_the_light_of_the_image(
    spectral_table: SpectralTable,
    sdss_light: LightTable,
    monkeypatch: pytest.MonkeyPatch,
    dusty: bool,
) -> None:
    """All bands of all views to 1% (2% behind dust, which the image takes at one wavelength a
    band), where young stars alone light the gas, at a steady rate, and lines are made as the image
    makes them: log U = -3, metallicity of the star.
    """

    def wide(stars: StarsInView, table: SpectralTable, **conditions) -> FibreLight:
        own = np.where(stars.age < STAR_FORMATION_TIME, stars.metallicity, np.nan).astype("f4")
        stars = replace(stars, gas_metallicity=own)
        as_in_image = {"log_u": -3.0, "line_factors": 1.0, "other": None}
        all_of_it = {"time": STAR_FORMATION_TIME, "diameter": WIDE}
        return fibre_light(stars, table, **{**conditions, **as_in_image, **all_of_it})

    monkeypatch.setattr(scene, "fibre_light", wide)
    monkeypatch.setattr(SurveyFraming, "draw_dust", lambda self, rng: float(dusty))
    framing = SurveyFraming(pixels=192, redshift_range=(0.06, 0.06), frame_fraction=1.0)
    particles = steady(rotating_disc())
    for view in observe(particles, framing=framing, survey=SDSS, seed=1, spectra=True):
        for band in "gri":
            b = SDSS.bands.index(band)
            image = view.image.flux[b].sum(dtype=float) * view.image.pixel_scale**2
            fibre = band_flux(view.fibre, sdss_light.curves[b])
            assert fibre == pytest.approx(image, rel=0.02 if dusty else 0.01), (view.camera, band)


# Dust.


def test_screens_are_those_before_each_star(spectral_table: SpectralTable) -> None:
    """Against transmission star by star: birth clouds of the young included."""
    stars = stars_in_view(40, dusty=True)
    free = replace(stars, dust_column=None)
    expected = np.zeros(len(FIBRE_GRID))
    for n in range(40):
        one = np.array([n])
        spectrum = starlight(spectral_table, lit(free.take(one)), stars.velocity[one])
        expected += (
            spectrum
            * screen_transmission(
                stars.dust_column[one], wavelength=FIBRE_GRID, amplitude=1.7, age_gyr=stars.age[one]
            ).ravel()
        )
    got = starlight(spectral_table, lit(stars, dust=1.7), stars.velocity)
    np.testing.assert_allclose(got, expected, rtol=0.005)


@settings(max_examples=20, deadline=None)
@given(column=st.floats(0.0, 3e6))
def test_one_screen(spectral_table: SpectralTable, column: float) -> None:
    star = replace(stars_in_view(1), age=np.ones(1, "f4"))
    screened = replace(star, dust_column=np.full(1, column, "f4"))
    expected = screen_transmission(screened.dust_column, wavelength=FIBRE_GRID)[0]
    still = np.zeros(1)
    got = starlight(spectral_table, lit(screened), still)
    free = starlight(spectral_table, lit(star), still)
    np.testing.assert_allclose(got / free, expected, atol=3e-4)


def test_dust_reddens_lines_by_the_curve(spectral_table: SpectralTable) -> None:
    stars = replace(stars_in_view(), dust_column=np.full(400, 4e5, "f4"))
    stars = stars.take(np.flatnonzero(stars.age < 0.01))
    clear = seen(replace(stars, dust_column=None), spectral_table)
    dusty = seen(stars, spectral_table)
    expected = screen_transmission(
        stars.dust_column[:1],
        wavelength=[line.wavelength for line in EMISSION_LINES],
        age_gyr=stars.age[:1],
    )[0]
    np.testing.assert_allclose(dusty.line_flux / clear.line_flux, expected, rtol=1e-4)


# The hook.


def test_images_are_the_same_with_and_without_fibres(
    spectral_table: SpectralTable, sdss_light: LightTable
) -> None:
    particles = rotating_disc()
    for framing in (PaperFraming(pixels=64, render=128), SurveyFraming(pixels=48)):
        without = observe(particles, framing=framing, survey=SDSS, seed=3)
        with_ = observe(particles, framing=framing, survey=SDSS, seed=3, spectra=True)
        for a, b in zip(without, with_, strict=True):
            assert a.fibre is None
            assert a.image.flux.tobytes() == b.image.flux.tobytes()
            assert a.maps.cube.tobytes() == b.maps.cube.tobytes()
            assert (b.fibre.galaxy_id, b.fibre.view) == (b.image.galaxy_id, b.image.view)
            assert b.fibre.redshift == b.image.redshift


def two_clusters(velocity: float) -> Particles:
    """Old stars about the origin at rest, and half as many behind them that move along z."""
    rng = np.random.default_rng(0)
    at_rest, moving = 400, 200
    n = at_rest + moving
    position = rng.normal(0.0, 0.05, (n, 3))
    speed = np.zeros((n, 3))
    position[at_rest:, 2] -= 3.0
    speed[at_rest:, 2] = velocity
    stars = Stars(
        position=position.astype("f4"),
        velocity=speed.astype("f4"),
        mass=np.full(n, 1e6, "f4"),
        initial_mass=np.full(n, 1.6e6, "f4"),
        age=np.full(n, 5.0, "f4"),
        metallicity=np.full(n, 0.02, "f4"),
    )
    return Particles(galaxy_id="clusters", source="toy", stars=stars, gas=None)


def test_what_moves_towards_the_camera_is_blue(
    spectral_table: SpectralTable, sdss_light: LightTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen along z, which points to the camera, where a third of the stars move."""
    monkeypatch.setattr(observation, "camera_rotation", lambda view, **_: np.eye(3))
    one = LitStars(np.ones(1, "f4"), np.full(1, 0.02, "f4"), np.full(1, 5.0, "f4"), None, 0.0)
    for towards in (-600.0, 600.0):
        (view,) = observe(
            two_clusters(towards),
            framing=PaperFraming(pixels=64, render=128, half_mass_radii=400.0),
            survey=SDSS,
            seed=0,
            views=[0],
            spectra=True,
        )
        mean = -towards / 3.0
        parts = [(2 / 3, -mean), (1 / 3, -towards - mean)]
        expected = sum(w * starlight(spectral_table, one, np.full(1, v)) for w, v in parts)
        ratio = view.fibre.continuum / expected
        np.testing.assert_allclose(ratio, np.median(ratio), rtol=1e-3)
        assert view.fibre.stellar_dispersion == pytest.approx(600.0 * np.sqrt(2) / 3, rel=1e-3)


def test_the_fibre_lies_at_the_centre_of_the_frame(
    spectral_table: SpectralTable, sdss_light: LightTable
) -> None:
    """Where the galaxy is moved in the frame, the fibre stays, and takes in what is there."""
    framing = SurveyFraming(pixels=64, redshift_range=(0.02, 0.02), largest_offset=0.45)
    centred = replace(framing, largest_offset=0.0)
    particles = rotating_disc(6000, scale=0.3)
    moved = observe(particles, framing=framing, survey=SDSS, seed=2, views=[0], spectra=True)
    still = observe(particles, framing=centred, survey=SDSS, seed=2, views=[0], spectra=True)
    for view in (*moved, *still):
        flux = view.image.flux[2].astype(float)
        y, x = np.mgrid[:64, :64] - 31.5
        inside = np.hypot(x, y) * view.image.pixel_scale < 1.5
        aperture = flux[inside].mean() * np.pi * 1.5**2
        assert band_flux(view.fibre, sdss_light.curves[2]) == pytest.approx(aperture, rel=0.15)
    assert moved[0].fibre.continuum.sum() < 0.5 * still[0].fibre.continuum.sum()


def test_the_same_galaxy_has_the_same_fibres_whatever_views_are_asked_for(
    spectral_table: SpectralTable, sdss_light: LightTable
) -> None:
    look = partial(
        observe, rotating_disc(), framing=SurveyFraming(pixels=32), survey=SDSS, spectra=True
    )
    every, last = look(seed=5), look(seed=5, views=[3])
    np.testing.assert_array_equal(every[3].fibre.continuum, last[0].fibre.continuum)
    np.testing.assert_array_equal(every[3].fibre.line_flux, last[0].fibre.line_flux)
    other = look(seed=6, views=[3])
    assert (other[0].fibre.line_flux != last[0].fibre.line_flux).any()


def test_an_empty_fibre_is_flagged(spectral_table: SpectralTable) -> None:
    stars = stars_in_view(10)
    away = replace(stars, distance=np.full(10, 500.0, "f4"))
    light = seen(away, spectral_table, flags=("read",))
    assert light.flags == ("read", "fibre_without_stars")
    assert not light.continuum.any() and not light.line_flux.any()


@pytest.mark.parametrize("bad", [{"diameter": 0.0}, {"redshift": 0.0}, {"redshift": np.nan}])
def test_impossible_fibres_are_refused(spectral_table: SpectralTable, bad: dict) -> None:
    with pytest.raises(InputError, match="expected both > 0"):
        seen(stars_in_view(3), spectral_table, **bad)


def test_real_galaxies_shine(
    spectral_table: SpectralTable, sdss_light: LightTable, data_dir: Path
) -> None:
    galaxies = list(read_particles(data_dir / "camels", min_stars=200))
    assert len(galaxies) == 6
    for galaxy in galaxies:
        for view in observe(
            galaxy, framing=SurveyFraming(pixels=64), survey=SDSS, seed=0, spectra=True
        ):
            fibre = view.fibre
            assert (fibre.continuum > 0).all() and (fibre.line_flux >= 0).all()
            assert set(galaxy.flags) <= set(fibre.flags)
            if fibre.line_flux[LINE_NAMES.index("Halpha")] > 0:
                assert fibre.line_flux[LINE_NAMES.index("Hbeta")] > 0
