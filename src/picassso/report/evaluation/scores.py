"""Every number of an evaluation in one long table for machines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import fields
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from picassso.analysis import (
    ANNULUS_EDGES,
    Counts,
    Protocol,
    RelationComparison,
    Spread,
    Statistic,
    Trend,
)

if TYPE_CHECKING:
    from picassso.studies.evaluation import Evaluation
    from picassso.studies.evaluation.findings import MethodScores, ProtocolScores

__all__ = ["scores_csv"]

_COUNTS = tuple(f.name for f in fields(Counts))

_WHICH = ("protocol", "quantity", "property", "method", "by", "low", "high", "statistic")
_HEADER = (*_WHICH, "value", "error", *_COUNTS)

_NO_BIN = ("", "", "")

Line = Sequence[Any]


def scores_csv(evaluation: Evaluation) -> str:
    """Long form: a line a number, cells of what is not known empty.

    ``by``, ``low`` and ``high`` say which bin of what (``radius`` in half-mass radii, ``frequency``
    in cycles per half-mass radius, a quantity of the bins of totals, ``log_surface_density``, true,
    and ``log_predicted_surface_density`` in dex above the floor, ``log_signal_to_noise``);
    ``method`` is empty but where methods are compared. A ``method_difference`` is a method's score
    of totals less that of the network. Values and errors are written in full, so that whoever
    rounds them rounds once.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_HEADER)
    writer.writerows(
        [_text(*c) for c in zip(_HEADER, line, strict=True)] for line in _lines(evaluation)
    )
    return out.getvalue()


def _text(column: str, value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    if np.isnan(value):
        return ""
    return repr(value) if column in ("value", "error") else f"{value:.6g}"


def _lines(evaluation: Evaluation) -> Iterator[Line]:
    for protocol, scores in evaluation.scores.items():
        yield from _of_protocol(str(protocol), scores, evaluation.frequency_edges.tolist())
    honest = str(Protocol.HONEST)
    for protocol, density in (
        (Protocol.HONEST, "log_predicted_surface_density"),
        (Protocol.PAPER, "log_surface_density"),
    ):
        for by, trends in (
            (density, evaluation.by_surface_density[protocol]),
            ("log_signal_to_noise", evaluation.by_signal_to_noise[protocol]),
        ):
            for trend in trends:
                yield from _trend(str(protocol), trend, by)
    for d in evaluation.detections:
        yield from _statistics(honest, f"detections_{d.kind}", d)
    for flag, count in evaluation.flags.items():
        yield _line("", "flags", flag, "views", Statistic(float(count)))
    for m in evaluation.methods:
        yield from _method(m)


def _method(m: MethodScores) -> Iterator[Line]:
    """A method's time, what it was fitted to, its scores, and what it has more than the network."""
    honest = str(Protocol.HONEST)
    yield _line(honest, "method", "", "seconds", Statistic(float(m.seconds)), method=m.method)
    for words, views in zip(("training_views", "validation_views"), m.learnt_from, strict=True):
        number = Statistic(float(views))
        yield _line("", "method_fitted_to", "", words, number, method=m.method)
    for kind, of in (("method_total", m.totals), ("method_pixel", m.pixels)):
        for protocol, rows in of.items():
            for row in rows:
                yield from _statistics(str(protocol), kind, row, method=m.method)
    for d in m.differences:
        counts = Counts(used=d.used)
        yield from _statistics(honest, "method_difference", d, method=m.method, counts=counts)


def _of_protocol(protocol: str, scores: ProtocolScores, frequencies: list[float]) -> Iterator[Line]:
    for quantity in ("totals", "pixels", "gradients", "sizes", "concentrations"):
        for row in getattr(scores, quantity):
            yield from _statistics(protocol, quantity, row)
    for b in scores.bins:
        place = (b.quantity, b.low, b.high)
        yield from _statistics(protocol, "bins", b.statistics, place=place)
        for name in ("p16", "p84"):
            number = Statistic(float(getattr(b, name)))
            yield _line(protocol, "bins", b.statistics.property, name, number, place=place)
    for rows in scores.annuli.values():
        for (low, high), row in zip(pairwise((0.0, *ANNULUS_EDGES)), rows, strict=True):
            yield from _statistics(protocol, "annuli", row, place=("radius", low, high))
    for name, of in scores.similarity.items():
        yield from _spread(protocol, "similarity", name, of)
    for quantity in ("power_ratio", "correlation"):
        for name, spreads in getattr(scores, quantity).items():
            for (low, high), of in zip(pairwise(frequencies), spreads, strict=True):
                yield from _spread(protocol, quantity, name, of, place=("frequency", low, high))
    for d in scores.distances:
        yield from _statistics(
            protocol, f"distances_{d.kind}", d, counts=Counts(used=d.used, absent=d.absent)
        )
    for r in scores.relations:
        yield from _relation(protocol, r)


def _line(
    protocol: str,
    quantity: str,
    of: str,
    statistic: str,
    number: Statistic,
    *,
    method: str = "",
    place: Line = _NO_BIN,
    counts: Counts | None = None,
) -> Line:
    numbers = [""] * len(_COUNTS) if counts is None else [getattr(counts, c) for c in _COUNTS]
    values = (float(number.value), float(number.error))
    return (protocol, quantity, of, method, *place, statistic, *values, *numbers)


def _statistics(
    protocol: str,
    quantity: str,
    row: Any,
    *,
    method: str = "",
    place: Line = _NO_BIN,
    counts: Counts | None = None,
) -> Iterator[Line]:
    """Every field of a row of scores that is a statistic."""
    counts = row.counts if counts is None else counts
    for f in fields(row):
        number = getattr(row, f.name)
        if isinstance(number, Statistic):
            yield _line(
                protocol,
                quantity,
                row.property,
                f.name,
                number,
                method=method,
                place=place,
                counts=counts,
            )


def _spread(
    protocol: str, quantity: str, name: str, of: Spread, *, place: Line = _NO_BIN
) -> Iterator[Line]:
    counts = Counts(used=of.used, absent=of.absent)
    numbers = {"median": of.median, "p16": Statistic(of.p16), "p84": Statistic(of.p84)}
    for statistic, number in numbers.items():
        yield _line(protocol, quantity, name, statistic, number, place=place, counts=counts)


def _relation(protocol: str, r: RelationComparison) -> Iterator[Line]:
    """Line and scatter of both sides and their differences; running percentiles in bins."""
    for side in ("true", "predicted"):
        of = getattr(r, side)
        counts = Counts(used=of.used, below_floor=of.left_out, absent=of.absent)
        for name in ("slope", "zero_point", "scatter"):
            number = getattr(of, name)
            yield _line(
                protocol, "relations", r.relation.name, f"{side}_{name}", number, counts=counts
            )
        for k, (low, high) in enumerate(pairwise(of.edges.tolist())):
            for name in ("galaxies", "p16", "median", "p84"):
                number = Statistic(float(getattr(of, name)[k]))
                yield _line(
                    protocol,
                    "relations",
                    r.relation.name,
                    f"{side}_{name}",
                    number,
                    place=("log_stellar_mass", low, high),
                )
    for name in ("slope", "zero_point", "scatter"):
        number = getattr(r, name)
        yield _line(protocol, "relations", r.relation.name, f"difference_{name}", number)


def _trend(protocol: str, trend: Trend, by: str) -> Iterator[Line]:
    edges = [-np.inf, *trend.edges.tolist(), np.inf]
    for k, (low, high) in enumerate(pairwise(edges)):
        counts = Counts(used=int(trend.pixels[k]))
        for name in ("p16", "median", "p84"):
            errors = getattr(trend, f"{name}_error")
            number = Statistic(float(getattr(trend, name)[k]), float(errors[k]))
            yield _line(
                protocol,
                "pixel_trend",
                trend.property,
                name,
                number,
                place=(by, low, high),
                counts=counts,
            )
