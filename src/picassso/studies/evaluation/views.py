"""What is measured of one view: true maps beside painted ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from picassso.analysis import (
    ANNULUS_EDGES,
    Ellipse,
    Prediction,
    Protocol,
    apply_protocol,
    cross_spectra,
    degenerate_flags,
    ellipse_in_frame,
    elliptical_annuli,
    log_above_floor,
    measure_sizes,
    radial_profile,
    scored_region,
    structural_similarity,
    true_ellipse,
)
from picassso.core import DERIVED, PROPERTIES, GalaxyImage, Maps
from picassso.studies.evaluation.painters import NetworkPainter
from picassso.studies.evaluation.quantities import measure_quantities

__all__ = [
    "FREQUENCY_EDGES",
    "PROTOCOLS",
    "View",
    "ViewNumbers",
    "derived_of",
    "measure_view",
    "view_of",
]

FREQUENCY_EDGES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Of the bins of the spectra [cycles per half-mass radius]."""

PROTOCOLS = tuple(Protocol)


class ViewNumbers(NamedTuple):
    """Numbers of one view, or, stacked, of N: P properties, D derived ones, A annuli.

    Where both protocols tell a number, `PROTOCOLS` come first; then the truth and what is
    predicted of it: five are the truth, mean, p16, p50 and p84, two the truth and a prediction.
    """

    whole_frame: NDArray[np.bool_]  # ()
    quantities: NDArray[np.float64]  # (Q,)
    totals: NDArray[np.float64]  # (2, 5, P)
    areas: NDArray[np.float64]  # (A,) kpc^2
    annuli: NDArray[np.float64]  # (2, 5, P, A)
    ratios: NDArray[np.float64]  # (2, 2, D, A)
    gradients: NDArray[np.float64]  # (2, 2, P + D) dex per half-mass radius
    sizes: NDArray[np.float64]  # (2, 2, P) kpc
    concentrations: NDArray[np.float64]  # (2, 2, P)
    similarity: NDArray[np.float64]  # (2, P)
    power_ratio: NDArray[np.float64]  # (2, P, F)
    correlation: NDArray[np.float64]  # (2, P, F)


class Judged(NamedTuple):
    """(P, H, W) maps as a protocol has them."""

    true: NDArray[np.floating]
    predicted: Prediction


class View(NamedTuple):
    """One view: true and painted maps of the same properties in the same order."""

    image: GalaxyImage
    truth: Maps
    painted: Maps
    judged: dict[Protocol, Judged]


def derived_of(properties: Sequence[str]) -> tuple[str, ...]:
    """Derived properties whose ingredients are there."""
    have = set(properties)
    return tuple(d.name for d in DERIVED.values() if {d.numerator, d.denominator} <= have)


def view_of(image: GalaxyImage, truth: Maps, painted: Maps, *, properties: tuple[str, ...]) -> View:
    """Put the maps of some properties side by side.

    Parameters
    ----------
    image : GalaxyImage
        As stored, so that the noise drawn does not choose the bins.
    truth, painted : Maps
        On the same pixels.
    properties : tuple of str
        That both have.
    """
    truth, painted = (_chosen(m, properties) for m in (truth, painted))
    honest = Prediction.of(painted)
    floors = np.array([PROPERTIES[p].floor for p in properties], np.float32)[:, None, None]
    judged = {p: Judged(*apply_protocol(p, truth.cube, honest, floor=floors)) for p in PROTOCOLS}
    return View(image, truth, painted, judged)


def _chosen(maps: Maps, properties: tuple[str, ...]) -> Maps:
    """The maps of some properties, in their order."""
    if maps.properties == properties:
        return maps
    where = [maps.properties.index(p) for p in properties]
    cubes = {name: getattr(maps, name) for name in ("cube", "std", "p16", "p50", "p84")}
    chosen = {name: c[where] for name, c in cubes.items() if c is not None}
    return replace(maps, properties=properties, **chosen)


def measure_view(view: View, painter: NetworkPainter) -> tuple[ViewNumbers, tuple[str, ...]]:
    """Measure everything that one view tells by itself.

    Parameters
    ----------
    view : View
        Of `view_of`.
    painter : NetworkPainter
        Who painted it, for the intervals of totals.

    Returns
    -------
    ViewNumbers, tuple of str
        Numbers, and the flags of `picassso.analysis.degenerate_flags`.
    """
    truth, shape = view.truth, view.truth.shape
    ellipse = true_ellipse(truth)
    aperture = ellipse_in_frame(ellipse, shape)
    region = scored_region(aperture, shape)
    numbers = ViewNumbers(
        whole_frame=np.array(aperture is None),
        quantities=np.array(measure_quantities(view.image, truth, region)),
        totals=_totals(view, painter, aperture, region),
        **_radial(view, painter, ellipse),
        **_sizes(view, ellipse),
        **_structure(view, ellipse),
    )
    return numbers, degenerate_flags(truth, ellipse)


def _totals(
    view: View, painter: NetworkPainter, aperture: Ellipse | None, region: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(2, 5, P) true and predicted totals."""

    def total(cube: NDArray[np.floating]) -> NDArray[np.float64]:
        return cube[:, region].sum(axis=1, dtype=np.float64) * view.truth.pixel_area

    calibrated = painter.totals(view.painted, aperture)
    quantiles = np.array([calibrated[p] for p in view.painted.properties]).T
    paper = view.judged[Protocol.PAPER]
    return np.stack(
        [
            np.concatenate([total(view.truth.cube)[None], quantiles]),
            np.stack([total(paper.true), *(total(paper.predicted.mean),) * 4]),
        ]
    )


def _radial(view: View, painter: NetworkPainter, ellipse: Ellipse | None) -> dict[str, NDArray]:
    """Everything that is told annulus by annulus.

    Ratios and gradients are of what adds up, and so of the map of means: a ratio of sums has no
    median without a distribution of whole maps, which nothing here gives. The paper's protocol has
    the map of medians in its place.
    """
    properties = view.truth.properties
    derived = derived_of(properties)
    rings = len(ANNULUS_EDGES)
    if ellipse is None:
        return {
            "areas": np.full(rings, np.nan),
            "annuli": np.full((2, 5, len(properties), rings), np.nan),
            "ratios": np.full((2, 2, len(derived), rings), np.nan),
            "gradients": np.full((2, 2, len(properties) + len(derived)), np.nan),
        }
    annuli = elliptical_annuli(ellipse, view.truth.shape)
    intervals = painter.group_totals(view.painted, annuli.labels, groups=rings)
    intervals[:, :, ~annuli.measurable] = np.nan
    profiles = [
        [
            radial_profile(cube, annuli, properties=properties, pixel_area=view.truth.pixel_area)
            for cube in (of.true, of.predicted.mean)
        ]
        for of in view.judged.values()
    ]
    (honest, _), (paper_true, paper) = profiles
    pairs = [of for pair in profiles for of in pair]
    ratios = [[of.profile(d) for d in derived] for of in pairs]
    gradients = [[of.gradient(name) for name in properties + derived] for of in pairs]
    return {
        "areas": honest.areas,
        "annuli": np.stack(
            [
                np.concatenate([honest.totals[None], intervals]),
                np.stack([paper_true.totals, *(paper.totals,) * 4]),
            ]
        ),
        "ratios": np.array(ratios).reshape(2, 2, len(derived), rings),
        "gradients": np.array(gradients).reshape(2, 2, -1),
    }


def _sizes(view: View, ellipse: Ellipse | None) -> dict[str, NDArray]:
    """Half-mass radii [kpc] and concentrations of true and predicted maps.

    They hold shares of a sum, and so are of the map of means; the paper's protocol has that of
    medians in its place.
    """
    properties = view.truth.properties
    if ellipse is None:
        empty = np.full((2, 2, len(properties)), np.nan)
        return {"sizes": empty, "concentrations": empty}
    # The truth once: its pixels below the floor count in neither protocol.
    true, honest, paper = (
        measure_sizes(cube, properties=properties, x=ellipse.x, y=ellipse.y)
        for cube in (view.truth.cube, *(of.predicted.mean for of in view.judged.values()))
    )
    pairs = ((true, honest), (true, paper))
    kpc = view.truth.pixel_area**0.5
    return {
        "sizes": kpc * np.array([[of.half_radius for of in pair] for pair in pairs]),
        "concentrations": np.array([[of.concentration for of in pair] for pair in pairs]),
    }


def _structure(view: View, ellipse: Ellipse | None) -> dict[str, NDArray]:
    """Similarity and spectra of log maps; a spectrum needs a half-mass radius as its unit."""
    properties = view.truth.properties
    true, *medians = (
        log_above_floor(cube, properties=properties)
        for cube in (view.truth.cube, *(of.predicted.p50 for of in view.judged.values()))
    )
    both = np.stack(medians)
    found = {"similarity": structural_similarity(true, both)}
    if ellipse is None:
        none = np.full((2, len(properties), len(FREQUENCY_EDGES) - 1), np.nan)
        return found | {"power_ratio": none, "correlation": none}
    spectra = cross_spectra(true, both)
    spectra = spectra.binned(FREQUENCY_EDGES, unit=ellipse.semi_major)
    return found | {"power_ratio": spectra.ratio, "correlation": spectra.correlation}
