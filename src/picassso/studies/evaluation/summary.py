"""From the numbers of all views to figures of merit, each with its error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from picassso.analysis import (
    RELATIONS,
    DetectionScores,
    DistributionDistances,
    Prediction,
    Protocol,
    RelationComparison,
    ResidualStatistics,
    Spread,
    annulus_residuals,
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
from picassso.studies.evaluation.views import PROTOCOLS, ViewNumbers, derived_of

__all__ = ["Summary"]


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

    @property
    def quantities(self) -> NDArray[np.float64]:
        """(N, Q) what errors are looked up against."""
        return self._all.quantities

    def views(self) -> Views:
        """Numbers of every view by name."""
        a, names = self._all, self._properties + self._derived
        return Views(
            galaxy_id=self._galaxy_id,
            row=self._row,
            whole_frame=a.whole_frame,
            signal_to_noise=a.quantities[:, 0],
            true=_by_name(self._properties, a.true),
            predicted={p: self._totals(k) for k, p in enumerate(PROTOCOLS)},
            true_annuli=_by_name(names, np.concatenate([a.true_annuli, a.true_ratios], axis=1)),
            annuli={p: self._annuli(k) | self._ratios(k) for k, p in enumerate(PROTOCOLS)},
            annulus_areas=a.areas,
            true_sizes=_by_name(self._properties, a.sizes[:, 0]),
            sizes={
                p: _by_name(self._properties, a.sizes[:, k]) for k, p in enumerate(PROTOCOLS, 1)
            },
            true_gradients=_by_name(names, a.gradients[:, 0]),
            gradients={p: _by_name(names, a.gradients[:, k]) for k, p in enumerate(PROTOCOLS, 1)},
        )

    def scores(self, protocol: Protocol) -> ProtocolScores:
        """Every figure of merit under one protocol."""
        k = PROTOCOLS.index(protocol)
        a, names = self._all, self._properties + self._derived
        totals = residual_table(
            _by_name(self._properties, a.true),
            self._totals(k),
            galaxy_id=self._galaxy_id,
            seed=self._seed,
        )
        slopes = 10.0**a.gradients
        return ProtocolScores(
            totals=tuple(totals),
            pixels=self._pixels.residuals(protocol),
            annuli=dict(self._annulus_residuals(k)),
            gradients=self._values(names, slopes[:, 0], slopes[:, k + 1]),
            sizes=self._values(self._properties, a.sizes[:, 0], a.sizes[:, k + 1]),
            concentrations=self._values(
                self._properties, a.concentrations[:, 0], a.concentrations[:, k + 1]
            ),
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
        honest = self._totals(PROTOCOLS.index(Protocol.HONEST))
        totals = (
            detection_scores(
                self._all.true[:, i],
                honest[p],
                property=p,
                galaxy_id=self._galaxy_id,
                seed=self._seed,
            )
            for i, p in enumerate(self._properties)
        )
        return (*totals, *self._pixels.detections())

    def _totals(self, k: int) -> dict[str, Prediction]:
        return {
            p: Prediction(*self._all.totals[:, k, :, i].T) for i, p in enumerate(self._properties)
        }

    def _annuli(self, k: int) -> dict[str, Prediction]:
        annuli = self._all.annuli[:, k]
        return {
            p: Prediction(*(annuli[:, q, i] for q in range(4)))
            for i, p in enumerate(self._properties)
        }

    def _ratios(self, k: int) -> dict[str, Prediction]:
        ratios = self._all.ratios[:, k]
        return {d: Prediction(*(ratios[:, i],) * 4) for i, d in enumerate(self._derived)}

    def _annulus_residuals(self, k: int) -> Iterator[tuple[str, tuple[ResidualStatistics, ...]]]:
        """By property, and by derived property, whose ratios have no floor of their own."""
        a = self._all
        for i, (name, predicted) in enumerate(self._annuli(k).items()):
            found = annulus_residuals(
                a.true_annuli[:, i],
                predicted,
                a.areas,
                property=name,
                galaxy_id=self._galaxy_id,
                seed=self._seed,
            )
            yield name, tuple(found)
        for i, name in enumerate(self._derived):
            rings = zip(a.true_ratios[:, i].T, a.ratios[:, k, i].T, strict=True)
            yield name, tuple(self._value(name, true, predicted) for true, predicted in rings)

    def _values(
        self, names: Sequence[str], true: NDArray[np.float64], predicted: NDArray[np.float64]
    ) -> tuple[ResidualStatistics, ...]:
        """One a name, of (N, names) arrays."""
        return tuple(self._value(name, true[:, i], predicted[:, i]) for i, name in enumerate(names))

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
                self._all.true[:, i],
                predicted.p50,
                property=name,
                galaxy_id=self._galaxy_id,
                seed=self._seed,
            )

    def _relations(self, k: int) -> Iterator[RelationComparison]:
        """Those that the properties allow."""
        true: dict[str, NDArray] = dict(_by_name(self._properties, self._all.true))
        predicted: dict[str, NDArray] = {p: t.p50 for p, t in self._totals(k).items()}
        if "stellar_mass" in self._properties:
            i = self._properties.index("stellar_mass")
            true[HALF_RADIUS] = self._all.sizes[:, 0, i]
            predicted[HALF_RADIUS] = self._all.sizes[:, k + 1, i]
        for relation in RELATIONS.values():
            if relation.needs <= true.keys():
                yield compare_relation(
                    relation, true, predicted, galaxy_id=self._galaxy_id, seed=self._seed
                )


def _by_name(names: Sequence[str], columns: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """(N, ...) arrays by name, of an (N, names, ...) array."""
    return {name: columns[:, i] for i, name in enumerate(names)}
