"""Draws and replicates against the plain way: rows repeated, images weighed one by one."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.analysis import Prediction, log_residual, residual_statistics
from picassso.analysis.bootstrap import Replicates, bootstrap
from picassso.core import PROPERTIES

NAME = "gas_mass"
FLOOR = PROPERTIES[NAME].total_floor


@pytest.mark.parametrize("galaxies", [40, 41])
def test_residual_statistics_are_those_of_repeated_rows(galaxies: int) -> None:
    rng = np.random.default_rng(0)
    true = FLOOR * 10 ** rng.normal(2, 0.5, 120)
    median = true * 10 ** rng.normal(0, 0.3, 120)
    predicted = Prediction(1.1 * median, median / 2, median, 2 * median)
    ids = rng.integers(galaxies, size=120)
    found = residual_statistics(true, predicted, property=NAME, galaxy_id=ids, bootstraps=30)

    def plainly(times: np.ndarray) -> np.ndarray:
        rows = np.repeat(np.arange(120), times)
        residual = log_residual(true, median, floor=FLOOR)[rows]
        deviation = np.abs(residual - np.median(residual))
        robust = 1.4826 * np.median(deviation)
        inside = (predicted.p16 <= true) & (true <= predicted.p84)
        return np.array(
            [
                np.log10(true[rows].sum() / predicted.mean[rows].sum()),
                np.median(residual),
                residual.mean(),
                residual.std(),
                robust,
                (deviation > 3 * robust).mean(),
                inside[rows].mean(),
            ]
        )

    values, errors = bootstrap(plainly, ids, bootstraps=30, seed=0)
    fields = found.__slots__[2:9]
    np.testing.assert_allclose([getattr(found, f).value for f in fields], values, rtol=1e-9)
    np.testing.assert_allclose([getattr(found, f).error for f in fields], errors, rtol=1e-9)
    assert (errors > 0).all()


def test_a_draw_takes_galaxies_with_all_their_rows() -> None:
    ids = np.repeat(["a", "b", "c"], [1, 2, 3])
    drawn = []

    def estimate(times: np.ndarray) -> np.ndarray:
        drawn.append(times)
        return np.zeros(1)

    bootstrap(estimate, ids, bootstraps=50, seed=1)
    assert (drawn[0] == 1).all() and len(drawn) == 51
    for times in drawn:
        a, b, c = (set(times[ids == g]) for g in "abc")
        assert len(a) == len(b) == len(c) == 1
        assert sum(min(s) for s in (a, b, c)) == 3


def test_replicates_do_not_mind_how_many_galaxies_wait() -> None:
    """More galaxies than fit into a block, some coming back, with results asked for on the way."""
    rng = np.random.default_rng(2)
    images = [(f"g{k}", rng.integers(0, 9, 12)) for k in (*range(40), 3, 3, 39)]
    patient, hasty = (Replicates(12, bootstraps=20, seed=5) for _ in range(2))
    for galaxy, values in images:
        patient.add(values, galaxy_id=galaxy)
        hasty.add(values, galaxy_id=galaxy)
        hasty.estimate(lambda sums: sums)
    for a, b in zip(patient.estimate(np.cumsum), hasty.estimate(np.cumsum), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    values, errors = patient.estimate(lambda sums: sums)
    np.testing.assert_array_equal(values, sum(v for _, v in images))
    squares = [sum(v for g, v in images if g == f"g{k}") ** 2 for k in range(40)]
    np.testing.assert_allclose(errors, np.sqrt(np.sum(squares, axis=0)), rtol=0.6)


def test_one_galaxy_has_no_error() -> None:
    replicates = Replicates(3, bootstraps=5, seed=0)
    for _ in range(4):
        replicates.add(np.ones(3), galaxy_id="g")
    values, errors = replicates.estimate(lambda sums: sums)
    assert (values == 4).all() and np.isnan(errors).all()
