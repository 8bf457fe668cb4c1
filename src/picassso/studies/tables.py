"""Residual statistics as tables: for spreadsheets, for documents and for the terminal."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from picassso.analysis import Counts, ResidualStatistics, Statistic

__all__ = ["csv_table", "markdown_table", "print_table"]

_SHOWN = {
    "linear_bias": "linear bias",
    "median_bias": "median bias",
    "sigma": "sigma",
    "robust_sigma": "robust sigma",
    "outlier_fraction": "outliers",
    "coverage": "coverage",
}


def csv_table(rows: Sequence[ResidualStatistics]) -> str:
    """One line a property and kind, every statistic with its error, every count."""
    counts = [f.name for f in fields(Counts)]
    header = ["property", "kind", "abs_linear_bias"]
    for name in _SHOWN:
        header += [name, f"{name}_error"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header + counts)
    for row in rows:
        line: list[Any] = [row.property, row.kind, f"{abs(row.linear_bias.value):.5f}"]
        for name in _SHOWN:
            statistic: Statistic = getattr(row, name)
            line += [f"{statistic.value:.5f}", f"{statistic.error:.5f}"]
        writer.writerow(line + [getattr(row.counts, c) for c in counts])
    return out.getvalue()


def markdown_table(rows: Sequence[ResidualStatistics]) -> str:
    """The same in short, for a document: totals and pixels in one line a property."""
    lines = [
        "| property | " + " | ".join([*_SHOWN.values(), "pixel coverage", "galaxy views"]) + " |",
        "|" + "---|" * (len(_SHOWN) + 3),
    ]
    pixels = {r.property: r for r in rows if r.kind == "pixel"}
    for row in (r for r in rows if r.kind == "total"):
        cells = [row.property, *(_cell(getattr(row, name)) for name in _SHOWN)]
        cells.append(_cell(pixels[row.property].coverage) if row.property in pixels else "–")
        lines.append("| " + " | ".join([*cells, str(row.counts.used)]) + " |")
    return "\n".join(lines) + "\n"


def print_table(rows: Sequence[ResidualStatistics]) -> None:
    """The totals in the terminal, pixel coverage beside them; 80 columns are enough."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(
        title="log10(true / predicted) of totals, in dex",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("property", no_wrap=True)
    shown = ("linear_bias", "median_bias", "sigma", "robust_sigma", "coverage")
    titles = [_SHOWN[name] for name in shown[:-1]] + ["68% of totals", "68% of pixels", "views"]
    for title in titles:
        table.add_column(title, justify="right")
    pixels = {r.property: r for r in rows if r.kind == "pixel"}
    totals = [r for r in rows if r.kind == "total"]
    for row in totals:
        cells = [getattr(row, name) for name in shown]
        cells += [pixels[row.property].coverage] if row.property in pixels else [Statistic(np.nan)]
        lines = (_cell(c).replace(" ± ", "\n±") for c in cells)
        table.add_row(row.property, *lines, str(row.counts.used))
    console = Console()
    console.print(table)
    for row in totals:
        c = row.counts
        if c.below_floor or c.absent:
            console.print(
                f"{row.property}: {c.below_floor} views below the floor left out "
                f"({c.false_positive} of them painted above it), {c.absent} without truth"
            )


def _cell(statistic: Statistic) -> str:
    if not np.isfinite(statistic.value):
        return "–"
    error = f" ± {statistic.error:.3f}" if np.isfinite(statistic.error) else ""
    return f"{statistic.value:.3f}{error}"
