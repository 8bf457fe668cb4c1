"""What networks for spectra are worth: autoencoders, and encoders of images."""

from __future__ import annotations

from picassso.studies.spectra.autoencoder import AutoencoderEvaluation, evaluate_autoencoder
from picassso.studies.spectra.scores import Score, find_score

__all__ = ["AutoencoderEvaluation", "Score", "evaluate_autoencoder", "find_score"]
