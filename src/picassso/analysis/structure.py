"""Whether a predicted map has the structure of the true one: spectra and structural similarity.

Both are measured on ``log10(max(map, floor) / floor)``, the dex that a pixel lies above the floor
of its property: a map spans five decades, and on a linear one only the centre would count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

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
    logs = np.empty(cube.shape, dtype=np.float32)
    for log, surface_density, name in zip(logs, cube, properties, strict=True):
        log[:] = np.log10(np.maximum(surface_density / PROPERTIES[name].floor, 1.0))
    return logs


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
    true : (P, H, W) array
        Of `log_above_floor`.
    predicted : (..., P, H, W) array
        Likewise; where several predictions of a map are the same, it is measured once.

    Returns
    -------
    (..., P) array
        1 for a perfect prediction; NaN where nothing lies above the floor, or a map has a NaN.
    """
    stack = predicted.reshape(-1, *true.shape)
    found = np.empty(stack.shape[:2])
    for k, t in enumerate(true):
        for m, p in enumerate(stack[:, k]):
            again = m > 0 and np.array_equal(p, stack[m - 1, k])
            found[m, k] = found[m - 1, k] if again else _similarity(t, p)
    return found.reshape(predicted.shape[:-2])


def _similarity(true: NDArray[np.float32], predicted: NDArray[np.float32]) -> float:
    if not (np.isfinite(true).all() and np.isfinite(predicted).all()):
        return float("nan")
    something = (true > 0) | (predicted > 0)
    box = _box(something)
    true, predicted, centres = true[box], predicted[box], _centres(something[box])
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
    """Means of the windows of 7 x 7 pixels inside an image, by the first pixel of each.

    Rows follow one another, so that sums along them are those of one long row: the last six windows
    of each row straddle two, and mean nothing.
    """
    columns = _sum_of_seven(np.ascontiguousarray(image))
    return _sum_of_seven(columns.ravel()) * np.float32(1 / WINDOW**2)


def _sum_of_seven(one: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums of seven neighbours along the first axis: those of 2 and of 4 save two additions."""
    two = one[:-1] + one[1:]
    four = two[:-2] + two[2:]
    return four[:-3] + two[4:-1] + one[6:]


def _centres(something: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of `_window_mean` are about a pixel of interest, and inside the image."""
    half = WINDOW // 2
    inside = something[half:-half].copy()
    inside[:, :half] = inside[:, -half:] = False
    return inside.ravel()[half:-half]


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
    true : (P, K) array
        Mean power of the modes [dex^2 pixel^2]; summed over all frequencies it is the variance.
    predicted : (..., P, K) array
        Likewise.
    cross : (..., P, K) array
        Mean real part of their cross power, in the same unit.
    """

    frequency: NDArray[np.float64]
    modes: NDArray[np.float64]
    true: NDArray[np.float64]
    predicted: NDArray[np.float64]
    cross: NDArray[np.float64]

    @property
    def ratio(self) -> NDArray[np.float64]:
        """(..., P, K) predicted over true power: below 1 where the prediction is too smooth.

        NaN where the truth has none, as an empty map: there is nothing to compare with.
        """
        nothing = np.full(self.predicted.shape, np.nan)
        return np.divide(self.predicted, self.true, out=nothing, where=self.true > 0)

    @property
    def correlation(self) -> NDArray[np.float64]:
        """(..., P, K) correlation coefficient, cross / sqrt(true x predicted): 1 where in phase."""
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

        def means(powers: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.apply_along_axis(mean, -1, powers)

        powers = (means(s) for s in (self.true, self.predicted, self.cross))
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
    true : (P, H, W) array
        Of `log_above_floor`.
    predicted : (..., P, H, W) array
        Likewise; several predictions share what is made of the truth, and where they are the same
        map, it is transformed once.

    Returns
    -------
    CrossSpectra
        NaN for maps with NaN.
    """
    from scipy.fft import rfft2

    rings = _rings(*true.shape[1:])
    stack = predicted.reshape(-1, *true.shape)
    total = rings.window.sum(dtype=np.float64)

    def transform(t: NDArray[np.float32]) -> NDArray[np.complex64]:
        mean = np.float32((t * rings.window).sum(dtype=np.float64) / total)
        return rfft2((t - mean) * rings.window).ravel().take(rings.order)

    of_true = np.empty((len(true), len(rings.modes)))
    of_predicted, cross = (np.empty((len(stack), *of_true.shape)) for _ in range(2))
    for k, t in enumerate(true):
        ft = transform(t)
        of_true[k] = rings.average(ft.real**2 + ft.imag**2)
        for m, p in enumerate(stack[:, k]):
            if m > 0 and np.array_equal(p, stack[m - 1, k]):
                of_predicted[m, k], cross[m, k] = of_predicted[m - 1, k], cross[m - 1, k]
                continue
            fp = transform(p)
            of_predicted[m, k] = rings.average(fp.real**2 + fp.imag**2)
            cross[m, k] = rings.average(ft.real * fp.real + ft.imag * fp.imag)
    area = np.square(rings.window, dtype=np.float64).sum()
    shape = (*predicted.shape[:-2], -1)
    powers = (of_true, of_predicted.reshape(shape), cross.reshape(shape))
    return CrossSpectra(rings.frequency, rings.modes, *(power / area for power in powers))


class _Rings(NamedTuple):
    """Window, and the modes of a real transform, ring by ring, from the first to Nyquist's.

    A mode's `weight` is how often it counts: a real transform omits conjugates.
    """

    window: NDArray[np.float32]
    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    weight: NDArray[np.float32]
    modes: NDArray[np.float64]
    frequency: NDArray[np.float64]

    def average(self, power: NDArray[np.floating]) -> NDArray[np.float64]:
        """Means of the modes of each ring."""
        return np.add.reduceat(power * self.weight, self.starts, dtype=np.float64) / self.modes


@lru_cache(maxsize=4)
def _rings(height: int, width: int) -> _Rings:
    """Rings one fundamental frequency wide, of images of one shape."""
    along_y, along_x = (np.sin(np.pi * (np.arange(n) + 0.5) / n) ** 2 for n in (height, width))
    last = min(height, width) // 2
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    weight = np.full(frequency.shape, 2.0, dtype=np.float32)
    weight[:, 0] = 1.0
    if width % 2 == 0:
        weight[:, -1] = 1.0
    ring = np.rint(frequency * 2 * last).astype(np.intp).ravel()
    order = np.argsort(ring, kind="stable")
    order = order[(ring[order] >= 1) & (ring[order] <= last)]
    starts = np.searchsorted(ring[order], np.arange(1, last + 1))
    weight = weight.ravel()[order]
    modes = np.add.reduceat(weight, starts, dtype=np.float64)
    mean = np.add.reduceat(frequency.ravel()[order] * weight, starts) / modes
    window = np.outer(along_y, along_x).astype(np.float32)
    return _Rings(window, order, starts, weight, modes, mean)
