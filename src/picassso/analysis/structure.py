"""Whether a predicted map has the structure of the true one: spectra and structural similarity.

Both are measured on ``log10(max(map, floor) / floor)``, the dex that a pixel lies above the floor
of its property: a map spans five decades, and on a linear one only the centre would count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from picassso.core import PROPERTIES, InputError

__all__ = [
    "LOG_RANGE",
    "CrossSpectra",
    "cross_spectra",
    "log_above_floor",
    "structural_similarity",
]

LOG_RANGE = 5.0
"""Dex above the floor that a map may span: the data range of the structural similarity. The floors
of `picassso.core.PROPERTIES` lie five decades below the centres of massive galaxies (1e5 to 1e10
Msun kpc^-2 of stars, 1e-5 to 1 Msun yr^-1 kpc^-2)."""

WINDOW = 7
"""Side of the windows of the structural similarity [pixel]."""


def log_above_floor(
    cube: NDArray[np.floating], *, properties: Sequence[str]
) -> NDArray[np.float32]:
    """Dex above the floor, (P, H, W); 0 at the floor and below it, NaN where the map is NaN.

    Raises
    ------
    InputError
        If there is not one property a map.
    """
    if cube.ndim != 3 or len(cube) != len(properties):
        raise InputError(
            f"structure: a cube of shape {cube.shape}, expected {len(properties)} maps"
        )
    floors = np.array([PROPERTIES[p].floor for p in properties], dtype=cube.dtype)
    return np.log10(np.maximum(cube / floors[:, None, None], 1.0)).astype(np.float32, copy=False)


def structural_similarity(
    true: NDArray[np.float32], predicted: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Mean structural similarity of log maps where there is anything (Wang et al. 2004).

    In a window of 7 x 7 pixels about every pixel, with means m, variances v and covariance c of
    truth t and prediction p::

        (2 m_t m_p + C1) (2 c + C2) / ((m_t^2 + m_p^2 + C1) (v_t + v_p + C2))

    with C1 = (0.01 L)^2, C2 = (0.03 L)^2 and the data range L of `LOG_RANGE` dex (Wang et al.
    2004, IEEE Trans. Image Process. 13, 600, equation 13, with uniform windows). The mean is over
    pixels where truth or prediction lies above the floor, and whose window lies inside the image:
    empty sky would be alike for nothing, and a choice by the truth alone would not see what was
    invented.

    Parameters
    ----------
    true, predicted : (P, H, W) array
        Of `log_above_floor`.

    Returns
    -------
    (P,) array
        1 for a perfect prediction; NaN where nothing lies above the floor, or a map has a NaN.
    """
    return np.array([_similarity(t, p) for t, p in zip(true, predicted, strict=True)])


def _similarity(true: NDArray[np.float32], predicted: NDArray[np.float32]) -> float:
    if not (np.isfinite(true).all() and np.isfinite(predicted).all()):
        return float("nan")
    something = (true > 0) | (predicted > 0)
    box = _box(something)
    true, predicted, something = true[box], predicted[box], something[box]
    half = WINDOW // 2
    centres = something[half:-half, half:-half]
    if not centres.any():
        return float("nan")
    c1, c2 = np.float32((0.01 * LOG_RANGE) ** 2), np.float32((0.03 * LOG_RANGE) ** 2)
    mean_t, mean_p = _window_mean(true), _window_mean(predicted)
    squares, product = mean_t**2 + mean_p**2, mean_t * mean_p
    variances = _window_mean(true**2 + predicted**2) - squares
    covariance = _window_mean(true * predicted) - product
    luminance = (2 * product + c1) / (squares + c1)
    structure = (2 * covariance + c2) / (variances + c2)
    return float((luminance * structure)[centres].mean(dtype=np.float64))


def _window_mean(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means of the windows of 7 x 7 pixels that lie wholly inside an image."""
    for axis in (0, 1):
        # Sums of 2 and 4 pixels make one of 7 with four additions.
        one = np.moveaxis(image, axis, 0)
        two = one[:-1] + one[1:]
        four = two[:-2] + two[2:]
        image = np.moveaxis(four[:-3] + two[4:-1] + one[6:], 0, axis)
    return image * np.float32(1 / WINDOW**2)


def _box(something: NDArray[np.bool_]) -> tuple[slice, slice]:
    """The part of an image that all windows about its pixels of interest lie in."""
    half = WINDOW // 2
    limits = []
    for axis in (1, 0):
        found = np.flatnonzero(something.any(axis=axis))
        first, last = (found[0], found[-1]) if len(found) else (0, 0)
        limits.append(slice(max(first - half, 0), last + half + 1))
    return limits[0], limits[1]


@dataclass(frozen=True, slots=True)
class CrossSpectra:
    """Power of true and predicted maps, and how far they go together, against frequency.

    Parameters
    ----------
    frequency : (K,) array
        Mean spatial frequency of the Fourier modes of each ring [cycles per pixel].
    modes : (K,) array
        How many modes there are in each ring.
    true, predicted : (P, K) array
        Mean power of the modes [dex^2 pixel^2]; summed over all frequencies it is the variance.
    cross : (P, K) array
        Mean real part of their cross power, in the same unit.
    """

    frequency: NDArray[np.float64]
    modes: NDArray[np.float64]
    true: NDArray[np.float64]
    predicted: NDArray[np.float64]
    cross: NDArray[np.float64]

    @property
    def ratio(self) -> NDArray[np.float64]:
        """(P, K) predicted over true power: below 1 where the prediction is too smooth."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.divide(self.predicted, self.true)

    @property
    def correlation(self) -> NDArray[np.float64]:
        """(P, K) correlation coefficient, cross / sqrt(true x predicted): 1 where in phase."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.divide(self.cross, np.sqrt(self.true * self.predicted))

    def binned(self, edges: Sequence[float], *, unit: float = 1.0) -> CrossSpectra:
        """The same in bins of frequency, each mode counting once.

        Parameters
        ----------
        edges : sequence of float
            E + 1 of them, rising, in cycles per `unit`; a bin holds its lower edge.
        unit : float
            Pixels: 1 for frequencies per pixel, the semi-major axis of the half-mass ellipse for
            frequencies per half-mass radius.

        Returns
        -------
        CrossSpectra
            E bins, `frequency` in cycles per `unit`; NaN in bins that hold no ring.
        """
        bins = len(edges) - 1
        where = np.digitize(self.frequency * unit, edges) - 1
        inside = (where >= 0) & (where < bins)
        where, weights = where[inside], self.modes[inside]
        modes = np.bincount(where, weights, minlength=bins).astype(np.float64)

        def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
            with np.errstate(invalid="ignore"):
                return np.bincount(where, weights * values[inside], minlength=bins) / modes

        powers = (np.array([mean(v) for v in s]) for s in (self.true, self.predicted, self.cross))
        return CrossSpectra(mean(self.frequency * unit), modes, *powers)


def cross_spectra(true: NDArray[np.float32], predicted: NDArray[np.float32]) -> CrossSpectra:
    """Azimuthally averaged power spectra of log maps, and their cross spectrum.

    Each map loses its mean (weighted by the window, so that none of it leaks) and is multiplied by
    a Hann window, which takes its edges to zero; the squared modulus of its Fourier transform over
    the sum of the squared window is averaged in rings one fundamental frequency wide, up to the
    Nyquist frequency (a periodogram: Press et al., Numerical Recipes, section 13.4; the
    cross-correlation coefficient is that of cosmology, Tegmark & Peebles 1998, ApJ 500, L79).

    Parameters
    ----------
    true, predicted : (P, H, W) array
        Of `log_above_floor`.

    Returns
    -------
    CrossSpectra
        NaN for maps with NaN.
    """
    from scipy.fft import rfft2

    height, width = true.shape[1:]
    window, ring, weight = _rings(height, width)
    rings = min(height, width) // 2
    modes = np.bincount(ring, weight, minlength=rings + 2)[1 : rings + 1].astype(np.float64)
    total = window.sum(dtype=np.float64)

    def transform(t: NDArray[np.float32]) -> NDArray[np.complex64]:
        mean = np.float32((t * window).sum(dtype=np.float64) / total)
        return rfft2((t - mean) * window).ravel()

    def average(power: NDArray[np.floating]) -> NDArray[np.float64]:
        return np.bincount(ring, power * weight, minlength=rings + 2)[1 : rings + 1] / modes

    powers = np.empty((3, len(true), rings))
    for k, (t, p) in enumerate(zip(true, predicted, strict=True)):
        ft, fp = transform(t), transform(p)
        powers[0, k] = average(ft.real**2 + ft.imag**2)
        powers[1, k] = average(fp.real**2 + fp.imag**2)
        powers[2, k] = average(ft.real * fp.real + ft.imag * fp.imag)
    powers /= np.square(window, dtype=np.float64).sum()
    frequency = average(_frequency(height, width).ravel())
    return CrossSpectra(frequency, modes, *powers)


def _frequency(height: int, width: int) -> NDArray[np.float64]:
    """Modulus of the frequency of every mode of a real transform [cycles per pixel]."""
    return np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))


@lru_cache(maxsize=4)
def _rings(
    height: int, width: int
) -> tuple[NDArray[np.float32], NDArray[np.intp], NDArray[np.float32]]:
    """Window, ring of every mode, and how often it counts (a real transform omits conjugates)."""
    along_y, along_x = (np.sin(np.pi * (np.arange(n) + 0.5) / n) ** 2 for n in (height, width))
    window = np.outer(along_y, along_x).astype(np.float32)
    rings = min(height, width) // 2
    ring = np.rint(_frequency(height, width) * 2 * rings).astype(np.intp)
    weight = np.full(ring.shape, 2.0, dtype=np.float32)
    weight[:, 0] = 1.0
    if width % 2 == 0:
        weight[:, -1] = 1.0
    return window, np.minimum(ring, rings + 1).ravel(), weight.ravel()
