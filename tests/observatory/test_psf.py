"""PSF and rebinning: conserved flux, known widths."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from picassso.core import InputError
from picassso.observatory.psf import FWHM_PER_SIGMA, convolve_gaussian, rebin


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    fwhm=st.floats(0.0, 6.0),
    height=st.integers(40, 90),
    width=st.integers(40, 90),
)
def test_flux_away_from_the_border_is_conserved(
    seed: int, fwhm: float, height: int, width: int
) -> None:
    image = np.zeros((2, height, width), "f4")
    image[:, 15:-15, 15:-15] = np.random.default_rng(seed).random((2, height - 30, width - 30))
    blurred = convolve_gaussian(image, np.array([fwhm, 0.5 * fwhm]))
    np.testing.assert_allclose(
        blurred.sum(axis=(1, 2), dtype=float), image.sum(axis=(1, 2), dtype=float), rtol=2e-6
    )


def test_a_gaussian_widens_in_quadrature() -> None:
    y, x = np.mgrid[:64, :64] - 31.5

    def gaussian(sigma: float) -> np.ndarray:
        return np.exp(-(x**2 + y**2) / (2 * sigma**2)) / (2 * np.pi * sigma**2)

    blurred = convolve_gaussian(gaussian(3.0).astype("f4")[None], np.array([4.0 * FWHM_PER_SIGMA]))
    np.testing.assert_allclose(blurred[0], gaussian(5.0), atol=1e-5 * gaussian(5.0).max() * 10)


def test_nothing_wraps_around() -> None:
    image = np.zeros((1, 50, 60), "f4")
    image[0, 0, 30] = 1.0
    blurred = convolve_gaussian(image, np.array([5.0]))[0]
    assert np.abs(blurred[25:]).max() < 1e-7
    assert blurred.sum() == pytest.approx(0.5, abs=0.12)  # about half falls off the edge


def test_bands_have_their_own_width() -> None:
    image = np.zeros((3, 41, 41), "f4")
    image[:, 20, 20] = 1.0
    peak = convolve_gaussian(image, np.array([0.0, 3.0, 6.0]))[:, 20, 20]
    sigma = np.array([3.0, 6.0]) / FWHM_PER_SIGMA
    assert peak[0] == pytest.approx(1.0, rel=1e-5)
    np.testing.assert_allclose(peak[1:], 1.0 / (2 * np.pi * sigma**2), rtol=1e-3)


@given(seed=st.integers(0, 2**31), factor=st.integers(1, 4))
def test_rebinning_keeps_surface_brightness(seed: int, factor: int) -> None:
    image = np.random.default_rng(seed).random((2, 12 * factor, 8 * factor)).astype("f4")
    small = rebin(image, factor)
    assert small.shape == (2, 12, 8)
    np.testing.assert_allclose(
        small.sum(axis=(1, 2), dtype=float) * factor**2,
        image.sum(axis=(1, 2), dtype=float),
        rtol=1e-6,
    )


def test_bad_input_is_named() -> None:
    image = np.zeros((2, 10, 10), "f4")
    with pytest.raises(InputError, match="PSF FWHM"):
        convolve_gaussian(image, np.array([1.0]))
    with pytest.raises(InputError, match="PSF FWHM"):
        convolve_gaussian(image, np.array([1.0, np.nan]))
    with pytest.raises(InputError, match="blocks of 3"):
        rebin(image, 3)
