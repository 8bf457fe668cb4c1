"""From the numbers of all views to figures of merit, each with its error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from picassso.analysis import (
    MINIMUM_GALAXIES,
    RELATIONS,
    BinnedResiduals,
    DetectionScores,
    DistributionDistances,
    Prediction,
    Protocol,
    RelationComparison,
    ResidualStatistics,
    Spread,
    annulus_residuals,
    binned_residuals,
    compare_relation,
    detection_scores,
    distribution_distances,
    residual_table,
    spread,
    value_residuals,
)
from picassso.analysis.scaling import HALF_RADIUS
from picassso.studies.evaluation.findings import ProtocolScores, Views
from picassso.studies.evaluation.pixels import PixelCounts
from picassso.studies.evaluation.quantities import QUANTITIES
from picassso.studies.evaluation.views import PROTOCOLS, ViewNumbers, derived_of

__all__ = ["Summary"]

_NUMBER = {protocol: k for k, protocol in enumerate(PROTOCOLS)}


class Summary:
    """All views of an evaluation, and what is made of them.

    Parameters
    ----------
    numbers : sequence of ViewNumbers
        View by view.
    properties : tuple of str
        In their order.
    galaxy_id : (N,) array of str
        Whom each view shows.
    row : (N,) int array
        Of the store.
    pixels : PixelCounts
        Of all views.
    seed : int
        Of the bootstraps.
    """

    def __init__(
        self,
        numbers: Sequence[ViewNumbers],
        *,
        properties: tuple[str, ...],
        galaxy_id: NDArray[np.str_],
        row: NDArray[np.int64],
        pixels: PixelCounts,
        seed: int,
    ) -> None:
        self._all = ViewNumbers(*(np.stack(column) for column in zip(*numbers, strict=True)))
        self._properties, self._derived = properties, derived_of(properties)
        self._galaxy_id, self._row = galaxy_id, row
        self._pixels = pixels
        self._seed = seed

    def views(self) -> Views:
        """Numbers of every view by name."""
        a, names = self._all, self._properties + self._derived
        return Views(
            galaxy_id=self._galaxy_id,
            row=self._row,
            whole_frame=a.whole_frame,
            signal_to_noise=a.quantities[:, 0],
            true={p: _by_name(self._properties, a.totals[:, k, 0]) for p, k in _NUMBER.items()},
            predicted={p: self._totals(k) for p, k in _NUMBER.items()},
            true_annuli={
                p: _by_name(names, np.concatenate([a.annuli[:, k, 0], a.ratios[:, k, 0]], axis=1))
                for p, k in _NUMBER.items()
            },
            annuli={p: self._annuli(k) | self._ratios(k) for p, k in _NUMBER.items()},
            annulus_areas=a.areas,
            true_sizes=self._pairs(self._properties, a.sizes[:, :, 0]),
            sizes=self._pairs(self._properties, a.sizes[:, :, 1]),
            true_gradients=self._pairs(names, a.gradients[:, :, 0]),
            gradients=self._pairs(names, a.gradients[:, :, 1]),
        )

    def scores(self, protocol: Protocol) -> ProtocolScores:
        """Every figure of merit under one protocol."""
        k = _NUMBER[protocol]
        a, names = self._all, self._properties + self._derived
        totals = residual_table(
            _by_name(self._properties, a.totals[:, k, 0]),
            self._totals(k),
            galaxy_id=self._galaxy_id,
            fewest=fewest_of(self._galaxy_id),
            seed=self._seed,
        )
        slopes, sizes, concentrations = (
            values[:, k] for values in (10.0**a.gradients, a.sizes, a.concentrations)
        )
        return ProtocolScores(
            totals=tuple(totals),
            pixels=self._pixels.residuals(protocol),
            bins=tuple(self._bins(k)),
            annuli=dict(self._annulus_residuals(k)),
            gradients=self._values(names, slopes),
            sizes=self._values(self._properties, sizes),
            concentrations=self._values(self._properties, concentrations),
            similarity={
                p: self._spread(a.similarity[:, k, i]) for i, p in enumerate(self._properties)
            },
            power_ratio=self._spectra(a.power_ratio[:, k]),
            correlation=self._spectra(a.correlation[:, k]),
            distances=(*self._distances(k), *self._pixels.distances(protocol)),
            relations=tuple(self._relations(k)),
        )

    def detections(self) -> tuple[DetectionScores, ...]:
        """Of totals, then of pixels."""
        honest = self._totals(_NUMBER[Protocol.HONEST])
        totals = (
            detection_scores(
                self._all.totals[:, 0, 0, i],
                honest[p],
                property=p,
                galaxy_id=self._galaxy_id,
                seed=self._seed,
            )
            for i, p in enumerate(self._properties)
        )
        return (*totals, *self._pixels.detections())

    def _pairs(
        self, names: Sequence[str], values: NDArray[np.float64]
    ) -> dict[Protocol, dict[str, NDArray[np.float64]]]:
        """(N,) arrays by protocol and name, of an (N, 2, names) array."""
        return {p: _by_name(names, values[:, k]) for p, k in _NUMBER.items()}

    def _totals(self, k: int) -> dict[str, Prediction]:
        return {
            p: Prediction(*self._all.totals[:, k, 1:, i].T) for i, p in enumerate(self._properties)
        }

    def _annuli(self, k: int) -> dict[str, Prediction]:
        annuli = self._all.annuli[:, k]
        return {
            p: Prediction(*(annuli[:, q, i] for q in range(1, 5)))
            for i, p in enumerate(self._properties)
        }

    def _ratios(self, k: int) -> dict[str, Prediction]:
        """Of predicted sums: one number each, neither mean nor median of a distribution."""
        ratios = self._all.ratios[:, k, 1]
        return {d: Prediction(*(ratios[:, i],) * 4) for i, d in enumerate(self._derived)}

    def _bins(self, k: int) -> Iterator[BinnedResiduals]:
        """Residuals of totals in bins of each quantity."""
        for quantity, values in zip(QUANTITIES, self._all.quantities.T, strict=True):
            yield from binned_residuals(
                quantity.name,
                values,
                quantity.edges,
                _by_name(self._properties, self._all.totals[:, k, 0]),
                self._totals(k),
                galaxy_id=self._galaxy_id,
                seed=self._seed,
            )

    def _annulus_residuals(self, k: int) -> Iterator[tuple[str, tuple[ResidualStatistics, ...]]]:
        """By property, and by derived property, whose ratios have no floor of their own."""
        a = self._all
        for i, (name, predicted) in enumerate(self._annuli(k).items()):
            found = annulus_residuals(
                a.annuli[:, k, 0, i],
                predicted,
                a.areas,
                property=name,
                galaxy_id=self._galaxy_id,
                seed=self._seed,
            )
            yield name, tuple(found)
        for i, name in enumerate(self._derived):
            rings = zip(a.ratios[:, k, 0, i].T, a.ratios[:, k, 1, i].T, strict=True)
            yield name, tuple(self._value(name, true, predicted) for true, predicted in rings)

    def _values(
        self, names: Sequence[str], pairs: NDArray[np.float64]
    ) -> tuple[ResidualStatistics, ...]:
        """One a name, of an (N, 2, names) array, true and predicted."""
        return tuple(self._value(name, *pairs[:, :, i].T) for i, name in enumerate(names))

    def _value(
        self, name: str, true: NDArray[np.float64], predicted: NDArray[np.float64]
    ) -> ResidualStatistics:
        return value_residuals(
            true, predicted, name=name, galaxy_id=self._galaxy_id, seed=self._seed
        )

    def _spread(self, values: NDArray[np.float64]) -> Spread:
        return spread(values, galaxy_id=self._galaxy_id, seed=self._seed)

    def _spectra(self, values: NDArray[np.float64]) -> dict[str, tuple[Spread, ...]]:
        """A number for each property and bin of frequency, of an (N, P, F) array."""
        return {
            p: tuple(self._spread(column) for column in values[:, i].T)
            for i, p in enumerate(self._properties)
        }

    def _distances(self, k: int) -> Iterator[DistributionDistances]:
        for i, (name, predicted) in enumerate(self._totals(k).items()):
            yield distribution_distances(
                self._all.totals[:, k, 0, i],
                predicted.p50,
                property=name,
                galaxy_id=self._galaxy_id,
                seed=self._seed,
            )

    def _relations(self, k: int) -> Iterator[RelationComparison]:
        """Those that the properties allow; every view counts once, whatever it stands for."""
        true: dict[str, NDArray] = dict(_by_name(self._properties, self._all.totals[:, k, 0]))
        predicted: dict[str, NDArray] = {p: t.p50 for p, t in self._totals(k).items()}
        if "stellar_mass" in self._properties:
            i = self._properties.index("stellar_mass")
            true[HALF_RADIUS], predicted[HALF_RADIUS] = self._all.sizes[:, k, :, i].T
        for relation in RELATIONS.values():
            if relation.needs <= true.keys():
                yield compare_relation(
                    relation, true, predicted, galaxy_id=self._galaxy_id, seed=self._seed
                )


def fewest_of(galaxy_id: NDArray[np.str_]) -> int:
    """Galaxies that statistics of a whole sample need: five, or all where it has fewer."""
    return min(MINIMUM_GALAXIES, len(np.unique(galaxy_id)))


def _by_name(names: Sequence[str], columns: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """(N, ...) arrays by name, of an (N, names, ...) array."""
    return {name: columns[:, i] for i, name in enumerate(names)}
