"""What a damaged store looks like to its reader, and what to do about it."""

from __future__ import annotations

__all__ = ["DAMAGED", "REMEDY"]

DAMAGED = (KeyError, ValueError, TypeError, RuntimeError, OSError)
"""What zarr raises where something is missing or damaged."""

REMEDY = "copy the data set again, or remove it and make it again"
"""Ends the message that says so."""
