"""The gas about young stars: its metallicity and its ionisation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate
from toy_galaxies import rotating_disc

from picassso.observatory.spectra.gas_around_stars import (
    LOG_U_SCATTER,
    ionised_gas,
    mean_log_u,
)
from picassso.observatory.truth import STAR_FORMATION_TIME


def test_lines_have_the_metallicity_of_the_gas_at_hand() -> None:
    particles = rotating_disc()
    gas = particles.gas
    rich = gas.position[:, 0] > 0
    gas = replace(gas, metallicity=np.where(rich, 0.03, 0.005).astype("f4"))
    found = ionised_gas(particles.stars, gas, np.random.default_rng(0))
    young = particles.stars.age < STAR_FORMATION_TIME
    assert (np.isnan(found.metallicity) == ~young).all() and found.flags == ()
    side = particles.stars.position[young, 0]
    np.testing.assert_allclose(found.metallicity[young][side > 2.0], 0.03, rtol=1e-5)
    np.testing.assert_allclose(found.metallicity[young][side < -2.0], 0.005, rtol=1e-5)


@pytest.mark.parametrize("gas", ["absent", "empty", "of unknown metallicity"])
def test_without_gas_lines_have_the_metallicity_of_the_stars(gas: str) -> None:
    particles = rotating_disc()
    cells = {
        "absent": None,
        "empty": rotating_disc(n_gas=0).gas,
        "of unknown metallicity": replace(particles.gas, metallicity=None),
    }[gas]
    found = ionised_gas(particles.stars, cells, np.random.default_rng(0))
    young = particles.stars.age < STAR_FORMATION_TIME
    np.testing.assert_array_equal(found.metallicity[young], particles.stars.metallicity[young])
    assert found.flags == ("line_metallicity_from_stars",)


def test_rich_gas_is_less_ionised() -> None:
    assert mean_log_u(0.002) - mean_log_u(0.02) == pytest.approx(0.8)
    assert mean_log_u(0.0) == mean_log_u(0.0002)
    stars = rotating_disc().stars
    drawn = np.array(
        [ionised_gas(stars, None, np.random.default_rng(seed)).log_u for seed in range(300)]
    )
    assert np.std(drawn) == pytest.approx(LOG_U_SCATTER, rel=0.15)


@pytest.mark.parametrize("log_u", [-3.5, -3.0, -2.5])
def test_shells_are_as_ionised_on_average_as_the_spheres_of_the_relation(log_u: float) -> None:
    """Photons left at a radius fall as the volume inside grows; U goes as them over r^2."""
    inner, density, recombination, light_speed = 1e19, 100.0, 2.6e-13, 2.998e10
    cube = 1.0 + 3.0 * 10.0**log_u * light_speed / (inner * density * recombination)
    radius = np.linspace(1.0, cube ** (1 / 3), 2001)
    left = (cube - radius**3) / (cube - 1.0)
    shell = 10.0**log_u * integrate.trapezoid(left, radius) * 3.0 / (cube - 1.0)
    radius = np.linspace(0.0, 1.0, 2001)
    sphere = 3.0 * integrate.trapezoid(1.0 - radius**3, radius)  # in units of U at the edge
    at_edge = np.log10(shell / sphere)
    carton = -3.58
    assert log_u - at_edge == pytest.approx(mean_log_u(0.02) - carton, abs=0.05)
