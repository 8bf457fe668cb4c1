"""Projection: analytic Gaussians, conservation, agreement of its two paths."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erf

from picassso.core import InputError
from picassso.observatory import project
from picassso.observatory.projection import SIGMA_PER_RADIUS


def gaussian_maps(position, radius, weights, *, extent, pixels):
    """Sum of uncut Gaussians integrated over pixels, particle by particle, in double precision."""
    edge = (np.arange(pixels + 1) / pixels - 0.5) * extent
    out = np.zeros((weights.shape[1], pixels, pixels))
    for (x, y), r, w in zip(position.astype(float), radius, weights, strict=True):
        s = float(r) * SIGMA_PER_RADIUS * np.sqrt(2.0)
        column, row = (0.5 * np.diff(erf((edge - c) / s)) for c in (x, y))
        out += w[:, None, None] * np.outer(row, column)
    return out


def crowd(n, *, seed=0, fields=3, spread=0.35, widths=(0.003, 0.3)):
    """Particles in a frame of extent 1 with a wide range of radii, some of them outside."""
    rng = np.random.default_rng(seed)
    position = rng.normal(0.0, spread, (n, 2)).astype("f4")
    radius = np.exp(rng.uniform(*np.log(widths), n)).astype("f4")
    return position, radius, rng.uniform(0.1, 1.0, (n, fields)).astype("f4")


@pytest.mark.parametrize("sigma", [0.02, 0.3, 1.0, 2.1, 2.3, 4.7, 9.0, 25.0, 80.0])
def test_single_particle_is_its_gaussian(sigma: float) -> None:
    position = np.array([[0.31, -0.17]], dtype="f4")
    radius = np.array([sigma / SIGMA_PER_RADIUS], dtype="f4")
    weights = np.array([[2.0]], dtype="f4")
    got = project(position, radius, weights, extent=256.0, pixels=256)
    exact = gaussian_maps(position, radius, weights, extent=256.0, pixels=256)
    # what is cut off at 4 sigma, and the split of coarse pixels at their coarsest
    assert np.abs(got - exact).sum() < 1e-3 * exact.sum()
    assert np.abs(got - exact).max() < 1e-3 * exact.max()


def test_coordinates() -> None:
    # rows run along y, columns along x, the centre of the frame between the middle pixels
    position = np.array([[1.5, -0.5]], dtype="f4")
    one = np.ones((1, 1), dtype="f4")
    got = project(position, np.zeros(1, "f4"), one, extent=4.0, pixels=4)[0]
    assert got[1, 3] == pytest.approx(1.0) and got.sum() == pytest.approx(1.0)
    wide = project(position, np.zeros(1, "f4"), one, extent=8.0, pixels=(4, 8))[0]
    assert wide[1, 5] == pytest.approx(1.0)


@pytest.mark.parametrize("pixels", [64, 100, 37])
def test_crowd_matches_direct_summation(pixels: int) -> None:
    position, radius, weights = crowd(400)
    got = project(position, radius, weights, extent=1.0, pixels=pixels)
    exact = gaussian_maps(position, radius, weights, extent=1.0, pixels=pixels)
    assert np.abs(got - exact).sum() < 2e-4 * exact.sum()


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    n=st.integers(1, 300),
    height=st.integers(20, 90),
    width=st.integers(20, 90),
)
def test_all_that_lies_inside_is_conserved(seed: int, n: int, height: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    sigma = np.exp(rng.uniform(np.log(1e-3), np.log(min(height, width) / 12.0), n))
    room = (
        np.array([width, height]) / 2.0
        - 4.0 * sigma[:, None]
        - 4.0 * np.maximum(1.0, sigma[:, None])
    )
    position = (rng.uniform(-1.0, 1.0, (n, 2)) * np.maximum(room, 0.0)).astype("f4")
    weights = rng.uniform(0.1, 1.0, (n, 2)).astype("f4")
    radius = (sigma / SIGMA_PER_RADIUS).astype("f4")
    got = project(position, radius, weights, extent=float(width), pixels=(height, width))
    np.testing.assert_allclose(
        got.sum(axis=(1, 2), dtype=float), weights.sum(axis=0, dtype=float), rtol=1e-6
    )
    assert got.min() >= 0.0


def test_only_what_falls_outside_is_lost() -> None:
    # the frame's share of every Gaussian, from its distribution function
    position, radius, weights = crowd(3000, spread=0.6)
    got = project(position, radius, weights, extent=1.0, pixels=128).sum(axis=(1, 2), dtype=float)
    s = radius[:, None].astype(float) * SIGMA_PER_RADIUS * np.sqrt(2.0)
    share = (0.5 * (erf((0.5 - position) / s) - erf((-0.5 - position) / s))).prod(axis=1)
    np.testing.assert_allclose(got, share @ weights, rtol=1e-4)


@pytest.mark.parametrize("n", [109_000, 200_000])
def test_many_particles_in_one_pixel_lose_nothing(n: int) -> None:
    position = np.random.default_rng(0).normal(0.0, 0.01, (n, 2)).astype("f4")
    weights = np.ones((n, 1), dtype="f4")
    got = project(position, np.full(n, 0.02, "f4"), weights, extent=1.0, pixels=32)
    assert got.sum(dtype=float) == pytest.approx(n, rel=1e-6)


def test_a_finer_grid_rebins_to_the_coarser_one() -> None:
    position, radius, weights = crowd(2000)
    fine = project(position, radius, weights, extent=1.0, pixels=128)
    coarse = project(position, radius, weights, extent=1.0, pixels=64)
    rebinned = fine.reshape(3, 64, 2, 64, 2).sum(axis=(2, 4))
    assert np.abs(rebinned - coarse).sum() < 3e-4 * coarse.sum()


def test_result_is_linear_and_fields_are_independent() -> None:
    position, radius, weights = crowd(500)
    together = project(position, radius, weights, extent=1.0, pixels=64)
    for f in range(3):
        alone = project(position, radius, weights[:, f : f + 1], extent=1.0, pixels=64)
        np.testing.assert_allclose(together[f], alone[0], rtol=1e-5, atol=1e-9)
    signed = np.column_stack([weights[:, 0] - weights[:, 1]])
    difference = project(position, radius, signed, extent=1.0, pixels=64)[0]
    scale = np.abs(together[0]).max()
    assert np.abs(difference - (together[0] - together[1])).max() < 2e-4 * scale


@pytest.mark.parametrize("pixels", [64, (48, 100)])
def test_torch_path_agrees(pixels: int | tuple[int, int]) -> None:
    pytest.importorskip("torch")
    position, radius, weights = crowd(600)
    radius[:5] = 4.0
    radius[5:10] = 0.0
    weights[:, 2] -= 0.5
    compiled = project(position, radius, weights, extent=1.0, pixels=pixels)
    torch_path = project(position, radius, weights, extent=1.0, pixels=pixels, device="cpu:0")
    scale = np.abs(compiled).max(axis=(1, 2), keepdims=True)
    assert (np.abs(compiled - torch_path) / scale).max() < 1e-5


def test_order_of_particles_and_threads_do_not_matter() -> None:
    position, radius, weights = crowd(70_000, fields=1)
    first = project(position, radius, weights, extent=1.0, pixels=64)
    again = project(position, radius, weights, extent=1.0, pixels=64)
    np.testing.assert_array_equal(first, again)
    order = np.random.default_rng(1).permutation(len(radius))
    shuffled = project(position[order], radius[order], weights[order], extent=1.0, pixels=64)
    np.testing.assert_allclose(first, shuffled, rtol=1e-5)


def test_no_particles_make_an_empty_map() -> None:
    none = np.zeros((0, 2), "f4"), np.zeros(0, "f4"), np.zeros((0, 4), "f4")
    for device in ("cpu", "cpu:0"):
        got = project(*none, extent=1.0, pixels=32, device=device)
        assert got.shape == (4, 32, 32) and not got.any()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"position": np.zeros((5, 3), "f4")}, "expected (N, 2)"),
        ({"radius": np.zeros(4, "f4")}, "radius has shape"),
        ({"radius": np.full(5, -1.0, "f4")}, "negative"),
        ({"weights": np.zeros(5, "f4")}, "weights have shape"),
        ({"weights": np.full((5, 1), np.nan, "f4")}, "not finite"),
        ({"extent": 0.0}, "expected positive"),
        ({"pixels": 0}, "expected positive"),
    ],
)
def test_bad_input_is_named(change: dict, words: str) -> None:
    given = {
        "position": np.zeros((5, 2), "f4"),
        "radius": np.ones(5, "f4"),
        "weights": np.ones((5, 1), "f4"),
        "extent": 1.0,
        "pixels": 16,
    } | change
    with pytest.raises(InputError, match=words.replace("(", r"\(").replace(")", r"\)")):
        project(**given)
