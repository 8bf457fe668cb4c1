"""Adaptive binning: faint pixels share what one of them alone could not tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.core import GalaxyImage

__all__ = ["Bins", "adaptive_bins"]

_SIDES = (1, 2, 4, 8, 16, 32)


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
    """

    label: NDArray[np.int64]
    flux: NDArray[np.float64]
    noise: NDArray[np.float64]
    pixels: NDArray[np.int64]
    reliable: NDArray[np.bool_]

    @property
    def galaxy(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean (B,) flux and noise of the galaxy: of all reliable bins, or of the whole frame."""
        chosen = self.reliable if self.reliable.any() else np.ones_like(self.reliable)
        n = self.pixels[chosen, None]
        whole = max(int(n.sum()), 1)
        flux = (n * self.flux[chosen]).sum(axis=0) / whole
        noise = np.sqrt((n**2 * self.noise[chosen] ** 2).sum(axis=0)) / whole
        return flux, noise

    def spread(self, values: NDArray[np.floating]) -> NDArray[np.floating]:
        """A value a bin, (..., N), onto the pixels, (..., H, W); 0 where masked."""
        padded = np.concatenate([values, np.zeros((*values.shape[:-1], 1), values.dtype)], axis=-1)
        return padded[..., self.label]


def adaptive_bins(
    image: GalaxyImage, order: Sequence[int], *, signal_to_noise: float, by: Sequence[int]
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
    return _measure(label, flux, variance, np.concatenate(reliable))


def _measure(
    label: NDArray[np.int64],
    flux: NDArray[np.float64],
    variance: NDArray[np.float64],
    reliable: NDArray[np.bool_],
) -> Bins:
    inside = label >= 0
    which, n = label[inside], len(reliable)
    pixels = np.bincount(which, minlength=n)

    def sums(planes: NDArray[np.float64]) -> NDArray[np.float64]:
        columns = [np.bincount(which, weights=plane[inside], minlength=n) for plane in planes]
        return np.stack(columns, axis=1)

    per = np.maximum(pixels, 1)[:, None]
    return Bins(label, sums(flux) / per, np.sqrt(sums(variance)) / per, pixels, reliable)


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
