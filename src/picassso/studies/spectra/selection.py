"""Scores of what predicted spectra are used for: classes of emission, and targets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.spectra import (
    EMISSION_CLASSES,
    Condition,
    Ranking,
    Reliability,
    rank_targets,
    realised,
    reliability,
)
from picassso.analysis.spectra.measured import MEASURED
from picassso.studies.spectra.posteriors import NETWORK
from picassso.studies.spectra.predictions import Predictions, Truth, classes_of
from picassso.studies.spectra.scores import Score, measured

__all__ = ["CONDITIONS", "Selection", "class_scores", "confusion", "select", "selection_scores"]

CONDITIONS: tuple[str, ...] = (
    "EW(Halpha) > 30 A",
    "D4000 > 1.6",
    "EW(Halpha) > 3 A and (class == 'Seyfert' or class == 'LINER')",
)

PURITIES = (0.5, 0.8, 0.9)


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """Galaxies ranked by the probability of a condition, and what came of it.

    Parameters
    ----------
    condition : str
        As typed.
    probability : (N,) array
        Of each galaxy.
    true : (N,) bool array
        Whether the noise-free spectrum fulfils it.
    ranking : Ranking
        With expected purity and completeness of the first k.
    purity, completeness : (N,) array
        Realised ones.
    reliability : Reliability
        How often what is given a probability comes true.
    """

    condition: str
    probability: NDArray[np.float64]
    true: NDArray[np.bool_]
    ranking: Ranking
    purity: NDArray[np.float64]
    completeness: NDArray[np.float64]
    reliability: Reliability


def select(predictions: Predictions, truth: Truth, text: str) -> Selection:
    """Rank galaxies by the probability of a condition and see how many fulfil it."""
    condition = Condition.parse(text)
    probability = condition.probability(_named(predictions.index_samples))
    true = condition.holds(_named(truth.indices))
    ranking = rank_targets(probability)
    purity, completeness = realised(ranking, true)
    return Selection(
        text,
        probability,
        true,
        ranking,
        purity,
        completeness,
        reliability(probability, true, galaxy_id=predictions.galaxy_id),
    )


def _named(numbers: NDArray[np.float32]) -> dict[str, NDArray]:
    """Numbers (..., M) by name, and the class."""
    named = {name: numbers[..., k] for k, name in enumerate(MEASURED)}
    return {**named, "class": classes_of(numbers)}


def selection_scores(
    found: Selection, galaxy_id: NDArray[np.str_], *, sample: str, seed: int
) -> Iterator[Score]:
    """Expected beside realised purity and completeness, at three purities and a number."""

    def score(statistic: str, value: float, error: float = np.nan, count: int = 0) -> Score:
        return Score("targets", sample, NETWORK, found.condition, statistic, value, error, count)

    total = int(found.true.sum())
    yield score("true_share", *measured(found.true, galaxy_id, np.mean, seed=seed))
    squares = (found.probability - found.true) ** 2
    yield score("brier", *measured(squares, galaxy_id, np.mean, seed=seed))
    yield score("brier_of_share", float(found.true.mean() * (1 - found.true.mean())))
    yield score("expected_number", float(found.probability.sum()), count=total)
    # At most as many as there are: then purity and completeness are the same number.
    chosen = {"as_many_as_true": total}
    chosen |= {f"purity_{p}": len(found.ranking.choose(purity=p)) for p in PURITIES}
    for name, number in chosen.items():
        yield score(f"{name}, chosen", float(number), count=len(found.true))
        if number:
            last, ranking = number - 1, found.ranking
            yield score(
                f"{name}, expected purity",
                float(ranking.purity[last]),
                float(ranking.purity_error[last]),
                number,
            )
            yield score(f"{name}, purity", float(found.purity[last]), count=number)
            yield score(
                f"{name}, expected completeness", float(ranking.completeness[last]), count=number
            )
            yield score(f"{name}, completeness", float(found.completeness[last]), count=number)


def confusion(truth: Truth, predictions: Predictions) -> NDArray[np.int64]:
    """(C, C) views by true class (rows) and most probable class."""
    size = len(EMISSION_CLASSES)
    pairs = truth.classes.astype(int) * size + _most_probable(predictions)
    return np.bincount(pairs, minlength=size**2).reshape(size, size)


def class_scores(
    predictions: Predictions,
    truth: Truth,
    rivals: dict[str, NDArray[np.float32]],
    *,
    sample: str,
    seed: int,
) -> Iterator[Score]:
    """How often classes of emission are right; by rivals, the classes of their one spectrum."""
    true, ids = truth.classes, predictions.galaxy_id
    by_method: dict[str, NDArray[Any]] = {NETWORK: _most_probable(predictions)}
    by_method |= {method: classes_of(numbers) for method, numbers in rivals.items()}
    for method, classes in by_method.items():
        right = (classes == true).astype(float)
        found = measured(right, ids, np.mean, seed=seed)
        yield Score("classes", sample, method, "all", "accuracy", *found)
        for k, name in enumerate(EMISSION_CLASSES):
            for statistic, of in (("completeness", true == k), ("purity", classes == k)):
                found = measured(right[of], ids[of], np.mean, seed=seed)
                yield Score("classes", sample, method, name, statistic, *found)
    share = (predictions.classes == true[:, None]).mean(axis=1)
    found = measured(share, ids, np.mean, seed=seed)
    yield Score("classes", sample, NETWORK, "all", "probability_of_true", *found)


def _most_probable(predictions: Predictions) -> NDArray[np.int64]:
    shares = [(predictions.classes == k).mean(axis=1) for k in range(len(EMISSION_CLASSES))]
    return np.argmax(shares, axis=0)
