"""Principal components of spectra: exact without noise, sane with noise and gaps."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from picassso.analysis.spectra import SpectralPCA
from picassso.core import REST_GRID, InputError

WAVE = REST_GRID[::5]
K = 3


def _population(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n, 200) spectra of brightness 1 to 1000: a red continuum, a slope, a break and a line."""
    x = np.log(WAVE / 5450.0)
    slope, step = 2.0 * x, np.tanh((WAVE - 4000.0) / 60.0) * np.exp(-((x / 0.4) ** 2))
    line = np.exp(-0.5 * ((WAVE - 6564.6) / 12.0) ** 2)
    shape = 1.0 + rng.normal(0, [[0.3], [0.1], [0.8]], (3, n)).T @ np.array([slope, step, line])
    return shape * 10 ** rng.uniform(0, 3, (n, 1))


def _rms(flux: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sqrt((flux**2).mean(axis=1))


@pytest.fixture(scope="module")
def population() -> NDArray[np.float64]:
    return _population(600, np.random.default_rng(1))


@pytest.fixture(scope="module")
def pca(population: NDArray[np.float64]) -> SpectralPCA:
    return SpectralPCA.fit(population, np.ones_like(population), K, wavelength=WAVE)


def test_without_noise_all_is_recovered(pca: SpectralPCA) -> None:
    fresh = _population(200, np.random.default_rng(2))
    weight = np.full_like(fresh, 1e6)
    normalised, inverse_variance, norm = pca.normalise(fresh, weight)
    np.testing.assert_allclose(norm, _rms(fresh), rtol=1e-4)
    np.testing.assert_allclose(normalised, fresh / norm[:, None], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(inverse_variance, weight * norm[:, None] ** 2, rtol=1e-5)
    assert (_rms(pca.best_fit(fresh, weight) - fresh) < 1e-3 * _rms(fresh)).all()


def test_without_noise_it_is_plain_pca(pca: SpectralPCA, population: NDArray[np.float64]) -> None:
    normalised = population / _rms(population)[:, None]
    mean = normalised.mean(axis=0)
    _, values, vectors = np.linalg.svd(normalised - mean, full_matrices=False)
    np.testing.assert_allclose(pca.mean, mean, atol=1e-4)
    np.testing.assert_allclose(pca.variance, values[:K] ** 2 / (len(population) - 1), rtol=1e-3)
    np.testing.assert_allclose(np.abs(np.diag(pca.components @ vectors[:K].T)), 1.0, rtol=1e-4)
    plain = mean + (normalised - mean) @ vectors[:K].T @ vectors[:K]
    back = pca.reconstruct(pca.project(normalised, np.full_like(normalised, 1e6)))
    np.testing.assert_allclose(back, plain, atol=2e-3)


def test_components_are_orthonormal_and_ordered(pca: SpectralPCA) -> None:
    np.testing.assert_allclose(pca.components @ pca.components.T, np.eye(K), atol=1e-12)
    assert (np.diff(pca.variance) < 0).all()
    assert (pca.components[np.arange(K), np.abs(pca.components).argmax(axis=1)] > 0).all()


def test_fit_is_deterministic(pca: SpectralPCA, population: NDArray[np.float64]) -> None:
    again = SpectralPCA.fit(population, np.ones_like(population), K, wavelength=WAVE)
    np.testing.assert_array_equal(again.components, pca.components)


def test_norm_does_not_depend_on_the_gap(pca: SpectralPCA) -> None:
    fresh = _population(200, np.random.default_rng(3))
    weight = np.full_like(fresh, 1e6)
    weight[:, WAVE < 3900.0] = 0.0  # cuts the break in two
    fresh[:, WAVE < 3900.0] = np.nan
    whole = _population(200, np.random.default_rng(3))
    np.testing.assert_allclose(pca.norm(fresh, weight), _rms(whole), rtol=2e-3)


def test_everything_scales_with_brightness(pca: SpectralPCA) -> None:
    rng = np.random.default_rng(4)
    flux = _population(50, rng)
    flux += rng.normal(0, 0.2, flux.shape) * flux
    weight = np.where(rng.random(flux.shape) < 0.3, 0.0, (0.2 * flux) ** -2.0)
    bright = pca.norm(1e3 * flux, 1e-6 * weight)
    np.testing.assert_allclose(bright, 1e3 * pca.norm(flux, weight), rtol=1e-5)


def test_noise_and_gaps_in_the_population_are_survived(population: NDArray[np.float64]) -> None:
    rng = np.random.default_rng(5)
    sigma = 0.1 * _rms(population)[:, None] * np.exp(rng.normal(0, 0.5, population.shape))
    noisy = population + sigma * rng.standard_normal(population.shape)
    weight = sigma**-2.0
    for row, end in enumerate(rng.uniform(3300, 4000, len(weight))):
        weight[row, (end > WAVE) | (2.2 * end < WAVE)] = 0.0
    noisy[weight == 0] = 1e10
    pca = SpectralPCA.fit(noisy, weight, K, wavelength=WAVE)
    truth = _population(300, np.random.default_rng(6))
    best = pca.best_fit(truth, np.full_like(truth, 1e6))
    # Without gaps it is 0.0065, of a noise of 0.1 a pixel.
    assert np.median(_rms((best - truth) / _rms(truth)[:, None])) < 0.008


def test_without_information_the_prior_speaks(pca: SpectralPCA) -> None:
    rng = np.random.default_rng(7)
    truth = _population(400, rng)
    sigma = 5.0 * _rms(truth)[:, None]
    noisy = truth + sigma * rng.standard_normal(truth.shape)
    weight = np.broadcast_to(sigma**-2.0, truth.shape)
    normalised, inverse_variance, norm = pca.normalise(noisy, weight)
    assert (norm > 0).all()
    coefficients = pca.project(normalised, inverse_variance)
    assert (coefficients.std(axis=0) < 1.2 * np.sqrt(pca.variance)).all()
    nothing = pca.project(normalised, np.zeros_like(weight))
    np.testing.assert_array_equal(nothing, 0.0)


def test_shrinks_towards_the_mean_as_noise_grows(pca: SpectralPCA) -> None:
    flux = pca.reconstruct(2.0 * np.sqrt(pca.variance)[None])
    sizes = [
        np.linalg.norm(pca.project(flux, np.full_like(flux, inverse_variance)))
        for inverse_variance in (1e6, 1.0, 1e-2, 1e-6)
    ]
    assert (np.diff(sizes) < 0).all()
    assert sizes[-1] < 1e-2 * sizes[0]


def test_spectrum_without_pixels_has_no_norm(pca: SpectralPCA) -> None:
    flux = np.ones((2, WAVE.size))
    flux[0] = np.nan
    weight = np.ones_like(flux)
    normalised, inverse_variance, norm = pca.normalise(flux, weight)
    assert np.isnan(norm[0]) and norm[1] > 0
    assert not normalised[0].any() and not inverse_variance[0].any()
    assert np.isfinite(normalised).all()


def test_bad_input(population: NDArray[np.float64]) -> None:
    with pytest.raises(InputError, match=r"expected \(N, 200\)"):
        SpectralPCA.fit(population[:, :50], np.ones((600, 50)), K, wavelength=WAVE)
    with pytest.raises(InputError, match="more spectra or fewer components"):
        SpectralPCA.fit(population[:3], np.ones((3, 200)), K, wavelength=WAVE)
    with pytest.raises(InputError, match="0 spectra with positive flux"):
        SpectralPCA.fit(population, np.zeros_like(population), K, wavelength=WAVE)
