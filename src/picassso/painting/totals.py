"""Totals of a painting, with intervals: over the frame and inside two half-mass radii."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.apertures import APERTURE_RADII, Ellipse
from picassso.core import DERIVED, EXCESSES, PROPERTIES, Maps, Total
from picassso.core.large import row_blocks
from picassso.painting.weights import Weights

__all__ = ["APERTURE_REGION", "FRAME_REGION", "group_totals", "painted_totals"]

FRAME_REGION = "frame"
APERTURE_REGION = "2 half-mass radii"


@dataclass(frozen=True, slots=True)
class _Sum:
    """Total of one property and the offsets of ln(quantile) from ln(mean)."""

    mean: float
    offsets: tuple[float, float, float]

    @property
    def quantiles(self) -> tuple[float, float, float]:
        """p16, p50 and p84."""
        low, middle, high = (float(self.mean * np.exp(o)) for o in self.offsets)
        return low, middle, high


def painted_totals(maps: Maps, weights: Weights, ellipse: Ellipse | None) -> tuple[Total, ...]:
    """Totals of every painted property and of what is derived from them.

    The expectation of a total is the sum of the means. Pixels are neither independent nor fully
    correlated, so the width cannot follow from theirs alone: ln of a quantile is ln of that sum
    + c s^k, s being the mean ln-sigma of the pixels weighted by what each contributes, and c and
    k measured on the validation set and stored with the weights. A ratio adds the widths of both
    of its totals in quadrature, as if they were independent: since they mostly rise and fall
    together, its interval is rather too wide than too narrow. An excess (atomic hydrogen) is the
    sum over its map, and adds the widths of its two ingredients, where there is some, likewise.

    Parameters
    ----------
    maps : Maps
        With mean and standard deviation; NaN where masked.
    weights : Weights
        For their calibration.
    ellipse : Ellipse or None
        Aperture of two half-mass radii; None gives totals of the frame alone.
    """
    regions = _regions(maps, ellipse)
    totals: list[Total] = []
    for name, region in regions.items():
        if not region.any():
            continue
        sums = {
            p: _sum(maps, i, region, weights.calibration[p])
            for i, p in enumerate(maps.properties)
            if p in weights.calibration
        }
        totals += [_total(p, name, s, PROPERTIES[p].total_unit) for p, s in sums.items()]
        totals += [*_ratios(sums, name), *_excesses(maps, weights, name, region)]
    return tuple(totals)


def group_totals(
    maps: Maps, weights: Weights, labels: NDArray[np.integer], *, groups: int
) -> NDArray[np.float64]:
    """Totals over numbered groups of pixels, such as annuli, as `painted_totals` gives them.

    Parameters
    ----------
    maps : Maps
        With mean and, unless the weights paint none, standard deviation.
    weights : Weights
        For their calibration.
    labels : (H, W) or (H * W,) int array
        Group of every pixel; pixels of other numbers than 0 to `groups` - 1 are in none.
    groups : int
        How many there are.

    Returns
    -------
    (4, P, groups) array
        Mean, p16, p50 and p84 in total units; NaN where a pixel of the group is.
    """
    inside = np.flatnonzero((labels >= 0) & (labels < groups))
    group = labels.ravel()[inside]
    out = np.empty((4, len(maps.properties), groups))
    for i, name in enumerate(maps.properties):
        mean = maps.cube[i].ravel()[inside]
        whole: NDArray[Any] = np.bincount(group, mean, minlength=groups)
        width: NDArray[Any] = np.zeros(groups)
        if maps.std is not None:
            weighted = mean * _ln_sigma(mean, maps.std[i].ravel()[inside])
            width = np.bincount(group, weighted, minlength=groups)
        some = whole > 0
        s = np.divide(width, whole, out=np.zeros(groups), where=some)
        *quantiles, power = weights.calibration[name]
        out[0, i] = whole * maps.pixel_area
        out[1:, i] = out[0, i] * np.exp(np.multiply.outer(quantiles, s**power) * some)
    return out


def _ln_sigma(mean: NDArray[np.floating], std: NDArray[np.floating]) -> NDArray[np.floating]:
    """Width in ln of log-normal distributions of known mean and standard deviation."""
    relative = np.divide(std, mean, out=np.zeros_like(mean), where=mean > 0)
    return np.sqrt(np.log1p(relative**2))


def _regions(maps: Maps, ellipse: Ellipse | None) -> dict[str, NDArray[np.bool_]]:
    """Unmasked pixels of the frame, and those of them inside the ellipse."""
    good = np.empty(maps.shape, bool)
    inside = None if ellipse is None else np.empty(maps.shape, bool)
    for rows in row_blocks(maps.shape):
        good[rows] = np.isfinite(maps.cube[:, rows]).all(axis=0)
        if ellipse is not None and inside is not None:
            part = replace(ellipse, y=ellipse.y - rows.start)
            inside[rows] = good[rows] & part.mask(good[rows].shape, scale=APERTURE_RADII)
    return {FRAME_REGION: good} | ({} if inside is None else {APERTURE_REGION: inside})


def _sum(
    maps: Maps,
    index: int,
    region: NDArray[np.bool_],
    calibration: tuple[float, float, float, float],
) -> _Sum:
    whole = weighted = 0.0
    for rows in row_blocks(maps.shape):
        inside = region[rows]
        if not inside.any():
            continue
        mean = maps.cube[index, rows][inside].astype(np.float64)
        whole += mean.sum()
        if maps.std is not None:
            std = maps.std[index, rows][inside].astype(np.float64)
            weighted += (mean * _ln_sigma(mean, std)).sum()
    if not whole > 0:
        return _Sum(0.0, (0.0, 0.0, 0.0))
    s = float(weighted / whole)
    *quantiles, power = calibration
    low, middle, high = (c * s**power for c in quantiles)
    return _Sum(float(whole * maps.pixel_area), (low, middle, high))


def _ratios(sums: dict[str, _Sum], region: str) -> list[Total]:
    totals = []
    for d in DERIVED.values():
        if not {d.numerator, d.denominator} <= sums.keys():
            continue
        above, below = sums[d.numerator], sums[d.denominator]
        if not below.mean > PROPERTIES[d.denominator].total_floor:
            continue
        value = d.scale * above.mean / below.mean
        ratio = _Sum(value, _difference(above.offsets, below.offsets))
        totals.append(_total(d.name, region, ratio, d.unit))
    return totals


def _excesses(
    maps: Maps, weights: Weights, name: str, region: NDArray[np.bool_]
) -> Iterator[Total]:
    """Totals of excesses, over the pixels that have some: there an excess is a difference."""
    for e in EXCESSES.values():
        if not {e.whole, e.part} <= {*maps.properties} & weights.calibration.keys():
            continue
        some = region.copy()
        for rows in row_blocks(maps.shape):
            some[rows] &= maps.derived(e.name, rows) > 0
        whole, part = (
            _sum(maps, maps.properties.index(p), some, weights.calibration[p])
            for p in (e.whole, e.part)
        )
        low, middle, high = part.quantiles
        quantiles = _difference(whole.quantiles, (e.scale * low, e.scale * middle, e.scale * high))
        mean = max(whole.mean - e.scale * part.mean, 0.0)
        low, middle, high = (max(q, 0.0) for q in quantiles)
        yield Total(e.name, name, mean, low, middle, high, e.total_unit)


def _difference(
    above: tuple[float, float, float], below: tuple[float, float, float]
) -> tuple[float, float, float]:
    """p16, p50 and p84 of a difference, from those of its sides; widths add in quadrature."""
    middle = above[1] - below[1]
    down = float(np.hypot(above[1] - above[0], below[2] - below[1]))
    up = float(np.hypot(above[2] - above[1], below[1] - below[0]))
    return middle - down, middle, middle + up


def _total(name: str, region: str, total: _Sum, unit: str) -> Total:
    return Total(name, region, total.mean, *total.quantiles, unit)
