"""Which encoders are trained: first those that something is chosen by, then those compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from picassso.archive import DatasetStore
from picassso.core import InputError
from picassso.networks import AutoencoderConfig, load_network
from picassso.studies.experiments.encoders.config import RECIPES, EncoderStudyConfig
from picassso.studies.experiments.plan import Run, steps_of, training_galaxies
from picassso.studies.experiments.runs import outcome_of
from picassso.training.run import RunDirectory
from picassso.training.spectra.config import SpectrumConfig

__all__ = ["Choice", "Ground", "Trial", "best_of", "compared", "ground_of", "trials_of"]


@dataclass(frozen=True, slots=True)
class Ground:
    """What all networks of a study stand on.

    Parameters
    ----------
    store : DatasetStore
        With spectra.
    autoencoder : Path
        Weights whose latents are predicted.
    latents : str
        Fingerprint of those weights.
    output : Path
        Folder of the study.
    """

    store: DatasetStore
    autoencoder: Path
    latents: str
    output: Path


@dataclass(frozen=True, slots=True)
class Choice:
    """How one network is trained; `rate` is the peak learning rate."""

    arm: str
    recipe: str
    rate: float


@dataclass(frozen=True, slots=True)
class Trial:
    """A choice, and the short run that tells how good it is."""

    choice: Choice
    run: Run


def ground_of(store: DatasetStore, autoencoder: Path, *, output: Path) -> Ground:
    """What a study stands on.

    Raises
    ------
    InputError
        If the store has no spectra or an empty split, or the autoencoder cannot be read.
    """
    if not store.has_spectra:
        raise InputError(
            f"{store.path} has no spectra to predict; make it with `picassso mock --spectra`"
        )
    training_galaxies(store)
    weights = RunDirectory(autoencoder).best if autoencoder.is_dir() else autoencoder
    manifest = load_network(weights, AutoencoderConfig)[2]
    return Ground(store, weights, manifest["network_fingerprint"], output)


def trials_of(config: EncoderStudyConfig, ground: Ground) -> tuple[Trial, ...]:
    """Every rate with every recipe of every arm, one short run each."""
    share, seed = config.tuning.share, config.tuning.seed
    found = []
    for arm in config.arms:
        for recipe in RECIPES:
            whole = config.training(recipe, backbone=arm)
            for rate in config.tuning.rates:
                # The whole schedule, in less time.
                training = config.training(
                    recipe,
                    backbone=arm,
                    learning_rate=rate,
                    seed=seed,
                    epochs=share * whole.epochs,
                    warmup=round(share * whole.warmup),
                    checkpoints=max(2, round(share * whole.checkpoints)),
                )
                run = _run(recipe, training, config, ground, tested=False)
                found.append(Trial(Choice(arm, recipe, rate), run))
    return tuple(found)


def best_of(trials: Sequence[Trial]) -> dict[str, Choice]:
    """Of each arm the choice of the least error on the validation split.

    Raises
    ------
    InputError
        If no training of an arm came to an end.
    """
    errors = {trial.choice: outcome_of(trial.run).validation_loss for trial in trials}
    found = {}
    for arm in dict.fromkeys(choice.arm for choice in errors):
        of = {choice: error for choice, error in errors.items() if choice.arm == arm}
        found[arm] = min(of, key=of.__getitem__)
        if not np.isfinite(of[found[arm]]):
            raise InputError(
                f"encoders study: the loss of {arm} diverged at every learning rate; give lower "
                "ones in the config, under [tuning] rates"
            )
    return found


def compared(
    choices: Mapping[str, Choice], config: EncoderStudyConfig, ground: Ground
) -> dict[Choice, list[Run]]:
    """The runs of each arm as it was chosen, one a seed."""
    return {
        choice: [
            _run(
                choice.recipe,
                config.training(choice.recipe, backbone=arm, learning_rate=choice.rate, seed=seed),
                config,
                ground,
                tested=True,
            )
            for seed in range(config.seeds)
        ]
        for arm, choice in choices.items()
    }


def _run(
    recipe: str,
    training: SpectrumConfig,
    config: EncoderStudyConfig,
    ground: Ground,
    *,
    tested: bool,
) -> Run:
    store = ground.store
    training = training.model_copy(update={"bands": training.bands or tuple(store.bands)})
    decisive = {
        "training": training.model_dump(mode="json"),
        "data": store.fingerprint,
        "autoencoder": ground.latents,
        "evaluation_seed": config.evaluation_seed if tested else None,
    }
    fingerprint = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
    words = (
        training.backbone,
        recipe,
        f"{training.crop or store.shape[0]}px",
        f"rate{training.learning_rate:g}",
        f"seed{training.seed}" if tested else "tuning",
    )
    images = len(store.indices("train"))
    if training.galaxies:
        images = images * training.galaxies // training_galaxies(store)
    return Run(
        folder=ground.output / "runs" / f"{'_'.join(words)}-{fingerprint[:8]}",
        store=store.path,
        training=training,
        steps=steps_of(training.epochs, images, training.batch),
        evaluation_seed=config.evaluation_seed,
        fingerprint=fingerprint,
        autoencoder=ground.autoencoder,
        tested=tested,
    )
