"""Dust: a screen before each star, made of the metals of the gas in front of it.

Each star is dimmed by the dust between it and the camera alone, so that the mixing of stars and
dust greys the galaxy's light by itself. Light scattered back into the line of sight is counted on
average. Stars younger than 10 Myr are dimmed once more, by the clouds that they were born in.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import InputError

__all__ = [
    "BIRTH_CLOUD_AGE",
    "BIRTH_CLOUD_AV",
    "GALACTIC_AV_PER_METAL_COLUMN",
    "attenuation_curve",
    "draw_dust",
    "dust_column_in_front",
    "screen_transmission",
]

_HYDROGEN_PER_AV = 2.21e21
"""Hydrogen nuclei cm^-2 per magnitude of A_V in the Milky Way: Guever & Ozel 2009 (MNRAS 400,
2050); 1.87e21 in Bohlin, Savage & Drake 1978 (ApJ 224, 132)."""

_GAS_PER_HYDROGEN = 1.36
"""Mass of gas per mass of hydrogen, helium included."""

_LOCAL_METALLICITY = 0.0134
"""Of the gas in which that ratio is measured: solar, Asplund et al. 2009 (ARA&A 47, 481)."""

_HYDROGEN_MASS = 1.6735e-24 / 1.98847e33
"""Solar masses."""

_SQUARE_CM_PER_SQUARE_KPC = (3.0856775814913673e21) ** 2

GALACTIC_AV_PER_METAL_COLUMN = 1.0 / (
    _HYDROGEN_PER_AV
    * _HYDROGEN_MASS
    * _SQUARE_CM_PER_SQUARE_KPC
    * _GAS_PER_HYDROGEN
    * _LOCAL_METALLICITY
)
"""Magnitudes of A_V per Msun kpc^-2 of metals in the gas, at the Galactic dust-to-metal ratio:
3.1e-6. Ten Msun pc^-2 of gas with Z = 0.02 have A_V = 0.62, as seen by a star behind them."""

BIRTH_CLOUD_AGE = 0.01
"""Gyr for which stars stay in their birth clouds (Charlot & Fall 2000, ApJ 539, 718)."""

BIRTH_CLOUD_AV = 2.5 / np.log(10.0)
"""A_V of a birth cloud: optical depth 1 at V, the standard model of Charlot & Fall 2000; its
diffuse medium, about half of that, is here the screen."""

_DUSTLESS_FRACTION = 0.15
_AMPLITUDE_SCATTER = 0.3
_V_BAND = 5500.0


def attenuation_curve(wavelength: ArrayLike, *, curve: str = "cardelli") -> NDArray[np.float64]:
    """A_lambda / A_V.

    Parameters
    ----------
    wavelength : array
        Rest-frame wavelengths [Angstrom].
    curve : str
        ``"cardelli"``: Galactic extinction, Cardelli, Clayton & Mathis 1989 (ApJ 345, 245),
        R_V = 3.1, 0.125 to 3.3 micron. ``"charlot_fall"``: birth clouds, ``lambda^-0.7`` about
        5500 A, Charlot & Fall 2000 (ApJ 539, 718).

    Raises
    ------
    InputError
        If the curve is unknown or a wavelength lies outside its range.
    """
    if curve not in _CURVES:
        raise InputError(f"dust curve is {curve!r}, expected one of {sorted(_CURVES)}")
    law, shortest, longest = _CURVES[curve]
    wave = np.asarray(wavelength, dtype=np.float64)
    if wave.size and not (shortest <= wave.min() and wave.max() <= longest):
        raise InputError(
            f"dust curve {curve!r}: wavelengths span {wave.min():g} to {wave.max():g} Angstrom, "
            f"expected {shortest:g} to {longest:g}; choose another curve or other bands"
        )
    return law(wave)


def screen_transmission(
    column: NDArray[np.float32],
    *,
    wavelength: ArrayLike,
    amplitude: float = 1.0,
    age_gyr: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Fraction of each star's light that passes the dust before it.

    ``A_V = amplitude * GALACTIC_AV_PER_METAL_COLUMN * column``, spread over wavelength by the
    extinction curve of Cardelli et al. 1989, of which only the part counts that removes light from
    the galaxy: scattering sends 43% of it back at V (Calzetti et al. 1994). Young stars lose
    ``amplitude * BIRTH_CLOUD_AV`` in addition, with Charlot & Fall's ``lambda^-0.7``.

    Parameters
    ----------
    column : (N,) array
        Metals in the gas in front of each star [Msun kpc^-2]; see `dust_column_in_front`.
    wavelength : (B,) array
        Rest-frame effective wavelengths of the bands [Angstrom]:
        ``survey.effective_wavelengths / (1 + z)``.
    amplitude : float
        Dust-to-metal ratio of the galaxy in units of the Galactic one; 0 for no dust.
    age_gyr : (N,) array or None
        Ages [Gyr]; None leaves birth clouds out.

    Returns
    -------
    (N, B) float32 array
        Transmission, 0 to 1.

    Raises
    ------
    InputError
        If the amplitude is negative, or the curve does not cover the wavelengths.
    """
    if not amplitude >= 0.0:
        raise InputError(f"dust amplitude is {amplitude}, expected zero or a positive number")
    diffuse = amplitude * GALACTIC_AV_PER_METAL_COLUMN * attenuation_curve(wavelength)
    diffuse = diffuse * _absorbed(np.asarray(wavelength, dtype=np.float64))
    magnitudes = np.multiply.outer(column, diffuse.astype(np.float32))
    if age_gyr is not None:
        cloud = amplitude * BIRTH_CLOUD_AV * attenuation_curve(wavelength, curve="charlot_fall")
        magnitudes[age_gyr < BIRTH_CLOUD_AGE] += cloud.astype(np.float32)
    return np.exp(np.float32(-0.4 * np.log(10.0)) * magnitudes)


def draw_dust(rng: np.random.Generator) -> float:
    """Dust amplitude of one galaxy, for `screen_transmission`.

    Zero for 15% of galaxies, else log-normal about 1 with 0.3 dex: a choice, made wide so that
    what learns from the mocks is not taught one dust-to-metal ratio as a law.
    """
    has_dust, deviate = rng.random() >= _DUSTLESS_FRACTION, rng.standard_normal()
    return float(10.0 ** (_AMPLITUDE_SCATTER * deviate)) if has_dust else 0.0


def dust_column_in_front(
    star_position: NDArray[np.float32],
    gas_position: NDArray[np.float32],
    gas_metal_mass: NDArray[np.float32],
    *,
    extent: float,
    pixels: int | None = None,
) -> NDArray[np.float32]:
    """Surface density of the gas's metals between each star and the camera.

    The sky is divided into `pixels` x `pixels` cells; each gas cell is shared among the four
    about it (cloud in cell; mass at the border stays inside) and keeps its own depth. A star reads
    the gas nearer than itself in the four cells about it. Gas outside the cube of side `extent`
    about the origin is left out; stars outside read the nearest border.

    Parameters
    ----------
    star_position : (N, 3) array
        Camera frame [kpc]: x and y on the sky, z towards the camera.
    gas_position : (M, 3) array
        Likewise.
    gas_metal_mass : (M,) array
        Msun; must be finite. Dust goes with neutral gas (in hot gas it is sputtered away, Draine
        & Salpeter 1979, ApJ 231, 77): where the neutral fraction is known, multiply by it.
    extent : float
        Side of the cube [kpc].
    pixels : int or None
        Cells along a side of the sky; None takes the root of the number of gas cells, 16 to 128,
        so that a disc has a few of them a pixel.

    Returns
    -------
    (N,) float32 array
        Msun kpc^-2.

    Raises
    ------
    InputError
        If the extent is not positive or there are fewer than two cells along a side.
    """
    inside = (np.abs(gas_position) <= 0.5 * extent).all(axis=1)
    if pixels is None:
        pixels = int(np.clip(np.sqrt(np.count_nonzero(inside)), 16, 128))
    if not extent > 0.0 or pixels < 2:
        raise InputError(
            f"dust column: extent is {extent} kpc and pixels is {pixels}, expected a positive "
            "extent and at least 2 pixels"
        )
    from picassso.observatory._dust_kernel import lay_on_sight_lines, mass_in_front

    nearest_first = np.flatnonzero(inside)[np.argsort(-gas_position[inside, 2], kind="stable")]
    lists = lay_on_sight_lines(
        gas_position[nearest_first], gas_metal_mass[nearest_first], extent, pixels
    )
    mass = np.empty(len(star_position), dtype=np.float32)
    mass_in_front(star_position, extent, pixels, *lists, mass)
    return mass / np.float32((extent / pixels) ** 2)


def _absorbed(wavelength: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of the extinction that removes light, for stars mixed with dust, of diffuse light.

    Calzetti, Kinney & Storchi-Bergmann 1994 (ApJ 429, 582), their internal dust, as used for
    simulated galaxies by Nelson et al. 2018 (MNRAS 475, 624): forward scattering, with weight
    h, and isotropic scattering return the rest. Their fits are continued beyond 7000 A.
    """
    y = np.log10(wavelength)
    albedo = np.where(
        wavelength <= 3460.0,
        0.43 + 0.366 * (1.0 - np.exp(-((y - 3.0) ** 2) / 0.2)),
        2.41 - 0.48 * y,
    )
    h = 1.0 - 0.561 * np.exp(-(np.abs(y - 3.3112) ** 2.2) / 0.17)
    return h * np.sqrt(1.0 - albedo) + (1.0 - h) * (1.0 - albedo)


def _cardelli(wavelength: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cardelli et al. 1989, equations 2 to 4, R_V = 3.1."""
    x = 1e4 / wavelength
    y = x - 1.82
    optical_a = (1.0, 0.17699, -0.50447, -0.02427, 0.72085, 0.01979, -0.77530, 0.32999)
    optical_b = (0.0, 1.41338, 2.28305, 1.07233, -5.38434, -0.62251, 5.30260, -2.09002)
    far = np.clip(x - 5.9, 0.0, None)
    a = np.select(
        [x < 1.1, x <= 3.3],
        [0.574 * x**1.61, np.polynomial.polynomial.polyval(y, optical_a)],
        1.752
        - 0.316 * x
        - 0.104 / ((x - 4.67) ** 2 + 0.341)
        - 0.04473 * far**2
        - 0.009779 * far**3,
    )
    b = np.select(
        [x < 1.1, x <= 3.3],
        [-0.527 * x**1.61, np.polynomial.polynomial.polyval(y, optical_b)],
        -3.090 + 1.825 * x + 1.206 / ((x - 4.62) ** 2 + 0.263) + 0.2130 * far**2 + 0.1207 * far**3,
    )
    return a + b / 3.1


def _charlot_fall(wavelength: NDArray[np.float64]) -> NDArray[np.float64]:
    """Charlot & Fall 2000, equation 5."""
    return (wavelength / _V_BAND) ** -0.7


_CURVES = {
    "cardelli": (_cardelli, 1250.0, 33000.0),
    "charlot_fall": (_charlot_fall, 100.0, 1e6),
}
