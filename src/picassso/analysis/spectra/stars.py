"""Light of the stars in a spectrum: principal components of stars alone, fitted beside lines."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.analysis.spectra.pca import SpectralPCA
from picassso.core import EMISSION_LINES, LIGHT_SPEED

__all__ = ["near_lines", "stellar_light"]

_NEAR = 800.0
"""km s^-1, beyond which little of a line is left on pixels of 270 km/s."""
_MODEL_ERROR = 0.02
"""Relative error of a spectrum that comes without noise."""


def near_lines(wavelength: ArrayLike) -> NDArray[np.bool_]:
    """(L,) which pixels lie within 800 km/s of an emission line: leave them out to fit stars."""
    wave = np.asarray(wavelength, dtype=np.float64)[:, None]
    lines = np.array([line.wavelength for line in EMISSION_LINES])
    return (np.abs(wave / lines - 1.0) < _NEAR / LIGHT_SPEED).any(axis=1)


def stellar_light(
    stars: SpectralPCA, flux: ArrayLike, inverse_variance: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Fit the stars' part of spectra by what lies between the emission lines.

    So were the continua of SDSS's galaxies with eigenspectra of stars and of models by Hao et al.
    2005 (AJ 129, 1783) and Chen et al. 2012 (MNRAS 421, 314). Give the result to `line_flux`,
    `equivalent_width` or `measure` as ``stars``, and what stars absorb is not missing from lines.

    Parameters
    ----------
    stars : SpectralPCA
        Of spectra without emission lines.
    flux : (..., L) array
        On its wavelengths; of any unit.
    inverse_variance : (..., L) array, optional
        0 where nothing is known. Without it (predicted spectra), all pixels have an error of 2% of
        the spectrum's median.

    Returns
    -------
    (..., L) array
        In the unit of `flux`; NaN where no pixel is known.
    """
    flux = np.asarray(flux, dtype=np.float64)
    if inverse_variance is None:
        level = np.abs(np.median(flux, axis=-1, keepdims=True))
        error = _MODEL_ERROR * np.where(level > 0, level, 1.0)
        inverse_variance = np.broadcast_to(error**-2.0, flux.shape)
    weight = np.where(near_lines(stars.wavelength), 0.0, inverse_variance)
    rows = (-1, flux.shape[-1])
    return stars.best_fit(flux.reshape(rows), weight.reshape(rows)).reshape(flux.shape)
