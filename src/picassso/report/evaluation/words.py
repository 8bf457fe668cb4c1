"""How numbers and names are written in a report."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from picassso.analysis import Protocol, Statistic
from picassso.figures import STYLES
from picassso.studies.evaluation.tables import statistic_text

__all__ = ["PROTOCOLS", "cell", "listed", "number", "plural", "share", "title", "titles"]


def title(name: str) -> str:
    """Of a property, in words; of anything else, its name without underscores."""
    return STYLES[name].title if name in STYLES else name.replace("_", " ")


def titles(names: Iterable[str]) -> dict[str, str]:
    """The title of each name."""
    return {name: title(name) for name in names}


def cell(statistic: Statistic) -> str:
    """A number with its error, or a dash."""
    return _signed(statistic_text(statistic))


def number(value: float, digits: int = 3) -> str:
    """A number without error, or a dash."""
    return _signed(f"{value:.{digits}f}") if np.isfinite(value) else "–"


def _signed(text: str) -> str:
    """True minus signs, and none before a zero."""
    value, *error = text.split(" ")
    if value.startswith("-") and not value.strip("-0."):
        value = value[1:]
    return " ".join([value, *error]).replace("-", "−")


def share(part: int, whole: int) -> str:
    """A part in per cent of a whole."""
    return f"{100 * part / whole:.1f}%" if whole else "–"


def plural(count: int, noun: str, nouns: str = "") -> str:
    """A count with its noun; `nouns` where more than an s is added."""
    return f"{count} {noun if count == 1 else nouns or noun + 's'}"


def listed(words: Iterable[str]) -> str:
    """One, two and three."""
    *most, last = list(words) or [""]
    return f"{', '.join(most)} and {last}" if most else last


PROTOCOLS = tuple(Protocol)
"""Honest, then paper: the order of rows in every table."""
