"""Batches made one step ahead of their use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["one_ahead"]

Made = TypeVar("Made")


def one_ahead(make: Callable[[int], Made], start: int, stop: int) -> Iterator[Made]:
    """What `make` makes of each step from `start` to `stop`, the next one in another thread."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        ahead = pool.submit(make, start) if start < stop else None
        for step in range(start, stop):
            assert ahead is not None
            ready = ahead.result()
            ahead = pool.submit(make, step + 1) if step + 1 < stop else None
            yield ready
