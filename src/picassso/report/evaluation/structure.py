"""Whether maps have the structure of the truth, and galaxies its relations."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from picassso.analysis import Protocol, ScalingRelation, Spread
from picassso.report.evaluation.words import PROTOCOLS, cell, number, title
from picassso.report.page import Plate, Section, Table

if TYPE_CHECKING:
    from picassso.figures import Line
    from picassso.studies.evaluation import Evaluation

__all__ = ["relations_section", "structure_section"]


def structure_section(evaluation: Evaluation) -> Section:
    """Power spectra, phases and structural similarity."""
    words = [
        "Maps are compared as log10 above the floor, in which arms and clumps count as much as "
        "the centre. The power of the predicted map over that of the true one is 1 where it is as "
        "structured, and below 1 where it is too smooth; the correlation of the phases is 1 where "
        "structure lies in the right places, and 0 where it lies anywhere. Frequencies are in "
        "cycles per half-mass radius: small structure is to the right.",
        "An image blurs what is smaller than its seeing, so that both must fall there; the mean "
        "of a distribution is smoother than a draw from it. Structural similarity (Wang et al. "
        "2004, IEEE Trans. Image Process. 13, 600) puts both into one number, 1 for a perfect map.",
    ]
    parts: list[Plate | Table] = [
        *_frequency_plates(evaluation),
        _frequency_table(evaluation, "power_ratio", "Predicted over true power"),
        _frequency_table(evaluation, "correlation", "Correlation of the phases"),
        _similarity_table(evaluation),
    ]
    return Section("Structure", words, parts)


def _frequency_plates(evaluation: Evaluation) -> list[Plate]:
    """Ratios of power and correlations; nothing where no map could be measured."""
    from picassso.figures import structure_with_frequency

    honest, edges = evaluation.scores[Protocol.HONEST], evaluation.frequency_edges
    ratio, correlation = (
        {name: _line(edges, s) for name, s in of.items() if any(x.used for x in s)}
        for of in (honest.power_ratio, honest.correlation)
    )
    if not ratio.keys() & correlation.keys():
        return []
    caption = (
        "Predicted over true power, and correlation of the phases, protocol honest: median of the "
        "views with its error, 16th to 84th percentile."
    )
    figure = structure_with_frequency(edges, ratio, correlation)
    return [Plate("structure_with_frequency", figure, caption)]


def _line(edges: NDArray[np.float64], spreads: Sequence[Spread]) -> Line:
    """Of bins of frequency, which are drawn on a logarithmic axis."""
    from picassso.figures import Line

    return Line(
        np.sqrt(edges[1:] * edges[:-1]),
        np.array([s.p16 for s in spreads]),
        np.array([s.median.value for s in spreads]),
        np.array([s.p84 for s in spreads]),
        np.array([s.median.error for s in spreads]),
    )


def _frequency_table(evaluation: Evaluation, field: str, words: str) -> Table:
    """Medians over views: a row a property and protocol, a column a bin of frequency."""
    header = ["property", "protocol"]
    header += [f"{low:.4g}–{high:.4g}" for low, high in pairwise(evaluation.frequency_edges)]
    lines = []
    for name in getattr(evaluation.scores[Protocol.HONEST], field):
        for protocol in PROTOCOLS:
            spreads = getattr(evaluation.scores[protocol], field)[name]
            lines.append([title(name), str(protocol), *(cell(s.median) for s in spreads)])
    return Table(
        field, header, lines, f"{words}, median over views, by cycles per half-mass radius."
    )


def _similarity_table(evaluation: Evaluation) -> Table:
    header = ["property", "protocol", "median", "16th percentile", "84th percentile", "views"]
    header += ["without"]
    lines = []
    for name in evaluation.scores[Protocol.HONEST].similarity:
        for protocol in PROTOCOLS:
            s = evaluation.scores[protocol].similarity[name]
            percentiles = [number(s.p16), number(s.p84)]
            counts = [str(s.used), str(s.absent)]
            lines.append([title(name), str(protocol), cell(s.median), *percentiles, *counts])
    return Table("structural_similarity", header, lines, "Structural similarity of log maps.")


def relations_section(evaluation: Evaluation) -> Section:
    """Scaling relations of true and of predicted galaxies."""
    words = [
        "Relations with stellar mass, measured alike on true and on predicted galaxies, each by "
        "its own mass: a painted population should have the slope, the zero point (at 1e10 solar "
        "masses) and the scatter of the true one. A scatter that is too small means that "
        "predictions lean on the mean relation; differences are predicted less true.",
        "Every view counts once, whatever it stands for: a sample of `picassso mock --synthetic` "
        "is flat in log stellar mass, and its lines are not those of a volume of the universe. "
        "Truth and prediction are of the same views, so that their differences compare alike.",
    ]
    if not evaluation.scores[Protocol.HONEST].relations:
        words.append("The properties painted make none of the relations.")
        return Section("Scaling relations", words)
    header = ["relation", "protocol", "true slope", "predicted", "difference", "zero-point offset"]
    header += ["true scatter", "predicted scatter", "views", "left out", "absent"]
    lines = []
    for both in zip(*(evaluation.scores[p].relations for p in PROTOCOLS), strict=True):
        for protocol, r in zip(PROTOCOLS, both, strict=True):
            slopes = (r.true.slope, r.predicted.slope, r.slope, r.zero_point)
            statistics = (*slopes, r.true.scatter, r.predicted.scatter)
            counts = (r.predicted.used, r.predicted.left_out, r.predicted.absent)
            lines.append(
                [
                    title(r.relation.name),
                    str(protocol),
                    *(cell(s) for s in statistics),
                    *(str(n) for n in counts),
                ]
            )
    table = Table(
        "scaling_relations",
        header,
        lines,
        "Slopes [dex per dex of stellar mass], zero points and scatter [dex]. Counts are those of "
        "the predicted galaxies.",
    )
    return Section("Scaling relations", words, [*_relation_plates(evaluation), table])


def _relation_plates(evaluation: Evaluation) -> list[Plate]:
    from picassso.figures import Line, scaling_relations

    def line(of: ScalingRelation) -> Line:
        return Line(0.5 * (of.edges[1:] + of.edges[:-1]), of.p16, of.median, of.p84)

    relations = evaluation.scores[Protocol.HONEST].relations
    lines = {r.relation.name: (line(r.true), line(r.predicted)) for r in relations}
    caption = (
        "Scaling relations of true and of predicted galaxies, protocol honest, in bins of five "
        "galaxies or more."
    )
    return [Plate("scaling_relations", scaling_relations(lines), caption)]
