"""How emission lines are measured: windows, sidebands, and what of a line falls where."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import erf

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.spectra.bands import Band, band_positions
from picassso.core import LIGHT_SPEED, InputError, get_line, pixel_edges

__all__ = ["MEASURED_LINES", "LineFunctional", "line_functional", "measured_line"]

_DISPERSION = 130.0
"""km s^-1, of gas and spectrograph, with which the light of blended lines is shared out."""


_NII_RATIO = 3.05
"""[N II] 6585 over 6550, fixed by atomic physics: Storey & Zeippen 2000 (MNRAS 312, 813)."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Lines that blend, with a window each, between two sidebands.

    A line is a name and the emission lines that come with it, each with its part of the flux that
    is quoted.
    """

    lines: tuple[tuple[str, tuple[tuple[str, float], ...]], ...]
    edges: tuple[float, ...]
    blue: tuple[float, float]
    red: tuple[float, float]


def _single(
    name: str, window: tuple[float, float], blue: tuple[float, float], red: tuple[float, float]
) -> _Group:
    """A line by itself."""
    return _Group(((name, ((name, 1.0),)),), window, blue, red)


# Vacuum. Sidebands as in the data analysis pipeline of MaNGA (Belfiore et al. 2019, AJ 158, 160),
# which follow Yan et al. 2006 (ApJ 648, 281), but further out of [O III] and [O I], whose wings
# pixels of 270 km/s would carry into them, and those of [O II] about the middle of its doublet.
# Hgamma and Hdelta: sidebands of Worthey & Ottaviani 1997 (ApJS 111, 377). Windows of blends touch
# halfway between the lines, for no light to be lost.
_GROUPS = (
    _Group(
        (("OII", (("OII3727", 0.5), ("OII3730", 0.5))),),
        (3717.5, 3739.5),
        (3697.5, 3717.5),
        (3739.5, 3759.5),
    ),
    _single("Hdelta", (4091.9, 4113.9), (4042.7, 4082.7), (4129.7, 4162.2)),
    _single("Hgamma", (4330.7, 4352.7), (4284.7, 4321.0), (4368.5, 4421.0)),
    _single("Hbeta", (4850.7, 4874.7), (4798.9, 4838.9), (4885.6, 4925.6)),
    _single("OIII5008", (4995.2, 5021.2), (4974.2, 4994.2), (5023.2, 5043.2)),
    # Between it and its red sideband lies [S III] 6314.
    _single("OI6302", (6291.0, 6313.0), (6262.0, 6286.0), (6320.0, 6344.0)),
    _Group(
        (
            ("Halpha", (("Halpha", 1.0),)),
            ("NII6585", (("NII6585", 1.0), ("NII6550", 1.0 / _NII_RATIO))),
        ),
        (6533.0, 6574.9, 6602.0),
        (6483.0, 6513.0),
        (6623.0, 6653.0),
    ),
    _Group(
        (("SII6718", (("SII6718", 1.0),)), ("SII6733", (("SII6733", 1.0),))),
        (6704.0, 6725.5, 6747.0),
        (6673.0, 6703.0),
        (6748.0, 6778.0),
    ),
)
_SUMS = {"SII": ("SII6718", "SII6733")}

MEASURED_LINES: tuple[str, ...] = (*(n for g in _GROUPS for n, _ in g.lines), *_SUMS)
"""Lines of which fluxes and equivalent widths are measured; ``OII`` and ``SII`` are sums of two."""


@dataclass(frozen=True, slots=True)
class LineFunctional:
    """Flux and continuum of a line as combinations of means over bands.

    Parameters
    ----------
    bands : tuple of Band
        B of them.
    flux : (B,) array
        Of the line's flux [Angstrom].
    continuum : (B,) array
        Of the flux density of the continuum at the line.
    """

    bands: tuple[Band, ...]
    flux: NDArray[np.float64]
    continuum: NDArray[np.float64]


def line_functional(wavelength: NDArray[np.float64], line: str) -> LineFunctional:
    """How a line is measured on pixels of these wavelengths.

    The continuum is the straight line through the means of the two sidebands. What lies above it
    in the windows of a group of lines is shared out so that lines of 130 km/s dispersion are
    recovered exactly; their sum depends little on that number. [N II] 6550 is taken as
    [N II] 6585 / 3.05.

    Parameters
    ----------
    wavelength : (L,) array
        Of the pixels' centres [Angstrom, vacuum, at rest].
    line : str
        One of `MEASURED_LINES`, whatever its case.

    Raises
    ------
    InputError
        If the line is unknown or not reached by the wavelengths.
    """
    wave = np.asarray(wavelength, dtype=np.float64)
    return _functional(wave.tobytes(), measured_line(line))


def measured_line(name: str) -> str:
    """A line as it is spelled in `MEASURED_LINES`, whatever the case of what is typed."""
    for known in MEASURED_LINES:
        if known.lower() == name.lower():
            return known
    raise InputError(f"line {name!r} is not measured; choose one of {list(MEASURED_LINES)}")


@lru_cache(maxsize=256)
def _functional(wavelength: bytes, line: str) -> LineFunctional:
    """`line_functional` of a name as it is spelled."""
    wave = np.frombuffer(wavelength)
    parts = _SUMS.get(line, (line,))
    group = next(g for g in _GROUPS if parts[0] in dict(g.lines))
    windows = [
        Band(a, b, whole=True) for a, b in zip(group.edges[:-1], group.edges[1:], strict=True)
    ]
    bands = (*windows, Band(*group.blue), Band(*group.red))
    position, width = band_positions(wave, bands)
    shares = np.array([_shares(wave, windows, members) for _, members in group.lines])
    # Rows: lines; columns: windows.
    unmix = np.linalg.inv(shares.T)
    chosen = np.array([name in parts for name, _ in group.lines])
    per_window = chosen @ unmix * width[:-2]
    flux = np.append(per_window, [0.0, 0.0])
    for weight, where in zip(per_window, position[:-2], strict=True):
        flux[-2:] -= weight * _straight(where, position[-2], position[-1])
    centre = np.mean([_centre(members) for name, members in group.lines if name in parts])
    continuum = np.zeros(len(bands))
    continuum[-2:] = _straight(float(centre), position[-2], position[-1])
    return LineFunctional(bands, flux, continuum)


def _straight(where: float, blue: float, red: float) -> NDArray[np.float64]:
    """What two sidebands weigh in the straight line through them at a wavelength."""
    towards_red = (where - blue) / (red - blue)
    return np.array([1.0 - towards_red, towards_red])


def _centre(members: tuple[tuple[str, float], ...]) -> float:
    """Wavelength at which a line's continuum is taken: of its strongest member, or between two."""
    strongest = max(part for _, part in members)
    return float(np.mean([get_line(n).wavelength for n, part in members if part == strongest]))


def _shares(
    wavelength: NDArray[np.float64],
    windows: list[Band],
    members: tuple[tuple[str, float], ...],
) -> NDArray[np.float64]:
    """What part of the flux of a line falls into each window, once it is in pixels."""
    edges = pixel_edges(wavelength)
    light = np.zeros(wavelength.size)
    for member, part in members:
        centre = get_line(member).wavelength
        sigma = centre * _DISPERSION / LIGHT_SPEED
        z = (edges - centre) / (np.sqrt(2.0) * sigma)
        light += part * 0.5 * np.diff([erf(v) for v in z])
    inside = [
        np.clip(np.minimum(w.high, edges[1:]) - np.maximum(w.low, edges[:-1]), 0.0, None)
        for w in windows
    ]
    return np.array([(light * i / np.diff(edges)).sum() for i in inside])
