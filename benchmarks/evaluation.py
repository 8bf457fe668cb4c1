"""What an evaluation costs beside painting the same images: time, what dominates, memory.

    python benchmarks/evaluation.py paper.zarr --views 1000

Both paint the same views of the store with the shipped weights, in turns; the times are of all,
reading, noise, statistics and their bootstraps included. The training split is used where it is
larger: no score is looked at. Memory is the largest resident set of a process of its own, at a
quarter of the views and at all of them.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from picassso.archive import DatasetStore
from picassso.painting import load_weights, paint
from picassso.studies.evaluation import evaluate, run
from picassso.studies.evaluation.painters import NetworkPainter

SPENT: dict[str, float] = defaultdict(float)


def paint_all(store: DatasetStore, rows: np.ndarray) -> float:
    """Seconds of painting views, reading and noise included."""
    weights = load_weights(None)
    start = time.perf_counter()
    for row in rows.tolist():
        paint(store.observed(row, np.random.default_rng([0, row])), weights=weights)
    return time.perf_counter() - start


def evaluate_all(store: DatasetStore, split: str, views: int) -> float:
    """Seconds of evaluating as many views."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        evaluate(None, store, output=folder, split=split, limit=views, examples=0, progress=False)
    return time.perf_counter() - start


def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, its time added up under a name; of a thread of its own while others run."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            SPENT[name] += time.perf_counter() - start

    return wrapped


def watch() -> None:
    """Put clocks around the parts of an evaluation."""
    NetworkPainter.paint = timed("painting (first thread)", NetworkPainter.paint)
    DatasetStore.image = timed("reading images (first thread)", DatasetStore.image)
    DatasetStore.truth = timed("reading truths (first thread)", DatasetStore.truth)
    run.measure_view = timed("radius, sizes, structure (second thread)", run.measure_view)
    run.PixelCounts.add = timed("pixels (second thread)", run.PixelCounts.add)
    for name in ("scores", "detections", "views"):
        setattr(run.Summary, name, timed("statistics at the end", getattr(run.Summary, name)))


def memory_of(store: Path, split: str, views: int) -> float:
    """Largest resident set of an evaluation in a process of its own [MB]."""
    command = [sys.executable, __file__, str(store), "--only-memory", split, "--views", str(views)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    """Print times, their ratio, shares and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("--views", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--only-memory", metavar="SPLIT", help=argparse.SUPPRESS)
    given = parser.parse_args()
    store = DatasetStore.open(given.store)
    if given.only_memory:
        evaluate_all(store, given.only_memory, given.views)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3)
        return
    split = max(("test", "train"), key=lambda s: len(store.indices(s)))
    rows = store.indices(split)
    views = min(given.views, len(rows))
    rows = rows[np.linspace(0, len(rows) - 1, views).round().astype(int)]
    watch()
    paint_all(store, rows[:10])
    SPENT.clear()
    painting, evaluating = [], []
    for _ in range(given.repeats):
        painting.append(paint_all(store, rows))
        SPENT.clear()
        evaluating.append(evaluate_all(store, split, views))
    ratio = statistics.median(e / p for e, p in zip(evaluating, painting, strict=True))
    height, width = store.shape
    print(f"{views} views of {height} x {width} ({split} split of {given.store.name})")
    print(f"painting    {statistics.median(painting):8.1f} s")
    print(f"evaluating  {statistics.median(evaluating):8.1f} s, {ratio:.2f} times painting")
    for name, seconds in sorted(SPENT.items(), key=lambda item: -item[1]):
        print(f"  {name:42s} {seconds:8.1f} s")
    for number in (views // 4, views):
        print(f"memory at {number} views: {memory_of(given.store, split, number):.0f} MB")


if __name__ == "__main__":
    main()
