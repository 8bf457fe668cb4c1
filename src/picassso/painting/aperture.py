"""The galaxy that a painting is of, and the ellipse that holds half of its stellar mass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.apertures import Ellipse, half_mass_ellipse
from picassso.core import PROPERTIES, Maps

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
        None where no stellar mass was painted, or none above the floor.
    """
    if "stellar_mass" not in maps.properties:
        return None
    galaxy = main_galaxy(maps)
    if not galaxy.any():
        return None
    rows, columns = (np.flatnonzero(galaxy.any(axis=axis)) for axis in (1, 0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    ellipse = half_mass_ellipse(np.where(galaxy[box], maps["stellar_mass"][box], 0.0))
    return replace(ellipse, x=ellipse.x + float(columns[0]), y=ellipse.y + float(rows[0]))


def main_galaxy(maps: Maps) -> NDArray[np.bool_]:
    """(H, W): the connected region around the main peak that surely holds stellar mass.

    Sure are pixels whose 16% quantile (else the mean) lies above the floor: on empty sky the mean
    may lie anywhere, that quantile does not. The peak is the most massive one, smoothed over a
    kpc and preferred near the centre of the frame, so that neighbours do not count.
    """
    from scipy import ndimage

    index = maps.properties.index("stellar_mass")
    mass = np.nan_to_num(maps.cube[index].astype(np.float64))
    sure = mass if maps.p16 is None else np.nan_to_num(maps.p16[index])
    seen = (sure > PROPERTIES["stellar_mass"].floor) & (mass > PROPERTIES["stellar_mass"].floor)
    if not seen.any():
        return seen
    # A kpc may be wider than the frame of a nearby galaxy: a wider kernel than that has no end.
    sigma = float(np.clip(0.5 / maps.pixel_area**0.5, 1.0, max(1.0, 0.25 * max(mass.shape))))
    smooth = ndimage.gaussian_filter(mass, sigma)
    peak = np.unravel_index(np.argmax(smooth * _centredness(mass.shape) * seen), mass.shape)
    regions, _ = ndimage.label(seen)
    return regions == regions[peak]


def _centredness(shape: tuple[int, int]) -> NDArray[np.float64]:
    """1 at the centre of the frame, falling to a hundredth at the middle of its edges."""
    y, x = (np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in shape)
    return np.exp(-0.5 * 9.2 * (y[:, None] ** 2 + x[None] ** 2))
