"""Equivalent widths, line fluxes, line ratios and the 4000 A break, measured alike everywhere.

All are quotients of combinations of means over bands, so that noise propagates and a mean over
samples of spectra means something.

Lines are measured on the spectrum as it is, unless the light of the stars is given. Stars absorb:
1 to 3 A of Hbeta (Groves et al. 2012, MNRAS 419, 1402), about 1 A of Halpha and of [O III] 5008,
up to 10 A of Hdelta are missing without it. On `REST_GRID` a pixel is 270 km/s wide; see `lines`
for how blends are shared out.
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

_FLUX_UNIT = "10**-17 erg s-1 cm-2"
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
    gas : (bool, bool)
        Whether the light of the stars is left out of numerator and denominator.
    """

    bands: tuple[Band, ...]
    numerator: NDArray[np.float64]
    denominator: NDArray[np.float64] | None = None
    gas: tuple[bool, bool] = (False, False)


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
        self,
        wavelength: ArrayLike,
        flux: ArrayLike,
        inverse_variance: ArrayLike | None = None,
        *,
        stars: ArrayLike | None = None,
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
        stars : (..., L) array, optional
            Light of the stars by a model, in the unit of `flux`: lines are measured on what is
            left. Breaks and absorption indices are of all light nevertheless.

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
        return self._measure(wavelength, flux, inverse_variance, stars)[0]

    def error(
        self,
        wavelength: ArrayLike,
        flux: ArrayLike,
        inverse_variance: ArrayLike,
        *,
        stars: ArrayLike | None = None,
    ) -> NDArray[np.float64]:
        """(...) standard errors to first order, of independent pixels and stars without error."""
        value, bottom, means, definition = self._measure(wavelength, flux, inverse_variance, stars)
        quotient = 10.0**value if self.log else value
        slope = np.broadcast_to(definition.numerator, means.values.shape)
        if definition.denominator is not None:
            slope = slope - quotient[..., None] * definition.denominator
        if self.log:
            bottom = bottom * quotient * np.log(10.0)
        return means.errors(slope / bottom[..., None])

    def _measure(
        self,
        wavelength: ArrayLike,
        flux: ArrayLike,
        inverse_variance: ArrayLike | None,
        stars: ArrayLike | None,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], BandMeans, Definition]:
        """The value, its denominator, and what they were made of."""
        wave = np.asarray(wavelength, dtype=np.float64)
        definition = self.define(wave)
        weight = None if inverse_variance is None else np.asarray(inverse_variance)
        means = BandMeans(wave, np.asarray(flux), definition.bands, weight)
        gas = means.values
        if stars is not None and any(definition.gas):
            gas = means.values - means.of(np.asarray(stars))
        top = (gas if definition.gas[0] else means.values) @ definition.numerator
        bottom = np.ones_like(top)
        if definition.denominator is not None:
            bottom = (gas if definition.gas[1] else means.values) @ definition.denominator
            bottom = np.where(bottom > 0, bottom, np.nan)
        value = top / bottom
        if self.log:
            value = np.log10(np.where(value > 0, value, np.nan))
        return value, bottom, means, definition


def equivalent_width(
    wavelength: ArrayLike,
    flux: ArrayLike,
    line: str,
    *,
    inverse_variance: ArrayLike | None = None,
    stars: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """(...) equivalent width at rest, positive in emission [Angstrom].

    The line's flux above the straight line through two sidebands, divided by that line of the
    whole spectrum at the line's wavelength. `line` is one of `MEASURED_LINES`; the other arguments
    are those of `Index`.
    """
    index = INDICES[f"EW_{measured_line(line)}"]
    return index(wavelength, flux, inverse_variance, stars=stars)


def line_flux(
    wavelength: ArrayLike,
    flux: ArrayLike,
    line: str,
    *,
    inverse_variance: ArrayLike | None = None,
    stars: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """(...) flux of a line above the straight line through two sidebands.

    In the unit of `flux` times Angstrom. Without `stars` a Balmer line's flux is what emission
    exceeds absorption by. `line` is one of `MEASURED_LINES`; the other arguments are those of
    `Index`.
    """
    index = INDICES[f"flux_{measured_line(line)}"]
    return index(wavelength, flux, inverse_variance, stars=stars)


def d4000(wavelength: ArrayLike, flux: ArrayLike) -> NDArray[np.float64]:
    """(...) the break at 4000 A, 4050-4250 over 3750-3950 A: Bruzual 1983 (ApJ 273, 105)."""
    return INDICES["D4000"](wavelength, flux)


def dn4000(wavelength: ArrayLike, flux: ArrayLike) -> NDArray[np.float64]:
    """(...) its narrow version, 4000-4100 over 3850-3950 A: Balogh et al. 1999 (ApJ 527, 54)."""
    return INDICES["Dn4000"](wavelength, flux)


def _width(line: str, wavelength: NDArray[np.float64]) -> Definition:
    """Flux of a line over its continuum."""
    f = line_functional(wavelength, line)
    return Definition(f.bands, f.flux, f.continuum, gas=(True, False))


def _flux(line: str, wavelength: NDArray[np.float64]) -> Definition:
    """Flux of a line."""
    f = line_functional(wavelength, line)
    return Definition(f.bands, f.flux, gas=(True, False))


def _ratio(over: str, under: str, wavelength: NDArray[np.float64]) -> Definition:
    """Flux of a line over that of another."""
    a, b = line_functional(wavelength, over), line_functional(wavelength, under)
    top, bottom = np.zeros(len(a.bands) + len(b.bands)), np.zeros(len(a.bands) + len(b.bands))
    top[: len(a.bands)], bottom[len(a.bands) :] = a.flux, b.flux
    return Definition((*a.bands, *b.bands), top, bottom, gas=(True, True))


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
    stars: ArrayLike | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Several indices of the same spectra, (...) each, under the names as spelled in `INDICES`.

    Arguments as those of `Index`; `names` are of `INDICES`, whatever their case.
    """
    chosen = [get_index(name) for name in names]
    return {i.name: i(wavelength, flux, inverse_variance, stars=stars) for i in chosen}


def measure_errors(
    wavelength: ArrayLike,
    flux: ArrayLike,
    names: Iterable[str],
    *,
    inverse_variance: ArrayLike,
    stars: ArrayLike | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Standard errors of what `measure` gives, (...) each."""
    chosen = [get_index(name) for name in names]
    return {i.name: i.error(wavelength, flux, inverse_variance, stars=stars) for i in chosen}
