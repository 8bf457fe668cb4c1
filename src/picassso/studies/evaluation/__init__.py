"""What weights are worth: paint galaxies that they never saw, and compare."""

from __future__ import annotations

from picassso.studies.evaluation.findings import (
    Evaluation,
    Example,
    MethodScores,
    ProtocolScores,
    Views,
)
from picassso.studies.evaluation.run import evaluate

__all__ = ["Evaluation", "Example", "MethodScores", "ProtocolScores", "Views", "evaluate"]
