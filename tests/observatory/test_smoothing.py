"""Smoothing lengths: against all pairs, and for few particles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from picassso.core import InputError
from picassso.observatory import smoothing_lengths
from picassso.observatory.smoothing import SINGLE_PARTICLE_RADIUS


def by_sorting(position: np.ndarray, k: int) -> np.ndarray:
    """Distance to the k-th neighbour from the sorted matrix of all distances."""
    separation = position[:, None].astype(float) - position[None].astype(float)
    return np.sort(np.linalg.norm(separation, axis=2), axis=1)[:, k]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), n=st.integers(2, 200))
def test_radius_is_that_of_the_sixteenth_neighbour(seed: int, n: int) -> None:
    position = np.random.default_rng(seed).normal(size=(n, 3)).astype("f4") ** 3
    expected = by_sorting(position, min(16, n - 1))
    np.testing.assert_allclose(smoothing_lengths(position), expected, rtol=1e-5)


def test_torch_path_agrees() -> None:
    pytest.importorskip("torch")
    position = np.random.default_rng(0).normal(size=(500, 3)).astype("f4")
    torch_path = smoothing_lengths(position, device="cpu:0")
    np.testing.assert_allclose(torch_path, smoothing_lengths(position), rtol=1e-5)


def test_few_particles() -> None:
    assert smoothing_lengths(np.zeros((0, 3), "f4")).shape == (0,)
    one = smoothing_lengths(np.array([[3.0, 4.0, 5.0]], "f4"))
    assert one.tolist() == [SINGLE_PARTICLE_RADIUS]
    two = smoothing_lengths(np.array([[0.0, 0.0, 0.0], [0.0, 3.0, 4.0]], "f4"))
    assert two.tolist() == [5.0, 5.0]


def test_particles_in_one_point_have_radius_zero() -> None:
    assert not smoothing_lengths(np.ones((40, 3), "f4")).any()


def test_radius_follows_the_scale() -> None:
    position = np.random.default_rng(0).normal(size=(300, 3)).astype("f4")
    larger = smoothing_lengths(4.0 * position)
    np.testing.assert_allclose(larger, 4.0 * smoothing_lengths(position), rtol=1e-5)


@pytest.mark.parametrize("position", [np.zeros((5, 2)), np.zeros(5), np.full((20, 3), np.nan)])
def test_bad_input_is_named(position: np.ndarray) -> None:
    with pytest.raises(InputError, match="position"):
        smoothing_lengths(position)
