"""Which galaxies of an unfinished store are done: a small file each, for any process to see."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from picassso.core import write_text

__all__ = ["Progress"]


class Progress:
    """Marks of the galaxies that are finished or have failed, with their rows of the table.

    Parameters
    ----------
    store : Path
        Folder of the store.
    """

    def __init__(self, store: Path) -> None:
        self.folder = store / "progress"

    def begin(self) -> None:
        """Make the folder of the marks."""
        self.folder.mkdir()

    def mark(self, galaxy: int, rows: Sequence[Mapping[str, Any]]) -> None:
        """Say that a galaxy is done."""
        write_text(self._mark(galaxy), json.dumps(list(rows)))

    def done(self) -> set[int]:
        """Numbers of the galaxies that are marked."""
        # Numbers alone: what a killed process was writing lies beside them under a hidden name.
        return {int(p.stem) for p in self.folder.glob("[0-9]*.json")}

    def rows(self, galaxy: int) -> list[dict[str, Any]]:
        """What was said of a galaxy."""
        return json.loads(self._mark(galaxy).read_text())

    def forget_failures(self) -> None:
        """Take back the marks of galaxies that could not be made."""
        for galaxy in self.done():
            if any(row.get("failure") for row in self.rows(galaxy)):
                self._mark(galaxy).unlink()

    def end(self) -> None:
        """Remove all marks: the store has its table now."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _mark(self, galaxy: int) -> Path:
        return self.folder / f"{galaxy:08d}.json"
