"""How each property is drawn: colour map, scale, limits and label.

Colour maps are perceptually ordered (lightness rises all the way), can be read by the
colour-blind, and differ from family to family, so that two maps are never taken for each other.
Diverging ones are kept for what has a sign: residuals.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import DERIVED, EXCESSES, PROPERTIES, DerivedProperty, Excess, Property

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

__all__ = [
    "EMPTY_COLOUR",
    "RESIDUAL_COLOUR_MAP",
    "RESIDUAL_LIMIT",
    "STYLES",
    "PropertyStyle",
    "colour_map",
    "drawn_values",
    "limits_of",
    "style_of",
    "unit_text",
]

RESIDUAL_COLOUR_MAP = "RdBu_r"
RESIDUAL_LIMIT = 1.0
"""Residual maps run from minus to plus this many dex."""

EMPTY_COLOUR = "#d9d9d9"
"""Drawn where a map holds no value."""

_RAMP_HUES = {"amber": 75.0, "rose": 355.0, "blue": 250.0, "teal": 180.0, "violet": 295.0}
"""Hue angle in OKLab [degrees] of the ramps made here."""

_LMS_TO_LINEAR_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)

_DYNAMIC_RANGE = 4.5  # dex below the brightest pixels that a logarithmic map shows at most


@dataclass(frozen=True, slots=True)
class PropertyStyle:
    """Style of one additive or derived property.

    Parameters
    ----------
    name : str
        Name of the property in `picassso.core`.
    title : str
        In words.
    symbol : str
        Mathtext.
    unit : str
        Mathtext; empty where dimensionless.
    colour_map : str
        Name of a matplotlib colour map, or of one of the ramps made here.
    logarithmic : bool
        Whether log10 of the map is drawn.
    limits : (float, float)
        Typical lowest and highest value drawn; in dex where `logarithmic`.
    """

    name: str
    title: str
    symbol: str
    unit: str
    colour_map: str
    logarithmic: bool
    limits: tuple[float, float]

    @property
    def label(self) -> str:
        """Label of a colour bar: symbol and unit, in dex where logarithmic."""
        if self.logarithmic:
            inside = f"{self.symbol} / {self.unit}" if self.unit else self.symbol
            return rf"$\log_{{10}}$ {inside}"
        return f"{self.symbol} [{self.unit}]" if self.unit else self.symbol


_UNIT_WORDS = {"solMass": r"M_\odot", "yr": r"\mathrm{yr}", "kpc": r"\mathrm{kpc}", "Gyr": "Gyr"}


def unit_text(unit: str) -> str:
    r"""Mathtext of a unit in FITS standard form: ``"solMass kpc-2"`` to ``$M_\odot\,...$``."""
    words = []
    for word in unit.split():
        base = word.rstrip("-0123456789")
        power = word[len(base) :]
        symbol = _UNIT_WORDS.get(base, base)
        symbol = symbol if symbol.startswith(("\\", "M_")) else rf"\mathrm{{{symbol}}}"
        words.append(symbol + (f"^{{{power}}}" if power else ""))
    return "$" + r"\,".join(words) + "$" if words else ""


# name: (words, colour map, logarithmic, lowest, highest). The lowest values are the floors of
# picassso.core; the highest are those of the centres of massive galaxies.
_DRAWN: dict[str, tuple[str, str, bool, float, float]] = {
    "stellar_mass": ("stellar mass", "inferno", True, 5.0, 9.7),
    "stellar_metal_mass": ("stellar metals", "amber", True, 3.0, 8.0),
    "stellar_age_mass": ("age × stellar mass", "viridis", True, 5.5, 10.7),
    "star_formation_rate": ("star formation rate", "rose", True, -5.0, 0.0),
    "gas_mass": ("gas mass", "blue", True, 5.0, 8.5),
    "gas_metal_mass": ("gas metals", "teal", True, 3.0, 6.7),
    "hi_mass": ("neutral hydrogen", "violet", True, 5.0, 8.2),
    "stellar_age": ("stellar age", "viridis", False, 0.0, 13.5),
    "stellar_metallicity": ("stellar metallicity", "amber", True, -2.8, -1.0),
    "gas_metallicity": ("gas metallicity", "teal", True, -2.8, -1.0),
    "specific_star_formation_rate": ("specific SFR", "rose", True, -13.0, -8.5),
    "gas_fraction": ("gas fraction", "blue", True, -2.5, 1.0),
    "atomic_hi_mass": ("atomic hydrogen", "violet", True, 5.0, 8.2),
}

_DEFINED: dict[str, Property | DerivedProperty | Excess] = {**PROPERTIES, **DERIVED, **EXCESSES}

STYLES: dict[str, PropertyStyle] = {
    name: PropertyStyle(
        name=name,
        title=_DRAWN[name][0],
        symbol=p.label,
        unit=unit_text(p.unit),
        colour_map=_DRAWN[name][1],
        logarithmic=_DRAWN[name][2],
        limits=_DRAWN[name][3:],
    )
    for name, p in _DEFINED.items()
}
"""Style of every additive and derived property."""


def style_of(name: str) -> PropertyStyle:
    """Style of a property; a name that has none raises KeyError naming those that do."""
    try:
        return STYLES[name]
    except KeyError:
        raise KeyError(f"no style for {name!r}; there are {sorted(STYLES)}") from None


def colour_map(name: str) -> Colormap:
    """Colour map of a property, drawn grey where there is no value."""
    import matplotlib

    chosen = style_of(name).colour_map
    ramp = _ramp(_RAMP_HUES[chosen]) if chosen in _RAMP_HUES else matplotlib.colormaps[chosen]
    return ramp.with_extremes(bad=EMPTY_COLOUR)


@lru_cache(maxsize=16)
def _ramp(hue: float) -> Colormap:
    """From near black through one hue to near white, lightness rising evenly.

    Made in OKLab (Ottosson 2020, https://bottosson.github.io/posts/oklab), a space in which equal
    steps look equal, with the strongest colour that sRGB holds at each lightness, up to a smooth
    limit.
    """
    from matplotlib.colors import ListedColormap

    t = np.linspace(0.0, 1.0, 256)[:, None]
    lightness = 0.1 + 0.87 * t
    chroma = 0.17 * np.sin(np.pi * t) ** 0.7 * np.linspace(0.0, 1.0, 101)
    a, b = chroma * np.cos(np.radians(hue)), chroma * np.sin(np.radians(hue))
    lms = np.stack(
        [
            lightness + 0.3963377774 * a + 0.2158037573 * b,
            lightness - 0.1055613458 * a - 0.0638541728 * b,
            lightness - 0.0894841775 * a - 1.2914855480 * b,
        ],
        axis=-1,
    )
    linear = lms**3 @ _LMS_TO_LINEAR_RGB.T
    inside = ((linear >= 0) & (linear <= 1)).all(axis=-1)
    strongest = np.argmin(inside, axis=1) - 1  # the first chroma outside comes after the last in
    strongest[inside.all(axis=1)] = chroma.shape[1] - 1
    rgb = np.take_along_axis(linear, strongest[:, None, None], axis=1)[:, 0]
    encoded = np.where(rgb <= 0.0031308, 12.92 * rgb, 1.055 * rgb ** (1 / 2.4) - 0.055)
    return ListedColormap(np.clip(encoded, 0, 1))


def drawn_values(values: ArrayLike, name: str) -> NDArray[np.float32]:
    """What is drawn of a map: its log10 or itself.

    Parameters
    ----------
    values : array_like
        Linear map in the unit of the property.
    name : str
        Name of the property.

    Returns
    -------
    array
        Same shape; NaN only where `values` is. Zeros and negative values of a logarithmic map
        are drawn at the bottom of the scale (``-inf``): they are known to be low, not unknown.
    """
    values = np.asarray(values, dtype=np.float32)
    if not style_of(name).logarithmic:
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log10(np.maximum(values, np.float32(0.0)))


def limits_of(name: str, *maps: ArrayLike) -> tuple[float, float]:
    """Lowest and highest value to draw, one scale for all of the maps given.

    Parameters
    ----------
    name : str
        Name of the property.
    *maps : array_like
        Linear maps that will share the scale.

    Returns
    -------
    (float, float)
        Of an additive property, in dex: the top is the 99.9th percentile of the values above
        the lowest typical one, rounded up to half a dex, and the range at most 4.5 dex. The
        typical limits where nothing lies above, and of a ratio, so that ratios compare.
    """
    style = style_of(name)
    low, high = style.limits
    if name in DERIVED:
        return low, high
    tops = []
    for values in maps:
        drawn = drawn_values(values, name)
        drawn = drawn[np.isfinite(drawn) & (drawn > low)]
        if drawn.size:
            tops.append(float(np.percentile(drawn, 99.9)))
    if not tops:
        return low, high
    top = max(np.ceil(max(tops) * 2.0) / 2.0, low + 1.0)
    return max(low, top - _DYNAMIC_RANGE), top
