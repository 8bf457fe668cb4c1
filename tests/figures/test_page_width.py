"""Figures of many galaxies fit a page, and what is written in them is inside and legible."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from drawn_galaxies import make_image, make_maps

from picassso.core import DERIVED, PROPERTY_NAMES
from picassso.figures import (
    STYLES,
    ArmScores,
    Line,
    MethodScore,
    ResidualBins,
    distributions,
    gallery,
    measured_against_true,
    method_scores,
    pixel_trends,
    predicted_against_true,
    radial_profiles,
    residuals_in_bins,
    residuals_with_radius,
    scaling_relations,
    structure_with_frequency,
    study_figure,
)

PAGE = 180 / 25.4  # inches
COLUMN = 88 / 25.4
SMALLEST = 5.5  # points
RNG = np.random.default_rng(3)
EDGES = np.arange(0.5, 5.1, 0.5)


def totals(names) -> tuple[dict, dict]:
    true = {n: 10 ** RNG.uniform(7.5, 12.5, 200) for n in names}
    return true, {n: v * 10 ** RNG.normal(0, 0.3, 200) for n, v in true.items()}


def line(size: int = 6, *, start: float = 1.0) -> Line:
    m = RNG.uniform(0.1, 0.5, size)
    return Line(start + np.arange(size), 0.5 * m, m, 2 * m, 0.1 * m)


def bins() -> ResidualBins:
    edges = np.array([-np.inf, 10, 30, 100, 300, 1000, 3000, 10_000, np.inf])
    m = RNG.normal(0, 0.2, 8)
    return ResidualBins(edges, np.full(8, 1234), m, 0 * m, m - 0.2, m + 0.2, 0 * m + 0.7, 0 * m)


def profiles(names) -> tuple[dict, dict]:
    values = {n: 10 ** RNG.normal(0, 0.3, (30, 10)) for n in names}
    return values, {n: 1.2 * v for n, v in values.items()}


def arms() -> ArmScores:
    return ArmScores(np.array([0.1, 0.3]), np.full(2, 0.02), np.full(2, 0.01))


def titles(names) -> dict[str, str]:
    return {n: STYLES[n].title for n in names}


def drawings(names: tuple[str, ...]) -> dict[str, Callable]:
    """Every figure of many galaxies, of the additive properties given."""
    scores = {n: {"linear bias": -0.1, "median bias": 0.2, "sigma": 0.3} for n in names}
    radii = {n: "half-mass radius [kpc]" for n in names}
    gradients = {n: "gradient [dex per half-mass radius]" for n in names}
    method = MethodScore(0.2, 0.05, 0.1, 0.03, -0.3, 0.1, 0.03)
    long_name = "Roediger & Courteau 2015, FSPS, g-i -> i, per pixel"
    ratios = tuple(DERIVED)[: len(names)]
    galaxies = [[make_image((32, 32))] * 3, *([make_maps((32, 32))] * 3 for _ in range(2))]
    relations = (
        "stellar_mass_metallicity",
        "gas_mass_metallicity",
        "main_sequence",
        "size_mass",
    )[: len(names)]
    return {
        "predicted": lambda: predicted_against_true(*totals(names), scores=scores),
        "distributions": lambda: distributions(*totals(names)),
        "sizes": lambda: measured_against_true(*totals(names), names=titles(names), labels=radii),
        "gradients": lambda: measured_against_true(
            *({n: RNG.normal(-0.3, 0.4, 200) for n in names} for _ in range(2)),
            names=titles(names),
            labels=gradients,
            log=False,
        ),
        "profiles": lambda: radial_profiles(
            EDGES, *profiles((*names, *ratios)), names=titles((*names, *ratios))
        ),
        "annuli": lambda: residuals_with_radius(EDGES, profiles(names)[0], names=titles(names)),
        "bins": lambda: residuals_in_bins(
            {f"q{k}": {n: bins() for n in names} for k in range(min(3, len(names)))},
            titles={f"q{k}": "signal-to-noise in the aperture" for k in range(3)},
        ),
        "trends": lambda: pixel_trends(
            {n: line() for n in names}, label="log surface density above the floor [dex]"
        ),
        "noise": lambda: pixel_trends(
            {n: line() for n in names}, label="log signal-to-noise of the pixel"
        ),
        "structure": lambda: structure_with_frequency(
            0.5 * 2.0 ** np.arange(5), {n: line() for n in names}, {n: line() for n in names}
        ),
        "relations": lambda: scaling_relations(
            {r: (line(start=8), line(start=8)) for r in relations}
        ),
        "methods": lambda: method_scores(
            {"network": dict.fromkeys(names, method), long_name: dict.fromkeys(names, method)}
        ),
        "gallery": lambda: gallery(*galaxies, names=names),
        "study": lambda: study_figure(
            ("ugriz", "grey, morphology"),
            sigma={n: arms() for n in names},
            bias={n: arms() for n in names},
            title="colour or morphology",
            provisional=(True, False),
        ),
    }


def fits(figure, *, least: float) -> None:
    """No larger than a page, nothing cut off, no words smaller than so many points."""
    from matplotlib.text import Text

    width, height = figure.get_size_inches()
    assert width <= PAGE + 1e-6 and height <= 1.4 * PAGE
    for text in figure.findobj(Text):
        if text.get_text() and text.get_visible():
            assert text.get_fontsize() >= least, text.get_text()
    box = figure.get_tightbbox()
    assert box.x0 >= -0.01 and box.x1 <= width + 0.01, "cut off at a side"
    assert box.y0 >= -0.01 and box.y1 <= height + 0.01, "cut off above or below"


NUMBERS = {"one": ("star_formation_rate",), "all": PROPERTY_NAMES}
NAMES = tuple(drawings(NUMBERS["all"]))


@pytest.mark.parametrize("number", NUMBERS)
def test_what_matters_most_fits_a_column(number: str) -> None:
    names = NUMBERS[number]
    scores = {n: {"median bias": -0.222, "sigma": 0.333} for n in names}
    method = MethodScore(0.2, 0.05, 0.1, 0.03, -0.3, 0.1, 120.0)
    methods = dict.fromkeys(
        ("network", "Roediger & Courteau 2015, FSPS, g-i -> i, per galaxy", "SED grid"),
        dict.fromkeys(names, method),
    )
    for figure in (
        predicted_against_true(*totals(names), scores=scores, column=True),
        method_scores(methods, column=True),
    ):
        fits(figure, least=6.5)
        assert figure.get_figwidth() == pytest.approx(COLUMN)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("name", NAMES)
def test_it_fits_a_page_and_can_be_read(name: str, number: str) -> None:
    figure = drawings(NUMBERS[number])[name]()
    fits(figure, least=SMALLEST)
    width = figure.get_figwidth()
    if name not in ("gallery", "methods"):
        assert min(abs(width - COLUMN), abs(width - PAGE)) < 1e-6
