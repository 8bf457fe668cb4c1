"""Examples, totals, and where they err."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from picassso.analysis import MINIMUM_GALAXIES, BinnedResiduals, Protocol, Trend
from picassso.report.evaluation.words import PROTOCOLS, cell, listed, title
from picassso.report.page import Plate, Section, Table
from picassso.studies.evaluation.quantities import QUANTITIES, Quantity
from picassso.studies.evaluation.tables import filled_bins, range_text

if TYPE_CHECKING:
    from picassso.figures import ResidualBins
    from picassso.studies.evaluation import Evaluation, Example

__all__ = ["examples_section", "totals_section", "where_section"]

_STARS = ("stellar_mass", "stellar_metal_mass", "stellar_age_mass")
_GAS = ("star_formation_rate", "gas_mass", "gas_metal_mass", "hi_mass")


def examples_section(evaluation: Evaluation) -> Section:
    """Some galaxies, seen, true and painted."""
    examples = evaluation.examples
    if not examples:
        return Section("Examples", ["No views were kept to be shown."])
    from picassso.figures import gallery

    words = [
        "Some of the views, over the range of stellar mass: the image and its bands, and of every "
        "property the true map, the predicted mean and the residual log10(true / predicted) from "
        "−1 to 1 dex. A property has one colour scale for all galaxies, true and predicted. A good "
        "painting repeats arms, clumps and gradients, and its residual is pale and without "
        f"structure. S/N is that of the aperture in the {_band(evaluation)} band.",
    ]
    parts = []
    for name, wanted, what in (("stars", _STARS, "Stars"), ("gas", _GAS, "Gas and star formation")):
        names = [p for p in wanted if p in evaluation.properties]
        if not names:
            words.append(f"No property of this kind is painted: {what.lower()}.")
            continue
        figure = gallery(
            [e.image for e in examples],
            [e.truth for e in examples],
            [e.painted for e in examples],
            names=names,
            signal_to_noise=[_signal_to_noise(evaluation, e) for e in examples],
        )
        parts.append(
            Plate(
                f"examples_{name}",
                figure,
                f"{what}: seen, true, predicted, residual; colour scales are log10 of surface "
                "density. Grey: no value.",
            )
        )
    return Section("Examples", words, parts)


def _band(evaluation: Evaluation) -> str:
    """In which signal-to-noise is measured."""
    return str(evaluation.about.get("signal_to_noise_band", "reference"))


def _signal_to_noise(evaluation: Evaluation, example: Example) -> float:
    """Of the aperture of an example: the first of the views of its galaxy that were evaluated."""
    views = evaluation.views
    first = int(np.argmax(views.galaxy_id == example.image.galaxy_id))
    return float(views.signal_to_noise[first])


def totals_section(evaluation: Evaluation) -> Section:
    """Totals one by one, their distributions, and detections."""
    from picassso.figures import distributions, predicted_against_true

    views, honest = evaluation.views, evaluation.scores[Protocol.HONEST]
    every = views.true[Protocol.HONEST]
    true = {p: t for p, t in every.items() if np.isfinite(t).any()}
    median = {p: views.predicted[Protocol.HONEST][p].p50 for p in true}
    scores = {
        r.property: {
            "linear bias": r.linear_bias.value,
            "median bias": r.median_bias.value,
            "sigma": r.sigma.value,
            "coverage": r.coverage.value,
        }
        for r in honest.totals
        if np.isfinite(r.sigma.value)
    }
    words = [
        "Predicted against true totals, one by one: the running median should lie on the line of "
        "equality, its band should be narrow. Where an image leaves a property open, the best "
        "prediction leans to what is usual, so that the largest totals are predicted somewhat too "
        "small and the smallest too large.",
        "The distributions ask less: whether painted galaxies are as varied as true ones, "
        "whichever is which. Medians are narrower than the truth even for a perfect network. "
        "Distances of zero are best; the Wasserstein distance is in dex.",
        "What lies below the floor has no residual. It is scored as a detection: seen (the "
        "predicted median reaches the floor) or not. Good are few false positives, completeness, "
        "purity and area under the curve near 1, and truths under the upper limit in 84% of the "
        "non-detections or more.",
        "The sample counts as it is, unweighted: galaxies that `picassso mock --synthetic` makes "
        "are drawn flat in log stellar mass, rare kinds more often than they occur, so that "
        "statistics of all are not those of a volume of the universe.",
    ]
    absent = [title(p) for p in every if p not in true]
    if absent:
        words.append(f"Not drawn, since the store does not know it: {listed(absent)}.")
    parts: list[Plate | Table] = []
    if true:
        parts = [
            Plate(
                "totals",
                predicted_against_true(true, median, scores=scores),
                "Predicted median against true total, protocol honest: darker where views crowd; "
                "running median, 16th and 84th percentile; the floor, dotted. Insets: log10(true "
                "/ predicted) [dex].",
                predicted_against_true(true, median, scores=_few(scores), column=True),
            ),
            Plate(
                "distributions",
                distributions(true, median),
                "Distributions of true and of predicted totals, protocol honest. Left of the "
                "dotted floor: what lies below it.",
            ),
        ]
    return Section("Totals", words, [*parts, _distances_table(evaluation), _detections(evaluation)])


def _few(scores: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Those for which the panels of a column have room."""
    return {p: {s: of[s] for s in ("median bias", "sigma")} for p, of in scores.items()}


def _distances_table(evaluation: Evaluation) -> Table:
    header = ["property", "of", "protocol", "Wasserstein", "Kolmogorov–Smirnov", "energy", "pairs"]
    lines = [
        [
            title(d.property),
            f"{d.kind}s",
            str(protocol),
            *(cell(s) for s in (d.wasserstein, d.kolmogorov_smirnov, d.energy)),
            str(d.used),
        ]
        for d_of in zip(*(evaluation.scores[p].distances for p in PROTOCOLS), strict=True)
        for protocol, d in zip(PROTOCOLS, d_of, strict=True)
    ]
    return Table(
        "distances",
        header,
        lines,
        "Distances between the distributions of true and predicted values, each view and pixel "
        "counting once. Values below the floor are put at the floor.",
    )


def _detections(evaluation: Evaluation) -> Table:
    header = ["property", "of", "false positives", "completeness", "purity", "upper limits"]
    header += ["area under curve", "there", "not there", "detected", "not detected"]
    lines = [
        [
            title(d.property),
            f"{d.kind}s",
            *(cell(s) for s in (d.false_positive_rate, d.completeness, d.purity, d.upper_limits)),
            cell(d.area_under_roc),
            *(str(n) for n in (d.counts.used, d.counts.below_floor)),
            *(str(n) for n in (d.counts.painted, d.counts.not_painted)),
        ]
        for d in evaluation.detections
    ]
    return Table(
        "detections",
        header,
        lines,
        "Detections, protocol honest; under protocol paper, which masks by the truth, there is "
        f"nothing to detect. A dash: fewer than {MINIMUM_GALAXIES} galaxies to count. Where all or "
        "none are, the error is that of Wilson's interval.",
    )


def where_section(evaluation: Evaluation) -> Section:
    """Residuals in bins and in pixels."""
    words = [
        "The residuals of totals in bins of what is known beforehand (the signal-to-noise of the "
        f"aperture in the {_band(evaluation)} band) and of "
        "what is not (true specific star-formation rate and stellar mass). Good are medians of "
        "zero and a coverage of 0.68 in every bin, and errors that shrink with signal-to-noise. "
        "A trend with a true quantity is partly unavoidable: it says how far predictions lean to "
        "the usual, and is no correction to apply.",
        f"Bins of fewer than {MINIMUM_GALAXIES} galaxies have counts and no statistics. Totals "
        "are those whose truth reaches the floor of the property.",
        "Pixels, protocol honest, are those that were painted at or above the floor, whatever "
        "their truth, in bins of the predicted surface density or of the signal-to-noise: nothing "
        "here needs the truth, and a right median has a residual of zero in every bin. Protocol "
        "paper takes those whose truth reaches the floor, in bins of the truth, and so leans as "
        "any choice by the truth does. Linear biases hold all pixels. What was painted below the "
        "floor is scored as a detection.",
    ]
    parts: list[Plate | Table] = []
    drawn = _drawn(evaluation.bins)
    if drawn:
        from picassso.figures import residuals_in_bins

        figure = residuals_in_bins(drawn, titles={q.name: q.title for q in QUANTITIES})
        parts.append(
            Plate(
                "residuals_in_bins",
                figure,
                "Where totals err, protocol honest: residual and coverage in bins. Hatched: too "
                "few galaxies.",
            )
        )
    else:
        words.append("No bin holds a galaxy of known value, so that there is nothing to draw.")
    parts += [t for q in QUANTITIES for t in _bins_table(evaluation.bins, q)]
    parts += [
        *(
            plate
            for protocol, label in (
                (Protocol.HONEST, "log predicted surface density / floor"),
                (Protocol.PAPER, "log true surface density / floor"),
            )
            for plate in _trend_plates(
                evaluation.by_surface_density[protocol],
                protocol,
                name="pixels_by_surface_density",
                label=label,
            )
        ),
        *(
            plate
            for protocol in PROTOCOLS
            for plate in _trend_plates(
                evaluation.by_signal_to_noise[protocol],
                protocol,
                name="pixels_by_signal_to_noise",
                label="log signal-to-noise of the pixel",
            )
        ),
        _pixels_table(evaluation),
    ]
    return Section("Where it errs", words, parts)


def _drawn(bins: Sequence[BinnedResiduals]) -> dict[str, dict[str, ResidualBins]]:
    """Arrays to be drawn, by quantity and property; views of unknown value are left out."""
    drawn: dict[str, dict[str, ResidualBins]] = {}
    for quantity in QUANTITIES:
        groups = filled_bins(bins, quantity.name)
        known = [of for (low, _), of in groups.items() if not np.isnan(low)]
        names = {p for of in known for p, b in of.items() if b.galaxies}
        if names:
            drawn[quantity.name] = {
                p: _arrays([of[p] for of in known]) for p in known[0] if p in names
            }
    return drawn


def _arrays(bins: Sequence[BinnedResiduals]) -> ResidualBins:
    from picassso.figures import ResidualBins

    statistics = [b.statistics for b in bins]
    return ResidualBins(
        edges=np.array([bins[0].low, *(b.high for b in bins)]),
        galaxies=np.array([b.galaxies for b in bins]),
        median=np.array([s.median_bias.value for s in statistics]),
        median_error=np.array([s.median_bias.error for s in statistics]),
        p16=np.array([b.p16 for b in bins]),
        p84=np.array([b.p84 for b in bins]),
        coverage=np.array([s.coverage.value for s in statistics]),
        coverage_error=np.array([s.coverage.error for s in statistics]),
    )


def _bins_table(bins: Sequence[BinnedResiduals], quantity: Quantity) -> list[Table]:
    """Bias, scatter and coverage of every property in every bin of a quantity."""
    header = ["property", "bin", "galaxies", "views", "median bias", "σ", "coverage"]
    groups = filled_bins(bins, quantity.name)
    lines = []
    for name in next(iter(groups.values()), {}):
        for limits, of in groups.items():
            b = of[name]
            statistics = (b.statistics.median_bias, b.statistics.sigma, b.statistics.coverage)
            place = range_text(*limits).replace("-", "−")
            counts = [str(b.galaxies), str(b.views)]
            lines.append([title(name), place, *counts, *(cell(s) for s in statistics)])
    if not lines:
        return []
    return [Table(f"bins_{quantity.name}", header, lines, f"Totals in bins: {quantity.title}.")]


_CHOSEN = {
    Protocol.HONEST: "pixels painted at or above the floor, whatever their truth",
    Protocol.PAPER: "pixels whose truth reaches the floor",
}


def _trend_plates(
    trends: Sequence[Trend], protocol: Protocol, *, name: str, label: str
) -> list[Plate]:
    """Residuals of pixels against a quantity; nothing where no bin holds enough galaxies."""
    from picassso.figures import Line, pixel_trends

    lines = {
        t.property: Line(
            _centres(t.edges), _finite(t.p16), _finite(t.median), _finite(t.p84), t.median_error
        )
        for t in trends
        if np.isfinite(t.median).any()
    }
    if not lines:
        return []
    caption = (
        f"Pixels, protocol {protocol}: residual against {label}, of {_CHOSEN[protocol]}. The "
        "outermost bins are open. A curve or its band ends where a percentile lies among pixels in "
        "which truth or prediction is less than a thousandth of the floor: their residual is but a "
        "limit."
    )
    return [Plate(f"{name}_{protocol}", pixel_trends(lines, label=label), caption)]


def _finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(values), values, np.nan)


def _centres(inner: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of bins, from their inner edges; the open ones are taken as wide as their neighbours."""
    first, last = 2 * inner[0] - inner[1], 2 * inner[-1] - inner[-2]
    edges = np.concatenate([[first], inner, [last]])
    return 0.5 * (edges[1:] + edges[:-1])


def _pixels_table(evaluation: Evaluation) -> Table:
    header = ["property", "protocol", "linear bias", "median bias", "σ", "robust σ", "outliers"]
    header += ["coverage", "pixels", "missed", "below floor", "of these seen"]
    lines = []
    for rows in zip(*(evaluation.scores[p].pixels for p in PROTOCOLS), strict=True):
        for protocol, r in zip(PROTOCOLS, rows, strict=True):
            statistics = (r.linear_bias, r.median_bias, r.sigma, r.robust_sigma)
            shares = (r.outlier_fraction, r.coverage)
            c = r.counts
            chosen = c.painted if protocol is Protocol.HONEST else c.used
            lines.append(
                [
                    title(r.property),
                    str(protocol),
                    *(cell(s) for s in (*statistics, *shares)),
                    *(str(n) for n in (chosen, c.missed, c.below_floor, c.false_positive)),
                ]
            )
    return Table(
        "pixels",
        header,
        lines,
        "Pixel by pixel [dex]. Linear biases are of the sums over all pixels, protocol paper "
        "masking those whose truth lies below the floor. The other statistics are of so many "
        f"pixels: {_CHOSEN[Protocol.HONEST]} (honest), or {_CHOSEN[Protocol.PAPER]} (paper). "
        "Missed: truth at the floor or above, painted below it.",
    )
