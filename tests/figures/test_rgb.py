"""RGB pictures keep colours, are robust, and never leave the range of a display."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from picassso.core import InputError
from picassso.figures import rgb_image

UGRIZ = ("u", "g", "r", "i", "z")


@settings(max_examples=50, deadline=None)
@given(
    hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=3, max_dims=3, max_side=12),
        elements=st.floats(-1e6, 1e6, width=32) | st.just(np.nan),
    )
)
def test_range_and_shape(flux: np.ndarray) -> None:
    bands = [f"b{k}" for k in range(len(flux))]
    picture = rgb_image(flux, bands)
    assert picture.shape == (*flux.shape[1:], 3)
    assert picture.dtype == np.float32
    assert np.isfinite(picture).all()
    assert picture.min() >= 0 and picture.max() <= 1 + 1e-6


def test_scale_of_flux_does_not_matter() -> None:
    flux = np.random.default_rng(0).gamma(0.5, size=(5, 20, 20)).astype(np.float32)
    np.testing.assert_allclose(rgb_image(flux, UGRIZ), rgb_image(1000 * flux, UGRIZ), atol=1e-4)


def test_colour_does_not_depend_on_brightness() -> None:
    ramp = np.repeat(np.geomspace(1e-3, 1, 20), 20).reshape(1, 20, 20)  # no noise along rows
    flux = (ramp * np.array([0.2, 0.5, 1.0, 1.4, 1.6])[:, None, None]).astype(np.float32)
    picture = rgb_image(flux, UGRIZ).reshape(-1, 3)
    ratio = picture / picture.max(axis=1, keepdims=True)
    np.testing.assert_allclose(ratio, ratio[:1].repeat(400, 0), atol=1e-4)
    assert (np.diff(picture.max(axis=1)) >= -1e-6).all()


def test_the_sun_is_white_and_old_stars_are_warmer() -> None:
    shape = (16, 16)
    bright = np.random.default_rng(1).uniform(0.1, 1, shape)
    sun = 10 ** (-0.4 * np.array([6.39, 5.11, 4.65, 4.53, 4.50]))
    white = rgb_image((sun[:, None, None] * bright).astype(np.float32), UGRIZ)
    np.testing.assert_allclose(white[..., 0], white[..., 2], rtol=1e-4)
    old = 10 ** (-0.4 * np.array([9.222, 7.432, 6.625, 6.242, 5.942]))  # 10 Gyr, Z = 0.02
    warm = rgb_image((old[:, None, None] * bright).astype(np.float32), UGRIZ)
    assert (warm[..., 0] > warm[..., 1]).all() and (warm[..., 1] > warm[..., 2]).all()


def test_ultraviolet_and_z_do_not_change_an_sdss_picture() -> None:
    rng = np.random.default_rng(2)
    flux = rng.gamma(1, size=(5, 10, 10)).astype(np.float32)
    other = flux.copy()
    other[[0, 4]] = 7.0
    assert np.array_equal(rgb_image(flux, UGRIZ), rgb_image(other, UGRIZ))


def test_one_band_is_grey_and_two_span_the_colours() -> None:
    steps = np.random.default_rng(3).gamma(1, size=(2, 10, 1)).astype(np.float32)
    flux = np.repeat(steps, 10, axis=2)  # no noise along rows
    grey = rgb_image(flux[:1], ("r",))
    np.testing.assert_allclose(grey[..., 0], grey[..., 2])
    blue = flux.copy()
    blue[1] = 0
    two = rgb_image(blue, ("g", "r"))
    assert two[..., 2].max() > 0 and two[..., 0].max() == 0


def test_sky_is_dark_and_galaxy_bright_under_real_noise() -> None:
    rng = np.random.default_rng(4)
    y, x = np.mgrid[:128, :128] - 64.0
    galaxy = 20 * np.exp(-np.hypot(x, y) / 10)
    flux = (galaxy + 0.2 * rng.standard_normal((5, 128, 128))).astype(np.float32)
    picture = rgb_image(flux, UGRIZ)
    assert picture[:20, :20].mean() < 0.1
    assert picture[62:66, 62:66].max(axis=-1).min() > 0.9


def test_noise_is_grey_and_signal_is_not() -> None:
    rng = np.random.default_rng(5)
    flux = 0.2 * rng.standard_normal((5, 64, 64))
    flux[:, 28:36, 28:36] += np.array([0, 1, 3, 5, 6.0])[:, None, None]
    picture = rgb_image(flux.astype(np.float32), UGRIZ)
    spread = picture.max(axis=-1) - picture.min(axis=-1)
    assert spread[:20].mean() < 0.05
    assert spread[28:36, 28:36].mean() > 0.3


def test_empty_sky_is_black() -> None:
    assert not rgb_image(np.zeros((5, 8, 8), np.float32), UGRIZ).any()
    assert not rgb_image(np.full((5, 8, 8), np.nan, np.float32), UGRIZ).any()


@pytest.mark.parametrize("shape", [(4, 8, 8), (8, 8), (5, 0, 8)])
def test_wrong_shape_names_the_bands(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="expected"):
        rgb_image(np.zeros(shape, np.float32), UGRIZ)


def test_light_too_faint_for_single_precision_is_dark() -> None:
    picture = rgb_image(np.full((3, 2, 2), 8e-45, np.float32), "gri")
    np.testing.assert_array_equal(picture, 0)
