"""A few test galaxies, painted by every arm of a study."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from picassso.archive import DatasetStore
from picassso.studies.evaluation.findings import Example
from picassso.studies.experiments.results import ArmSummary, Study

__all__ = ["example_paintings"]

_MASSES = (1 / 6, 1 / 2, 5 / 6)
"""Where along the stellar masses of the test split examples are taken."""


def example_paintings(study: Study) -> list[dict[str, Example]]:
    """The same galaxies as each arm's typical network paints them.

    Images carry the noise that they were tested with.

    Parameters
    ----------
    study : Study
        Whose arms see images as they are in their stores: neither shuffled nor grey.

    Returns
    -------
    list of dict of str to Example
        Galaxy by galaxy, in the order of stellar mass; in each, by label of the arm.

    Raises
    ------
    InputError
        If weights or a store cannot be read.
    """
    rows = _rows(DatasetStore.open(study.arms[0].store))
    seed = study.about["config"]["evaluation_seed"]
    by_arm = {arm.label: _painted(arm, rows, seed) for arm in study.arms}
    return [{label: of[k] for label, of in by_arm.items()} for k in range(len(rows))]


def _rows(store: DatasetStore) -> NDArray[np.int64]:
    """First views of some test galaxies; rebinned stores have the same rows."""
    tests = store.indices("test")
    first = tests[store.table["view"][tests] == 0]
    ordered = first[np.argsort(store.table["stellar_mass"][first], kind="stable")]
    return np.asarray(ordered[np.unique((np.array(_MASSES) * len(ordered)).astype(int))])


def _painted(arm: ArmSummary, rows: NDArray[np.int64], seed: int) -> list[Example]:
    from picassso.painting import load_weights, paint

    weights = load_weights(arm.typical[0] / "weights.onnx")
    store = DatasetStore.open(arm.store)
    found = []
    for row in map(int, rows):
        # As in the test: the noise of a view is drawn from the seed and its row.
        image = store.observed(row, np.random.default_rng([seed, row]))
        painted = paint(image, weights=weights)
        found.append(Example(image=image, truth=store.truth(row), painted=painted))
    return found
