"""From an image to the posterior of a spectrum: draws, quantiles, positions and bad input."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.coordinates import SkyCoord

from picassso.core import REST_GRID, InputError
from picassso.painting import load_weights
from picassso.painting.spectra import (
    QUANTILES,
    load_spectrum_weights,
    predict_spectra,
    predict_spectrum,
    read_predicted,
    sampled_spectra,
    spectrum,
    write_predicted,
)
from picassso.painting.spectra.predict import _number_quantiles
from picassso.painting.spectra.targets import judge, parse_condition
from tiny_spectrum_weights import (
    PIXELS,
    SCALE,
    make_image,
    smooth_spectra,
    write_tiny_spectrum_weights,
)
from tiny_weights import write_tiny_weights


@pytest.fixture(scope="module")
def weights_path(tmp_path_factory) -> Path:
    return write_tiny_spectrum_weights(tmp_path_factory.mktemp("spectra"))


@pytest.fixture(scope="module")
def weights(weights_path):
    return load_spectrum_weights(weights_path)


def test_draws_have_the_moments_of_the_posterior(weights) -> None:
    predicted = predict_spectrum(make_image(), weights, samples=20_000)
    covariance = SCALE @ SCALE.T
    np.testing.assert_allclose(predicted.latent_covariance, covariance, rtol=1e-5, atol=1e-7)
    error = np.sqrt(np.diag(covariance) / 20_000)
    found = predicted.latent_samples.mean(axis=0)
    assert (np.abs(found - predicted.latent_mean) < 5 * error).all()
    np.testing.assert_allclose(np.cov(predicted.latent_samples.T), covariance, atol=0.003)


def test_mean_flux_is_that_of_the_posterior(weights) -> None:
    # The norm is log-normal: E[10^n z] = E[10^n] (E[z] + ln 10 cov(z, n)).
    predicted = predict_spectrum(make_image(), weights, samples=20_000)
    covariance = SCALE @ SCALE.T
    mean, changes, _ = smooth_spectra()
    ln10 = np.log(10.0)
    norm = 10.0 ** predicted.latent_mean[-1] * np.exp(0.5 * ln10**2 * covariance[-1, -1])
    expected = norm * (mean + (predicted.latent_mean[:3] + ln10 * covariance[:3, -1]) @ changes)
    np.testing.assert_allclose(predicted.mean, expected, rtol=0.02)
    assert (np.diff(predicted.quantiles, axis=0) > 0).all()


def test_draws_that_were_saved_are_spectra_again(tmp_path, weights) -> None:
    found = predict_spectrum(make_image(), weights, samples=200)
    spectra = sampled_spectra(found, weights)
    np.testing.assert_allclose(spectra.mean(axis=0), found.mean, rtol=1e-5)
    np.testing.assert_allclose(np.median(spectra, axis=0), found.quantiles[2], rtol=0.01)
    write_predicted(found, tmp_path / "a.fits", samples=True)
    np.testing.assert_array_equal(
        sampled_spectra(read_predicted(tmp_path / "a.fits"), weights), spectra
    )
    with pytest.raises(InputError, match="its samples were not saved"):
        sampled_spectra(replace(found, latent_samples=found.latent_samples[:0]), weights)
    other = {**found.provenance, "decoder_fingerprint": "other"}
    with pytest.raises(InputError, match="with another decoder"):
        sampled_spectra(replace(found, provenance=other), weights)


def test_a_redshift_that_nobody_knew_is_flagged(weights) -> None:
    found = predict_spectrum(make_image(redshift_assumed=True), weights)
    assert "redshift_assumed" in found.flags
    assert not judge(found, parse_condition("D4000 > 1")).trusted
    assert "redshift_assumed" not in predict_spectrum(make_image(), weights).flags


def test_numbers_that_few_samples_have_are_unknown() -> None:
    numbers = np.arange(1.0, 100.0, dtype=np.float32)[None, :, None].repeat(3, axis=2)
    numbers[0, ::3, 1] = np.nan
    numbers[0, ::3, 2] = numbers[0, 1::3, 2] = np.nan
    found = _number_quantiles(numbers)
    np.testing.assert_allclose(found[:, 0, 0], np.array(QUANTILES) * 100)
    assert np.isfinite(found[:, 0, 1]).all() and np.isnan(found[:, 0, 2]).all()


def test_batches_change_nothing(weights) -> None:
    images = [
        make_image(galaxy_id=f"g{k}", redshift=0.02 + 0.01 * k, shift=(k / 2, 0)) for k in range(9)
    ]
    lacking = replace(images[0], bands=tuple("ugri"), flux=images[0].flux[:4],
                      noise=images[0].noise[:4], psf_fwhm=images[0].psf_fwhm[:4])  # fmt: skip
    together = list(predict_spectra([*images[:5], lacking, *images[5:]], weights, samples=32))
    assert isinstance(together[5], InputError) and "band z is missing" in str(together.pop(5))
    for image, predicted in zip(images, together, strict=True):
        alone = predict_spectrum(image, weights, samples=32)
        assert predicted.galaxy_id == image.galaxy_id
        np.testing.assert_allclose(predicted.quantiles, alone.quantiles, rtol=1e-5)
        np.testing.assert_allclose(predicted.index_samples, alone.index_samples, rtol=1e-3)


def test_seed_and_name_choose_the_draws(weights) -> None:
    image = make_image()
    first, again = (predict_spectrum(image, weights, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.latent_samples, again.latent_samples)
    other = predict_spectrum(image, weights, seed=4)
    named = predict_spectrum(replace(image, galaxy_id="m98"), weights, seed=3)
    for different in (other, named):
        assert not np.isclose(first.latent_samples, different.latent_samples).any()


def test_the_fibre_may_be_anywhere(weights) -> None:
    centred = predict_spectrum(make_image(), weights)
    wide = make_image((80, 100), shift=(17.0, -9.0))
    at = (wide.wcs.wcs.crpix[0] - 1, wide.wcs.wcs.crpix[1] - 1)
    for position in (at, SkyCoord(150.0, 2.0, unit="deg")):
        found = predict_spectrum(wide, weights, position=position)
        np.testing.assert_allclose(found.position, at, atol=1e-6)
        np.testing.assert_allclose(found.sky, (150.0, 2.0), atol=1e-7)
        np.testing.assert_allclose(found.mean, centred.mean, rtol=1e-4)
        assert found.flags == centred.flags == ("resolution_limited_by_grid",)
    middle = predict_spectrum(wide, weights)
    assert middle.position == (49.5, 39.5)
    assert middle.mean.mean() < centred.mean.mean()


def test_an_array_is_as_good_as_its_image(weights) -> None:
    image = make_image()
    found = spectrum(image.flux, weights=weights, redshift=0.05, pixel_scale=0.4, psf_fwhm=1.2)
    np.testing.assert_allclose(
        found.latent_mean, predict_spectrum(image, weights).latent_mean, rtol=1e-4
    )
    with pytest.raises(InputError, match="redshift given beside a GalaxyImage"):
        spectrum(image, weights=weights, redshift=0.1)


def test_bands_are_put_in_the_order_of_the_weights(weights) -> None:
    image = make_image()
    order = [4, 2, 0, 1, 3]
    shuffled = make_image(bands=tuple("zrugi"), flux=image.flux[order], noise=image.noise[order])
    np.testing.assert_array_equal(
        predict_spectrum(image, weights).mean, predict_spectrum(shuffled, weights).mean
    )


def test_small_and_oblong_images_are_filled_and_flagged(weights) -> None:
    whole = predict_spectrum(make_image(), weights)
    small = predict_spectrum(make_image((24, 18)), weights)
    assert "image_ends_within_stamp" in small.flags
    assert "58% of them lie beyond it" in " ".join(small.assumptions)
    np.testing.assert_allclose(small.mean, whole.mean, rtol=0.1)


def test_a_galaxy_that_lies_aside_is_noticed(weights) -> None:
    """15 pixels are 6 arcsec; a position that was asked for is not doubted."""
    flag = "brighter_beside_fibre"
    aside = make_image((64, 64), shift=(15.0, 0.0))
    found = predict_spectrum(aside, weights)
    assert flag in found.flags and "arcsec from it the image" in found.provenance["assumptions"]
    assert flag not in predict_spectrum(aside, weights, position=(31.5, 31.5)).flags
    assert flag not in predict_spectrum(make_image(), weights).flags
    assert flag not in predict_spectrum(make_image(shift=(3.0, 0.0)), weights).flags
    noise = np.random.default_rng(0).normal(0.0, 0.1, (5, 64, 64)).astype(np.float32)
    blank = make_image((64, 64), flux=noise, noise=np.full(5, 0.1, np.float32))
    assert flag not in predict_spectrum(blank, weights).flags, "noise has no centre"


def test_masked_pixels_in_the_fibre_are_said(weights) -> None:
    image = make_image()
    mask = image.mask.copy()
    mask[15, 14:18] = True
    predicted = predict_spectrum(make_image(mask=mask), weights)
    assert "masked_pixels_in_fibre" in predicted.flags
    assert any("of the fibre is masked" in line for line in predicted.assumptions)
    np.testing.assert_allclose(predicted.mean, predict_spectrum(image, weights).mean, rtol=0.2)


def test_resolution_limits_are_marked(weights) -> None:
    limited = predict_spectrum(make_image(), weights).resolution_limited
    inside = (REST_GRID > 3545) & (REST_GRID < 7345)
    assert not limited[inside].any() and limited[~inside].sum() > 0.98 * (~inside).sum()


def test_conditions_beyond_training_are_said(weights) -> None:
    predicted = predict_spectrum(make_image(redshift=0.3), weights)
    assert "outside_training_range" in predicted.flags
    assert "redshift 0.3 lies outside 0.01 to 0.15" in "\n".join(predicted.assumptions)


def test_observed_frame_conserves_flux(weights) -> None:
    rest = predict_spectrum(make_image(), weights)
    seen = rest.to_observed()
    assert (seen.frame, seen.redshift) == ("observed", 0.05)
    total = np.trapezoid(rest.quantiles, rest.wavelength)
    np.testing.assert_allclose(np.trapezoid(seen.quantiles, seen.wavelength), total, rtol=1e-6)
    np.testing.assert_allclose(rest.to_observed(1.0).wavelength, 2 * REST_GRID)
    with pytest.raises(InputError, match="observed frame already"):
        seen.to_observed()
    with pytest.raises(InputError, match="redshift is -1"):
        rest.to_observed(-1.0)


def hidden(*, left: int = 10) -> np.ndarray:
    mask = np.zeros((PIXELS, PIXELS), bool)
    mask[10:22, left:22] = True
    return mask


def test_half_a_fibre_may_be_hidden(weights) -> None:
    for changes, options in (({"mask": hidden(left=16)}, {}), ({}, {"position": (-0.5, 15.5)})):
        predicted = predict_spectrum(make_image(**changes), weights, **options)
        assert "masked_pixels_in_fibre" in predicted.flags
        assert "50% of the fibre is masked or lies off" in "\n".join(predicted.assumptions)


def test_fine_pixels_hide_no_less(weights) -> None:
    # The fibre is wider than what the network looks at.
    mask = np.zeros((120, 120), bool)
    mask[:50] = mask[70:] = True
    with pytest.raises(InputError, match="5.% of the fibre is masked"):
        predict_spectrum(make_image((120, 120), mask=mask, pixel_scale=0.05), weights)


@pytest.mark.parametrize(
    ("changes", "options", "words"),
    [
        ({}, {"position": (40.0, 3.0)}, "x = 40.0, y = 3.0 lies off the image of 32 x 32"),
        ({}, {"position": (float("nan"), 3.0)}, "off the image"),
        ({}, {"position": 3}, "expected two numbers"),
        ({"wcs": None}, {"position": SkyCoord(150.0, 2.0, unit="deg")}, "no celestial WCS"),
        (
            {},
            {"position": SkyCoord(330.0, -2.0, unit="deg")},
            "not on this image's side of the sky",
        ),
        ({"mask": hidden()}, {}, "100% of the fibre is masked or lies off the image, at most 50%"),
        ({"mask": hidden(left=15)}, {}, "6.% of the fibre is masked"),
        ({}, {"position": (0.0, 0.0)}, "6.% of the fibre is masked or lies off the image"),
        ({"mask": np.ones((PIXELS, PIXELS), bool)}, {}, "every pixel is masked"),
        ({"survey": "other"}, {}, "survey 'other', but tiny_encoder.onnx was trained for 'sdss'"),
        ({"noise": np.zeros(5, np.float32)}, {}, "is 0; give 1 sigma"),
        ({}, {"samples": 3}, "3 samples are too few"),
        ({}, {"seed": -1}, "seed is -1; expected a whole number"),
        ({}, {"seed": 0.5}, "seed is 0.5; expected a whole number"),
    ],
)
def test_what_cannot_be_predicted_is_said(weights, changes, options, words) -> None:
    with pytest.raises(InputError, match=words):
        predict_spectrum(make_image(**changes), weights, **options)


@pytest.mark.parametrize(
    ("encoder", "decoder", "words"),
    [
        ({"decoder_fingerprint": "other"}, {}, "decodes the latents of another autoencoder"),
        ({}, {"latents": 4}, "decodes the latents of another autoencoder"),
        ({"pixels": None}, {}, "its manifest lacks pixels"),
        ({"pixels": "many"}, {}, "is not as it should be"),
        ({"survey": "elsewhere"}, {}, "survey 'elsewhere', unknown to this version"),
        ({"kind": "spectrum-autoencoder"}, {}, "expected 'spectrum-encoder'; `picassso spectrum`"),
        ({}, {"kind": "maps"}, "kind 'maps', expected 'spectrum-autoencoder'"),
        ({}, {"part": "encoder"}, "holds the encoder of an autoencoder"),
        ({}, {"config": {}}, "is not as it should be"),
        ({"outputs": ["latent_0"]}, {}, "without the norm"),
        ({"format": 99}, {}, "update picassso"),
    ],
)
def test_weights_that_do_not_fit_are_refused(tmp_path, encoder, decoder, words) -> None:
    path = write_tiny_spectrum_weights(tmp_path, encoder=encoder, decoder=decoder)
    with pytest.raises(InputError, match=words):
        load_spectrum_weights(path)


def test_weights_that_are_not_there(tmp_path, weights_path) -> None:
    with pytest.raises(InputError, match="no such weights file"):
        load_spectrum_weights(tmp_path / "none.onnx")
    with pytest.raises(InputError, match="no weights are shipped for spectra from the bands g, r"):
        load_spectrum_weights(bands="gr")
    alone = tmp_path / "alone.onnx"
    alone.write_bytes(weights_path.read_bytes())
    with pytest.raises(InputError, match="needs the decoder"):
        load_spectrum_weights(alone)


def test_weights_of_maps_and_of_spectra_are_told_apart(tmp_path, weights_path) -> None:
    with pytest.raises(InputError, match="kind 'maps', expected 'spectrum-encoder'"):
        load_spectrum_weights(write_tiny_weights(tmp_path / "maps.onnx"))
    with pytest.raises(InputError, match="`picassso spectrum` uses it"):
        load_weights(weights_path)
