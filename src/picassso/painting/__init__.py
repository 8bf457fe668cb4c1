"""Painting: from an image to maps and spectra with error bars, using weights that ship."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from picassso.painting.description import Info, info
    from picassso.painting.galaxy import paint, paint_image
    from picassso.painting.spectra import (
        PredictedSpectrum,
        SpectrumWeights,
        find_outliers,
        find_targets,
        load_spectrum_weights,
        predict_spectra,
        predict_spectrum,
        spectrum,
    )
    from picassso.painting.totals import group_totals
    from picassso.painting.weights import Weights, default_weights_path, load_weights

_MODULES = {
    "Info": "description",
    "PredictedSpectrum": "spectra",
    "SpectrumWeights": "spectra",
    "Weights": "weights",
    "default_weights_path": "weights",
    "find_outliers": "spectra",
    "find_targets": "spectra",
    "group_totals": "totals",
    "info": "description",
    "load_spectrum_weights": "spectra",
    "load_weights": "weights",
    "paint": "galaxy",
    "paint_image": "galaxy",
    "predict_spectra": "spectra",
    "predict_spectrum": "spectra",
    "spectrum": "spectra",
}

__all__ = [
    "Info",
    "PredictedSpectrum",
    "SpectrumWeights",
    "Weights",
    "default_weights_path",
    "find_outliers",
    "find_targets",
    "group_totals",
    "info",
    "load_spectrum_weights",
    "load_weights",
    "paint",
    "paint_image",
    "predict_spectra",
    "predict_spectrum",
    "spectrum",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(importlib.import_module(f"picassso.painting.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'picassso.painting' has no attribute {name!r}")
