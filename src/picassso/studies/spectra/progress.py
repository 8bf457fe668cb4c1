"""Say on standard error what takes a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["status"]


@contextmanager
def status(words: str, progress: bool) -> Iterator[None]:
    """Show words while something is done, if `progress` is wanted."""
    from rich.console import Console

    if not progress:
        yield
        return
    with Console(stderr=True).status(words):
        yield
