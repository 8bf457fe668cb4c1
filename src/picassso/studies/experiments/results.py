"""What a study found: every statistic of every arm, its mean and its scatter over seeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from picassso.analysis import ResidualStatistics, Statistic
from picassso.studies.experiments.ensemble import averaged
from picassso.studies.experiments.plan import Arm, Run
from picassso.studies.experiments.runs import end_above_least, loss_curve, not_flat, outcome_of
from picassso.studies.experiments.scores import SCORES, Key, Scores, read_scores

__all__ = ["SCORES", "ArmSummary", "OverSeeds", "Study", "StudyRow", "collect"]

_LEAST_SEEDS = 3
_LEAST_PIXELS = 64  # of the data set: a resolution study goes down from there
_LEAST_IMAGES = 1500  # the smallest sample of Buck & Wolf (2021)


@dataclass(frozen=True, slots=True)
class OverSeeds:
    """One number of several networks.

    Parameters
    ----------
    value : float
        Mean over the networks.
    scatter : float
        Standard deviation over them; NaN of one alone.
    error : float
        Bootstrap standard error over galaxies, mean over the networks; NaN where there is none.
    """

    value: float
    scatter: float
    error: float = np.nan

    @classmethod
    def of(cls, found: Sequence[Statistic]) -> OverSeeds:
        """Of the same statistic of several networks."""
        values = np.array([s.value for s in found])
        scatter = float(values.std(ddof=1)) if len(values) > 1 else np.nan
        return cls(float(values.mean()), scatter, float(np.mean([s.error for s in found])))


@dataclass(frozen=True, slots=True)
class ArmSummary:
    """One arm of a study.

    Parameters
    ----------
    label : str
        As in tables and figures.
    bands : str
        Of its networks.
    pixels, images, steps : int
        Side of its images, how many there were to train on, and steps of training.
    networks : int
        How many there are.
    validation_loss : OverSeeds
        The least of each.
    late_fall : float
        The largest fall of it over the last quarter of training.
    end_above_least : float
        By how much at most the loss lay above it when training ended.
    kept_steps : tuple of int
        The first and the last step at which a network had its least loss, and is kept.
    provisional : str
        Why its numbers claim nothing; empty where they may.
    store : Path
        What its networks were tested on.
    runs : tuple of Path
        Folders of its networks: that of the median validation loss, then those next in rank.
    averaged : int
        How many of them make one prediction.
    """

    label: str
    bands: str
    pixels: int
    images: int
    steps: int
    networks: int
    validation_loss: OverSeeds
    late_fall: float
    end_above_least: float
    kept_steps: tuple[int, int]
    provisional: str
    store: Path
    runs: tuple[Path, ...]
    averaged: int = 1

    @property
    def typical(self) -> tuple[Path, ...]:
        """Folders of the run that stands for the arm, or of those averaged."""
        return self.runs[: self.averaged]


@dataclass(frozen=True, slots=True)
class StudyRow:
    """Statistics of one property in one arm.

    `kind` is ``"total"`` or ``"pixel"``, as predicted, or ``"paper_total"``: totals by the
    protocol of Buck & Wolf (2021), whose pixels are masked by the truth.
    """

    arm: str
    property: str
    kind: str
    scores: Mapping[str, OverSeeds]


@dataclass(frozen=True, slots=True)
class Study:
    """What a study found.

    Parameters
    ----------
    kind : str
        Which study.
    arms : tuple of ArmSummary
        What was compared.
    rows : tuple of StudyRow
        A row an arm, property and kind.
    about : mapping
        What it rests on: version, store and its fingerprint, the resolved config, the runs of each
        arm, and ``left_out``, arms that were asked for and why they are not there; plain numbers
        and strings.
    """

    kind: str
    arms: tuple[ArmSummary, ...]
    rows: tuple[StudyRow, ...]
    about: Mapping[str, Any]


def collect(
    kind: str, arms: Sequence[tuple[Arm, Sequence[Run]]], *, about: Mapping[str, Any]
) -> Study:
    """Results of finished runs as one study; an ensemble also of its members' mean predictions."""
    summaries: list[ArmSummary] = []
    rows: list[StudyRow] = []
    for arm, runs in arms:
        summary = _summary(arm, runs, about)
        folders = [run.folder / "evaluation" for run in runs]
        parts = averaged(folders) if kind == "ensemble" else {}
        if parts:
            for size, draws in parts.items():
                label = f"mean of {size}" if size > 1 else "1 network"
                summaries.append(replace(summary, label=label, averaged=size))
                rows += _rows(label, [_of_statistics(draw) for draw in draws])
        else:
            summaries.append(summary)
            rows += _rows(arm.label, [read_scores(f) for f in folders])
    return Study(kind, tuple(summaries), tuple(rows), about)


def _summary(arm: Arm, runs: Sequence[Run], about: Mapping[str, Any]) -> ArmSummary:
    outcomes = [outcome_of(run) for run in runs]
    ranked = np.argsort([o.validation_loss for o in outcomes], kind="stable")
    nearest = ranked[np.argsort(np.abs(np.arange(len(runs)) - (len(runs) - 1) / 2), kind="stable")]
    curves = [loss_curve(run.folder / "run" / "metrics.csv") for run in runs]
    kept = [int(steps[np.argmin(losses)]) for steps, losses in curves]
    fall = float(np.max([o.late_fall for o in outcomes]))  # NaN if any is
    above = max(end_above_least(losses) for _, losses in curves)
    tolerance = about["config"]["loss_tolerance"]
    reasons = [*_small(arm, runs, about), *not_flat(fall, above, tolerance=tolerance, what="loss")]
    return ArmSummary(
        label=arm.label,
        bands="".join(arm.training[0].bands),
        pixels=arm.pixels,
        images=arm.images,
        steps=arm.steps,
        networks=len(runs),
        validation_loss=OverSeeds.of([Statistic(o.validation_loss) for o in outcomes]),
        late_fall=fall,
        end_above_least=above,
        kept_steps=(min(kept), max(kept)),
        provisional="; ".join(reasons),
        store=runs[0].store,
        runs=tuple(runs[k].folder for k in nearest),
    )


def _small(arm: Arm, runs: Sequence[Run], about: Mapping[str, Any]) -> Iterator[str]:
    """What an arm has too little of to claim anything."""
    if len(runs) < _LEAST_SEEDS:
        yield f"fewer than {_LEAST_SEEDS} seeds"
    if about["store_pixels"] < _LEAST_PIXELS:
        yield f"a data set of {about['store_pixels']} pixels, fewer than {_LEAST_PIXELS}"
    if arm.images < _LEAST_IMAGES:
        yield f"smaller than the paper's smallest sample of {_LEAST_IMAGES:,} images"


def _rows(label: str, networks: Sequence[Mapping[Key, Scores]]) -> Iterator[StudyRow]:
    for name, kind in networks[0]:
        # A network whose weights were removed may lack the scores of one protocol.
        if all((name, kind) in of for of in networks):
            scores = {s: OverSeeds.of([of[name, kind][s] for of in networks]) for s in SCORES}
            yield StudyRow(label, name, kind, scores)


def _of_statistics(rows: Sequence[ResidualStatistics]) -> dict[Key, Scores]:
    return {(r.property, r.kind): {s: getattr(r, s) for s in SCORES} for r in rows}
