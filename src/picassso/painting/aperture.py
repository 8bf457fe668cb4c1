"""The galaxy that a painting is of, and the ellipse that holds half of its stellar mass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.apertures import Ellipse, half_mass_ellipse
from picassso.core import PROPERTIES, Maps
from picassso.core.large import block_mean, empty_array, row_blocks

__all__ = ["main_galaxy", "painted_ellipse"]


def painted_ellipse(maps: Maps) -> Ellipse | None:
    """Ellipse of the half-mass radius of the main galaxy of a painting.

    Parameters
    ----------
    maps : Maps
        With a map of stellar mass; NaN where masked.

    Returns
    -------
    Ellipse or None
        None where no stellar mass was painted, none above the floor, or infinite mass.
    """
    if "stellar_mass" not in maps.properties:
        return None
    galaxy = main_galaxy(maps)
    if not galaxy.any():
        return None
    rows, columns = (np.flatnonzero(galaxy.any(axis=axis)) for axis in (1, 0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    galaxy, mass = galaxy[box], maps["stellar_mass"][box]
    side = -(-max(mass.shape) // _LARGEST_SIDE)
    mass = np.where(galaxy, mass, 0.0) if side == 1 else block_mean(mass, side, where=galaxy)
    if not np.isfinite(mass).all():  # painted beyond single precision, in a wrong unit
        return None
    # The pixels of the galaxy lie above the floor; the mean of a block at its rim need not.
    ellipse = half_mass_ellipse(mass, floor=0.0)
    middle = (side - 1) / 2
    return replace(
        ellipse,
        x=ellipse.x * side + middle + float(columns[0]),
        y=ellipse.y * side + middle + float(rows[0]),
        semi_major=ellipse.semi_major * side,
    )


_LARGEST_SIDE = 2048
"""Pixels; a larger galaxy is measured on means of blocks, a thousandth of its size or less."""


def main_galaxy(maps: Maps) -> NDArray[np.bool_]:
    """(H, W): the connected region around the main peak that surely holds stellar mass.

    Sure are pixels whose 16% quantile (else the mean) lies above the floor: on empty sky the mean
    may lie anywhere, that quantile does not. The peak is the most massive one, smoothed over a
    kpc and preferred near the centre of the frame, so that neighbours do not count.
    """
    from scipy import ndimage

    index = maps.properties.index("stellar_mass")
    mass, sure = maps.cube[index], (maps.cube if maps.p16 is None else maps.p16)[index]
    floor = PROPERTIES["stellar_mass"].floor
    seen = np.empty(maps.shape, bool)
    for rows in row_blocks(maps.shape):
        # Masked pixels, which are NaN, are not seen.
        seen[rows] = (sure[rows] > floor) & (mass[rows] > floor)
    if not seen.any():
        return seen
    peak = _main_peak(mass, seen, maps.pixel_area)
    regions = empty_array(maps.shape, np.int32)
    ndimage.label(seen, output=regions)
    for rows in row_blocks(maps.shape):
        seen[rows] = regions[rows] == regions[peak]
    return seen


def _main_peak(
    mass: NDArray[np.float32], seen: NDArray[np.bool_], pixel_area: float
) -> tuple[int, int]:
    """Row and column of the main peak, found block by block with a halo of the kernel."""
    from scipy.ndimage import gaussian_filter

    # A kpc may be wider than the frame of a nearby galaxy: a wider kernel than that has no end.
    sigma = float(np.clip(0.5 / pixel_area**0.5, 1.0, max(1.0, 0.25 * max(mass.shape))))
    halo = int(4.0 * sigma + 0.5)
    central_y, central_x = (_centredness(n) for n in mass.shape)
    peak, highest = (0, 0), -np.inf
    for rows in row_blocks(mass.shape):
        top = max(rows.start - halo, 0)
        window = np.nan_to_num(mass[top : rows.stop + halo].astype(np.float64))
        smooth = gaussian_filter(window, sigma, truncate=4.0)[rows.start - top :]
        smooth = smooth[: rows.stop - rows.start]
        smooth *= central_y[rows, None] * central_x
        smooth *= seen[rows]
        row, column = np.unravel_index(np.argmax(smooth), smooth.shape)
        if smooth[row, column] > highest:
            peak, highest = (rows.start + int(row), int(column)), smooth[row, column]
    return peak


def _centredness(length: int) -> NDArray[np.float64]:
    """1 at the centre of an axis of the frame, falling to a hundredth at its ends."""
    place = np.linspace(-1, 1, length) if length > 1 else np.zeros(1)
    return np.exp(-0.5 * 9.2 * place**2)
