"""What is evaluated: anything that paints the views of a store."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from picassso.analysis import Ellipse, scored_region
from picassso.archive import DatasetStore
from picassso.core import GalaxyImage, Maps
from picassso.painting import Weights, group_totals
from picassso.studies.evaluation.seen import paint_as_learnt

__all__ = ["NetworkPainter", "Painter"]


class Painter(Protocol):
    """Paints the views of a store, and says what its maps add up to."""

    @property
    def name(self) -> str:
        """As in tables."""
        ...

    @property
    def properties(self) -> tuple[str, ...]:
        """Names of the maps that it makes."""
        ...

    def paint(
        self, store: DatasetStore, image: GalaxyImage, rng: np.random.Generator
    ) -> tuple[GalaxyImage, Maps]:
        """An image of the store with its noise drawn, as seen, and the maps painted onto it."""
        ...

    def totals(self, maps: Maps, ellipse: Ellipse | None) -> dict[str, tuple[float, ...]]:
        """Mean, p16, p50 and p84 of the total of each property.

        Inside the ellipse enlarged to the aperture, or over the frame where there is none.
        """
        ...


class NetworkPainter:
    """Weights, shown each view as their training showed such views.

    Parameters
    ----------
    weights : Weights
        Loaded ones.
    """

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.name = weights.name
        self.properties = weights.properties

    def paint(
        self, store: DatasetStore, image: GalaxyImage, rng: np.random.Generator
    ) -> tuple[GalaxyImage, Maps]:
        """Image as seen, and painted maps."""
        return paint_as_learnt(self.weights, store, image, rng)

    def totals(self, maps: Maps, ellipse: Ellipse | None) -> dict[str, tuple[float, ...]]:
        """Totals by the calibration that the weights carry."""
        labels = np.where(scored_region(ellipse, maps.shape), 0, 1)
        found = self.group_totals(maps, labels, groups=1)[..., 0]
        return {p: tuple(found[:, i].tolist()) for i, p in enumerate(maps.properties)}

    def group_totals(
        self, maps: Maps, labels: NDArray[np.integer], *, groups: int
    ) -> NDArray[np.float64]:
        """(4, P, groups) mean, p16, p50 and p84 of totals over numbered groups of pixels."""
        return group_totals(maps, self.weights, labels, groups=groups)
