"""What the encoders and their numbers are called, and what they say of the paper's order."""

from __future__ import annotations

import itertools

from picassso.studies.experiments.encoders.comparison import Comparison
from picassso.studies.experiments.encoders.published import PAPER_ORDER
from picassso.studies.experiments.encoders.results import EncoderStudy

__all__ = ["LABELS", "NOTE", "SIGNIFICANT", "TITLE", "difference_text", "ordering", "ours"]

TITLE = "encoders of images"

LABELS = {
    "xresnet18_hybrid": "hybrid",
    "xresnet18_batch": "batch norm",
    "xresnet18_deconvolution": "deconvolution",
    "simple_cnn": "simple CNN",
    "simple_deconvolution": "simple deconvolution",
    "compact": "compact",
}
"""Of the arms, in tables and figures."""

NOTE = (
    "Networks that predict, from an image, the latents of the spectrum that a fibre in its middle "
    "sees: those of Wu & Peek (2020), and the compact encoder, ours. Recipe paper: the image "
    "alone, stretched linearly, and the squared error; recipe ours: image and conditions, "
    "stretched as an arcsinh of signal to noise, and the likelihood of latents and brightness "
    "(stretch and conditions are part of the compact encoder in both). "
    "Each has the recipe and the learning rate, of the same rates for all, that did best on the "
    "validation split in short trainings; the test split was looked at once, by those compared."
)

SIGNIFICANT = 0.05
"""Probability at which the order holds, or is refuted."""


def ordering(study: EncoderStudy) -> str:
    """Whether the paper's order holds: one sentence or two, made of the numbers.

    It holds where both neighbours differ as in the paper, each at `SIGNIFICANT`; it is refuted
    where one of the two differs the other way round, at half of that, as there are two of them.
    """
    found = {(c.first, c.second): c for c in study.comparisons}
    pairs = list(itertools.pairwise(PAPER_ORDER))
    if not all(pair in found for pair in pairs):
        return "The paper's order is not told: not all of its networks were trained."
    steps = [found[pair] for pair in pairs]
    errors = {arm.choice.arm: arm.error.value for arm in study.arms}
    order = " < ".join(f"{LABELS[arm]} ({errors[arm]:.3f})" for arm in PAPER_ORDER)
    details = "; ".join(map(difference_text, steps))
    return f"The paper's order, {order}, {_verdict(steps)}: {details}.{_claim(study)}"


def _verdict(steps: list[Comparison]) -> str:
    if all(s.difference < 0 and s.p_value < SIGNIFICANT for s in steps):
        return "holds"
    if any(s.difference > 0 and s.p_value < SIGNIFICANT / len(steps) for s in steps):
        return "does not hold"
    if all(s.difference < 0 for s in steps):
        return "is that of these networks too, but not significantly"
    return "is not that of these networks, but not significantly so"


def ours(study: EncoderStudy) -> str:
    """How the compact encoder compares with the best of the others; empty where it is not there."""
    rest = [arm for arm in study.arms if arm.choice.arm != "compact"]
    best = min(rest, key=lambda arm: arm.validation.value).choice.arm
    found = [c for c in study.comparisons if (c.first, c.second) == ("compact", best)]
    if not found:
        return ""
    side = "less" if found[0].difference < 0 else "more"
    sure = "" if found[0].p_value < SIGNIFICANT else ", but not significantly so"
    return (
        f"The compact encoder errs {side} than the best of the others by validation{sure}: "
        f"{difference_text(found[0])}.{_claim(study)}"
    )


def _claim(study: EncoderStudy) -> str:
    return " Provisional: it claims nothing." if any(a.provisional for a in study.arms) else ""


def difference_text(found: Comparison) -> str:
    """A difference with its error, over galaxies and seeds, and its probability."""
    names = f"{LABELS[found.first]} less {LABELS[found.second]}"
    if not found.p_value >= 0:
        return f"{names} {found.difference:+.4f}, its error unknown"
    chance = "p < 0.0001" if found.p_value < 1e-4 else f"p = {found.p_value:.2g}"
    return f"{names} {found.difference:+.4f} ± {found.error:.4f} ({chance})"
