"""Pixel boxes on the command line."""

from __future__ import annotations

import re

from picassso.core.errors import InputError

__all__ = ["parse_box"]


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
