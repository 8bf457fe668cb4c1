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
from picassso.analysis.spectra.lines import MEASURED_LINES
from picassso.analysis.spectra.pca import SpectralPCA

__all__ = [
    "INDICES",
    "MEASURED_LINES",
    "Index",
    "SpectralPCA",
    "d4000",
    "dn4000",
    "equivalent_width",
    "get_index",
    "line_flux",
    "measure",
    "measure_errors",
]
