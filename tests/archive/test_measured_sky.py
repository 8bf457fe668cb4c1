"""Noise and PSF, measured from pixels alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from picassso.archive.fits.sky import clipped_sky, sky_noise, stamp_fwhm


@settings(max_examples=20, deadline=None)
@given(sigma=st.floats(1e-4, 1e3), level=st.floats(-2, 2), seed=st.integers(0, 99))
def test_sky_noise_whatever_lies_on_it(sigma, level, seed) -> None:
    """A galaxy on a fifth of the frame does not raise it by more than a tenth.

    The lower quartile of blocks lies 1.6% below white noise, give or take 0.6%: four times that.
    """
    rng = np.random.default_rng(seed)
    plane = sigma * (level + rng.standard_normal((320, 330)))
    assert sky_noise(plane)[0] / sigma == pytest.approx(0.984, abs=0.024)
    y, x = np.indices(plane.shape)
    crowded = plane + 100 * sigma * np.exp(-np.hypot(y - 160, x - 165) / 15)
    assert sky_noise(crowded)[0] == pytest.approx(sigma, rel=0.1)


def filled_frame(size: float, peak: float, seed: int) -> tuple[np.ndarray, float]:
    """An inclined exponential disc of so large a half-light radius on white noise, and its sigma.

    `size` is the radius over the side of the frame, `peak` the central signal to noise.
    """
    rng = np.random.default_rng(seed)
    side, sigma = 128, 0.2
    y, x = np.indices((side, side)) - (side - 1) / 2
    disc = peak * sigma * np.exp(-np.hypot(x, y / 0.7) * 1.678 / (size * side))
    return disc + sigma * rng.standard_normal((side, side)), sigma


@pytest.mark.parametrize("peak", [20.0, 200.0])
@pytest.mark.parametrize("size", [0.13, 0.25, 0.39])
def test_noise_of_galaxies_that_fill_the_frame(size, peak) -> None:
    plane, sigma = filled_frame(size, peak, seed=3)
    assert sky_noise(plane)[0] == pytest.approx(sigma, rel=0.06)
    assert clipped_sky(plane)[1] > 1.1 * sigma  # what their light makes of the values


def test_noise_of_a_resampled_sky_is_that_of_its_pixels() -> None:
    """Neighbours averaged over half a pixel: the scatter halves, and no more is taken away."""
    white = np.random.default_rng(4).standard_normal((201, 201))
    half = (white[1:, 1:] + white[1:, :-1] + white[:-1, 1:] + white[:-1, :-1]) / 4
    assert sky_noise(half)[0] == pytest.approx(0.5, rel=0.04)


def test_differences_of_pixels_filled_with_zeros_do_not_count() -> None:
    plane = 1.0 + 0.1 * np.random.default_rng(5).standard_normal((128, 128))
    plane[:, :40] = 0.0
    assert sky_noise(plane)[0] == pytest.approx(0.1, rel=0.1)


@given(st.integers(0, 3), st.integers(0, 3), st.integers(0, 1000))
def test_a_few_outliers_do_not_move_the_sky(high: int, low: int, seed: int) -> None:
    """One bright pixel among 256, or one bad one below, leaves level and noise as they are."""
    values = np.random.default_rng(seed).standard_normal(256)
    outliers = [1e4] * high + [-1e4] * low
    centre, sigma, number = clipped_sky(np.r_[values, outliers])
    assert abs(centre) < 0.4 and 0.75 < sigma < 1.25
    assert number <= 256
    assert clipped_sky(np.full(9, 2.0)) == (2.0, 0.0, 9)


@given(fwhm=st.floats(1.8, 8.0), x=st.floats(-0.5, 0.5), y=st.floats(-0.5, 0.5))
@settings(max_examples=30, deadline=None)
def test_fwhm_of_a_gaussian_stamp(fwhm, x, y) -> None:
    rows, columns = np.indices((51, 51)) - 25.0
    stamp = np.exp(-4 * np.log(2) * ((columns - x) ** 2 + (rows - y) ** 2) / fwhm**2)
    assert stamp_fwhm(stamp) == pytest.approx(fwhm, rel=1e-6)
