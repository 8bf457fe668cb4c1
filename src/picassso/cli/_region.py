"""Places in an image on the command line: pixel boxes, and positions."""

from __future__ import annotations

import re
from typing import Any

from picassso.core.errors import InputError

__all__ = ["parse_box", "parse_position"]


def parse_box(text: str | None, *, option: str) -> tuple[int, int, int, int] | None:
    """(x0, x1, y0, y1) of ``x0:x1,y0:y1``; None of None.

    Raises
    ------
    InputError
        If the text, which was given to `option`, is none.
    """
    if text is None:
        return None
    found = re.fullmatch(r"(\d+):(\d+),(\d+):(\d+)", text.replace(" ", ""))
    if found is None:
        raise InputError(f"{option} {text}: expected x0:x1,y0:y1 in pixels, such as 100:356,50:306")
    x0, x1, y0, y1 = (int(n) for n in found.groups())
    return x0, x1, y0, y1


def parse_position(text: str | None, *, option: str) -> tuple[float, float] | Any | None:
    """Pixels (x, y) of ``X,Y``, or a SkyCoord where units are given: ``12h30m49.4s,+12d23m28s``.

    None of None.

    Raises
    ------
    InputError
        If the text, which was given to `option`, is neither.
    """
    if text is None:
        return None
    first, comma, second = text.partition(",")
    try:
        if comma and not re.search("[a-zA-Z:]", text):
            return float(first), float(second)
        if comma and re.search("[a-zA-Z]", first) and re.search("[a-zA-Z]", second):
            from astropy.coordinates import SkyCoord

            return SkyCoord(first.strip(), second.strip())
    except ValueError:
        pass
    raise InputError(
        f"{option} {text}: expected X,Y in pixels from 0, such as 31.5,40, or a place on the sky "
        "with its units, such as 187.7059d,12.3911d or 12h30m49.4s,+12d23m28s"
    )
