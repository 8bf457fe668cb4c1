"""Numbers from spectra. Arrays in, numbers out; wavelengths in vacuum, at rest."""

from __future__ import annotations

from picassso.analysis.spectra.pca import SpectralPCA

__all__ = ["SpectralPCA"]
