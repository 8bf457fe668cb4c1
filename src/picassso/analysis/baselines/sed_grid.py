"""Brute-force fit of spectral energy distributions: every pixel against every population."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.baselines.baseline import Untaught, as_maps, bands_of, in_band_order
from picassso.analysis.baselines.binning import Bins, adaptive_bins
from picassso.analysis.baselines.composites import Populations, library
from picassso.core import GalaxyImage, InputError, Maps, get_survey, need, usable_cores

__all__ = ["SED_PROPERTIES", "SYSTEMATIC_ERROR", "SedGridFit", "per_solar_mass"]

Array = NDArray[np.float64]

SED_PROPERTIES = (
    "stellar_mass",
    "stellar_metal_mass",
    "stellar_age_mass",
    "star_formation_rate",
)
"""What a fit gives, in this order."""

SYSTEMATIC_ERROR = 0.03
"""Of every flux, relative, added to its noise in quadrature: the grid is coarse, models err."""

_SIGNAL_TO_NOISE = 20.0
"""That two bands must reach. A best fit has a rate of star formation that is not negative, so that
noise can only add to it: from noisier pixels the sums are too high, by 1 dex at a limit of 5."""

_ROWS_AT_A_TIME = 1024

_BLOCK = 256
"""Templates whose scores are held at a time: they stay in the fastest cache."""

_MARGIN = 0.5
"""dex by which posterior histograms reach beyond the least and largest value of the grid."""


@dataclass(frozen=True, slots=True)
class SedGridFit(Untaught):
    """Least chi-squared over the 20,736 populations of `library`, scaled to each bin of pixels.

    Pixels in which two bands reach a signal-to-noise of 20 are fitted one by one, fainter ones in
    bins that do (see `adaptive_bins`). What is fainter still takes the best population of the
    galaxy as a whole, scaled to its light; there alone may a density be negative, noise about zero.
    Masses are current ones, with remnants, as in true maps; the initial mass function is Kroupa's.

    Parameters
    ----------
    posterior : bool
        Maps are posterior means, and have 16th, 50th and 84th percentiles, weights being
        exp(-chi-squared / 2) times a prior that is flat over the grid, every population at its best
        amplitude; slower. Else they are those of the best fit alone.
    systematic : float
        Relative error of every flux, added in quadrature.
    """

    posterior: bool = False
    systematic: float = SYSTEMATIC_ERROR

    def __post_init__(self) -> None:
        if not self.systematic >= 0:
            raise InputError(f"systematic error is {self.systematic}, expected 0 or more")

    @property
    def name(self) -> str:
        """Says which estimate."""
        return "SED grid, posterior" if self.posterior else "SED grid, best fit"

    @property
    def properties(self) -> tuple[str, ...]:
        """Stellar mass, metals, age and star formation rate."""
        return SED_PROPERTIES

    def paint(self, image: GalaxyImage) -> Maps:
        """Maps of `SED_PROPERTIES`; see `Baseline`.

        Raises
        ------
        InputError
            If the image has fewer than two bands of its survey, more than the compiled fit takes,
            no noise, or a redshift outside the light table.
        MissingExtraError
            If numba is not installed.
        """
        need("numba", extra="mock")
        from picassso.analysis.baselines._sed_kernel import BANDS

        survey = get_survey(image.survey)
        bands = in_band_order(image, survey_bands=survey.bands)
        if not 2 <= len(bands) <= BANDS:
            raise InputError(
                f"{image.galaxy_id}: a fit of populations needs 2 to {BANDS} bands, the image has "
                f"{len(bands)} of survey {survey.name!r}; choose others"
            )
        order = bands_of(image, bands, name=self.name)
        bins = adaptive_bins(image, order, signal_to_noise=_SIGNAL_TO_NOISE, by=range(len(order)))
        templates = _templates(survey.name, image.redshift, survey.band_indices(bands))
        if len(bins.flux) == 0:
            return as_maps(image, SED_PROPERTIES, np.zeros((4, *image.shape)), method=self.name)
        galaxy_flux, galaxy_noise = bins.galaxy
        chosen = np.flatnonzero(bins.reliable)
        fit = _Fit(
            templates,
            np.vstack([bins.flux[chosen], galaxy_flux]),
            np.vstack([bins.noise[chosen], galaxy_noise]),
            self.systematic,
        )
        found = fit.posterior() if self.posterior else fit.best_fit()[None]
        planes = [
            bins.spread(self._all_bins(layer, chosen, bins, galaxy_flux, fit)) for layer in found
        ]
        quantiles = np.stack(planes[1:]) if self.posterior else None
        return as_maps(image, SED_PROPERTIES, planes[0], method=self.name, quantiles=quantiles)

    def _all_bins(
        self, fitted: Array, chosen: NDArray[np.int64], bins: Bins, galaxy: Array, fit: _Fit
    ) -> Array:
        """(P, N) of all bins: fitted ones, and the galaxy's own values scaled to the faint ones."""
        values = np.empty((len(SED_PROPERTIES), len(bins.flux)))
        values[:, chosen] = fitted[:-1].T
        faint = np.flatnonzero(~bins.reliable)
        shape = fit.templates.light[fit.best[-1]]
        scale = _amplitudes(bins.flux[faint], 1.0 / bins.noise[faint] ** 2, shape)
        whole = _amplitudes(galaxy[None], 1.0 / bins.noise.mean(axis=0)[None] ** 2, shape)
        values[:, faint] = np.outer(fitted[-1], scale / whole) if whole > 0 else 0.0
        return values


@dataclass(frozen=True, slots=True)
class _Templates:
    """Populations as the compiled loops want them.

    Parameters
    ----------
    light : (T, B) array
        1 in the brightest band [nanomaggy arcsec^-2].
    value : (T, P) array
        `SED_PROPERTIES` of that much light.
    blocks, squares : (blocks, BANDS, templates of a block) float32 arrays
        `light` and its square.
    """

    light: Array
    value: Array
    blocks: NDArray[np.float32]
    squares: NDArray[np.float32]


@lru_cache(maxsize=4)
def _templates(survey: str, redshift: float, order: tuple[int, ...]) -> _Templates:
    from picassso.analysis.baselines._sed_kernel import BANDS
    from picassso.observatory import surface_brightness_factor

    known = library(survey, redshift)
    light = known.light[:, list(order)] * surface_brightness_factor(redshift)
    unit = light.max(axis=1, keepdims=True)
    padded = np.zeros((len(light), BANDS), np.float32)
    padded[:, : len(order)] = light / unit
    blocks = _in_blocks(padded)
    return _Templates(light / unit, per_solar_mass(known) / unit, blocks, blocks**2)


def per_solar_mass(known: Populations) -> Array:
    """(T, P) of `SED_PROPERTIES` per Msun."""
    one = np.ones_like(known.age)
    return np.stack([one, known.metallicity, known.age, known.specific_rate], axis=1)


def _in_blocks(columns: NDArray[np.floating]) -> NDArray[np.float32]:
    """(T, C) as (blocks, C, templates of a block); the grid's 20,736 are 81 blocks of 256."""
    width = math.gcd(len(columns), _BLOCK)
    blocks = columns.reshape(-1, width, columns.shape[1]).swapaxes(1, 2)
    return np.ascontiguousarray(blocks, dtype=np.float32)


class _Fit:
    """Fits of N spectral energy distributions.

    Parameters
    ----------
    templates : _Templates
        Of the image's redshift and bands.
    flux, noise : (N, B) arrays
        Surface brightness [nanomaggy arcsec^-2] and its 1 sigma.
    systematic : float
        Relative error added to the noise.
    """

    def __init__(self, templates: _Templates, flux: Array, noise: Array, systematic: float) -> None:
        from picassso.analysis.baselines._sed_kernel import BANDS, best_fits

        self.templates = templates
        # Scaled to order one: the loops are in single precision.
        self._scale = np.maximum(
            np.abs(flux).max(axis=1, keepdims=True), noise.min(axis=1)[:, None]
        )
        self._flux = np.zeros((len(flux), BANDS), np.float32)
        self._weight = np.zeros_like(self._flux)
        bands = flux.shape[1]
        self._flux[:, :bands] = flux / self._scale
        self._weight[:, :bands] = self._scale**2 / (noise**2 + (systematic * flux) ** 2)
        self.best = np.empty(len(flux), np.int64)
        self._score = np.empty(len(flux), np.float32)

        def fit(rows: slice) -> None:
            best_fits(
                self._flux[rows],
                self._weight[rows],
                templates.blocks,
                templates.squares,
                self.best[rows],
                self._score[rows],
            )

        _shared_by_cores(fit, len(flux))

    def best_fit(self) -> Array:
        """(N, P) of `SED_PROPERTIES`: surface densities per kpc^2."""
        light = self.templates.light[self.best]
        bands = light.shape[1]
        amplitude = _amplitudes(self._flux[:, :bands], self._weight[:, :bands], light)
        return np.maximum(amplitude, 0.0)[:, None] * self._scale * self.templates.value[self.best]

    def posterior(self) -> Array:
        """(4, N, P): mean, 16th, 50th and 84th percentile."""
        from picassso.analysis.baselines._sed_kernel import HISTOGRAM, posterior_moments

        value = self.templates.value
        least = np.where(value > 0, value, np.inf).min(axis=0)
        low, high = np.log10(least) - _MARGIN, np.log10(value.max(axis=0)) + _MARGIN
        n, p = len(self.best), value.shape[1]
        mean, quantile = np.empty((n, p)), np.empty((n, 3, p))
        values = _in_blocks(value)

        def moments(rows: slice) -> None:
            posterior_moments(
                self._flux[rows],
                self._weight[rows],
                self.templates.blocks,
                self.templates.squares,
                values,
                low,
                (high - low) / HISTOGRAM,
                self.best[rows],
                self._score[rows],
                mean[rows],
                quantile[rows],
            )

        _shared_by_cores(moments, n)
        return np.concatenate([mean[:, None], quantile], axis=1).swapaxes(0, 1) * self._scale


def _shared_by_cores(work: Callable[[slice], None], rows: int) -> None:
    """Do a piece of compiled work on every row, each core taking the next rows when free."""
    cores = usable_cores()
    step = max(1, min(_ROWS_AT_A_TIME, -(-rows // cores)))
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(work, (slice(k, k + step) for k in range(0, rows, step))))


def _amplitudes(flux: NDArray[np.floating], weight: NDArray[np.floating], shape: Array) -> Array:
    """(N,) least-squares amplitude of a shape, (B,) or (N, B), in each row of flux."""
    return (weight * flux * shape).sum(axis=1) / (weight * shape**2).sum(axis=1)
