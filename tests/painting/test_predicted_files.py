"""Predicted spectra as FITS: units, layout, the way back, and what is refused."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from astropy import units
from astropy.io import fits
from astropy.table import Table

from picassso.core import InputError
from picassso.painting import info
from picassso.painting.spectra import load_spectrum_weights, predict_spectrum
from picassso.painting.spectra.files import read_predicted, write_predicted
from picassso.painting.spectra.predicted import PredictedSpectrum
from tiny_spectrum_weights import make_image, write_tiny_spectrum_weights


@pytest.fixture(scope="module")
def predicted(tmp_path_factory) -> PredictedSpectrum:
    path = write_tiny_spectrum_weights(tmp_path_factory.mktemp("weights"))
    image = make_image(galaxy_id="é 3", redshift=0.1 + 0.2, assumptions=("one\ntwo", "three"))
    return predict_spectrum(image, load_spectrum_weights(path), samples=20)


def assert_same(a: PredictedSpectrum, b: PredictedSpectrum, *, but: tuple[str, ...] = ()) -> None:
    for name in [f.name for f in fields(a) if f.name not in but]:
        first, second = getattr(a, name), getattr(b, name)
        if isinstance(first, np.ndarray):
            assert first.dtype == second.dtype, name
            np.testing.assert_array_equal(first, second, err_msg=name)
        else:
            assert first == second, name


def test_what_is_written_comes_back(tmp_path, predicted) -> None:
    write_predicted(predicted, tmp_path / "a.fits", samples=True)
    assert_same(read_predicted(tmp_path / "a.fits"), predicted)
    write_predicted(replace(predicted, sky=None).to_observed(), tmp_path / "b.fits", samples=True)
    again = read_predicted(tmp_path / "b.fits")
    assert_same(again, replace(predicted, sky=None).to_observed())


def test_without_samples_there_are_none(tmp_path, predicted) -> None:
    write_predicted(predicted, tmp_path / "a.fits")
    again = read_predicted(tmp_path / "a.fits")
    assert again.latent_samples.shape == (0, 4)
    assert again.index_samples.shape == (0, len(predicted.index_names))
    assert again.residual_samples.shape == (0, 0)
    assert_same(again, predicted, but=("latent_samples", "residual_samples", "index_samples"))


def test_tables_have_units_that_others_read(tmp_path, predicted) -> None:
    write_predicted(predicted, tmp_path / "a.fits", samples=True)
    with fits.open(tmp_path / "a.fits") as hdus:
        assert [h.name for h in hdus[1:]] == [
            "SPECTRUM", "INDICES", "LATENTS", "CLASSES", "SAMPLES", "PROVENANCE",
        ]  # fmt: skip
        assert "weights_fingerprint" in str(hdus[0].header["HISTORY"])
        hdus.verify("exception")
    spectrum = Table.read(tmp_path / "a.fits", hdu="SPECTRUM")
    ours = units.Unit("1e-17 erg s-1 cm-2 Angstrom-1")
    assert spectrum["wavelength"].unit == units.AA
    for name in ("mean", "p2_5", "p16", "p50", "p84", "p97_5"):
        assert spectrum[name].unit == ours
    samples = Table.read(tmp_path / "a.fits", hdu="SAMPLES")
    assert len(samples) == 20 and samples["latents"].shape == (20, 4)
    assert samples["EW_Halpha"].unit == units.AA
    assert samples["flux_Halpha"].unit == units.Unit("1e-17 erg s-1 cm-2")


def test_files_are_kept_whole(tmp_path, predicted) -> None:
    path = tmp_path / "a.fits"
    path.write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        write_predicted(predicted, path)
    assert path.read_text() == "mine"
    write_predicted(predicted, path, overwrite=True)
    with pytest.raises(InputError, match="no such folder"):
        write_predicted(predicted, tmp_path / "none" / "a.fits")
    assert [p.name for p in tmp_path.iterdir()] == ["a.fits"]


def test_what_is_no_predicted_spectrum(tmp_path, predicted) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        read_predicted(tmp_path / "a.fits")
    fits.PrimaryHDU(np.zeros((3, 3))).writeto(tmp_path / "image.fits")
    with pytest.raises(InputError, match="holds no predicted spectrum"):
        read_predicted(tmp_path / "image.fits")
    write_predicted(predicted, tmp_path / "a.fits")
    content = (tmp_path / "a.fits").read_bytes()
    (tmp_path / "cut.fits").write_bytes(content[:8000])
    with pytest.raises(InputError, match="cannot be read as a predicted spectrum"):
        read_predicted(tmp_path / "cut.fits")
    fits.setval(tmp_path / "a.fits", "PREDFMT", value=9)
    with pytest.raises(InputError, match="layout 9"):
        read_predicted(tmp_path / "a.fits")


def test_info_knows_them(tmp_path, predicted) -> None:
    write_predicted(predicted, tmp_path / "a.fits", samples=True)
    found = info(tmp_path / "a.fits")
    facts = dict(found.facts)
    assert found.kind == "predicted spectrum"
    assert (facts["galaxy"], facts["samples"]) == (predicted.galaxy_id, "20")
    assert facts["weights"] == "tiny spectra" and facts["EW_Halpha"].endswith("Angstrom")


def test_info_knows_their_weights(tmp_path) -> None:
    path = write_tiny_spectrum_weights(tmp_path)
    found = info(path)
    facts = dict(found.facts)
    assert (found.kind, facts["kind"]) == ("weights", "spectrum-encoder")
    assert facts["bands"] == "u g r i z" and "redshift 0.01 to 0.15" in facts["trained on"]
    assert dict(info(path.with_name("decoder.onnx")).facts)["kind"].endswith("decoder")
