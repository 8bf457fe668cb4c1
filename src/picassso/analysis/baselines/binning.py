"""Adaptive binning: faint pixels share what one of them alone could not tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.core import GalaxyImage

__all__ = ["Bins", "adaptive_bins"]

_SIDES = (1, 2, 4, 8, 16, 32)

_SIGMAS_OF_LIGHT = 3.0

_NOISE_REFUSED = 3.0
"""In units of the noise expected: of four quarters that differ by noise alone, three in a hundred
blocks exceed it."""

_LEAST_LIGHT = 0.02
"""Of a quarter, over the mean of its block."""


@dataclass(frozen=True, slots=True)
class Bins:
    """Groups of pixels of an image, each with its mean surface brightness.

    Parameters
    ----------
    label : (H, W) int array
        Number of the bin of each pixel; -1 where masked.
    flux : (N, B) float64 array
        Mean surface brightness [nanomaggy arcsec^-2] of the unmasked pixels of each bin.
    noise : (N, B) float64 array
        1 sigma of it, noise being independent between pixels.
    pixels : (N,) int array
        How many pixels each holds.
    reliable : (N,) bool array
        Whether the bin reaches the signal-to-noise asked for; the others take what is theirs
        from the galaxy as a whole.
    share : (H, W) array
        Light of each pixel over the mean of its bin, as far as it stands out of the noise; its mean
        over a bin is 1.
    """

    label: NDArray[np.int64]
    flux: NDArray[np.float64]
    noise: NDArray[np.float64]
    pixels: NDArray[np.int64]
    reliable: NDArray[np.bool_]
    share: NDArray[np.float64]

    @property
    def galaxy(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean (B,) flux and noise of the galaxy: of all reliable bins, or of the whole frame."""
        return _galaxy(self.flux, self.noise, self.pixels, self.reliable)

    def spread(self, values: NDArray[np.floating]) -> NDArray[np.floating]:
        """Mean densities of bins, (..., N), onto the pixels, (..., H, W); 0 where masked.

        A pixel has its `share`: light does not leave an aperture through a bin across its edge.
        """
        padded = np.concatenate([values, np.zeros((*values.shape[:-1], 1), values.dtype)], axis=-1)
        return padded[..., self.label] * self.share


def adaptive_bins(
    image: GalaxyImage,
    order: Sequence[int],
    *,
    signal_to_noise: float,
    by: Sequence[int],
    shared: bool = True,
) -> Bins:
    """Bin an image until colours are known.

    A pixel stays alone if two bands reach the signal-to-noise (both, where there are two), so that
    it has a colour. Those left over are averaged in blocks of 2 x 2 pixels on a fixed grid, those
    left over then in 4 x 4, up to 32 x 32; what is still too faint stays in blocks of that size,
    marked unreliable. The decision looks at the mean of 3 x 3 blocks of what is left over, not at
    the block itself: choosing pixels by their own noise would choose bright ones, and bias colours.

    Parameters
    ----------
    image : GalaxyImage
        With noise.
    order : sequence of int
        Positions of the bands wanted.
    signal_to_noise : float
        That two of the bands `by` must reach.
    by : sequence of int
        Bands that decide, as positions in `order`; at least two.
    shared : bool
        Give each pixel its share of its bin, which takes a third of the time; else all are one.

    Returns
    -------
    Bins
    """
    flux = image.flux[list(order)].astype(np.float64)
    variance = image.noise[list(order)].astype(np.float64) ** 2
    if variance.ndim == 1:
        variance = np.broadcast_to(variance[:, None, None], flux.shape)
    left = ~image.mask
    label = np.full(image.shape, -1, dtype=np.int64)
    reliable: list[NDArray[np.bool_]] = []
    first = 0
    for side in _SIDES:
        good = _bright(flux[list(by)], variance[list(by)], left, side, signal_to_noise)
        block = _block_numbers(image.shape, side)
        last = side == _SIDES[-1]
        taken = left if last else left & good.ravel()[block]
        used, number = np.unique(block[taken], return_inverse=True)
        label[taken] = first + number
        reliable.append(good.ravel()[used])
        first += len(used)
        left = left & ~taken
    return _measure(label, flux, variance, np.concatenate(reliable), shared=shared)


def _measure(
    label: NDArray[np.int64],
    flux: NDArray[np.float64],
    variance: NDArray[np.float64],
    reliable: NDArray[np.bool_],
    *,
    shared: bool,
) -> Bins:
    inside = label >= 0
    which, n = label[inside], len(reliable)
    pixels = np.bincount(which, minlength=n)

    def means(planes: NDArray[np.float64]) -> NDArray[np.float64]:
        columns = [np.bincount(which, weights=plane[inside], minlength=n) for plane in planes]
        return np.stack(columns, axis=1) / np.maximum(pixels, 1)[:, None]

    mean, noise = means(flux), np.sqrt(means(variance) / np.maximum(pixels, 1)[:, None])
    share = np.ones(label.shape)
    several = inside & (pixels[label] > 1) if n and shared else np.zeros_like(inside)
    if several.any():
        colour, error = _galaxy(mean, noise, pixels, reliable)
        weight = colour / error**2
        light, chance = (
            np.tensordot(weight**k, planes[:, several], axes=1)
            for k, planes in ((1, flux), (2, variance))
        )
        share[several] = _shares(light, chance, label[several], np.nonzero(several), pixels)
    return Bins(label, mean, noise, pixels, reliable, share)


def _shares(
    light: NDArray[np.float64],
    variance: NDArray[np.float64],
    bin_of: NDArray[np.int64],
    place: tuple[NDArray[np.intp], ...],
    pixels: NDArray[np.int64],
) -> NDArray[np.float64]:
    """(M,) light of pixels over the mean of their bin, as far as it stands out of the noise.

    From the bin down to its pixels, each quarter of a block departs from the block's mean by the
    share of its deviation that is not noise: the filter of Lee (1980, IEEE Transactions on Pattern
    Analysis and Machine Intelligence 2, 165), at every scale, and warier, for a pixel without light
    is a large miss of its logarithm. No step changes a block's mean.

    Parameters
    ----------
    light, variance : (M,) arrays
        Of pixels that have a bin.
    bin_of : (M,) array
        Number of the bin.
    place : two (M,) arrays
        Row and column.
    pixels : (N,) array
        How many pixels each bin holds.
    """
    rows, columns = place
    block, count = bin_of, pixels.astype(np.float64)

    def means(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(block, weights=values, minlength=len(count)) / np.maximum(count, 1.0)

    mean, noise = means(light), means(variance)
    of_bin, error = mean[block], np.sqrt(noise / np.maximum(count, 1.0))[block]
    level = mean
    for side in _SIDES[-2::-1]:
        quarter = 4 * block + 2 * (rows // side % 2) + columns // side % 2
        sizes = np.bincount(quarter, minlength=4 * len(count))
        of_quarter = np.flatnonzero(sizes) // 4
        whole, of_whole = count, mean
        block, count = (np.cumsum(sizes > 0) - 1)[quarter], sizes[sizes > 0].astype(np.float64)
        mean, noise = means(light), means(variance)
        deviation = mean - of_whole[of_quarter]
        scatter, expected = (
            np.bincount(of_quarter, weights=w, minlength=len(whole))
            for w in (count * deviation**2, noise * (1.0 - count / whole[of_quarter]))
        )
        signal = np.maximum(scatter - _NOISE_REFUSED * expected, 0.0)
        believed = np.divide(signal, scatter, out=np.zeros_like(scatter), where=scatter > 0)
        # No quarter of a bright block is left without light: noise would empty some.
        room = (1.0 - _LEAST_LIGHT) * level[of_quarter]
        darker = (deviation < 0) & (room > 0)
        most = np.divide(room, -deviation, out=np.full_like(room, np.inf), where=darker)
        np.minimum.at(believed, of_quarter, most)
        level = level[of_quarter] + believed[of_quarter] * deviation
    bright = of_bin > _SIGMAS_OF_LIGHT * error
    return np.divide(level[block], of_bin, out=np.ones_like(of_bin), where=bright)


def _galaxy(
    flux: NDArray[np.float64],
    noise: NDArray[np.float64],
    pixels: NDArray[np.int64],
    reliable: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean flux and noise of the reliable bins, or of all where none is."""
    chosen = reliable if reliable.any() else np.ones_like(reliable)
    n = pixels[chosen, None]
    whole = max(int(n.sum()), 1)
    mean = (n * flux[chosen]).sum(axis=0) / whole
    return mean, np.sqrt((n**2 * noise[chosen] ** 2).sum(axis=0)) / whole


def _bright(
    flux: NDArray[np.float64],
    variance: NDArray[np.float64],
    left: NDArray[np.bool_],
    side: int,
    signal_to_noise: float,
) -> NDArray[np.bool_]:
    """Blocks in which two bands reach the signal-to-noise, going by the flux around them."""
    from scipy.ndimage import uniform_filter

    count = _block_sums(left.astype(np.float64), side)
    around = uniform_filter(count, 3, mode="constant")
    ratios = []
    for plane, spread in zip(flux, variance, strict=True):
        total = uniform_filter(_block_sums(np.where(left, plane, 0.0), side), 3, mode="constant")
        noise = np.sqrt(_block_sums(np.where(left, spread, 0.0), side))
        signal = count * np.divide(total, around, out=np.zeros_like(total), where=around > 1e-9)
        ratios.append(np.divide(signal, noise, out=np.zeros_like(total), where=noise > 0))
    second_best = np.sort(ratios, axis=0)[-2]
    return second_best >= signal_to_noise


def _block_sums(plane: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Sums over blocks of `side` x `side` pixels; those at the far edges may be cut."""
    if side == 1:
        return plane
    rows, columns = (np.arange(0, n, side) for n in plane.shape)
    return np.add.reduceat(np.add.reduceat(plane, rows, axis=0), columns, axis=1)


def _block_numbers(shape: tuple[int, int], side: int) -> NDArray[np.int64]:
    """(H, W) number of the block that each pixel lies in, row by row."""
    rows, columns = (np.arange(n) // side for n in shape)
    return rows[:, None] * (columns[-1] + 1) + columns
