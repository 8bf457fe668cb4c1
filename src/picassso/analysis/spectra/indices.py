"""Equivalent widths, line fluxes, line ratios and the 4000 A break, measured alike everywhere.

All are ratios of combinations of means over bands, so that noise propagates and a mean over
samples of spectra means something. Lines are measured on the spectrum as it is: stars absorb in
the Balmer lines, and what they take (1 to 3 A of Hbeta, Groves et al. 2012, MNRAS 419, 1402; up to
10 A of Hdelta) is missing from equivalent widths, fluxes and ratios unless the light of the stars
is given. On `REST_GRID` a pixel is 270 km/s wide; see `lines` for how blends are shared out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.analysis.spectra.bands import Band, BandMeans, band_positions
from picassso.analysis.spectra.lines import MEASURED_LINES, line_functional, measured_line
from picassso.core import InputError, air_to_vacuum

__all__ = [
    "INDICES",
    "Index",
    "d4000",
    "dn4000",
    "equivalent_width",
    "get_index",
    "line_flux",
    "measure",
    "measure_errors",
]

_FLUX_UNIT = "1e-17 erg s-1 cm-2"
_RATIOS = (
    ("log_NII_Ha", "NII6585", "Halpha"),
    ("log_SII_Ha", "SII", "Halpha"),
    ("log_OI_Ha", "OI6302", "Halpha"),
    ("log_OIII_Hb", "OIII5008", "Hbeta"),
    ("log_Ha_Hb", "Halpha", "Hbeta"),
)


@dataclass(frozen=True, slots=True)
class Definition:
    """A quotient of two combinations of means over bands, on pixels of given wavelengths.

    Parameters
    ----------
    bands : tuple of Band
        B of them.
    numerator : (B,) array
    denominator : (B,) array or None
        None for 1.
    """

    bands: tuple[Band, ...]
    numerator: NDArray[np.float64]
    denominator: NDArray[np.float64] | None = None


class _Define(Protocol):
    """From wavelengths (L,) to what is measured on them."""

    def __call__(self, wavelength: NDArray[np.float64]) -> Definition: ...


@dataclass(frozen=True, slots=True)
class Index:
    """A number that is measured on a spectrum.

    Parameters
    ----------
    name : str
        As typed by users.
    unit : str
        In FITS form; empty where it has none.
    label : str
        For plots.
    define : callable
        From (L,) wavelengths to a `Definition`.
    log : bool
        Whether it is the logarithm to base 10 of the quotient.
    """

    name: str
    unit: str
    label: str
    define: _Define
    log: bool = False

    def __call__(
        self, wavelength: ArrayLike, flux: ArrayLike, inverse_variance: ArrayLike | None = None
    ) -> NDArray[np.float64]:
        """Measure spectra.

        Parameters
        ----------
        wavelength : (L,) array
            Angstrom, in vacuum, at rest.
        flux : (..., L) array
            1e-17 erg s^-1 cm^-2 Angstrom^-1; any other unit but for fluxes of lines.
        inverse_variance : (..., L) array, optional
            Not positive where nothing is known.

        Returns
        -------
        (...) array
            NaN where a pixel of a line's window or a fifth of another band is not known, where a
            continuum is not positive, and for logarithms of what is not positive.

        Raises
        ------
        InputError
            If shapes disagree or the wavelengths do not reach what is measured.
        """
        return self._measure(wavelength, flux, inverse_variance)[0]

    def error(
        self, wavelength: ArrayLike, flux: ArrayLike, inverse_variance: ArrayLike
    ) -> NDArray[np.float64]:
        """(...) standard errors of what is measured, to first order, of independent pixels."""
        value, means, definition = self._measure(wavelength, flux, inverse_variance)
        top, bottom = _combine(means, definition)
        quotient = (top / bottom)[..., None]
        slope = np.broadcast_to(definition.numerator, means.values.shape)
        if definition.denominator is not None:
            slope = slope - quotient * definition.denominator
        slope = slope / bottom[..., None]
        if self.log:
            with np.errstate(divide="ignore", invalid="ignore"):
                slope = slope / (quotient * np.log(10.0))
        return np.where(np.isfinite(value), means.errors(slope), np.nan)

    def _measure(
        self, wavelength: ArrayLike, flux: ArrayLike, inverse_variance: ArrayLike | None
    ) -> tuple[NDArray[np.float64], BandMeans, Definition]:
        """The value and what it was made of."""
        wave = np.asarray(wavelength, dtype=np.float64)
        definition = self.define(wave)
        weight = None if inverse_variance is None else np.asarray(inverse_variance)
        means = BandMeans(wave, np.asarray(flux), definition.bands, weight)
        top, bottom = _combine(means, definition)
        value = top / bottom
        if self.log:
            value = np.log10(np.where(value > 0, value, np.nan))
        return value, means, definition


def _combine(
    means: BandMeans, definition: Definition
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Numerators, and denominators, NaN where they are not positive."""
    top = means.values @ definition.numerator
    if definition.denominator is None:
        return top, np.ones_like(top)
    bottom = means.values @ definition.denominator
    return top, np.where(bottom > 0, bottom, np.nan)


def equivalent_width(
    wavelength: ArrayLike,
    flux: ArrayLike,
    line: str,
    *,
    inverse_variance: ArrayLike | None = None,
    stars: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Equivalent width at rest, positive in emission [Angstrom].

    The line's flux above the straight line through two sidebands, divided by that line at the
    line's wavelength.

    Parameters
    ----------
    wavelength : (L,) array
        Angstrom, in vacuum, at rest.
    flux : (..., L) array
        Per wavelength; of any unit.
    line : str
        One of `MEASURED_LINES`.
    inverse_variance : (..., L) array, optional
        Not positive where nothing is known.
    stars : (..., L) array, optional
        Light of the stars by a model, in the unit of `flux`: what they absorb is then given back.

    Returns
    -------
    (...) array
        NaN where it cannot be measured.
    """
    index = INDICES[f"EW_{measured_line(line)}"]
    width = index(wavelength, flux, inverse_variance)
    if stars is None:
        return width
    wave = np.asarray(wavelength, dtype=np.float64)
    functional = line_functional(wave, line)
    means = BandMeans(wave, np.asarray(flux), functional.bands)
    emission = line_flux(wave, flux, line, inverse_variance=inverse_variance, stars=stars)
    continuum = means.values @ functional.continuum
    return np.where(np.isfinite(width), emission / continuum, np.nan)


def line_flux(
    wavelength: ArrayLike,
    flux: ArrayLike,
    line: str,
    *,
    inverse_variance: ArrayLike | None = None,
    stars: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Flux of a line above the straight line through two sidebands.

    Parameters
    ----------
    wavelength : (L,) array
        Angstrom, in vacuum, at rest.
    flux : (..., L) array
        Per Angstrom.
    line : str
        One of `MEASURED_LINES`.
    inverse_variance : (..., L) array, optional
        Not positive where nothing is known.
    stars : (..., L) array, optional
        Light of the stars by a model, subtracted first. Without it a Balmer line's flux is what
        emission exceeds absorption by.

    Returns
    -------
    (...) array
        In the unit of `flux` times Angstrom; NaN where it cannot be measured.
    """
    if stars is not None:
        flux = np.asarray(flux) - np.asarray(stars)
    return INDICES[f"flux_{measured_line(line)}"](wavelength, flux, inverse_variance)


def d4000(wavelength: ArrayLike, flux: ArrayLike) -> NDArray[np.float64]:
    """(...) the break at 4000 A, 4050-4250 over 3750-3950 A: Bruzual 1983 (ApJ 273, 105)."""
    return INDICES["D4000"](wavelength, flux)


def dn4000(wavelength: ArrayLike, flux: ArrayLike) -> NDArray[np.float64]:
    """(...) its narrow version, 4000-4100 over 3850-3950 A: Balogh et al. 1999 (ApJ 527, 54)."""
    return INDICES["Dn4000"](wavelength, flux)


def _width(line: str, wavelength: NDArray[np.float64]) -> Definition:
    """Flux of a line over its continuum."""
    f = line_functional(wavelength, line)
    return Definition(f.bands, f.flux, f.continuum)


def _flux(line: str, wavelength: NDArray[np.float64]) -> Definition:
    """Flux of a line."""
    f = line_functional(wavelength, line)
    return Definition(f.bands, f.flux)


def _ratio(over: str, under: str, wavelength: NDArray[np.float64]) -> Definition:
    """Flux of a line over that of another."""
    a, b = line_functional(wavelength, over), line_functional(wavelength, under)
    top, bottom = np.zeros(len(a.bands) + len(b.bands)), np.zeros(len(a.bands) + len(b.bands))
    top[: len(a.bands)], bottom[len(a.bands) :] = a.flux, b.flux
    return Definition((*a.bands, *b.bands), top, bottom)


def _in_air(limits: tuple[float, float], *, per_frequency: bool = False) -> Band:
    """A band whose limits are given in air."""
    low, high = air_to_vacuum(limits)
    return Band(float(low), float(high), per_frequency=per_frequency)


def _break(
    blue: tuple[float, float], red: tuple[float, float], wavelength: NDArray[np.float64]
) -> Definition:
    """Mean flux per frequency in a red band over that in a blue one, both given in air."""
    bands = tuple(_in_air(b, per_frequency=True) for b in (blue, red))
    return Definition(bands, np.array([0.0, 1.0]), np.array([1.0, 0.0]))


def _absorption(
    window: tuple[float, float],
    blue: tuple[float, float],
    red: tuple[float, float],
    wavelength: NDArray[np.float64],
) -> Definition:
    """Equivalent width, positive in absorption, of three bands given in air."""
    bands = tuple(_in_air(b) for b in (window, blue, red))
    position, width = band_positions(wavelength, bands)
    t = (position[0] - position[1]) / (position[2] - position[1])
    continuum = np.array([0.0, 1.0 - t, t])
    return Definition(bands, width[0] * (continuum - [1.0, 0.0, 0.0]), continuum)


def _registry() -> dict[str, Index]:
    """Every index by its name."""
    found = [
        Index("D4000", "", "D4000", partial(_break, (3750.0, 3950.0), (4050.0, 4250.0))),
        Index("Dn4000", "", "Dn4000", partial(_break, (3850.0, 3950.0), (4000.0, 4100.0))),
        # Worthey & Ottaviani 1997 (ApJS 111, 377); at the spectra's own resolution.
        Index(
            "HdeltaA",
            "Angstrom",
            r"H$\delta_A$",
            partial(_absorption, (4083.5, 4122.25), (4041.6, 4081.5), (4128.5, 4161.0)),
        ),
    ]
    for name, over, under in _RATIOS:
        label = f"log({over} / {under})"
        found.append(Index(name, "", label, partial(_ratio, over, under), log=True))
    for line in MEASURED_LINES:
        found.append(Index(f"EW_{line}", "Angstrom", f"EW({line})", partial(_width, line)))
        found.append(Index(f"flux_{line}", _FLUX_UNIT, f"flux({line})", partial(_flux, line)))
    return {index.name: index for index in found}


INDICES: Mapping[str, Index] = MappingProxyType(_registry())
"""All that can be measured, by name."""


def get_index(name: str) -> Index:
    """Index of a name, whatever its case; an unknown one raises InputError with the choices."""
    for known, index in INDICES.items():
        if known.lower() == name.lower():
            return index
    raise InputError(f"unknown index {name!r}; choose one of {sorted(INDICES)}")


def measure(
    wavelength: ArrayLike,
    flux: ArrayLike,
    names: Iterable[str],
    *,
    inverse_variance: ArrayLike | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Several indices of the same spectra, by name.

    Parameters
    ----------
    wavelength : (L,) array
        Angstrom, in vacuum, at rest.
    flux : (..., L) array
        1e-17 erg s^-1 cm^-2 Angstrom^-1.
    names : iterable of str
        Of `INDICES`.
    inverse_variance : (..., L) array, optional
        Not positive where nothing is known.

    Returns
    -------
    dict of str to (...) array
        In the units of `INDICES`, under the names as spelled there.
    """
    chosen = [get_index(name) for name in names]
    return {i.name: i(wavelength, flux, inverse_variance) for i in chosen}


def measure_errors(
    wavelength: ArrayLike, flux: ArrayLike, names: Iterable[str], *, inverse_variance: ArrayLike
) -> dict[str, NDArray[np.float64]]:
    """Standard errors of `measure`, of independent pixels, to first order in the noise."""
    chosen = [get_index(name) for name in names]
    return {i.name: i.error(wavelength, flux, inverse_variance) for i in chosen}
