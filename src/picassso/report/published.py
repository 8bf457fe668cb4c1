"""What others have published, to stand beside what is measured here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "BUCK_WOLF_2021",
    "BUCK_WOLF_2021_STUDIES",
    "STUDY_CAVEATS",
    "Published",
    "PublishedArm",
    "PublishedScore",
]


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


_Study = Literal["bands", "resolution", "samples"]


@dataclass(frozen=True, slots=True)
class PublishedArm:
    """One network of a published comparison of networks.

    Parameters
    ----------
    study : {"bands", "resolution", "samples"}
        Which comparison.
    arm : str
        As such an arm is called here.
    scores : mapping of str to PublishedScore
        By property.
    """

    study: _Study
    arm: str
    scores: Mapping[str, PublishedScore]


STUDY_CAVEATS = (
    *BUCK_WOLF_2021.caveats,
    "At 128 pixels and below, they averaged logarithms, those of empty pixels among them: hence "
    "gas biases of more than 1 dex.",
    'Their "age" is an unnormalised sum over particles.',
)
"""What to know before comparing studies with theirs."""


def _arm(study: _Study, arm: str, *scores: tuple[float, float]) -> PublishedArm:
    """Scores of stellar mass, metals and age, then of gas mass, metals and star formation."""
    found = {p: PublishedScore(*s) for p, s in zip(_IN_ORDER, scores, strict=True)}
    return PublishedArm(study, arm, found)


_IN_ORDER = (
    "stellar_mass",
    "stellar_metal_mass",
    "stellar_age_mass",
    "gas_mass",
    "gas_metal_mass",
    "star_formation_rate",
)
_FIDUCIAL = BUCK_WOLF_2021.scores

# fmt: off
BUCK_WOLF_2021_STUDIES: tuple[PublishedArm, ...] = (
    PublishedArm("bands", "ugriz", _FIDUCIAL),
    _arm("bands", "ugri", (0.031, 0.163), (0.127, 0.219), (0.089, 0.165),
         (0.046, 0.150), (0.097, 0.227), (0.070, 0.271)),
    _arm("bands", "gr", (0.069, 0.111), (0.135, 0.183), (0.063, 0.115),
         (0.058, 0.132), (0.101, 0.187), (0.121, 0.247)),
    _arm("bands", "r", (0.081, 0.152), (0.158, 0.220), (0.063, 0.125),
         (0.050, 0.154), (0.108, 0.212), (0.114, 0.245)),
    PublishedArm("resolution", "256 px", _FIDUCIAL),
    _arm("resolution", "128 px", (0.194, 0.196), (0.146, 0.174), (-0.118, 0.162),
         (1.243, 0.743), (0.926, 0.554), (0.244, 0.141)),
    _arm("resolution", "64 px", (0.131, 0.204), (0.100, 0.203), (-0.090, 0.166),
         (1.039, 0.783), (0.777, 0.591), (0.235, 0.146)),
    _arm("resolution", "16 px", (0.126, 0.363), (0.138, 0.362), (-0.045, 0.284),
         (0.771, 0.856), (0.578, 0.630), (0.102, 0.093)),
    _arm("samples", "1,500", (0.098, 0.087), (0.153, 0.132), (0.033, 0.085),
         (0.069, 0.104), (0.110, 0.171), (0.102, 0.213)),
    _arm("samples", "2,500", (0.100, 0.096), (0.159, 0.152), (0.033, 0.093),
         (0.066, 0.114), (0.102, 0.181), (0.093, 0.232)),
    _arm("samples", "5,000", (0.080, 0.085), (0.113, 0.130), (0.018, 0.085),
         (0.082, 0.121), (0.113, 0.190), (0.087, 0.230)),
    _arm("samples", "10,000", (0.089, 0.103), (0.132, 0.151), (0.007, 0.089),
         (0.080, 0.112), (0.123, 0.182), (0.115, 0.221)),
    PublishedArm("samples", "17,637", _FIDUCIAL),
)
"""Every network of their figures 7 to 9, study by study; the one of all bands in each."""
# fmt: on
