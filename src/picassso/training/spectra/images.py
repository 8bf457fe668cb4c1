"""Images with fresh noise, and the latents of the spectrum that the fibre in their middle sees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from picassso.archive import DatasetStore
from picassso.archive.fibres import rest_light, rest_spectra
from picassso.core import REST_GRID, Spectrum
from picassso.networks import SpectrumAutoencoder
from picassso.observatory.spectra.resample import resample, to_rest
from picassso.observatory.spectra.spectrograph import observe_spectrum
from picassso.training.ahead import one_ahead
from picassso.training.data import ViewSet, draw_view, shuffled_indices
from picassso.training.spectra.config import SpectrumConfig

__all__ = ["FibreBatch", "FibreImages"]

_CHUNK = 1000
"""Spectra that are encoded at once."""


class FibreBatch(NamedTuple):
    """Inputs of an `ImageEncoder`, in its order, and what it should say, (N, D)."""

    flux: Tensor
    noise: Tensor
    psf_fwhm: Tensor
    redshift: Tensor
    pixel_scale: Tensor
    target: Tensor


class FibreImages:
    """Images of one split of some stores, with the latents of their spectra.

    Parameters
    ----------
    stores : sequence of DatasetStore
        With spectra.
    split : str
        ``"train"``, ``"validation"`` or ``"test"``.
    autoencoder : SpectrumAutoencoder
        Which encodes the spectra.
    config : SpectrumConfig
        Of the task.
    bands : tuple of str
        Of the images.
    limit : int or None
        At most so many images, evenly spaced.
    galaxies : int
        Of so many galaxies; 0 for all.

    Attributes
    ----------
    views : ViewSet
        The images.
    target : (N, D) float32 array
        Z-scored latents, and log10 of the norm where the config wants it.
    """

    def __init__(
        self,
        stores: Sequence[DatasetStore],
        split: str,
        *,
        autoencoder: SpectrumAutoencoder,
        config: SpectrumConfig,
        bands: tuple[str, ...],
        limit: int | None = None,
        galaxies: int = 0,
    ) -> None:
        self.config = config
        self.views = ViewSet(
            stores,
            split,
            bands=bands,
            grey=config.grey,
            limit=limit,
            galaxies=galaxies,
            seed=config.seed,
            maps=False,
            lit=True,
            side=config.crop,
        )
        targets = [
            _targets(part.store, part.rows, autoencoder, norm=config.norm)
            for part in self.views.parts
        ]
        self.target = np.concatenate(targets)

    def __len__(self) -> int:
        return len(self.views)

    def light(self, which: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(n, 1000) noise-free spectra of some images, and what they are without lines."""
        parts = self.views.parts
        found = [
            rest_light(parts[n].store, parts[n].rows[[k]])
            for n, k in (self.views.order[i] for i in which)
        ]
        flux, stars = (np.concatenate(of) for of in zip(*found, strict=True))
        return flux, stars

    def one_of_each_galaxy(self) -> NDArray[np.int64]:
        """(G,) numbers of images, the first of each galaxy."""
        parts = self.views.parts
        of = [(n, parts[n].store.table["galaxy"][parts[n].rows[k]]) for n, k in self.views.order]
        return np.unique(np.array(of), axis=0, return_index=True)[1]

    def observed(self, which: NDArray[np.int64], *, seed: int) -> Iterator[Spectrum]:
        """Spectra of some images as SDSS would measure them, brought to rest on `REST_GRID`."""
        parts = self.views.parts
        for n, k in (self.views.order[i] for i in which):
            row = int(parts[n].rows[k])
            rng = np.random.default_rng((seed, 4, n, row))
            yield resample(
                to_rest(observe_spectrum(parts[n].store.fibre_light(row), rng)), REST_GRID
            )

    def training_batches(
        self, start: int, stop: int, *, rank: int, world: int
    ) -> Iterator[FibreBatch]:
        """Batches of the steps `start` to `stop`; each depends on the seed and its step alone."""
        config = self.config
        share = config.batch // world

        def make(step: int) -> FibreBatch:
            rng = np.random.default_rng((config.seed, 1, step, rank))
            first = step * config.batch + rank * share
            rows = shuffled_indices(len(self), first, first + share, seed=config.seed)
            return _stacked(self._seen(row, rng) for row in rows)

        return one_ahead(make, start, stop)

    def batches(self, *, seed: int) -> Iterator[FibreBatch]:
        """All images in their order, with noise that is the same each time."""
        size = self.config.batch
        for first in range(0, len(self), size):
            rows = range(first, min(first + size, len(self)))
            yield _stacked(
                self._drawn(row, np.random.default_rng((seed, 3, row)), False, (1.0, 1.0), None)
                for row in rows
            )

    def _seen(self, row: int, rng: np.random.Generator) -> tuple[NDArray[np.float32], ...]:
        """One image as training sees it."""
        config = self.config
        noise_seed = None if config.fresh_noise else (config.seed, 2, row)
        return self._drawn(row, rng, config.augment, config.noise_range, noise_seed)

    def _drawn(
        self,
        row: int,
        rng: np.random.Generator,
        augment: bool,
        noise_range: tuple[float, float],
        noise_seed: tuple[int, ...] | None,
    ) -> tuple[NDArray[np.float32], ...]:
        flux, noise, psf_fwhm, redshift, _, _ = draw_view(
            self.views, row, rng, 0, augment, noise_range, noise_seed
        )
        number, k = self.views.order[row]
        scale = self.views.parts[number].pixel_scale[k]
        return flux, noise, psf_fwhm * scale, redshift, scale, self.target[row]


@torch.no_grad()
def _targets(
    store: DatasetStore, rows: NDArray[np.int64], autoencoder: SpectrumAutoencoder, *, norm: bool
) -> NDArray[np.float32]:
    """(n, D) what the autoencoder says of noise-free spectra."""
    spectra = torch.from_numpy(rest_spectra(store, rows))
    found = []
    for some in spectra.split(_CHUNK):
        latents, size = autoencoder.encode_clean(some)
        found.append(torch.cat([latents, torch.log10(size)], dim=1) if norm else latents)
    return torch.cat(found).numpy()


def _stacked(items: Iterable[tuple[NDArray[np.float32], ...]]) -> FibreBatch:
    return FibreBatch(*(torch.from_numpy(np.stack(column)) for column in zip(*items, strict=True)))
