"""Spectra of images: encoders and the decoder of their latents, without torch."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from picassso.painting.spectra.files import read_predicted, write_predicted
    from picassso.painting.spectra.galaxy import spectrum
    from picassso.painting.spectra.observed import (
        ObservedSpectrum,
        compare_observed,
        load_spectrum_encoder,
    )
    from picassso.painting.spectra.outliers import Outliers, find_outliers
    from picassso.painting.spectra.picture import draw_spectrum
    from picassso.painting.spectra.predict import (
        predict_spectra,
        predict_spectrum,
        sampled_spectra,
    )
    from picassso.painting.spectra.predicted import QUANTILES, PredictedSpectrum
    from picassso.painting.spectra.stamp import FIBRE_DIAMETER
    from picassso.painting.spectra.targets import Targets, find_targets
    from picassso.painting.spectra.weights import SpectrumWeights, load_spectrum_weights

_MODULES = {
    "FIBRE_DIAMETER": "stamp",
    "ObservedSpectrum": "observed",
    "Outliers": "outliers",
    "PredictedSpectrum": "predicted",
    "QUANTILES": "predicted",
    "SpectrumWeights": "weights",
    "Targets": "targets",
    "compare_observed": "observed",
    "draw_spectrum": "picture",
    "load_spectrum_encoder": "observed",
    "find_outliers": "outliers",
    "find_targets": "targets",
    "load_spectrum_weights": "weights",
    "predict_spectra": "predict",
    "predict_spectrum": "predict",
    "read_predicted": "files",
    "sampled_spectra": "predict",
    "spectrum": "galaxy",
    "write_predicted": "files",
}

__all__ = [
    "FIBRE_DIAMETER",
    "QUANTILES",
    "ObservedSpectrum",
    "Outliers",
    "PredictedSpectrum",
    "SpectrumWeights",
    "Targets",
    "compare_observed",
    "draw_spectrum",
    "find_outliers",
    "find_targets",
    "load_spectrum_encoder",
    "load_spectrum_weights",
    "predict_spectra",
    "predict_spectrum",
    "read_predicted",
    "sampled_spectra",
    "spectrum",
    "write_predicted",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        module = importlib.import_module(f"picassso.painting.spectra.{_MODULES[name]}")
        return getattr(module, name)
    raise AttributeError(f"module 'picassso.painting.spectra' has no attribute {name!r}")
