"""The manifest in the header of every weights file, whoever reads it: no torch in here."""

from __future__ import annotations

__all__ = ["FORMAT", "MANIFEST_KEY"]

FORMAT = 1
"""Newest version of the manifest, which this version writes."""

MANIFEST_KEY = "picassso"
"""Key of the manifest in the header of safetensors and ONNX files."""
