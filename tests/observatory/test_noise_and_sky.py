"""Noise of the asked depth, and real sky."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.core import SDSS, GalaxyImage, InputError
from picassso.observatory import add_noise
from picassso.observatory.noise import noise_for_signal_to_noise, survey_noise
from picassso.observatory.sky import SkyBackground


def image(flux: np.ndarray, noise: np.ndarray) -> GalaxyImage:
    """An SDSS image."""
    return GalaxyImage(
        galaxy_id="g",
        view=0,
        survey="sdss",
        bands=SDSS.bands,
        flux=flux.astype("f4"),
        noise=noise.astype("f4"),
        mask=np.zeros(flux.shape[1:], bool),
        psf_fwhm=np.ones(5, "f4"),
        pixel_scale=0.396,
        redshift=0.05,
    )


def test_noise_has_the_level_that_the_image_says() -> None:
    clean = image(np.full((5, 200, 200), 3.0), survey_noise(SDSS, pixel_scale=0.396))
    noisy = add_noise(clean, np.random.default_rng(0))
    np.testing.assert_allclose((noisy.flux - clean.flux).std(axis=(1, 2)), clean.noise, rtol=0.02)
    np.testing.assert_allclose(noisy.flux.mean(axis=(1, 2)), 3.0, atol=0.03)
    again = add_noise(clean, np.random.default_rng(0))
    np.testing.assert_array_equal(again.flux, noisy.flux)


def test_noise_may_differ_between_pixels() -> None:
    level = np.ones((5, 100, 100))
    level[:, :, 50:] = 4.0
    noisy = add_noise(image(np.zeros((5, 100, 100)), level), np.random.default_rng(0))
    assert noisy.flux[..., :50].std() == pytest.approx(1.0, rel=0.03)
    assert noisy.flux[..., 50:].std() == pytest.approx(4.0, rel=0.03)


def test_survey_noise_goes_as_one_over_pixel_size() -> None:
    np.testing.assert_allclose(survey_noise(SDSS, pixel_scale=0.396), SDSS.sky_noise, rtol=1e-6)
    np.testing.assert_allclose(
        survey_noise(SDSS, pixel_scale=0.792), np.array(SDSS.sky_noise) / 2, rtol=1e-6
    )


def test_mean_signal_to_noise_is_as_asked() -> None:
    flux = np.random.default_rng(0).exponential(2.0, (5, 64, 64)).astype("f4")
    noise = noise_for_signal_to_noise(flux, 25.0)
    np.testing.assert_allclose((flux / noise[:, None, None]).mean(axis=(1, 2)), 25.0, rtol=1e-5)


def sky_of(*planes: np.ndarray) -> SkyBackground:
    """A sky of SDSS pixels, one plane a band."""
    return SkyBackground(np.stack(planes).astype("f4"), pixel_scale=0.396)


def test_sky_is_cut_from_one_place_in_all_bands() -> None:
    place = np.arange(100 * 120, dtype="f4").reshape(100, 120)
    piece = sky_of(place, 2 * place).draw(np.random.default_rng(0), (30, 20), 0.396)
    assert piece.shape == (2, 30, 20)
    np.testing.assert_array_equal(piece[1], 2 * piece[0])
    # rows 120 apart, columns 1
    np.testing.assert_array_equal(np.diff(piece[0], axis=0), 120.0)
    np.testing.assert_array_equal(np.diff(piece[0], axis=1), 1.0)


@pytest.mark.parametrize("scale", [0.2, 0.7, 1.1])
def test_sky_in_other_pixels_keeps_its_surface_brightness(scale: float) -> None:
    sky = sky_of(np.random.default_rng(0).normal(5.0, 1.0, (200, 200)))
    piece = sky.draw(np.random.default_rng(1), (60, 60), scale)
    assert piece.shape == (1, 60, 60)
    assert piece.mean() == pytest.approx(5.0, rel=0.02)


def test_no_piece_holds_bad_pixels() -> None:
    data = np.zeros((60, 60))
    data[25:35, 20:30] = np.nan
    sky = sky_of(data)
    for seed in range(20):
        assert np.isfinite(sky.draw(np.random.default_rng(seed), (20, 20), 0.396)).all()


def test_frames_that_hold_no_such_piece_are_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="larger frames"):
        sky_of(np.zeros((50, 50))).draw(rng, (64, 64), 0.396)
    with pytest.raises(InputError, match="bad pixels"):
        sky_of(np.full((50, 50), np.nan)).draw(rng, (20, 20), 0.396)


def test_background_replaces_the_drawn_noise() -> None:
    clean = image(np.ones((5, 20, 20)), np.ones(5))
    sky = np.full((5, 20, 20), 0.5, "f4")
    seen = add_noise(clean, np.random.default_rng(0), background=sky)
    np.testing.assert_array_equal(seen.flux, 1.5)
    with pytest.raises(InputError, match="sky background"):
        add_noise(clean, np.random.default_rng(0), background=sky[:, 1:])
