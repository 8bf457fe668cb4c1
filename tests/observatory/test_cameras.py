"""Cameras: rotations, and discs seen face-on and edge-on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_galaxies import rotating_disc

from picassso.core import InputError, half_mass_radius
from picassso.observatory.cameras import camera_rotation, spin_axis


def seen_axes(view: int, *, tilt: float, roll: bool) -> np.ndarray:
    """Widths of a disc along its two axes on the sky and along the sight, larger first."""
    stars = rotating_disc(tilt=tilt).stars
    spin = spin_axis(stars, within=2.0 * half_mass_radius(stars.position, stars.mass))
    rotation = camera_rotation(view, spin=spin, rng=np.random.default_rng(3), roll=roll)
    position = stars.position @ rotation.T
    sky = np.sqrt(np.linalg.eigvalsh(np.cov(position[:, :2].T)))[::-1]
    return np.append(sky, position[:, 2].std())


@pytest.mark.parametrize("roll", [False, True])
@pytest.mark.parametrize("tilt", [0.0, 0.7, np.pi / 2, 2.5])
def test_face_on_disc_is_round_and_edge_on_disc_is_flat(tilt: float, roll: bool) -> None:
    long, short, depth = seen_axes(0, tilt=tilt, roll=roll)
    assert short / long > 0.95 and depth / long < 0.1
    long, short, depth = seen_axes(1, tilt=tilt, roll=roll)
    assert short / long < 0.1 and depth / long > 0.9


@given(view=st.integers(0, 3), seed=st.integers(0, 2**31), roll=st.booleans())
def test_rotations_are_orthonormal(view: int, seed: int, roll: bool) -> None:
    rng = np.random.default_rng(seed)
    spin = rng.normal(size=3)
    spin /= np.linalg.norm(spin)
    rotation = camera_rotation(view, spin=spin, rng=rng, roll=roll)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1.0)
    if view == 0:
        np.testing.assert_allclose(rotation @ spin, [0.0, 0.0, 1.0], atol=1e-12)
    if view == 1:
        assert abs((rotation @ spin)[2]) < 1e-12


def test_face_on_disc_turns_counter_clockwise() -> None:
    stars = rotating_disc(tilt=1.1).stars
    spin = spin_axis(stars, within=5.0)
    rotation = camera_rotation(0, spin=spin, rng=np.random.default_rng(0), roll=False)
    x, y, _ = (stars.position @ rotation.T).T
    vx, vy, _ = (stars.velocity @ rotation.T).T
    assert np.mean(x * vy - y * vx > 0) > 0.95


def test_random_cameras_are_uniform_over_the_sphere() -> None:
    spin = np.array([0.0, 0.0, 1.0])
    sight = np.array(
        [
            camera_rotation(2, spin=spin, rng=np.random.default_rng(s), roll=True)[2]
            for s in range(4000)
        ]
    )
    assert np.abs(sight.mean(axis=0)).max() < 0.04
    np.testing.assert_allclose(sight.T @ sight / len(sight), np.eye(3) / 3.0, atol=0.025)


def test_spin_without_rotation_is_z() -> None:
    stars = rotating_disc(1).stars
    assert spin_axis(stars, within=1e3).tolist() == [0.0, 0.0, 1.0]


def test_half_mass_radius_holds_half_of_the_mass() -> None:
    stars = rotating_disc(5000).stars
    inside = np.linalg.norm(stars.position, axis=1) <= half_mass_radius(stars.position, stars.mass)
    assert stars.mass[inside].sum() / stars.mass.sum() == pytest.approx(0.5, abs=1e-3)


def test_unknown_view_is_named() -> None:
    with pytest.raises(InputError, match="view is 4"):
        camera_rotation(4, spin=np.eye(3)[2], rng=np.random.default_rng(0), roll=False)
