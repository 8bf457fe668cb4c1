"""Residuals in bins of a quantity, and signal-to-noise in an aperture."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from picassso.analysis import (
    MINIMUM_GALAXIES,
    Counts,
    Prediction,
    aperture_signal_to_noise,
    binned_residuals,
    log_residual,
    residual_statistics,
)
from picassso.core import PROPERTIES, InputError

MASS, RATE = "stellar_mass", "star_formation_rate"
FLOOR = PROPERTIES[MASS].total_floor


def around(value: np.ndarray, width: float = 2.0) -> Prediction:
    return Prediction(value, value / width, value, value * width)


def numbered(n: int) -> np.ndarray:
    return np.array([f"g{k}" for k in range(n)])


def test_a_tenth_too_much_is_found_in_every_bin() -> None:
    true = 10 ** np.linspace(9, 12, 200)
    rows = binned_residuals(
        "log_mass",
        np.log10(true),
        (10, 10.5, 11),
        {MASS: true, RATE: true},
        {MASS: around(1.1 * true), RATE: around(1.1 * true)},
        galaxy_id=numbered(200),
        bootstraps=20,
    )
    assert [(b.low, b.high, b.statistics.property) for b in rows[:4]] == [
        (-np.inf, 10, MASS),
        (-np.inf, 10, RATE),
        (10, 10.5, MASS),
        (10, 10.5, RATE),
    ]
    assert len(rows) == 8 and rows[-1].high == np.inf
    for b in rows:
        for found in (b.statistics.median_bias.value, b.statistics.linear_bias.value, b.p16, b.p84):
            assert found == pytest.approx(-np.log10(1.1), abs=1e-12)
        assert b.statistics.sigma.value == pytest.approx(0, abs=1e-12)
        assert b.statistics.coverage.value == 1 and b.galaxies >= 33


def test_a_bin_is_what_its_views_alone_would_give() -> None:
    rng = np.random.default_rng(1)
    true = 10 ** rng.uniform(9, 12, 300)
    predicted = around(true * 10 ** rng.normal(0.1, 0.3, 300))
    ids, inside = np.repeat(numbered(100), 3), (true >= 1e10) & (true < 1e11)
    options = {"bootstraps": 30, "seed": 3}
    rows = binned_residuals(
        "mass", true, (1e10, 1e11), {MASS: true}, {MASS: predicted}, galaxy_id=ids, **options
    )
    alone = residual_statistics(
        true[inside], predicted[inside], property=MASS, galaxy_id=ids[inside], **options
    )
    assert rows[1].statistics == alone
    residual = log_residual(true[inside], predicted.p50[inside], floor=FLOOR)
    assert (rows[1].p16, rows[1].p84) == tuple(np.percentile(residual, [16, 84]))
    assert rows[1].galaxies == len(np.unique(ids[inside]))


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([np.nan, 0.0, 0.5 * FLOOR, FLOOR, 1e3 * FLOOR]),
            st.sampled_from([0.0, 2 * FLOOR]),
            st.floats(allow_nan=True, allow_infinity=True),
        ),
        max_size=30,
    )
)
def test_counts_of_all_bins_add_up_to_those_of_all_views(views) -> None:
    true, median, values = np.array(views, dtype=float).reshape(-1, 3).T
    ids, predicted = numbered(len(true)), around(median)
    rows = binned_residuals(
        "anything",
        values,
        (-1.0, 0.0, 1e6),
        {MASS: true},
        {MASS: predicted},
        galaxy_id=ids,
        bootstraps=0,
    )
    whole = residual_statistics(true, predicted, property=MASS, galaxy_id=ids, bootstraps=0)
    assert sum((b.statistics.counts for b in rows), Counts()) == whole.counts
    assert sum(b.views for b in rows) == len(true)
    assert sum(b.galaxies for b in rows) == whole.counts.used
    assert len(rows) == 4 + bool(np.isnan(values).any())


@pytest.mark.parametrize("galaxies", [0, 1, MINIMUM_GALAXIES - 1, MINIMUM_GALAXIES])
def test_few_galaxies_make_no_statistics_however_many_views(galaxies: int) -> None:
    ids = np.repeat(numbered(galaxies), 4)
    true = np.full(len(ids), 1e10)
    true[::4] = 0.0  # one view of each lies below the floor
    (b,) = binned_residuals(
        "x", true, (), {MASS: true}, {MASS: around(true)}, galaxy_id=ids, bootstraps=5
    )
    assert b.few == (galaxies < MINIMUM_GALAXIES)
    assert (b.galaxies, b.views, b.statistics.counts.used) == (galaxies, 4 * galaxies, 3 * galaxies)
    numbers = [getattr(b.statistics, f.name) for f in fields(b.statistics)[2:-1]]
    values = [b.p16, b.p84, *(n.value for n in numbers), *(n.error for n in numbers)]
    assert np.isnan(values).all() == b.few and np.isfinite(values).all() != b.few


def test_an_edge_belongs_to_the_bin_above_it() -> None:
    values = np.array([-np.inf, 0.99, 1.0, 2.0, np.inf, np.nan])
    true = np.full(6, 1e10)
    rows = binned_residuals(
        "x", values, (1, 2), {MASS: true}, {MASS: around(true)}, galaxy_id=numbered(6), bootstraps=0
    )
    assert [b.views for b in rows] == [2, 1, 2, 1]
    assert np.isnan([rows[-1].low, rows[-1].high]).all()


@pytest.mark.parametrize(("values", "edges"), [(3, (1, 2)), (2, (2, 1)), (2, (1, 1))])
def test_bad_bins_are_refused(values: int, edges: tuple[float, ...]) -> None:
    true = np.full(2, 1e10)
    with pytest.raises(InputError, match="signal_to_noise"):
        binned_residuals(
            "signal_to_noise",
            np.zeros(values),
            edges,
            {MASS: true},
            {MASS: around(true)},
            galaxy_id=numbered(2),
        )


def test_signal_to_noise_is_flux_over_the_noise_of_its_sum() -> None:
    region = np.zeros((6, 8), bool)
    region[1:5, 2:6] = True
    flux = np.where(region, 3.0, 1e6).astype(np.float32)
    assert aperture_signal_to_noise(flux, 2.0, region) == pytest.approx(3 / 2 * 4)
    assert aperture_signal_to_noise(flux, np.full((6, 8), 2.0), region) == pytest.approx(6)
    assert aperture_signal_to_noise(-flux, 2.0, region) == pytest.approx(-6)
    assert aperture_signal_to_noise(flux, 0.0, region) == np.inf
    assert np.isnan(aperture_signal_to_noise(flux, 2.0, np.zeros_like(region)))


def test_signal_to_noise_does_not_know_the_size_of_pixels() -> None:
    """Averaging 2 x 2 pixels halves white noise and leaves surface brightness as it is."""
    flux = np.random.default_rng(2).uniform(1, 2, (16, 16))
    rebinned = flux.reshape(8, 2, 8, 2).mean(axis=(1, 3))
    fine = aperture_signal_to_noise(flux, 0.3, np.ones((16, 16), bool))
    coarse = aperture_signal_to_noise(rebinned, 0.15, np.ones((8, 8), bool))
    assert fine == pytest.approx(coarse, rel=1e-12)
