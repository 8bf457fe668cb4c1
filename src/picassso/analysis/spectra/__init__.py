"""Numbers from spectra. Arrays in, numbers out; wavelengths in vacuum, at rest."""

from __future__ import annotations

from picassso.analysis.spectra.conditions import Condition
from picassso.analysis.spectra.indices import (
    INDICES,
    Index,
    d4000,
    dn4000,
    equivalent_width,
    get_index,
    line_flux,
    measure,
    measure_errors,
)
from picassso.analysis.spectra.lines import MEASURED_LINES
from picassso.analysis.spectra.outliers import (
    Departures,
    calibrated_p_value,
    chi_squared_p_value,
    departures,
    select_outliers,
)
from picassso.analysis.spectra.pca import SpectralPCA
from picassso.analysis.spectra.posterior import (
    CREDIBLE_LEVELS,
    Coverage,
    coverage,
    credible_band,
    interval_coverage,
    probability_integral_transform,
    sample_quantiles,
    uniformity,
)
from picassso.analysis.spectra.ratios import (
    CLASSIFIED,
    EMISSION_CLASSES,
    NO_EMISSION,
    classify,
    classify_spectra,
    kauffmann_2003,
    kewley_2001,
    log_ratio,
    schawinski_2007,
)
from picassso.analysis.spectra.stars import near_lines
from picassso.analysis.spectra.targets import (
    Ranking,
    Reliability,
    condition_samples,
    rank_targets,
    realised,
    reliability,
)

__all__ = [
    "CREDIBLE_LEVELS",
    "CLASSIFIED",
    "EMISSION_CLASSES",
    "INDICES",
    "MEASURED_LINES",
    "NO_EMISSION",
    "Condition",
    "Coverage",
    "Departures",
    "Index",
    "Ranking",
    "Reliability",
    "SpectralPCA",
    "calibrated_p_value",
    "chi_squared_p_value",
    "classify",
    "classify_spectra",
    "condition_samples",
    "coverage",
    "credible_band",
    "d4000",
    "departures",
    "dn4000",
    "equivalent_width",
    "get_index",
    "interval_coverage",
    "kauffmann_2003",
    "kewley_2001",
    "line_flux",
    "log_ratio",
    "measure",
    "measure_errors",
    "near_lines",
    "probability_integral_transform",
    "rank_targets",
    "realised",
    "reliability",
    "sample_quantiles",
    "schawinski_2007",
    "select_outliers",
    "uniformity",
]
