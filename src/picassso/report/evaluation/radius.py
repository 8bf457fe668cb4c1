"""Errors with radius: annuli, gradients, sizes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from picassso.analysis import (
    ANNULUS_EDGES,
    MINIMUM_GALAXIES,
    Protocol,
    ResidualStatistics,
    log_residual,
)
from picassso.core import PROPERTIES
from picassso.report.evaluation.words import PROTOCOLS, cell, title, titles
from picassso.report.page import Plate, Section, Table

if TYPE_CHECKING:
    from picassso.studies.evaluation import Evaluation

__all__ = ["radius_section"]


def radius_section(evaluation: Evaluation) -> Section:
    """Residuals in annuli, profiles, gradients, half-mass radii."""
    words = [
        "Residuals in ten elliptical annuli, each half a projected half-mass radius wide, around "
        "the true centre: good is a median of zero at every radius, and a band that does not open "
        "outwards. Annuli that leave the frame, or whose true mean lies below the floor of a "
        "property, are not counted; for ratios such as age or metallicity the ratio of the sums of "
        "an annulus is compared.",
        "Gradients are slopes of log10 of the profile between 0.5 and 2.5 half-mass radii, in dex "
        "per half-mass radius; half-mass radii hold half of a map, concentrations are 5 log10(r80 "
        "/ r20). All are measured alike on true and on predicted maps.",
        "Ratios, gradients, radii and concentrations are of what adds up. They are measured on the "
        "map of predicted means (protocol honest) or of predicted medians (protocol paper), and so "
        "are neither means nor medians of their own distributions, which nothing here predicts: "
        "their median bias is the median residual of the number so measured.",
    ]
    parts: list[Plate | Table] = []
    honest = _annulus_residuals(evaluation, Protocol.HONEST)
    additive = [name for name in honest if name in PROPERTIES]
    ratios = [name for name in honest if name not in PROPERTIES]
    for kind, names in (("properties", additive), ("ratios", ratios)):
        if names:
            parts.append(_residual_plate(honest, names, kind, Protocol.HONEST))
    if additive:
        paper = _annulus_residuals(evaluation, Protocol.PAPER)
        parts.append(_residual_plate(paper, additive, "properties", Protocol.PAPER))
    if not parts:
        words.append("No annulus lies inside its frame, so that there is nothing to draw.")
    parts += [
        *_profile_plates(evaluation),
        _annuli_table(evaluation, "median_bias", "median bias"),
        _annuli_table(evaluation, "sigma", "σ"),
        *_shape_plates(evaluation),
        _shapes_table(evaluation),
    ]
    return Section("With radius", words, parts)


def _annulus_residuals(
    evaluation: Evaluation, protocol: Protocol
) -> dict[str, NDArray[np.float64]]:
    """(N, A) log10(true / predicted median) by property or ratio, where there are any.

    NaN where an annulus makes no statistics.
    """
    views = evaluation.views
    residuals = {}
    for name, predicted in views.annuli[protocol].items():
        true = np.asarray(views.true_annuli[protocol][name], dtype=np.float64)
        median = np.asarray(predicted.p50, dtype=np.float64)
        floor = np.full(true.shape, np.finfo(np.float64).tiny)
        used = (true > 0) & (median > 0)
        if name in PROPERTIES:
            floor = PROPERTIES[name].floor * views.annulus_areas
            used = true >= floor
        if used.any():
            residuals[name] = np.full(true.shape, np.nan)
            residuals[name][used] = log_residual(true[used], median[used], floor=floor[used])
    return residuals


_COMPARED = {
    "properties": "of predicted medians, where the true mean of the annulus reaches the floor",
    "ratios": "of ratios of predicted means",
}


def _residual_plate(
    residuals: dict[str, NDArray[np.float64]], names: list[str], kind: str, protocol: Protocol
) -> Plate:
    from picassso.figures import residuals_with_radius

    figure = residuals_with_radius(
        ANNULUS_EDGES, {n: residuals[n] for n in names}, names=titles(names)
    )
    return Plate(
        f"residuals_with_radius_{kind}_{protocol}",
        figure,
        f"Residuals in annuli, protocol {protocol}, {_COMPARED[kind]}: median (solid), 16th and "
        "84th percentile (dashed), and how the views are distributed.",
    )


def _profile_plates(evaluation: Evaluation) -> list[Plate]:
    """Profiles of surface densities, and of ratios, true and predicted."""
    from picassso.figures import radial_profiles

    views = evaluation.views
    true, predicted = dict(views.true_annuli[Protocol.HONEST]), {}
    for name, of in views.annuli[Protocol.HONEST].items():
        areas = views.annulus_areas if name in PROPERTIES else 1.0
        true[name], predicted[name] = true[name] / areas, of.p50 / areas
    known = [n for n in predicted if np.isfinite(true[n]).any()]
    plates = []
    for kind, names, words in (
        (
            "properties",
            [n for n in known if n in PROPERTIES],
            "surface densities, true and predicted median",
        ),
        (
            "ratios",
            [n for n in known if n not in PROPERTIES],
            "ratios of sums in annuli, of true maps and of maps of predicted means",
        ),
    ):
        if names:
            figure = radial_profiles(ANNULUS_EDGES, true, predicted, names=titles(names))
            caption = f"Profiles: {words}, protocol honest."
            plates.append(Plate(f"profiles_{kind}", figure, caption))
    return plates


def _shape_plates(evaluation: Evaluation) -> list[Plate]:
    """Gradients and half-mass radii, measured on predicted and on true maps."""
    from picassso.figures import measured_against_true

    views = evaluation.views
    plates = []
    for name, true, predicted, label, log in (
        (
            "gradients",
            views.true_gradients[Protocol.HONEST],
            views.gradients[Protocol.HONEST],
            "gradient [dex / half-mass radius]",
            False,
        ),
        (
            "half_mass_radii",
            views.true_sizes[Protocol.HONEST],
            views.sizes[Protocol.HONEST],
            "half-mass radius [kpc]",
            True,
        ),
    ):
        names = [n for n, t in true.items() if np.isfinite(t).any()]
        if names:
            figure = measured_against_true(
                true, predicted, names=titles(names), labels=dict.fromkeys(names, label), log=log
            )
            words = name.replace("_", "-", 1).replace("_", " ")
            caption = (
                f"{words.capitalize()} of maps of predicted means against those of true maps, "
                "protocol honest."
            )
            plates.append(Plate(name, figure, caption))
    return plates


def _annuli_table(evaluation: Evaluation, field: str, words: str) -> Table:
    """One statistic: a row a property and protocol, a column an annulus."""
    header = ["property", "protocol"]
    header += [f"{low:g}–{high:g}" for low, high in pairwise((0.0, *ANNULUS_EDGES))]
    lines = []
    for name in evaluation.scores[Protocol.HONEST].annuli:
        for protocol in PROTOCOLS:
            rows = evaluation.scores[protocol].annuli.get(name, ())
            lines.append([title(name), str(protocol), *(cell(getattr(r, field)) for r in rows)])
    return Table(
        f"annuli_{field}",
        header,
        lines,
        f"In annuli: {words} [dex], by their edges in half-mass radii; of ratios, that of ratios "
        "of sums of predicted means (honest) or medians (paper). A dash: fewer than "
        f"{MINIMUM_GALAXIES} galaxies reach there above the floor.",
    )


def _shapes_table(evaluation: Evaluation) -> Table:
    """Gradients, half-mass radii and concentrations."""
    header = [
        "of",
        "map",
        "protocol",
        "median residual",
        "σ",
        "robust σ",
        "outliers",
        "views",
        "lost",
    ]
    header += ["not measurable"]
    lines = []
    for field, words in (
        ("gradients", "gradient"),
        ("sizes", "half-mass radius"),
        ("concentrations", "concentration"),
    ):
        both = [getattr(evaluation.scores[p], field) for p in PROTOCOLS]
        for rows in zip(*both, strict=True):
            for protocol, r in zip(PROTOCOLS, rows, strict=True):
                lines.append([words, title(r.property), str(protocol), *_shape_cells(r)])
    return Table(
        "gradients_and_sizes",
        header,
        lines,
        "Gradients [dex per half-mass radius], half-mass radii and concentrations [dex of true / "
        "predicted], measured on the map of predicted means (honest) or medians (paper). Lost: "
        "views whose prediction could not be measured though the truth could.",
    )


def _shape_cells(row: ResidualStatistics) -> list[str]:
    statistics = (row.median_bias, row.sigma, row.robust_sigma, row.outlier_fraction)
    counts = (row.counts.used, row.counts.missed, row.counts.absent)
    return [*(cell(s) for s in statistics), *(str(n) for n in counts)]
