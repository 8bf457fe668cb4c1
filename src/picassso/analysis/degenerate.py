"""Galaxies that a number may not mean what it says for: flagged and counted, never dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.apertures import APERTURE_RADII, Ellipse
from picassso.analysis.radial import ANNULUS_EDGES
from picassso.core import PROPERTIES, Maps

__all__ = ["FEWEST_PIXELS", "count_flags", "degenerate_flags", "has_two_cores"]

FEWEST_PIXELS = 20
"""A map with fewer pixels above its floor has no shape to speak of."""

_SMOOTHING = 0.15  # of the half-mass radius, 1 sigma
_MASS_RATIO = 0.25  # a major merger (Lotz et al. 2011, ApJ 742, 103)
_SADDLE = 0.5  # of the fainter peak
_FAINTEST_PEAK = 0.05  # of the brightest
_CANDIDATES = 8


def degenerate_flags(truth: Maps, ellipse: Ellipse | None) -> tuple[str, ...]:
    """What is unusual about the true maps of a galaxy, as short words for machines.

    Parameters
    ----------
    truth : Maps
        True maps.
    ellipse : Ellipse or None
        Of `true_ellipse`.

    Returns
    -------
    tuple of str
        In this order, each where it applies:

        ``absent:<property>``: the map is NaN, throughout or in places.
        ``empty:<property>``: no pixel reaches the floor of the property.
        ``few_pixels:<property>``: fewer than `FEWEST_PIXELS` do.
        ``below_floor:<property>``: the total of the frame lies below its floor, though some
        pixels do not.
        ``no_ellipse``: there is no stellar mass to take an ellipse from.
        ``aperture_leaves_frame``: the ellipse of two half-mass radii does.
        ``annuli_leave_frame``: that of five does, though not that of two.
        ``two_cores``: see `has_two_cores`.
    """
    flags = [f"{word}:{p}" for p in truth.properties if (word := _state(truth, p))]
    if ellipse is None:
        return (*flags, "no_ellipse")
    if not ellipse.fits(truth.shape, scale=APERTURE_RADII):
        flags.append("aperture_leaves_frame")
    elif not ellipse.fits(truth.shape, scale=ANNULUS_EDGES[-1]):
        flags.append("annuli_leave_frame")
    if has_two_cores(truth["stellar_mass"], half_mass_radius=ellipse.semi_major):
        flags.append("two_cores")
    return tuple(flags)


def _state(truth: Maps, name: str) -> str:
    """What is unusual about one map, or nothing."""
    surface_density, limits = truth[name], PROPERTIES[name]
    if np.isnan(surface_density).any():
        return "absent"
    pixels = int((surface_density >= limits.floor).sum())
    if pixels == 0:
        return "empty"
    if pixels < FEWEST_PIXELS:
        return "few_pixels"
    total = surface_density.sum(dtype=np.float64) * truth.pixel_area
    return "below_floor" if total < limits.total_floor else ""


def count_flags(flags: Iterable[tuple[str, ...]]) -> dict[str, int]:
    """How many views bear each flag, and, as ``views``, how many there were."""
    seen = list(flags)
    counts = Counter(flag for of_one in seen for flag in of_one)
    return {"views": len(seen)} | dict(counts.most_common())


def has_two_cores(
    stellar_mass: NDArray[np.floating],
    *,
    half_mass_radius: float,
    floor: float = PROPERTIES["stellar_mass"].floor,
) -> bool:
    """Whether a stellar-mass map shows two separate cores of comparable mass.

    The map is smoothed with a Gaussian of 0.15 half-mass radii (1 sigma, at least one pixel). A
    second core is a local maximum that (1) lies at least one half-mass radius from the highest;
    (2) is cut off from it: no path joins the two that stays above half of the lower one's height,
    which spiral arms, rings and clumps of one galaxy have; (3) has at least a quarter of its mass,
    the limit of major mergers (Lotz et al. 2011), within half of their distance from each.

    Parameters
    ----------
    stellar_mass : (H, W) array
        Surface density [Msun kpc^-2].
    half_mass_radius : float
        Of the whole map [pixel].
    floor : float
        Fainter pixels do not count.
    """
    from scipy import ndimage

    mass = np.where(stellar_mass >= floor, stellar_mass, 0.0).astype(np.float32)
    sigma = max(1.0, _SMOOTHING * half_mass_radius)
    smooth = ndimage.gaussian_filter(mass, sigma, mode="constant")
    peaks = _peaks(smooth, 2 * int(np.ceil(sigma)) + 1)
    for peak in peaks[1:]:
        distance = float(np.hypot(peak[0] - peaks[0][0], peak[1] - peaks[0][1]))
        if distance < half_mass_radius:
            continue
        regions, _ = ndimage.label(smooth > _SADDLE * smooth[peak])
        if regions[peak] == regions[peaks[0]]:
            continue
        first, second = (_enclosed(mass, at, 0.5 * distance) for at in (peaks[0], peak))
        if second >= _MASS_RATIO * first:
            return True
    return False


def _peaks(smooth: NDArray[np.float32], width: int) -> list[tuple[int, int]]:
    """Highest pixels of the squares of a width about them, the highest first."""
    from scipy import ndimage

    bright = smooth > _FAINTEST_PEAK * smooth.max()
    if not bright.any():
        return []
    # What lies outside the box is too faint to be higher than a peak.
    (box,) = ndimage.find_objects(bright.astype(np.int8))
    inside = smooth[box]
    highest = ndimage.maximum_filter(inside, width, mode="constant")
    rows, columns = np.nonzero((inside == highest) & bright[box])
    order = np.argsort(-inside[rows, columns], kind="stable")[:_CANDIDATES]
    rows, columns = rows[order] + box[0].start, columns[order] + box[1].start
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def _enclosed(mass: NDArray[np.float32], centre: tuple[int, int], radius: float) -> float:
    rows, columns = np.ogrid[: mass.shape[0], : mass.shape[1]]
    inside = np.hypot(rows - centre[0], columns - centre[1]) <= radius
    return float(mass[inside].sum(dtype=np.float64))
