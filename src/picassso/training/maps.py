"""The task of painting maps: from images with fresh noise to the likelihood of their pixels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from picassso.archive import DatasetStore
from picassso.core import InputError
from picassso.networks import Painter, build, save_weights
from picassso.training.config import TrainConfig
from picassso.training.data import Batch, ViewSet, training_batches, validation_batches
from picassso.training.losses import painting_loss

__all__ = ["MapsTask"]


class MapsTask:
    """Learn to paint the maps of some stores.

    Parameters
    ----------
    stores : sequence of DatasetStore
        All with the same survey and properties.
    config : TrainConfig
        The seed of torch must be set: it decides the fresh weights.

    Raises
    ------
    InputError
        If the stores do not fit together, or their frames not the config.
    """

    def __init__(self, stores: Sequence[DatasetStore], config: TrainConfig) -> None:
        bands, self.parts = _agree(stores, config)
        self.config = config
        of = partial(ViewSet, stores, bands=bands, grey=config.grey, shuffled=config.shuffled)
        self.views = of("train", galaxies=config.galaxies, seed=config.seed)
        self.held_out = of("validation", limit=config.validation_images)
        self.network_config = config.network(bands, self.parts)
        self.network: Painter = build(self.network_config)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        _check_sizes(config, self.network.stride, self.views)

    def __len__(self) -> int:
        return len(self.views)

    def batches(self, start: int, stop: int, *, rank: int, world: int) -> Iterator[Batch]:
        """Crops, turned, with fresh noise."""
        config = self.config
        return training_batches(
            self.views,
            batch=config.batch,
            crop=config.crop,
            seed=config.seed,
            start=start,
            stop=stop,
            augment=config.augment,
            fresh_noise=config.fresh_noise,
            noise_range=config.noise_range,
            rank=rank,
            world=world,
        )

    def checks(self) -> Iterator[Batch]:
        """Central crops of the validation split."""
        config = self.config
        return validation_batches(
            self.held_out, batch=config.batch, crop=config.crop, seed=config.seed
        )

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """Loss of each property."""
        *inputs, truth = batch
        raw = model(*inputs, raw=True)
        return painting_loss(
            self.network.head, raw.float(), truth, mean_weight=self.config.mean_weight
        )

    def total(self, parts: Tensor) -> Tensor:
        """Mean over the properties."""
        return parts.mean()

    def save(self, network: nn.Module, path: Path, *, about: dict[str, Any]) -> None:
        """Write the painter."""
        assert isinstance(network, Painter)
        save_weights(network, self.network_config, path, about=about)


def _agree(
    stores: Iterable[DatasetStore], config: TrainConfig
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Bands and properties that all stores have."""
    first, *others = stores
    for store in others:
        if tuple(store.properties) != tuple(first.properties) or store.survey != first.survey:
            raise InputError(
                f"{store.path} holds {store.survey} {list(store.properties)}, but {first.path} "
                f"holds {first.survey} {list(first.properties)}; train on stores that agree"
            )
    bands = config.bands or tuple(first.bands)
    for store in (first, *others):
        missing = [b for b in bands if b not in store.bands]
        if missing:
            raise InputError(f"{store.path} lacks bands {missing}; it has {list(store.bands)}")
    return bands, tuple(first.properties)


def _check_sizes(config: TrainConfig, stride: int, views: ViewSet) -> None:
    sides = {min(config.crop or side, side) for side in views.sides}
    if len(sides) > 1:
        raise InputError(
            f"frames of {sorted(views.sides)} pixels do not batch together; set crop to at most "
            f"{min(views.sides)}"
        )
    side = sides.pop()
    if side % stride:
        raise InputError(f"images of {side} pixels: crop must be a multiple of {stride}")
