"""Full posteriors of single pixels, by nested sampling. Slow: of the order of a minute a pixel.

The sampler is nautilus (Lange 2023, MNRAS 525, 3181), which bagpipes (Carnall et al. 2018, MNRAS
480, 4379) uses and brings along; the populations are those of this package, for bagpipes holds the
same stellar grid but takes seconds to be imported and writes into its own folder then.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.baselines.baseline import bands_of, in_band_order
from picassso.analysis.baselines.composites import Parameters, Populations, populations
from picassso.analysis.baselines.sed_grid import SED_PROPERTIES, SYSTEMATIC_ERROR, per_solar_mass
from picassso.core import DEFAULT_COSMOLOGY, GalaxyImage, InputError, get_survey, need

__all__ = ["PixelPosteriors", "fit_posteriors"]

Array = NDArray[np.float64]

_LOG_PRIOR = {
    "timescale": (0.3, 20.0),
    "change_age": (0.1, 0.4),
    "change": (0.01, 10.0),
    "metallicity": (0.0012, 0.04),
}
"""Flat in the logarithm between these; the start is flat in it between 0.07 and 0.97 of the age of
the universe, the attenuation flat in itself, the mass too: the ranges of the grid."""

_START = (0.07, 0.97)
_ATTENUATION = (0.0, 2.8)


@dataclass(frozen=True, slots=True)
class PixelPosteriors:
    """Posteriors of N pixels.

    Parameters
    ----------
    pixels : tuple of (int, int)
        Row and column of each.
    properties : tuple of str
        What was inferred.
    mean, p16, p50, p84 : (N, P) arrays
        Surface densities per kpc^2.
    seconds : (N,) array
        Wall time that each took.
    """

    pixels: tuple[tuple[int, int], ...]
    properties: tuple[str, ...]
    mean: Array
    p16: Array
    p50: Array
    p84: Array
    seconds: Array


def fit_posteriors(
    image: GalaxyImage,
    pixels: Sequence[tuple[int, int]],
    *,
    live_points: int = 500,
    systematic: float = SYSTEMATIC_ERROR,
    seed: int = 0,
) -> PixelPosteriors:
    """Sample the posterior of some pixels, each on its own. Slow.

    Parameters
    ----------
    image : GalaxyImage
        With noise.
    pixels : sequence of (int, int)
        Row and column of each.
    live_points : int
        Of the nested sampling.
    systematic : float
        Relative error of every flux, added in quadrature to its noise.
    seed : int
        Of the sampler.

    Returns
    -------
    PixelPosteriors

    Raises
    ------
    MissingExtraError
        If nautilus is not installed.
    InputError
        If a pixel is masked or outside the image, or the image has no noise.
    """
    need("nautilus", extra="mock")
    survey = get_survey(image.survey)
    bands = in_band_order(image, survey_bands=survey.bands)
    order = bands_of(image, bands, name="nested sampling")
    noise = np.broadcast_to(
        image.noise if image.noise.ndim == 3 else image.noise[:, None, None], image.flux.shape
    )
    summaries, seconds = [], []
    for row, column in pixels:
        if not (0 <= row < image.shape[0] and 0 <= column < image.shape[1]):
            raise InputError(f"pixel {(row, column)} lies outside the image of {image.shape}")
        if image.mask[row, column]:
            raise InputError(f"pixel {(row, column)} is masked; choose another")
        data = image.flux[order, row, column].astype(np.float64)
        error = np.hypot(noise[order, row, column], systematic * data)
        start = time.perf_counter()
        problem = _Pixel(survey.name, image.redshift, survey.band_indices(bands), data, error)
        summaries.append(problem.sample(live_points=live_points, seed=seed))
        seconds.append(time.perf_counter() - start)
    shape = (len(summaries), 4, len(SED_PROPERTIES))
    mean, p16, p50, p84 = np.reshape(summaries, shape).swapaxes(0, 1)
    return PixelPosteriors(
        tuple((int(r), int(c)) for r, c in pixels),
        SED_PROPERTIES,
        mean,
        p16,
        p50,
        p84,
        np.array(seconds),
    )


@dataclass(frozen=True, slots=True)
class _Pixel:
    """Spectral energy distribution of one pixel, and how likely populations make it."""

    survey: str
    redshift: float
    bands: tuple[int, ...]
    flux: Array
    error: Array

    def sample(self, *, live_points: int, seed: int) -> Array:
        """(4, P): mean, 16th, 50th and 84th percentile."""
        from nautilus import Sampler

        sampler = Sampler(
            self._parameters,
            self._log_likelihood,
            n_dim=6,
            n_live=live_points,
            vectorized=True,
            pass_dict=False,
            seed=seed,
        )
        sampler.run(n_eff=2000)
        points, log_weight, _ = sampler.posterior()
        found, amplitude, spread = self._amplitudes(points)
        rng = np.random.default_rng(seed)
        mass = np.maximum(amplitude + spread * rng.standard_normal(len(points)), 0.0)
        values = per_solar_mass(found) * mass[:, None]
        weight = np.exp(log_weight - log_weight.max())
        mean = weight @ values / weight.sum()
        return np.vstack([mean, _quantiles(values, weight, (0.16, 0.5, 0.84))])

    def _parameters(self, cube: Array) -> Array:
        """Points of the unit cube (N, 6) as the fields of `Parameters`."""
        age = float(DEFAULT_COSMOLOGY.age(self.redshift))
        ranges = [tuple(age * s for s in _START), *_LOG_PRIOR.values()]
        low, high = np.log(ranges).T
        return np.column_stack(
            [
                np.exp(low + cube[..., :5] * (high - low)).reshape(-1, 5),
                np.ravel(_ATTENUATION[0] + cube[..., 5] * (_ATTENUATION[1] - _ATTENUATION[0])),
            ]
        ).reshape(cube.shape)

    def _amplitudes(self, points: Array) -> tuple[Populations, Array, Array]:
        """Populations, their best masses [Msun kpc^-2], and the 1 sigma of these."""
        from picassso.observatory import surface_brightness_factor

        found = populations(Parameters(*points.T), survey=self.survey, redshift=self.redshift)
        light = found.light[:, list(self.bands)] * surface_brightness_factor(self.redshift)
        norm = (light**2 / self.error**2).sum(axis=1)
        return found, (light * self.flux / self.error**2).sum(axis=1) / norm, 1.0 / np.sqrt(norm)

    def _log_likelihood(self, points: Array) -> Array:
        """Of many points, the mass integrated out."""
        _, amplitude, spread = self._amplitudes(points)
        return 0.5 * np.maximum(amplitude, 0.0) ** 2 / spread**2 + np.log(spread)


def _quantiles(values: Array, weight: Array, shares: Sequence[float]) -> Array:
    """(len(shares), P) weighted quantiles of (N, P) values."""
    columns = []
    for column in values.T:
        order = np.argsort(column)
        below = np.cumsum(weight[order]) - 0.5 * weight[order]
        columns.append(np.interp(np.multiply(shares, weight.sum()), below, column[order]))
    return np.transpose(columns)
