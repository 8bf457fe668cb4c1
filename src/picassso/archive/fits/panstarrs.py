"""The stacks of Pan-STARRS: counts whose zero point goes with exposure time, and asinh pixels.

As told by the survey's archive (https://outerspace.stsci.edu/display/PANSTARRS) and Waters et al.
2020 (ApJS 251, 4): stacks are scaled to a zero point of 25 + 2.5 log10(exposure time), and whole
sky cells are stored as asinh magnitudes; cutouts are linear.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from picassso.archive.fits.planes import Plane
from picassso.core import InputError

__all__ = ["asinh_slope", "counts_from_asinh", "is_asinh", "stack_zero_point"]

_COUNT_OF_A_SECOND = 25.0
_POGSON = 2.5 / np.log(10.0)


def stack_zero_point(plane: Plane) -> float | None:
    """Magnitude of one count; None if the plane is no stack of Pan-STARRS."""
    if str(plane.lookup("FPA.TELESCOPE", "TELESCOP") or "").strip().upper() != "PS1":
        return None
    _, seconds, unusable = plane.positive("EXPTIME")
    if seconds is None:
        raise InputError(
            f"{plane.source}: a stack of Pan-STARRS with {' and '.join(unusable) or 'no EXPTIME'}, "
            "expected the exposure time [s] that its zero point goes with; set EXPTIME"
        )
    return _COUNT_OF_A_SECOND + 2.5 * float(np.log10(seconds))


def is_asinh(plane: Plane) -> bool:
    """Whether pixels are asinh magnitudes: BSOFTEN and BOFFSET are in the header."""
    return plane.lookup("BSOFTEN") is not None and plane.lookup("BOFFSET") is not None


def counts_from_asinh(plane: Plane, values: NDArray) -> NDArray[np.float64]:
    """Linear counts: ``BOFFSET + 2 BSOFTEN sinh(value / 1.0857)``."""
    softening, offset = _scaling(plane)
    return offset + 2.0 * softening * np.sinh(np.asarray(values, np.float64) / _POGSON)


def asinh_slope(plane: Plane, counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Counts per unit of asinh magnitude, at linear counts."""
    softening, offset = _scaling(plane)
    return np.hypot(2.0 * softening, counts - offset) / _POGSON


def _scaling(plane: Plane) -> tuple[float, float]:
    """BSOFTEN and BOFFSET, if they can be used; else InputError."""
    _, softening, unusable = plane.positive("BSOFTEN")
    offset = plane.lookup("BOFFSET")
    if softening is None or not isinstance(offset, (int, float)) or not np.isfinite(offset):
        found = " and ".join([*unusable, f"BOFFSET = {offset!r}"])
        raise InputError(
            f"{plane.source}: {found}, expected the positive softening and the offset of asinh "
            "magnitudes; mend the header, or download the image again"
        )
    return softening, float(offset)
