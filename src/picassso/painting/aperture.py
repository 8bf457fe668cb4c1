"""The galaxy that a painting is of, and the ellipse that holds half of its stellar mass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.apertures import Ellipse, half_mass_ellipse
from picassso.core import PROPERTIES

__all__ = ["main_galaxy", "painted_ellipse"]


def painted_ellipse(stellar_mass: NDArray[np.float32], kpc_per_pixel: float) -> Ellipse | None:
    """Ellipse of the half-mass radius of the main galaxy of a painted stellar-mass map.

    Parameters
    ----------
    stellar_mass : (H, W) array
        Surface density [Msun kpc^-2]; NaN where masked.
    kpc_per_pixel : float
        Pixel size.

    Returns
    -------
    Ellipse or None
        None where nothing lies above the floor.
    """
    galaxy = main_galaxy(stellar_mass, kpc_per_pixel)
    if not galaxy.any():
        return None
    rows, columns = (np.flatnonzero(galaxy.any(axis=axis)) for axis in (1, 0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    ellipse = half_mass_ellipse(np.where(galaxy[box], stellar_mass[box], 0.0))
    return replace(ellipse, x=ellipse.x + float(columns[0]), y=ellipse.y + float(rows[0]))


def main_galaxy(stellar_mass: NDArray[np.float32], kpc_per_pixel: float) -> NDArray[np.bool_]:
    """(H, W): the connected region above the floor of stellar mass around the main peak.

    The peak is the most massive one, smoothed over a kpc and preferred near the centre of the
    frame: neighbours, and what is painted on empty sky, do not count.
    """
    from scipy import ndimage

    mass = np.nan_to_num(np.asarray(stellar_mass, dtype=np.float64))
    seen = mass > PROPERTIES["stellar_mass"].floor
    if not seen.any():
        return seen
    smooth = ndimage.gaussian_filter(mass, max(1.0, 0.5 / kpc_per_pixel))
    peak = np.unravel_index(np.argmax(smooth * _centredness(mass.shape) * seen), mass.shape)
    regions, _ = ndimage.label(seen)
    return regions == regions[peak]


def _centredness(shape: tuple[int, int]) -> NDArray[np.float64]:
    """1 at the centre of the frame, falling to a hundredth at the middle of its edges."""
    y, x = (np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in shape)
    return np.exp(-0.5 * 9.2 * (y[:, None] ** 2 + x[None] ** 2))
