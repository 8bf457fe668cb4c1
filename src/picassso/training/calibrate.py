"""Calibration on the validation split: means right in sums, intervals that hold what they say."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from picassso.analysis import APERTURE_RADII, half_mass_ellipse
from picassso.archive import DatasetStore
from picassso.core import PROPERTIES, InputError
from picassso.networks import Painter
from picassso.networks.heads import ShiftedLogStudent
from picassso.training.data import ViewSet, validation_batches
from picassso.training.views import in_disorder

__all__ = ["Calibration", "calibrate"]

CENTRAL = 0.6827
"""Share of a normal distribution within one standard deviation."""

_AT_FLOOR = math.log(2.0)  # stretched value of a surface density at the floor


@dataclass(frozen=True, slots=True)
class Calibration:
    """What calibration found.

    Parameters
    ----------
    mean_factor, scale_factor : dict of str to float
        Factor on the mean and on the scale of each property's pixels.
    totals : dict of str to list of float
        c16, c50, c84 and k: ln(total) has its quantiles at ``ln(sum of means) + c * s**k``, where s
        is the mean-weighted average of the pixels' own ln-scatter.
    """

    mean_factor: dict[str, float]
    scale_factor: dict[str, float]
    totals: dict[str, list[float]]


@torch.no_grad()
def calibrate(
    network: Painter,
    stores: Sequence[DatasetStore],
    *,
    bands: tuple[str, ...],
    grey: bool = False,
    shuffled: bool = False,
    seed: int = 0,
) -> Calibration:
    """Measure the calibration on the validation split and write it into the network's head.

    Three steps, none of which sees the test split. (1) The mean of each property is multiplied so
    that the sum over all pixels is right. (2) The scale is multiplied so that 68.27% of the pixels
    whose predicted median lies above the floor (a cut that knows no truth) fall within p16 to p84.
    (3) Totals, of the frame and of two half-mass radii: how the log residual grows with the
    predicted scatter, and its quantiles in units of that. The errors of pixels average out the
    more, the fainter they are, so that it grows less than in proportion.

    Parameters
    ----------
    network : Painter
        With the distribution head; its buffers are set. A point head is left as it is.
    stores : sequence of DatasetStore
        Whose validation split is used, whole frames.
    bands : tuple of str
        Of the network.
    grey, shuffled : bool
        What it was shown in training; see `picassso.training.views`.
    seed : int
        Of the noise.
    """
    network.eval()
    head = network.head
    properties = tuple(stores[0].properties)
    held = [s for s in stores if len(s.indices("validation"))]
    views = [ViewSet([s], "validation", bands=bands, grey=grey) for s in held]
    if not isinstance(head, ShiftedLogStudent):
        ones = dict.fromkeys(properties, 1.0)
        return Calibration(ones, ones, {p: [0.0, 0.0, 0.0, 1.0] for p in properties})
    paint: Callable[..., Any] = in_disorder(network, seed=seed) if shuffled else network
    head.mean_factor.fill_(1.0)
    head.scale_factor.fill_(1.0)
    true_sum, mean_sum, pulls = _pixel_statistics(paint, head, views, seed)
    mean_factor = torch.where(mean_sum > 0, true_sum / mean_sum.clamp_min(1e-30), 1.0)
    head.mean_factor.copy_(mean_factor.reshape(-1, 1, 1))
    scale = [float(torch.quantile(p, CENTRAL)) if len(p) else 1.0 for p in pulls]
    head.scale_factor.copy_(torch.tensor(scale).reshape(-1, 1, 1))
    residuals = _total_residuals(paint, views, properties, seed)
    totals = {p: _law(r) for p, r in zip(properties, residuals, strict=True)}
    return Calibration(
        dict(zip(properties, mean_factor.tolist(), strict=True)),
        dict(zip(properties, scale, strict=True)),
        totals,
    )


def _pixel_statistics(
    paint: Callable[..., Any], head: ShiftedLogStudent, views: Sequence[ViewSet], seed: int
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Sums of true and predicted means, and |t - location| / scale of pixels above the floor."""
    count = len(head.floor)
    true_sum = torch.zeros(count, dtype=torch.float64)
    mean_sum = torch.zeros(count, dtype=torch.float64)
    pulls: list[list[Tensor]] = [[] for _ in range(count)]
    generator = torch.Generator().manual_seed(seed)
    for *inputs, truth in _batches(views, seed):
        raw = paint(*inputs, raw=True)
        location, scale, _ = head.parameters_of(raw)
        mean = head(raw).mean
        known = torch.isfinite(truth)
        y = torch.where(known, truth, 0.0)
        area = inputs[4].reshape(-1, 1, 1, 1).double() ** 2
        true_sum += (y * area).sum(dim=(0, 2, 3))
        mean_sum += (torch.where(known, mean, 0.0) * area).sum(dim=(0, 2, 3))
        pull = (head.stretch(y) - location).abs() / scale
        used = known & (location > _AT_FLOOR)
        for p in range(count):
            found = pull[:, p][used[:, p]]
            # A thousand pixels a batch fix the quantile to well below a per cent.
            if not len(found):
                continue
            keep = torch.randint(len(found), (1000,), generator=generator)
            pulls[p].append(found[keep])
    empty = torch.empty(0)
    return true_sum.float(), mean_sum.float(), [torch.cat([empty, *p]) for p in pulls]


def _total_residuals(
    paint: Callable[..., Any], views: Sequence[ViewSet], properties: tuple[str, ...], seed: int
) -> list[Tensor]:
    """(N, 2): ln(true / sum of means) and s of every region whose true total reaches the floor.

    Regions are those that painting reports: the frame, and the ellipse of two half-mass radii.
    """
    found: list[list[tuple[float, float]]] = [[] for _ in properties]
    floor = [PROPERTIES[p].total_floor for p in properties]
    for *inputs, truth in _batches(views, seed + 1):
        painted = paint(*inputs)
        area = inputs[4].reshape(-1) ** 2
        scatter = torch.sqrt(torch.log1p((painted.std / painted.mean).square()))
        for k, maps in enumerate(truth):
            for region in _regions(maps, properties):
                true = (maps * region).sum(dim=(1, 2)) * area[k]
                mean = (painted.mean[k] * region).sum(dim=(1, 2))
                spread = (painted.mean[k] * scatter[k] * region).sum(dim=(1, 2)) / mean
                residual = torch.log(true / (mean * area[k]))
                for p, value in enumerate(residual.tolist()):
                    if true[p] > floor[p]:
                        found[p].append((value, float(spread[p])))
    return [torch.tensor(f).reshape(-1, 2) for f in found]


def _law(residuals: Tensor) -> list[float]:
    """c16, c50, c84 and k of residuals (N, 2) whose width goes as s^k, k between 0 and 1."""
    if not len(residuals):
        return [0.0, 0.0, 0.0, 1.0]
    residual, spread = residuals.double().T
    power = 1.0
    if len(residual) > 2 and float(spread.std()) > 0:
        width = torch.log((residual - residual.median()).abs().clamp_min(1e-3))
        covariance = torch.cov(torch.stack([torch.log(spread), width]))
        power = float((covariance[0, 1] / covariance[0, 0]).clamp(0.0, 1.0))
    quantiles = torch.tensor([0.5 - CENTRAL / 2, 0.5, 0.5 + CENTRAL / 2], dtype=torch.float64)
    return [*torch.quantile(residual / spread**power, quantiles).tolist(), power]


def _regions(maps: Tensor, properties: tuple[str, ...]) -> list[Tensor]:
    """Masks (H, W) of the frame and, where it fits, of two half-mass radii."""
    shape = (maps.shape[-2], maps.shape[-1])
    regions = [torch.ones(shape)]
    if "stellar_mass" in properties:
        mass = maps[properties.index("stellar_mass")].numpy()
        try:
            ellipse = half_mass_ellipse(mass)
        except InputError:  # no stars above the floor
            return regions
        if ellipse.fits(shape, scale=APERTURE_RADII):
            regions.append(torch.from_numpy(ellipse.mask(shape, scale=APERTURE_RADII)).float())
    return regions


def _batches(views: Sequence[ViewSet], seed: int):
    for part in views:
        yield from validation_batches(part, batch=4, crop=0, seed=seed)
