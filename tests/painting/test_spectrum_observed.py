"""Observed spectra beside predicted ones: numbers, distances, p-values, and bad input."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from picassso.analysis.spectra import equivalent_width
from picassso.archive.spectra import read_spectrum
from picassso.archive.spectra.reading import spectrum_format
from picassso.core import REST_GRID, InputError, Spectrum
from picassso.observatory.spectra.extinction import extinction
from picassso.painting.spectra import (
    compare_observed,
    draw_spectrum,
    load_spectrum_encoder,
    load_spectrum_weights,
    predict_spectrum,
    read_predicted,
    write_predicted,
)
from tiny_spectrum_weights import (
    SCALE,
    make_image,
    smooth_spectra,
    write_tiny_spectrum_encoder,
    write_tiny_spectrum_weights,
)

REDSHIFT = 0.05


def observed(latents: np.ndarray, *, log_norm: float = 1.0, **changes) -> Spectrum:
    """A spectrum of these latents as it arrives, on pixels that are those at rest, stretched."""
    mean, slopes, _ = smooth_spectra()
    rest = 10.0**log_norm * (mean + latents @ slopes)
    wavelength = REST_GRID * (1 + REDSHIFT)
    flux = rest / (1 + REDSHIFT)
    about = {
        "wavelength": wavelength,
        "medium": "vacuum",
        "flux": flux.astype(np.float32),
        "inverse_variance": np.full(len(flux), 25.0, np.float32),
        "mask": np.zeros(len(flux), bool),
        "redshift": REDSHIFT,
        "resolution": 2000.0,
    }
    return Spectrum(**{**about, **changes})


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("weights")
    write_tiny_spectrum_weights(path)
    write_tiny_spectrum_encoder(path)
    return path


@pytest.fixture(scope="module")
def weights(folder):
    return load_spectrum_weights(folder / "tiny_encoder.onnx")


@pytest.fixture(scope="module")
def predicted(weights):
    return predict_spectrum(make_image(redshift=REDSHIFT), weights)


def test_what_is_as_predicted_lies_at_no_distance(weights, predicted) -> None:
    spectrum = observed(predicted.latent_mean[:3], log_norm=float(predicted.latent_mean[3]))
    encoder = load_spectrum_encoder(weights)
    found = compare_observed(predicted, spectrum, weights=weights, encoder=encoder)
    np.testing.assert_allclose(found.departure.latents, predicted.latent_mean[:3], atol=1e-3)
    assert found.departure.distance < 1e-3 and found.departure.p_value == 1.0
    mean, slopes, _ = smooth_spectra()
    truth = 10.0 ** predicted.latent_mean[3] * (mean + predicted.latent_mean[:3] @ slopes)
    np.testing.assert_allclose(found.flux, truth, rtol=1e-5)
    width, error = found.indices["EW_Halpha"]
    assert width == pytest.approx(predicted.index("EW_Halpha")[2], rel=0.2) and 0 < error < 1


def test_what_departs_is_found(weights, predicted) -> None:
    away = predicted.latent_mean[:3] + np.array([0.0, 3.0, 0.0])
    encoder = load_spectrum_encoder(weights)
    found = compare_observed(predicted, observed(away), weights=weights, encoder=encoder)
    covariance = (SCALE @ SCALE.T)[:3, :3] + 0.01 * np.eye(3)
    offset = np.array([0.0, 3.0, 0.0])
    expected = offset @ np.linalg.solve(covariance, offset)
    assert found.departure.distance == pytest.approx(expected, rel=0.01)
    assert found.departure.p_value == pytest.approx(0.01), "further than all 99 of reference"


def test_a_reference_sample_calibrates(tmp_path, predicted) -> None:
    reference = {"reference_distances": list(np.linspace(0, 500, 99))}
    path = write_tiny_spectrum_weights(tmp_path, encoder=reference)
    write_tiny_spectrum_encoder(tmp_path)
    weights = load_spectrum_weights(path)
    away = predicted.latent_mean[:3] + np.array([0.0, 3.0, 0.0])
    encoder = load_spectrum_encoder(weights)
    found = compare_observed(predicted, observed(away), weights=weights, encoder=encoder).departure
    larger = (np.linspace(0, 500, 99) >= found.distance).sum()
    assert found.p_value == pytest.approx((1 + larger) / 100)


def test_pixels_that_are_masked_stay_unknown(weights, predicted) -> None:
    spectrum = observed(predicted.latent_mean[:3])
    masked = (spectrum.wavelength > 6800) & (spectrum.wavelength < 6850)
    found = compare_observed(
        predicted,
        replace(spectrum, mask=masked),
        weights=weights,
        encoder=load_spectrum_encoder(weights),
    )
    unknown = np.isnan(found.flux)
    rest = REST_GRID[unknown] * (1 + REDSHIFT)
    assert rest.min() > 6798 and rest.max() < 6852 and unknown.sum() > 5
    assert (found.inverse_variance[unknown] == 0).all()


def test_dust_before_a_spectrum_is_taken_away(weights, predicted) -> None:
    """Reddened light, dereddened, has the latents that it would have had."""
    encoder = load_spectrum_encoder(weights)
    clean = observed(predicted.latent_mean[:3])
    dimmed = 10.0 ** (-0.4 * 0.1 * extinction(clean.wavelength))
    red = replace(
        clean,
        flux=(clean.flux * dimmed).astype(np.float32),
        inverse_variance=(clean.inverse_variance / dimmed**2).astype(np.float32),
    )
    of = {"weights": weights, "encoder": encoder}
    wanted, left, found = (
        compare_observed(predicted, spectrum, ebv=ebv, **of).departure.latents
        for spectrum, ebv in ((clean, 0.0), (red, 0.0), (red, 0.1))
    )
    assert np.abs(left - wanted).max() > 0.1, "or there was nothing to correct"
    np.testing.assert_allclose(found, wanted, atol=2e-3)


def test_a_spectrum_of_too_few_pixels_has_no_p_value(tmp_path, weights, predicted) -> None:
    spectrum = observed(predicted.latent_mean[:3])
    part = replace(spectrum, mask=spectrum.wavelength < 6500)
    found = compare_observed(
        predicted, part, weights=weights, encoder=load_spectrum_encoder(weights)
    )
    assert found.flags == ("covers_too_little",) and np.isnan(found.departure.p_value)
    write_predicted(predicted, tmp_path / "part.fits", observed=found)
    header = fits.getheader(tmp_path / "part.fits", "OBSERVED")
    assert "PVALUE" not in header and header["FLAGS"] == "covers_too_little"


def test_latents_say_what_each_has_in_the_distance(tmp_path, weights, predicted) -> None:
    away = predicted.latent_mean[:3] + np.array([0.0, 3.0, 0.0])
    found = compare_observed(
        predicted, observed(away), weights=weights, encoder=load_spectrum_encoder(weights)
    )
    parts = found.departure.contributions
    assert parts.sum() == pytest.approx(found.departure.distance) and parts.argmax() == 1
    write_predicted(predicted, tmp_path / "away.fits", observed=found)
    table = fits.getdata(tmp_path / "away.fits", "OBSERVED_LATENTS")
    np.testing.assert_allclose(table["contribution"], parts)


def test_without_an_encoder_of_spectra_there_is_nothing_to_compare_with(tmp_path) -> None:
    weights = load_spectrum_weights(write_tiny_spectrum_weights(tmp_path))
    with pytest.raises(InputError, match="needs the encoder of spectra beside it"):
        load_spectrum_encoder(weights)


def test_lines_are_measured_above_the_stars_between_them(weights, predicted) -> None:
    """Stars that absorb what a line emits take nothing from it."""
    encoder = load_spectrum_encoder(weights)
    spectrum = observed(predicted.latent_mean[:3])
    found = compare_observed(predicted, spectrum, weights=weights, encoder=encoder)
    (stars,) = encoder.session.run(
        ["stars"], {"flux": found.flux[None], "weight": found.inverse_variance[None]}
    )
    for line in ("Hbeta", "Halpha"):
        expected = equivalent_width(REST_GRID, found.flux, line, stars=stars[0])
        assert found.indices[f"EW_{line}"][0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("changes", [{"network_fingerprint": "other"}, {"part": "decoder"}])
def test_encoders_of_other_autoencoders_are_refused(tmp_path, changes) -> None:
    weights = load_spectrum_weights(write_tiny_spectrum_weights(tmp_path))
    write_tiny_spectrum_encoder(tmp_path, **changes)
    with pytest.raises(InputError, match="not the encoder of the autoencoder tiny"):
        load_spectrum_encoder(weights)


def test_a_spectrum_without_usable_pixels_is_refused(weights, predicted) -> None:
    nothing = np.zeros(1000, np.float32)
    spectrum = observed(predicted.latent_mean[:3], inverse_variance=nothing)
    with pytest.raises(InputError, match="no usable pixel"):
        compare_observed(
            predicted, spectrum, weights=weights, encoder=load_spectrum_encoder(weights)
        )


def test_it_is_written_and_drawn(tmp_path, weights, predicted) -> None:
    encoder = load_spectrum_encoder(weights)
    spectrum = observed(predicted.latent_mean[:3], flags=("resolution_unknown",))
    spectrum = replace(spectrum, galaxy_id="ngc 1")
    found = compare_observed(
        predicted, spectrum, weights=weights, encoder=encoder, source="real.fits"
    )
    write_predicted(predicted, tmp_path / "a.fits", observed=found)
    assert read_predicted(tmp_path / "a.fits").galaxy_id == predicted.galaxy_id
    with fits.open(tmp_path / "a.fits") as hdus:
        table = hdus["OBSERVED"]
        np.testing.assert_array_equal(table.data["flux"], found.flux)
        assert table.header["FLAGS"] == "resolution_unknown"
        assert table.header["PVALUE"] == found.departure.p_value
        said = [table.header[key] for key in ("REDSHIFT", "ZOBS", "MEDIUM", "OBJECT", "SRCFILE")]
        assert said == [0.0, REDSHIFT, "vacuum", "ngc 1", "real.fits"]
        for row in hdus["OBSERVED_INDICES"].data:
            np.testing.assert_array_equal((row["value"], row["error"]), found.indices[row["name"]])
        assert list(hdus["OBSERVED_INDICES"].data["name"]) == list(found.indices)
        latents = hdus["OBSERVED_LATENTS"].data
        np.testing.assert_array_equal(latents["value"], found.departure.latents)
        np.testing.assert_array_equal(latents["error"], found.departure.errors)
    with pytest.raises(InputError, match="predicted from an image, not one that was observed"):
        read_spectrum(tmp_path / "a.fits", redshift=0.0)
    assert spectrum_format(tmp_path / "a.fits") is None
    figure = draw_spectrum(make_image(), predicted, field=32, observed=found)
    said = [t.get_text() for axes in figure.axes for t in axes.texts]
    assert "observed" in said and any("±" in words for words in said)


def test_real_spectra_of_sdss_are_compared(data_dir, weights, predicted) -> None:
    encoder = load_spectrum_encoder(weights)
    for path in sorted((data_dir / "sdss_spectra").glob("spec-*.fits")):
        found = compare_observed(predicted, read_spectrum(path), weights=weights, encoder=encoder)
        value, error = found.indices["D4000"]
        assert 0.8 < value < 2.6 and 0 < error < 0.2, path.name
        assert 0 <= found.departure.p_value <= 1
