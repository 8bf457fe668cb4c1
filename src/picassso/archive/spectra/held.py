"""One spectrum as a file holds it, in the units of PICASSSO, before its redshift is agreed on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.archive.fits.units import is_number
from picassso.core import InputError, Spectrum

__all__ = ["HeldSpectrum", "hold", "numbers"]

MOST_REDSHIFT = 20.0
"""Beyond it no galaxy is known."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldSpectrum:
    """A spectrum whose redshift is only what its file says of it.

    Parameters
    ----------
    source : str
        File and place in it, for messages.
    galaxy_id : str
        Name of the object.
    wavelength : (N,) float64 array
        Angstrom, increasing.
    medium : str
        ``"vacuum"`` or ``"air"``.
    flux, inverse_variance : (N,) float32 array
        1e-17 erg s^-1 cm^-2 Angstrom^-1, and to the power of -2.
    mask : (N,) bool array
        True where the pixel must not be used.
    redshift : object
        What the file says, whatever that is; None where it says nothing.
    redshift_from : str
        Where it is said, such as ``Z of SPECOBJ``, or where it was looked for.
    resolution : float
        lambda / FWHM; NaN where unknown.
    flags : tuple of str
        What had to be assumed or was found wanting.
    redshift_flags : tuple of str
        The same of the file's redshift: dropped where another is given.
    """

    source: str
    galaxy_id: str
    wavelength: NDArray[np.float64]
    medium: str
    flux: NDArray[np.float32]
    inverse_variance: NDArray[np.float32]
    mask: NDArray[np.bool_]
    redshift: Any
    redshift_from: str
    resolution: float
    flags: tuple[str, ...] = ()
    redshift_flags: tuple[str, ...] = ()

    def spectrum(self, redshift: float | None = None) -> Spectrum:
        """The spectrum with a given redshift, else with that of its file.

        Raises
        ------
        InputError
            If there is none, or it is no number from 0 to 20.
        """
        z = self.redshift if redshift is None else redshift
        remedy = "give it with --redshift (redshift= in Python), 0 for a spectrum at rest"
        if z is None:
            raise InputError(f"{self.source}: no redshift ({self.redshift_from}); {remedy}")
        if not (is_number(z) and 0 <= z <= MOST_REDSHIFT):
            said = self.redshift_from if redshift is None else "as given"
            near = is_number(z) and -0.01 < z < 0
            why = ", as of a galaxy that comes nearer" if near else ""
            raise InputError(
                f"{self.source}: redshift {z} ({said}){why}; expected a number from 0 to "
                f"{MOST_REDSHIFT:g}: {remedy}"
            )
        try:
            return Spectrum(
                wavelength=self.wavelength,
                medium=self.medium,
                flux=self.flux,
                inverse_variance=self.inverse_variance,
                mask=self.mask,
                redshift=float(z),
                resolution=self.resolution,
                galaxy_id=self.galaxy_id,
                flags=self.flags + (self.redshift_flags if redshift is None else ()),
            )
        except InputError as error:
            raise InputError(f"{self.source}: {error}") from None


def hold(
    *,
    source: str,
    galaxy_id: str,
    wavelength: ArrayLike,
    medium: str,
    flux: ArrayLike,
    inverse_variance: ArrayLike,
    mask: ArrayLike | None,
    redshift: Any,
    redshift_from: str,
    resolution: float | None,
    flags: tuple[str, ...] = (),
    redshift_flags: tuple[str, ...] = (),
) -> HeldSpectrum:
    """Turn wavelengths to increase, and mask whatever is not known.

    Where flux is not finite, both it and its inverse variance become 0 and the pixel is masked; so
    is every pixel whose inverse variance is not positive. Parameters are those of `HeldSpectrum`,
    in any order of wavelengths.

    Raises
    ------
    InputError
        If lengths differ, wavelengths are not positive numbers, two of them are alike, or their
        order is neither up nor down.
    """
    arrays = {"flux": np.asarray(flux), "inverse variance": np.asarray(inverse_variance)}
    wave = np.asarray(wavelength, dtype=np.float64)
    arrays["mask"] = np.zeros(wave.shape, bool) if mask is None else np.asarray(mask, dtype=bool)
    wrong = [f"{name} {a.shape}" for name, a in arrays.items() if a.shape != wave.shape]
    if wave.ndim != 1 or wrong:
        shapes = ", ".join([f"wavelength {wave.shape}", *wrong])
        raise InputError(f"{source}: shapes {shapes}; expected one axis, of the same length in all")
    if _decreases(wave, source):
        wave = wave[::-1]
        arrays = {name: a[::-1] for name, a in arrays.items()}
    values, weight, bad = arrays.values()
    with np.errstate(over="ignore", invalid="ignore"):
        values, weight = values.astype(np.float32), weight.astype(np.float32)
    dark = ~np.isfinite(values)
    bad = bad | dark | ~np.isfinite(weight) | ~(weight > 0)
    found = list(flags)
    if dark.any():
        found.append("nan_pixels")
    if bad.all():
        found.append("no_valid_pixels")
    if resolution is None or not (np.isfinite(resolution) and resolution > 0):
        resolution = np.nan
        found.append("resolution_unknown")
    return HeldSpectrum(
        source=source,
        galaxy_id=galaxy_id,
        wavelength=wave.copy(),
        medium=medium,
        flux=np.where(dark, np.float32(0), values),
        inverse_variance=np.where(
            dark | ~np.isfinite(weight) | ~(weight > 0), np.float32(0), weight
        ),
        mask=bad,
        redshift=redshift,
        redshift_from=redshift_from,
        resolution=float(resolution),
        flags=tuple(dict.fromkeys(found)),
        redshift_flags=redshift_flags,
    )


def numbers(values: ArrayLike, where: str) -> NDArray[Any]:
    """Values of a column, one real number a pixel; InputError, which says where, for others."""
    found = np.asarray(values)
    if found.dtype.kind not in "iuf" or found.ndim != 1:
        raise InputError(
            f"{where}: has type {found.dtype} and shape {found.shape}; expected one real number a "
            "row"
        )
    return found


def _decreases(wave: NDArray[np.float64], source: str) -> bool:
    """Whether wavelengths go down from pixel to pixel; InputError if neither up nor down."""
    if wave.size < 2:
        raise InputError(f"{source}: {wave.size} pixels; expected a spectrum of two or more")
    unusable = ~(np.isfinite(wave) & (wave > 0))
    if unusable.any():
        i = int(np.argmax(unusable))
        raise InputError(f"{source}: wavelength {wave[i]} at pixel {i}; expected a positive number")
    step = np.diff(wave)
    down = bool(step[np.argmax(step != 0)] < 0)
    wrong = (step >= 0) if down else (step <= 0)
    if wrong.any():
        i = int(np.argmax(wrong))
        what = "twice the same" if step[i] == 0 else "neither increasing nor decreasing throughout"
        raise InputError(
            f"{source}: wavelengths are {what}: {wave[i]:.8g} and {wave[i + 1]:.8g} Angstrom at "
            f"pixels {i} and {i + 1}; expected one order: sort them and join what is double"
        )
    return down
