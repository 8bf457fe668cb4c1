"""The template fit: exact on its own grid, close off it, and what it must not depend on."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from baseline_images import brighter, image_of, reordered

from picassso.analysis.baselines import SedGridFit
from picassso.analysis.baselines.composites import Parameters, library, populations
from picassso.analysis.baselines.sed_grid import SED_PROPERTIES
from picassso.core import InputError
from picassso.observatory import surface_brightness_factor

REDSHIFT = 0.07
DENSITY = 2e8


def image_of_populations(light, *, side, signal_to_noise=1e3):
    """Each pixel another population of the same density."""
    flux = DENSITY * surface_brightness_factor(REDSHIFT) * light.T.reshape(-1, side, side)
    noise = flux.min(axis=(1, 2)) / signal_to_noise
    return image_of(flux, noise=noise, redshift=REDSHIFT)


@pytest.fixture(scope="module")
def known(sdss_light):
    """A hundred populations of the grid."""
    whole = library("sdss", REDSHIFT)
    chosen = np.random.default_rng(2).integers(0, len(whole.age), 100)
    return type(whole)(*(getattr(whole, f.name)[chosen] for f in fields(whole)))


@pytest.fixture(scope="module")
def on_grid(known):
    return image_of_populations(known.light, side=10)


@pytest.fixture(scope="module")
def off_grid(sdss_light):
    """An image of populations between those of the grid, and these."""
    rng = np.random.default_rng(4)
    n = 400
    parameters = Parameters(
        start=rng.uniform(1.5, 12.0, n),
        timescale=10 ** rng.uniform(-0.3, 1.2, n),
        change_age=rng.uniform(0.1, 0.4, n),
        change=np.where(rng.random(n) < 0.7, 1.0, rng.uniform(0, 3, n)),
        metallicity=10 ** rng.uniform(-2.5, -1.5, n),
        attenuation=rng.uniform(0, 1.2, n),
    )
    found = populations(parameters, survey="sdss", redshift=REDSHIFT)
    return image_of_populations(found.light, side=20, signal_to_noise=100), found


def test_templates_of_the_grid_are_recovered(known, on_grid):
    maps = SedGridFit().paint(on_grid)
    per_mass = (np.ones(100), known.metallicity, known.age, known.specific_rate)
    for name, expected in zip(SED_PROPERTIES, per_mass, strict=True):
        found = maps[name].ravel() / DENSITY
        # Rates below 1e-14 a year make no light: there the best fit is one of several.
        np.testing.assert_allclose(found, expected, rtol=2e-3, atol=2e-14, err_msg=name)


def test_off_grid_populations(off_grid):
    """Colours leave mass open, above all where age, metals and dust may trade."""
    image, _ = off_grid
    residual = np.log10(DENSITY / SedGridFit().paint(image)["stellar_mass"])
    assert np.median(residual) == pytest.approx(0.0, abs=0.03)
    assert residual.std() < 0.12


def test_posterior(off_grid):
    image, _ = off_grid
    maps = SedGridFit(posterior=True).paint(image)
    assert (maps.p16 <= maps.p50).all() and (maps.p50 <= maps.p84).all()
    assert (maps.cube > 0).all()
    residual = np.log10(DENSITY / maps.p50[0])
    assert np.median(residual) == pytest.approx(0.0, abs=0.06)
    inside = (maps.p16[0] <= DENSITY) & (maps.p84[0] >= DENSITY)
    assert 0.5 < inside.mean() < 0.95
    # A larger error widens the posterior.
    wide = SedGridFit(posterior=True, systematic=0.1).paint(image)
    assert np.median(wide.p84[0] / wide.p16[0]) > np.median(maps.p84[0] / maps.p16[0])


def test_best_fits_against_plain_arithmetic():
    from picassso.analysis.baselines._sed_kernel import BANDS, best_fits, posterior_moments

    rng = np.random.default_rng(0)
    flux = rng.lognormal(0, 0.3, (20, BANDS)).astype(np.float32)
    weight = rng.uniform(5, 20, (20, BANDS)).astype(np.float32)
    blocks = rng.lognormal(0, 0.5, (3, BANDS, 512)).astype(np.float32)
    best, score = np.empty(20, np.int64), np.empty(20, np.float32)
    best_fits(flux, weight, blocks, blocks**2, best, score)
    templates = blocks.swapaxes(1, 2).reshape(-1, BANDS).astype(float)
    amplitude = (weight * flux) @ templates.T / (weight @ (templates**2).T)
    chi2 = (weight[:, None] * (flux[:, None] - amplitude[..., None] * templates[None]) ** 2).sum(
        axis=2
    )
    np.testing.assert_array_equal(best, chi2.argmin(axis=1))
    np.testing.assert_allclose(score, (weight * flux**2).sum(axis=1) - chi2.min(axis=1), rtol=1e-4)
    value = rng.lognormal(0, 0.5, (3, 4, 512)).astype(np.float32)
    mean, quantile = np.empty((20, 4)), np.empty((20, 3, 4))
    low, width = np.full(4, -2.0), np.full(4, 4.0 / 256)
    posterior_moments(
        flux, weight, blocks, blocks**2, value, low, width, best, score, mean, quantile
    )
    chance = np.exp(-0.5 * (chi2 - chi2.min(axis=1, keepdims=True)))
    for p in range(4):
        x = amplitude * value[:, p].ravel()
        np.testing.assert_allclose(mean[:, p], np.average(x, axis=1, weights=chance), rtol=1e-3)
        for n in range(20):
            order = np.argsort(x[n])
            below = np.cumsum(chance[n, order]) / chance[n].sum()
            expected = [x[n, order][np.searchsorted(below, s)] for s in (0.16, 0.5, 0.84)]
            # Bins of the histogram are 0.0156 dex wide.
            np.testing.assert_allclose(np.log10(quantile[n, :, p] / expected), 0.0, atol=0.02)


@pytest.mark.parametrize("posterior", [False, True])
def test_scale_equivariance(off_grid, posterior):
    image = faint(off_grid[0])
    fit = SedGridFit(posterior=posterior)
    once, ten = fit.paint(image).cube, fit.paint(brighter(image, 10)).cube
    largest = np.abs(once).max(axis=(1, 2), keepdims=True)
    # Ties of the best template may be decided otherwise in single precision.
    same = np.isclose(ten, 10 * once, rtol=1e-3, atol=1e-6 * largest)
    assert same.mean() > 0.99


def faint(image):
    """The same, fading to the right into noise."""
    rng = np.random.default_rng(1)
    fading = image.flux * 10 ** (-np.arange(20) / 5).astype(np.float32)
    noise = 0.02 * np.median(image.flux, axis=(1, 2))
    flux = fading + noise[:, None, None] * rng.standard_normal(fading.shape)
    return image_of(flux, noise=noise, redshift=REDSHIFT)


def test_faint_pixels_keep_the_total(off_grid):
    image = faint(off_grid[0])
    maps = SedGridFit().paint(image)
    expected = DENSITY * 10 ** (-np.arange(20) / 5)
    columns = maps["stellar_mass"].mean(axis=0)
    assert np.log10(columns[:10].sum() / expected[:10].sum()) == pytest.approx(0.0, abs=0.05)
    assert np.isfinite(maps.cube).all()


def test_order_of_bands_does_not_matter(off_grid):
    image = faint(off_grid[0])
    np.testing.assert_array_equal(
        SedGridFit().paint(image).cube, SedGridFit().paint(reordered(image, [4, 1, 0, 3, 2])).cube
    )


def test_fewer_bands(off_grid):
    maps = SedGridFit().paint(reordered(off_grid[0], [1, 2, 3]))
    residual = np.log10(DENSITY / maps["stellar_mass"])
    assert abs(np.median(residual)) < 0.1


def test_masked_pixels(off_grid):
    image = off_grid[0]
    mask = np.zeros(image.shape, bool)
    mask[3:6, 2:9] = True
    spoilt = image.flux.copy()
    spoilt[:, mask] = np.nan
    maps = SedGridFit().paint(replace(image, flux=spoilt, mask=mask))
    whole = SedGridFit().paint(image)
    for found, expected in zip(maps.cube, whole.cube, strict=True):
        np.testing.assert_array_equal(np.isnan(found), mask)
        np.testing.assert_array_equal(found[~mask], expected[~mask])
    nothing = SedGridFit().paint(replace(image, mask=np.ones_like(mask)))
    assert np.isnan(nothing.cube).all()


def test_noise_a_pixel(off_grid):
    """A cube of even noise is the same as one number a band."""
    image = faint(off_grid[0])
    cube = np.broadcast_to(image.noise[:, None, None], image.flux.shape).copy()
    np.testing.assert_allclose(
        SedGridFit().paint(replace(image, noise=cube)).cube,
        SedGridFit().paint(image).cube,
        rtol=1e-6,
    )


def test_bad_input(off_grid):
    image = off_grid[0]
    with pytest.raises(InputError, match="needs 2 to 5 bands, the image has 1"):
        SedGridFit().paint(reordered(image, [2]))
    with pytest.raises(InputError, match="noise is 0"):
        SedGridFit().paint(replace(image, noise=image.noise * 0))
    with pytest.raises(InputError, match="not in survey"):
        SedGridFit().paint(replace(image, bands=("u", "g", "r", "i", "y")))
    with pytest.raises(InputError, match="range of the light table"):
        SedGridFit().paint(replace(image, redshift=0.4))
    with pytest.raises(InputError, match="systematic error"):
        SedGridFit(systematic=-0.1)
