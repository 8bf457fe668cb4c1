"""Power spectra and structural similarity: exact cases, and the textbook formula written out."""

from __future__ import annotations

import numpy as np
import pytest
from known_galaxies import FLOORS, lumpy_cube
from scipy.ndimage import gaussian_filter

from picassso.analysis import (
    LOG_RANGE,
    cross_spectra,
    log_above_floor,
    structural_similarity,
)
from picassso.core import PROPERTY_NAMES, InputError


def logs(cube):
    return log_above_floor(cube, properties=PROPERTY_NAMES)


@pytest.fixture(scope="module")
def true():
    return logs(lumpy_cube())


def test_log_above_floor() -> None:
    cube = FLOORS * np.array([0.0, 0.5, 1.0, 10.0, 1e5])[None, None, :]
    np.testing.assert_allclose(logs(cube)[:, 0], [[0, 0, 0, 1, LOG_RANGE]] * len(FLOORS), rtol=1e-6)
    cube[2] = np.nan
    assert np.isnan(logs(cube)[2]).all()


def test_a_perfect_prediction(true) -> None:
    assert (structural_similarity(true, true) == 1.0).all()
    spectra = cross_spectra(true, true.copy())
    assert (spectra.ratio == 1.0).all()
    np.testing.assert_allclose(spectra.correlation, 1.0, rtol=1e-12)


def test_an_empty_truth_has_no_ratio(true) -> None:
    """However much is painted: there is no power to compare it with."""
    assert np.isnan(cross_spectra(np.zeros_like(true), true).ratio).all()
    assert (cross_spectra(true, np.zeros_like(true)).ratio == 0).all()


def test_a_scaled_prediction_has_the_same_structure() -> None:
    """Above the floor a factor is a constant on the logarithm, whose mean is taken off."""
    cube = np.maximum(lumpy_cube(), 10 * FLOORS.astype(np.float32))
    a, b = logs(cube), logs(np.float32(1.1) * cube)
    spectra = cross_spectra(a, b)
    np.testing.assert_allclose(spectra.ratio, 1.0, atol=1e-4)
    np.testing.assert_allclose(spectra.correlation, 1.0, atol=1e-4)
    similarity = structural_similarity(a, b)
    assert (similarity < 1).all() and (similarity > 0.99).all()


def test_similarity_is_the_textbook_formula() -> None:
    """Window by window, on a frame that is all above the floor and so all counted."""
    rng = np.random.default_rng(1)
    cubes = 10 ** rng.uniform(0.1, 3, (2, len(FLOORS), 12, 15)) * FLOORS
    t, p = (logs(c) for c in cubes)
    c1, c2 = (0.01 * 5.0) ** 2, (0.03 * 5.0) ** 2
    for k in (0, 4):
        values = []
        for y in range(12 - 6):
            for x in range(15 - 6):
                a, b = (m[k, y : y + 7, x : x + 7].astype(float) for m in (t, p))
                covariance = np.mean((a - a.mean()) * (b - b.mean()))
                values.append(
                    (2 * a.mean() * b.mean() + c1)
                    * (2 * covariance + c2)
                    / ((a.mean() ** 2 + b.mean() ** 2 + c1) * (a.var() + b.var() + c2))
                )
        assert structural_similarity(t, p)[k] == pytest.approx(np.mean(values), abs=1e-5)


def test_similarity_does_not_count_empty_sky(true) -> None:
    """The same galaxy in a wider frame is no more alike."""
    predicted = logs(lumpy_cube(seed=1))
    wide = [np.pad(m, ((0, 0), (40, 40), (40, 40))) for m in (true, predicted)]
    padded = [np.pad(m, ((0, 0), (4, 4), (4, 4))) for m in (true, predicted)]
    np.testing.assert_allclose(
        structural_similarity(*wide), structural_similarity(*padded), rtol=1e-6
    )


def test_similarity_falls_with_blur_and_with_what_is_invented(true) -> None:
    sharp = structural_similarity(true, true)
    blurred = structural_similarity(true, gaussian_filter(true, (0, 1, 1)))
    more = structural_similarity(true, gaussian_filter(true, (0, 3, 3)))
    assert (sharp > blurred).all() and (blurred > more).all()
    invented = true.copy()
    invented[:, :20, :20] += 1.0
    assert (structural_similarity(true, invented) < sharp).all()


def test_power_is_the_variance() -> None:
    """Of white noise it is flat, and over all modes it sums up to the windowed variance."""
    rng = np.random.default_rng(2)
    noise = rng.normal(3.0, 0.2, (4, 128, 128)).astype(np.float32)
    spectra = cross_spectra(noise, noise)
    assert spectra.true.mean(axis=0) @ spectra.modes / spectra.modes.sum() == pytest.approx(
        0.2**2, rel=0.04
    )
    assert spectra.frequency[-1] == pytest.approx(0.5, abs=0.004)
    assert spectra.modes.sum() == pytest.approx(np.pi * 64**2, rel=0.02)


def test_a_wave_lies_at_its_frequency() -> None:
    y, x = np.indices((128, 96))
    wave = 2 + np.sin(2 * np.pi * (0.125 * x + 0.125 * y))
    spectra = cross_spectra(*[wave[None].astype(np.float32)] * 2)
    peak = spectra.frequency[np.argmax(spectra.true[0])]
    assert peak == pytest.approx(np.hypot(0.125, 0.125), abs=0.01)


def test_blur_takes_power_at_high_frequencies(true) -> None:
    """By exp(-(2 pi f sigma)^2), and leaves the phases."""
    spectra = cross_spectra(true, gaussian_filter(true, (0, 1.5, 1.5), mode="wrap"))
    low = spectra.frequency < 0.02
    assert (spectra.ratio[:, low] > 0.9).all()
    middle = (spectra.frequency > 0.1) & (spectra.frequency < 0.2)
    expected = np.exp(-((2 * np.pi * spectra.frequency[middle] * 1.5) ** 2))
    np.testing.assert_allclose(spectra.ratio[:, middle].mean(axis=0), expected, rtol=0.15)
    assert (spectra.correlation[:, middle] > 0.9).all()


def test_unrelated_structure_does_not_correlate() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.normal(2, 0.3, (2, 1, 128, 128)).astype(np.float32)
    spectra = cross_spectra(a, b).binned((0.1, 0.3, 0.5))
    assert (np.abs(spectra.correlation) < 0.05).all()
    assert spectra.ratio == pytest.approx(np.ones((1, 2)), abs=0.1)


def test_spectra_do_not_mind_turning(true) -> None:
    predicted = logs(lumpy_cube(seed=1))
    straight = cross_spectra(true, predicted)
    turned = cross_spectra(*(np.rot90(m, axes=(1, 2)).copy() for m in (true, predicted)))
    np.testing.assert_allclose(straight.ratio, turned.ratio, rtol=1e-3)


def test_bins_keep_the_modes(true) -> None:
    spectra = cross_spectra(true, logs(lumpy_cube(seed=1)))
    edges = (0.0, 0.01, 0.05, 0.2, 0.6, 0.9)
    binned = spectra.binned(edges)
    assert binned.modes.sum() == spectra.modes.sum()
    np.testing.assert_allclose(
        np.nansum(binned.cross * binned.modes, axis=1), spectra.cross @ spectra.modes
    )
    assert np.isnan(binned.ratio[:, -1]).all() and binned.modes[-1] == 0
    per_radius = spectra.binned([10 * e for e in edges], unit=10.0)
    np.testing.assert_allclose(per_radius.true, binned.true)
    np.testing.assert_allclose(per_radius.frequency, 10 * binned.frequency)


def test_absent_and_empty_maps(true) -> None:
    other = true.copy()
    other[1], other[2] = np.nan, 0.0
    empty = true.copy()
    empty[2] = 0.0
    similarity = structural_similarity(empty, other)
    assert list(np.flatnonzero(np.isnan(similarity))) == [1, 2]
    spectra = cross_spectra(empty, other)
    assert np.isnan(spectra.ratio[1:3]).all() and np.isfinite(spectra.ratio[0]).all()


def test_bad_input() -> None:
    with pytest.raises(InputError, match="expected 2 maps"):
        log_above_floor(np.ones((3, 4, 4)), properties=PROPERTY_NAMES[:2])


def test_several_predictions_are_each_measured_as_alone(true) -> None:
    other = logs(lumpy_cube(seed=1))
    mixed = other.copy()
    mixed[1] = true[1]
    stack = np.stack([other, other, mixed])
    similarity, spectra = structural_similarity(true, stack), cross_spectra(true, stack)
    assert similarity.shape == spectra.ratio.shape[:-1] == stack.shape[:2]
    binned = spectra.binned((0.0, 0.1, 0.5))
    for k, predicted in enumerate(stack):
        alone = cross_spectra(true, predicted)
        np.testing.assert_array_equal(similarity[k], structural_similarity(true, predicted))
        np.testing.assert_array_equal(spectra.ratio[k], alone.ratio)
        np.testing.assert_array_equal(spectra.cross[k], alone.cross)
        np.testing.assert_array_equal(binned.predicted[k], alone.binned((0.0, 0.1, 0.5)).predicted)
    assert similarity[2, 1] == 1 and similarity[1, 1] < 1
