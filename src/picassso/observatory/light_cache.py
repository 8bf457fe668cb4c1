"""The light table in the user's cache: one file, written whole, named by what it was made of."""

from __future__ import annotations

import sys
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path

import numpy as np

from picassso.core import InputError, MissingExtraError, Survey, written_whole
from picassso.core.cache import cache_dir
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
    stem = f"light_{survey.name}_{recipe_fingerprint(survey)}"
    try:
        path = folder / f"{stem}_{inputs_fingerprint(survey)}.npz"
    except MissingExtraError:
        table = _newest(folder, stem, survey)
        if table is None:
            raise
    else:
        table = _read(path, survey) or _build(path, survey)
    return table


def _newest(folder: Path, stem: str, survey: Survey) -> LightTable | None:
    """The last table that was made by this recipe while the grids were installed."""
    paths = sorted(folder.glob(f"{stem}_*.npz"), key=lambda p: p.stat().st_mtime, reverse=True)
    return next((table for p in paths if (table := _read(p, survey)) is not None), None)


def _read(path: Path, survey: Survey) -> LightTable | None:
    """A stored table, or None where there is none that can be read whole."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            return LightTable(
                survey=survey.name,
                bands=survey.bands,
                curves=tuple(FilterCurve(*stored[f"curve_{band}"]) for band in survey.bands),
                **{name: stored[name] for name in _ARRAYS},
            )
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile, zlib.error):
        return None


def _build(path: Path, survey: Survey) -> LightTable:
    """Build a table and put it at `path`, whole or not at all."""
    print(
        f"picassso: making the light table of {survey.name}, once ({path})",
        file=sys.stderr,
        flush=True,
    )
    table = build_light_table(survey)
    arrays = {name: getattr(table, name) for name in _ARRAYS}
    for band, curve in zip(survey.bands, table.curves, strict=True):
        arrays[f"curve_{band}"] = np.stack([curve.wavelength, curve.response])
    try:
        with written_whole(path) as partial:
            np.savez_compressed(partial, **arrays)
    except OSError as error:
        raise InputError(
            f"light table {path}: cannot be written ({error.strerror}); expected about 2 MB of "
            "space in a folder that you may write to; set PICASSSO_CACHE to one"
        ) from None
    return table
