"""Noise of the asked depth, and real sky."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

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


def frame(path: Path, data: np.ndarray, scale: float | None = 0.396) -> Path:
    """A FITS frame with a WCS of so many arcsec per pixel."""
    header = fits.Header()
    if scale is not None:
        wcs = WCS(naxis=2)
        wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
        wcs.wcs.cdelt = [-scale / 3600.0, scale / 3600.0]
        header = wcs.to_header()
    fits.writeto(path, data.astype("f4"), header)
    return path


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


def test_sky_is_cut_from_one_place_in_all_bands(tmp_path: Path) -> None:
    place = np.arange(100 * 120, dtype="f4").reshape(100, 120)
    paths = [frame(tmp_path / f"{b}.fits", place * (b + 1)) for b in range(2)]
    sky = SkyBackground(paths)
    assert sky.pixel_scale == pytest.approx(0.396)
    piece = sky.draw(np.random.default_rng(0), (30, 20), 0.396)
    assert piece.shape == (2, 30, 20)
    np.testing.assert_allclose(piece[1], 2 * piece[0], rtol=1e-6)
    # surface brightness per arcsec^2, rows 120 apart, columns 1
    np.testing.assert_allclose(np.diff(piece[0], axis=0) * 0.396**2, 120.0, rtol=1e-2)
    np.testing.assert_allclose(np.diff(piece[0], axis=1) * 0.396**2, 1.0, rtol=0.1)


@pytest.mark.parametrize("scale", [0.2, 0.7, 1.1])
def test_sky_in_other_pixels_keeps_its_surface_brightness(tmp_path: Path, scale: float) -> None:
    data = np.random.default_rng(0).normal(5.0, 1.0, (200, 200))
    sky = SkyBackground([frame(tmp_path / "r.fits", data)])
    piece = sky.draw(np.random.default_rng(1), (60, 60), scale)
    assert piece.shape == (1, 60, 60)
    assert piece.mean() == pytest.approx(5.0 / 0.396**2, rel=0.02)


def test_emptier_places_and_good_pixels_are_preferred(tmp_path: Path) -> None:
    data = np.zeros((100, 200))
    data[:, :100] = 7.0
    data[:5, :5] = np.nan
    sky = SkyBackground([frame(tmp_path / "r.fits", data)])
    for seed in range(5):
        piece = sky.draw(np.random.default_rng(seed), (20, 20), 0.396, choices=20)
        assert not piece.any()


def test_bad_sky_frames_are_named(tmp_path: Path) -> None:
    good = frame(tmp_path / "good.fits", np.zeros((50, 50)))
    with pytest.raises(InputError, match="no frames"):
        SkyBackground([])
    with pytest.raises(InputError, match=r"missing\.fits"):
        SkyBackground([tmp_path / "missing.fits"])
    with pytest.raises(InputError, match=r"bare\.fits.*pixel_scale"):
        SkyBackground([frame(tmp_path / "bare.fits", np.zeros((50, 50)), scale=None)])
    with pytest.raises(InputError, match="align"):
        SkyBackground([good, frame(tmp_path / "small.fits", np.zeros((40, 50)))])
    with pytest.raises(InputError, match="larger frames"):
        SkyBackground([good]).draw(np.random.default_rng(0), (64, 64), 0.396)
    bad = SkyBackground([frame(tmp_path / "nan.fits", np.full((50, 50), np.nan))])
    with pytest.raises(InputError, match="bad pixels"):
        bad.draw(np.random.default_rng(0), (20, 20), 0.396)


def test_background_replaces_the_drawn_noise() -> None:
    clean = image(np.ones((5, 20, 20)), np.ones(5))
    sky = np.full((5, 20, 20), 0.5, "f4")
    seen = add_noise(clean, np.random.default_rng(0), background=sky)
    np.testing.assert_array_equal(seen.flux, 1.5)
    with pytest.raises(InputError, match="sky background"):
        add_noise(clean, np.random.default_rng(0), background=sky[:, 1:])


def test_real_frame_has_the_noise_of_the_survey(data_dir: Path) -> None:
    path = data_dir / "sdss_frame" / "frame-r-002583-2-0136.fits.bz2"
    if not path.is_file():
        pytest.skip("no SDSS frame")
    sky = SkyBackground([path])
    assert sky.pixel_scale == pytest.approx(0.396, rel=1e-2)
    piece = sky.draw(np.random.default_rng(0), (64, 64), 0.396, choices=30)
    spread = 1.4826 * np.median(np.abs(piece - np.median(piece)))
    assert spread == pytest.approx(SDSS.sky_noise[2], rel=0.3)
