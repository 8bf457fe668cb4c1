"""Conditions that users type, such as ``EW(Halpha) > 30 A and class != 'LINER'``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.analysis.spectra.expressions import Part, quantities
from picassso.analysis.spectra.indices import INDICES
from picassso.analysis.spectra.parser import parse_condition
from picassso.core import InputError

__all__ = ["Condition"]


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on measured quantities.

    Parameters
    ----------
    root : Comparison, Not, Every or OneOf
        What it says.
    """

    root: Part

    @classmethod
    def parse(cls, text: str, *, units: Mapping[str, str] | None = None) -> Condition:
        """Read a condition.

        Comparisons (``<``, ``<=``, ``>``, ``>=``, ``==``, ``!=``) of a quantity with a number, also
        chained as in ``1.2 < D4000 < 1.5``, and of ``class`` with a name in quotes, joined by
        ``and``, ``or``, ``not`` and brackets. Quantities are named as in `INDICES`, whatever the
        case, ``EW(Halpha)`` being ``EW_Halpha``. A number may be followed by its unit where the
        quantity is a wavelength (``30 A``, ``3 nm``). Nothing that is typed is ever run.

        Parameters
        ----------
        text : str
            What the user typed.
        units : mapping of str to str, optional
            Names of the quantities there are, with their units; those of `INDICES` unless given.
            ``class`` is always there.

        Raises
        ------
        InputError
            Saying where the text cannot be read, or which names there are.
        """
        if units is None:
            units = {name: index.unit for name, index in INDICES.items()}
        return cls(parse_condition(text, units))

    @property
    def names(self) -> tuple[str, ...]:
        """Quantities that it needs, each once."""
        return tuple(dict.fromkeys(quantities(self.root)))

    def holds(self, samples: Mapping[str, ArrayLike]) -> NDArray[np.bool_]:
        """Where it is true; where what is not known (NaN) decides, it is not.

        Parameters
        ----------
        samples : mapping of str to (...) array
            By name; classes by number (see `classify`) or by name.

        Raises
        ------
        InputError
            If a quantity is missing, or shapes disagree.
        """
        missing = [name for name in self.names if name not in samples]
        if missing:
            raise InputError(f"condition '{self}' needs {missing}; there are {sorted(samples)}")
        arrays = {name: np.asarray(samples[name]) for name in self.names}
        shapes = {name: a.shape for name, a in arrays.items()}
        if len(set(shapes.values())) > 1:
            raise InputError(f"samples have shapes {shapes}, expected one shape")
        return self.root.truth(arrays)[0]

    def probability(self, samples: Mapping[str, ArrayLike]) -> NDArray[np.float64]:
        """(N,) part of each galaxy's (N, S) samples for which it is true."""
        return self.holds(samples).mean(axis=-1)

    def __str__(self) -> str:
        return str(self.root)
