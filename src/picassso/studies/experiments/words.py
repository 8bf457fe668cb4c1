"""What studies, their arms and their numbers are called."""

from __future__ import annotations

import numpy as np

from picassso.studies.experiments.results import OverSeeds

__all__ = ["NOTES", "SCORE_WORDS", "TITLES", "score_text"]

TITLES = {
    "bands": "bands",
    "resolution": "resolution",
    "samples": "training images",
    "ensemble": "networks averaged",
    "morphology": "what the network sees",
}

NOTES = {
    "bands": "Each arm is a network trained on those bands alone.",
    "resolution": "Images and true maps are averaged in blocks of pixels, linearly; the noise of a "
    "pixel goes down accordingly. Totals of an arm are those inside two half-mass radii of its own "
    "true maps. Losses are of pixels, and pixels differ: compare them within an arm alone.",
    "samples": "Training galaxies are drawn by the seed, smaller samples lying within larger ones, "
    "and all are trained for equally many steps; validation and test galaxies are the same.",
    "ensemble": "The mean of the predicted means, and the geometric mean of the predicted "
    "quantiles. ± is over choices of members, which overlap: of larger numbers it is too small.",
    "morphology": "image: colour and shape. shuffled: the pixels of each image in random order, "
    "the same in all bands, the painted maps put back in order: colour and brightness of pixels, "
    "but no shape. grey: the reference band in the place of every band, each with noise of its "
    "own: shape, but no colour. shuffled grey: neither, the control. All are told redshift, pixel "
    "size, PSF and noise.",
}

SCORE_WORDS = {
    "median_bias": "median bias",
    "linear_bias": "linear bias",
    "sigma": "sigma",
    "robust_sigma": "robust sigma",
    "coverage": "coverage",
}


def score_text(score: OverSeeds) -> str:
    """A number with its scatter over networks and, in brackets, its error over galaxies."""
    if not np.isfinite(score.value):
        return "–"
    scatter = f" ± {score.scatter:.3f}" if np.isfinite(score.scatter) else ""
    error = f" ({score.error:.3f})" if np.isfinite(score.error) else ""
    return f"{score.value:.3f}{scatter}{error}"
