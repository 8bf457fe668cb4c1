"""A network beside classical methods: the same views, noise, apertures and statistics."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from picassso.analysis import (
    Ellipse,
    PairedDifference,
    PixelResiduals,
    Prediction,
    Protocol,
    aperture_total,
    apply_protocol,
    paired_difference,
    residual_table,
    scored_ellipse,
    scored_region,
)
from picassso.analysis.baselines import Baseline
from picassso.archive import DatasetStore
from picassso.core import PROPERTIES, GalaxyImage, Maps
from picassso.studies.evaluation.findings import MethodScores, MethodViews

if TYPE_CHECKING:
    from picassso.studies.evaluation.painters import Painter

__all__ = ["BaselinePainter", "compare_methods"]


class BaselinePainter:
    """A classical method as a `Painter`, shown what a telescope would see.

    Parameters
    ----------
    baseline : Baseline
        The method.
    """

    def __init__(self, baseline: Baseline) -> None:
        self.baseline = baseline
        self.name = baseline.name
        self.properties = baseline.properties

    def paint(
        self, store: DatasetStore, image: GalaxyImage, rng: np.random.Generator
    ) -> tuple[GalaxyImage, Maps]:
        """Image as seen, and painted maps."""
        seen = store.with_noise(image, rng)
        return seen, self.baseline.paint(seen)

    def totals(self, maps: Maps, ellipse: Ellipse | None) -> dict[str, tuple[float, ...]]:
        """Mean, p16, p50 and p84 of each property over the scored region."""
        region = scored_region(ellipse, maps.shape)
        return {p: self.baseline.total(maps, p, region) for p in maps.properties}


def compare_methods(
    network: Painter,
    baselines: Sequence[Baseline],
    store: DatasetStore,
    rows: NDArray[np.integer],
    *,
    seed: int = 0,
    progress: bool = False,
) -> tuple[MethodScores, ...]:
    """Scores of a network and of classical methods on the same views.

    All see a view with the same noise, and are scored inside the same ellipse of its true mass, in
    two protocols. The differences from the network are of the same totals, and their errors draw
    the same galaxies for both. Pixels that an image masks count neither in the truth nor in
    what is painted. Methods take turns on every view, another one first each time, so that all bear
    alike what else the machine does, and what they share: the light of populations at a redshift.
    The first painting of each, which compiles, is not counted.

    Parameters
    ----------
    network : Painter
        Scored first.
    baselines : sequence of Baseline
        Scored in this order.
    store : DatasetStore
        Of the views.
    rows : (N,) int array
        Views of the store; at least one.
    seed : int
        Of the noise, by row, and of the bootstrap.
    progress : bool
        Show a progress bar.

    Returns
    -------
    tuple of MethodScores
        The network's, then those of the baselines. Seconds are wall time, less that of drawing
        the noise.

    Raises
    ------
    InputError
        If a method cannot paint a view: see `picassso.studies.evaluation.contenders`.
    """
    from rich.console import Console
    from rich.progress import track

    tallies = [_Tally(p, store, seed) for p in (network, *map(BaselinePainter, baselines))]
    for tally in tallies:
        tally.paint(int(rows[0]), store.image(int(rows[0])))
    shown = track(
        np.asarray(rows).tolist(),
        description="baselines",
        console=Console(stderr=True),
        disable=not progress,
    )
    drawing: list[float] = []
    for k, row in enumerate(shown):
        image, truth = store.image(row), store.truth(row)
        start = time.perf_counter()
        store.with_noise(image, np.random.default_rng([seed, row]))
        drawing.append(time.perf_counter() - start)
        ellipse = scored_ellipse(truth)
        first = k % len(tallies)
        for tally in tallies[first:] + tallies[:first]:
            tally.add(row, image, truth, ellipse)
    galaxy_id = store.table["galaxy_id"][rows]
    drawn = float(np.median(drawing))
    ours, *others = (tally.scores(galaxy_id, rows, drawn=drawn) for tally in tallies)
    return ours, *(
        replace(
            scores,
            differences=_differences(scores.views, ours.views, seed=seed),
            learnt_from=baseline.learnt_from,
        )
        for scores, baseline in zip(others, baselines, strict=True)
    )


def _differences(
    views: MethodViews, others: MethodViews, *, seed: int
) -> tuple[PairedDifference, ...]:
    """Scores of totals less those of others of the same views, as far as both make them."""
    return tuple(
        paired_difference(
            true,
            views.predicted[p],
            others.predicted[p],
            property=p,
            galaxy_id=views.galaxy_id,
            seed=seed,
        )
        for p, true in views.true.items()
        if p in others.predicted
    )


class _Tally:
    """What one method has painted so far."""

    def __init__(self, painter: Painter, store: DatasetStore, seed: int) -> None:
        self._painter, self._store, self._seed = painter, store, seed
        self._properties = [p for p in painter.properties if p in store.properties]
        # Of each view: of each property the truth, mean, p16, p50 and p84.
        self._totals: dict[Protocol, list[list[tuple[float, ...]]]] = {p: [] for p in Protocol}
        self._pixels = [PixelResiduals(p, seed=seed) for p in self._properties]
        self._seconds: list[float] = []

    def paint(self, row: int, image: GalaxyImage) -> tuple[GalaxyImage, Maps]:
        """One view, its noise drawn from the seed and the row alone."""
        return self._painter.paint(self._store, image, np.random.default_rng([self._seed, row]))

    def add(self, row: int, image: GalaxyImage, truth: Maps, ellipse: Ellipse | None) -> None:
        """Paint one view, take the time, and compare."""
        start = time.perf_counter()
        seen, maps = self.paint(row, image)
        self._seconds.append(time.perf_counter() - start)
        totals = self._painter.totals(maps, ellipse)
        region = scored_region(ellipse, truth.shape) & ~seen.mask
        painted = Prediction.of(maps)
        honest: list[tuple[float, ...]] = []
        paper: list[tuple[float, ...]] = []
        for p, accumulator in zip(self._properties, self._pixels, strict=True):
            of = painted[maps.properties.index(p)]
            true = aperture_total(truth[p], region, pixel_area=truth.pixel_area)
            honest.append((true, *totals[p]))
            masked = apply_protocol(Protocol.PAPER, truth[p], of, floor=PROPERTIES[p].floor)
            true, median = (
                aperture_total(values, region, pixel_area=truth.pixel_area)
                for values in (masked[0], masked[1].p50)
            )
            paper.append((true, *(median,) * 4))
            known = np.where(seen.mask, np.nan, truth[p])
            accumulator.add(known, of, galaxy_id=truth.galaxy_id)
        self._totals[Protocol.HONEST].append(honest)
        self._totals[Protocol.PAPER].append(paper)

    def scores(
        self, galaxy_id: NDArray[np.str_], rows: NDArray[np.integer], *, drawn: float
    ) -> MethodScores:
        """Statistics of all views so far; `drawn` seconds of each went into its noise."""
        found = {protocol: self._by_property(protocol) for protocol in Protocol}
        return MethodScores(
            method=self._painter.name,
            seconds=max(float(np.median(self._seconds)) - drawn, 0.0),
            totals={
                protocol: tuple(residual_table(*of, galaxy_id=galaxy_id, seed=self._seed))
                for protocol, of in found.items()
            },
            pixels={
                # From pixels as painted, the accumulators tell both protocols.
                protocol: tuple(accumulator.result(protocol) for accumulator in self._pixels)
                for protocol in Protocol
            },
            views=MethodViews(galaxy_id, np.asarray(rows, np.int64), *found[Protocol.HONEST]),
        )

    def _by_property(
        self, protocol: Protocol
    ) -> tuple[Mapping[str, NDArray[np.float64]], Mapping[str, Prediction]]:
        """True and predicted totals of each property."""
        of_views = np.reshape(self._totals[protocol], (-1, len(self._properties), 5))
        columns = of_views.transpose(1, 2, 0)
        true = {p: of[0] for p, of in zip(self._properties, columns, strict=True)}
        predicted = {
            p: Prediction(*of[1:]) for p, of in zip(self._properties, columns, strict=True)
        }
        return true, predicted
