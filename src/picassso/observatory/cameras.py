"""Cameras: from where a galaxy is looked at.

A camera is a rotation matrix whose rows are the camera's axes: x to the right, y up, z towards
the observer (right-handed). ``position @ rotation.T`` is the position in the camera's frame.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from picassso.core import InputError, Stars

__all__ = ["CAMERAS", "camera_rotation", "spin_axis"]

CAMERAS = ("face_on", "edge_on", "random_1", "random_2")
"""Names of the views 0 to 3."""


def spin_axis(stars: Stars, *, within: float) -> NDArray[np.float64]:
    """Unit vector along the angular momentum of the stars inside a radius [kpc].

    Velocities are taken against their own mean there. Without any rotation (a single particle,
    velocities of zero) the axis is z.
    """
    inside = np.linalg.norm(stars.position, axis=1) <= within
    position = stars.position[inside].astype(np.float64)
    velocity = stars.velocity[inside].astype(np.float64)
    mass = stars.mass[inside].astype(np.float64)
    if not mass.sum() > 0:
        return np.array([0.0, 0.0, 1.0])
    velocity -= mass @ velocity / mass.sum()
    momentum = mass @ np.cross(position, velocity)
    length = np.linalg.norm(momentum)
    scale = (mass * np.linalg.norm(position, axis=1) * np.linalg.norm(velocity, axis=1)).sum()
    if not length > 1e-9 * scale:
        return np.array([0.0, 0.0, 1.0])
    return momentum / length


def camera_rotation(
    view: int, *, spin: NDArray[np.float64], rng: np.random.Generator, roll: bool
) -> NDArray[np.float64]:
    """Rotation into the frame of one of the four cameras.

    Parameters
    ----------
    view : int
        0: face-on, the spin towards the observer. 1: edge-on, the spin along y, from a random
        side. 2 and 3: random, uniform over the sphere.
    spin : (3,) array
        Unit vector, of `spin_axis`.
    rng : numpy.random.Generator
        Of the view.
    roll : bool
        Turn the camera about the line of sight by a random angle, so that discs have all
        position angles.

    Returns
    -------
    (3, 3) array
        Orthonormal, determinant 1.

    Raises
    ------
    InputError
        If there is no such view.
    """
    if view not in range(len(CAMERAS)):
        raise InputError(f"view is {view}, expected 0 to {len(CAMERAS) - 1}: {', '.join(CAMERAS)}")
    direction = rng.normal(size=3)
    angle = rng.uniform(0.0, 2.0 * np.pi)
    if view == 0:
        rotation = _frame(sight=spin, up=_any_perpendicular(spin))
    elif view == 1:
        side = _any_perpendicular(spin)
        azimuth = rng.uniform(0.0, 2.0 * np.pi)
        sight = np.cos(azimuth) * side + np.sin(azimuth) * np.cross(spin, side)
        rotation = _frame(sight=sight, up=spin)
    else:
        sight = direction / np.linalg.norm(direction)
        rotation = _frame(sight=sight, up=_any_perpendicular(sight))
        roll = True
    if not roll:
        return rotation
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]) @ rotation


def _frame(*, sight: NDArray[np.float64], up: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows x, y, z of a right-handed frame that looks along `sight`; `up` is made orthogonal."""
    up = up - (up @ sight) * sight
    up = up / np.linalg.norm(up)
    return np.stack([np.cross(up, sight), up, sight])


def _any_perpendicular(axis: NDArray[np.float64]) -> NDArray[np.float64]:
    """A unit vector at right angles to `axis`."""
    other = np.eye(3)[np.argmin(np.abs(axis))]
    perpendicular = np.cross(axis, other)
    return perpendicular / np.linalg.norm(perpendicular)
