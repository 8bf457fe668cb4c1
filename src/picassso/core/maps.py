"""Maps: surface densities of physical properties, true or painted, and their totals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.core.errors import InputError
from picassso.core.properties import DERIVED, EXCESSES, PROPERTIES

__all__ = ["Maps", "Total"]


@dataclass(frozen=True, slots=True)
class Total:
    """Sum of one property over a region.

    Parameters
    ----------
    property : str
        Name of an additive or derived property.
    region : str
        ``"frame"`` or ``"2 half-mass radii"``.
    mean, p16, p50, p84 : float
        Expectation and quantiles, in `unit`.
    unit : str
        FITS standard form.
    """

    property: str
    region: str
    mean: float
    p16: float
    p50: float
    p84: float
    unit: str


@dataclass(frozen=True, slots=True)
class Maps:
    """Additive property maps of one galaxy on one pixel grid.

    Parameters
    ----------
    galaxy_id : str
        Name of the galaxy.
    view : int
        Number of the camera (0 for a real image).
    properties : tuple of str
        Names of the maps in `cube`.
    cube : (P, H, W) float32 array
        Surface densities, linear, in the units of `picassso.core.PROPERTIES`; of a painting, the
        mean of the predicted distribution. NaN throughout where the property is absent.
    pixel_area : float
        kpc^2 per pixel.
    std, p16, p50, p84 : (P, H, W) float32 array or None
        1 sigma and quantiles of a painting.
    mask : (H, W) bool array or None
        True where the image could not be used.
    wcs : astropy.wcs.WCS or None
        Celestial WCS of the pixel grid.
    totals : tuple of Total
        Sums over regions, of a painting.
    flags : tuple of str
        Short words for machines, such as ``"star_formation_rate_from_stars"``.
    provenance : mapping of str to str
        Weights, version, conditions and assumptions.
    """

    galaxy_id: str
    view: int
    properties: tuple[str, ...]
    cube: NDArray[np.float32]
    pixel_area: float
    std: NDArray[np.float32] | None = None
    p16: NDArray[np.float32] | None = None
    p50: NDArray[np.float32] | None = None
    p84: NDArray[np.float32] | None = None
    mask: NDArray[np.bool_] | None = None
    wcs: Any = None
    totals: tuple[Total, ...] = ()
    flags: tuple[str, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = []
        unknown = [p for p in self.properties if p not in PROPERTIES]
        if unknown:
            problems.append(f"unknown properties {unknown}, expected names of {list(PROPERTIES)}")
        if self.cube.ndim != 3 or self.cube.shape[0] != len(self.properties):
            problems.append(
                f"cube has shape {self.cube.shape}, expected "
                f"({len(self.properties)}, height, width)"
            )
        for name in ("std", "p16", "p50", "p84"):
            other = getattr(self, name)
            if other is not None and other.shape != self.cube.shape:
                problems.append(f"{name} has shape {other.shape}, expected {self.cube.shape}")
        if not self.pixel_area > 0:
            problems.append(f"pixel_area is {self.pixel_area}, expected a positive number of kpc^2")
        if problems:
            raise InputError(f"maps of {self.galaxy_id!r}: " + "; ".join(problems))

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.cube.shape[1], self.cube.shape[2]

    @property
    def units(self) -> tuple[str, ...]:
        """Unit of each map, FITS standard form."""
        return tuple(PROPERTIES[p].unit for p in self.properties)

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        """The map of an additive or derived property, (H, W)."""
        if name in self.properties:
            return self.cube[self.properties.index(name)]
        if name in DERIVED or name in EXCESSES:
            return self.derived(name)
        raise KeyError(f"no map {name!r}; there are {[*self.properties, *self.derived_names]}")

    @property
    def derived_names(self) -> tuple[str, ...]:
        """Names of the derived maps whose ingredients are present."""
        have = set(self.properties)
        ratios = [d.name for d in DERIVED.values() if {d.numerator, d.denominator} <= have]
        excesses = [e.name for e in EXCESSES.values() if {e.whole, e.part} <= have]
        return (*ratios, *excesses)

    def derived(self, name: str, rows: slice = slice(None)) -> NDArray[np.float32]:
        """Map of a derived property, or some rows of it.

        A ratio is NaN where its denominator lies below its floor. An excess is that of the means,
        and zero where there is none: see `picassso.core.EXCESSES`.
        """
        if name in EXCESSES:
            e = EXCESSES[name]
            excess = self[e.whole][rows] - np.float32(e.scale) * self[e.part][rows]
            return np.maximum(excess, np.float32(0.0))
        d = DERIVED[name]
        numerator, denominator = self[d.numerator][rows], self[d.denominator][rows]
        ok = denominator > PROPERTIES[d.denominator].floor
        out = np.full(numerator.shape, np.nan, dtype=np.float32)
        np.divide(d.scale * numerator, denominator, out=out, where=ok)
        return out

    def total(self, name: str, region: NDArray[np.bool_] | None = None) -> float:
        """Sum of an additive property [`total_unit`] over a region (default: unmasked frame)."""
        if region is None:
            region = np.ones(self.shape, bool) if self.mask is None else ~self.mask
        values = self.cube[self.properties.index(name)]
        return float(values[region].sum(dtype=np.float64) * self.pixel_area)
