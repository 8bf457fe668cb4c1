"""Stellar mass from one colour: published relations of mass-to-light ratio and colour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.baselines.baseline import Untaught, as_maps, bands_of, in_band_order
from picassso.analysis.baselines.binning import adaptive_bins
from picassso.analysis.baselines.k_correction import fit_k_correction
from picassso.core import NANOMAGGY_ZERO_POINT, GalaxyImage, InputError, Maps, get_survey

__all__ = [
    "COLOUR_SIGNAL_TO_NOISE",
    "RELATIONS",
    "SOLAR_MAGNITUDES",
    "MassToLight",
    "Relation",
    "known_magnitudes",
    "solar_luminosities",
]

Array = NDArray[np.float64]

SOLAR_MAGNITUDES = {"u": 6.39, "g": 5.11, "r": 4.65, "i": 4.53, "z": 4.50}
"""Absolute AB magnitudes of the Sun through SDSS filters: Willmer 2018 (ApJS 236, 47)."""

COLOUR_SIGNAL_TO_NOISE = 10.0
"""That both bands of a colour must reach, or else pixels are binned. Noise s of an exponent adds
ln(10) s^2 / 2 dex to the mean: up to 0.01 dex at this limit for a slope of 1, 0.04 dex at half."""

_KROUPA_FROM_DIET_SALPETER = -0.15
"""dex, Bell et al. 2003, section 4; Chabrier and Kroupa masses agree to a few per cent."""


@dataclass(frozen=True, slots=True)
class Relation:
    """log10 of mass over light [solar units] = intercept + slope x colour, all at rest.

    Parameters
    ----------
    source : str
        Short name of the paper.
    band : str
        Whose light it is.
    colour : (str, str)
        Blue and red band.
    intercept, slope : float
        As published.
    imf_offset : float
        dex, to be added for masses of a Kroupa initial mass function.
    """

    source: str
    band: str
    colour: tuple[str, str]
    intercept: float
    slope: float
    imf_offset: float = 0.0

    @property
    def name(self) -> str:
        """Such as ``"Taylor 2011, g-i -> i"``."""
        return f"{self.source}, {self.colour[0]}-{self.colour[1]} -> {self.band}"

    def __call__(self, colour: Array) -> Array:
        """log10(M/L) of rest-frame colours [mag], Kroupa initial mass function."""
        return self.intercept + self.imf_offset + self.slope * colour


def _relations() -> tuple[Relation, ...]:
    gr, gi = ("g", "r"), ("g", "i")
    published = {
        ("Bell 2003", _KROUPA_FROM_DIET_SALPETER): (
            (gr, "g", -0.499, 1.519),
            (gr, "r", -0.306, 1.097),
            (gr, "i", -0.222, 0.864),
            (gi, "r", -0.220, 0.661),
            (gi, "i", -0.152, 0.518),
        ),
        ("Zibetti 2009", 0.0): (
            (gr, "g", -1.030, 2.053),
            (gr, "r", -0.840, 1.654),
            (gr, "i", -0.845, 1.481),
            (gi, "r", -0.977, 1.157),
            (gi, "i", -0.963, 1.032),
        ),
        ("Roediger & Courteau 2015, BC03", 0.0): (
            (gr, "g", -0.984, 2.029),
            (gr, "r", -0.792, 1.629),
            (gr, "i", -0.771, 1.438),
            (gi, "r", -0.861, 1.110),
            (gi, "i", -0.831, 0.979),
        ),
        ("Roediger & Courteau 2015, FSPS", 0.0): (
            (gr, "r", -0.647, 1.497),
            (gi, "i", -0.597, 0.831),
        ),
        ("Taylor 2011", 0.0): ((gi, "i", -0.68, 0.70),),
    }
    return tuple(
        Relation(source, band, colour, intercept, slope, offset)
        for (source, offset), rows in published.items()
        for colour, band, intercept, slope in rows
    )


RELATIONS: dict[str, Relation] = {r.name: r for r in _relations()}
"""Bell et al. 2003 (ApJS 149, 289), Zibetti, Charlot & Rix 2009 (MNRAS 400, 1181), Roediger &
Courteau 2015 (MNRAS 452, 3209), Taylor et al. 2011 (MNRAS 418, 1587); by name. The coefficients
were read from public code, not from the papers."""


@dataclass(frozen=True, slots=True)
class MassToLight(Untaught):
    """A published relation as a baseline: no tuning, its offset is what it is.

    Colours and luminosities are k-corrected to rest. Faint pixels share their colour and their
    mean surface brightness with others (see `adaptive_bins`), or take the colour of the galaxy.

    Parameters
    ----------
    relation : Relation
        One of `RELATIONS`, or one's own.
    per : {"pixel", "galaxy"}
        Whether every bin of pixels has its own colour, or the galaxy has one.
    """

    relation: Relation
    per: str = "pixel"

    def __post_init__(self) -> None:
        check_per(self.per)

    @property
    def name(self) -> str:
        """Of the relation, and whether it is used by pixel or by galaxy."""
        return f"{self.relation.name}, per {self.per}"

    @property
    def properties(self) -> tuple[str, ...]:
        """Stellar mass alone."""
        return ("stellar_mass",)

    @property
    def bands(self) -> tuple[str, ...]:
        """What it cannot do without."""
        return tuple(dict.fromkeys((*self.relation.colour, self.relation.band)))

    def paint(self, image: GalaxyImage) -> Maps:
        """Map of stellar mass; see `Baseline`.

        Raises
        ------
        InputError
            If the image lacks a band, has no noise, or lies outside the redshifts of the light
            table.
        """
        bands_of(image, self.bands, name=self.name)
        # A band between the two of the colour makes for better k-corrections.
        wanted = {*self.bands, "r"}
        survey = get_survey(image.survey)
        used = in_band_order(image, survey_bands=survey.bands)
        used = tuple(b for b in used if b in wanted)
        bins = adaptive_bins(
            image,
            bands_of(image, used, name=self.name),
            signal_to_noise=COLOUR_SIGNAL_TO_NOISE,
            by=[used.index(b) for b in self.relation.colour],
        )
        galaxy, flux = bins.galaxy[0][None], bins.flux
        whole = self._mass_per_flux(galaxy, image, used)
        ratio = np.full(len(flux), whole[0])
        if self.per == "pixel":
            own = self._mass_per_flux(flux, image, used)
            ratio = np.where(bins.reliable & np.isfinite(own), own, ratio)
        flags = () if np.isfinite(whole[0]) else ("colour_unknown",)
        mass = np.nan_to_num(ratio) * flux[:, used.index(self.relation.band)]
        return as_maps(
            image, self.properties, bins.spread(mass)[None], method=self.name, flags=flags
        )

    def _mass_per_flux(self, flux: Array, image: GalaxyImage, bands: tuple[str, ...]) -> Array:
        """Msun kpc^-2 per observed nanomaggy arcsec^-2 (N,); NaN where a flux is not positive."""
        magnitudes = known_magnitudes(flux)
        k = fit_k_correction(image.survey, bands, image.redshift)(magnitudes)
        at_rest = dict(zip(bands, (magnitudes - k).T, strict=True))
        blue, red = self.relation.colour
        luminosity = solar_luminosities(self.relation.band, image.redshift)
        k_of_light = k[:, bands.index(self.relation.band)]
        log_ratio = self.relation(at_rest[blue] - at_rest[red])
        return 10.0 ** (log_ratio + 0.4 * k_of_light) * luminosity


def solar_luminosities(band: str, redshift: float) -> float:
    """Solar luminosities kpc^-2 per nanomaggy arcsec^-2, before the k-correction.

    Raises
    ------
    InputError
        If the Sun's magnitude in the band is not known.
    """
    from picassso.observatory import surface_brightness_factor

    if band not in SOLAR_MAGNITUDES:
        raise InputError(
            f"band {band!r}: the Sun's magnitude is known in {', '.join(SOLAR_MAGNITUDES)} only; "
            "choose a relation for one of these"
        )
    one_sun = 10.0 ** (0.4 * (NANOMAGGY_ZERO_POINT - SOLAR_MAGNITUDES[band]))
    return 1.0 / (one_sun * surface_brightness_factor(redshift))


def known_magnitudes(flux: Array) -> Array:
    """AB magnitudes arcsec^-2 of surface brightness; NaN where it is not positive."""
    positive = np.where(flux > 0, flux, np.nan)
    return NANOMAGGY_ZERO_POINT - 2.5 * np.log10(positive)


def check_per(per: str) -> None:
    """Refuse what is neither ``"pixel"`` nor ``"galaxy"``."""
    if per not in ("pixel", "galaxy"):
        raise InputError(f"mass-to-light per {per!r}: expected 'pixel' or 'galaxy'")
