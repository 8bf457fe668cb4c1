"""What studies, their arms and their numbers are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from picassso.studies.experiments.results import ArmSummary, OverSeeds

__all__ = [
    "LOSS_NOTE",
    "NOTES",
    "PAPER_NOTE",
    "SCORES_NOTE",
    "SCORE_WORDS",
    "TITLES",
    "comparisons_text",
    "kept_text",
    "left_out_text",
    "loss_text",
    "mu_sigma_text",
    "score_text",
    "starred",
]

TITLES = {
    "bands": "bands",
    "resolution": "resolution",
    "samples": "training images",
    "ensemble": "networks averaged",
    "morphology": "what the network sees",
}

NOTES = {
    "bands": "Each arm is a network trained and tested on those bands alone.",
    "resolution": "Images and true maps are averaged in blocks of pixels, linearly; the noise of a "
    "pixel goes down accordingly, field of view and PSF on the sky stay the same. Totals of an arm "
    "are those inside two half-mass radii of its own true maps. Losses are of pixels, and pixels "
    "differ: compare them within an arm alone.",
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
    "outlier_fraction": "outliers",
    "coverage": "coverage",
}


SCORES_NOTE = (
    "Residuals are log10(true / predicted) of the total of a galaxy in one view [dex]: positive "
    "where too little is painted. Median bias, sigma, robust sigma (1.4826 times the median "
    "absolute deviation) and outliers (the share farther than three robust sigmas from the median; "
    "a Gaussian: 0.003) are those of predicted medians; linear bias is log10(sum of true / sum of "
    "predicted means); coverage is the share of truths inside the predicted 68% interval (wanted: "
    "0.68). True totals below the floor of the property are left out. A number is the mean over "
    "the networks of an arm ± their standard deviation, in brackets the bootstrap standard error "
    "over the test galaxies. Arms share these galaxies: judge a difference between arms by ±, not "
    "by the brackets."
)
"""What the numbers of totals are."""

PAPER_NOTE = (
    "mu / sigma: mean and standard deviation of log10(true / predicted) of totals [dex]. What is "
    "summed are the predicted medians of pixels, and pixels whose truth lies below its floor count "
    "as zero in truth and prediction alike. On a real galaxy nobody knows which these are, but "
    "these numbers, and no others here, were taken as the published ones were."
)
"""What the numbers by the protocol of Buck & Wolf (2021) are."""

LOSS_NOTE = (
    "Validation loss: the least of each network, mean ± standard deviation over the networks, of "
    "what training minimises; less is better, and it may be negative. Each network is kept as it "
    "was at its least loss, at the step shown (first and last of the networks). Late fall: by how "
    "much the least loss fell over the last quarter of training. End above least: by how much the "
    "loss when training ended (median of the last eighth of all validations) lay above the least, "
    "because it rose or never settled. Of both, the largest of the networks"
)
"""What is said of losses, up to the tolerance."""


def comparisons_text(arms: Sequence[ArmSummary]) -> str:
    """Which comparisons of two arms may claim something; one sentence."""
    sound = [arm.label for arm in arms if not arm.provisional]
    if len(sound) == len(arms):
        return "No arm is provisional, and so is no comparison of two."
    some = f"all but those among {', '.join(sound)}" if len(sound) > 1 else "every one"
    return f"A comparison is provisional if either of its arms is: here, {some}."


def left_out_text(left_out: Mapping[str, str]) -> str:
    """Arms that were asked for and are not there, with the reasons; empty if there is none."""
    together = (
        f"{', '.join(label for label in left_out if left_out[label] == why)} ({why})"
        for why in dict.fromkeys(left_out.values())
    )
    return f"Left out: {'; '.join(together)}." if left_out else ""


def starred(arm: ArmSummary) -> str:
    """Label of an arm; a star marks one that claims nothing."""
    return arm.label + "*" * bool(arm.provisional)


def loss_text(value: float) -> str:
    """A difference of losses, or a dash where it is not known."""
    return f"{value:.3f}" if np.isfinite(value) else "–"


def kept_text(arm: ArmSummary) -> str:
    """Steps at which the networks of an arm are kept: the first and the last."""
    return "–".join(map(str, dict.fromkeys(arm.kept_steps)))


def score_text(score: OverSeeds) -> str:
    """A number with its scatter over networks and, in brackets, its error over galaxies."""
    if not np.isfinite(score.value):
        return "–"
    scatter = f" ± {score.scatter:.3f}" if np.isfinite(score.scatter) else ""
    error = f" ({score.error:.3f})" if np.isfinite(score.error) else ""
    return f"{score.value:.3f}{scatter}{error}"


def mu_sigma_text(scores: Mapping[str, OverSeeds]) -> str:
    """Mean and standard deviation of a residual, each with its scatter over networks."""
    return " / ".join(
        score_text(OverSeeds(scores[s].value, scores[s].scatter)) for s in ("mean_bias", "sigma")
    )
