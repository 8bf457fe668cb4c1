"""What predicted spectra are good for: classes of emission, targets, outliers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from picassso.analysis.spectra import EMISSION_CLASSES
from picassso.figures import TargetCurves, p_value_curves, target_curves
from picassso.report.page import Plate, Section, Table
from picassso.report.spectra.cells import number_cell, score_cell
from picassso.studies.spectra import find_score
from picassso.studies.spectra.departing import THRESHOLDS
from picassso.studies.spectra.posteriors import NETWORK
from picassso.studies.spectra.selection import PURITIES

if TYPE_CHECKING:
    from picassso.studies.spectra import EncoderEvaluation

__all__ = ["classes_section", "departing_sections", "targets_section"]


def classes_section(evaluation: EncoderEvaluation) -> Section:
    """The diagram of Baldwin, Phillips & Terlevich: true against most probable class."""
    counts = evaluation.confusion
    rows = [
        [name, *(str(n) for n in row), str(int(row.sum()))]
        for name, row in zip(EMISSION_CLASSES, counts, strict=True)
    ]
    table = Table(
        "confusion",
        ["true class", *EMISSION_CLASSES, "views"],
        rows,
        "Views by true class (rows) and by the most probable one (columns). Classes follow from "
        "the ratios of lines as measured on the whole spectrum, the light of the stars included, "
        "on true and on predicted spectra alike.",
    )
    scores = []
    for method in (NETWORK, *evaluation.rivals):
        wanted = {"part": "classes", "method": method}
        all_of = find_score(evaluation.scores, quantity="all", statistic="accuracy", **wanted)
        cells = [score_cell(all_of)]
        for name in EMISSION_CLASSES:
            cells += [
                score_cell(find_score(evaluation.scores, quantity=name, statistic=s, **wanted))
                for s in ("purity", "completeness")
            ]
        scores.append([method, *cells])
    header = ["method", "accuracy"]
    header += [f"{name}: {s}" for name in EMISSION_CLASSES for s in ("purity", "completeness")]
    caption = "How often classes are right, purity and completeness of each."
    words = [
        "Stars absorb at Hβ, so that weak emission in old galaxies has no positive flux and counts "
        "as none: a class needs all four lines in emission."
    ]
    return Section("Classes of emission", words, [table, Table("classes", header, scores, caption)])


def targets_section(evaluation: EncoderEvaluation) -> Section:
    """Expected beside realised purity and completeness of ranked lists."""
    curves = {
        s.condition: TargetCurves(
            s.ranking.purity,
            s.ranking.completeness,
            s.purity,
            s.completeness,
            s.reliability.claimed,
            s.reliability.happened,
            s.reliability.error,
        )
        for s in evaluation.selections
    }
    plate = Plate(
        "targets",
        target_curves(curves),
        "Galaxies ranked by the probability of a condition. Above: purity and completeness of the "
        "list as it grows, expected from the probabilities and realised. Below: how often "
        "probabilities came true; bars: the deviation to expect.",
    )
    rows = []
    for selection in evaluation.selections:
        wanted = {"part": "targets", "quantity": selection.condition}
        true = find_score(evaluation.scores, statistic="true_share", **wanted)
        brier = find_score(evaluation.scores, statistic="brier", **wanted)
        naive = find_score(evaluation.scores, statistic="brier_of_share", **wanted)
        for name in ("as_many_as_true", *(f"purity_{p}" for p in PURITIES)):
            chosen = find_score(evaluation.scores, statistic=f"{name}, chosen", **wanted)
            cells = [
                score_cell(find_score(evaluation.scores, statistic=f"{name}, {s}", **wanted))
                for s in ("expected purity", "purity", "expected completeness", "completeness")
            ]
            rows.append(
                [
                    selection.condition,
                    score_cell(true),
                    f"{score_cell(brier)} ({number_cell(naive.value)})",
                    _list_title(name),
                    number_cell(chosen.value, 0),
                    *cells,
                ]
            )
    header = [
        "condition",
        "true share",
        "Brier score (of the share alone)",
        "list",
        "chosen",
        "expected purity",
        "purity",
        "expected completeness",
        "completeness",
    ]
    caption = (
        "Ranked lists of test views: as long as the number of views that truly fulfil the "
        "condition, or as long as can be with an expected purity. Errors of expected purities "
        "take views as independent."
    )
    return Section("Targets", [], [plate, Table("targets", header, rows, caption)])


def _list_title(name: str) -> str:
    return "as many as true" if name == "as_many_as_true" else f"purity {name[7:]} expected"


def departing_sections(evaluation: EncoderEvaluation) -> list[Section]:
    """p-values of galaxies as they are, and of changed ones."""
    found = evaluation.departing
    plate = Plate(
        "p_values",
        p_value_curves(found.calibrated),
        "Cumulative distributions of calibrated p-values: galaxies as they are lie on the "
        "diagonal, outliers above it.",
    )
    rows = []
    for name, values in found.calibrated.items():
        cells = [
            score_cell(
                find_score(
                    evaluation.scores,
                    part="outliers",
                    quantity=name,
                    statistic=f"share_below_{t}",
                )
            )
            for t in THRESHOLDS
        ]
        rows.append([name, *cells, str(len(values))])
    header = ["galaxies", *(f"share of p ≤ {t}" for t in THRESHOLDS), "galaxies"]
    caption = (
        "Share of galaxies called outliers at two thresholds. Swapped: with the spectrum of "
        "another galaxy; widened: with a spectrum drawn around their own (other dust, lines, "
        "nuclei); shifted: with latents moved in a random direction by so many standard "
        "deviations of the population."
    )
    ks = {
        kind: find_score(
            evaluation.scores, part="outliers", statistic=f"{kind}_p_value", quantity="as they are"
        )
        for kind in ("calibrated", "gaussian")
    }
    words = [
        "Predicted latents against those of the spectrum as SDSS would observe it, both "
        "covariances known; the norm is left out. Distances are calibrated by those of "
        f"{found.reference} validation galaxies. Of galaxies as they are, p-values should be "
        f"uniform: Kolmogorov-Smirnov p = {number_cell(ks['calibrated'].value)} calibrated, "
        f"{number_cell(ks['gaussian'].value)} if all covariances are taken at their word.",
    ]
    return [Section("Outliers", words, [plate, Table("outliers", header, rows, caption)])]
