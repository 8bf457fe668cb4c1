"""Mass-to-light ratio against colour, refitted to a training set: the fair classical method."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.apertures import scored_ellipse, scored_region
from picassso.analysis.baselines.baseline import as_maps, bands_of, region_total
from picassso.analysis.baselines.binning import Bins, adaptive_bins
from picassso.analysis.baselines.k_correction import monomials
from picassso.analysis.baselines.mass_to_light import (
    COLOUR_SIGNAL_TO_NOISE,
    check_per,
    known_magnitudes,
    solar_luminosities,
)
from picassso.core import PROPERTIES, GalaxyImage, InputError, Maps

if TYPE_CHECKING:
    from picassso.archive import DatasetStore

__all__ = ["RefittedMassToLight", "refit_mass_to_light"]

Array = NDArray[np.float64]

_BINS_PER_VIEW = 200

_INTRINSIC_SCATTER = 0.1
"""mag, added in quadrature to the noise of colours: populations of one colour differ."""

_CLAMPED = (1.0, 99.0)
"""Percentiles of the calibration beyond which colours and redshifts are not followed."""


@dataclass(frozen=True, slots=True)
class RefittedMassToLight:
    """log10 of mass over light as a function of observed colours and redshift.

    The light is that of one observed band; what redshift does to light and colours is learnt, no
    k-correction is made. `refit_mass_to_light` makes one.

    Parameters
    ----------
    band : str
        Whose light it is.
    bands : tuple of str
        Blue to red; neighbours make the colours.
    quadratic : bool
        Whether products of colours and redshift count, too.
    per : {"pixel", "galaxy"}
        Whether every bin of pixels has its own colour, or the galaxy has one.
    coefficients : tuple of float
        dex, of 1, each colour, the redshift, and, if quadratic, of each product of two of them.
    clamp : tuple of (float, float)
        Range that each colour and the redshift is clamped to.
    interval : (float, float)
        16th and 84th percentile of log10(true / predicted) in the calibration [dex].
    mean_factor : float
        What turns sums of medians into totals without bias in the calibration.
    """

    band: str
    bands: tuple[str, ...]
    quadratic: bool
    per: str
    coefficients: tuple[float, ...]
    clamp: tuple[tuple[float, float], ...]
    interval: tuple[float, float]
    mean_factor: float = 1.0

    def __post_init__(self) -> None:
        check_per(self.per)

    @property
    def name(self) -> str:
        """Says from what, and whether it is used by pixel or by galaxy."""
        form = "quadratic" if self.quadratic else "linear"
        return f"refitted M/L, {'-'.join(self.bands)} -> {self.band}, {form}, per {self.per}"

    @property
    def properties(self) -> tuple[str, ...]:
        """Stellar mass alone."""
        return ("stellar_mass",)

    def paint(self, image: GalaxyImage) -> Maps:
        """Map of stellar mass, its mean, and quantiles; see `Baseline`.

        Raises
        ------
        InputError
            If the image lacks a band or has no noise.
        """
        bins = _binned(image, self.band, self.bands, name=self.name)
        variables = _variables(bins.galaxy[0][None], image.redshift, self.bands)
        known = bool(np.isfinite(variables).all())
        if not known:
            variables = np.mean(self.clamp, axis=1)[None]
        ratio = np.full(len(bins.flux), self._log_ratio(variables)[0])
        if self.per == "pixel":
            own = self._log_ratio(_variables(bins.flux, image.redshift, self.bands))
            ratio = np.where(bins.reliable & np.isfinite(own), own, ratio)
        light = bins.flux[:, -1] * solar_luminosities(self.band, image.redshift)
        median = bins.spread(10.0**ratio * light)[None]
        low, high = self.interval
        return as_maps(
            image,
            self.properties,
            self.mean_factor * median,
            method=self.name,
            flags=() if known else ("colour_unknown",),
            quantiles=np.stack([median * 10.0**x for x in (low, 0.0, high)]),
        )

    def _log_ratio(self, variables: Array) -> Array:
        terms = _terms(np.clip(variables, *np.transpose(self.clamp)), self.quadratic)
        return terms @ np.array(self.coefficients)


def refit_mass_to_light(
    store: DatasetStore,
    *,
    band: str = "i",
    bands: tuple[str, ...] = ("g", "i"),
    quadratic: bool = False,
    per: str = "galaxy",
    limit: int = 400,
    seed: int = 0,
) -> RefittedMassToLight:
    """Fit log10(M/L) = a + b colour + c z by least squares to a store's training split.

    Noisy colours count less: noise flattens the slope, and bright pixels hold the mass. The
    constant is then moved so that the median residual is zero, and the factor from medians to means
    chosen such that the median residual of totals inside two half-mass radii is, too.

    Parameters
    ----------
    store : DatasetStore
        Finished; noise is put onto its images.
    band : str
        Whose light it is.
    bands : tuple of str
        Blue to red; neighbours make the colours.
    quadratic : bool
        Fit products of colours and redshift, too.
    per : {"pixel", "galaxy"}
        Whether bins of pixels are fitted, or galaxies.
    limit : int
        At most this many views, spread evenly over the split.
    seed : int
        Of the noise, and of the choice among a view's pixels.

    Returns
    -------
    RefittedMassToLight

    Raises
    ------
    InputError
        If the store lacks stellar masses, a training split or a band, or too few galaxies are
        bright enough.
    """
    check_per(per)
    if "stellar_mass" not in store.properties:
        raise InputError(f"{store.path}: has no stellar_mass to refit mass-to-light ratios to")
    rows = store.indices("train")
    if len(rows) == 0:
        raise InputError(f"{store.path}: the train split is empty; make more galaxies")
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, limit).round().astype(int))]
    sample = [
        _calibration(image, truth, band, bands, per=per, rng=np.random.default_rng([seed, k]))
        for k, (image, truth) in enumerate(_views(store, rows, seed))
    ]
    variables, target, noise = (np.concatenate(column) for column in zip(*sample, strict=True))
    clamp = (
        np.percentile(variables, _CLAMPED, axis=0)
        if len(target)
        else np.zeros((2, variables.shape[1]))
    )
    terms = _terms(np.clip(variables, *clamp), quadratic)
    if len(target) < 2 * terms.shape[1]:
        raise InputError(
            f"{store.path}: {len(target)} values above the floor, too few for "
            f"{terms.shape[1]} coefficients; make more galaxies"
        )
    weight = 1.0 / np.hypot(_INTRINSIC_SCATTER, noise)
    coefficients = np.linalg.lstsq(terms * weight[:, None], target * weight, rcond=None)[0]
    residual = target - terms @ coefficients
    coefficients[0] += np.median(residual)
    low, high = np.percentile(residual - np.median(residual), [16, 84])
    refitted = RefittedMassToLight(
        band=band,
        bands=bands,
        quadratic=quadratic,
        per=per,
        coefficients=tuple(coefficients.tolist()),
        clamp=tuple((float(a), float(b)) for a, b in clamp.T),
        interval=(float(low), float(high)),
    )
    return replace(refitted, mean_factor=_mean_factor(refitted, _views(store, rows, seed)))


def _views(
    store: DatasetStore, rows: NDArray[np.int64], seed: int
) -> Iterator[tuple[GalaxyImage, Maps]]:
    for row in rows.tolist():
        yield store.observed(row, np.random.default_rng([seed, row])), store.truth(row)


def _binned(image: GalaxyImage, band: str, bands: tuple[str, ...], *, name: str) -> Bins:
    """Bins of an image: its colours' bands, and last the band of the light."""
    return adaptive_bins(
        image,
        bands_of(image, (*bands, band), name=name),
        signal_to_noise=COLOUR_SIGNAL_TO_NOISE,
        by=range(len(bands)),
    )


def _calibration(
    image: GalaxyImage,
    truth: Maps,
    band: str,
    bands: tuple[str, ...],
    *,
    per: str,
    rng: np.random.Generator,
) -> tuple[Array, Array, Array]:
    """Variables (N, V), log10(M/L) (N,) and the noise of its colours [mag] (N,) of one view.

    A row for the galaxy, or for some of its bins.
    """
    bins = _binned(image, band, bands, name="refitted M/L")
    inside = bins.label >= 0
    mass = np.bincount(
        bins.label[inside],
        weights=truth["stellar_mass"][inside].astype(np.float64),
        minlength=len(bins.pixels),
    )
    chosen = np.flatnonzero(bins.reliable)
    if per == "galaxy":
        flux, noise = (x[None] for x in bins.galaxy)
        density = np.array([mass[chosen].sum() / max(int(bins.pixels[chosen].sum()), 1)])
    else:
        chosen = rng.permutation(chosen)[:_BINS_PER_VIEW]
        flux, noise = bins.flux[chosen], bins.noise[chosen]
        density = mass[chosen] / bins.pixels[chosen]
    variables = _variables(flux, image.redshift, bands)
    good = np.isfinite(variables).all(axis=1) & (flux[:, -1] > 0)
    good &= density >= PROPERTIES["stellar_mass"].floor
    light = flux[good, -1] * solar_luminosities(band, image.redshift)
    relative = noise[good, : len(bands)] / flux[good, : len(bands)]
    of_colours = 2.5 / np.log(10.0) * np.sqrt((relative**2).sum(axis=1))
    return variables[good], np.log10(density[good] / light), of_colours


def _variables(flux: Array, redshift: float, bands: tuple[str, ...]) -> Array:
    """(N, V): observed colours and the redshift; NaN where a flux is not positive."""
    magnitudes = known_magnitudes(flux[:, : len(bands)])
    colours = magnitudes[:, :-1] - magnitudes[:, 1:]
    return np.column_stack([colours, np.full(len(flux), redshift)])


def _terms(variables: Array, quadratic: bool) -> Array:
    return (
        monomials(variables) if quadratic else np.column_stack([np.ones(len(variables)), variables])
    )


def _mean_factor(refitted: RefittedMassToLight, views: Iterator[tuple[GalaxyImage, Maps]]) -> float:
    """Median ratio of true totals to those of the medians."""
    ratios = []
    for image, truth in views:
        region = scored_region(scored_ellipse(truth), truth.shape)
        true = float(truth["stellar_mass"][region].sum(dtype=np.float64) * truth.pixel_area)
        painted = region_total(refitted.paint(image), "stellar_mass", region)[0]
        if painted > 0 and true >= PROPERTIES["stellar_mass"].total_floor:
            ratios.append(np.log10(true / painted))
    return float(10.0 ** np.median(ratios)) if ratios else 1.0
