"""What the training split has seen: conditions, noise and brightness."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.archive import DatasetStore

__all__ = ["training_range"]

_BRIGHTNESS_SAMPLE = 1000
"""Images whose brightest pixels are looked up, which takes some seconds."""


def training_range(
    stores: Sequence[DatasetStore],
    *,
    bands: Sequence[str],
    noise_range: tuple[float, float],
    conditions: Mapping[str, Callable[[Mapping[str, NDArray[Any]]], NDArray[Any]]],
) -> dict[str, list[float]]:
    """Extremes in the training split of the conditions, and by band of noise and brightness.

    Parameters
    ----------
    stores : sequence of DatasetStore
        Whose training splits are looked at.
    bands : sequence of str
        Of the network.
    noise_range : pair of float
        Factors on the noise of the views, where they have none of their own.
    conditions : mapping of str to callable
        Each makes its numbers of the rows of a table.

    Returns
    -------
    dict of str to [float, float]
        Under the names of the conditions, ``noise_<band>`` and ``brightest_<band>``
        [nanomaggy arcsec^-2].
    """
    seen: dict[str, list[np.ndarray]] = defaultdict(list)
    total = sum(len(store.indices("train")) for store in stores)
    for store in stores:
        rows = store.indices("train")
        if not len(rows):
            continue
        table = {name: column[rows] for name, column in store.table.items()}
        for name, of in conditions.items():
            seen[name].append(of(table).ravel())
        # A real sky is seen with its own noise alone.
        factors = (1.0, 1.0) if store.real_sky else noise_range
        some = rows[:: max(1, total // _BRIGHTNESS_SAMPLE)]
        brightest = np.array([store.flux_of(int(row)).max(axis=(1, 2)) for row in some])
        for band in bands:
            channel = store.bands.index(band)
            seen[f"noise_{band}"] += [factor * table["noise"][:, channel] for factor in factors]
            seen[f"brightest_{band}"].append(brightest[:, channel])
    return {
        k: [float(min(v.min() for v in values)), float(max(v.max() for v in values))]
        for k, values in seen.items()
    }
