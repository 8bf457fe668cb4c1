"""Residual statistics as tables: for spreadsheets, for documents and for the terminal."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from picassso.analysis import (
    MINIMUM_GALAXIES,
    BinnedResiduals,
    Counts,
    ResidualStatistics,
    Statistic,
)
from picassso.studies.evaluation.quantities import Quantity

if TYPE_CHECKING:
    from picassso.studies.evaluation.findings import MethodScores

__all__ = [
    "bins_csv",
    "bins_markdown",
    "csv_table",
    "filled_bins",
    "markdown_table",
    "method_totals_csv",
    "print_table",
    "range_text",
    "statistic_text",
]

_SHOWN_IN_BINS = ("stellar_mass", "star_formation_rate", "gas_mass")

_SHOWN = {
    "linear_bias": "linear bias",
    "median_bias": "median bias",
    "sigma": "sigma",
    "robust_sigma": "robust sigma",
    "outlier_fraction": "outliers",
    "coverage": "coverage",
    "painted_bias": "painted bias",
}


def csv_table(rows: Sequence[ResidualStatistics]) -> str:
    """One line a property and kind, every statistic with its error, every count.

    Numbers are written in full, so that whoever rounds them rounds once.
    """
    header = ["property", "kind", "abs_linear_bias", *_statistics_header()]
    return _csv(
        header,
        (
            [row.property, row.kind, _full(abs(row.linear_bias.value)), *_statistics_cells(row)]
            for row in rows
        ),
    )


def bins_csv(bins: Sequence[BinnedResiduals]) -> str:
    """One line a bin and property; cells of what is not known are empty."""
    header = ["quantity", "low", "high", "property", "galaxies", "note"]
    header += ["residual_p16", "residual_p84", *_statistics_header()]
    return _csv(header, (["" if c == "nan" else c for c in _bin_cells(b)] for b in bins))


def _bin_cells(b: BinnedResiduals) -> list[str]:
    note = f"fewer than {MINIMUM_GALAXIES} galaxies" if b.few else ""
    cells = [b.quantity, f"{b.low:g}", f"{b.high:g}", b.statistics.property, str(b.galaxies), note]
    return [*cells, _full(b.p16), _full(b.p84), *_statistics_cells(b.statistics)]


def _full(number: float) -> str:
    """The shortest text that reads back as the same number."""
    return repr(float(number))


def _statistics_header() -> list[str]:
    header = [word for name in _SHOWN for word in (name, f"{name}_error")]
    return header + [f.name for f in fields(Counts)]


def _statistics_cells(row: ResidualStatistics) -> list[str]:
    """Every statistic with its error, and every count, in the order of the header."""
    statistics: list[Statistic] = [getattr(row, name) for name in _SHOWN]
    cells = [_full(number) for s in statistics for number in (s.value, s.error)]
    return cells + [str(getattr(row.counts, f.name)) for f in fields(Counts)]


def _csv(header: Sequence[str], lines: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return out.getvalue()


def method_totals_csv(methods: Sequence[MethodScores]) -> str:
    """Totals of every method, one line a property, view and method, not masked by the truth."""
    names = ("mean", "p16", "p50", "p84")
    lines: list[Sequence[Any]] = []
    for method in methods:
        views = method.views
        for p, true in views.true.items():
            columns = [true, *(getattr(views.predicted[p], name) for name in names)]
            numbers = ([f"{v:.6g}" for v in row] for row in zip(*columns, strict=True))
            whom = zip(views.galaxy_id.tolist(), views.row.tolist(), numbers, strict=True)
            lines += [(p, galaxy, row, method.method, *cells) for galaxy, row, cells in whom]
    header = ["property", "galaxy_id", "row", "method", "true", *names]
    return _csv(header, lines)


def markdown_table(rows: Sequence[ResidualStatistics]) -> str:
    """The same in short, for a document: totals and pixels in one line a property."""
    lines = [
        "| property | " + " | ".join([*_SHOWN.values(), "pixel coverage", "galaxy views"]) + " |",
        "|" + "---|" * (len(_SHOWN) + 3),
    ]
    pixels = {r.property: r for r in rows if r.kind == "pixel"}
    for row in (r for r in rows if r.kind == "total"):
        cells = [row.property, *(statistic_text(getattr(row, name)) for name in _SHOWN)]
        cells.append(
            statistic_text(pixels[row.property].coverage) if row.property in pixels else "–"
        )
        lines.append("| " + " | ".join([*cells, str(row.counts.used)]) + " |")
    return "\n".join(lines) + "\n"


def filled_bins(
    bins: Sequence[BinnedResiduals], quantity: str
) -> dict[tuple[float, float], dict[str, BinnedResiduals]]:
    """Bins of a quantity by their limits, then by property, empty ones at either end left out."""
    groups: dict[tuple[float, float], dict[str, BinnedResiduals]] = {}
    for b in bins:
        if b.quantity == quantity:
            groups.setdefault((b.low, b.high), {})[b.statistics.property] = b
    filled = [k for k, of in enumerate(groups.values()) if any(b.views for b in of.values())]
    first, last = (filled[0], filled[-1] + 1) if filled else (0, 0)
    return dict(list(groups.items())[first:last])


def bins_markdown(bins: Sequence[BinnedResiduals], quantities: Sequence[Quantity]) -> str:
    """Median bias and sigma of the main properties, one table a quantity, for a document."""
    painted = {b.statistics.property for b in bins}
    shown = [p for p in _SHOWN_IN_BINS if p in painted]
    parts = []
    for quantity in quantities:
        columns = [f"{p}: {word}" for p in shown for word in ("median bias", "sigma")]
        lines = [
            "| " + " | ".join([quantity.title, "views", *columns]) + " |",
            "|" + "---|" * (len(columns) + 2),
        ]
        for limits, of in filled_bins(bins, quantity.name).items():
            cells = [range_text(*limits), str(next(iter(of.values())).views)]
            for p in shown:
                few = f"too few ({of[p].galaxies})" if of[p].few else None
                statistics = of[p].statistics
                cells += [
                    few or statistic_text(s) for s in (statistics.median_bias, statistics.sigma)
                ]
            lines.append("| " + " | ".join(cells) + " |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def range_text(low: float, high: float) -> str:
    """Limits of a bin in words."""
    if np.isnan(low):
        return "not known"
    if np.isinf(low):
        return f"below {high:g}"
    return f"above {low:g}" if np.isinf(high) else f"{low:g} to {high:g}"


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
        lines = (statistic_text(c).replace(" ± ", "\n±") for c in cells)
        table.add_row(row.property, *lines, str(row.counts.used))
    console = Console()
    console.print(table)
    for row in totals:
        c = row.counts
        if c.below_floor or c.absent:
            console.print(
                f"{row.property}: views below the floor, in the linear bias alone: {c.below_floor} "
                f"({c.false_positive} of them painted above it); without truth: {c.absent}"
            )


def statistic_text(statistic: Statistic) -> str:
    """A number with its error, or a dash where it is not known."""
    if not np.isfinite(statistic.value):
        return "–"
    error = f" ± {statistic.error:.3f}" if np.isfinite(statistic.error) else ""
    return f"{statistic.value:.3f}{error}"
