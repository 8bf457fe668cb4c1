"""Time the light of star particles: look-up in the light table, and the dust before them.

Run ``python benchmarks/light_table.py [--particles 1000000] [--repeats 9]``; medians are printed.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from picassso.core import SDSS
from picassso.observatory import dust_column_in_front, load_light_table, screen_transmission


def median_seconds(call: Callable[[], object], repeats: int) -> float:
    """Median time of a call, after one that warms it up."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Print one line a task."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--particles", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=9)
    given = parser.parse_args()

    rng = np.random.default_rng(0)
    n = given.particles
    age = rng.uniform(0.0, 13.0, n).astype(np.float32)
    metals = (10.0 ** rng.uniform(-4.0, -1.3, n)).astype(np.float32)
    table = load_light_table(SDSS)
    stars = rng.normal(0.0, 8.0, (40_000, 3)).astype(np.float32)
    gas = rng.normal(0.0, 8.0, (20_000, 3)).astype(np.float32)
    gas_metals = np.full(20_000, 1e4, dtype=np.float32)
    column = dust_column_in_front(stars, gas, gas_metals, extent=60.0)
    tasks: dict[str, Callable[[], object]] = {
        f"luminosities, {n} particles x {len(table.bands)} bands": lambda: table.luminosities(
            age, metals, 0.05
        ),
        "luminosities, 40000 particles": lambda: table.luminosities(
            age[:40_000], metals[:40_000], 0.05
        ),
        "dust column, 40000 stars behind 20000 gas cells": lambda: dust_column_in_front(
            stars, gas, gas_metals, extent=60.0
        ),
        "dust transmission, 40000 stars x 5 bands": lambda: screen_transmission(
            column, wavelength=SDSS.effective_wavelengths, age_gyr=age[:40_000]
        ),
    }
    for name, call in tasks.items():
        print(f"{name:52s} {1e3 * median_seconds(call, given.repeats):9.2f} ms")


if __name__ == "__main__":
    main()
