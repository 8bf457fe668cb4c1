"""Several networks as one: how right their mean prediction is."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from picassso.analysis import ResidualStatistics, residual_table
from picassso.studies.experiments.totals import mean_prediction, read_totals

__all__ = ["averaged"]

_MOST_SUBSETS = 12
_BOOTSTRAPS = 200


def averaged(evaluations: Sequence[Path]) -> dict[int, list[list[ResidualStatistics]]]:
    """Scores of the mean prediction of 1, 2, ... of the members of an ensemble.

    Parameters
    ----------
    evaluations : sequence of path
        Folders of `picassso.evaluate`, one a member, on the same views.

    Returns
    -------
    dict of int to list
        By number of members: the statistics of totals of each choice of so many of them; where
        there are more than a dozen choices, of a dozen, evenly spread over all.

    Raises
    ------
    InputError
        If a file cannot be read, or the members were not tested on the same views.
    """
    tested = read_totals(evaluations)
    galaxy_id, true = tested[0].galaxy_id, tested[0].true
    members = [t.predicted for t in tested]
    found = {}
    for size in range(1, len(members) + 1):
        choices = list(itertools.combinations(members, size))
        some = np.linspace(0, len(choices) - 1, min(len(choices), _MOST_SUBSETS)).round()
        found[size] = [
            residual_table(
                true,
                {p: mean_prediction([m[p] for m in choices[int(k)]]) for p in true},
                galaxy_id=galaxy_id.tolist(),
                bootstraps=_BOOTSTRAPS,
            )
            for k in some
        ]
    return found
