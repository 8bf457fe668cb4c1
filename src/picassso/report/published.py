"""What Buck & Wolf (2021) published: the numbers that ours are set beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["CAVEATS", "FIDUCIAL", "PUBLISHED", "SOURCE", "PublishedRun", "PublishedScore"]

SOURCE = (
    "Buck & Wolf (2021), Predicting resolved galaxy properties from photometric images using "
    "convolutional neural networks; numbers of its figures 5 and 7 to 9 and of appendix A, read "
    "from the authors' notebooks"
)
"""Where the numbers come from."""

CAVEATS = (
    "Predictions were masked by the truth: pixels without stars (or gas) counted as empty in both.",
    "Galaxies are those of Illustris, 17,637 training images of 256 x 256 pixels; ours are not.",
    "Views of one galaxy are likely on both sides of the split.",
    "One network a run: there is no scatter over seeds to compare a difference with.",
    'Their "age" is an unnormalised sum over particles.',
    "At 128 pixels and below, logarithms of empty pixels were averaged: hence the gas biases.",
    "mu and sigma are the mean and the standard deviation of log10(true / predicted), where the "
    "prediction is 10 to the power of a predicted logarithm: neither mean nor median in "
    "particular.",
)
"""Why they are not to be compared to the last digit."""


@dataclass(frozen=True, slots=True)
class PublishedScore:
    """Mean and standard deviation of log10(true / predicted) of totals [dex]."""

    mu: float
    sigma: float


@dataclass(frozen=True, slots=True)
class PublishedRun:
    """One network of the paper.

    Parameters
    ----------
    study : {"bands", "resolution", "samples"}
        Which comparison it belongs to; the fiducial network belongs to all of them.
    arm : str
        As the arm of the study is called here.
    totals : mapping of str to PublishedScore
        Of sums inside two half-mass radii, by property.
    """

    study: Literal["bands", "resolution", "samples"]
    arm: str
    totals: Mapping[str, PublishedScore]


_PROPERTIES = (
    "stellar_mass",
    "stellar_metal_mass",
    "stellar_age_mass",
    "gas_mass",
    "gas_metal_mass",
    "star_formation_rate",
)


def _run(
    study: Literal["bands", "resolution", "samples"], arm: str, *scores: tuple[float, float]
) -> PublishedRun:
    named = zip(_PROPERTIES, scores, strict=True)
    return PublishedRun(study, arm, {p: PublishedScore(mu, sigma) for p, (mu, sigma) in named})


_FIDUCIAL = (
    (0.103, 0.090),
    (0.158, 0.143),
    (0.028, 0.086),
    (0.069, 0.128),
    (0.100, 0.195),
    (0.082, 0.220),
)
# From a notebook; the paper shows no total of neutral hydrogen.
_HYDROGEN = PublishedScore(0.185, 1.274)

FIDUCIAL = PublishedRun(
    "bands", "ugriz", {**_run("bands", "ugriz", *_FIDUCIAL).totals, "hi_mass": _HYDROGEN}
)
"""All bands, 256 pixels, all training images."""

# Stars: mass, metals, age; gas: mass, metals, star formation.
# fmt: off
PUBLISHED: tuple[PublishedRun, ...] = (
    FIDUCIAL,
    _run("bands", "ugri", (0.031, 0.163), (0.127, 0.219), (0.089, 0.165),
         (0.046, 0.150), (0.097, 0.227), (0.070, 0.271)),
    _run("bands", "gr", (0.069, 0.111), (0.135, 0.183), (0.063, 0.115),
         (0.058, 0.132), (0.101, 0.187), (0.121, 0.247)),
    _run("bands", "r", (0.081, 0.152), (0.158, 0.220), (0.063, 0.125),
         (0.050, 0.154), (0.108, 0.212), (0.114, 0.245)),
    _run("resolution", "256 px", *_FIDUCIAL),
    _run("resolution", "128 px", (0.194, 0.196), (0.146, 0.174), (-0.118, 0.162),
         (1.243, 0.743), (0.926, 0.554), (0.244, 0.141)),
    _run("resolution", "64 px", (0.131, 0.204), (0.100, 0.203), (-0.090, 0.166),
         (1.039, 0.783), (0.777, 0.591), (0.235, 0.146)),
    _run("resolution", "16 px", (0.126, 0.363), (0.138, 0.362), (-0.045, 0.284),
         (0.771, 0.856), (0.578, 0.630), (0.102, 0.093)),
    _run("samples", "1,500", (0.098, 0.087), (0.153, 0.132), (0.033, 0.085),
         (0.069, 0.104), (0.110, 0.171), (0.102, 0.213)),
    _run("samples", "2,500", (0.100, 0.096), (0.159, 0.152), (0.033, 0.093),
         (0.066, 0.114), (0.102, 0.181), (0.093, 0.232)),
    _run("samples", "5,000", (0.080, 0.085), (0.113, 0.130), (0.018, 0.085),
         (0.082, 0.121), (0.113, 0.190), (0.087, 0.230)),
    _run("samples", "10,000", (0.089, 0.103), (0.132, 0.151), (0.007, 0.089),
         (0.080, 0.112), (0.123, 0.182), (0.115, 0.221)),
    _run("samples", "17,637", *_FIDUCIAL),
)
"""Every network of the paper, study by study; the fiducial one in each."""
# fmt: on
