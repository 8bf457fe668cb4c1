"""How scores are written in a report."""

from __future__ import annotations

import numpy as np

from picassso.studies.spectra import Score

__all__ = ["number_cell", "score_cell"]


def score_cell(score: Score, *, factor: float = 1.0, digits: int = 3) -> str:
    """A number with its error, or a dash; times a factor such as 100 for per cent."""
    text = number_cell(factor * score.value, digits)
    if not np.isfinite(score.value) or not np.isfinite(score.error):
        return text
    return f"{text} ± {factor * score.error:.{digits}f}"


def number_cell(value: float, digits: int = 3) -> str:
    """A number without error, or a dash; true minus signs, and none before a zero."""
    if not np.isfinite(value):
        return "–"
    text = f"{value:.{digits}f}"
    if text.startswith("-") and not text.strip("-0."):
        text = text[1:]
    return text.replace("-", "−")
