"""Stars fitted between the lines give back what they absorb."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from picassso.analysis.spectra import (
    SpectralPCA,
    equivalent_width,
    line_flux,
    near_lines,
    stellar_light,
)
from picassso.core import EMISSION_LINES, REST_GRID, get_line

BALMER = ("Hdelta", "Hgamma", "Hbeta", "Halpha")


def _profile(name: str, width: float) -> NDArray[np.float64]:
    z = (REST_GRID - get_line(name).wavelength) / width
    return np.exp(-0.5 * z**2) / (width * np.sqrt(2.0 * np.pi))


def _stars(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n, 1000) slopes, breaks, and Balmer lines that follow a feature outside of them."""
    x = np.log(REST_GRID / 5450.0)
    age = rng.uniform(0, 1, (n, 1))
    depth = 0.12 * (1.0 - age) * sum(_profile(b, 9.0) * 9.0 * 2.5 for b in BALMER)
    metals = age * 0.2 * np.exp(-0.5 * ((REST_GRID - 5175.0) / 25.0) ** 2)
    shape = 1.0 + (age - 0.6) * x - depth - metals - 0.3 * age * (REST_GRID < 4000.0)
    return shape * np.exp(rng.normal(0, 0.3, (n, 1)) * x)


@pytest.fixture(scope="module")
def continuum() -> SpectralPCA:
    library = _stars(800, np.random.default_rng(1))
    return SpectralPCA.fit(library, np.ones_like(library), 6)


@pytest.mark.parametrize("noise", [None, 0.01])
def test_lines_over_absorption_are_recovered(continuum: SpectralPCA, noise: float | None) -> None:
    rng = np.random.default_rng(2)
    stars = _stars(200, rng)
    emission = 3.0 * _profile("Hbeta", 3.0) + 9.0 * _profile("Halpha", 3.5)
    flux = 40.0 * (stars + emission)
    weight = None
    if noise is not None:
        flux = flux + 40.0 * noise * rng.standard_normal(flux.shape)
        weight = np.full_like(flux, (40.0 * noise) ** -2.0)
    found = stellar_light(continuum, flux, weight)
    for line, true in (("Hbeta", 3.0), ("Halpha", 9.0)):
        missing = np.median(line_flux(REST_GRID, flux, line)) - 40.0 * true
        left = np.median(line_flux(REST_GRID, flux, line, stars=found)) - 40.0 * true
        assert missing < -30.0
        assert abs(left) < 0.06 * abs(missing)
    before, after = (equivalent_width(REST_GRID, flux, "Halpha", stars=s) for s in (None, found))
    assert np.median(after - before) > 0.5


def test_any_leading_axes_and_any_unit(continuum: SpectralPCA) -> None:
    flux = _stars(6, np.random.default_rng(3)).reshape(2, 3, 1000)
    found = stellar_light(continuum, flux)
    assert found.shape == flux.shape
    np.testing.assert_allclose(stellar_light(continuum, 1e3 * flux), 1e3 * found, rtol=1e-4)
    np.testing.assert_allclose(found, flux, rtol=0.05)


def test_lines_are_left_out_and_little_else() -> None:
    near = near_lines(REST_GRID)
    for line in EMISSION_LINES:
        if line.wavelength < REST_GRID[-1]:
            assert near[np.abs(REST_GRID - line.wavelength).argmin()], line.name
    assert near.mean() < 0.15


def test_spectrum_without_pixels(continuum: SpectralPCA) -> None:
    flux = _stars(2, np.random.default_rng(4))
    weight = np.ones_like(flux)
    weight[0] = 0.0
    found = stellar_light(continuum, flux, weight)
    assert np.isnan(found[0]).all() and np.isfinite(found[1]).all()
