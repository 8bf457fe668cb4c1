"""Made-up galaxies whose numbers are known."""

from __future__ import annotations

import numpy as np

from picassso.analysis import Prediction
from picassso.core import PROPERTIES, PROPERTY_NAMES, Maps

SHAPE = (128, 128)
CENTRE = (63.2, 64.1)
FLOORS = np.array([PROPERTIES[p].floor for p in PROPERTY_NAMES])[:, None, None]


def elliptical_radius(*, q=0.6, angle=25.0, shape=SHAPE, centre=CENTRE):
    """Semi-major axis [pixel] of the ellipse about `centre` that each pixel lies on."""
    y, x = np.indices(shape)
    dx, dy = x - centre[0], y - centre[1]
    t = np.radians(angle)
    return np.hypot(dx * np.cos(t) + dy * np.sin(t), (dy * np.cos(t) - dx * np.sin(t)) / q)


def exponential_cube(*, scale=7.0, **shape):
    """(P, H, W) float32: every property an exponential disc, four decades above its floor."""
    disc = np.exp(-elliptical_radius(**shape) / scale)
    return (1e4 * FLOORS * disc).astype(np.float32)


def lumpy_cube(seed=0):
    """The same with structure of all sizes, another one in every property."""
    rng = np.random.default_rng(seed)
    cube = exponential_cube().astype(np.float64)
    return (cube * 10 ** rng.normal(0, 0.3, cube.shape)).astype(np.float32)


def maps(cube, *, flags=(), pixel_area=0.25):
    return Maps("g", 0, PROPERTY_NAMES, cube, pixel_area, flags=flags)


def sharp(values, width=1.5):
    """A prediction whose mean is its median, with an interval around it."""
    return Prediction(values, values / width, values, values * width)
