"""The ellipse that holds half of the painted stellar mass of the galaxy in the frame."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from picassso.core import PROPERTIES

__all__ = ["Ellipse", "half_mass_ellipse"]


@dataclass(frozen=True, slots=True)
class Ellipse:
    """Ellipse in pixels.

    Parameters
    ----------
    x, y : float
        Centre; the centre of the first pixel is 0, 0.
    semi_major : float
        Pixels.
    axis_ratio : float
        Minor over major axis.
    angle : float
        Of the major axis from the x axis towards y [radian].
    """

    x: float
    y: float
    semi_major: float
    axis_ratio: float
    angle: float

    def scaled(self, factor: float) -> Ellipse:
        """The same ellipse, `factor` times as large."""
        return replace(self, semi_major=factor * self.semi_major)

    def radius(self, shape: tuple[int, int]) -> NDArray[np.float64]:
        """Elliptical radius of every pixel, as its semi-major axis [pixels]."""
        y, x = np.indices(shape, dtype=np.float64, sparse=True)
        dx, dy = x - self.x, y - self.y
        along = dx * np.cos(self.angle) + dy * np.sin(self.angle)
        across = dy * np.cos(self.angle) - dx * np.sin(self.angle)
        return np.hypot(along, across / self.axis_ratio)

    def contains(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """(H, W): whether the centre of a pixel lies inside."""
        return self.radius(shape) <= self.semi_major


def half_mass_ellipse(stellar_mass: NDArray[np.float32], kpc_per_pixel: float) -> Ellipse | None:
    """Ellipse with half of the mass of the main galaxy of a painted stellar-mass map.

    The galaxy is the connected region above the floor of stellar mass around the most massive
    peak (smoothed over a kpc, and preferred near the centre of the frame): neighbours and the
    faint mass painted on empty sky do not count. Its centre, axis ratio and angle are those of
    its second moments; along that ellipse the semi-major axis grows until half of its mass is
    inside.

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
    from scipy import ndimage

    mass = np.nan_to_num(np.asarray(stellar_mass, dtype=np.float64))
    seen = mass > PROPERTIES["stellar_mass"].floor
    if not seen.any():
        return None
    smooth = ndimage.gaussian_filter(mass, max(1.0, 0.5 / kpc_per_pixel))
    peak = np.unravel_index(np.argmax(smooth * _centredness(mass.shape) * seen), mass.shape)
    regions, _ = ndimage.label(seen)
    galaxy = np.where(regions == regions[peak], mass, 0.0)
    y, x = np.nonzero(galaxy)
    weight = galaxy[y, x]
    xc, yc = np.average(x, weights=weight), np.average(y, weights=weight)
    dx, dy = x - xc, y - yc
    xx, yy, xy = (np.average(m, weights=weight) for m in (dx * dx, dy * dy, dx * dy))
    half_difference, half_sum = np.hypot((xx - yy) / 2, xy), (xx + yy) / 2
    # A pixel has a width of its own, without which a line of pixels would be infinitely thin.
    major, minor = half_sum + half_difference + 1 / 12, half_sum - half_difference + 1 / 12
    shape = Ellipse(
        float(xc),
        float(yc),
        1.0,
        float(np.sqrt(max(minor, 1 / 12) / major)),
        float(0.5 * np.arctan2(2 * xy, xx - yy)),
    )
    radius = shape.radius(mass.shape)[y, x]
    order = np.argsort(radius)
    grown = np.cumsum(weight[order])
    semi_major = np.interp(0.5 * grown[-1], grown, radius[order])
    return shape.scaled(max(float(semi_major), 0.5))


def _centredness(shape: tuple[int, int]) -> NDArray[np.float64]:
    """1 at the centre of the frame, falling to a hundredth at the middle of its edges."""
    y, x = (np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in shape)
    return np.exp(-0.5 * 9.2 * (y[:, None] ** 2 + x[None] ** 2))
