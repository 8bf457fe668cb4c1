"""An evaluation of a few made-up galaxies, measured with the real analysis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.analysis import (
    RELATIONS,
    PixelDetections,
    PixelDistributions,
    PixelResiduals,
    PixelTrend,
    Prediction,
    Protocol,
    annulus_residuals,
    binned_residuals,
    compare_relation,
    detection_scores,
    distribution_distances,
    paired_difference,
    residual_table,
    spread,
    value_residuals,
)
from picassso.core import DERIVED, PROPERTIES, PROPERTY_NAMES, GalaxyImage, Maps
from picassso.studies.evaluation.findings import (
    Evaluation,
    Example,
    MethodScores,
    MethodViews,
    ProtocolScores,
    Views,
)
from picassso.studies.evaluation.quantities import QUANTITIES

ABSENT = "hi_mass"
ANNULI, FREQUENCIES, SIDE = 10, 6, 32
PER_MASS = dict(zip(PROPERTY_NAMES, (1.0, 0.02, 6.0, 1e-10, 0.3, 0.003, 0.2), strict=True))
FEW = {"bootstraps": 10}


def made_up(
    *,
    galaxies: int = 24,
    model: Mapping[str, Any] | None = None,
    baselines: bool = True,
    examples: int = 2,
) -> Evaluation:
    """Galaxies of 1e9 to 1e11.5 solar masses, two views each, without neutral hydrogen."""
    rng = np.random.default_rng(7)
    ids = np.repeat([f"galaxy-{k}" for k in range(galaxies)], 2)
    views = _views(ids, rng)
    scores = {p: _scores(views, p, rng) for p in Protocol}
    return Evaluation(
        about={
            "weights": "made_up",
            "weights_fingerprint": "0123456789abcdef",
            "store": "made_up.zarr",
            "store_fingerprint": "f" * 64,
            "split": "test",
            "seed": 3,
            "views": len(ids),
            "galaxies": galaxies,
            "signal_to_noise_band": "r",
            "whole_frame": int(views.whole_frame.sum()),
            "pixels": [32, 32],
            "limit": None,
            "methods_left_out": {"posterior": "not asked for"} if baselines else {},
        },
        model={} if model is None else model,
        properties=PROPERTY_NAMES,
        scores=scores,
        by_surface_density=_trends(np.arange(0.5, 4.5, 0.5), rng),
        by_signal_to_noise=_trends(np.arange(-1, 2, 0.5), rng),
        detections=_detections(views, rng),
        flags={"views": len(ids), f"absent:{ABSENT}": len(ids), "two_cores": 1},
        frequency_edges=np.geomspace(0.1, 3, FREQUENCIES + 1),
        views=views,
        methods=_methods(scores, views) if baselines else (),
        examples=tuple(_example(k) for k in range(examples)),
    )


def _predicted(true: NDArray[np.float64], rng: np.random.Generator, width: float) -> Prediction:
    median = np.nan_to_num(true, nan=1e8) * 10 ** rng.normal(0, width, true.shape)
    return Prediction(1.05 * median, median / 10**width, median, median * 10**width)


def _masked(p: Prediction) -> Prediction:
    return Prediction(p.p50, p.p50, p.p50, p.p50)


def _views(ids: NDArray[np.str_], rng: np.random.Generator) -> Views:
    n = len(ids)
    mass = 10 ** np.repeat(np.linspace(9, 11.5, n // 2), 2)
    true = {p: PER_MASS[p] * mass * 10 ** rng.normal(0, 0.2, n) for p in PROPERTY_NAMES}
    true["star_formation_rate"][: n // 3] *= 1e-3  # below the floor
    true[ABSENT] = np.full(n, np.nan)
    share = np.exp(-0.7 * np.arange(ANNULI)) / 2
    annuli = {p: t[:, None] * share for p, t in true.items()}
    areas = np.tile(2.0 * np.arange(1, ANNULI + 1), (n, 1))
    for t in annuli.values():
        t[::2, 7:] = np.nan  # out of the frame
    predicted = {p: _predicted(t, rng, 0.1) for p, t in true.items()}
    painted = {p: _predicted(t, rng, 0.15) for p, t in annuli.items()}
    for name, d in DERIVED.items():
        above, below = (annuli[p] for p in (d.numerator, d.denominator))
        annuli[name] = d.scale * above / below
        painted[name] = _predicted(annuli[name], rng, 0.1)
    sizes = {p: np.where(np.isnan(t), np.nan, 3 * (mass / 1e10) ** 0.3) for p, t in true.items()}
    slopes = {p: np.where(np.isnan(t), np.nan, rng.normal(-0.5, 0.2, n)) for p, t in true.items()}
    return Views(
        galaxy_id=ids,
        row=np.arange(n),
        whole_frame=np.arange(n) == n - 1,
        signal_to_noise=10 ** rng.uniform(0.5, 4, n),
        true=dict.fromkeys(Protocol, true),
        predicted={
            Protocol.HONEST: predicted,
            Protocol.PAPER: {k: _masked(p) for k, p in predicted.items()},
        },
        true_annuli=dict.fromkeys(Protocol, annuli),
        annuli={
            Protocol.HONEST: painted,
            Protocol.PAPER: {k: _masked(p) for k, p in painted.items()},
        },
        annulus_areas=areas,
        true_sizes=dict.fromkeys(Protocol, sizes),
        sizes={
            p: {k: s * 10 ** rng.normal(0, 0.05, n) for k, s in sizes.items()} for p in Protocol
        },
        true_gradients=dict.fromkeys(Protocol, slopes),
        gradients={p: {k: s + rng.normal(0, 0.1, n) for k, s in slopes.items()} for p in Protocol},
    )


def _scores(views: Views, protocol: Protocol, rng: np.random.Generator) -> ProtocolScores:
    ids, predicted = views.galaxy_id, views.predicted[protocol]
    every: dict[str, Any] = {"galaxy_id": ids, **FEW}
    pixels, distances = [], []
    for p in PROPERTY_NAMES:
        residuals, distribution = PixelResiduals(p), PixelDistributions(p, bootstraps=10)
        for true, of in _images(p, rng):
            residuals.add(true, of, galaxy_id="a")
            distribution.add(true, of.p50, galaxy_id="a")
        pixels.append(residuals.result())
        distances.append(distribution.result())
    annuli = {
        name: tuple(
            annulus_residuals(true, of, views.annulus_areas, property=name, **every)
            if name in PROPERTIES
            else [
                value_residuals(true[:, k], of.p50[:, k], name=name, **every) for k in range(ANNULI)
            ]
        )
        for name, true in views.true_annuli[protocol].items()
        for of in (views.annuli[protocol][name],)
    }
    sizes = tuple(
        value_residuals(t, views.sizes[protocol][p], name=p, **every)
        for p, t in views.true_sizes[protocol].items()
    )
    sides = [
        {**totals, "half_mass_radius": radii["stellar_mass"]}
        for totals, radii in (
            (views.true[protocol], views.true_sizes[protocol]),
            ({p: t.p50 for p, t in predicted.items()}, views.sizes[protocol]),
        )
    ]
    n = len(ids)
    return ProtocolScores(
        totals=tuple(residual_table(views.true[protocol], predicted, **every)),
        pixels=tuple(pixels),
        bins=_bins(views, protocol),
        annuli=annuli,
        gradients=tuple(
            value_residuals(10**t, 10 ** views.gradients[protocol][p], name=p, **every)
            for p, t in views.true_gradients[protocol].items()
        ),
        sizes=sizes,
        concentrations=sizes,
        similarity={p: spread(_shares(p, n, rng), **every) for p in PROPERTY_NAMES},
        power_ratio={
            p: tuple(spread(_shares(p, n, rng), **every) for _ in range(FREQUENCIES))
            for p in PROPERTY_NAMES
        },
        correlation={
            p: tuple(spread(_shares(p, n, rng), **every) for _ in range(FREQUENCIES))
            for p in PROPERTY_NAMES
        },
        distances=(
            *(
                distribution_distances(t, predicted[p].p50, property=p, **every)
                for p, t in views.true[protocol].items()
            ),
            *distances,
        ),
        relations=tuple(compare_relation(r, *sides, **every) for r in RELATIONS.values()),
    )


def _shares(name: str, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    return np.full(n, np.nan) if name == ABSENT else rng.uniform(0.6, 1, n)


def _images(name: str, rng: np.random.Generator) -> list[tuple[NDArray[Any], Prediction]]:
    """Pixels around the floor of a property; not known where it is absent."""
    out = []
    for _ in range(2):
        true = PROPERTIES[name].floor * 10 ** rng.uniform(-1, 4, (SIDE, SIDE))
        of = _predicted(true, rng, 0.2)
        out.append((true * np.nan if name == ABSENT else true, of))
    return out


def _bins(views: Views, protocol: Protocol) -> tuple[Any, ...]:
    with np.errstate(divide="ignore"):
        mass = np.log10(views.true[Protocol.HONEST]["stellar_mass"])
        rate = np.log10(views.true[Protocol.HONEST]["star_formation_rate"]) - mass
    return tuple(
        b
        for q, values in zip(QUANTITIES, (views.signal_to_noise, rate, mass), strict=True)
        for b in binned_residuals(
            q.name,
            values,
            q.edges,
            views.true[protocol],
            views.predicted[protocol],
            galaxy_id=views.galaxy_id,
            **FEW,
        )
    )


def _trends(edges: NDArray[np.float64], rng: np.random.Generator) -> dict[Protocol, Any]:
    return {p: tuple(_trend(name, edges, p, rng) for name in PROPERTY_NAMES) for p in Protocol}


def _trend(
    name: str, edges: NDArray[np.float64], protocol: Protocol, rng: np.random.Generator
) -> Any:
    trend = PixelTrend(name, edges.tolist(), protocol=protocol, bootstraps=10)
    for k in range(6):
        for true, of in _images(name, rng):
            trend.add(np.log10(of.p50 / PROPERTIES[name].floor), true, of, galaxy_id=str(k))
    return trend.result()


def _detections(views: Views, rng: np.random.Generator) -> tuple[Any, ...]:
    totals = [
        detection_scores(t, of, property=p, galaxy_id=views.galaxy_id, **FEW)
        for p, t in views.true[Protocol.HONEST].items()
        for of in (views.predicted[Protocol.HONEST][p],)
    ]
    pixels = []
    for p in PROPERTY_NAMES:
        accumulator = PixelDetections(p, bootstraps=10)
        for true, of in _images(p, rng):
            accumulator.add(true, of, galaxy_id="a")
        pixels.append(accumulator.result())
    return (*totals, *pixels)


def _methods(scores: Mapping[Protocol, ProtocolScores], views: Views) -> tuple[MethodScores, ...]:
    true, predicted = views.true[Protocol.HONEST], views.predicted[Protocol.HONEST]
    network = MethodScores(
        "made_up",
        0.05,
        {p: s.totals for p, s in scores.items()},
        {p: s.pixels for p, s in scores.items()},
        MethodViews(views.galaxy_id, views.row, true, predicted),
    )
    mass = "stellar_mass"
    difference = paired_difference(
        true[mass],
        predicted[mass],
        predicted[mass],
        property=mass,
        galaxy_id=views.galaxy_id,
        **FEW,
    )
    relation = MethodScores(
        "refitted M/L, g-i -> i, linear, per pixel",
        0.4,
        {p: tuple(r for r in s.totals if r.property == mass) for p, s in scores.items()},
        {p: s.pixels[:1] for p, s in scores.items()},
        MethodViews(views.galaxy_id, views.row, {mass: true[mass]}, {mass: predicted[mass]}),
        (difference,),
        (1234, 321),
    )
    return network, relation


def _example(number: int) -> Example:
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    disc = np.exp(-np.hypot(x, 1.6 * y) / 5).astype(np.float32)
    peak = [PER_MASS[p] * 3e8 for p in PROPERTY_NAMES]
    cube = np.multiply.outer(peak, disc).astype(np.float32)
    painted = cube * np.float32(1.2)
    cube[PROPERTY_NAMES.index(ABSENT)] = np.nan
    name = f"galaxy-{number}"
    image = GalaxyImage(
        galaxy_id=name,
        view=0,
        survey="sdss",
        bands=tuple("ugriz"),
        flux=np.multiply.outer((0.3, 0.6, 1, 1.3, 1.5), 20 * disc).astype(np.float32),
        noise=np.full(5, 0.3, np.float32),
        mask=np.zeros((SIDE, SIDE), bool),
        psf_fwhm=np.full(5, 1.2, np.float32),
        pixel_scale=0.396,
        redshift=0.03,
    )
    return Example(
        image,
        painted=Maps(name, 0, PROPERTY_NAMES, painted, 0.06),
        truth=Maps(name, 0, PROPERTY_NAMES, cube, 0.06),
    )
