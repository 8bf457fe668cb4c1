"""Two ways to judge a prediction: as on real data, and as Buck & Wolf (2021) did."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.analysis.residuals import Prediction

__all__ = ["Protocol", "apply_protocol"]


class Protocol(StrEnum):
    """How a prediction is prepared before any number is made of it."""

    HONEST = "honest"
    """As predicted: never masked by the truth; the mean adds up, the median is for one value."""

    PAPER = "paper"
    """As Buck & Wolf (2021): pixels whose truth lies below its floor count as zero in prediction
    and truth alike, and the median map, 10^mean(log), is what is summed. (Their empty pixels were
    empty; those of a map smoothed adaptively hold a little.)"""


def apply_protocol(
    protocol: Protocol, true: NDArray[np.floating], predicted: Prediction, *, floor: ArrayLike
) -> tuple[NDArray[np.floating], Prediction]:
    """True and predicted maps as a protocol has them; every figure of merit starts from these.

    Parameters
    ----------
    protocol : Protocol
        Which one.
    true : (..., H, W) array
        True surface densities; NaN where not known.
    predicted : Prediction
        Arrays of the same shape.
    floor : float or array
        Of the property; for a cube of several, shaped to broadcast, such as (P, 1, 1).

    Returns
    -------
    true, predicted
        The same objects under `Protocol.HONEST`. Under `Protocol.PAPER` the mean is the median, and
        all are zero where the truth is below the floor; an unknown truth stays unknown, and its
        prediction is zero.
    """
    if protocol is Protocol.HONEST:
        return true, predicted
    floors = np.asarray(floor, dtype=true.dtype)
    seen = true >= floors
    low, median, high = (
        np.where(seen, q, 0.0) for q in (predicted.p16, predicted.p50, predicted.p84)
    )
    return np.where(true < floors, 0.0, true), Prediction(median, low, median, high)
