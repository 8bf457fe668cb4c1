"""Mass-to-light ratio against colour, refitted to a training set: the fair classical method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.apertures import aperture_total
from picassso.analysis.baselines.baseline import as_maps, bands_of
from picassso.analysis.baselines.binning import Bins, adaptive_bins
from picassso.analysis.baselines.k_correction import monomials
from picassso.analysis.baselines.mass_to_light import (
    COLOUR_SIGNAL_TO_NOISE,
    check_per,
    known_magnitudes,
    solar_luminosities,
)
from picassso.core import GalaxyImage, Maps

__all__ = ["Quantiles", "RefitForm", "RefittedMassToLight"]

Array = NDArray[np.float64]

Quantiles = tuple[float, float, float]
"""16th, 50th and 84th percentile."""


@dataclass(frozen=True, slots=True)
class RefitForm:
    """What the logarithm of mass over light is a function of.

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
    """

    band: str = "i"
    bands: tuple[str, ...] = ("g", "i")
    quadratic: bool = False
    per: str = "galaxy"

    def __post_init__(self) -> None:
        check_per(self.per)

    @property
    def name(self) -> str:
        """Says from what, and whether it is used by pixel or by galaxy."""
        form = "quadratic" if self.quadratic else "linear"
        return f"refitted M/L, {'-'.join(self.bands)} -> {self.band}, {form}, per {self.per}"

    def binned(self, image: GalaxyImage, *, shared: bool = True) -> Bins:
        """Bins of an image: its colours' bands, and last the band of the light."""
        return adaptive_bins(
            image,
            bands_of(image, (*self.bands, self.band), name=self.name),
            signal_to_noise=COLOUR_SIGNAL_TO_NOISE,
            by=range(len(self.bands)),
            shared=shared,
        )

    def variables(self, flux: Array, redshift: float) -> Array:
        """(N, V): observed colours and the redshift; NaN where a flux is not positive."""
        magnitudes = known_magnitudes(flux[:, : len(self.bands)])
        colours = magnitudes[:, :-1] - magnitudes[:, 1:]
        return np.column_stack([colours, np.full(len(flux), redshift)])

    def terms(self, variables: Array) -> Array:
        """(N, K): one, the variables, and, if quadratic, products of two of them."""
        if self.quadratic:
            return monomials(variables)
        return np.column_stack([np.ones(len(variables)), variables])


@dataclass(frozen=True, slots=True)
class RefittedMassToLight:
    """log10 of mass over light as a function of observed colours and redshift.

    The light is that of one observed band; what redshift does to light and colours is learnt, no
    k-correction is made. `refit_mass_to_light` makes one.

    Parameters
    ----------
    form : RefitForm
        Of what it is a function.
    coefficients : tuple of float
        dex, of 1, each colour, the redshift, and, if quadratic, of each product of two of them.
    clamp : tuple of (float, float)
        Range that each colour and the redshift is clamped to.
    mean_factor : float
        What makes the sum of all totals right.
    of_pixels, of_totals : (float, float, float)
        16th, 50th and 84th percentile of log10(true / predicted mean) [dex], of surface densities
        of pixels and of totals inside two half-mass radii.
    learnt_from : (int, int)
        Views of the training split that gave the coefficients, and of the validation split that
        gave the factor and the percentiles.
    """

    form: RefitForm
    coefficients: tuple[float, ...]
    clamp: tuple[tuple[float, float], ...]
    mean_factor: float = 1.0
    of_pixels: Quantiles = (0.0, 0.0, 0.0)
    of_totals: Quantiles = (0.0, 0.0, 0.0)
    learnt_from: tuple[int, int] = (0, 0)

    @property
    def name(self) -> str:
        """Says from what, and whether it is used by pixel or by galaxy."""
        return self.form.name

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
        mean, known = self.on_bins(self.form.binned(image), image.redshift)
        return as_maps(
            image,
            self.properties,
            mean[None],
            method=self.name,
            flags=() if known else ("colour_unknown",),
            quantiles=np.stack([mean[None] * 10.0**x for x in self.of_pixels]),
        )

    def on_bins(self, bins: Bins, redshift: float) -> tuple[NDArray[np.floating], bool]:
        """(H, W) mean surface density of mass, and whether the galaxy has a colour.

        Parameters
        ----------
        bins : Bins
            Of `RefitForm.binned`.
        redshift : float
            Of the galaxy.
        """
        variables = self.form.variables(bins.galaxy[0][None], redshift)
        known = bool(np.isfinite(variables).all())
        if not known:
            variables = np.mean(self.clamp, axis=1)[None]
        ratio = np.full(len(bins.flux), self._log_ratio(variables)[0])
        if self.form.per == "pixel":
            own = self._log_ratio(self.form.variables(bins.flux, redshift))
            ratio = np.where(bins.reliable & np.isfinite(own), own, ratio)
        light = bins.flux[:, -1] * solar_luminosities(self.form.band, redshift)
        return bins.spread(self.mean_factor * 10.0**ratio * light), known

    def total(
        self, maps: Maps, name: str, region: NDArray[np.bool_]
    ) -> tuple[float, float, float, float]:
        """Mean, p16, p50 and p84 of the mass over a region.

        The mean is the sum of the map; quantiles lie about it as those of the validation galaxies
        did. What noise makes negative has none.
        """
        inside = region & ~np.isnan(maps[name])
        mean = aperture_total(maps[name], inside, pixel_area=maps.pixel_area)
        low, middle, high = (mean * 10.0**x if mean > 0 else mean for x in self.of_totals)
        return mean, low, middle, high

    def _log_ratio(self, variables: Array) -> Array:
        terms = self.form.terms(np.clip(variables, *np.transpose(self.clamp)))
        return terms @ np.array(self.coefficients)
