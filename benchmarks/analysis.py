"""CPU time of what evaluation measures of one view: a painting of 256 x 256 against the truth.

Run ``OMP_NUM_THREADS=1 python benchmarks/analysis.py [--pixels 256] [--repeats 15]``: one line a
measurement, all seven properties in each, smallest and median time; the last lines are their sums,
and the memory that everything holds, images and accumulators, after 10 views and after 30.
"""

from __future__ import annotations

import argparse
import statistics
import time
import tracemalloc
from collections.abc import Callable

import numpy as np

from picassso.analysis import (
    Annuli,
    Ellipse,
    PixelDetections,
    PixelDistributions,
    PixelResiduals,
    PixelTrend,
    Prediction,
    Protocol,
    apply_protocol,
    cross_spectra,
    degenerate_flags,
    elliptical_annuli,
    half_mass_ellipse,
    log_above_floor,
    measure_sizes,
    radial_profile,
    structural_similarity,
)
from picassso.core import PROPERTIES, PROPERTY_NAMES, Maps

FLOORS = np.array([PROPERTIES[p].floor for p in PROPERTY_NAMES])[:, None, None]
PIXEL_AREA = 0.05


def view(pixels: int) -> tuple[Maps, Prediction, np.ndarray]:
    """A lumpy inclined disc a tenth of the frame wide, its painting, and its signal-to-noise."""
    rng = np.random.default_rng(0)
    y, x = np.indices((pixels, pixels)) - 0.5 * pixels
    disc = np.exp(-np.hypot(x, y / 0.6) / (0.06 * pixels))
    shape = (len(PROPERTY_NAMES), pixels, pixels)
    true = (1e4 * FLOORS * disc * 10 ** rng.normal(0, 0.2, shape)).astype(np.float32)
    median = (true * 10 ** rng.normal(0, 0.15, shape)).astype(np.float32)
    predicted = Prediction(median * 1.1, median / 1.5, median, median * 1.5)
    signal_to_noise = (100 * disc).astype(np.float32)
    return Maps("g", 0, PROPERTY_NAMES, true, PIXEL_AREA), predicted, signal_to_noise


class Measurements:
    """Every measurement of one view; the accumulators see it again and again."""

    def __init__(self, pixels: int) -> None:
        self.truth, self.predicted, self.signal_to_noise = view(pixels)
        self.ellipse: Ellipse = half_mass_ellipse(self.truth["stellar_mass"])
        self.annuli: Annuli = elliptical_annuli(self.ellipse, self.truth.shape)
        self.residuals = [PixelResiduals(p) for p in PROPERTY_NAMES]
        self.distributions = [PixelDistributions(p) for p in PROPERTY_NAMES]
        self.detections = [PixelDetections(p) for p in PROPERTY_NAMES]
        density, ratio = np.arange(-4.5, 0, 0.25), np.geomspace(0.1, 1000, 17)
        self.by_density = [
            PixelTrend(p, 5 + np.log10(PROPERTIES[p].floor) + density) for p in PROPERTY_NAMES
        ]
        self.by_signal = [PixelTrend(p, ratio) for p in PROPERTY_NAMES]
        self.logs = [
            log_above_floor(c, properties=PROPERTY_NAMES)
            for c in (self.truth.cube, self.predicted.p50)
        ]

    def steps(self) -> dict[str, Callable[[], object]]:
        """Measurements by name."""
        cubes = (self.truth.cube, self.predicted.mean, self.predicted.p50)
        shape = self.truth.shape
        return {
            "ellipse of moments": lambda: half_mass_ellipse(self.truth["stellar_mass"]),
            "flags of degenerate galaxies": lambda: degenerate_flags(self.truth, self.ellipse),
            "paper protocol": lambda: apply_protocol(
                Protocol.PAPER, self.truth.cube, self.predicted, floor=FLOORS
            ),
            "annuli": lambda: elliptical_annuli(self.ellipse, shape),
            "profiles of truth, mean and median": lambda: [
                radial_profile(
                    c, self.annuli, properties=PROPERTY_NAMES, pixel_area=self.truth.pixel_area
                )
                for c in cubes
            ],
            "sizes of truth and median": lambda: [
                measure_sizes(c, properties=PROPERTY_NAMES, x=self.ellipse.x, y=self.ellipse.y)
                for c in cubes[::2]
            ],
            "logarithms": lambda: [
                log_above_floor(c, properties=PROPERTY_NAMES) for c in cubes[::2]
            ],
            "power and cross spectra": lambda: cross_spectra(*self.logs),
            "structural similarity": lambda: structural_similarity(*self.logs),
            "pixel residuals": lambda: self._each(
                self.residuals, lambda a, k: a.add(self._true(k), self._of(k), galaxy_id="g")
            ),
            "pixel distributions": lambda: self._each(
                self.distributions,
                lambda a, k: a.add(self._true(k), self.predicted.p50[k], galaxy_id="g"),
            ),
            "pixel detections": lambda: self._each(
                self.detections, lambda a, k: a.add(self._true(k), self._of(k), galaxy_id="g")
            ),
            "trend with surface density": lambda: self._each(
                self.by_density,
                lambda a, k: a.add(
                    np.log10(self._true(k)), self._true(k), self._of(k), galaxy_id="g"
                ),
            ),
            "trend with signal-to-noise": lambda: self._each(
                self.by_signal,
                lambda a, k: a.add(self.signal_to_noise, self._true(k), self._of(k), galaxy_id="g"),
            ),
        }

    def _true(self, k: int) -> np.ndarray:
        return self.truth.cube[k]

    def _of(self, k: int) -> Prediction:
        return self.predicted[k]

    def _each(self, accumulators: list, add: Callable) -> None:
        for k, accumulator in enumerate(accumulators):
            add(accumulator, k)


def main() -> None:
    """Print one line a measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pixels", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=15)
    given = parser.parse_args()
    steps = Measurements(given.pixels).steps()
    smallest, median = 0.0, 0.0
    for name, call in steps.items():
        call()
        times = []
        for _ in range(given.repeats):
            start = time.process_time()
            call()
            times.append(1e3 * (time.process_time() - start))
        smallest, median = smallest + min(times), median + statistics.median(times)
        print(
            f"{name:38s} min {min(times):7.2f}   median {statistics.median(times):7.2f} ms of CPU"
        )
    print(f"{'all':38s} min {smallest:7.2f}   median {median:7.2f} ms of CPU")
    tracemalloc.start()
    steps = Measurements(given.pixels).steps()
    held = []
    for repeats in (10, 20):
        for _ in range(repeats):
            for call in steps.values():
                call()
        held.append(tracemalloc.get_traced_memory()[0])
    print(f"held after 10 views {held[0] / 1e6:.1f} MB, after 30 views {held[1] / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
