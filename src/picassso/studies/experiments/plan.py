"""Which networks a study trains: pure data, worked out before anything is done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from picassso.archive import SPLITS, DatasetStore
from picassso.core import InputError
from picassso.studies.experiments.config import Kind, StudyConfig
from picassso.training.config import LoopConfig, TrainConfig

__all__ = ["Arm", "Run", "left_out", "plan", "runs_of", "steps_of", "training_galaxies"]


@dataclass(frozen=True, slots=True)
class Arm:
    """What a study compares: networks that differ in their seed alone.

    Parameters
    ----------
    label : str
        As in tables and figures.
    pixels : int
        Side of its images.
    images : int
        How many it is trained on.
    steps : int
        Of training.
    training : tuple of TrainConfig
        One a seed.
    """

    label: str
    pixels: int
    images: int
    steps: int
    training: tuple[TrainConfig, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One network of a study.

    Parameters
    ----------
    folder : Path
        Where all of it lies; named by what it is, so that studies share what they have in common.
    store : Path
        What it is trained and tested on.
    training : LoopConfig
        Of the network; its class says what it learns.
    steps : int
        Of training.
    evaluation_seed : int
        Of the noise on test images.
    fingerprint : str
        Of all that decides its result.
    autoencoder : Path, optional
        Weights of the autoencoder whose latents it predicts, where that is its task.
    tested : bool
        Whether it is shown the test split; one that something is chosen by is not.
    """

    folder: Path
    store: Path
    training: LoopConfig
    steps: int
    evaluation_seed: int
    fingerprint: str
    autoencoder: Path | None = None
    tested: bool = True


@dataclass(frozen=True, slots=True)
class _Variant:
    """An arm before its seeds: what it changes."""

    label: str
    pixels: int
    changes: dict[str, Any]


def plan(kind: Kind, config: StudyConfig, store: DatasetStore) -> tuple[Arm, ...]:
    """Arms of a study on a store, in the order of tables and figures.

    Raises
    ------
    InputError
        If the store has an empty split, lacks bands, holds images that cannot be rebinned so or
        that the network cannot take, or is too small to compare anything.
    """
    galaxies = training_galaxies(store)
    base = config.training(kind)
    base = base.model_copy(update={"bands": base.bands or tuple(store.bands)})
    variants = {
        "bands": _bands,
        "resolution": _resolution,
        "samples": _samples,
        "ensemble": _ensemble,
        "morphology": _morphology,
    }[kind](config, store, base, galaxies)
    if len(variants) < 2 and kind != "ensemble":
        raise InputError(
            f"{store.path}: the {kind} study has {len(variants)} arm there, nothing to compare "
            f"with; give it more in the config, under [{kind}], or a larger store"
        )
    seeds = config.ensemble.members if kind == "ensemble" else config.seeds
    return tuple(_arm(v, base, store, galaxies, seeds) for v in variants)


def left_out(kind: Kind, config: StudyConfig, store: DatasetStore) -> dict[str, str]:
    """Arms of a config that a store cannot serve, and why; empty for studies that refuse them."""
    if kind == "resolution":
        side = store.shape[0]
        sizes = sorted({p for p in config.resolution.pixels if p > side}, reverse=True)
        return {f"{p} px": f"the images of the store have {side} pixels a side" for p in sizes}
    if kind == "samples":
        return _samples_left_out(config, store)
    return {}


def runs_of(arm: Arm, store: DatasetStore, *, output: Path, evaluation_seed: int) -> Iterator[Run]:
    """The runs of an arm, one a seed; a rebinned store lies beside them."""
    rebinned = arm.pixels != store.shape[0]
    path = output / "stores" / f"{arm.pixels}px.zarr" if rebinned else store.path
    for training in arm.training:
        decisive = {
            "training": training.model_dump(mode="json"),
            "data": store.fingerprint,
            "pixels": arm.pixels,
            "evaluation_seed": evaluation_seed,
        }
        fingerprint = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
        yield Run(
            folder=output / "runs" / f"{_name(training, arm.pixels)}-{fingerprint[:8]}",
            store=path,
            training=training,
            steps=arm.steps,
            evaluation_seed=evaluation_seed,
            fingerprint=fingerprint,
        )


def _name(training: TrainConfig, pixels: int) -> str:
    """What a run is, for people; its fingerprint tells those apart that are called the same."""
    words = ["".join(training.bands), f"{pixels}px"]
    words += [f"{training.galaxies}galaxies"] if training.galaxies else []
    words += ["shuffled"] * training.shuffled + ["grey"] * training.grey
    return "_".join([*words, f"seed{training.seed}"])


def training_galaxies(store: DatasetStore) -> int:
    """Number of training galaxies of a store whose three splits all hold some.

    Raises
    ------
    InputError
        If a split is empty.
    """
    empty = [split for split in SPLITS if not len(store.indices(split))]
    if empty:
        raise InputError(
            f"{store.path}: its {' and '.join(empty)} split is empty, and a study needs galaxies "
            "to learn from, to choose by and to be tested on; make a larger store with `picassso "
            "mock`"
        )
    return len(np.unique(store.table["galaxy_id"][store.indices("train")]))


def _arm(
    variant: _Variant, base: TrainConfig, store: DatasetStore, galaxies: int, seeds: int
) -> Arm:
    training = base.model_copy(update=variant.changes)
    _check_fits(training, variant.pixels, store)
    images = len(store.indices("train"))
    if training.galaxies:
        images = images * training.galaxies // galaxies
    return Arm(
        label=variant.label,
        pixels=variant.pixels,
        images=images,
        steps=steps_of(training.epochs, images, training.batch),
        training=tuple(training.model_copy(update={"seed": s}) for s in range(seeds)),
    )


def _check_fits(training: TrainConfig, pixels: int, store: DatasetStore) -> None:
    """A network takes sides that are multiples of its stride."""
    import torch

    from picassso.networks import build

    with torch.device("meta"):
        stride = build(training.network(training.bands, store.properties)).stride
    side = min(training.crop or pixels, pixels)
    if side % stride:
        raise InputError(
            f"images of {side} pixels are no multiple of {stride}, the stride of the network; "
            "leave that size out, or choose fewer levels (widths, blocks) or a smaller fold under "
            "[train] in the config"
        )


def steps_of(epochs: float, images: int, batch: int) -> int:
    """Steps of a training run, as the loop counts them."""
    return max(1, round(epochs * max(1, images // batch)))


def _bands(
    config: StudyConfig, store: DatasetStore, base: TrainConfig, galaxies: int
) -> list[_Variant]:
    sets = dict.fromkeys(config.bands.sets)
    for bands in sets:
        missing = [b for b in bands if b not in store.bands]
        if missing or not bands:
            raise InputError(
                f"bands study: the set {''.join(bands)!r} needs bands {missing}, but {store.path} "
                f"holds {''.join(store.bands)}; choose the sets in the config, under [bands]"
            )
    return [_Variant("".join(b), store.shape[0], {"bands": b}) for b in sets]


def _resolution(
    config: StudyConfig, store: DatasetStore, base: TrainConfig, galaxies: int
) -> list[_Variant]:
    own = store.shape[0]
    sides = sorted({p for p in config.resolution.pixels if p <= own}, reverse=True)
    uneven = [p for p in sides if own % p or store.shape[1] != own]
    if uneven:
        raise InputError(
            f"resolution study: images of {store.shape[1]} x {own} pixels cannot be averaged to "
            f"{uneven}; choose divisors in the config, under [resolution] pixels"
        )
    return [_Variant(f"{p} px", p, {}) for p in sides]


def _samples(
    config: StudyConfig, store: DatasetStore, base: TrainConfig, galaxies: int
) -> list[_Variant]:
    """Nested samples of galaxies, in equal ratios; all are trained for equally many steps."""
    images = len(store.indices("train"))
    steps = steps_of(base.epochs, images, base.batch)
    variants = []
    for count in _ladder(config, images, galaxies):
        some = images * count // galaxies
        changes = {"galaxies": count, "epochs": steps / max(1, some // base.batch)}
        variants.append(_Variant(f"{some:,}", store.shape[0], changes if some < images else {}))
    return variants


def _ladder(config: StudyConfig, images: int, galaxies: int) -> list[int]:
    """Numbers of galaxies in the samples of a store, rising; those that coincide once."""
    rungs = config.samples.rungs
    fewest = galaxies * config.samples.fewest / images
    if _is_small(config, images):  # halves of halves instead
        fewest = galaxies / 2 ** (rungs - 1)
    ladder = np.geomspace(max(fewest, 1.0), galaxies, rungs).round().astype(int)
    return [int(count) for count in np.unique(ladder)]


def _is_small(config: StudyConfig, images: int) -> bool:
    """Whether the fewest images asked for are more than half of those that there are."""
    return config.samples.fewest > images / 2


def _samples_left_out(config: StudyConfig, store: DatasetStore) -> dict[str, str]:
    images, galaxies = len(store.indices("train")), training_galaxies(store)
    ladder, rungs = _ladder(config, images, galaxies), config.samples.rungs
    found = {}
    if _is_small(config, images):
        found[f"{config.samples.fewest:,}"] = (
            f"more than half of the {images:,} training images of the store; samples begin at "
            f"{images * ladder[0] // galaxies:,} images instead"
        )
    if len(ladder) < rungs:
        found[f"{rungs - len(ladder)} of {rungs} samples"] = "as many galaxies as in another"
    return found


def _ensemble(
    config: StudyConfig, store: DatasetStore, base: TrainConfig, galaxies: int
) -> list[_Variant]:
    return [_Variant("member", store.shape[0], {})]


def _morphology(
    config: StudyConfig, store: DatasetStore, base: TrainConfig, galaxies: int
) -> list[_Variant]:
    if len(base.bands) < 2:
        raise InputError(
            f"morphology study: images in {''.join(base.bands)} alone have no colour to take away; "
            "use a store, or [train] bands in the config, of at least two bands"
        )
    takes_away: dict[str, dict[str, Any]] = {
        "image": {},
        "shuffled": {"shuffled": True},
        "grey": {"grey": True},
        "shuffled grey": {"shuffled": True, "grey": True},
    }
    return [_Variant(label, store.shape[0], changes) for label, changes in takes_away.items()]
