"""Refit mass-to-light ratios: coefficients from training galaxies, calibration from others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.apertures import aperture_total, scored_ellipse, scored_region
from picassso.analysis.baselines.binning import Bins
from picassso.analysis.baselines.mass_to_light import solar_luminosities
from picassso.analysis.baselines.refit import Quantiles, RefitForm, RefittedMassToLight
from picassso.analysis.residuals import log_residual
from picassso.core import PROPERTIES, GalaxyImage, InputError, Maps, usable_cores

if TYPE_CHECKING:
    from picassso.archive import DatasetStore

__all__ = ["TRAINING_VIEWS", "refit_mass_to_light", "refit_together"]

Array = NDArray[np.float64]
_Found = TypeVar("_Found")

TRAINING_VIEWS = 2000
"""At most: more hardly lower the scatter, and reading so many takes about a minute of CPU time."""

_VALIDATION_SHARE = 0.25
"""Of the views that are fitted to: as the validation split is to the training split."""

_BINS = 200_000
"""Of all views together; bins of pixels are drawn from each."""

_EVERY_PIXEL = 17
"""One in so many gives the percentiles of pixels."""

_INTRINSIC_SCATTER = 0.1
"""mag, added in quadrature to the noise of colours: populations of one colour differ."""

_CLAMPED = (1.0, 99.0)
"""Percentiles of the calibration beyond which colours and redshifts are not followed."""


def refit_mass_to_light(
    store: DatasetStore,
    *,
    band: str = "i",
    bands: tuple[str, ...] = ("g", "i"),
    quadratic: bool = False,
    per: str = "galaxy",
    limit: int = TRAINING_VIEWS,
    seed: int = 0,
) -> RefittedMassToLight:
    """`refit_together` of one form; see `RefitForm` for its parameters."""
    form = RefitForm(band, bands, quadratic, per)
    return refit_together(store, [form], limit=limit, seed=seed)[0]


def refit_together(
    store: DatasetStore, forms: Sequence[RefitForm], *, limit: int = TRAINING_VIEWS, seed: int = 0
) -> tuple[RefittedMassToLight, ...]:
    """Fit log10(M/L), such as a + b colour + c z, to the training split of a store.

    By least squares; noisy colours count less: noise flattens the slope, and bright pixels hold
    the mass. Galaxies of the validation split, which were not fitted to, then give the factor that
    makes their summed mass right, and the percentiles of what is left, of pixels and of totals
    inside two half-mass radii. Each view is read once for all forms.

    Parameters
    ----------
    store : DatasetStore
        Finished; noise is put onto its images.
    forms : sequence of RefitForm
        What to fit.
    limit : int
        At most this many views of the training split, and a quarter as many of the validation
        split, spread evenly over each.
    seed : int
        Of the noise, and of the choice among a view's pixels.

    Returns
    -------
    tuple of RefittedMassToLight
        In the order of the forms.

    Raises
    ------
    InputError
        If the store lacks stellar masses, a training or validation split or a band, or too few
        galaxies are bright enough.
    """
    if "stellar_mass" not in store.properties:
        raise InputError(f"{store.path}: has no stellar_mass to refit mass-to-light ratios to")
    rows = _spread(store, "train", limit)
    held_out = _spread(store, "validation", max(round(_VALIDATION_SHARE * limit), 1))
    bins_a_view = -(-_BINS // len(rows))

    def sample(row: int) -> list[tuple[Array, Array, Array]]:
        view = _View.of(store, row, seed)
        return [view.sample(form, bins_a_view) for form in forms]

    samples = zip(*_of_views(sample, rows), strict=True)
    fitted = [
        _fit(form, *map(np.concatenate, zip(*of, strict=True)), path=str(store.path))
        for form, of in zip(forms, samples, strict=True)
    ]

    def judge(row: int) -> list[tuple[float, float, NDArray[np.floating]]]:
        view = _View.of(store, row, seed)
        return [view.judge(refit) for refit in fitted]

    judged = zip(*_of_views(judge, held_out), strict=True)
    learnt_from = len(rows), len(held_out)
    return tuple(
        replace(_calibrated(refit, *zip(*of, strict=True)), learnt_from=learnt_from)
        for refit, of in zip(fitted, judged, strict=True)
    )


def _spread(store: DatasetStore, split: str, limit: int) -> NDArray[np.int64]:
    """At most so many rows of a split, evenly spread."""
    rows = store.indices(split)
    if len(rows) == 0:
        raise InputError(f"{store.path}: the {split} split is empty; make more galaxies")
    return rows[np.unique(np.linspace(0, len(rows) - 1, limit).round().astype(int))]


def _of_views(work: Callable[[int], _Found], rows: NDArray[np.int64]) -> list[_Found]:
    """What is made of each view, in their order, all cores taking views in turn."""
    with ThreadPoolExecutor(usable_cores()) as pool:
        return list(pool.map(work, rows.tolist()))


class _View(NamedTuple):
    """One view with its noise, and its bins for each set of bands that was asked for."""

    image: GalaxyImage
    truth: Maps
    rng: np.random.Generator
    bins: dict[tuple[str, tuple[str, ...]], Bins]

    @classmethod
    def of(cls, store: DatasetStore, row: int, seed: int) -> _View:
        rng = np.random.default_rng([seed, row])
        return cls(store.observed(row, rng), store.truth(row), rng, {})

    def binned(self, form: RefitForm, *, shared: bool) -> Bins:
        """Forms of the same bands have the same; `shared` as in `adaptive_bins`."""
        key = form.band, form.bands
        if key not in self.bins:
            self.bins[key] = form.binned(self.image, shared=shared)
        return self.bins[key]

    def sample(self, form: RefitForm, most: int) -> tuple[Array, Array, Array]:
        """Variables (N, V), log10(M/L) (N,) and the noise of the colours [mag] (N,).

        A row for the galaxy, or for each of some of its bins.
        """
        bins, redshift = self.binned(form, shared=False), self.image.redshift
        inside = bins.label >= 0
        mass = np.bincount(
            bins.label[inside],
            weights=self.truth["stellar_mass"][inside].astype(np.float64),
            minlength=len(bins.pixels),
        )
        chosen = np.flatnonzero(bins.reliable)
        if form.per == "galaxy":
            flux, noise = (x[None] for x in bins.galaxy)
            density = np.array([mass[chosen].sum() / max(int(bins.pixels[chosen].sum()), 1)])
        else:
            chosen = self.rng.permutation(chosen)[:most]
            flux, noise = bins.flux[chosen], bins.noise[chosen]
            density = mass[chosen] / bins.pixels[chosen]
        variables = form.variables(flux, redshift)
        good = np.isfinite(variables).all(axis=1) & (flux[:, -1] > 0)
        good &= density >= PROPERTIES["stellar_mass"].floor
        light = flux[good, -1] * solar_luminosities(form.band, redshift)
        relative = noise[good, : len(form.bands)] / flux[good, : len(form.bands)]
        of_colours = 2.5 / np.log(10.0) * np.sqrt((relative**2).sum(axis=1))
        return variables[good], np.log10(density[good] / light), of_colours

    def judge(self, refit: RefittedMassToLight) -> tuple[float, float, NDArray[np.floating]]:
        """True and painted total, and log10(true / painted) of some pixels."""
        mass, seen = self.truth["stellar_mass"], ~self.image.mask
        painted, _ = refit.on_bins(self.binned(refit.form, shared=True), self.image.redshift)
        region = scored_region(scored_ellipse(self.truth), mass.shape) & seen
        true_total, total = (
            aperture_total(m, region, pixel_area=self.truth.pixel_area) for m in (mass, painted)
        )
        floor = PROPERTIES["stellar_mass"].floor
        known = np.flatnonzero((mass >= floor) & seen)[::_EVERY_PIXEL]
        pixels = log_residual(mass.ravel()[known], painted.ravel()[known], floor=floor)
        return true_total, total, pixels


def _fit(
    form: RefitForm, variables: Array, target: Array, noise: Array, *, path: str
) -> RefittedMassToLight:
    """Weighted least squares; not calibrated yet."""
    clamp = np.percentile(variables, _CLAMPED, axis=0) if len(target) else np.zeros((2, 1))
    terms = form.terms(np.clip(variables, *clamp))
    if len(target) < 2 * terms.shape[1]:
        raise InputError(
            f"{path}: {len(target)} values above the floor, too few for "
            f"{terms.shape[1]} coefficients; make more galaxies"
        )
    weight = 1.0 / np.hypot(_INTRINSIC_SCATTER, noise)
    coefficients = np.linalg.lstsq(terms * weight[:, None], target * weight, rcond=None)[0]
    limits = tuple((float(a), float(b)) for a, b in clamp.T)
    return RefittedMassToLight(form, tuple(coefficients.tolist()), limits)


def _calibrated(
    refit: RefittedMassToLight,
    true: Sequence[float],
    painted: Sequence[float],
    pixels: Sequence[NDArray[np.floating]],
) -> RefittedMassToLight:
    """With the factor that makes the sum of totals right, and percentiles about the mean."""
    floor = PROPERTIES["stellar_mass"].total_floor
    known = np.array(true) >= floor
    totals, ours = np.array(true)[known], np.array(painted)[known]
    if not ours.sum() > 0:
        raise InputError(f"{refit.name}: no galaxy of the validation split is bright enough")
    factor = float(totals.sum() / ours.sum())
    return replace(
        refit,
        mean_factor=factor,
        of_totals=_percentiles(log_residual(totals, ours, floor=floor), factor),
        of_pixels=_percentiles(np.concatenate(pixels), factor),
    )


def _percentiles(residual: NDArray[np.floating], factor: float) -> Quantiles:
    """Of log10(true / predicted), the predictions multiplied by a factor."""
    low, middle, high = np.percentile(residual, [16, 50, 84]) - np.log10(factor)
    return float(low), float(middle), float(high)
