"""The noise that a spectrograph would leave on pixels at rest, without observing each spectrum."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import REST_GRID, InputError, pixel_edges
from picassso.observatory.spectra.exposure import (
    EXPOSURE_TIME,
    OBSERVED_GRID,
    bright_sky,
    check_exposure_time,
    night,
)

__all__ = ["inverse_variances"]

_TYPICAL_FLUX = 15.0
"""1e-17 erg s^-1 cm^-2 A^-1: of the galaxy whose lines of the sky are taken as masked."""

_PIXEL_RATIO = float(
    np.log(REST_GRID[1] / REST_GRID[0]) / np.log(OBSERVED_GRID[1] / OBSERVED_GRID[0])
)
"""Observed pixels to one of `REST_GRID`: 3.9."""


def inverse_variances(
    flux: NDArray[np.float32],
    redshift: ArrayLike,
    *,
    signal_to_noise: ArrayLike | None = None,
    exposure_time: float = EXPOSURE_TIME,
) -> NDArray[np.float32]:
    """Inverse variances on `REST_GRID` of spectra as SDSS would have measured them.

    The same noise as that of `observe_spectrum`, brought to rest and resampled: the medians over
    pixels agree to some per cent. Lines of the sky are masked as for a galaxy of usual brightness.

    Parameters
    ----------
    flux : (N, 1000) array
        Noise-free, on `REST_GRID` [1e-17 erg s^-1 cm^-2 per rest Angstrom]; in any unit where
        `signal_to_noise` is given.
    redshift : (N,) array
        At which pixels lie within the spectrograph's range or not.
    signal_to_noise : (N,) array or None
        Median over an observed spectrum's pixels of S/N, each pixel 69 km/s, as SDSS quotes it.
        The galaxy is then observed as bright as it must be for that; None takes the flux as it is.
    exposure_time : float
        Seconds.

    Returns
    -------
    (N, 1000) float32 array
        Of the flux as given; 0 where a pixel lies outside of 3800 to 9199 A as observed, or more
        than half of it in masked lines of the sky.

    Raises
    ------
    InputError
        If a redshift is negative or no number, a spectrum cannot reach the signal-to-noise
        asked for (calibration holds it below about 50) or the exposure time is not positive.
    """
    check_exposure_time(exposure_time)
    stretch = 1.0 + _checked(redshift, len(flux))[:, None]
    fixed, photons, calibration, share = _at_rest(stretch)
    hours = exposure_time / EXPOSURE_TIME
    seen = np.clip(flux / stretch, 0.0, None)
    brightness = np.ones((len(flux), 1))
    if signal_to_noise is not None:
        wanted = np.broadcast_to(np.asarray(signal_to_noise, np.float64), len(flux))[:, None]
        noise = fixed / hours, photons / hours, calibration
        brightness = _brightness(seen, noise, share > 0.0, wanted)
    light = brightness * seen
    variance = (fixed + photons * light) / hours + (calibration * light) ** 2
    at_rest = variance * share * (stretch / brightness) ** 2
    return np.divide(1.0, at_rest, out=np.zeros_like(at_rest), where=share > 0.0).astype(np.float32)


def _at_rest(stretch: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Means over pixels at rest of the night's terms, and the noise's share; (N, 1000) each.

    The share is the variance of the mean over a pixel in units of that of an observed one, 0 where
    less than half of it is known: of n pixels that begin anywhere, (n - 1/3) / n^2 on average.
    """
    edges, sums = _cumulative()
    places = pixel_edges(REST_GRID) * stretch
    inside = (places[:, :-1] >= edges[0]) & (places[:, 1:] <= edges[-1])
    known, *terms = (np.diff(np.interp(places, edges, column), axis=1) for column in sums)
    count = known * _PIXEL_RATIO / np.diff(places, axis=1)
    good = inside & (count >= 0.5 * _PIXEL_RATIO)
    norm, number = np.where(good, known, 1.0), np.where(good, count, 1.0)
    means = [term / norm for term in terms]
    return *means, np.where(good, (number - 1.0 / 3.0) / number**2, 0.0)


@lru_cache(maxsize=1)
def _cumulative() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Edges of observed pixels, and integrals up to them of what is known and of its noise."""
    sky, edges = night(), pixel_edges(OBSERVED_GRID)
    typical = np.full(len(OBSERVED_GRID), _TYPICAL_FLUX)
    known = ~bright_sky(typical, sky.variance(typical), exposure_time=EXPOSURE_TIME)
    columns = np.stack([np.ones(len(known)), sky.fixed, sky.photons, sky.calibration])
    sums = np.cumsum(columns * known * np.diff(edges), axis=1)
    return edges, np.concatenate([np.zeros((4, 1)), sums], axis=1)


def _brightness(
    flux: NDArray[np.float64],
    noise: tuple[NDArray[np.float64], ...],
    covered: NDArray[np.bool_],
    wanted: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(N, 1) factors on the flux that give the median signal-to-noise.

    S/N grows with brightness in each pixel, so that its median is as wanted where brightness is
    the median of what each pixel would need for it.
    """
    fixed, photons, calibration = noise
    with np.errstate(divide="ignore", invalid="ignore"):
        a = flux**2 * (1.0 / wanted**2 - calibration**2)
        b = photons * flux
        needed = (b + np.sqrt(b**2 + 4.0 * a * fixed)) / (2.0 * a)
    needed = np.where((a > 0.0) & (wanted > 0.0), needed, np.inf)
    factor = np.nanmedian(np.where(covered, needed, np.nan), axis=1)[:, None]
    if not np.isfinite(factor).all():
        raise InputError(
            f"signal_to_noise holds {wanted[~np.isfinite(factor)][0]:g}, expected positive numbers "
            "that spectra of positive flux can reach, below about 45"
        )
    return factor


def _checked(redshift: ArrayLike, n: int) -> NDArray[np.float64]:
    """Redshifts, one a spectrum; else InputError."""
    z = np.asarray(redshift, dtype=np.float64)
    bad = ~(np.isfinite(z) & (z >= 0.0))
    if z.shape != (n,) or bad.any():
        found = f"holds {z[bad].flat[0]}" if bad.any() else f"has shape {z.shape}"
        raise InputError(f"redshift {found}, expected {n} numbers of 0 or more")
    return z
