"""The pixels of one map that statistics rest on, selected once for all of these."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.metrics import Counts, Prediction, log_residual, select
from picassso.core import PROPERTIES

__all__ = ["SelectedPixels", "select_pixels"]


@dataclass(frozen=True, slots=True)
class SelectedPixels:
    """The pixels of one property in one image, those that are there apart from the faint.

    Parameters
    ----------
    property : str
        Name of the additive property.
    where : bool array
        Of the image's shape: which pixels reach the floor in truth, n of them.
    true : (n,) array
        Their true surface densities.
    predicted : Prediction
        (n,) each, not masked by the truth.
    residual : (n,) array
        Their log10(true / predicted median).
    faint_median : (m,) array
        Predicted median of those whose truth is known to lie below the floor.
    faint_within : (m,) bool array
        Whether their truth lies at or below the predicted 84th percentile.
    counts : Counts
        How many there are of each kind.
    """

    property: str
    where: NDArray[np.bool_]
    true: NDArray[np.floating]
    predicted: Prediction
    residual: NDArray[np.floating]
    faint_median: NDArray[np.floating]
    faint_within: NDArray[np.bool_]
    counts: Counts


def select_pixels(
    true: NDArray[np.floating], predicted: Prediction, *, property: str
) -> SelectedPixels:
    """Take the pixels out of an image that every accumulator of its property wants.

    Parameters
    ----------
    true : array
        True surface density; NaN where not known.
    predicted : Prediction
        Arrays of the same shape, as predicted: the accumulators apply the protocols themselves.
    property : str
        Name of the additive property; its floor applies.

    Raises
    ------
    InputError
        If a prediction whose truth is known is not finite.
    """
    floor = PROPERTIES[property].floor
    used, counts = select(true, predicted, floor=floor, name=property)
    # Where all is there, as often, nothing need be copied.
    flat = np.ravel if counts.used == used.size else lambda m: m[used]
    there, median = flat(true), flat(predicted.p50)
    faint = true < floor
    return SelectedPixels(
        property=property,
        where=used,
        true=there,
        predicted=Prediction(
            flat(predicted.mean), flat(predicted.p16), median, flat(predicted.p84)
        ),
        residual=log_residual(there, median, floor=floor),
        faint_median=predicted.p50[faint],
        faint_within=(true <= predicted.p84)[faint],
        counts=counts,
    )
