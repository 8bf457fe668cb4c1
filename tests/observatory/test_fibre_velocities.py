"""How stars that move shift and broaden the light in a fibre."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fibre_stars import lit, seen, stars_in_view
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from picassso.core import (
    FIBRE_GRID,
    LIGHT_SPEED,
    pixel_edges,
)
from picassso.observatory.spectra.populations import SpectralTable
from picassso.observatory.spectra.starlight import LARGEST_VELOCITY, LitStars, starlight


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
