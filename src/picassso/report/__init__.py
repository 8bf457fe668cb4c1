"""Room report: pages made of figures and numbers."""

from __future__ import annotations

from picassso.report.evaluation import write_report
from picassso.report.page import Facts, Plate, Section, Table, write_page

__all__ = ["Facts", "Plate", "Section", "Table", "write_page", "write_report"]
