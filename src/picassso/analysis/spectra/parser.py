"""The grammar of conditions. Nothing that is typed is ever run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn

import numpy as np

from picassso.analysis.spectra.expressions import CLASS, Comparison, Every, Not, OneOf, Part
from picassso.analysis.spectra.ratios import EMISSION_CLASSES
from picassso.core import InputError

__all__ = ["parse_condition"]

_TO_ANGSTROM = {"a": 1.0, "aa": 1.0, "angstrom": 1.0, "angstroms": 1.0, "nm": 10.0}
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<operator><=|>=|==|!=|<|>)
      | (?P<string>'[^']*'|"[^"]*")
      | (?P<word>[A-Za-z][A-Za-z0-9_]*)
      | (?P<bracket>[()])
    )""",
    re.VERBOSE,
)
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}
_DEEPEST = 50
"""Brackets and negations in each other."""


def parse_condition(text: str, units: Mapping[str, str]) -> Part:
    """Read a condition; see `Condition.parse`."""
    return _Parser(text, units).parse()


class _Parser:
    """Reads a condition from left to right, one function a rule of the grammar."""

    def __init__(self, text: str, units: Mapping[str, str]) -> None:
        self._text, self._units = text, units
        self._choices = {name.lower(): name for name in (*units, CLASS)}
        self._tokens = self._split()
        self._next, self._depth = 0, 0

    def parse(self) -> Part:
        """The whole text."""
        node = self._or()
        if self._kind() != "end":
            self._fail("'and', 'or' or the end")
        return node

    def _split(self) -> list[tuple[str, str, int]]:
        """(kind, text, position) of every word."""
        tokens, at = [], 0
        end = len(self._text.rstrip())
        while at < end:
            match = _TOKEN.match(self._text, at)
            if match is None:
                at += len(self._text[at:]) - len(self._text[at:].lstrip())
                raise InputError(
                    f"condition {self._text!r}: cannot read {self._text[at]!r} at position {at + 1}"
                )
            kind = str(match.lastgroup)
            tokens.append((kind, match.group(kind), match.start(kind)))
            at = match.end()
        return [*tokens, ("end", "the end", end)]

    def _or(self) -> Part:
        parts = [self._and()]
        while self._take_word("or"):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else OneOf(tuple(parts))

    def _and(self) -> Part:
        parts = [self._not()]
        while self._take_word("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _not(self) -> Part:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise InputError(f"condition {self._text!r}: more than {_DEEPEST} levels of brackets")
        if self._take_word("not"):
            node: Part = Not(self._not())
        elif self._take("bracket", "("):
            node = self._or()
            if not self._take("bracket", ")"):
                self._fail("')'")
        else:
            node = self._comparison()
        self._depth -= 1
        return node

    def _comparison(self) -> Part:
        """A quantity and one number, or a quantity between two."""
        left: tuple[float, str] | None = None
        if self._kind() == "number":
            left = self._number()
            operator = _MIRRORED[self._operator()]
        name = self._name()
        parts: list[Part] = []
        if left is not None:
            parts.append(self._compare(name, operator, *left))
        if left is None or self._kind() == "operator":
            parts.append(self._value(name, self._operator()))
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _value(self, name: str, operator: str) -> Comparison:
        """What follows an operator."""
        if name != CLASS:
            return self._compare(name, operator, *self._number())
        kind, text, _ = self._tokens[self._next]
        classes = {c.lower(): c for c in EMISSION_CLASSES}
        known = kind == "string" and text[1:-1].lower() in classes
        if not known or operator not in ("==", "!="):
            self._fail(f"class == or != one of {list(EMISSION_CLASSES)}, in quotes")
        self._next += 1
        return Comparison(CLASS, operator, classes[text[1:-1].lower()])

    def _compare(self, name: str, operator: str, value: float, unit: str) -> Comparison:
        number = self._in_unit(name, value, unit)
        return Comparison(name, operator, number, self._units[name])

    def _number(self) -> tuple[float, str]:
        """A number and its unit, if there is one."""
        if self._kind() != "number":
            self._fail("a number")
        value, unit = float(self._tokens[self._next][1]), ""
        self._next += 1
        if not np.isfinite(value):
            raise InputError(f"condition {self._text!r}: a number is too large")
        if self._kind() == "word" and self._word() not in ("and", "or", "not"):
            unit = self._tokens[self._next][1]
            self._next += 1
        return value, unit

    def _in_unit(self, name: str, value: float, unit: str) -> float:
        """A number in the unit of a quantity."""
        if name == CLASS:
            self._fail(f"class == or != one of {list(EMISSION_CLASSES)}, in quotes")
        if not unit:
            return value
        if self._units[name] != "Angstrom":
            raise InputError(
                f"condition {self._text!r}: {name} is in {self._units[name] or 'no unit'}; "
                f"give the number alone, without {unit!r}"
            )
        if unit.lower() not in _TO_ANGSTROM:
            raise InputError(
                f"condition {self._text!r}: unknown unit {unit!r} of {name}; use A or nm"
            )
        return value * _TO_ANGSTROM[unit.lower()]

    def _name(self) -> str:
        """A quantity as it is spelled, ``EW(Halpha)`` as ``EW_Halpha``."""
        if self._kind() != "word":
            self._fail("the name of a quantity")
        name, at = self._tokens[self._next][1], self._next
        self._next += 1
        if self._take("bracket", "("):
            inner = self._tokens[self._next][1]
            if self._kind() not in ("word", "number"):
                self._fail("the name of a line")
            self._next += 1
            if not self._take("bracket", ")"):
                self._fail("')'")
            name = f"{name}_{inner}"
        if name.lower() not in self._choices:
            self._next = at
            raise InputError(
                f"condition {self._text!r}: unknown quantity {name!r}; choose one of "
                f"{sorted(self._choices.values())}"
            )
        return self._choices[name.lower()]

    def _operator(self) -> str:
        if self._kind() != "operator":
            self._fail("one of <, <=, >, >=, ==, !=")
        self._next += 1
        return self._tokens[self._next - 1][1]

    def _kind(self) -> str:
        return self._tokens[self._next][0]

    def _word(self) -> str:
        return self._tokens[self._next][1].lower()

    def _take_word(self, word: str) -> bool:
        return self._take("word", word)

    def _take(self, kind: str, text: str) -> bool:
        """Step over what is expected, if it is there."""
        found = self._kind() == kind and self._word() == text
        self._next += found
        return found

    def _fail(self, expected: str) -> NoReturn:
        _, text, at = self._tokens[self._next]
        raise InputError(
            f"condition {self._text!r}: found {text!r} at position {at + 1}, expected {expected}"
        )
