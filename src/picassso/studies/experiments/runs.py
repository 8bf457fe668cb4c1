"""One network of a study: train it, test it, and say that it is done."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from picassso.archive import DatasetStore
from picassso.core import InputError, remove_partial_files, written_whole
from picassso.studies.experiments.plan import Run
from picassso.studies.experiments.scores import has_scores, write_scores
from picassso.training.config import TrainConfig

__all__ = [
    "Outcome",
    "end_above_least",
    "is_done",
    "is_finished",
    "late_fall",
    "learn_maps",
    "loss_curve",
    "not_flat",
    "outcome_of",
    "perform",
    "steps_done",
]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What training came to.

    Parameters
    ----------
    validation_loss : float
        The least.
    late_fall : float
        By how much that fell over the last quarter.
    """

    validation_loss: float
    late_fall: float


def perform(run: Run, *, cpu: bool) -> None:
    """Train and test a run, or go on with one that was cut off.

    A network that was trained before its scores were kept in both protocols is tested again.

    Parameters
    ----------
    run : Run
        What to do.
    cpu : bool
        Use no GPU.

    Raises
    ------
    InputError
        As `picassso.train`, `picassso.export` and `picassso.evaluate` do.
    """
    from picassso.studies.experiments.encoders.trial import learn_spectra, let_go

    if is_done(run):
        return
    remove_partial_files(run.folder)
    if is_finished(run):
        _test(run)
        return
    learn = learn_maps if isinstance(run.training, TrainConfig) else learn_spectra
    result = {
        "fingerprint": run.fingerprint,
        "data_fingerprint": DatasetStore.open(run.store).fingerprint,
        **learn(run, cpu=cpu),
    }
    with written_whole(_result(run)) as partial:
        partial.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if learn is learn_spectra:
        let_go(run)


def learn_maps(run: Run, *, cpu: bool) -> dict[str, float]:
    """Train, export and evaluate a network that paints maps; its least loss and the fall of it."""
    from picassso.figures import save_figure, training_curve
    from picassso.training import export, train

    trained = train(
        run.store, output=run.folder / "run", config=run.training, cpu=cpu, progress=False
    )
    # Where a study was moved, its stores lie elsewhere than the run remembers.
    export(trained.path, output=_weights(run), stores=[run.store])
    _test(run)
    save_figure(training_curve(trained.metrics), run.folder / "loss.png")
    losses = loss_curve(trained.metrics)[1]
    return {"validation_loss": float(losses.min()), "late_fall": late_fall(losses)}


def _test(run: Run) -> None:
    """Evaluate the weights of a run on the test split; its scores come last."""
    from picassso.studies.evaluation import evaluate

    folder = run.folder / "evaluation"
    evaluation = evaluate(
        _weights(run), run.store, output=folder, seed=run.evaluation_seed, progress=False
    )
    write_scores(evaluation, folder)


def is_done(run: Run) -> bool:
    """Whether nothing is left to do for a run: it is finished, and tested in both protocols.

    Weights that paint maps and were removed cannot be tested again.
    """
    if not is_finished(run):
        return False
    tested = has_scores(run.folder / "evaluation") or not _weights(run).exists()
    return tested or not isinstance(run.training, TrainConfig)


def is_finished(run: Run) -> bool:
    """Whether a run has its result, and it is that of this very run."""
    try:
        return json.loads(_result(run).read_text())["fingerprint"] == run.fingerprint
    except (OSError, ValueError, KeyError):
        return False


def outcome_of(run: Run) -> Outcome:
    """What the training of a finished run came to."""
    found = json.loads(_result(run).read_text())
    return Outcome(found["validation_loss"], found["late_fall"])


def steps_done(run: Run) -> int:
    """Steps of training that have been recorded."""
    try:
        with (run.folder / "run" / "metrics.csv").open(newline="") as file:
            return max(int(row["step"]) for row in csv.DictReader(file))
    except (OSError, ValueError, KeyError):  # not begun
        return 0


def late_fall(losses: NDArray[np.float64]) -> float:
    """Fall of the least of the validation losses (K,) of a run over its last quarter.

    NaN where fewer than four validations leave no quarter to look at.
    """
    if len(losses) < 4:
        return np.nan
    return float(losses[: 3 * len(losses) // 4].min() - losses.min())


def end_above_least(losses: NDArray[np.float64]) -> float:
    """By how much the validation losses (K,) of a run end above the least of them.

    The end is the median of the last eighth of them. What is kept of a run are its weights at the
    least loss; a loss that ends far above it rose, or never settled.
    """
    last = losses[-max(1, len(losses) // 8) :]
    return float(np.median(last) - losses.min())


def not_flat(fall: float, above: float, *, tolerance: float, what: str) -> list[str]:
    """In which way a validation curve had not flattened when training ended; `what` is its name.

    Of `late_fall` and `end_above_least`; none is more than `tolerance` where it had.
    """
    found = []
    if not np.isfinite(fall):
        found.append(f"validated too seldom to see whether the {what} is flat")
    elif fall > tolerance:
        found.append(f"the {what} still fell by {fall:.3f}")
    if above > tolerance:
        found.append(f"the {what} ended {above:.3f} above its least")
    return found


def loss_curve(
    metrics: Path, *, parts: str = "validation_loss"
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Steps of a run at which it was validated, and the validation loss at each, (K,) both.

    Parameters
    ----------
    metrics : Path
        ``metrics.csv`` of a run.
    parts : str
        How the columns begin whose mean is taken: parts of the loss, for the whole of it.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    try:
        with metrics.open(newline="") as file:
            found = list(csv.DictReader(file))
        names = [name for name in found[0] if name.startswith(parts)]
        losses = np.array([[float(row[name]) for name in names] for row in found])
        if not names:
            raise ValueError(f"no column begins with {parts!r}")
        return np.array([int(row["step"]) for row in found]), losses.mean(axis=1)
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise InputError(
            f"{metrics}: the metrics of this run cannot be read ({error}); remove its folder and "
            "run the study again"
        ) from None


def _weights(run: Run) -> Path:
    return run.folder / "weights.onnx"


def _result(run: Run) -> Path:
    return run.folder / "result.json"
