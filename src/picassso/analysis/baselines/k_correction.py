"""K-corrections: from colours and fluxes in the observed bands to those at rest.

No published polynomial: the corrections are those of the composite populations of this package at
the galaxy's very redshift, as a function of observed colours (in the manner of Chilingarian,
Melchior & Zolotukhin 2010, MNRAS 405, 1409, whose functions of redshift and one colour were
fitted to galaxies).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.baselines.composites import library, library_parameters
from picassso.core import InputError, get_survey

__all__ = ["KCorrection", "fit_k_correction", "monomials"]


@dataclass(frozen=True, slots=True)
class KCorrection:
    """k = m(observed band) - m(band at rest), a quadratic form in observed colours.

    Parameters
    ----------
    bands : tuple of str
        Blue to red; neighbours make the colours.
    colour_range : (2, B-1) array
        Colours are clamped to it: beyond lie no populations.
    coefficients : (K, B) array
        Of `monomials` of the colours, a column a band.
    scatter : (B,) array
        Standard deviation of the populations about the fit [mag].
    """

    bands: tuple[str, ...]
    colour_range: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    scatter: NDArray[np.float64]

    def __call__(self, magnitudes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Corrections (N, B) [mag] of observed magnitudes (N, B), of any zero point.

        At rest, a galaxy has ``magnitudes - k``.
        """
        colours = magnitudes[:, :-1] - magnitudes[:, 1:]
        return monomials(np.clip(colours, *self.colour_range)) @ self.coefficients


@lru_cache(maxsize=8)
def fit_k_correction(survey: str, bands: tuple[str, ...], redshift: float) -> KCorrection:
    """Fit the corrections at one redshift.

    Over the populations of `library` without recent bursts, whose emission lines move through the
    filters: galaxies in a burst are k-corrected worse than `KCorrection.scatter` says.

    Parameters
    ----------
    survey : str
        Name of the survey.
    bands : tuple of str
        At least two of its bands.
    redshift : float
        Of the galaxy.

    Raises
    ------
    InputError
        If a band is unknown, there is only one, or the redshift lies outside the light table.
    MissingExtraError
        If the light table cannot be had.
    """
    order = list(get_survey(survey).band_indices(bands))
    if len(order) < 2:
        raise InputError(f"k-corrections need a colour, two bands at least; got {list(bands)}")
    calm = library_parameters(redshift).change <= 1.0
    observed, rest = (
        -2.5 * np.log10(library(survey, redshift, at_rest=at_rest).light[calm][:, order])
        for at_rest in (False, True)
    )
    colours = observed[:, :-1] - observed[:, 1:]
    terms = monomials(colours)
    coefficients = np.linalg.lstsq(terms, observed - rest, rcond=None)[0].astype(np.float64)
    residual = observed - rest - terms @ coefficients
    limits = np.stack([colours.min(axis=0), colours.max(axis=0)])
    return KCorrection(bands, limits, coefficients, residual.std(axis=0))


def monomials(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """1, every column of (N, V) values, and every product of two of them: (N, K)."""
    n = values.shape[1]
    squares = [values[:, i] * values[:, j] for i in range(n) for j in range(i, n)]
    return np.column_stack([np.ones(len(values)), values, *squares])
