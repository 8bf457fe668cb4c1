"""What conditions are made of, and where it is true."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.spectra.ratios import EMISSION_CLASSES

__all__ = ["CLASS", "Comparison", "Every", "Not", "OneOf", "Part", "quantities"]

CLASS = "class"
"""Name of the class of emission, whose values are those of `EMISSION_CLASSES`."""

_OPERATORS: dict[str, Callable[..., NDArray[np.bool_]]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}

Truth = tuple[NDArray[np.bool_], NDArray[np.bool_]]
"""Where something is certainly true, and where it is certainly false; elsewhere not known."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A quantity beside a number in its unit, or the class beside a name."""

    name: str
    operator: str
    value: float | str
    unit: str = field(default="", compare=False)
    """Of the quantity, for whoever reads it."""

    def truth(self, samples: Mapping[str, NDArray]) -> Truth:
        """Compare; what is NaN is neither true nor false. Classes come by number or by name."""
        found = samples[self.name]
        if isinstance(self.value, str):
            by_number = np.issubdtype(found.dtype, np.number)
            value = EMISSION_CLASSES.index(self.value) if by_number else self.value
            holds, known = _OPERATORS[self.operator](found, value), np.ones(found.shape, bool)
        else:
            holds, known = _OPERATORS[self.operator](found, self.value), ~np.isnan(found)
        return holds & known, ~holds & known

    def __str__(self) -> str:
        if isinstance(self.value, str):
            return f"{self.name} {self.operator} '{self.value}'"
        kind, _, line = self.name.partition("_")
        name = f"EW({line})" if kind == "EW" and line else self.name
        # All digits, so that it is read as the same number again.
        value = repr(float(self.value)).removesuffix(".0")
        # Only wavelengths may be typed with a unit.
        return f"{name} {self.operator} {value}" + (" A" if self.unit == "Angstrom" else "")


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a part."""

    part: Part

    def truth(self, samples: Mapping[str, NDArray]) -> Truth:
        """Where the part is false, and where it is true."""
        true, false = self.part.truth(samples)
        return false, true

    def __str__(self) -> str:
        return f"not ({self.part})"


@dataclass(frozen=True, slots=True)
class Every:
    """Several parts joined by ``and``."""

    parts: tuple[Part, ...]

    def truth(self, samples: Mapping[str, NDArray]) -> Truth:
        """True where all parts are, false where one is."""
        true, false = zip(*(p.truth(samples) for p in self.parts), strict=True)
        return np.logical_and.reduce(true), np.logical_or.reduce(false)

    def __str__(self) -> str:
        return " and ".join(f"({p})" for p in self.parts)


@dataclass(frozen=True, slots=True)
class OneOf:
    """Several parts joined by ``or``."""

    parts: tuple[Part, ...]

    def truth(self, samples: Mapping[str, NDArray]) -> Truth:
        """True where one part is, false where all are."""
        true, false = zip(*(p.truth(samples) for p in self.parts), strict=True)
        return np.logical_or.reduce(true), np.logical_and.reduce(false)

    def __str__(self) -> str:
        return " or ".join(f"({p})" for p in self.parts)


Part = Comparison | Not | Every | OneOf


def quantities(node: Part) -> list[str]:
    """Quantities of a part, in order."""
    if isinstance(node, Comparison):
        return [node.name]
    parts = (node.part,) if isinstance(node, Not) else node.parts
    return [name for part in parts for name in quantities(part)]
