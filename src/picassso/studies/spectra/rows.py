"""Which rows of a store are fair to judge by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.archive import DatasetStore
from picassso.core import InputError

__all__ = ["rows_of", "spread_over"]


def rows_of(
    store: DatasetStore,
    split: str,
    *,
    limit: int | None,
    seed: int,
    learnt_from: Mapping[str, Any],
) -> NDArray[np.int64]:
    """Rows of a split, at most `limit` of them, evenly spread.

    Parameters
    ----------
    learnt_from : mapping
        Manifest of the weights that are to be judged.

    Raises
    ------
    InputError
        If a number makes no sense, the store has no spectra or an empty split, or its galaxies are
        those learnt from under another split.
    """
    for name, number, least in (("limit", limit, 1), ("seed", seed, 0)):
        if number is not None and number < least:
            raise InputError(f"{name} is {number}, expected at least {least}")
    if not store.has_spectra:
        raise InputError(
            f"{store.path}: has no spectra to judge by; make one with `picassso mock --spectra`"
        )
    known = store.config.get("seed") if "synthetic" in store.config else None
    itself = store.fingerprint in learnt_from.get("data_fingerprint", "").split("+")
    if known is not None and known in learnt_from.get("synthetic_seeds", ()) and not itself:
        raise InputError(
            f"{store.path}: its synthetic galaxies have seed {known}, like those that the weights "
            "were trained on, in another split; make the store with another --seed"
        )
    rows = store.indices(split)
    if not len(rows):
        raise InputError(f"{store.path}: the {split} split is empty; make more galaxies")
    return spread_over(rows, limit)


def spread_over(rows: NDArray[np.int64], number: int | None) -> NDArray[np.int64]:
    """At most so many rows, evenly spread; None: all."""
    if number is None or number >= len(rows):
        return rows
    return rows[np.linspace(0, len(rows) - 1, number).round().astype(int)]
