"""Derived tables in the user's cache: a file each, written whole, named by what it was made of."""

from __future__ import annotations

import sys
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from picassso.core import InputError, MissingExtraError, written_whole

__all__ = ["CachedTable"]

Table = TypeVar("Table")


@dataclass(frozen=True, slots=True)
class CachedTable(Generic[Table]):
    """How one derived table is named, built, packed into arrays and unpacked.

    Parameters
    ----------
    title : str
        For messages, such as ``"light table of sdss"``.
    stem : str
        Start of the file's name, which holds the fingerprint of the recipe.
    megabytes : int
        About how large the file is, for messages.
    fingerprint : callable
        Short hash of the installed inputs; raises MissingExtraError where they are not installed.
    build : callable
        Makes the table.
    pack : callable
        Its arrays by name.
    unpack : callable
        The table from stored arrays.
    """

    title: str
    stem: str
    megabytes: int
    fingerprint: Callable[[], str]
    build: Callable[[], Table]
    pack: Callable[[Table], dict[str, Any]]
    unpack: Callable[[Mapping[str, NDArray]], Table]

    def load(self, folder: Path) -> Table:
        """The table of a cache folder, built into it where it is not there.

        Without the inputs installed, the last table that this recipe made of them is taken.

        Raises
        ------
        MissingExtraError
            If there is no table in the folder and its inputs are not installed.
        InputError
            If the folder cannot be written to, or an input cannot be read.
        """
        try:
            path = folder / f"{self.stem}_{self.fingerprint()}.npz"
        except MissingExtraError:
            table = self._newest(folder)
            if table is None:
                raise
            return table
        return self._read(path) or self._build(path)

    def _newest(self, folder: Path) -> Table | None:
        """The last table that was made by this recipe while its inputs were installed."""
        paths = sorted(
            folder.glob(f"{self.stem}_*.npz"), key=lambda p: p.stat().st_mtime, reverse=True
        )
        return next((table for p in paths if (table := self._read(p)) is not None), None)

    def _read(self, path: Path) -> Table | None:
        """A stored table, or None where there is none that can be read whole."""
        try:
            with np.load(path, allow_pickle=False) as stored:
                return self.unpack(stored)
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile, zlib.error):
            return None

    def _build(self, path: Path) -> Table:
        """Build a table and put it at `path`, whole or not at all."""
        print(f"picassso: making the {self.title}, once ({path})", file=sys.stderr, flush=True)
        table = self.build()
        try:
            with written_whole(path) as partial:
                np.savez_compressed(partial, **self.pack(table))
        except OSError as error:
            raise InputError(
                f"{self.title} {path}: cannot be written ({error.strerror}); expected about "
                f"{self.megabytes} MB of space in a folder that you may write to; set "
                "PICASSSO_CACHE to one"
            ) from None
        return table
