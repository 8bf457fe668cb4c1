"""Time a whole mock galaxy, one neighbour search and four cameras, and say what dominates.

Run ``python benchmarks/mock_galaxy.py``. Medians; shares are of wall-clock time.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from projection import disc_and_bulge

from picassso.core import SDSS, Gas, Particles, Stars
from picassso.observatory import (
    LightTable,
    PaperFraming,
    SurveyFraming,
    observe,
    scene,
    smoothing_lengths,
)

STEPS = {
    "neighbour search": (
        import_module("picassso.observatory.observation"),
        "smoothing_lengths",
    ),
    "light": (LightTable, "luminosities"),
    "dust column": (scene, "dust_column_in_front"),
    "dust transmission": (scene, "screen_transmission"),
    "projection": (scene, "project"),
    "PSF": (scene, "convolve_gaussian"),
}


def toy_galaxy(n_stars: int, n_gas: int) -> Particles:
    """Stars and gas in a disc and bulge, for timing alone."""
    rng = np.random.default_rng(2)

    def columns(n: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        position = disc_and_bulge(n, seed=n)
        return position, np.cross([0.0, 0.0, 30.0], position).astype(np.float32)

    def uniform(low: float, high: float, n: int) -> NDArray[np.float32]:
        return rng.uniform(low, high, n).astype(np.float32)

    mass = uniform(0.5e6, 1.5e6, n_stars)
    stars = Stars(
        *columns(n_stars), mass, mass / np.float32(0.6),
        uniform(0.01, 13.0, n_stars), uniform(0.004, 0.03, n_stars),
    )  # fmt: skip
    gas = Gas(
        *columns(n_gas), uniform(0.5e6, 1.5e6, n_gas), uniform(0.004, 0.03, n_gas),
        uniform(0.0, 1e-3, n_gas), uniform(0.0, 1.0, n_gas), np.full(n_gas, 0.76, np.float32),
    )  # fmt: skip
    return Particles("toy", "benchmark", stars, gas)


@contextmanager
def timed(spent: dict[str, float]) -> Iterator[None]:
    """Add the seconds that the steps of an observation take to `spent`."""
    with ExitStack() as stack:
        for name, (owner, attribute) in STEPS.items():
            function = getattr(owner, attribute)

            def call(*args, _function=function, _name=name, **how):
                start = time.perf_counter()
                result = _function(*args, **how)
                spent[_name] = spent.get(_name, 0.0) + time.perf_counter() - start
                return result

            stack.enter_context(mock.patch.object(owner, attribute, call))
        yield


def whole_galaxy(n_stars: int, n_gas: int, repeats: int) -> None:
    """Time one search and four cameras, and say what they spend it on."""
    galaxy = toy_galaxy(n_stars, n_gas)
    for framing in (SurveyFraming(pixels=128), PaperFraming()):
        observe(galaxy, framing=framing, survey=SDSS, seed=0)
        wall: list[float] = []
        cpu: list[float] = []
        spent: dict[str, float] = {}
        for seed in range(repeats):
            start, cpu_start = time.perf_counter(), time.process_time()
            with timed(spent):
                observe(galaxy, framing=framing, survey=SDSS, seed=seed)
            wall.append(time.perf_counter() - start)
            cpu.append(time.process_time() - cpu_start)
        share = sorted(((v / sum(wall), k) for k, v in spent.items()), reverse=True)
        print(
            f"{n_stars} stars + {n_gas} gas cells, four views, {framing.name} framing: "
            f"{statistics.median(wall):.3f} s, {statistics.median(cpu):.3f} s of CPU: "
            + ", ".join(f"{k} {v:.0%}" for v, k in share),
            flush=True,
        )


def neighbour_search(n: int, repeats: int) -> None:
    """Time the search for smoothing lengths."""
    position = disc_and_bulge(n)
    smoothing_lengths(position[:1000])
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        smoothing_lengths(position)
        times.append(time.perf_counter() - start)
    print(f"{n} particles: neighbour search {statistics.median(times):.3f} s", flush=True)


def main() -> None:
    """Print one line a measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stars", type=int, nargs="+", default=[30_000, 100_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    for n in chosen.stars:
        neighbour_search(n, chosen.repeats)
        whole_galaxy(n, n // 2, chosen.repeats)


if __name__ == "__main__":
    main()
