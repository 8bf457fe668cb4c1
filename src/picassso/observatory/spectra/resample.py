"""Spectra onto other pixels and to rest, with flux conserved and variance carried along."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import InputError, Spectrum, air_to_vacuum, pixel_edges

__all__ = ["NO_VALID_PIXELS", "check_redshift", "overlaps", "resample", "to_rest", "to_vacuum"]

NO_VALID_PIXELS = "no_valid_pixels"
"""Flag of a spectrum of which no pixel can be used."""

_KNOWN_FRACTION = 0.5
"""Of an output pixel's width; with less it is masked."""

_ROUNDING = 1e-9
"""Of a pixel's width; what overlaps by less touches only in rounding."""


def overlaps(
    edges_in: NDArray[np.float64], edges_out: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Pairs of pixels of two grids that overlap.

    Parameters
    ----------
    edges_in : (N + 1,) array
        Edges of the pixels of one grid, increasing.
    edges_out : (M + 1,) array
        Of the other, in the same unit.

    Returns
    -------
    first, second : (K,) arrays
        Pixel numbers on either grid.
    length : (K,) array
        What each pair has in common.
    """
    edges = np.union1d(edges_in, edges_out)
    middle, length = 0.5 * (edges[1:] + edges[:-1]), np.diff(edges)
    first = np.searchsorted(edges_in, middle, side="right") - 1
    second = np.searchsorted(edges_out, middle, side="right") - 1
    inside = (first >= 0) & (first < len(edges_in) - 1)
    inside &= (second >= 0) & (second < len(edges_out) - 1)
    first, second, length = first[inside], second[inside], length[inside]
    real = length > _ROUNDING * np.diff(edges_out)[second]
    return first[real], second[real], length[real]


def resample(spectrum: Spectrum, wavelength: ArrayLike) -> Spectrum:
    """A spectrum on other pixels: the mean flux density over each of them.

    Flux density is constant within an input pixel, so that its integral is conserved: an output
    pixel is the mean of the usable input pixels in it, weighted by overlap. Input pixels that are
    masked or whose flux or inverse variance is unknown have no weight. Where less than half of an
    output pixel's width is known, it is masked, with flux and inverse variance 0.

    The variance of each output pixel is exact for independent input pixels. The covariance
    between neighbouring output pixels that share an input pixel is dropped: sums over
    many output pixels have more noise than their inverse variances say (by a tenth for output
    pixels four times as wide as input ones; by far more for narrower ones).

    Parameters
    ----------
    spectrum : Spectrum
        Its pixels meet halfway between their centres in the logarithm.
    wavelength : (M,) array
        Centres of the new pixels [Angstrom], increasing, in the spectrum's own medium and as
        redshifted as it is.

    Returns
    -------
    Spectrum
        With the flag ``"no_valid_pixels"`` if none can be used: where the grids do not meet, or
        nothing is known.

    Raises
    ------
    InputError
        If the new wavelengths are not two or more increasing positive numbers.
    """
    centres = _checked(wavelength)
    edges = pixel_edges(centres)
    pixel_in, pixel_out, length = overlaps(pixel_edges(spectrum.wavelength), edges)
    known = spectrum.usable[pixel_in]
    pixel_in, pixel_out, length = pixel_in[known], pixel_out[known], length[known]

    def total(values: NDArray[np.floating]) -> NDArray[np.float64]:
        sums = np.bincount(pixel_out, weights=values, minlength=len(centres))
        return sums.astype(np.float64, copy=False)

    covered = total(length)
    good = covered >= _KNOWN_FRACTION * np.diff(edges) * (1.0 - _ROUNDING)
    norm = np.where(good, covered, 1.0)
    flux = total(length * spectrum.flux[pixel_in]) / norm
    variance = total(length**2 / spectrum.inverse_variance[pixel_in]) / norm**2
    inverse_variance = np.divide(1.0, variance, out=np.zeros_like(variance), where=good)
    return replace(
        spectrum,
        wavelength=centres,
        flux=np.where(good, flux, 0.0).astype(np.float32),
        inverse_variance=inverse_variance.astype(np.float32),
        mask=~good,
        flags=_flags(spectrum.flags, bool(good.any())),
    )


def to_rest(spectrum: Spectrum, redshift: float | None = None) -> Spectrum:
    """A spectrum at rest, in vacuum: flux density per rest Angstrom, so that flux is conserved.

    Wavelengths go into vacuum and then as 1 / (1 + z), flux as (1 + z), inverse variance as
    1 / (1 + z)^2.

    Parameters
    ----------
    spectrum : Spectrum
        As observed.
    redshift : float or None
        Takes the place of the spectrum's own.

    Returns
    -------
    Spectrum
        In vacuum, of redshift 0; with the flag ``"no_valid_pixels"`` if none can be used.

    Raises
    ------
    InputError
        If the redshift is negative or no number.
    """
    z = spectrum.redshift if redshift is None else redshift
    name = f" of spectrum {spectrum.galaxy_id!r}" if spectrum.galaxy_id else ""
    stretch = 1.0 + check_redshift(z, what=f"redshift{name}")
    vacuum = to_vacuum(spectrum)
    return replace(
        vacuum,
        wavelength=vacuum.wavelength / stretch,
        flux=(vacuum.flux * stretch).astype(np.float32),
        inverse_variance=(vacuum.inverse_variance / stretch**2).astype(np.float32),
        redshift=0.0,
        flags=_flags(spectrum.flags, bool(spectrum.usable.any())),
    )


def to_vacuum(spectrum: Spectrum) -> Spectrum:
    """A spectrum with wavelengths in vacuum; flux density changes with the widths of pixels."""
    if spectrum.medium == "vacuum":
        return spectrum
    wavelength = air_to_vacuum(spectrum.wavelength)
    factor = np.diff(pixel_edges(spectrum.wavelength)) / np.diff(pixel_edges(wavelength))
    return replace(
        spectrum,
        wavelength=wavelength,
        medium="vacuum",
        flux=(spectrum.flux * factor).astype(np.float32),
        inverse_variance=(spectrum.inverse_variance / factor**2).astype(np.float32),
    )


def check_redshift(redshift: object, *, what: str = "redshift") -> float:
    """The redshift as a float; InputError, naming what was found, if it cannot be one."""
    try:
        value = float(redshift)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        value = np.nan
    if not (np.isfinite(value) and value >= 0.0):
        raise InputError(
            f"{what} is {redshift!r}, expected 0 or a positive number; give the redshift of the "
            "galaxy"
        )
    return value


def _checked(wavelength: ArrayLike) -> NDArray[np.float64]:
    """New wavelengths, if pixels can be made of them; else InputError."""
    centres = np.asarray(wavelength, dtype=np.float64)
    if centres.ndim != 1 or len(centres) < 2:
        raise InputError(
            f"new wavelengths have shape {centres.shape}, expected (M,) with M of 2 or more"
        )
    if not (np.isfinite(centres).all() and centres[0] > 0 and (np.diff(centres) > 0).all()):
        raise InputError(
            "new wavelengths are not finite, positive and increasing; give the centres of the "
            "pixels in Angstrom, in order"
        )
    return centres


def _flags(flags: tuple[str, ...], any_valid: bool) -> tuple[str, ...]:
    """Flags with `NO_VALID_PIXELS` added where it is due."""
    return flags if any_valid or NO_VALID_PIXELS in flags else (*flags, NO_VALID_PIXELS)
