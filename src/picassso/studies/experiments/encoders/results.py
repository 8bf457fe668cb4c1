"""What the study of encoders found."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.analysis import Statistic
from picassso.analysis.bootstrap import bootstrap
from picassso.core import InputError
from picassso.studies.experiments.encoders.comparison import BOOTSTRAPS, Comparison, compare
from picassso.studies.experiments.encoders.plan import Choice, Trial
from picassso.studies.experiments.encoders.published import (
    PAPER_ORDER,
    PAPER_PIXELS,
    PAPER_SEEDS,
)
from picassso.studies.experiments.encoders.trial import (
    TestedLatents,
    error_curve,
    read_latents,
)
from picassso.studies.experiments.plan import Run
from picassso.studies.experiments.results import OverSeeds
from picassso.studies.experiments.runs import end_above_least, not_flat, outcome_of

__all__ = ["EncoderArm", "EncoderStudy", "Tried", "collect"]


@dataclass(frozen=True, slots=True)
class Tried:
    """A choice that was tried: its mean squared error on the validation split."""

    choice: Choice
    error: float
    chosen: bool


@dataclass(frozen=True, slots=True)
class EncoderArm:
    """One network as it was chosen, trained with several seeds.

    Parameters
    ----------
    choice : Choice
        Network, recipe and learning rate.
    parameters, steps : int
        Of each network, and of its training.
    latents : tuple of OverSeeds
        Mean squared error of each latent on the test split.
    error : OverSeeds
        Mean over the latents.
    by_seed : tuple of float
        That of each network.
    validation : OverSeeds
        The same on the validation split.
    seconds : OverSeeds
        Of training, by the clock.
    late_fall : float
        Largest fall of the least validation error over the last quarter of training.
    end_above_least : float
        By how much at most that error lay above it when training ended.
    provisional : str
        Why its numbers claim nothing; empty where they may.
    runs : tuple of Path
        Folders of its networks, seed by seed.
    """

    choice: Choice
    parameters: int
    steps: int
    latents: tuple[OverSeeds, ...]
    error: OverSeeds
    by_seed: tuple[float, ...]
    validation: OverSeeds
    seconds: OverSeeds
    late_fall: float
    end_above_least: float
    provisional: str
    runs: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class EncoderStudy:
    """What the study found.

    Parameters
    ----------
    arms : tuple of EncoderArm
        What was compared.
    tried : tuple of Tried
        All that recipes and rates were chosen from.
    comparisons : tuple of Comparison
        Neighbours in the paper's order, then ours against each of the others.
    spread : float
        Variance of the true latents of the test split, mean over them: the mean squared error of
        a network that always says their mean.
    about : mapping
        What it rests on: version, store, autoencoder, the resolved config, and the runs of each
        arm; plain numbers and strings.
    """

    arms: tuple[EncoderArm, ...]
    tried: tuple[Tried, ...]
    comparisons: tuple[Comparison, ...]
    spread: float
    about: Mapping[str, Any]


def collect(
    trials: Sequence[Trial], arms: Mapping[Choice, Sequence[Run]], *, about: Mapping[str, Any]
) -> EncoderStudy:
    """Results of finished runs as one study.

    Raises
    ------
    InputError
        If a file cannot be read, or networks were tested on different views.
    """
    tested = {c.arm: [read_latents(run.folder) for run in runs] for c, runs in arms.items()}
    first = next(iter(tested.values()))[0]
    for runs, networks in zip(arms.values(), tested.values(), strict=True):
        for run, network in zip(runs, networks, strict=True):
            if not np.array_equal(network.galaxy_id, first.galaxy_id):
                raise InputError(
                    f"{run.folder}: tested on other views than the rest; remove that folder and "
                    "run the study again"
                )
    seed = about["config"]["evaluation_seed"]
    return EncoderStudy(
        arms=tuple(_arm(c, runs, tested[c.arm], about) for c, runs in arms.items()),
        tried=tuple(
            Tried(t.choice, outcome_of(t.run).validation_loss, t.choice in arms) for t in trials
        ),
        comparisons=tuple(
            compare((one, tested[one]), (other, tested[other]), seed=seed)
            for one, other in _pairs(list(tested))
        ),
        spread=float(first.true.var(axis=0).mean()),
        about=about,
    )


def _pairs(arms: Sequence[str]) -> list[tuple[str, str]]:
    """Which arms are compared, as far as they are there."""
    neighbours = itertools.pairwise(PAPER_ORDER)
    ours = (("compact", other) for other in arms if other != "compact")
    return [pair for pair in (*neighbours, *ours) if set(pair) <= set(arms)]


def _arm(
    choice: Choice, runs: Sequence[Run], tested: Sequence[TestedLatents], about: Mapping[str, Any]
) -> EncoderArm:
    found = [json.loads((run.folder / "result.json").read_text()) for run in runs]
    fall = float(np.max([f["late_fall"] for f in found]))  # NaN if any is
    above = max(end_above_least(error_curve(run.folder)[1]) for run in runs)
    scores = [_scores(network, seed=about["config"]["evaluation_seed"]) for network in tested]
    latents, means = [s[:-1] for s in scores], [s[-1] for s in scores]
    return EncoderArm(
        choice=choice,
        parameters=found[0]["parameters"],
        steps=runs[0].steps,
        latents=tuple(OverSeeds.of(of) for of in zip(*latents, strict=True)),
        error=OverSeeds.of(means),
        by_seed=tuple(m.value for m in means),
        validation=OverSeeds.of([Statistic(f["validation_loss"]) for f in found]),
        seconds=OverSeeds.of([Statistic(f["seconds"]) for f in found]),
        late_fall=fall,
        end_above_least=above,
        provisional="; ".join(_reasons(len(runs), (fall, above), about)),
        runs=tuple(run.folder for run in runs),
    )


def _scores(tested: TestedLatents, *, seed: int) -> list[Statistic]:
    """Mean squared error of each latent, then their mean, with errors over galaxies."""
    squares = np.column_stack([tested.squares, tested.squares.mean(axis=1)])

    def mean(times: NDArray[np.intp]) -> NDArray[np.float64]:
        return np.asarray(times @ squares / times.sum())

    values, errors = bootstrap(mean, tested.galaxy_id, bootstraps=BOOTSTRAPS, seed=seed)
    return [Statistic(float(v), float(e)) for v, e in zip(values, errors, strict=True)]


def _reasons(networks: int, course: tuple[float, float], about: Mapping[str, Any]) -> list[str]:
    """Why an arm claims nothing; its course is how far the error fell late and ended too high."""
    reasons = []
    if networks < PAPER_SEEDS:
        reasons.append(f"fewer than {PAPER_SEEDS} seeds")
    if about["pixels"] < PAPER_PIXELS:
        reasons.append(f"images of {about['pixels']} pixels, the paper's have {PAPER_PIXELS}")
    tolerance = about["config"]["loss_tolerance"]
    return reasons + not_flat(*course, tolerance=tolerance, what="error")
