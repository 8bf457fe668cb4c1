"""Two ways to judge a prediction: as on real data, and as Buck & Wolf (2021) did."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.analysis.metrics import Prediction

__all__ = ["Protocol", "aperture_prediction", "apply_protocol"]


class Protocol(StrEnum):
    """How a prediction is prepared before any number is made of it."""

    HONEST = "honest"
    """As predicted: never masked by the truth; the mean adds up, the median is for one value."""

    PAPER = "paper"
    """As Buck & Wolf (2021): the prediction counts as zero where the true map lies below its
    floor, and its median map, 10^mean(log), is what is summed."""


def apply_protocol(
    protocol: Protocol, true: NDArray[np.floating], predicted: Prediction, *, floor: ArrayLike
) -> Prediction:
    """Predicted maps as a protocol has them; every figure of merit starts from these.

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
    Prediction
        The same object under `Protocol.HONEST`. Under `Protocol.PAPER` the mean is the median, and
        all are zero where the truth is below the floor or not known.
    """
    if protocol is Protocol.HONEST:
        return predicted
    seen = true >= np.asarray(floor)
    low, median, high = (
        np.where(seen, q, 0.0) for q in (predicted.p16, predicted.p50, predicted.p84)
    )
    return Prediction(median, low, median, high)


def aperture_prediction(
    protocol: Protocol,
    true: NDArray[np.floating],
    predicted: Prediction,
    region: NDArray[np.bool_],
    *,
    floor: ArrayLike,
    pixel_area: float,
    calibrated: Prediction,
) -> Prediction:
    """Predicted totals over a region as a protocol has them.

    Parameters
    ----------
    protocol : Protocol
        Which one.
    true : (..., H, W) array
        True surface densities; NaN where not known.
    predicted : Prediction
        Maps of the same shape.
    region : (H, W) bool array
        True where to sum; of two half-mass radii in the paper.
    floor : float or array
        As in `apply_protocol`.
    pixel_area : float
        kpc^2.
    calibrated : Prediction
        Totals over the region with the intervals that the painting gives them, (...) each.

    Returns
    -------
    Prediction
        `calibrated` under `Protocol.HONEST`. Under `Protocol.PAPER`, which knows no intervals, the
        sum of the masked median map, as mean and as every quantile.
    """
    if protocol is Protocol.HONEST:
        return calibrated
    masked = apply_protocol(protocol, true, predicted, floor=floor)
    total = masked.mean[..., region].sum(axis=-1, dtype=np.float64) * pixel_area
    return Prediction(total, total, total, total)
