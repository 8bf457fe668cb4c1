"""Which pixels of a spectrum are of stars alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import EMISSION_LINES, LIGHT_SPEED

__all__ = ["near_lines"]

_NEAR = 800.0
"""km s^-1, beyond which little of a line is left on pixels of 270 km/s."""


def near_lines(wavelength: ArrayLike) -> NDArray[np.bool_]:
    """(L,) which pixels lie within 800 km/s of an emission line: leave them out to fit stars."""
    wave = np.asarray(wavelength, dtype=np.float64)[:, None]
    lines = np.array([line.wavelength for line in EMISSION_LINES])
    return (np.abs(wave / lines - 1.0) < _NEAR / LIGHT_SPEED).any(axis=1)
