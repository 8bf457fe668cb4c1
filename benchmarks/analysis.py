"""CPU time of what evaluation measures of one view: a painting of 256 x 256 against the truth.

Run ``OMP_NUM_THREADS=1 python benchmarks/analysis.py [--pixels 256] [--views 64] [--spread 0.06]``:
one line a measurement, all seven properties and both protocols in each, smallest and mean time;
then their sum, and the memory that all accumulators hold after 32 views and after 96. Half of the
pixels lie above the floor with the default spread, all of them with 0.2. Views come by fours.
"""

from __future__ import annotations

import argparse
import statistics
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from picassso.analysis import (
    PixelDetections,
    PixelDistributions,
    PixelResiduals,
    PixelTrend,
    Prediction,
    Protocol,
    apply_protocol,
    bin_numbers,
    cross_spectra,
    degenerate_flags,
    elliptical_annuli,
    half_mass_ellipse,
    log_above_floor,
    measure_sizes,
    radial_profile,
    select_pixels,
    structural_similarity,
)
from picassso.core import PROPERTIES, PROPERTY_NAMES, Maps

FLOORS = np.array([PROPERTIES[p].floor for p in PROPERTY_NAMES])[:, None, None]
PIXEL_AREA = 0.05
HEIGHTS, SIGNALS = np.arange(0.5, 5.1, 0.5), np.arange(-1, 3.1, 0.25)


def view(pixels: int, spread: float, seed: int) -> tuple[Maps, Prediction, np.ndarray]:
    """A lumpy inclined disc, its painting, and its signal-to-noise."""
    rng = np.random.default_rng(seed)
    y, x = np.indices((pixels, pixels)) - 0.5 * pixels
    disc = np.exp(-np.hypot(x, y / 0.6) / (spread * pixels))
    shape = (len(PROPERTY_NAMES), pixels, pixels)
    true = (1e4 * FLOORS * disc * 10 ** rng.normal(0, 0.2, shape)).astype(np.float32)
    median = (true * 10 ** rng.normal(0, 0.15, shape)).astype(np.float32)
    predicted = Prediction(median * 1.1, median / 1.5, median, median * 1.5)
    signal_to_noise = (100 * disc).astype(np.float32)
    return Maps("g", 0, PROPERTY_NAMES, true, PIXEL_AREA), predicted, signal_to_noise


class Clock:
    """CPU time of named steps, view after view."""

    def __init__(self) -> None:
        self.views: list[dict[str, float]] = []

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Add what the block takes to a step of the last view."""
        start = time.process_time()
        yield
        taken = self.views[-1]
        taken[name] = taken.get(name, 0.0) + 1e3 * (time.process_time() - start)

    def report(self) -> None:
        """Print one line a step, and one of their sums."""
        times = {name: [v[name] for v in self.views] for name in self.views[0]}
        times["all"] = [sum(v.values()) for v in self.views]
        for name, t in times.items():
            print(f"{name:38s} min {min(t):7.2f}   mean {statistics.mean(t):7.2f} ms of CPU")


class Accumulators:
    """Everything that is summed up over views."""

    def __init__(self) -> None:
        self.residuals = [PixelResiduals(p) for p in PROPERTY_NAMES]
        self.distributions = [PixelDistributions(p) for p in PROPERTY_NAMES]
        self.detections = [PixelDetections(p) for p in PROPERTY_NAMES]
        self.by_density, self.by_signal = (
            {p: [PixelTrend(n, edges, protocol=p) for n in PROPERTY_NAMES] for p in Protocol}
            for edges in (HEIGHTS, SIGNALS)
        )


def measure(
    truth: Maps,
    predicted: Prediction,
    signal_to_noise: np.ndarray,
    into: Accumulators,
    clock: Clock,
) -> None:
    """Measure everything that one view tells."""
    with clock("ellipse of moments"):
        ellipse = half_mass_ellipse(truth["stellar_mass"])
    with clock("flags of degenerate galaxies"):
        degenerate_flags(truth, ellipse)
    with clock("paper protocol"):
        masked, paper = apply_protocol(Protocol.PAPER, truth.cube, predicted, floor=FLOORS)
    with clock("annuli"):
        annuli = elliptical_annuli(ellipse, truth.shape)
    with clock("profiles of truths and means"):
        for cube in (truth.cube, predicted.mean, masked, paper.mean):
            radial_profile(cube, annuli, properties=PROPERTY_NAMES, pixel_area=truth.pixel_area)
    with clock("sizes of truth and both means"):
        for cube in (truth.cube, predicted.mean, paper.mean):
            measure_sizes(cube, properties=PROPERTY_NAMES, x=ellipse.x, y=ellipse.y)
    with clock("logarithms"):
        logs = [
            log_above_floor(c, properties=PROPERTY_NAMES)
            for c in (truth.cube, predicted.p50, paper.p50)
        ]
        medians = np.stack(logs[1:])
    with clock("power and cross spectra"):
        cross_spectra(logs[0], medians)
    with clock("structural similarity"):
        structural_similarity(logs[0], medians)
    with clock("trends with signal-to-noise"):
        signals = bin_numbers(signal_to_noise, 10**SIGNALS)
    for k, name in enumerate(PROPERTY_NAMES):
        with clock("selection of pixels"):
            pixels = select_pixels(truth.cube[k], predicted[k], property=name)
        for title, accumulators in (
            ("pixel residuals", into.residuals),
            ("pixel distributions", into.distributions),
            ("pixel detections", into.detections),
        ):
            with clock(title):
                accumulators[k].add_selected(pixels, galaxy_id=truth.galaxy_id)
        floor = PROPERTIES[name].floor
        for protocol, density in ((Protocol.HONEST, pixels.median), (Protocol.PAPER, pixels.true)):
            with clock("trends with surface density"):
                numbers = bin_numbers(density, floor * 10**HEIGHTS)
                trend = into.by_density[protocol][k]
                trend.add_selected(numbers, pixels, galaxy_id=truth.galaxy_id)
            with clock("trends with signal-to-noise"):
                trend = into.by_signal[protocol][k]
                trend.add_selected(signals[pixels.where], pixels, galaxy_id=truth.galaxy_id)


def main() -> None:
    """Print one line a measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pixels", type=int, default=256)
    parser.add_argument("--views", type=int, default=64)
    parser.add_argument("--spread", type=float, default=0.06, help="scale length over frame")
    given = parser.parse_args()
    views = [view(given.pixels, given.spread, seed) for seed in range(4)]

    def measure_all(number: int, into: Accumulators, clock: Clock) -> None:
        for k in range(number):
            truth, predicted, signal_to_noise = views[k % len(views)]
            clock.views.append({})
            galaxy = replace(truth, galaxy_id=f"g{k // 4}")
            measure(galaxy, predicted, signal_to_noise, into, clock)

    into = Accumulators()
    measure_all(len(views), into, Clock())
    clock = Clock()
    measure_all(given.views, into, clock)
    clock.report()
    tracemalloc.start()
    held = []
    into = Accumulators()
    for number in (32, 64):
        measure_all(number, into, Clock())
        held.append(tracemalloc.get_traced_memory()[0])
    print(f"held after 32 views {held[0] / 1e6:.1f} MB, after 96 views {held[1] / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
