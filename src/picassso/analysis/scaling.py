"""Scaling relations of predicted galaxies against those of the true ones.

Total by total a prediction may be right and yet blur how galaxies differ: the slope, the zero
point and the scatter of a relation between two predicted quantities say whether the painted
galaxies are a population like the true one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.analysis.bootstrap import bootstrap
from picassso.analysis.estimates import MINIMUM_GALAXIES, Statistic, statistics
from picassso.core import DERIVED, PROPERTIES, InputError

__all__ = [
    "RELATIONS",
    "Relation",
    "RelationComparison",
    "ScalingRelation",
    "compare_relation",
]

HALF_RADIUS = "half_mass_radius"
"""Name under which `compare_relation` looks for projected half-mass radii [kpc]."""

PIVOT = 10.0
"""log10 of the stellar mass [Msun] at which zero points are given."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation of a quantity with stellar mass.

    Parameters
    ----------
    name : str
        As in files.
    quantity : str
        An additive property, a derived one, or `HALF_RADIUS`; its log10 is the ordinate.
    star_forming : bool
        Whether only galaxies with a specific star-formation rate of at least 1e-11 per year count,
        each by its own (true or predicted) rate.
    """

    name: str
    quantity: str
    star_forming: bool = False

    @property
    def needs(self) -> frozenset[str]:
        """Names of the totals, and perhaps `HALF_RADIUS`, that it is made of."""
        d = DERIVED.get(self.quantity)
        made_of = {self.quantity} if d is None else {d.numerator, d.denominator}
        rate = {"star_formation_rate"} if self.star_forming else set()
        return frozenset({"stellar_mass"} | made_of | rate)


RELATIONS: dict[str, Relation] = {
    r.name: r
    for r in (
        Relation("stellar_mass_metallicity", "stellar_metallicity"),
        Relation("gas_mass_metallicity", "gas_metallicity"),
        Relation("main_sequence", "star_formation_rate", star_forming=True),
        Relation("size_mass", HALF_RADIUS),
    )
}
"""Against stellar mass: Gallazzi et al. (2005), Tremonti et al. (2004), Renzini & Peng (2015), Shen
et al. (2003). Metallicities are mass-weighted ratios of totals, of stars and of gas."""

MASS_EDGES = tuple(8.0 + 0.5 * k for k in range(10))
"""Of the bins of log10 stellar mass [Msun]."""

_STAR_FORMING = 1e-11  # per year


@dataclass(frozen=True, slots=True)
class ScalingRelation:
    """One relation of one set of galaxies, true or predicted.

    Parameters
    ----------
    edges : (K + 1,) array
        Of the bins of log10 stellar mass [Msun]; a bin holds its lower edge.
    galaxies : (K,) int array
        How many galaxies (not views) lie in each bin.
    p16, median, p84 : (K,) array
        Percentiles of log10 of the quantity; NaN in bins of fewer than five galaxies.
    slope : Statistic
        Of the least-squares line against log10 stellar mass, all masses.
    zero_point : Statistic
        Of that line at 1e10 Msun [dex].
    scatter : Statistic
        Standard deviation about that line [dex].
    used : int
        Views with both quantities.
    left_out : int
        Views below a floor, or not star-forming where the relation asks for it.
    absent : int
        Views with a quantity that is not known.
    """

    edges: NDArray[np.float64]
    galaxies: NDArray[np.int64]
    p16: NDArray[np.float64]
    median: NDArray[np.float64]
    p84: NDArray[np.float64]
    slope: Statistic
    zero_point: Statistic
    scatter: Statistic
    used: int
    left_out: int
    absent: int


@dataclass(frozen=True, slots=True)
class RelationComparison:
    """A relation of true galaxies beside that of the predicted ones.

    Parameters
    ----------
    relation : Relation
        Which one.
    true, predicted : ScalingRelation
        Of the true totals, and of the predicted ones, each by its own stellar mass.
    slope, zero_point, scatter : Statistic
        Predicted less true. Their errors draw the same galaxies for both, and so are smaller than
        those of either where both share the same galaxies' peculiarities.
    """

    relation: Relation
    true: ScalingRelation
    predicted: ScalingRelation
    slope: Statistic
    zero_point: Statistic
    scatter: Statistic


def compare_relation(
    relation: Relation,
    true: Mapping[str, ArrayLike],
    predicted: Mapping[str, ArrayLike],
    *,
    galaxy_id: ArrayLike,
    weights: ArrayLike | None = None,
    edges: Sequence[float] = MASS_EDGES,
    bootstraps: int = 200,
    seed: int = 0,
) -> RelationComparison:
    """A scaling relation, measured alike on true and on predicted totals.

    Parameters
    ----------
    relation : Relation
        One of `RELATIONS`, or another.
    true, predicted : mapping of str to (N,) array
        Totals of additive properties in their total units, and `HALF_RADIUS` [kpc] where the
        relation asks for it; NaN where not known. A ratio is one of totals.
    galaxy_id : (N,) array of str
        Whom each row shows.
    weights : (N,) array, optional
        Of each row, such as those that turn a sample flat in mass into a mass function. By
        default all weigh the same.
    edges : sequence of float
        Of the bins of log10 stellar mass.
    bootstraps, seed : int
        Of the bootstrap over galaxies.

    Returns
    -------
    RelationComparison
        Lines and percentiles are NaN where they have fewer than five galaxies.

    Raises
    ------
    InputError
        If a total that the relation needs is missing, or the arrays are not of one length.
    """
    ids = np.asarray(galaxy_id)
    weight = np.ones(len(ids)) if weights is None else np.asarray(weights, dtype=np.float64)
    sides = [_points(relation, totals, len(ids)) for totals in (true, predicted)]
    enough = [len(np.unique(ids[~np.isnan(s.x) & (weight > 0)])) >= MINIMUM_GALAXIES for s in sides]
    bins = np.asarray(edges, dtype=np.float64)

    def estimate(times: NDArray[np.intp]) -> NDArray[np.float64]:
        rows = np.repeat(np.arange(len(ids)), times)
        lines = np.full((3, 3), np.nan)
        for line, side, known in zip(lines, sides, enough, strict=False):
            if known:
                line[:] = _line(side.x[rows], side.y[rows], weight[rows])
        lines[2] = lines[1] - lines[0]
        return lines

    values, errors = bootstrap(estimate, ids, bootstraps=bootstraps, seed=seed)
    lines = [statistics(v, e) for v, e in zip(values, errors, strict=True)]
    measured = []
    for side, (slope, zero_point, scatter) in zip(sides, lines[:2], strict=True):
        galaxies, percentiles = _running(side.x, side.y, weight, ids, bins)
        p16, median, p84 = percentiles
        measured.append(
            ScalingRelation(
                bins, galaxies, p16, median, p84, slope, zero_point, scatter, *side.counts
            )
        )
    of_true, of_predicted = measured
    slope, zero_point, scatter = lines[2]
    return RelationComparison(relation, of_true, of_predicted, slope, zero_point, scatter)


class _Points(NamedTuple):
    """log10 of stellar mass and of the quantity, both NaN where left out."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    counts: tuple[int, int, int]  # used, left out, absent


def _points(relation: Relation, totals: Mapping[str, ArrayLike], n: int) -> _Points:
    """What a relation is made of."""
    d = DERIVED.get(relation.quantity)
    names = relation.needs
    missing = sorted(names - totals.keys())
    if missing:
        raise InputError(f"relation {relation.name}: totals of {missing} are missing")
    values = {name: np.asarray(totals[name], dtype=np.float64) for name in names}
    wrong = {name: v.shape for name, v in values.items() if v.shape != (n,)}
    if wrong:
        raise InputError(f"relation {relation.name}: totals of shapes {wrong}, expected ({n},)")
    known = np.all([~np.isnan(v) for v in values.values()], axis=0)
    used = known.copy()
    for name, v in values.items():
        # A radius has no floor: it must only be there.
        used &= v >= PROPERTIES[name].total_floor if name in PROPERTIES else v > 0
    if relation.star_forming:
        used &= values["star_formation_rate"] >= _STAR_FORMING * values["stellar_mass"]
    x, y = np.full(n, np.nan), np.full(n, np.nan)
    x[used] = np.log10(values["stellar_mass"][used])
    if d is None:
        y[used] = np.log10(values[relation.quantity][used])
    else:
        y[used] = np.log10(d.scale * values[d.numerator][used] / values[d.denominator][used])
    return _Points(x, y, (int(used.sum()), int((known & ~used).sum()), int((~known).sum())))


def _line(
    x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Slope, zero point at the pivot and scatter of a weighted least-squares line."""
    used = ~np.isnan(x) & (weight > 0)
    if not used.any():
        return np.full(3, np.nan)
    x, y, w = x[used] - PIVOT, y[used], weight[used] / weight[used].sum()
    mean_x, mean_y = w @ x, w @ y
    variance = w @ (x - mean_x) ** 2
    if variance == 0:
        return np.full(3, np.nan)
    slope = (w @ ((x - mean_x) * (y - mean_y))) / variance
    residual = y - mean_y - slope * (x - mean_x)
    return np.array([slope, mean_y - slope * mean_x, np.sqrt(w @ residual**2)])


def _running(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    weight: NDArray[np.float64],
    galaxy_id: NDArray[np.str_],
    edges: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Number of galaxies, and the weighted percentiles of y, (3, K), in bins of x."""
    bins = len(edges) - 1
    galaxies, percentiles = np.zeros(bins, dtype=np.int64), np.full((3, bins), np.nan)
    # digitize puts NaN beyond the last edge.
    where = np.digitize(x, edges) - 1
    for k in range(bins):
        inside = (where == k) & (weight > 0)
        galaxies[k] = len(np.unique(galaxy_id[inside]))
        if galaxies[k] >= MINIMUM_GALAXIES:
            percentiles[:, k] = weighted_quantiles(y[inside], weight[inside], (0.16, 0.5, 0.84))
    return galaxies, percentiles


def weighted_quantiles(
    values: NDArray[np.float64], weights: NDArray[np.float64], q: Sequence[float]
) -> NDArray[np.float64]:
    """Quantiles of weighted values, linear between them; those of numpy where all weigh the same.

    The k-th smallest value lies at the weight of those before it plus half of the difference that
    its own makes, from 0 for the smallest to 1 for the largest.
    """
    order = np.argsort(values)
    w = weights[order]
    middle = np.cumsum(w) - 0.5 * w
    span = middle[-1] - middle[0]
    if span == 0:
        return np.full(len(q), values[order][0])
    return np.interp(q, (middle - middle[0]) / span, values[order])
