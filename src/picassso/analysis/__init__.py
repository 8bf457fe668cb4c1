"""Room analysis: numbers from maps. Arrays in, numbers out; no network in here."""

from __future__ import annotations

from picassso.analysis.apertures import (
    Ellipse,
    aperture_signal_to_noise,
    aperture_total,
    half_mass_ellipse,
    half_mass_radius,
)
from picassso.analysis.bins import MINIMUM_GALAXIES, BinnedResiduals, binned_residuals
from picassso.analysis.metrics import (
    MAD_TO_SIGMA,
    Counts,
    Prediction,
    ResidualStatistics,
    Statistic,
    log_residual,
    residual_statistics,
    residual_table,
)
from picassso.analysis.pixels import PixelResiduals

__all__ = [
    "MAD_TO_SIGMA",
    "MINIMUM_GALAXIES",
    "BinnedResiduals",
    "Counts",
    "Ellipse",
    "PixelResiduals",
    "Prediction",
    "ResidualStatistics",
    "Statistic",
    "aperture_signal_to_noise",
    "aperture_total",
    "binned_residuals",
    "half_mass_ellipse",
    "half_mass_radius",
    "log_residual",
    "residual_statistics",
    "residual_table",
]
