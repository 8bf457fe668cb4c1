"""The light table in the user's cache: one file, written whole, named by what it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from picassso.core import Survey
from picassso.core.cache import cache_dir
from picassso.observatory.cached_table import CachedTable
from picassso.observatory.light_build import (
    build_light_table,
    inputs_fingerprint,
    recipe_fingerprint,
)
from picassso.observatory.light_table import LightTable
from picassso.observatory.photometry import FilterCurve

__all__ = ["load_light_table"]

_ARRAYS = ("redshift", "metallicity", "age", "continuum", "line_wavelength", "lines")


def load_light_table(survey: Survey) -> LightTable:
    """Light table of a survey: from the user's cache, built into it on first use.

    With the table in the cache neither bagpipes nor speclite is needed. Several processes may
    build at once: each writes a file of its own, and the last to finish names it.

    Raises
    ------
    MissingExtraError
        If there is no table in the cache and bagpipes or speclite is not installed.
    InputError
        If the cache cannot be written, or a grid cannot be read.
    """
    return _load(survey, cache_dir())


@lru_cache(maxsize=8)
def _load(survey: Survey, folder: Path) -> LightTable:
    """Table of one cache folder; kept, for callers ask once a galaxy."""

    def unpack(stored: Mapping[str, NDArray]) -> LightTable:
        return LightTable(
            survey=survey.name,
            bands=survey.bands,
            curves=tuple(FilterCurve(*stored[f"curve_{band}"]) for band in survey.bands),
            **{name: stored[name] for name in _ARRAYS},
        )

    return CachedTable(
        title=f"light table of {survey.name}",
        stem=f"light_{survey.name}_{recipe_fingerprint(survey)}",
        megabytes=2,
        fingerprint=lambda: inputs_fingerprint(survey),
        build=lambda: build_light_table(survey),
        pack=_arrays,
        unpack=unpack,
    ).load(folder)


def _arrays(table: LightTable) -> dict[str, NDArray]:
    """Its arrays by name, filter curves included."""
    curves = {
        f"curve_{band}": np.stack([curve.wavelength, curve.response])
        for band, curve in zip(table.bands, table.curves, strict=True)
    }
    return {name: getattr(table, name) for name in _ARRAYS} | curves
