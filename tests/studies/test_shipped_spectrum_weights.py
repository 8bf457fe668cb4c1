"""The weights for spectra that ship: that they load and belong together, and what they can do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from picassso.analysis.spectra.measured import MEASURED
from picassso.core import get_survey
from picassso.painting.spectra import (
    load_spectrum_encoder,
    load_spectrum_weights,
    predict_spectrum,
)
from picassso.painting.spectra.weights import SHIPPED_BANDS
from picassso.studies.spectra.models import AutoencoderModel
from picassso.studies.spectra.reconstruction import reconstruct
from picassso.studies.spectra.samples import observed_sample
from tiny_spectrum_weights import make_image

SPECTRA = ("sdss_spectra", "manga_spectra")


@pytest.mark.parametrize("bands", SHIPPED_BANDS)
def test_shipped_weights_predict(bands: str) -> None:
    weights = load_spectrum_weights(bands=bands)
    assert "".join(weights.bands) == bands
    assert len(weights.reference_distances) >= 300
    assert set(weights.recalibration) == set(MEASURED)
    survey = get_survey(weights.survey)
    chosen = [survey.bands.index(b) for b in bands]
    noise = np.array(survey.sky_noise, np.float32)[chosen]
    image = make_image((64, 64), survey=weights.survey, bands=weights.bands, noise=noise)
    # Made up for ugriz; y is as bright as z.
    image = replace(image, flux=image.flux[["ugriz".find(b) for b in bands]])
    found = predict_spectrum(image, weights, samples=64)
    assert (found.quantiles[2] > 0).all() and (np.diff(found.quantiles, axis=0) >= 0).all()
    names = ("EW_Halpha", "D4000", "HdeltaA", "flux_Halpha")
    assert all(np.isfinite(found.index(name)).all() for name in names)
    assert 0.9 < found.index("D4000")[2] < 2.6
    assert sum(found.class_probabilities.values()) == pytest.approx(1.0, abs=1e-6)
    assert load_spectrum_encoder(weights).about["latents"] == weights.latents


def test_shipped_weights_are_small() -> None:
    folder = load_spectrum_weights().path.parent
    assert sum(f.stat().st_size for f in folder.glob("*.onnx")) < 8 * 2**20


def test_real_spectra_are_reconstructed_to_five_per_cent(data_dir: Path) -> None:
    weights = load_spectrum_weights()
    model = AutoencoderModel(load_spectrum_encoder(weights), weights.decoder)
    sample = observed_sample([data_dir / name for name in SPECTRA])
    good = np.flatnonzero(sample.signal_to_noise > 10)
    assert len(good) >= 10
    found = reconstruct(sample.take(good, "good"), model)
    assert (found.size < 0.05).all() and np.median(found.size) < 0.02
