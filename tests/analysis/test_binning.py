"""Adaptive bins: all light is in them, once, and only where it is faint is it shared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from baseline_images import image_of
from hypothesis import given, settings
from hypothesis import strategies as st

from picassso.analysis.baselines.binning import adaptive_bins


def disc(shape, *, peak=20.0, scale=6.0):
    """Two bands of a disc [nanomaggy arcsec^-2]."""
    y, x = np.indices(shape)
    radius = np.hypot(x - shape[1] / 2, y - shape[0] / 2)
    return peak * np.exp(-radius / scale) * np.array([1.0, 2.0])[:, None, None]


def bins_of(image, **options):
    return adaptive_bins(image, [0, 1], signal_to_noise=5.0, by=[0, 1], **options)


@settings(max_examples=20, deadline=None)
@given(st.integers(3, 70), st.integers(3, 70), st.integers(0, 99))
def test_all_light_is_in_one_bin(height, width, seed):
    rng = np.random.default_rng(seed)
    flux = disc((height, width)) + rng.normal(0, 0.5, (2, height, width))
    image = image_of(flux, noise=0.5, bands=("g", "i"), mask=rng.random((height, width)) < 0.2)
    bins = bins_of(image)
    good = ~image.mask
    assert (bins.label[good] >= 0).all() and (bins.label[image.mask] == -1).all()
    np.testing.assert_array_equal(
        np.bincount(bins.label[good], minlength=len(bins.pixels)), bins.pixels
    )
    assert (bins.pixels > 0).all()
    np.testing.assert_allclose(
        (bins.flux * bins.pixels[:, None]).sum(axis=0),
        image.flux[:, good].sum(axis=1, dtype=float),
        rtol=1e-6,
        atol=1e-4,
    )
    np.testing.assert_allclose(bins.noise * np.sqrt(bins.pixels)[:, None], 0.5, rtol=1e-6)


def test_bright_pixels_stay_alone_and_faint_ones_are_binned():
    image = image_of(disc((64, 64), scale=3.0), noise=0.5, bands=("g", "i"))
    bins = bins_of(image)
    size = bins.pixels[bins.label]
    assert size[30:34, 30:34].max() == 1
    assert size[0, 0] > 64 and not bins.reliable[bins.label[0, 0]]
    signal = (bins.flux / bins.noise).min(axis=1)
    # Decided by the light around: a bin itself may be somewhat fainter than asked for.
    assert signal[bins.reliable].min() > 3.0 and bins.reliable.sum() > 50


def test_binning_does_not_bias_colours():
    """Choosing bright pixels by their own noise would make faint bins too red or too blue."""
    rng = np.random.default_rng(1)
    flux = disc((128, 128), peak=4.0, scale=20.0)
    image = image_of(flux + rng.normal(0, 0.5, flux.shape), noise=0.5, bands=("g", "i"))
    bins = bins_of(image)
    faint = bins.reliable & (bins.pixels == 1) & ((bins.flux / bins.noise).min(axis=1) < 8)
    single = np.isin(bins.label, np.flatnonzero(faint))
    assert single.sum() > 200
    # g / i is 0.5 everywhere.
    ratio = image.flux[0][single].sum() / image.flux[1][single].sum()
    assert 2.5 * np.log10(ratio / 0.5) == pytest.approx(0.0, abs=0.06)


def test_light_stays_in_an_aperture_that_cuts_through_bins():
    """A faint disc fills a part of the largest bins: even ones lose more than twice as much."""
    y, x = np.indices((64, 64)) - 31.5
    flux, inside = disc((64, 64), peak=6.0, scale=2.5), np.hypot(x, y) < 6
    lost = []
    for seed in range(10):
        noise = np.random.default_rng(seed).normal(0, 0.5, flux.shape)
        bins = bins_of(image_of(flux + noise, noise=0.5, bands=("g", "i")))
        assert (bins.pixels > 1)[bins.label][inside].mean() > 0.5
        shared, even = bins.spread(bins.flux[:, 1]), bins.flux[bins.label, 1]
        lost.append([1 - image[inside].sum() / flux[1][inside].sum() for image in (shared, even)])
        assert (bins.share > 0).all()
        # What a bin holds does not change.
        of_bin = np.bincount(bins.label.ravel(), bins.share.ravel())
        np.testing.assert_allclose(of_bin, bins.pixels, rtol=1e-9)
    shared, even = np.mean(lost, axis=0)
    assert even > 0.2 and abs(shared) < even / 2


def test_of_noise_alone_little_is_believed():
    """Pixels that differ by noise alone keep less than a tenth of its variance."""
    rng = np.random.default_rng(4)
    flux = np.full((2, 64, 64), 0.2) + rng.normal(0, 1.0, (2, 64, 64))
    share = bins_of(image_of(flux, noise=1.0, bands=("g", "i"))).share
    # Both bands together have noise of 1 / sqrt(2).
    assert np.var(share) < 0.1 * (1.0 / 0.2) ** 2 / 2


def test_noise_may_vary_over_the_image():
    flux = disc((40, 40))
    image = image_of(flux, noise=0.5, bands=("g", "i"))
    noise = np.full(flux.shape, 0.5, np.float32)
    noise[:, :, 20:] = 5.0
    bins = bins_of(replace(image, noise=noise))
    size = bins.pixels[bins.label]
    assert size[:, 20:].mean() > size[:, :20].mean()
    assert (bins_of(image).pixels[bins_of(image).label][:, :20] <= size[:, :20]).mean() > 0.9


def test_numbers_under_the_mask_do_not_matter():
    mask = np.zeros((32, 32), bool)
    mask[10:14, 5:9] = True
    clean = image_of(disc((32, 32)), noise=0.5, bands=("g", "i"), mask=mask)
    flux = clean.flux.copy()
    flux[:, mask] = np.nan
    dirty = bins_of(replace(clean, flux=flux))
    np.testing.assert_array_equal(dirty.flux, bins_of(clean).flux)
    assert np.isfinite(dirty.flux).all()


def test_a_masked_image_has_no_bins():
    image = image_of(disc((20, 20)), bands=("g", "i"), mask=np.ones((20, 20), bool))
    bins = bins_of(image)
    assert len(bins.flux) == 0
    assert (bins.spread(np.empty((3, 0))) == 0).all()
