"""Header cards that keep what they are given: all digits of a number, all letters of a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from astropy.io.fits import Card

__all__ = ["ascii_text", "exact_card", "plain_text"]


def exact_card(keyword: str, value: float, comment: str) -> Card:
    """Card of a finite number with all its digits; astropy would cut long ones to 20 characters."""
    from astropy.io import fits

    digits = repr(float(value)).upper()
    return fits.Card.fromstring(f"{keyword:<8}= {digits:>20} / {comment}")


def ascii_text(text: str) -> str:
    """Text that FITS can hold: line breaks, letters beyond ASCII, a last blank become escapes."""
    held = text.encode("unicode_escape").decode("ascii")
    # FITS drops blanks at the end of a string.
    return f"{held[:-1]}\\x20" if held.endswith(" ") else held


def plain_text(held: Any) -> str:
    """What `ascii_text` was given."""
    return str(held).encode("ascii").decode("unicode_escape")
