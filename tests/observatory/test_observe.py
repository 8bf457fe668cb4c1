"""A whole observation: light and mass are conserved, views differ only as they should."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_galaxies import rotating_disc

from picassso.core import PROPERTY_NAMES, SDSS, InputError, Particles, half_mass_radius
from picassso.observatory import (
    LightTable,
    PaperFraming,
    SurveyFraming,
    observe,
    surface_brightness_factor,
)

WIDE = PaperFraming(pixels=64, render=128, half_mass_radii=60.0)
"""A frame that holds the whole disc with what the PSF blurs out of it."""


def test_names_of_the_room_do_not_depend_on_what_was_imported_first() -> None:
    code = "from picassso.observatory import Observation, observe; assert callable(observe)"
    subprocess.run([sys.executable, "-c", code], check=True)


def particle_sums(particles: Particles) -> dict[str, float]:
    """Total of every property, straight from the particles."""
    stars, gas = particles.stars, particles.gas
    return {
        "stellar_mass": stars.mass.sum(dtype=float),
        "stellar_metal_mass": (stars.mass * stars.metallicity).sum(dtype=float),
        "stellar_age_mass": (stars.mass * stars.age).sum(dtype=float),
        "star_formation_rate": gas.star_formation_rate.sum(dtype=float),
        "gas_mass": gas.mass.sum(dtype=float),
        "gas_metal_mass": (gas.mass * gas.metallicity).sum(dtype=float),
        "hi_mass": (gas.mass * gas.neutral_fraction * gas.hydrogen_fraction).sum(dtype=float),
    }


@pytest.mark.parametrize("truth", ["smoothed", "histogram"])
def test_maps_hold_all_mass_in_every_view(sdss_light: LightTable, truth: str) -> None:
    particles = rotating_disc()
    for seen in observe(particles, framing=WIDE, survey=SDSS, seed=0, truth=truth):
        assert seen.maps.properties == PROPERTY_NAMES
        for name, total in particle_sums(particles).items():
            assert seen.maps.total(name) == pytest.approx(total, rel=1e-5), name


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    n=st.integers(2, 200),
    view=st.integers(0, 3),
    truth=st.sampled_from(["smoothed", "histogram"]),
)
def test_mass_in_the_frame_is_conserved(
    sdss_light: LightTable, seed: int, n: int, view: int, truth: str
) -> None:
    particles = rotating_disc(n, 20, seed=seed)
    (seen,) = observe(
        particles,
        framing=replace(WIDE, half_mass_radii=100.0),
        survey=SDSS,
        seed=seed,
        views=[view],
        truth=truth,
    )
    total = particles.stars.mass.sum(dtype=float)
    assert seen.maps.total("stellar_mass") == pytest.approx(total, rel=1e-5)


def test_light_is_the_sum_of_the_particles(sdss_light: LightTable) -> None:
    particles = rotating_disc()
    stars = particles.stars
    for seen in observe(particles, framing=WIDE, survey=SDSS, seed=0):
        image = seen.image
        light = sdss_light.luminosities(stars.age, stars.metallicity, image.redshift)
        expected = (light * stars.initial_mass[:, None]).sum(axis=0, dtype=float)
        expected *= surface_brightness_factor(image.redshift)
        got = image.flux.sum(axis=(1, 2), dtype=float) * seen.maps.pixel_area
        np.testing.assert_allclose(got, expected, rtol=1e-4)


def test_paper_framing_is_the_paper_s(sdss_light: LightTable) -> None:
    particles = rotating_disc()
    radius = half_mass_radius(particles.stars.position, particles.stars.mass)
    seen = observe(particles, framing=PaperFraming(), survey=SDSS, seed=0)
    assert [s.camera for s in seen] == ["face_on", "edge_on", "random_1", "random_2"]
    for s in seen:
        image = s.image
        assert image.flux.shape == (5, 256, 256) and image.redshift == 0.05 and s.dust == 0.0
        assert np.sqrt(s.maps.pixel_area) * 256 == pytest.approx(10.0 * radius)
        kpc_per_arcsec = np.sqrt(s.maps.pixel_area) / image.pixel_scale
        np.testing.assert_allclose(image.psf_fwhm * kpc_per_arcsec, 1.0, rtol=1e-5)
        signal_to_noise = image.flux.mean(axis=(1, 2)) / image.noise
        np.testing.assert_allclose(signal_to_noise, 25.0, rtol=1e-4)


def test_survey_framing_is_the_survey_s(sdss_light: LightTable) -> None:
    particles = rotating_disc()
    framing = SurveyFraming(pixels=48)
    seen = [
        s for seed in range(10) for s in observe(particles, framing=framing, survey=SDSS, seed=seed)
    ]
    redshift = np.array([s.image.redshift for s in seen])
    assert 0.01 <= redshift.min() < redshift.max() <= 0.15 and len(set(redshift)) == 40
    assert {s.image.pixel_scale for s in seen} == {SDSS.pixel_scale}
    scale = np.array([np.sqrt(s.maps.pixel_area) for s in seen])
    assert scale.min() > 0.07 and scale.max() < 1.5
    radius = seen[0].half_mass_radius / scale
    assert radius.min() > 3.99 and radius.max() < 12.01
    fwhm = np.stack([s.image.psf_fwhm for s in seen])
    assert fwhm[:, 2].min() >= 0.9 and fwhm[:, 2].max() <= 1.8
    typical = np.array(SDSS.psf_fwhm)
    np.testing.assert_allclose(fwhm / fwhm[:, 2:3], np.tile(typical / typical[2], (40, 1)), 1e-5)
    depth = np.stack([s.image.noise for s in seen]) / np.array(SDSS.sky_noise)
    assert 0.7 <= depth.min() < 0.9 < 1.2 < depth.max() <= 1.5
    assert len({s.dust for s in seen}) > 3  # one draw a galaxy and seed, zero included
    for s in seen[:4]:
        assert s.dust == seen[0].dust


def test_draws_depend_on_seed_galaxy_and_view_alone(sdss_light: LightTable) -> None:
    particles = rotating_disc(400, 200)
    framing = SurveyFraming(pixels=32)
    all_views = observe(particles, framing=framing, survey=SDSS, seed=5)
    (alone,) = observe(particles, framing=framing, survey=SDSS, seed=5, views=[2])
    np.testing.assert_array_equal(alone.image.flux, all_views[2].image.flux)
    np.testing.assert_array_equal(alone.maps.cube, all_views[2].maps.cube)
    other_seed = observe(particles, framing=framing, survey=SDSS, seed=6, views=[2])[0]
    other_name = replace(particles, galaxy_id="another")
    other_galaxy = observe(other_name, framing=framing, survey=SDSS, seed=5, views=[2])[0]
    assert len({s.image.redshift for s in (alone, other_seed, other_galaxy)}) == 3


def test_dust_dims_and_reddens(sdss_light: LightTable) -> None:
    class Dusty(SurveyFraming):
        amount = 0.0

        def draw_dust(self, rng: np.random.Generator) -> float:
            return self.amount

    particles = rotating_disc(4000, 3000)
    framing = Dusty(pixels=48)
    (clear,) = observe(particles, framing=framing, survey=SDSS, seed=1, views=[1])
    Dusty.amount = 3.0
    (dusty,) = observe(particles, framing=framing, survey=SDSS, seed=1, views=[1])
    passed = dusty.image.flux.sum(axis=(1, 2)) / clear.image.flux.sum(axis=(1, 2))
    assert (np.diff(passed) > 0).all() and passed[0] < 0.9 and passed[4] < 1.0
    np.testing.assert_array_equal(dusty.maps.cube, clear.maps.cube)


def test_what_a_snapshot_lacks_is_absent(sdss_light: LightTable) -> None:
    whole = rotating_disc(500, 300)
    without_gas = replace(whole, gas=None)
    (seen,) = observe(without_gas, framing=WIDE, survey=SDSS, seed=0, views=[0])
    for name in ("gas_mass", "gas_metal_mass", "hi_mass"):
        assert np.isnan(seen.maps[name]).all() and f"{name}_absent" in seen.flags
    stars = whole.stars
    recent = stars.initial_mass[stars.age < 0.1].sum(dtype=float) / 1e8
    assert seen.maps.total("star_formation_rate") == pytest.approx(recent, rel=1e-5)
    assert "star_formation_rate_from_stars" in seen.flags

    bare = replace(whole.gas, metallicity=None, neutral_fraction=None)
    (seen,) = observe(
        replace(whole, gas=bare), framing=SurveyFraming(pixels=32), survey=SDSS, seed=0, views=[0]
    )
    assert np.isnan(seen.maps["gas_metal_mass"]).all() and np.isnan(seen.maps["hi_mass"]).all()
    assert np.isfinite(seen.maps["gas_mass"]).all() and seen.dust == 0.0
    assert "star_formation_rate_from_stars" not in seen.flags


def test_line_of_sight_is_cut(sdss_light: LightTable) -> None:
    particles = rotating_disc(1000, 500, tilt=0.0)
    gas = particles.gas
    far = gas.position.copy()
    far[:100, 2] += 1000.0  # along the spin: before the face-on camera, out of the others' frames
    far_gas = replace(particles, gas=replace(gas, position=far))
    near_gas = replace(gas, mass=np.where(np.arange(500) < 100, 0, gas.mass).astype("f4"))
    (cut,) = observe(far_gas, framing=WIDE, survey=SDSS, seed=0, views=[0])
    left = near_gas.mass.sum(dtype=float)
    assert cut.maps.total("gas_mass") == pytest.approx(left, rel=0.02)


@pytest.mark.parametrize("n", [2, 5, 17])
def test_a_few_stars_are_enough(sdss_light: LightTable, n: int) -> None:
    particles = replace(rotating_disc(n, 1), flags=("reader_flag",))
    for framing in (PaperFraming(pixels=32, render=64), SurveyFraming(pixels=32)):
        for seen in observe(particles, framing=framing, survey=SDSS, seed=0):
            assert np.isfinite(seen.image.flux).all() and np.isfinite(seen.maps.cube).all()
            assert "reader_flag" in seen.flags


def test_bad_input_is_named(sdss_light: LightTable) -> None:
    particles = rotating_disc(50, 20)
    how = {"framing": WIDE, "survey": SDSS, "seed": 0}
    with pytest.raises(InputError, match=r"disc-0.*no star particles"):
        observe(replace(particles, stars=None), **how)
    at_origin = replace(particles.stars, position=np.zeros((50, 3), "f4"))
    with pytest.raises(InputError, match="one point"):
        observe(replace(particles, stars=at_origin), **how)
    with pytest.raises(InputError, match="view is 7"):
        observe(particles, views=[7], **how)
    with pytest.raises(InputError, match="truth is 'nonsense'"):
        observe(particles, truth="nonsense", **how)
    with pytest.raises(InputError, match="multiple of pixels"):
        PaperFraming(pixels=100, render=512)
    with pytest.raises(InputError, match="redshift_range"):
        SurveyFraming(redshift_range=(0.1, 0.01))
