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
    RadialProfile,
    apply_protocol,
    cross_spectra,
    degenerate_flags,
    elliptical_annuli,
    half_mass_ellipse,
    log_above_floor,
    measure_sizes,
    radial_profile,
    scored_ellipse,
    scored_region,
    structural_similarity,
)
from picassso.core import DERIVED, PROPERTIES, GalaxyImage, InputError, Maps
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

    An axis of `PROTOCOLS` comes first where both protocols tell a number, and before it, in
    `sizes` and `gradients`, the truth.
    """

    whole_frame: NDArray[np.bool_]  # ()
    quantities: NDArray[np.float64]  # (Q,)
    true: NDArray[np.float64]  # (P,)
    totals: NDArray[np.float64]  # (2, 4, P): mean, p16, p50, p84
    areas: NDArray[np.float64]  # (A,) kpc^2
    true_annuli: NDArray[np.float64]  # (P, A)
    annuli: NDArray[np.float64]  # (2, 4, P, A)
    true_ratios: NDArray[np.float64]  # (D, A)
    ratios: NDArray[np.float64]  # (2, D, A)
    gradients: NDArray[np.float64]  # (3, P + D) dex per half-mass radius
    sizes: NDArray[np.float64]  # (3, P) kpc
    concentrations: NDArray[np.float64]  # (3, P)
    similarity: NDArray[np.float64]  # (2, P)
    power_ratio: NDArray[np.float64]  # (2, P, F)
    correlation: NDArray[np.float64]  # (2, P, F)


class View(NamedTuple):
    """One view: true and painted maps of the same properties in the same order.

    `predicted` holds (P, H, W) arrays, as painted and as the paper's protocol has them.
    """

    image: GalaxyImage
    truth: Maps
    painted: Maps
    predicted: dict[Protocol, Prediction]


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
    # A point head gives no quantiles: an interval without width, which holds no truth.
    quantiles = (painted.cube if q is None else q for q in (painted.p16, painted.p50, painted.p84))
    honest = Prediction(painted.cube, *quantiles)
    floors = np.array([PROPERTIES[p].floor for p in properties], np.float32)[:, None, None]
    predicted = {p: apply_protocol(p, truth.cube, honest, floor=floors) for p in PROTOCOLS}
    return View(image, truth, painted, predicted)


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
    ellipse = _ellipse(truth)
    aperture = scored_ellipse(truth)
    region = scored_region(aperture, shape)
    radial = _radial(view, painter, ellipse)
    numbers = ViewNumbers(
        whole_frame=np.array(aperture is None),
        quantities=np.array(measure_quantities(view.image, truth, region)),
        true=_sums(truth.cube, region, truth.pixel_area),
        totals=_totals(view, painter, aperture, region),
        **radial,
        **_sizes(view, ellipse),
        **_structure(view, ellipse),
    )
    return numbers, degenerate_flags(truth, ellipse)


def _ellipse(truth: Maps) -> Ellipse | None:
    """Half-mass ellipse, whether or not its double fits into the frame."""
    try:
        return half_mass_ellipse(truth["stellar_mass"])
    except (InputError, KeyError):
        return None


def _sums(
    cube: NDArray[np.floating], region: NDArray[np.bool_], pixel_area: float
) -> NDArray[np.float64]:
    """(P,) totals over a region."""
    return cube[:, region].sum(axis=1, dtype=np.float64) * pixel_area


def _totals(
    view: View, painter: NetworkPainter, aperture: Ellipse | None, region: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(2, 4, P) predicted totals."""
    calibrated = painter.totals(view.painted, aperture)
    honest = np.array([calibrated[p] for p in view.painted.properties]).T
    masked = view.predicted[Protocol.PAPER].mean
    paper = _sums(masked, region, view.painted.pixel_area)
    return np.stack([honest, np.broadcast_to(paper, honest.shape)])


def _radial(view: View, painter: NetworkPainter, ellipse: Ellipse | None) -> dict[str, NDArray]:
    """Everything that is told annulus by annulus."""
    properties = view.truth.properties
    derived = derived_of(properties)
    rings = len(ANNULUS_EDGES)
    if ellipse is None:
        return {
            "areas": np.full(rings, np.nan),
            "true_annuli": np.full((len(properties), rings), np.nan),
            "annuli": np.full((2, 4, len(properties), rings), np.nan),
            "true_ratios": np.full((len(derived), rings), np.nan),
            "ratios": np.full((2, len(derived), rings), np.nan),
            "gradients": np.full((3, len(properties) + len(derived)), np.nan),
        }
    annuli = elliptical_annuli(ellipse, view.truth.shape)

    def profile(cube: NDArray[np.floating]) -> RadialProfile:
        area = view.truth.pixel_area
        return radial_profile(cube, annuli, properties=properties, pixel_area=area)

    true = profile(view.truth.cube)
    honest, paper = (profile(view.predicted[p].mean) for p in PROTOCOLS)
    intervals = painter.group_totals(view.painted, annuli.labels, groups=rings)
    intervals[:, :, ~annuli.measurable] = np.nan

    def ratios(of: RadialProfile) -> NDArray[np.float64]:
        return np.array([of.profile(d) for d in derived]).reshape(len(derived), rings)

    return {
        "areas": true.areas,
        "true_annuli": true.totals,
        "annuli": np.stack([intervals, np.broadcast_to(paper.totals, intervals.shape)]),
        "true_ratios": ratios(true),
        "ratios": np.stack([ratios(honest), ratios(paper)]),
        "gradients": np.array(
            [[of.gradient(name) for name in properties + derived] for of in (true, honest, paper)]
        ),
    }


def _sizes(view: View, ellipse: Ellipse | None) -> dict[str, NDArray]:
    """Half-mass radii [kpc] and concentrations of the true map and of both predictions."""
    properties = view.truth.properties
    if ellipse is None:
        empty = np.full((3, len(properties)), np.nan)
        return {"sizes": empty, "concentrations": empty}
    cubes = (view.truth.cube, *(view.predicted[p].mean for p in PROTOCOLS))
    found = [measure_sizes(c, properties=properties, x=ellipse.x, y=ellipse.y) for c in cubes]
    kpc = view.truth.pixel_area**0.5
    return {
        "sizes": kpc * np.array([f.half_radius for f in found]),
        "concentrations": np.array([f.concentration for f in found]),
    }


def _structure(view: View, ellipse: Ellipse | None) -> dict[str, NDArray]:
    """Similarity and spectra of log maps; a spectrum needs a half-mass radius as its unit."""
    properties = view.truth.properties
    true = log_above_floor(view.truth.cube, properties=properties)
    similarity, ratio, correlation = [], [], []
    for protocol in PROTOCOLS:
        median = log_above_floor(view.predicted[protocol].p50, properties=properties)
        similarity.append(structural_similarity(true, median))
        if ellipse is None:
            continue
        spectra = cross_spectra(true, median).binned(FREQUENCY_EDGES, unit=ellipse.semi_major)
        ratio.append(spectra.ratio)
        correlation.append(spectra.correlation)
    none = np.full((2, len(properties), len(FREQUENCY_EDGES) - 1), np.nan)
    return {
        "similarity": np.array(similarity),
        "power_ratio": np.array(ratio) if ratio else none,
        "correlation": np.array(correlation) if correlation else none,
    }
