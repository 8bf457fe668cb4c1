"""Room report: pages made of figures and numbers."""

from __future__ import annotations

from picassso.report.page import Plate, Section, Table, write_page

__all__ = ["Plate", "Section", "Table", "write_page"]
