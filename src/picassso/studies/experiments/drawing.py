"""Pictures of a study: its scores, its losses, its totals, and what its networks paint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from picassso.analysis import residual_table
from picassso.core import PROPERTIES
from picassso.studies.evaluation.findings import Example
from picassso.studies.experiments.examples import example_paintings
from picassso.studies.experiments.results import ArmSummary, Study
from picassso.studies.experiments.runs import loss_curve
from picassso.studies.experiments.totals import totals_of
from picassso.studies.experiments.words import TITLES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["figure_of", "galleries_of", "losses_of", "totals_figure_of"]


def figure_of(study: Study) -> Figure:
    """Sigma and median bias of totals against what was varied."""
    from picassso.figures import ArmScores, study_figure

    def scores(name: str, statistic: str) -> ArmScores:
        found = [
            r.scores[statistic] for r in study.rows if r.property == name and r.kind == "total"
        ]
        return ArmScores(
            value=np.array([f.value for f in found]),
            scatter=np.array([f.scatter for f in found]),
            error=np.array([f.error for f in found]),
        )

    return study_figure(
        [a.label for a in study.arms],
        sigma={p: scores(p, "sigma") for p in dict.fromkeys(r.property for r in study.rows)},
        bias={p: scores(p, "median_bias") for p in dict.fromkeys(r.property for r in study.rows)},
        title=TITLES[study.kind],
        provisional=[bool(a.provisional) for a in study.arms],
    )


def losses_of(study: Study) -> Figure:
    """Validation losses of all networks, arm by arm; arms of the same networks once.

    Raises
    ------
    InputError
        If a file cannot be read.
    """
    from picassso.figures import validation_losses

    arms = {frozenset(a.runs): a for a in reversed(study.arms)}
    return validation_losses(
        {
            a.label: [loss_curve(run / "run" / "metrics.csv") for run in sorted(a.runs)]
            for a in reversed(arms.values())
        }
    )


def totals_figure_of(arm: ArmSummary) -> Figure:
    """Predicted against true totals of the networks that stand for an arm.

    Raises
    ------
    InputError
        If a file cannot be read.
    """
    from picassso.figures import predicted_against_true

    tested = totals_of(arm.typical)
    rows = residual_table(tested.true, tested.predicted, bootstraps=0)
    return predicted_against_true(
        tested.true,
        {p: predicted.p50 for p, predicted in tested.predicted.items()},
        scores={
            r.property: {"median bias": r.median_bias.value, "sigma": r.sigma.value} for r in rows
        },
    )


def galleries_of(study: Study) -> Iterator[tuple[str, str, Figure]]:
    """The same few test galaxies as the networks of every arm paint them.

    Yields
    ------
    str, str, Figure
        Galaxy, ``"stars"`` or ``"gas"``, and a gallery of all arms.

    Raises
    ------
    InputError
        If weights or a store cannot be read.
    """
    from picassso.figures import gallery

    for painted in example_paintings(study):
        galaxy = next(iter(painted.values())).truth.galaxy_id
        names = [p for p in PROPERTIES if all(_has(e, p) for e in painted.values())]
        for words, of_stars in (("stars", True), ("gas", False)):
            shown = [p for p in names if p.startswith("stellar_") == of_stars]
            if shown:
                figure = gallery(
                    # The title of a block is the identifier.
                    [replace(e.image, galaxy_id=arm) for arm, e in painted.items()],
                    [e.truth for e in painted.values()],
                    [e.painted for e in painted.values()],
                    names=shown,
                )
                yield galaxy, words, figure


def _has(example: Example, name: str) -> bool:
    """Whether a property is painted, and known."""
    truth = example.truth
    known = name in truth.properties and bool(np.isfinite(truth[name]).any())
    return known and name in example.painted.properties
