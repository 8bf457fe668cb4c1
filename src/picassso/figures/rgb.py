"""Colour pictures of multi-band images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from picassso.core import InputError

__all__ = ["rgb_image"]

# AB magnitudes of the Sun (Willmer 2018, ApJS 236, 47): weights that make the Sun white, so that
# old populations look warm and young ones blue.
_SOLAR_MAGNITUDE = {"u": 6.39, "g": 5.11, "r": 4.65, "i": 4.53, "z": 4.50, "y": 4.50}

_SOFTENING_SIGMA = 4.0  # flux at which the stretch turns from linear to logarithmic, in sky sigma
_SOFTENING_PEAK = 0.01  # the same as a fraction of the white point, for images without noise
_WHITE_PERCENTILE = 99.9
_GREY_SIGMA = 3.0  # brightness at which a pixel has half of its colour, in sky sigma


def rgb_image(flux: NDArray[np.floating], bands: Sequence[str]) -> NDArray[np.float32]:
    """Colour picture with the asinh stretch of Lupton et al. (2004, PASP 116, 133).

    The stretch acts on the mean of the three colours and keeps their ratios, so that colour
    tells of the stars and not of the brightness; where the brightest channel would exceed 1, all
    three are scaled down, and below three sigma of the sky colours fade to grey. White point and
    softening come from the image itself: a high percentile and the sky noise (from differences
    of neighbouring pixels, which a galaxy hardly changes).

    Parameters
    ----------
    flux : (B, H, W) array
        Surface brightness, linear, sky at zero; NaN where unknown. Any unit.
    bands : sequence of str
        Names of the B bands, blue to red. i, r and g are drawn as red, green and blue where all
        are there; else the reddest, the middle and the bluest band (u only if there are fewer
        than three others); two bands are averaged for the green; one band is drawn in grey.

    Returns
    -------
    (H, W, 3) float32 array
        Between 0 and 1, first row at the bottom of the galaxy (draw with ``origin="lower"``).

    Raises
    ------
    InputError
        If `flux` is not a cube with one plane a band.
    """
    flux = np.asarray(flux, dtype=np.float32)
    if flux.ndim != 3 or len(flux) != len(bands) or not flux.size:
        raise InputError(
            f"flux has shape {flux.shape}, expected ({len(bands)}, height, width): one plane for "
            f"each of the bands {list(bands)}"
        )
    red, green, blue = (_mean_plane(flux, bands, chosen) for chosen in _channels(bands))
    colour = np.stack([red, green, blue], axis=-1)
    intensity = colour.mean(axis=-1)
    bright = intensity[intensity > np.finfo(np.float32).tiny]
    if not bright.size:
        return np.zeros_like(colour)
    noise = _pixel_noise(intensity)
    white = float(np.percentile(bright, _WHITE_PERCENTILE))
    softening = min(max(_SOFTENING_SIGMA * noise, _SOFTENING_PEAK * white), white)
    stretched = np.arcsinh(np.maximum(intensity, 0) / softening) / np.arcsinh(white / softening)
    safe = np.where(intensity > 0, intensity, 1)
    # The colour of a pixel without signal is noise: such pixels fade to grey.
    with np.errstate(over="ignore"):
        vividness = 1 / (1 + (_GREY_SIGMA * noise / safe) ** 2)
    colour = intensity[..., None] + vividness[..., None] * (colour - intensity[..., None])
    picture = np.maximum(colour, 0) * (stretched / safe)[..., None]
    picture /= np.maximum(picture.max(axis=-1, keepdims=True), 1)
    return picture.astype(np.float32)


def _channels(bands: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Indices of the bands that are averaged into red, green and blue."""
    names = list(bands)
    if {"g", "r", "i"} <= set(names):
        return tuple((names.index(b),) for b in ("i", "r", "g"))
    order = [k for k, b in enumerate(names) if b != "u"]
    if len(order) < 3:
        order = list(range(len(names)))
    if len(order) == 2:
        return (order[1],), (order[0], order[1]), (order[0],)
    return (order[-1],), (order[len(order) // 2],), (order[0],)


def _mean_plane(
    flux: NDArray[np.float32], bands: Sequence[str], chosen: tuple[int, ...]
) -> NDArray[np.float32]:
    """Mean of some planes, weighted so that the Sun is white; 0 where unknown."""
    weights = [10 ** (0.4 * (_SOLAR_MAGNITUDE.get(bands[k], 4.65) - 4.65)) for k in chosen]
    planes = [
        w * np.nan_to_num(flux[k], posinf=0, neginf=0) for w, k in zip(weights, chosen, strict=True)
    ]
    return np.mean(planes, axis=0, dtype=np.float32)


def _pixel_noise(intensity: NDArray[np.float32]) -> float:
    """1 sigma of the noise, from the median absolute difference of neighbours along rows."""
    if intensity.shape[1] < 2:
        return 0.0
    return float(np.median(np.abs(np.diff(intensity, axis=1)))) / (0.6745 * np.sqrt(2.0))
