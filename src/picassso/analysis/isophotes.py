"""Ellipses fitted to isophotes, as Buck & Wolf (2021) did, beside those of moments."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.apertures import Ellipse, half_mass_ellipse
from picassso.core import PROPERTIES, InputError, need

__all__ = ["isophote_ellipse"]

_ATTEMPTS = 5
_SMALLEST = 3.0  # pixels


def isophote_ellipse(
    stellar_mass: NDArray[np.floating], *, floor: float = PROPERTIES["stellar_mass"].floor
) -> Ellipse:
    """Ellipse of the projected half-mass radius, shaped like the isophote at that radius.

    Centre, axis ratio and position angle are those of the isophote whose semi-major axis is the
    half-mass radius (Jedrzejewski 1987, MNRAS 226, 747, in `photutils.isophote`), the semi-major
    axis is that of `half_mass_ellipse`, from which the fit starts. Where it does not converge it
    starts again a tenth farther out, some times. Companions pull at moments and not at isophotes;
    the particle noise of a simulation does the opposite.

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
        If no pixel reaches the floor, the half-mass radius is smaller than three pixels, or no
        isophote can be fitted.
    MissingExtraError
        If photutils is not installed.
    """
    need("photutils", extra="dev")
    start = half_mass_ellipse(stellar_mass, floor=floor)
    if start.semi_major < _SMALLEST:
        raise InputError(
            f"a half-mass radius of {start.semi_major:.1f} pixels is too small for isophotes, "
            f"which need {_SMALLEST:g}; use the ellipse of the moments"
        )
    image = np.where(stellar_mass >= floor, stellar_mass, 0.0).astype(np.float64)
    for attempt in range(_ATTEMPTS):
        fitted = _fit(image, replace(start, semi_major=start.semi_major * 1.1**attempt))
        if fitted is not None:
            return replace(fitted, semi_major=start.semi_major)
    raise InputError(
        f"no isophote could be fitted near the half-mass radius of {start.semi_major:.1f} pixels; "
        "use the ellipse of the moments"
    )


def _fit(image: NDArray[np.float64], start: Ellipse) -> Ellipse | None:
    """Isophote of one semi-major axis, or None where the fit does not converge."""
    import warnings

    from photutils.isophote import Ellipse as Isophotes
    from photutils.isophote import EllipseGeometry

    geometry = EllipseGeometry(
        start.x, start.y, start.semi_major, 1.0 - start.axis_ratio, start.position_angle
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        isophote = Isophotes(image, geometry).fit_isophote(start.semi_major)
    # Codes 0 and 2 are fits, the latter after the last iteration; others are failures.
    if isophote.stop_code not in (0, 2) or not np.isfinite([isophote.eps, isophote.pa]).all():
        return None
    return Ellipse(
        x=float(isophote.x0),
        y=float(isophote.y0),
        semi_major=start.semi_major,
        axis_ratio=float(1.0 - isophote.eps),
        position_angle=float((isophote.pa + np.pi / 2) % np.pi - np.pi / 2),
    )
