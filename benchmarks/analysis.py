"""CPU time of what evaluation measures of one view: a painting of 256 x 256 against the truth.

Run ``OMP_NUM_THREADS=1 python benchmarks/analysis.py [--pixels 256] [--repeats 32]``: one line a
measurement, all seven properties and both protocols in each, smallest and mean time; the last lines
are their sums, and the memory that everything holds, images and accumulators, after 32 views and
after 96. Every view is of another galaxy.
"""

from __future__ import annotations

import argparse
import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterator

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
    SelectedPixels,
    apply_protocol,
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
    """Every measurement of one view; the accumulators see it as one galaxy after another."""

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
        self.paper = self._paper()
        self.logs = self._logs()
        self.pixels = list(self._select())
        self.views = 0

    def steps(self) -> dict[str, Callable[[], object]]:
        """Measurements by name."""
        return {
            "ellipse of moments": lambda: half_mass_ellipse(self.truth["stellar_mass"]),
            "flags of degenerate galaxies": lambda: degenerate_flags(self.truth, self.ellipse),
            "paper protocol": self._paper,
            "annuli": lambda: elliptical_annuli(self.ellipse, self.truth.shape),
            "profiles of truth and predictions": lambda: [
                radial_profile(
                    c, self.annuli, properties=PROPERTY_NAMES, pixel_area=self.truth.pixel_area
                )
                for c in (*self._cubes(), self.predicted.mean)
            ],
            "sizes of truth and medians": lambda: [
                measure_sizes(c, properties=PROPERTY_NAMES, x=self.ellipse.x, y=self.ellipse.y)
                for c in self._cubes()
            ],
            "logarithms": self._logs,
            "power and cross spectra": lambda: [
                cross_spectra(self.logs[0], p) for p in self.logs[1:]
            ],
            "structural similarity": lambda: [
                structural_similarity(self.logs[0], p) for p in self.logs[1:]
            ],
            "selection of pixels": lambda: [None for _ in self._select()],
            "pixel residuals": lambda: self._each(self.residuals),
            "pixel distributions": lambda: self._each(self.distributions),
            "pixel detections": lambda: self._each(self.detections),
            "trend with surface density": lambda: [
                a.add_selected(np.log10(self.truth.cube[k]), p, galaxy_id=self.galaxy)
                for k, (a, p) in enumerate(zip(self.by_density, self.pixels, strict=True))
            ],
            "trend with signal-to-noise": lambda: [
                a.add_selected(self.signal_to_noise, p, galaxy_id=self.galaxy)
                for a, p in zip(self.by_signal, self.pixels, strict=True)
            ],
        }

    @property
    def galaxy(self) -> str:
        """Whom the present view shows."""
        return f"g{self.views}"

    def _cubes(self) -> tuple[np.ndarray, ...]:
        """Truth, honest median and median of the paper's protocol."""
        return self.truth.cube, self.predicted.p50, self.paper.p50

    def _paper(self) -> Prediction:
        return apply_protocol(Protocol.PAPER, self.truth.cube, self.predicted, floor=FLOORS)

    def _logs(self) -> list[np.ndarray]:
        return [log_above_floor(c, properties=PROPERTY_NAMES) for c in self._cubes()]

    def _select(self) -> Iterator[SelectedPixels]:
        for k, p in enumerate(PROPERTY_NAMES):
            yield select_pixels(self.truth.cube[k], self.predicted[k], property=p)

    def _each(self, accumulators: list) -> None:
        for accumulator, pixels in zip(accumulators, self.pixels, strict=True):
            accumulator.add_selected(pixels, galaxy_id=self.galaxy)


def main() -> None:
    """Print one line a measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pixels", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=32)
    given = parser.parse_args()
    measurements = Measurements(given.pixels)
    smallest, mean = 0.0, 0.0
    for name, call in measurements.steps().items():
        call()
        times = []
        for _ in range(given.repeats):
            measurements.views += 1
            start = time.process_time()
            call()
            times.append(1e3 * (time.process_time() - start))
        smallest, mean = smallest + min(times), mean + statistics.mean(times)
        print(f"{name:38s} min {min(times):7.2f}   mean {statistics.mean(times):7.2f} ms of CPU")
    print(f"{'all':38s} min {smallest:7.2f}   mean {mean:7.2f} ms of CPU")
    tracemalloc.start()
    measurements = Measurements(given.pixels)
    held = []
    for views in (32, 64):
        for _ in range(views):
            measurements.views += 1
            for call in measurements.steps().values():
                call()
        held.append(tracemalloc.get_traced_memory()[0])
    print(f"held after 32 views {held[0] / 1e6:.1f} MB, after 96 views {held[1] / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
