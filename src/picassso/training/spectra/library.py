"""Spectra to learn to encode: many galaxies, none of them noisy, and all the ways they are seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from picassso.archive import DatasetStore
from picassso.archive.fibres import light_in_parts, lit_rows
from picassso.core import InputError
from picassso.observatory.spectra.inverse_variances import inverse_variances
from picassso.observatory.spectra.spectrograph import rest_fluxes
from picassso.observatory.spectra.widen import widen
from picassso.training.data import shuffled_indices
from picassso.training.spectra.config import AutoencoderConfig

__all__ = ["Library", "SpectraBatch", "read_library", "read_stars"]

_LONGEST_GAP = 30
"""Pixels."""


class SpectraBatch(NamedTuple):
    """Spectra as observed, and what they are.

    Parameters
    ----------
    flux, weight : (N, 1000) Tensor
        With noise, in units of the norm of the true flux, and inverse variance, 0 in gaps.
    truth : (N, 1000) Tensor
        Without noise, in the same unit.
    even : (N, 1) Tensor
        Factor on `weight` that makes all spectra weigh as if of the same signal to noise.
    draw, prior : (N, K) Tensor
        Standard normal numbers: for the latents, and to compare them with.
    """

    flux: Tensor
    weight: Tensor
    truth: Tensor
    even: Tensor
    draw: Tensor
    prior: Tensor


@dataclass(frozen=True)
class Library:
    """Noise-free spectra on `picassso.core.REST_GRID`.

    Parameters
    ----------
    flux : (N, V, 1000) float32 array
        Of N fibres, V versions of each, the first of which is the galaxy's own; in units of the
        root mean square of each.
    """

    flux: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.flux)

    @property
    def own(self) -> NDArray[np.float32]:
        """(N, 1000) those of the galaxies themselves."""
        return self.flux[:, 0]

    def observe(
        self, rows: Sequence[int], rng: np.random.Generator, config: AutoencoderConfig
    ) -> SpectraBatch:
        """Some spectra, a version of each, at a redshift and with noise that nobody saw before."""
        n = len(rows)
        truth = self.flux[rows, rng.integers(self.flux.shape[1], size=n)]
        low, high = np.log(config.snr_range)
        snr = np.exp(rng.uniform(low, high, size=n))
        redshift = rng.uniform(*config.redshift_range, size=n)
        weight = inverse_variances(truth, redshift, signal_to_noise=snr)
        _cut_gaps(weight, rng, most=config.gap)
        sigma = np.divide(1.0, np.sqrt(weight), out=np.zeros_like(weight), where=weight > 0)
        flux = truth + sigma * rng.standard_normal(truth.shape, dtype=np.float32)
        even = ((config.reference_snr / snr) ** 2).astype(np.float32)[:, None]
        latents = rng.standard_normal((2, n, config.latents), dtype=np.float32)
        parts = (flux, weight, truth, even, *latents)
        return SpectraBatch(*(torch.from_numpy(part) for part in parts))

    def batch(self, step: int, config: AutoencoderConfig, *, rank: int, world: int) -> SpectraBatch:
        """This process's share of a step of training, a function of seed and step alone."""
        share = config.batch // world
        first = step * config.batch + rank * share
        rows = shuffled_indices(len(self), first, first + share, seed=config.seed)
        return self.observe(rows, np.random.default_rng((config.seed, 1, step, rank)), config)

    def batches(self, config: AutoencoderConfig) -> Iterator[SpectraBatch]:
        """All spectra, observed in the same way each time."""
        for first in range(0, len(self), config.batch):
            rows = range(first, min(first + config.batch, len(self)))
            yield self.observe(rows, np.random.default_rng((config.seed, 3, first)), config)


def read_library(
    stores: Sequence[DatasetStore], split: str, *, config: AutoencoderConfig
) -> Library:
    """Spectra of one split of some stores, and versions drawn around them.

    Parameters
    ----------
    stores : sequence of DatasetStore
        With spectra.
    split : str
        ``"train"``, or ``"validation"``, of which at most ``config.validation_spectra`` are taken,
        and no version is drawn but one each.
    config : AutoencoderConfig
        Says how wide, and the seed.

    Raises
    ------
    InputError
        If a store holds no spectra, or none of this split.
    """
    rows = [lit_rows(store, split) for store in stores]
    total = sum(map(len, rows))
    if not total:
        raise InputError(f"the {split} split is empty; make a store with more galaxies")
    keep, versions = 1.0, config.versions if config.widen else 1
    if split == "validation":
        keep, versions = min(1.0, config.validation_spectra / total), min(versions, 2)
    parts = []
    for number, (store, of) in enumerate(zip(stores, rows, strict=True)):
        if not len(of):
            continue
        kept = max(round(keep * len(of)), 1)
        of = of[np.unique(np.linspace(0, len(of) - 1, kept, dtype=int))]
        for part, light in light_in_parts(store, of):
            seed = (config.seed, 4, split == "validation", number, part.start)
            flux = _versions(light, versions, redshift_range=config.redshift_range, seed=seed)
            size = np.sqrt(np.mean(flux**2, axis=2, keepdims=True))
            dark = of[part][(size <= 0).any(axis=(1, 2))]
            if len(dark):
                raise InputError(f"{store.path}: no light enters the fibre of row {dark[0]}")
            parts.append((flux / size).astype(np.float32))
    return Library(np.concatenate(parts))


def read_stars(
    stores: Sequence[DatasetStore], *, config: AutoencoderConfig, limit: int
) -> NDArray[np.float32]:
    """(N, 1000) spectra without emission lines, of training galaxies, each of a norm of one.

    Parameters
    ----------
    stores : sequence of DatasetStore
        With spectra.
    config : AutoencoderConfig
        Says whether others are drawn around them, and the seed.
    limit : int
        At most about so many, evenly spaced.
    """
    rows = [lit_rows(store, "train") for store in stores]
    every = -(-sum(map(len, rows)) // limit)
    found = []
    for number, (store, of) in enumerate(zip(stores, rows, strict=True)):
        for part, (continuum, lines, dispersion, redshift) in light_in_parts(store, of[::every]):
            if config.widen:
                rng = np.random.default_rng((config.seed, 5, number, part.start))
                continuum = widen(continuum, lines, dispersion, rng).continuum
            found.append(rest_fluxes(continuum, np.zeros_like(lines), dispersion, redshift))
    flux = np.concatenate(found)
    return flux / np.sqrt(np.mean(flux**2, axis=1, keepdims=True))


def _versions(
    light: tuple[NDArray[Any], ...],
    versions: int,
    *,
    redshift_range: tuple[float, float],
    seed: tuple[int, ...],
) -> NDArray[np.float32]:
    """(n, V, 1000) spectra of some fibres: first as they are, then of others drawn around them."""
    rng = np.random.default_rng(seed)
    continuum, line_flux, line_dispersion, redshift = light
    made = [rest_fluxes(continuum, line_flux, line_dispersion, redshift)]
    for _ in range(versions - 1):
        wider = widen(continuum, line_flux, line_dispersion, rng)
        # The instrument's share of a line's width at rest is not to tell where a galaxy is.
        seen_at = rng.uniform(*redshift_range, size=len(redshift))
        made.append(rest_fluxes(wider.continuum, wider.line_flux, wider.line_dispersion, seen_at))
    return np.stack(made, axis=1)


def _cut_gaps(weight: NDArray[np.float32], rng: np.random.Generator, *, most: float) -> None:
    """Take away stretches of pixels, up to this part of each spectrum in all."""
    pixels = weight.shape[1]
    for row in weight:
        left = int(rng.uniform(0.0, most) * pixels)
        while left > 0:
            length = int(rng.integers(1, _LONGEST_GAP + 1))
            first = int(rng.integers(pixels))
            row[first : first + min(length, left)] = 0.0
            left -= length
