"""The task of encoding spectra: an InfoVAE that knows noise and gaps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from picassso.analysis.spectra import SpectralPCA
from picassso.archive import DatasetStore
from picassso.core import NOISELESS
from picassso.networks import SpectrumAutoencoder, save_weights
from picassso.networks.spectra.autoencoder import Autoencoded
from picassso.networks.spectra.basis import SpectralBasis
from picassso.networks.spectra.stellar_fit import StellarFit
from picassso.training.ahead import one_ahead
from picassso.training.release import synthetic_seeds
from picassso.training.spectra.config import AutoencoderConfig
from picassso.training.spectra.library import SpectraBatch, read_library, read_stars
from picassso.training.spectra.losses import discrepancy, divergence, misfit
from picassso.training.spectra.scatter import fit_error, fit_scatter

__all__ = ["AutoencoderTask"]

_CHUNK = 1000
"""Spectra that are encoded at once."""

_BASIS_SPECTRA = 4000
"""So many are enough for principal components."""


class AutoencoderTask:
    """Learn to encode the spectra of some stores.

    The parts of the loss are ``misfit`` a pixel, ``divergence`` a spectrum [nat], ``discrepancy``,
    and ``shift``: the mean square of the way from the latents of a spectrum without noise and gaps
    to those of the same with them, in standard deviations of the prior. Beside them stand
    ``within``, the share of the latents that this moves by less than the standard deviation of the
    posterior that the loss draws from, and ``error``, the mean square of what the
    reconstruction misses of the true spectrum, over all pixels, seen or not, in units of its norm.

    Parameters
    ----------
    stores : sequence of DatasetStore
        With spectra.
    config : AutoencoderConfig
        The seed of torch must be set: it decides the fresh weights.

    Raises
    ------
    InputError
        If a store has no spectra, or too few.
    """

    parts: tuple[str, ...] = ("misfit", "divergence", "discrepancy", "shift", "within", "error")

    def __init__(self, stores: Sequence[DatasetStore], config: AutoencoderConfig) -> None:
        self.config = config
        self.about = {
            "train_config": config.model_dump(mode="json"),
            "survey": stores[0].survey,
            "data_fingerprint": "+".join(sorted(store.fingerprint for store in stores)),
            "synthetic_seeds": synthetic_seeds(stores),
        }
        self.library = read_library(stores, "train", config=config)
        self.held_out = read_library(stores, "validation", config=config)
        self.network_config = config.network()
        self.network: SpectrumAutoencoder = self.network_config.build()
        spectra = self.library.flux.reshape(-1, self.library.flux.shape[-1])
        every = -(-len(spectra) // _BASIS_SPECTRA)
        _set_basis(self.network.basis, spectra[::every], config.components)
        stars = read_stars(stores, config=config, limit=_BASIS_SPECTRA)
        _set_basis(self.network.stars, stars, config.stellar_components)
        for library in (self.library, self.held_out):
            _normalise(self.network, library.flux)

    def __len__(self) -> int:
        return len(self.library)

    def batches(self, start: int, stop: int, *, rank: int, world: int) -> Iterator[SpectraBatch]:
        """Spectra with fresh noise, at fresh redshifts."""

        def make(step: int) -> SpectraBatch:
            return self.library.batch(step, self.config, rank=rank, world=world)

        return one_ahead(make, start, stop)

    def checks(self) -> Iterator[SpectraBatch]:
        """Spectra of the validation split, each observed in one way."""
        return self.held_out.batches(self.config)

    def loss(self, model: nn.Module, batch: SpectraBatch) -> Tensor:
        """Parts of the loss."""
        config, network, truth = self.config, self.network, batch.truth
        with torch.no_grad():
            norm = network.norm(batch.flux, batch.weight).clamp_min(1e-3)[:, None]
            flux, weight = batch.flux / norm, batch.weight * norm.square()
            filled = network.fill(flux, weight)
        found: Autoencoded = model(filled, batch.draw)
        clean, _ = network.vae.encode(truth - network.basis.mean.to(truth.dtype))
        target = truth if config.target == "truth" else flux
        trust = weight * batch.even if config.weighting == "even" else weight
        trust = trust / (1.0 + trust * (config.softening * truth).square())
        shift = (found.mean - clean).square()
        return torch.stack(
            [
                misfit(found.reconstruction.float(), target, trust),
                divergence(found.mean, found.log_variance),
                discrepancy(found.latents, batch.prior, kernel_width=config.kernel_width),
                shift.mean(),
                (shift < found.log_variance.exp()).float().mean(),
                (found.reconstruction.detach() - truth).square().mean(),
            ]
        )

    def total(self, parts: Tensor) -> Tensor:
        """Misfit, and a thousandth, the number of pixels, of what regularises, as Zhao et al."""
        config = self.config
        weight = parts.new_tensor(
            [
                1.0,
                (1.0 - config.alpha) / self.library.flux.shape[-1],
                (config.alpha + config.divergence_weight - 1.0) / self.library.flux.shape[-1],
                config.constancy,
                0.0,
                0.0,
            ]
        )
        return (weight * parts).sum()

    def save(self, network: nn.Module, path: Path, *, about: dict[str, Any]) -> None:
        """Measure the population's latents and what goes wrong with them, and write all of it."""
        assert isinstance(network, SpectrumAutoencoder)
        network.set_population(_encoded(network, self.library.own).mean)
        clean = self.held_out.own
        found = _encoded(network, clean)
        latents = _z_scored(network, found.mean)
        missed = torch.from_numpy(clean) - found.reconstruction
        scatter = fit_scatter(latents, missed, len(network.scatter))
        network.scatter.set(**scatter._asdict())
        floor, slope = fit_error(*_shifts(network, self.held_out.batches(self.config)))
        network.set_errors(floor=floor, slope=slope)
        save_weights(network, self.network_config, path, about={**self.about, **about})


def _set_basis(
    basis: SpectralBasis | StellarFit, flux: NDArray[np.float32], components: int
) -> None:
    """Fit principal components to spectra (N, L)."""
    pca = SpectralPCA.fit(flux, np.ones_like(flux), components)
    basis.set(
        mean=torch.from_numpy(pca.mean),
        components=torch.from_numpy(pca.components),
        variance=torch.from_numpy(pca.variance),
        residual_variance=torch.from_numpy(pca.scatter**2),
    )


@torch.no_grad()
def _normalise(network: SpectrumAutoencoder, flux: NDArray[np.float32]) -> None:
    """Divide noise-free spectra (N, V, L) by their norm, as they will be when observed."""
    spectra = flux.reshape(-1, flux.shape[-1])
    for first in range(0, len(spectra), _CHUNK):
        some = torch.from_numpy(spectra[first : first + _CHUNK])
        some /= network.norm(some, torch.full_like(some, NOISELESS))[:, None]


@torch.no_grad()
def _encoded(network: SpectrumAutoencoder, flux: NDArray[np.float32]) -> Autoencoded:
    """Noise-free spectra (N, L) as the network encodes and decodes them, on the CPU."""
    device = network.latent_mean.device
    found = []
    for first in range(0, len(flux), _CHUNK):
        some = torch.from_numpy(flux[first : first + _CHUNK]).to(device)
        found.append(network(some, some.new_zeros(len(some), network.latents)))
    return Autoencoded(*(torch.cat(part).float().cpu() for part in zip(*found, strict=True)))


@torch.no_grad()
def _shifts(network: SpectrumAutoencoder, batches: Iterable[SpectraBatch]) -> tuple[Tensor, Tensor]:
    """How far noise and gaps move z-scored latents, (N, K), and how much noise there is, (N,)."""
    device = network.latent_mean.device
    found = []
    for batch in batches:
        flux, weight, truth = (part.to(device) for part in (batch.flux, batch.weight, batch.truth))
        norm = network.norm(flux, weight).clamp_min(1e-3)[:, None]
        flux, weight = flux / norm, weight * norm.square()
        seen, _ = network.encode(flux, weight)
        clean, _ = network.encode_clean(truth)
        found.append((seen - clean, network.noise(network.fill(flux, weight), weight)))
    shift, noise = (torch.cat(part).cpu() for part in zip(*found, strict=True))
    return shift, noise


def _z_scored(network: SpectrumAutoencoder, mean: Tensor) -> Tensor:
    return (mean - network.latent_mean.cpu()) / network.latent_std.cpu()
