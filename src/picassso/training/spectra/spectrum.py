"""The task of predicting spectra from images, by the latents of an autoencoder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from picassso.archive import DatasetStore
from picassso.core import InputError
from picassso.networks import ImageEncoder, SpectrumAutoencoder, save_weights
from picassso.networks.spectra.latent_head import LatentPosterior
from picassso.networks.spectra.sky_stretch import LinearStretch
from picassso.training.spectra.config import SpectrumConfig
from picassso.training.spectra.images import FibreBatch, FibreImages
from picassso.training.spectra.losses import likelihood_parts

__all__ = ["SpectrumTask"]


class SpectrumTask:
    """Learn to predict what the fibre in the middle of an image sees.

    The parts of the loss are the mean squared error of each number, ``latent_0`` and so on in
    standard deviations of the autoencoder's population, ``log10_norm`` in dex; and, where the
    network predicts a covariance, the negative log-likelihood of each given those before it,
    ``likelihood_latent_0`` and so on. Their mean is minimised; without covariance that of the
    squared errors, each in units of the targets' variance.

    Parameters
    ----------
    stores : sequence of DatasetStore
        With spectra, and of the same survey.
    config : SpectrumConfig
        The seed of torch must be set: it decides the fresh weights.
    autoencoder : SpectrumAutoencoder
        Trained.

    Raises
    ------
    InputError
        If the stores do not fit together, have no spectra, or their frames do not fit the config.
    """

    def __init__(
        self,
        stores: Sequence[DatasetStore],
        config: SpectrumConfig,
        *,
        autoencoder: SpectrumAutoencoder,
    ) -> None:
        self.config = config
        bands = _agree(stores, config)
        of = partial(FibreImages, stores, autoencoder=autoencoder, config=config, bands=bands)
        self.network_config = config.network(bands, autoencoder.latents)
        self.network: ImageEncoder = self.network_config.build()
        self.images = of("train", galaxies=config.galaxies)
        self.held_out = of("validation", limit=config.validation_images)
        self._tell_the_network()
        names = self.network_config.manifest(self.network)["outputs"]
        likelihoods = [f"likelihood_{name}" for name in names] if config.covariance else []
        self.parts = (*names, *likelihoods)

    def __len__(self) -> int:
        return len(self.images)

    def batches(self, start: int, stop: int, *, rank: int, world: int) -> Iterator[FibreBatch]:
        """Images, turned, with fresh noise."""
        return self.images.training_batches(start, stop, rank=rank, world=world)

    def checks(self) -> Iterator[FibreBatch]:
        """Images of the validation split."""
        return self.held_out.batches(seed=self.config.seed)

    def loss(self, model: nn.Module, batch: FibreBatch) -> Tensor:
        """Squared errors, then, where there is a covariance, likelihoods."""
        *inputs, target = batch
        found = LatentPosterior(*(part.float() for part in model(*inputs)))
        errors = (found.mean - target).square().mean(dim=0)
        if not self.config.covariance:
            return errors
        return torch.cat([errors, likelihood_parts(found, target)])

    def total(self, parts: Tensor) -> Tensor:
        """Mean of the likelihoods, or of the squared errors in units of the targets' variance."""
        outputs = self.network.head.outputs
        if self.config.covariance:
            return parts[outputs:].mean()
        return (parts / self.network.head.width.square().to(parts.device)).mean()

    def save(self, network: nn.Module, path: Path, *, about: dict[str, Any]) -> None:
        """Write the encoder."""
        assert isinstance(network, ImageEncoder)
        save_weights(network, self.network_config, path, about=about)

    def _tell_the_network(self) -> None:
        """Set what it knows beforehand: the spread of the targets, and of a linear stretch."""
        target = torch.from_numpy(self.images.target)
        self.network.head.set_targets(location=target.mean(dim=0), width=target.std(dim=0))
        stretch = getattr(self.network.backbone, "stretch", None)
        if isinstance(stretch, LinearStretch):
            batches = self.images.training_batches(0, _STRETCH_BATCHES, rank=0, world=1)
            flux = torch.cat([batch.flux for batch in batches]).movedim(1, 0).flatten(1)
            stretch.set(mean=flux.mean(dim=1), deviation=flux.std(dim=1))


_STRETCH_BATCHES = 8
"""Batches whose pixels tell mean and deviation of a linear stretch."""


def _agree(stores: Sequence[DatasetStore], config: SpectrumConfig) -> tuple[str, ...]:
    """Bands that all stores have; they must be of one survey and hold the crop."""
    first = stores[0]
    bands = config.bands or tuple(first.bands)
    for store in stores:
        if store.survey != first.survey:
            raise InputError(
                f"{store.path} holds {store.survey}, but {first.path} holds {first.survey}; train "
                "on stores that agree"
            )
        missing = [b for b in bands if b not in store.bands]
        if missing:
            raise InputError(f"{store.path} lacks bands {missing}; it has {list(store.bands)}")
        for side in store.shape:
            if config.crop and (side < config.crop or (side - config.crop) % 2):
                raise InputError(
                    f"{store.path} has frames of {side} pixels: a crop of {config.crop} about "
                    "their middle is not to be had; choose a smaller one, even or odd as they are"
                )
    if not config.crop and len({store.shape for store in stores}) > 1:
        raise InputError(
            "frames of several sizes do not batch together; set crop to at most "
            f"{min(min(store.shape) for store in stores)}"
        )
    return bands
