"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["written_whole"]


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Another name in the same folder, which takes the place of `path` once it is written.

    The name is hidden, keeps the suffix of `path`, by which some writers choose their format, and
    holds the number of the process. Whatever goes wrong inside, nothing stays behind and `path`
    is what it was.
    """
    partial = path.with_name(f".{os.getpid()}.partial.{path.name}")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
