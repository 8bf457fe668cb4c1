"""CPU time at the end of an evaluation: figures of merit, with errors, from the numbers of views.

Run ``OMP_NUM_THREADS=1 python benchmarks/analysis_summary.py [--galaxies 500] [--views 4]``: one
line a figure of merit, all seven properties and both protocols in each, with the default numbers
of bootstraps.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from picassso.analysis import (
    ANNULUS_EDGES,
    RELATIONS,
    PixelDetections,
    PixelDistributions,
    PixelResiduals,
    PixelTrend,
    Prediction,
    Protocol,
    annulus_residuals,
    bin_numbers,
    binned_residuals,
    compare_relation,
    detection_scores,
    distribution_distances,
    residual_table,
    select_pixels,
    spread,
    value_residuals,
)
from picassso.core import DERIVED, PROPERTIES, PROPERTY_NAMES

VALUES = len(DERIVED) * len(ANNULUS_EDGES) + len(DERIVED) + 3 * len(PROPERTY_NAMES)
"""Ratios in annuli, gradients of everything, sizes and concentrations."""

SPREADS = 13 * len(PROPERTY_NAMES)
"""Similarity, and the power ratio and correlation in six bins of frequency."""

BINS = ((10, 30, 100, 300, 1000, 3000, 10000, 30000), (-12, -11, -10), (9, 9.5, 10, 10.5, 11))


class Numbers:
    """Totals of many views, most above their floors, as predicted with a scatter of 0.2 dex."""

    def __init__(self, galaxies: int, views: int) -> None:
        rng = np.random.default_rng(0)
        n = galaxies * views
        self.ids = np.repeat([f"synthetic-1-{k}" for k in range(galaxies)], views)
        self.true, self.predicted = {}, {}
        for p in (*PROPERTY_NAMES, "half_mass_radius"):
            floor = PROPERTIES[p].total_floor if p in PROPERTIES else 1.0
            self.true[p] = floor * 10 ** rng.normal(2, 1, n)
            median = self.true[p] * 10 ** rng.normal(0, 0.2, n)
            self.predicted[p] = Prediction(1.1 * median, median / 1.6, median, 1.6 * median)
        self.medians = {p: v.p50 for p, v in self.predicted.items()}
        self.quantities = [
            10 ** rng.uniform(0, 5, n),
            rng.uniform(-13, -9, n),
            rng.uniform(8.5, 11.5, n),
        ]
        self.pixels = self._pixels(rng)

    def _pixels(self, rng: np.random.Generator) -> dict[type, list]:
        """Accumulators that saw a few pixels of every galaxy."""
        found: dict[type, list] = {
            kind: [kind(p) for p in PROPERTY_NAMES]
            for kind in (PixelResiduals, PixelDistributions, PixelDetections)
        }
        edges = np.arange(0.5, 5.1, 0.25)
        found[PixelTrend] = [PixelTrend(p, edges) for _ in range(4) for p in PROPERTY_NAMES]
        for galaxy in np.unique(self.ids)[:64]:
            for k, p in enumerate(PROPERTY_NAMES):
                true = (PROPERTIES[p].floor * 10 ** rng.uniform(-1, 5, 3000)).astype(np.float32)
                median = (true * 10 ** rng.normal(0, 0.3, 3000)).astype(np.float32)
                predicted = Prediction(1.1 * median, median / 2, median, median * 2)
                pixels = select_pixels(true, predicted, property=p)
                for kind in (PixelResiduals, PixelDistributions, PixelDetections):
                    found[kind][k].add_selected(pixels, galaxy_id=galaxy)
                numbers = bin_numbers(pixels.median, PROPERTIES[p].floor * 10**edges)
                for trend in found[PixelTrend][k :: len(PROPERTY_NAMES)]:
                    trend.add_selected(numbers, pixels, galaxy_id=galaxy)
        return found

    def steps(self) -> dict[str, Callable[[], object]]:
        """Figures of merit by name, and what makes all of them."""
        ids, a = self.ids, PROPERTY_NAMES[0]
        additive = {p: (self.true[p], self.predicted[p]) for p in PROPERTY_NAMES}
        rings = len(ANNULUS_EDGES)

        def annuli(true: np.ndarray, predicted: Prediction, name: str) -> object:
            columns = Prediction(
                *(np.tile(getattr(predicted, f)[:, None], rings) for f in predicted.__slots__)
            )
            of = PROPERTIES[name]
            areas = np.full((len(ids), rings), of.total_floor / of.floor)
            return annulus_residuals(
                np.tile(true[:, None], rings), columns, areas, property=name, galaxy_id=ids
            )

        def both(of: Callable[[], object]) -> Callable[[], object]:
            return lambda: [of() for _ in Protocol]

        return {
            "totals": both(lambda: residual_table(self.true, self._additive(), galaxy_id=ids)),
            "annuli": both(lambda: [annuli(*pair, name) for name, pair in additive.items()]),
            "values": both(
                lambda: [
                    value_residuals(self.true[a], self.medians[a], name=a, galaxy_id=ids)
                    for _ in range(VALUES)
                ]
            ),
            "spreads": both(lambda: [spread(self.true[a], galaxy_id=ids) for _ in range(SPREADS)]),
            "distances": both(
                lambda: [
                    distribution_distances(t, p.p50, property=name, galaxy_id=ids)
                    for name, (t, p) in additive.items()
                ]
            ),
            "relations": both(
                lambda: [
                    compare_relation(r, self.true, self.medians, galaxy_id=ids)
                    for r in RELATIONS.values()
                ]
            ),
            "bins": lambda: [
                binned_residuals("q", q, edges, self.true, self._additive(), galaxy_id=ids)
                for q, edges in zip(self.quantities, BINS, strict=True)
            ],
            "detections": lambda: [
                detection_scores(t, p, property=name, galaxy_id=ids)
                for name, (t, p) in additive.items()
            ],
            "pixel residuals": lambda: self._results(PixelResiduals, *Protocol),
            "pixel distributions": lambda: self._results(PixelDistributions, *Protocol),
            "pixel detections": lambda: [d.result() for d in self.pixels[PixelDetections]],
            "pixel trends": lambda: [t.result() for t in self.pixels[PixelTrend]],
        }

    def _additive(self) -> dict[str, Prediction]:
        return {p: self.predicted[p] for p in PROPERTY_NAMES}

    def _results(self, kind: type, *protocols: Protocol) -> list:
        return [a.result(p) for a in self.pixels[kind] for p in protocols]


def main() -> None:
    """Print one line a figure of merit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--galaxies", type=int, default=500)
    parser.add_argument("--views", type=int, default=4)
    given = parser.parse_args()
    total = 0.0
    for name, call in Numbers(given.galaxies, given.views).steps().items():
        start = time.process_time()
        call()
        taken = time.process_time() - start
        total += taken
        print(f"{name:24s} {taken:7.2f} s of CPU")
    print(f"{'all':24s} {total:7.2f} s of CPU")


if __name__ == "__main__":
    main()
