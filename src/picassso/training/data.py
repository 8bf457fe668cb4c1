"""From stores to batches: crops, symmetries and fresh noise, a pure function of seed and step."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from picassso.archive import DatasetStore
from picassso.archive.fibres import lit_rows
from picassso.core import InputError
from picassso.training.ahead import one_ahead
from picassso.training.augment import turn
from picassso.training.views import grey_bands, reordered

__all__ = [
    "Batch",
    "ViewSet",
    "draw_view",
    "shuffled_indices",
    "training_batches",
    "validation_batches",
]

MEMORY_LIMIT = 0.4 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
"""Views are held in memory up to this many bytes a split and process; others are read as needed."""


class Batch(NamedTuple):
    """Inputs of a network, in its order, and the true maps."""

    flux: Tensor
    noise: Tensor
    psf_fwhm: Tensor
    redshift: Tensor
    kpc_per_pixel: Tensor
    truth: Tensor


@dataclass(frozen=True)
class _Rows:
    """Views of one store."""

    store: DatasetStore
    channels: list[int]
    rows: NDArray[np.int64]
    in_memory: tuple[NDArray[np.float32], NDArray[np.float32]] | None
    noise: NDArray[np.float32]
    psf_fwhm: NDArray[np.float32]
    redshift: NDArray[np.float32]
    kpc_per_pixel: NDArray[np.float32]
    pixel_scale: NDArray[np.float32]
    real_sky: bool
    maps: bool
    side: int

    @property
    def held(self) -> int:
        """Bytes in memory."""
        return sum(x.nbytes for x in self.in_memory or ())

    def pixels(self, k: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Flux (B, H, W) and maps (P, H, W) of a view; P is 0 where maps are not wanted."""
        if self.in_memory is not None:
            flux, maps = self.in_memory
            return flux[k], maps[k]
        row = int(self.rows[k])
        flux = self._middle(self.store.flux_of(row)[self.channels])
        none = np.empty((0, *flux.shape[1:]), np.float32)
        return flux, self._middle(self.store.maps_of(row)) if self.maps else none

    def _middle(self, cube: NDArray[np.float32]) -> NDArray[np.float32]:
        """The middle of a cube (..., H, W), where only that is wanted."""
        if not self.side:
            return cube
        y, x = ((n - self.side) // 2 for n in cube.shape[-2:])
        return cube[..., y : y + self.side, x : x + self.side].copy()


class ViewSet:
    """The views of one split of some stores.

    Parameters
    ----------
    stores : sequence of DatasetStore
        With the same properties.
    split : str
        ``"train"``, ``"validation"`` or ``"test"``.
    bands : tuple of str
        Bands to use; the stores must hold them.
    grey, shuffled : bool
        Without colours; without shapes. See `picassso.training.views`.
    limit : int or None
        At most so many views, evenly spaced.
    galaxies : int
        Of so many galaxies, drawn by `seed`; 0: of all.
    seed : int
        A smaller choice of the same seed lies within a larger one.
    maps : bool
        Whether the true maps are wanted; where not, those of a view are (0, H, W).
    side : int
        Keep only so many pixels about the middle of each frame; 0: whole frames.
    lit : bool
        Leave out views whose fibre sees no star.
    """

    def __init__(
        self,
        stores: Sequence[DatasetStore],
        split: str,
        *,
        bands: tuple[str, ...],
        grey: bool = False,
        shuffled: bool = False,
        limit: int | None = None,
        galaxies: int = 0,
        seed: int = 0,
        maps: bool = True,
        side: int = 0,
        lit: bool = False,
    ) -> None:
        self.shuffled = shuffled
        found = [lit_rows(s, split) if lit else np.asarray(s.indices(split)) for s in stores]
        if galaxies:
            found = _some_galaxies(stores, found, galaxies, seed)
        total = sum(len(rows) for rows in found)
        if not total:
            raise InputError(f"the {split} split is empty; make a store with more galaxies")
        keep = 1.0 if limit is None else min(1.0, limit / total)
        self.parts: list[_Rows] = []
        free = float(MEMORY_LIMIT)
        self.order: list[tuple[int, int]] = []
        for store, rows in zip(stores, found, strict=True):
            channels = [store.bands.index(b) for b in (grey_bands(bands) if grey else bands)]
            if not len(rows):  # a store of few galaxies
                continue
            kept = max(round(keep * len(rows)), 1)
            rows = rows[np.unique(np.linspace(0, len(rows) - 1, kept, dtype=int))]
            number = len(self.parts)
            self.parts.append(_read(store, rows, channels, free=free, maps=maps, side=side))
            free -= self.parts[-1].held
            self.order += [(number, k) for k in range(len(rows))]

    def __len__(self) -> int:
        return len(self.order)

    @property
    def sides(self) -> set[int]:
        """Sides of the stored frames [pixels]."""
        return {p.side or p.store.shape[1] for p in self.parts}

    def view(self, index: int) -> tuple[_Rows, int, NDArray, NDArray]:
        """Part, position in it, flux as stored (B, H, W) and maps (P, H, W)."""
        number, k = self.order[index]
        part = self.parts[number]
        return part, k, *part.pixels(k)


def _some_galaxies(
    stores: Sequence[DatasetStore], rows: Sequence[NDArray], galaxies: int, seed: int
) -> list[NDArray]:
    """Rows of some galaxies of all stores together, drawn by the seed."""
    names = [s.table["galaxy_id"][r] for s, r in zip(stores, rows, strict=True)]
    known = [(k, str(name)) for k, of in enumerate(names) for name in np.unique(of)]
    if galaxies > len(known):
        raise InputError(
            f"galaxies is {galaxies}, but the stores hold {len(known)} to choose from; make a "
            "larger store, or choose fewer"
        )
    order = np.random.default_rng((seed, 5)).permutation(len(known))
    drawn = {known[k] for k in order[:galaxies]}
    return [
        r[[(k, str(name)) in drawn for name in of]]
        for k, (r, of) in enumerate(zip(rows, names, strict=True))
    ]


def _read(
    store: DatasetStore,
    rows: NDArray,
    channels: list[int],
    *,
    free: float,
    maps: bool,
    side: int,
) -> _Rows:
    """Rows of a store: held in memory if they fit into `free` bytes, else read as needed."""
    table = store.table
    scale = np.asarray(table["pixel_scale"], np.float32)[rows, None]
    found = _Rows(
        store=store,
        channels=channels,
        rows=rows,
        in_memory=None,
        noise=np.asarray(table["noise"], np.float32)[rows][:, channels],
        psf_fwhm=np.asarray(table["psf_fwhm"], np.float32)[rows][:, channels] / scale,
        redshift=np.asarray(table["redshift"], np.float32)[rows, None],
        kpc_per_pixel=np.asarray(table["kpc_per_pixel"], np.float32)[rows, None],
        pixel_scale=scale,
        real_sky=store.real_sky,
        maps=maps,
        side=side if side < min(store.shape) else 0,
    )
    depth = len(channels) + (len(store.properties) if maps else 0)
    pixels = found.side**2 or np.prod(store.shape)
    if 4.0 * len(rows) * depth * pixels > free:
        return found
    flux, truth = zip(*(found.pixels(k) for k in range(len(rows))), strict=True)
    return replace(found, in_memory=(np.stack(flux), np.stack(truth)))


def training_batches(
    views: ViewSet,
    *,
    batch: int,
    crop: int,
    seed: int,
    start: int,
    stop: int,
    augment: bool,
    fresh_noise: bool,
    noise_range: tuple[float, float],
    rank: int = 0,
    world: int = 1,
) -> Iterator[Batch]:
    """Batches of the steps `start` to `stop`, one step ahead of their use.

    Every batch depends on the seed and its step alone, which makes resumption exact.
    """
    share = batch // world

    def make(step: int) -> Batch:
        rng = np.random.default_rng((seed, 1, step, rank))
        first = step * batch + rank * share
        items = []
        for index in shuffled_indices(len(views), first, first + share, seed=seed):
            noise_seed = None if fresh_noise else (seed, 2, index)
            items.append(draw_view(views, index, rng, crop, augment, noise_range, noise_seed))
        return Batch(*(torch.from_numpy(np.stack(column)) for column in zip(*items, strict=True)))

    return one_ahead(make, start, stop)


def validation_batches(views: ViewSet, *, batch: int, crop: int, seed: int) -> Iterator[Batch]:
    """Central crops with noise that is the same each time."""
    for first in range(0, len(views), batch):
        items = []
        for index in range(first, min(first + batch, len(views))):
            rng = np.random.default_rng((seed, 3, index))
            items.append(draw_view(views, index, rng, crop, False, (1.0, 1.0), None, centred=True))
        yield Batch(*(torch.from_numpy(np.stack(column)) for column in zip(*items, strict=True)))


_ORDERS: dict[tuple[int, int, int], NDArray[np.int64]] = {}


def shuffled_indices(n: int, start: int, stop: int, *, seed: int) -> list[int]:
    """Which of `n` items come at some places of the endless order in which they are seen.

    Each epoch sees every item once, in an order of its own.
    """
    found = []
    for position in range(start, stop):
        epoch, place = divmod(position, n)
        found.append(int(_permutation(seed, epoch, n)[place]))
    return found


def _permutation(seed: int, epoch: int, n: int) -> NDArray[np.int64]:
    """Order of the views in an epoch; the last few are kept."""
    key = (seed, epoch, n)
    if key not in _ORDERS:
        while len(_ORDERS) > 4:
            _ORDERS.pop(next(iter(_ORDERS)))
        _ORDERS[key] = np.random.default_rng((seed, 0, epoch)).permutation(n)
    return _ORDERS[key]


def draw_view(
    views: ViewSet,
    index: int,
    rng: np.random.Generator,
    crop: int,
    augment: bool,
    noise_range: tuple[float, float],
    noise_seed: tuple[int, ...] | None,
    *,
    centred: bool = False,
) -> tuple[NDArray[np.float32], ...]:
    part, k, flux, maps = views.view(index)
    height, width = flux.shape[-2:]
    if crop and (crop < height or crop < width):
        y = (height - crop) // 2 if centred else int(rng.integers(height - crop + 1))
        x = (width - crop) // 2 if centred else int(rng.integers(width - crop + 1))
        flux, maps = flux[:, y : y + crop, x : x + crop], maps[:, y : y + crop, x : x + crop]
    if augment:
        element = int(rng.integers(8))
        flux, maps = turn(flux, element), turn(maps, element)
    sigma = part.noise[k]
    if not part.real_sky:  # which has noise of its own, of a depth of its own
        sigma = sigma * np.float32(np.exp(rng.uniform(*np.log(noise_range))))
        source = rng if noise_seed is None else np.random.default_rng(noise_seed)
        noise = source.standard_normal(flux.shape, dtype=np.float32)
        flux = flux + sigma[:, None, None] * noise
    if views.shuffled:
        order = rng.permutation(flux.shape[-2] * flux.shape[-1])
        flux, maps = reordered(flux, order), reordered(maps, order)
    return (
        np.ascontiguousarray(flux, dtype=np.float32),
        sigma,
        part.psf_fwhm[k],
        part.redshift[k],
        part.kpc_per_pixel[k],
        np.ascontiguousarray(maps, dtype=np.float32),
    )
