"""Reports of evaluations of networks for spectra."""

from __future__ import annotations

from picassso.report.spectra.autoencoder import write_autoencoder_report

__all__ = ["write_autoencoder_report"]
