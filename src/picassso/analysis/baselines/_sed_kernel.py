"""Compiled loops of the template fit: nothing of the size of pixels x templates is kept.

They run without the interpreter's lock, so that threads may share the pixels.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numba.np.unsafe.ndarray import to_fixed_tuple
from numpy.typing import NDArray

__all__ = ["BANDS", "HISTOGRAM", "best_fits", "posterior_moments"]

BANDS = 5
"""Of all arrays: a constant, so that loops over bands unroll. Fewer are padded by weight zero."""

HISTOGRAM = 256
"""Bins of each posterior histogram."""

_NEGLIGIBLE = 24.0
"""Templates worse than the best by more than this in chi-squared weigh less than 1e-5 of it."""


@njit(cache=True, fastmath=True, nogil=True)
def _scores(data, weight, template, square, score):
    """(sum d w m)^2 / sum(w m^2) of a block, by which chi-squared falls; their largest."""
    best = np.float32(0.0)
    for t in range(len(score)):
        along, norm = np.float32(0.0), np.float32(0.0)
        for b in range(BANDS):
            along += data[b] * template[b, t]
            norm += weight[b] * square[b, t]
        along = max(along, np.float32(0.0))
        score[t] = along * along / norm
        best = max(best, score[t])
    return best


@njit(cache=True, nogil=True)
def best_fits(
    flux: NDArray[np.float32],
    weight: NDArray[np.float32],
    template: NDArray[np.float32],
    square: NDArray[np.float32],
    best: NDArray[np.int64],
    score: NDArray[np.float32],
) -> None:
    """Template of least chi-squared of each of N spectral energy distributions.

    With its own best amplitude, not negative, a template lowers chi-squared from that of nothing
    at all by its score.

    Parameters
    ----------
    flux, weight : (N, BANDS) arrays
        Data and inverse variances.
    template, square : (blocks, BANDS, templates of a block) arrays
        Templates and their squares.
    best : (N,) array
        Filled with the number of the template.
    score : (N,) array
        Filled with its score.
    """
    for n in range(len(flux)):
        held = np.empty(template.shape[2], np.float32)
        w = to_fixed_tuple(weight[n], BANDS)  # type: ignore[call-arg,var-annotated]
        d = to_fixed_tuple(flux[n] * weight[n], BANDS)
        top, number = np.float32(-1.0), 0
        for k in range(len(template)):
            highest = _scores(d, w, template[k], square[k], held)
            if highest > top:
                top = highest
                number = k * len(held) + np.argmax(held)
        best[n], score[n] = number, top


@njit(cache=True, nogil=True)
def posterior_moments(
    flux: NDArray[np.float32],
    weight: NDArray[np.float32],
    template: NDArray[np.float32],
    square: NDArray[np.float32],
    value: NDArray[np.float32],
    low: NDArray[np.float64],
    width: NDArray[np.float64],
    best: NDArray[np.int64],
    score: NDArray[np.float32],
    mean: NDArray[np.float64],
    quantile: NDArray[np.float64],
) -> None:
    """Means and quantiles of what the templates stand for, weighted by exp(-chi-squared / 2).

    Parameters
    ----------
    flux, weight, template, square, best, score
        As in `best_fits`, the last two as it leaves them.
    value : (blocks, P, templates of a block) array
        Each property per amplitude of the template.
    low, width : (P,) arrays
        First edge and bin width of each histogram, in log10 of the property over the amplitude of
        the best template.
    mean : (N, P) array
        Filled.
    quantile : (N, 3, P) array
        Filled with the 16th, 50th and 84th percentiles.
    """
    properties = value.shape[1]
    log_value = np.log10(np.maximum(value, np.float32(1e-30)))
    for n in range(len(flux)):
        held = np.empty(template.shape[2], np.float32)
        histogram = np.zeros((properties, HISTOGRAM))
        total, sums = 0.0, np.zeros(properties)
        w = to_fixed_tuple(weight[n], BANDS)  # type: ignore[call-arg,var-annotated]
        d = to_fixed_tuple(flux[n] * weight[n], BANDS)
        k, t = best[n] // len(held), best[n] % len(held)
        unit = _amplitude(d, w, template[k], square[k], t)
        for k in range(len(template)):
            if _scores(d, w, template[k], square[k], held) < score[n] - _NEGLIGIBLE:
                continue
            for t in range(len(held)):
                worse = score[n] - held[t]
                if worse > _NEGLIGIBLE or unit <= 0.0:
                    continue
                chance = np.exp(-0.5 * worse)
                amplitude = _amplitude(d, w, template[k], square[k], t) / unit
                total += chance
                log_amplitude = np.log10(max(amplitude, 1e-30))
                for p in range(properties):
                    sums[p] += chance * amplitude * value[k, p, t]
                    place = (log_amplitude + log_value[k, p, t] - low[p]) / width[p]
                    histogram[p, int(min(max(place, 0.0), HISTOGRAM - 1.0))] += chance
        for p in range(properties):
            mean[n, p] = unit * sums[p] / total if total > 0.0 else 0.0
            for q, share in enumerate((0.16, 0.5, 0.84)):
                place = _quantile(histogram[p], share * total)
                known = total > 0.0
                quantile[n, q, p] = unit * 10.0 ** (low[p] + width[p] * place) if known else 0.0


@njit(cache=True, nogil=True)
def _amplitude(data, weight, template, square, t):
    along, norm = 0.0, 0.0
    for b in range(BANDS):
        along += data[b] * template[b, t]
        norm += weight[b] * square[b, t]
    return along / norm


@njit(cache=True, nogil=True)
def _quantile(histogram, wanted):
    """Place, in bins, below which a histogram holds what is wanted; linear inside a bin."""
    before = 0.0
    for k in range(len(histogram)):
        if before + histogram[k] >= wanted and histogram[k] > 0.0:
            return k + (wanted - before) / histogram[k]
        before += histogram[k]
    return float(len(histogram))
