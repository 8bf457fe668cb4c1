"""Stars fitted between the lines give back what they absorb."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch", reason="networks need torch")

from picassso.analysis.spectra import (  # noqa: E402
    SpectralPCA,
    equivalent_width,
    line_flux,
)
from picassso.core import REST_GRID, get_line  # noqa: E402
from picassso.networks.spectra.stellar_fit import StellarFit  # noqa: E402

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
def fit() -> StellarFit:
    library = _stars(800, np.random.default_rng(1))
    library /= np.sqrt(np.mean(library**2, axis=1, keepdims=True))
    pca = SpectralPCA.fit(library, np.ones_like(library), 6)
    fit = StellarFit(torch.tensor(REST_GRID), 6)
    fit.set(
        mean=torch.tensor(pca.mean),
        components=torch.tensor(pca.components),
        variance=torch.tensor(pca.variance),
        residual_variance=torch.tensor(pca.scatter**2),
    )
    return fit


def stars_of(fit: StellarFit, flux: NDArray, weight: NDArray | None) -> NDArray:
    if weight is None:
        return fit.of_clean(torch.tensor(flux)).numpy()
    return fit.of_observed(torch.tensor(flux), torch.tensor(weight)).numpy()


@pytest.mark.parametrize("noise", [None, 0.01])
def test_lines_over_absorption_are_recovered(fit: StellarFit, noise: float | None) -> None:
    rng = np.random.default_rng(2)
    emission = 3.0 * _profile("Hbeta", 3.0) + 9.0 * _profile("Halpha", 3.5)
    flux = 40.0 * (_stars(200, rng) + emission)
    weight = None
    if noise is not None:
        flux = flux + 40.0 * noise * rng.standard_normal(flux.shape)
        weight = np.full_like(flux, (40.0 * noise) ** -2.0)
    found = stars_of(fit, flux, weight)
    for line, true in (("Hbeta", 3.0), ("Halpha", 9.0)):
        missing = np.median(line_flux(REST_GRID, flux, line)) - 40.0 * true
        left = np.median(line_flux(REST_GRID, flux, line, stars=found)) - 40.0 * true
        assert missing < -30.0
        assert abs(left) < 0.06 * abs(missing)
    before, after = (equivalent_width(REST_GRID, flux, "Halpha", stars=s) for s in (None, found))
    assert np.median(after - before) > 0.5


def test_stars_scale_with_the_light(fit: StellarFit) -> None:
    flux = _stars(6, np.random.default_rng(3))
    weight = np.full_like(flux, 1e4)
    for known in (None, weight):
        found = stars_of(fit, flux, known)
        bright = stars_of(fit, 1e3 * flux, None if known is None else 1e-6 * known)
        np.testing.assert_allclose(bright, 1e3 * found, rtol=1e-4)
        np.testing.assert_allclose(found, flux, rtol=0.05)


def test_what_lines_hold_does_not_count(fit: StellarFit) -> None:
    flux = _stars(3, np.random.default_rng(4))
    other = np.where(fit.between.numpy(), flux, 1e3)
    for weight in (None, np.ones_like(flux)):
        np.testing.assert_allclose(
            stars_of(fit, other, weight), stars_of(fit, flux, weight), rtol=1e-6
        )


def test_spectrum_without_pixels_has_no_stars(fit: StellarFit) -> None:
    flux = _stars(2, np.random.default_rng(4))
    weight = np.ones_like(flux)
    weight[0] = 0.0
    found = stars_of(fit, flux, weight)
    assert not found[0].any() and (found[1] > 0).all()
