"""Files that appear whole or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["written_whole"]


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Another name in the same folder, which takes the place of `path` once it is written.

    The name is hidden, keeps the suffix of `path`, by which some writers choose their format, and
    holds a random number, since processes of several machines may share the folder. Whatever goes
    wrong inside, nothing stays behind and `path` is what it was.
    """
    partial = path.with_name(f".{secrets.token_hex(4)}.partial.{path.name}")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
