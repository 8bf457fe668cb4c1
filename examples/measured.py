"""What `picassso evaluate` and `picassso study` left in their folders, read back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from picassso.core import InputError

__all__ = ["Evaluated", "Line", "Studied", "read_csv", "read_json"]

Line = dict[str, str]


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What `picassso evaluate` left in a folder.

    `table` are the rows of ``table.csv``; `scores` those of ``scores.csv``, if it is there.
    """

    name: str
    folder: Path
    about: Mapping[str, object]
    table: list[Line]
    scores: list[Line]

    @classmethod
    def read(cls, name: str, folder: Path) -> Evaluated:
        """Read a folder; InputError if it holds no evaluation."""
        scores = folder / "scores.csv"
        return cls(
            name=name,
            folder=folder,
            about=read_json(folder / "evaluation.json"),
            table=read_csv(folder / "table.csv"),
            scores=read_csv(scores) if scores.exists() else [],
        )

    def chosen(self, **where: str) -> list[Line]:
        """Rows of the scores that have these entries."""
        return [s for s in self.scores if all(s[k] == v for k, v in where.items())]


@dataclass(frozen=True, slots=True)
class Studied:
    """What `picassso study` left in a folder: the lines of ``KIND.csv``, and ``KIND.json``."""

    kind: str
    folder: Path
    about: Mapping[str, object]
    table: list[Line]

    @classmethod
    def read(cls, kind: str, folder: Path) -> Studied | None:
        """Read a study; None if it was not run."""
        path = folder / f"{kind}.csv"
        if not path.exists():
            return None
        return cls(kind, folder, read_json(folder / f"{kind}.json"), read_csv(path))

    @property
    def arms(self) -> list[Line]:
        """One line an arm."""
        return list({line["arm"]: line for line in self.table}.values())


def read_json(path: Path) -> Mapping[str, object]:
    """What a JSON file holds; InputError if it cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); run the command again") from None
    return dict(found)


def read_csv(path: Path) -> list[Line]:
    """Lines of a CSV file; InputError if it cannot be read."""
    try:
        return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); run the command again") from None
