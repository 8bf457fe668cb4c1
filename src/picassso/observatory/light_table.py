"""How bright stars are: band luminosities against age, metallicity and redshift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import InputError
from picassso.observatory.photometry import FilterCurve, line_weights

__all__ = ["LightTable", "surface_brightness_factor"]

_ARCSEC_PER_RADIAN = 206264.80624709636


@dataclass(frozen=True, slots=True)
class LightTable:
    """Light of simple stellar populations, with their nebulae while young, in a survey's bands.

    Parameters
    ----------
    survey : str
        Name of the survey.
    bands : tuple of str
        Band names, blue to red.
    redshift : (R,) float64 array
        Increasing.
    metallicity : (Z,) float64 array
        Mass fraction of metals, increasing.
    age : (A,) float64 array
        Gyr, increasing.
    continuum : (R, Z, A, B) float32 array
        Nanomaggies that the stars of 1 Msun formed, and the continuum of their nebula, would have
        at 10 pc in the observed bands, the spectrum redshifted (factor 1 + z of the band's width
        included).
    line_wavelength : (K,) float64 array
        Rest-frame wavelengths of the nebula's emission lines [Angstrom].
    lines : (Z, A, K) float32 array
        Their luminosities [Lsun per Msun formed].
    curves : tuple of B FilterCurve
        Through which the lines are seen.
    """

    survey: str
    bands: tuple[str, ...]
    redshift: NDArray[np.float64]
    metallicity: NDArray[np.float64]
    age: NDArray[np.float64]
    continuum: NDArray[np.float32]
    line_wavelength: NDArray[np.float64]
    lines: NDArray[np.float32]
    curves: tuple[FilterCurve, ...]

    def at_redshift(self, redshift: float) -> NDArray[np.float32]:
        """(Z, A, B) luminosities at one redshift: lines exact, the rest linear in redshift.

        Raises
        ------
        InputError
            If the redshift lies outside the table.
        """
        first, last = float(self.redshift[0]), float(self.redshift[-1])
        if not first <= redshift <= last:
            raise InputError(
                f"redshift is {redshift:g}, expected {first:g} to {last:g}, the range of the light "
                "table; place the galaxy at a redshift inside it"
            )
        k = int(np.clip(np.searchsorted(self.redshift, redshift) - 1, 0, len(self.redshift) - 2))
        part = (redshift - self.redshift[k]) / (self.redshift[k + 1] - self.redshift[k])
        below, above = self.continuum[k], self.continuum[k + 1]
        weights = np.stack(
            [line_weights(self.line_wavelength, c, redshift=redshift) for c in self.curves], axis=1
        )
        return below + np.float32(part) * (above - below) + self.lines @ weights.astype(np.float32)

    def luminosities(
        self, age_gyr: ArrayLike, metallicity: ArrayLike, redshift: float
    ) -> NDArray[np.float32]:
        """Light of star particles, each per solar mass formed.

        The logarithm of the luminosity is interpolated, linearly in (log metallicity, log age):
        fading populations follow power laws of age, which are straight lines there. Ages and
        metallicities outside the grid are clamped to it.

        Parameters
        ----------
        age_gyr : (N,) array
            Ages [Gyr].
        metallicity : (N,) array
            Mass fractions of metals.
        redshift : float
            By which the spectra are shifted.

        Returns
        -------
        (N, B) float32 array
            Nanomaggies at 10 pc per Msun formed. The observed flux is that times the initial mass
            times ``(10 pc / D_L)^2``.

        Raises
        ------
        InputError
            If shapes differ, a value is not finite, or the redshift lies outside the table.
        """
        age = np.ascontiguousarray(age_gyr, dtype=np.float32)
        metals = np.ascontiguousarray(metallicity, dtype=np.float32)
        if age.ndim != 1 or age.shape != metals.shape:
            raise InputError(
                f"stars: age has shape {age.shape} and metallicity {metals.shape}, expected one "
                "value of each per particle"
            )
        for name, values in (("age", age), ("metallicity", metals)):
            if not np.isfinite(values).all():
                bad = int(np.count_nonzero(~np.isfinite(values)))
                raise InputError(
                    f"stars: {name} of {bad} of {len(values)} particles is not finite, expected "
                    "finite numbers; drop or repair those particles"
                )
        from picassso.observatory._light_kernel import bilinear

        out = np.empty((len(age), len(self.bands)), dtype=np.float32)
        bilinear(
            np.log(self.age).astype(np.float32),
            np.log(self.metallicity).astype(np.float32),
            np.log(self.at_redshift(redshift)),
            age,
            metals,
            out,
        )
        return out


def surface_brightness_factor(redshift: float) -> float:
    """Surface brightness [nMgy arcsec^-2] of 1 nMgy-at-10-pc per kpc^2.

    ``(10 pc / D_L)^2 (kpc per arcsec)^2``, in which the distances cancel but for Tolman's (1930)
    factor: ``(0.01 / 206264.8)^2 / (1 + z)^4``.
    """
    return (0.01 / _ARCSEC_PER_RADIAN) ** 2 / (1.0 + redshift) ** 4
