"""Ellipses of a galaxy's stellar mass, and sums inside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import PROPERTIES, InputError, Maps

__all__ = [
    "ellipse_in_frame",
    "APERTURE_RADII",
    "Ellipse",
    "aperture_signal_to_noise",
    "aperture_total",
    "enclosing_radii",
    "half_mass_ellipse",
    "half_mass_radius",
    "scored_ellipse",
    "true_ellipse",
    "scored_region",
]

APERTURE_RADII = 2.0
"""Semi-major axis of the aperture of totals in projected half-mass radii (Buck & Wolf 2021)."""

_NARROWEST = 0.75
"""Semi-axis [pixel]; every circle of a radius above the root of a half holds a pixel centre."""

_RING = 0.25  # pixels


@dataclass(frozen=True, slots=True)
class Ellipse:
    """An ellipse on the pixel grid.

    Parameters
    ----------
    x, y : float
        Centre [pixel], (0, 0) being the centre of the first pixel.
    semi_major : float
        Semi-major axis [pixel].
    axis_ratio : float
        Semi-minor over semi-major axis, in (0, 1].
    position_angle : float
        Of the major axis, from the +x axis towards +y [radian], as photutils' apertures take it.
    """

    x: float
    y: float
    semi_major: float
    axis_ratio: float
    position_angle: float

    def mask(self, shape: tuple[int, int], *, scale: float = 1.0) -> NDArray[np.bool_]:
        """Pixels of an image whose centres lie inside the ellipse enlarged by `scale`.

        One that would pass between the pixel centres is widened, so that it holds some.
        """
        a = max(self.semi_major * scale, _NARROWEST)
        b = max(self.semi_major * self.axis_ratio * scale, _NARROWEST)
        return self._square_radius(shape, a, b) <= 1.0

    def radius(self, shape: tuple[int, int]) -> NDArray[np.float64]:
        """Elliptical radius of every pixel centre of an image, in units of the semi-major axis."""
        square = self._square_radius(shape, self.semi_major, self.semi_major * self.axis_ratio)
        return np.sqrt(square)

    def _square_radius(self, shape: tuple[int, int], a: float, b: float) -> NDArray[np.float64]:
        """Squared radius of every pixel centre, 1 on the ellipse of semi-axes a and b."""
        rows, columns = np.ogrid[: shape[0], : shape[1]]
        dx, dy = columns - self.x, rows - self.y
        cos, sin = np.cos(self.position_angle), np.sin(self.position_angle)
        along, across = dx * cos + dy * sin, dy * cos - dx * sin
        return (along / a) ** 2 + (across / b) ** 2

    def fits(self, shape: tuple[int, int], *, scale: float = 1.0) -> bool:
        """Whether the ellipse enlarged by `scale` lies inside an image."""
        a, b = self.semi_major * scale, self.semi_major * self.axis_ratio * scale
        cos, sin = np.cos(self.position_angle), np.sin(self.position_angle)
        half_width, half_height = np.hypot(a * cos, b * sin), np.hypot(a * sin, b * cos)
        return bool(
            self.x - half_width >= -0.5
            and self.y - half_height >= -0.5
            and self.x + half_width <= shape[1] - 0.5
            and self.y + half_height <= shape[0] - 0.5
        )


def half_mass_radius(surface_density: NDArray[np.floating], *, x: float, y: float) -> float:
    """Radius of the circle about a centre that holds half of what the map holds [pixel].

    Parameters
    ----------
    surface_density : (H, W) array
        Not negative, finite.
    x, y : float
        Centre [pixel].

    Returns
    -------
    float
        From the curve of growth, interpolated between pixels; at least half a pixel.
    """
    return max(float(enclosing_radii(surface_density[None], x=x, y=y)[0, 0]), 0.5)


def enclosing_radii(
    cube: NDArray[np.floating], *, x: float, y: float, fractions: Sequence[float] = (0.5,)
) -> NDArray[np.float64]:
    """Radii of the circles about a centre that hold fractions of what each map holds [pixel].

    Parameters
    ----------
    cube : (P, H, W) array
        Not negative, finite.
    x, y : float
        Centre [pixel].
    fractions : sequence of float
        F of them, between 0 and 1.

    Returns
    -------
    (P, F) array
        From the curves of growth, interpolated between pixels; meaningless for an empty map.
    """
    # Narrow rings tell where to look; only the pixels there must be put in order.
    order, radius, starts = _rings(cube.shape[1:], x, y)
    found = np.empty((len(cube), len(fractions)))
    for p, surface_density in enumerate(cube):
        mass = surface_density.ravel().take(order)
        sums = np.add.reduceat(mass, starts[:-1], dtype=np.float64)
        within = np.concatenate([[0.0], np.cumsum(sums)])
        for f, fraction in enumerate(fractions):
            wanted = fraction * within[-1]
            k = min(max(int(np.searchsorted(within, wanted)) - 1, 0), len(sums) - 1)
            # The neighbours of the pixel sought may lie in the rings beside.
            first = max(k - 1, 0)
            near = slice(starts[first], starts[min(k + 2, len(sums))])
            rising = np.argsort(radius[near], kind="stable")
            # Half of a pixel's own mass lies within the radius of its centre.
            own = mass[near][rising]
            growth = within[first] + np.cumsum(own, dtype=np.float64) - 0.5 * own
            found[p, f] = np.interp(wanted, growth, radius[near][rising])
    return found


@lru_cache(maxsize=1)
def _rings(
    shape: tuple[int, int], x: float, y: float
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.intp]]:
    """Pixels ring by ring, their radii, and where each ring starts, and the last one ends.

    All maps of a galaxy, true and predicted, are measured about one centre.
    """
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    radius = np.sqrt(np.square(columns - x) + np.square(rows - y)).ravel()
    ring = (radius / _RING).astype(np.uint16)
    order = np.argsort(ring, kind="stable")
    pixels = np.bincount(ring)
    return order, radius[order], np.concatenate([[0], np.cumsum(pixels[pixels > 0])])


def half_mass_ellipse(
    stellar_mass: NDArray[np.floating], *, floor: float = PROPERTIES["stellar_mass"].floor
) -> Ellipse:
    """Ellipse of the projected half-mass radius, shaped like the stellar-mass map.

    Centre, axis ratio and position angle are the first and second moments of the map, the same
    as those of `photutils.morphology.data_properties`; the semi-major axis is the radius of the
    circle that holds half of the mass. Ellipses of two half-mass radii are those of Buck & Wolf
    (2021).

    Parameters
    ----------
    stellar_mass : (H, W) array
        Surface density [Msun kpc^-2].
    floor : float
        Fainter pixels do not count.

    Returns
    -------
    Ellipse

    Raises
    ------
    InputError
        If no pixel reaches the floor.
    """
    mass = np.where(stellar_mass >= floor, stellar_mass, 0.0).astype(np.float64)
    if not np.isfinite(mass).all():
        raise InputError("the stellar-mass map is not finite everywhere: there is no ellipse")
    if not mass.any():
        raise InputError(
            f"no pixel of the stellar-mass map reaches {floor:g} Msun/kpc^2: there is no ellipse"
        )
    x, y, covariance = _moments(mass)
    (minor, major), axes = np.linalg.eigh(covariance)
    # The major axis has no direction: angles half a turn apart are the same.
    angle = float(np.arctan2(axes[1, 1], axes[0, 1]))
    return Ellipse(
        x=x,
        y=y,
        semi_major=half_mass_radius(mass, x=x, y=y),
        axis_ratio=float(np.sqrt(minor / major)),
        position_angle=(angle + np.pi / 2) % np.pi - np.pi / 2,
    )


def true_ellipse(truth: Maps) -> Ellipse | None:
    """Half-mass ellipse of the true stellar mass; None where there are no stars."""
    try:
        return half_mass_ellipse(truth["stellar_mass"])
    except (InputError, KeyError):
        return None


def ellipse_in_frame(ellipse: Ellipse | None, shape: tuple[int, int]) -> Ellipse | None:
    """The ellipse, if its `APERTURE_RADII`-fold fits into the frame; else None."""
    return ellipse if ellipse and ellipse.fits(shape, scale=APERTURE_RADII) else None


def scored_ellipse(truth: Maps) -> Ellipse | None:
    """Half-mass ellipse of the true stellar mass in which totals are compared with the truth.

    None where its `APERTURE_RADII`-fold does not fit into the frame, or there are no stars: then
    the whole frame counts.
    """
    return ellipse_in_frame(true_ellipse(truth), truth.shape)


def scored_region(ellipse: Ellipse | None, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """(H, W) pixels of the totals: inside `APERTURE_RADII` of `scored_ellipse`, or all of them."""
    if ellipse is None:
        return np.ones(shape, bool)
    return ellipse.mask(shape, scale=APERTURE_RADII)


def _moments(mass: NDArray[np.float64]) -> tuple[float, float, NDArray[np.float64]]:
    """Centroid (x, y) and covariance matrix of an image.

    What is narrower than a pixel is given a pixel's own width, variance 1/12 (Bertin & Arnouts
    1996, as in SExtractor and photutils): an axis ratio of zero would have no area.
    """
    along_x, along_y = mass.sum(axis=0), mass.sum(axis=1)
    total = along_x.sum()
    columns, rows = np.arange(len(along_x)), np.arange(len(along_y))
    x, y = float(along_x @ columns / total), float(along_y @ rows / total)
    dx, dy = columns - x, rows - y
    xx, yy, xy = along_x @ dx**2 / total, along_y @ dy**2 / total, dy @ mass @ dx / total
    covariance = np.array([[xx, xy], [xy, yy]])
    while np.linalg.det(covariance) < 1 / 144:
        covariance += np.eye(2) / 12
    return x, y, covariance


def aperture_total(
    surface_density: NDArray[np.floating], region: NDArray[np.bool_], *, pixel_area: float
) -> float:
    """Sum of a surface density over a region.

    Parameters
    ----------
    surface_density : (H, W) array
        Any additive property, per kpc^2.
    region : (H, W) bool array
        True where to sum.
    pixel_area : float
        kpc^2.

    Returns
    -------
    float
        In the property's total unit; NaN if a pixel of the region is NaN.
    """
    return float(surface_density[region].sum(dtype=np.float64) * pixel_area)


def aperture_signal_to_noise(
    flux: NDArray[np.floating], noise: ArrayLike, region: NDArray[np.bool_]
) -> float:
    """Summed flux of a region over the noise of that sum.

    Averaging pixels does not change it: it belongs to the exposure, not to the sampling.

    Parameters
    ----------
    flux : (H, W) array
        Surface brightness in one band.
    noise : float or (H, W) array
        1 sigma a pixel in the same unit, taken as independent between pixels.
    region : (H, W) bool array
        True where to sum.

    Returns
    -------
    float
        ``sum(flux) / sqrt(sum(noise^2))``; NaN where the region is empty, infinite where the
        flux has no noise.
    """
    variance = np.broadcast_to(np.square(noise, dtype=np.float64), flux.shape)[region].sum()
    signal = flux[region].sum(dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.divide(signal, np.sqrt(variance)))
