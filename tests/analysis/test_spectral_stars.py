"""Pixels that emission lines leave to the stars."""

from __future__ import annotations

import numpy as np

from picassso.analysis.spectra import near_lines
from picassso.core import EMISSION_LINES, REST_GRID


def test_lines_are_left_out_and_little_else() -> None:
    near = near_lines(REST_GRID)
    for line in EMISSION_LINES:
        if line.wavelength < REST_GRID[-1]:
            assert near[np.abs(REST_GRID - line.wavelength).argmin()], line.name
    assert near.mean() < 0.15
