"""Sky level, noise and PSF width measured on an image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from picassso.observatory.psf import FWHM_PER_SIGMA

__all__ = ["border_level", "clipped_sky", "sky_noise", "stamp_fwhm"]


def clipped_sky(
    values: NDArray, *, clip: float = 3.0, iterations: int = 12
) -> tuple[float, float, int]:
    """Median, standard deviation and number of the values left by sigma clipping.

    The first cut uses the median absolute deviation, so that a galaxy on less than half of the
    frame does not inflate it; the standard deviation is corrected for the clipped tails of a
    Gaussian.

    Parameters
    ----------
    values : array
        Finite values of one band.
    """
    kept = np.sort(np.asarray(values, dtype=np.float64).ravel())
    if kept.size == 0:
        return np.nan, np.nan, 0
    centre = float(kept[kept.size // 2])
    sigma = 1.4826 * float(np.median(np.abs(kept - centre)))
    for _ in range(iterations):
        low = np.searchsorted(kept, centre - clip * sigma, side="left")
        high = np.searchsorted(kept, centre + clip * sigma, side="right")
        inside = kept[low:high]
        if inside.size in (0, kept.size):
            break
        kept = inside
        centre, sigma = float(kept[kept.size // 2]), float(kept.std()) / _CLIPPED_STD
    return centre, sigma, kept.size


# Standard deviation of a unit Gaussian cut at 3 sigma.
_CLIPPED_STD = 0.98658


def sky_noise(plane: NDArray) -> tuple[float, int]:
    """Standard deviation of the sky in one pixel and the number of pixels that it rests on.

    The smaller of two 3-sigma clipped standard deviations: that of the values, which the light of
    a galaxy raises where it fills the frame, and that of differences which cancel smooth light
    (Immerkaer 1996, CVIU 64, 300, between pixels that lie 3 apart). The latter agree with the
    former on white noise and where resampling has correlated neighbours over up to 3 pixels; they
    are too low where the correlation reaches farther.

    An image of at least 4 x 4 blocks of 64 x 64 pixels is measured by block, and the lower
    quartile is taken, so that crowded parts of a field and the body of a galaxy do not count. In
    a smaller one, differences are taken from its fainter half, where photons of the galaxy count
    least.

    Parameters
    ----------
    plane : (H, W) array
        One band; NaN where it is missing.
    """
    height, width = plane.shape
    if min(height, width) < 4 * _BLOCK:
        return _smaller(*_deviations(plane, share=0.5))
    measured = []
    for y in range(0, height - _BLOCK + 1, _BLOCK):
        for x in range(0, width - _BLOCK + 1, _BLOCK):
            block = plane[y : y + _BLOCK, x : x + _BLOCK]
            if np.isfinite(block).sum() > block.size // 2:
                measured.append(_deviations(block, share=1.0))
    if not measured:
        return _smaller(*_deviations(plane, share=0.5))
    values, differences, number = np.array(measured).T
    known = differences[np.isfinite(differences)]
    lowest = float(np.percentile(known, 25)) if known.size else np.nan
    return _smaller(float(np.percentile(values, 25)), lowest, int(number.sum()))


def _smaller(values: float, differences: float, number: int) -> tuple[float, int]:
    """The smaller deviation, NaN where there is none, and the number of pixels."""
    return float(np.fmin(values, differences)), number


def _deviations(plane: NDArray, *, share: float) -> tuple[float, float, int]:
    """Clipped deviations of values and of differences, and the number of values.

    Differences are those of the faintest share of the pixels. Their brightness is the mean of the
    pixels that enter, which white noise leaves independent of the difference itself. NaN if they
    are too few.
    """
    _, sigma, number = clipped_sky(plane[np.isfinite(plane)])
    height, width = (max(0, side - 2 * _LAG) for side in plane.shape)
    lag = (0, _LAG, 2 * _LAG)
    difference = np.zeros((height, width))
    level = np.zeros((height, width))
    for y, by_row in zip(lag, _SECOND, strict=True):
        for x, by_column in zip(lag, _SECOND, strict=True):
            shifted = plane[y : y + height, x : x + width]
            difference += by_row * by_column * shifted
            level += shifted
    # Exact zeros are pixels without data, filled with a constant.
    known = np.isfinite(difference) & (difference != 0)
    if known.sum() < _FEWEST_DIFFERENCES:
        return sigma, np.nan, number
    difference, level = difference[known], level[known]
    faint = difference[level <= np.quantile(level, share)]
    # Of white noise the nine weights, squared and summed, make 36.
    return sigma, clipped_sky(faint)[1] / 6.0, number


_SECOND = (1.0, -2.0, 1.0)
_LAG = 3
_FEWEST_DIFFERENCES = 900
_BLOCK = 64


def border_level(plane: NDArray, good: NDArray[np.bool_]) -> tuple[float, float]:
    """Clipped median of the outer tenth of a frame and its standard error.

    Noise of neighbouring pixels is taken as correlated over 3 x 3 pixels, as resampling leaves
    it.
    """
    edge = max(1, min(plane.shape) // 10)
    border = np.ones(plane.shape, dtype=bool)
    border[edge:-edge, edge:-edge] = False
    centre, sigma, number = clipped_sky(plane[border & good])
    return centre, 1.253 * sigma * 3.0 / np.sqrt(max(number, 1))


def stamp_fwhm(stamp: NDArray) -> float:
    """FWHM [pixels] of a PSF stamp; NaN where it shows no peak.

    A circular Gaussian is fitted to the core (above a tenth of the peak): its logarithm is linear
    in x, y and x^2 + y^2, and pixels are weighted by their value.
    """
    values = np.nan_to_num(np.asarray(stamp, dtype=np.float64))
    peak = values.max(initial=0.0)
    y, x = np.nonzero(values > 0.1 * peak)
    if peak <= 0 or y.size < 5:
        return float("nan")
    core = values[y, x] / peak
    terms = np.stack([np.ones(y.size), x, y, x * x + y * y], axis=1)
    fit, *_ = np.linalg.lstsq(terms * core[:, None], np.log(core) * core, rcond=None)
    return float(FWHM_PER_SIGMA * np.sqrt(-0.5 / fit[3])) if fit[3] < 0 else float("nan")
