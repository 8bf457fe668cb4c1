"""Composite populations: limits that are known, and the grid against its definition."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from scipy.integrate import quad

from picassso.analysis.baselines.composites import (
    Parameters,
    library,
    library_parameters,
    populations,
)
from picassso.universe.readers import surviving_fraction


def one(**changes) -> Parameters:
    values = {
        "start": 8.0,
        "timescale": 2.0,
        "change_age": 0.1,
        "change": 1.0,
        "metallicity": 0.02,
        "attenuation": 0.0,
    } | changes
    return Parameters(*(np.atleast_1d(np.float64(values[f.name])) for f in fields(Parameters)))


@pytest.mark.parametrize("age", [1.0, 3.0, 9.0])
def test_a_short_burst_is_a_simple_population(sdss_light, age):
    found = populations(one(start=age, timescale=0.01), survey="sdss", redshift=0.05)
    simple = sdss_light.luminosities([age - 0.02], [0.02], 0.05) / surviving_fraction(age)
    # Ages are binned by 0.077 in their logarithm; light fades as about 1 / age.
    np.testing.assert_allclose(found.light[0], simple[0], rtol=0.05)
    assert found.age[0] == pytest.approx(age - 0.02, rel=0.05)
    assert found.specific_rate[0] < 1e-14


@pytest.mark.parametrize(("change_age", "change"), [(0.1, 1.0), (0.4, 3.0), (0.2, 0.0)])
def test_history_against_quadrature(sdss_light, change_age, change):
    """Current mass, its mean age and the recent rate, integrated numerically."""
    start, tau = 6.0, 1.6

    def rate(age: float) -> float:
        t = start - age
        if age < change_age:
            t = start - change_age
            return change * t * np.exp(-t / tau)
        return t * np.exp(-t / tau)

    def integral(weight, last=start) -> float:
        steps = [x for x in (0.01, 0.1, change_age) if x < last]
        return quad(lambda a: rate(a) * weight(a), 0, last, points=steps, limit=200)[0]

    current = integral(lambda a: float(surviving_fraction(np.array(a))))
    aged = integral(lambda a: a * float(surviving_fraction(np.array(a))))
    recent = integral(lambda a: 1.0, last=0.1)
    parameters = one(start=start, timescale=tau, change_age=change_age, change=change)
    found = populations(parameters, survey="sdss", redshift=0.05)
    assert found.age[0] == pytest.approx(aged / current, rel=2e-3)
    assert found.specific_rate[0] == pytest.approx(recent / 1e8 / current, rel=2e-3, abs=1e-20)


def test_the_library_is_its_parameters(sdss_light):
    parameters, known = library_parameters(0.08), library("sdss", 0.08)
    assert len(parameters.start) == len(known.age) == 20736
    chosen = np.random.default_rng(0).integers(0, 20736, 40)
    some = Parameters(*(getattr(parameters, f.name)[chosen] for f in fields(Parameters)))
    found = populations(some, survey="sdss", redshift=0.08)
    for f in fields(found):
        np.testing.assert_allclose(
            getattr(found, f.name), getattr(known, f.name)[chosen], rtol=1e-9, atol=1e-30
        )


def test_dust_dims_and_reddens(sdss_light):
    light = [
        populations(one(attenuation=a), survey="sdss", redshift=0.05).light[0] for a in (0, 1, 2)
    ]
    dimming = np.log(light[0] / light[1])
    assert (np.diff(dimming) < 0).all() and (dimming > 0).all()


def test_a_burst_brightens(sdss_light):
    calm, burst = (
        populations(one(change=c), survey="sdss", redshift=0.05).light[0] for c in (1.0, 10.0)
    )
    assert (burst > calm).all() and burst[0] / calm[0] > burst[4] / calm[4]
