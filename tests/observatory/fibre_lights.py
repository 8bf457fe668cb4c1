"""Light of fibres made up for the tests of spectra."""

from __future__ import annotations

import numpy as np

from picassso.core import EMISSION_LINES, FIBRE_GRID, LINE_NAMES, FibreLight


def fibre_light(continuum=0.0, *, lines=None, redshift=0.08, line_dispersion=100.0) -> FibreLight:
    """A continuum and the lines named."""
    flux = np.zeros(len(EMISSION_LINES), np.float32)
    for name, value in (lines or {}).items():
        flux[LINE_NAMES.index(name)] = value
    return FibreLight(
        galaxy_id="made up",
        view=0,
        redshift=redshift,
        continuum=np.broadcast_to(np.asarray(continuum, np.float32), FIBRE_GRID.shape).copy(),
        line_flux=flux,
        line_dispersion=line_dispersion,
        stellar_dispersion=100.0,
    )


def rough_continuum(seed: int = 0) -> np.ndarray:
    """Of about 3, with structure on all scales down to the pixel."""
    rng = np.random.default_rng(seed)
    steps = np.cumsum(rng.normal(0.0, 0.01, len(FIBRE_GRID)))
    return (3.0 * np.exp(steps - steps.mean()) * rng.uniform(0.96, 1.0, len(steps))).astype("f4")
