"""Reports of evaluations of networks for spectra."""

from __future__ import annotations

from picassso.report.spectra.autoencoder import write_autoencoder_report
from picassso.report.spectra.encoder import write_encoder_report

__all__ = ["write_autoencoder_report", "write_encoder_report"]
