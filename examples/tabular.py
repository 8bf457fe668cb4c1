"""Small tables as files: CSV for programs, Markdown for people."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from picassso.core import written_whole

__all__ = ["markdown", "write_csv", "write_text"]


def markdown(rows: Sequence[Mapping[str, str]]) -> str:
    """Rows as a Markdown table; the first row's keys are the headings."""
    if not rows:
        return "(none)\n"
    head = list(rows[0])
    lines = [_line(head), "|" + "---|" * len(head), *(_line([r[h] for h in head]) for r in rows)]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def write_csv(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    """Write rows as CSV, whole or not at all."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return write_text(path, out.getvalue())


def write_text(path: Path, text: str) -> Path:
    """Write a text file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as partial:
        partial.write_text(text, encoding="utf-8")
    return path
