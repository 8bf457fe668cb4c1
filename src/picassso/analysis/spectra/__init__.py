"""Numbers from spectra. Arrays in, numbers out; wavelengths in vacuum, at rest."""

from __future__ import annotations

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
from picassso.analysis.spectra.lines import MEASURED_LINES, near_lines
from picassso.analysis.spectra.pca import SpectralPCA
from picassso.analysis.spectra.ratios import (
    EMISSION_CLASSES,
    NO_EMISSION,
    classify,
    classify_spectra,
    kauffmann_2003,
    kewley_2001,
    log_ratio,
    schawinski_2007,
)

__all__ = [
    "EMISSION_CLASSES",
    "INDICES",
    "MEASURED_LINES",
    "NO_EMISSION",
    "Index",
    "SpectralPCA",
    "classify",
    "classify_spectra",
    "d4000",
    "dn4000",
    "equivalent_width",
    "get_index",
    "kauffmann_2003",
    "kewley_2001",
    "line_flux",
    "log_ratio",
    "measure",
    "measure_errors",
    "near_lines",
    "schawinski_2007",
]
