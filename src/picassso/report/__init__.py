"""Room report: pages made of figures and numbers."""

from __future__ import annotations

from typing import Any

from picassso.report.evaluation import write_report
from picassso.report.page import Facts, Plate, Section, Table, write_page

__all__ = [
    "Facts",
    "Plate",
    "Section",
    "Table",
    "write_encoder_study",
    "write_page",
    "write_report",
    "write_study",
]


def __getattr__(name: str) -> Any:
    # Studies need what trains networks; the page of an evaluation does not.
    if name == "write_study":
        from picassso.report.study import write_study

        return write_study
    if name == "write_encoder_study":
        from picassso.report.encoder_study import write_encoder_study

        return write_encoder_study
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
