"""The light in a fibre: the same stars as in the image, counted, dimmed and moved rightly."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special
from toy_galaxies import rotating_disc

from picassso.core import (
    DEFAULT_COSMOLOGY,
    EMISSION_LINES,
    FIBRE_GRID,
    LIGHT_SPEED,
    LINE_NAMES,
    SDSS,
    FibreLight,
    InputError,
    Particles,
    Stars,
    pixel_edges,
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
from picassso.observatory.spectra.gas_around_stars import (
    LOG_U_SCATTER,
    ionised_gas,
    mean_log_u,
)
from picassso.observatory.spectra.populations import SHIFT_PIXELS, SpectralTable
from picassso.observatory.spectra.starlight import LARGEST_VELOCITY, LitStars, starlight
from picassso.observatory.truth import STAR_FORMATION_TIME
from picassso.universe import read_particles

INSIDE = slice(SHIFT_PIXELS, -SHIFT_PIXELS)
WIDE = 1e4
"""Arcsec: a fibre that misses nothing."""


def stars_in_view(n: int = 400, *, seed: int = 0, dusty: bool = False) -> StarsInView:
    """Stars of all ages within some kpc."""
    rng = np.random.default_rng(seed)
    age = (10.0 ** rng.uniform(-3.0, 1.1, n)).astype("f4")
    metallicity = rng.uniform(0.003, 0.04, n).astype("f4")
    return StarsInView(
        distance=rng.gamma(2.0, 1.0, n).astype("f4"),
        radius=rng.uniform(0.0, 0.3, n).astype("f4"),
        velocity=rng.normal(0.0, 120.0, n).astype("f4"),
        initial_mass=rng.uniform(1e5, 1e6, n).astype("f4"),
        age=age,
        metallicity=metallicity,
        dust_column=rng.gamma(1.0, 5e5, n).astype("f4") if dusty else None,
        gas_metallicity=np.where(age < STAR_FORMATION_TIME, metallicity, np.nan).astype("f4"),
    )


def lit(stars: StarsInView, dust: float = 1.0) -> LitStars:
    return LitStars(stars.initial_mass, stars.metallicity, stars.age, stars.dust_column, dust)


seen = partial(fibre_light, redshift=0.05, psf_fwhm=1.3, dust=1.0, log_u=-3.0)


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


# How stars move.


@settings(max_examples=20, deadline=None)
@given(velocity=st.floats(-800.0, 800.0))
def test_a_receding_star_is_redshifted(spectral_table: SpectralTable, velocity: float) -> None:
    """Every line at (1 + v / c) times its wavelength, and the light kept."""
    stars = stars_in_view(20)
    still = starlight(spectral_table, lit(stars), np.zeros(20))
    moving = starlight(spectral_table, lit(stars), np.full(20, velocity))
    shift = 1.0 + velocity / LIGHT_SPEED
    for rest in (3934.8, 4102.9, 4862.7, 5176.6, 5895.6):
        near = np.abs(FIBRE_GRID / rest - 1.0) < 0.006
        expected = np.interp(FIBRE_GRID[near] / shift, FIBRE_GRID, still) / shift
        np.testing.assert_allclose(moving[near], expected, rtol=0.03)

        def centre(spectrum: np.ndarray, at: float) -> float:
            inside = np.abs(FIBRE_GRID / at - 1.0) < 0.002
            depth = (spectrum[inside].max() - spectrum[inside]) ** 2
            return float((depth @ FIBRE_GRID[inside]) / depth.sum())

        if abs(centre(still, rest) - rest) < 1.0:
            got = centre(moving, rest * shift) / centre(still, rest)
            assert got == pytest.approx(shift, abs=1.5e-4)

    def between(spectrum: np.ndarray, ends: np.ndarray) -> float:
        edges = pixel_edges(FIBRE_GRID)
        summed = np.concatenate([[0.0], np.cumsum(spectrum * np.diff(edges))])
        return float(np.diff(np.interp(ends, edges, summed))[0])

    ends = np.array([3500.0, 9000.0])
    assert between(moving, ends * shift) == pytest.approx(between(still, ends), rel=1e-5)


def test_whole_pixels_shift_exactly(spectral_table: SpectralTable) -> None:
    stars = stars_in_view(30)
    still = starlight(spectral_table, lit(stars), np.zeros(30))
    for pixels in (-4, 1, 7):
        factor = 10.0 ** (1e-4 * pixels)
        velocity = np.full(30, (factor - 1.0) * LIGHT_SPEED)
        moving = starlight(spectral_table, lit(stars), velocity) * factor
        inner = slice(10, -10)
        np.testing.assert_allclose(moving[inner], np.roll(still, pixels)[inner], rtol=1e-4)


@pytest.mark.parametrize("sigma", [30.0, 100.0, 250.0])
def test_many_velocities_broaden_by_their_dispersion_and_no_more(
    spectral_table: SpectralTable, sigma: float
) -> None:
    """Against a Gaussian of exactly that width; one of half a pixel more does not fit."""
    quantiles = (np.arange(4000) + 0.5) / 4000
    velocity = sigma * special.ndtri(quantiles)
    star = stars_in_view(1)
    one = lit(replace(star, age=np.full(1, 3.0, "f4"), metallicity=np.full(1, 0.02, "f4")))
    many = LitStars(*(np.repeat(c, 4000) for c in (one.mass, one.metallicity, one.age)), None, 1.0)
    broad = starlight(spectral_table, many, velocity) / 4000
    still = starlight(spectral_table, one, np.zeros(1))

    def blurred(width: float) -> np.ndarray:
        frequency = np.fft.rfftfreq(len(still))
        pixels = width / LIGHT_SPEED / (1e-4 * np.log(10.0))
        transfer = np.exp(-2.0 * (np.pi * frequency * pixels) ** 2)
        return np.fft.irfft(np.fft.rfft(still) * transfer, len(still))

    inner = slice(200, -200)
    right = np.std(broad[inner] / blurred(sigma)[inner] - 1.0)
    wrong = np.std(broad[inner] / blurred(np.hypot(sigma, 28.0))[inner] - 1.0)
    assert right < 0.0025 and right < 0.6 * wrong


def test_velocities_are_measured_about_their_mean(spectral_table: SpectralTable) -> None:
    """As the redshift of a spectrum is: a galaxy that moves as a whole looks the same."""
    stars = stars_in_view()
    moving = replace(stars, velocity=stars.velocity + np.float32(500.0))
    still, moved = seen(stars, spectral_table), seen(moving, spectral_table)
    np.testing.assert_allclose(moved.continuum, still.continuum, rtol=1e-3)
    assert moved.stellar_dispersion == pytest.approx(still.stellar_dispersion, rel=1e-4)
    assert moved.line_dispersion == pytest.approx(still.line_dispersion, rel=1e-4)


def test_dispersions_are_those_of_the_stars(spectral_table: SpectralTable) -> None:
    n = 40_000
    rng = np.random.default_rng(1)
    ages = np.where(np.arange(n) % 2, 5.0, 0.005).astype("f4")
    stars = replace(
        stars_in_view(n),
        age=ages,
        velocity=np.where(ages > 1.0, rng.normal(0, 200, n), rng.normal(0, 50, n)).astype("f4"),
        gas_metallicity=np.where(ages > 1.0, np.nan, 0.02).astype("f4"),
    )
    light = seen(stars, spectral_table)
    assert light.line_dispersion == pytest.approx(np.hypot(50.0, 18.0), rel=0.03)
    old = seen(stars.take(np.flatnonzero(ages > 1.0)), spectral_table)
    assert old.stellar_dispersion == pytest.approx(200.0, rel=0.03)
    assert 50.0 < light.stellar_dispersion < 200.0


def test_the_fastest_stars_are_counted(spectral_table: SpectralTable) -> None:
    stars = stars_in_view(5)
    fast = starlight(spectral_table, lit(stars), np.full(5, 9000.0))
    limit = starlight(spectral_table, lit(stars), np.full(5, LARGEST_VELOCITY))
    np.testing.assert_allclose(fast, limit, rtol=1e-4)


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


# Gas.


def test_lines_have_the_metallicity_of_the_gas_at_hand() -> None:
    particles = rotating_disc()
    gas = particles.gas
    rich = gas.position[:, 0] > 0
    gas = replace(gas, metallicity=np.where(rich, 0.03, 0.005).astype("f4"))
    found = ionised_gas(particles.stars, gas, np.random.default_rng(0))
    young = particles.stars.age < STAR_FORMATION_TIME
    assert (np.isnan(found.metallicity) == ~young).all() and found.flags == ()
    side = particles.stars.position[young, 0]
    np.testing.assert_allclose(found.metallicity[young][side > 2.0], 0.03, rtol=1e-5)
    np.testing.assert_allclose(found.metallicity[young][side < -2.0], 0.005, rtol=1e-5)


@pytest.mark.parametrize("gas", ["absent", "empty", "of unknown metallicity"])
def test_without_gas_lines_have_the_metallicity_of_the_stars(gas: str) -> None:
    particles = rotating_disc()
    cells = {
        "absent": None,
        "empty": rotating_disc(n_gas=0).gas,
        "of unknown metallicity": replace(particles.gas, metallicity=None),
    }[gas]
    found = ionised_gas(particles.stars, cells, np.random.default_rng(0))
    young = particles.stars.age < STAR_FORMATION_TIME
    np.testing.assert_array_equal(found.metallicity[young], particles.stars.metallicity[young])
    assert found.flags == ("line_metallicity_from_stars",)


def test_rich_gas_is_less_ionised() -> None:
    assert mean_log_u(0.002) - mean_log_u(0.02) == pytest.approx(0.8)
    assert mean_log_u(0.0) == mean_log_u(0.0002)
    stars = rotating_disc().stars
    drawn = np.array(
        [ionised_gas(stars, None, np.random.default_rng(seed)).log_u for seed in range(300)]
    )
    assert np.std(drawn) == pytest.approx(LOG_U_SCATTER, rel=0.15)


@pytest.mark.parametrize("log_u", [-3.5, -3.0, -2.5])
def test_shells_are_as_ionised_on_average_as_the_spheres_of_the_relation(log_u: float) -> None:
    """Photons left at a radius fall as the volume inside grows; U goes as them over r^2."""
    inner, density, recombination, light_speed = 1e19, 100.0, 2.6e-13, 2.998e10
    cube = 1.0 + 3.0 * 10.0**log_u * light_speed / (inner * density * recombination)
    radius = np.linspace(1.0, cube ** (1 / 3), 2001)
    left = (cube - radius**3) / (cube - 1.0)
    shell = 10.0**log_u * integrate.trapezoid(left, radius) * 3.0 / (cube - 1.0)
    radius = np.linspace(0.0, 1.0, 2001)
    sphere = 3.0 * integrate.trapezoid(1.0 - radius**3, radius)  # in units of U at the edge
    at_edge = np.log10(shell / sphere)
    carton = -3.58
    assert log_u - at_edge == pytest.approx(mean_log_u(0.02) - carton, abs=0.05)


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
