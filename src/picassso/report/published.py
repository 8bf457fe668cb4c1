"""What others have published, to stand beside what is measured here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["BUCK_WOLF_2021", "Published", "PublishedScore"]


@dataclass(frozen=True, slots=True)
class PublishedScore:
    """Residuals log10(true) - log10(predicted) of totals of one property.

    Parameters
    ----------
    mean_bias, sigma : float
        Their mean and standard deviation [dex].
    """

    mean_bias: float
    sigma: float


@dataclass(frozen=True, slots=True)
class Published:
    """Scores from one source.

    Parameters
    ----------
    source : str
        Where they stand.
    caveats : tuple of str
        Whole sentences: what to know before comparing with them.
    scores : mapping of str to PublishedScore
        By property.
    """

    source: str
    caveats: tuple[str, ...]
    scores: Mapping[str, PublishedScore]


BUCK_WOLF_2021 = Published(
    source=(
        "Buck & Wolf (2021, arXiv:2111.01154), ugriz images of 256 x 256 pixels; numbers of the "
        "authors' notebooks"
    ),
    caveats=(
        "Their predictions were masked by the truth: a predicted pixel counted only where the "
        "true map was not empty, which cannot be done on a real galaxy.",
        "They trained one network, with one seed, so that their numbers have no error; between "
        "their own runs sigma of stellar mass changes without order (0.163 for ugri, 0.111 for "
        "gr).",
        "Their galaxies are those of the Illustris simulation, split so that views of one galaxy "
        "probably lie on both sides.",
        "Neutral hydrogen is in a notebook, not in the paper.",
    ),
    scores={
        "stellar_mass": PublishedScore(0.103, 0.090),
        "stellar_metal_mass": PublishedScore(0.158, 0.143),
        "stellar_age_mass": PublishedScore(0.028, 0.086),
        "star_formation_rate": PublishedScore(0.082, 0.220),
        "gas_mass": PublishedScore(0.069, 0.128),
        "gas_metal_mass": PublishedScore(0.100, 0.195),
        "hi_mass": PublishedScore(0.185, 1.274),
    },
)
"""Sums inside the ellipse of two half-mass radii."""
