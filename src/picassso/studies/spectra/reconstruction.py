"""How well spectra are reconstructed: relative to their continuum, by their noise, by region."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.core import REST_GRID, pixel_edges
from picassso.studies.spectra.models import SpectralModel
from picassso.studies.spectra.samples import Sample
from picassso.studies.spectra.scores import Score, measured

__all__ = [
    "BRIGHT",
    "GOOD_RESIDUAL",
    "REGIONS",
    "Reconstruction",
    "Region",
    "continuum_level",
    "reconstruct",
    "reconstruction_scores",
    "smoothed",
]

Function = Callable[[NDArray[np.float64]], Any]

SMOOTHING = 20.0
"""Angstrom at rest."""

GOOD_RESIDUAL = 0.05
"""Median residual, relative to the continuum, below which a reconstruction is good."""

BRIGHT = 10.0
"""Signal to noise above which spectra are held to it."""

_CONTINUUM_PIXELS = 45
"""Of the running median that is taken as the continuum: 4% of the wavelength, 200 A at 5000."""


@dataclass(frozen=True, slots=True)
class Region:
    """Intervals of wavelengths that are judged together.

    Parameters
    ----------
    name : str
        In words.
    intervals : tuple of (float, float)
        Angstrom, in vacuum, at rest.
    """

    name: str
    intervals: tuple[tuple[float, float], ...]

    @property
    def pixels(self) -> NDArray[np.bool_]:
        """(1000,) pixels of `REST_GRID` whose centres lie inside."""
        inside = [(low <= REST_GRID) & (high >= REST_GRID) for low, high in self.intervals]
        return np.logical_or.reduce(inside)


# Lines: the windows of `picassso.analysis.spectra.lines`. G band, Mgb and NaD: those of Lick
# (Worthey et al. 1994, ApJS 94, 687), brought into vacuum. The stellar models are blunter than
# SDSS outside of 3540 to 7350 A.
REGIONS: tuple[Region, ...] = (
    Region("below 3540 A", ((3388.0, 3540.0),)),
    Region("Balmer break", ((3600.0, 3712.0), (3745.0, 3850.0))),
    Region("[O II]", ((3717.5, 3739.5),)),
    Region("Ca II H and K", ((3920.0, 3985.0),)),
    Region("G band", ((4282.6, 4317.6),)),
    Region("Hbeta", ((4850.7, 4874.7),)),
    Region("[O III] 5008", ((4995.2, 5021.2),)),
    Region("Mgb", ((5161.6, 5194.1),)),
    Region("NaD", ((5878.5, 5911.3),)),
    Region("Halpha, [N II]", ((6533.0, 6602.0),)),
    Region("[S II]", ((6704.0, 6747.0),)),
    Region("above 7350 A", ((7350.0, 8318.0),)),
)


@dataclass(frozen=True, slots=True, eq=False)
class Reconstruction:
    """A sample as a model has it.

    Parameters
    ----------
    sample : Sample
        What was reconstructed.
    method : str
        Name of the model.
    spectra : (N, 1000) array
        In the unit of the sample; NaN where nothing is known of one.
    residual : (N, 1000) array
        Of the truth, or where there is none of the data, less the reconstruction, smoothed by
        20 A and relative to the continuum; NaN where nothing is known.
    size : (N,) array
        Median of its absolute value over pixels.
    chi2 : (N,) array
        Reduced chi-squared of the data.
    """

    sample: Sample
    method: str
    spectra: NDArray[np.float64]
    residual: NDArray[np.float64]
    size: NDArray[np.float64]
    chi2: NDArray[np.float64]

    def of_region(self, region: Region) -> NDArray[np.float64]:
        """(N,) mean residual inside of a region; NaN where less than half of it is known."""
        inside = self.residual[:, region.pixels]
        known = np.isfinite(inside)
        total = np.where(known, inside, 0.0).sum(axis=1)
        share = known.mean(axis=1)
        return np.where(share >= 0.5, total / np.maximum(known.sum(axis=1), 1), np.nan)

    def spectrum_of_residuals(self) -> NDArray[np.float64]:
        """(3, 1000) 16th, 50th and 84th percentile of the residual over bright objects."""
        bright = self.residual[self.sample.signal_to_noise > BRIGHT]
        found = np.full((3, bright.shape[1]), np.nan)
        seen = np.flatnonzero(np.isfinite(bright).any(axis=0))
        if len(seen):
            found[:, seen] = np.nanpercentile(bright[:, seen], (16, 50, 84), axis=0)
        return found


def reconstruct(sample: Sample, model: SpectralModel) -> Reconstruction:
    """Reconstruct a sample and measure what is missed."""
    spectra = model.reconstruct(sample.flux, sample.inverse_variance)
    known = sample.inverse_variance > 0
    reference = (sample.flux if sample.truth is None else sample.truth).astype(np.float64)
    level = continuum_level(reference, known)
    difference = smoothed(reference - spectra, known)
    with np.errstate(divide="ignore", invalid="ignore"):
        residual = np.where(level > 0, difference / level, np.nan)
    residual[~known] = np.nan
    return Reconstruction(
        sample=sample,
        method=model.name,
        spectra=spectra,
        residual=residual,
        size=_median_of_known(np.abs(residual)),
        chi2=_reduced_chi_squared(sample, spectra, model.numbers),
    )


def continuum_level(flux: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(N, 1000) running median over 4% of the wavelength, gaps bridged by straight lines."""
    from scipy.ndimage import median_filter

    pixel = np.arange(flux.shape[1])
    bridged = np.zeros_like(flux)
    for row, values, there in zip(bridged, flux, known, strict=True):
        if there.any():
            row[:] = np.interp(pixel, pixel[there], values[there])
    return median_filter(bridged, size=(1, _CONTINUUM_PIXELS), mode="nearest")


def smoothed(
    values: NDArray[np.float64], known: NDArray[np.bool_], *, width: float = SMOOTHING
) -> NDArray[np.float64]:
    """Means over a window about each pixel of `REST_GRID`, of what is known in it.

    Parameters
    ----------
    values : (N, 1000) array
        Constant within each pixel.
    known : (N, 1000) bool array
        The rest has no weight.
    width : float
        Of the window [Angstrom].

    Returns
    -------
    (N, 1000) array
        NaN where less than half of the window is known.
    """
    edges = pixel_edges(REST_GRID)
    ends = [np.clip(REST_GRID + half * width, edges[0], edges[-1]) for half in (-0.5, 0.5)]
    weight = known * np.diff(edges)
    total, covered = (
        _integral(sums, edges, ends) for sums in (np.where(known, values, 0.0) * weight, weight)
    )
    enough = covered >= 0.5 * (ends[1] - ends[0])
    return np.where(enough, total / np.where(enough, covered, 1.0), np.nan)


def _integral(
    sums: NDArray[np.float64], edges: NDArray[np.float64], ends: list[NDArray[np.float64]]
) -> NDArray[np.float64]:
    """(N, L) of (N, L) integrals over pixels, those between two ends each."""
    running = np.concatenate([np.zeros((len(sums), 1)), np.cumsum(sums, axis=1)], axis=1)
    at = []
    for end in ends:
        pixel = np.clip(np.searchsorted(edges, end, side="right") - 1, 0, len(edges) - 2)
        part = (end - edges[pixel]) / (edges[pixel + 1] - edges[pixel])
        at.append(running[:, pixel] + part * (running[:, pixel + 1] - running[:, pixel]))
    return at[1] - at[0]


def _reduced_chi_squared(
    sample: Sample, spectra: NDArray[np.float64], numbers: int
) -> NDArray[np.float64]:
    """(N,) per degree of freedom, which the numbers of the model take away."""
    weight = sample.inverse_variance.astype(np.float64)
    degrees = (weight > 0).sum(axis=1) - numbers
    total = (weight * (sample.flux - spectra) ** 2).sum(axis=1)
    return np.where(degrees > 0, total / np.maximum(degrees, 1), np.nan)


def _median_of_known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) of (N, L), NaN left out."""
    found = np.full(len(values), np.nan)
    rows = np.isfinite(values).any(axis=1)
    found[rows] = np.nanmedian(values[rows], axis=1)
    return found


def reconstruction_scores(found: Reconstruction, *, seed: int) -> list[Score]:
    """Medians over the spectra of S/N above 10, the share that is good, and each region."""
    sample = found.sample
    bright = sample.signal_to_noise > BRIGHT
    ids = sample.galaxy_id[bright]

    def score(
        part: str, quantity: str, statistic: str, values: NDArray[np.float64], function: Function
    ) -> Score:
        value, error, count = measured(values[bright], ids, function, seed=seed)
        return Score(part, sample.name, found.method, quantity, statistic, value, error, count)

    part = "reconstruction"
    scores = [
        score(part, "residual", "median", found.size, np.median),
        score(part, "residual", "p84", found.size, lambda v: np.percentile(v, 84)),
        score(
            part, "residual", "share_below_0.05", found.size, lambda v: np.mean(v < GOOD_RESIDUAL)
        ),
        score(part, "chi2", "median", found.chi2, np.median),
        score(part, "chi2", "mean", found.chi2, np.mean),
    ]
    for region in REGIONS:
        values = found.of_region(region)
        scores += [
            score("regions", region.name, "median", values, np.median),
            score("regions", region.name, "rms", values, lambda v: np.sqrt(np.mean(v**2))),
        ]
    return scores
