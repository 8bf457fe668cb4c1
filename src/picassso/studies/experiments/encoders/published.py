"""What Wu & Peek found, to stand beside what is measured here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["PAPER_CAVEATS", "PAPER_ERRORS", "PAPER_ORDER", "PAPER_PIXELS", "PAPER_SEEDS"]

PAPER_ORDER = ("xresnet18_hybrid", "xresnet18_batch", "xresnet18_deconvolution")
"""From the least error to the largest: Wu & Peek 2020 (arXiv:2009.12318), figure 3."""

PAPER_ERRORS: Mapping[str, float] = MappingProxyType(
    dict(zip(PAPER_ORDER, (0.474, 0.487, 0.577), strict=True))
)
"""Their mean squared errors of six z-scored latents after 50 epochs, on the validation split."""

PAPER_PIXELS = 224
"""Side of their images."""

PAPER_SEEDS = 5
"""Fewest networks an arm for a claim about theirs: they trained one each."""

PAPER_CAVEATS = (
    "Their errors are of the latents of real SDSS spectra, whose noise no image foretells, by "
    "another autoencoder: they are not to be compared with these digit by digit, the order is.",
    "They trained one network an arm, on Pan-STARRS grizy images of 224 x 224 pixels, with Ranger "
    "and a one-cycle schedule; here it is AdamW with a linear warm-up and a cosine down to zero, "
    "which is one cycle but for the momentum.",
    "Theirs is the error on the split that training is watched by, after the last epoch; they had "
    "no test split. Here it is that on the test split, of the weights with the least validation "
    "loss.",
)
"""What to know before comparing with them."""
