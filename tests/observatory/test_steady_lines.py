"""Lines of steady star formation: as bright as those of stars of all ages, with less chance."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from scipy import integrate
from toy_galaxies import rotating_disc

from picassso.core import LINE_NAMES
from picassso.observatory.spectra.fibre import StarsInView, fibre_light
from picassso.observatory.spectra.gas_around_stars import (
    averaging_time,
    ionised_gas,
    mean_log_u,
)
from picassso.observatory.spectra.populations import SpectralTable
from picassso.observatory.truth import STAR_FORMATION_TIME

HALPHA = LINE_NAMES.index("Halpha")
OLDEST = 1.0
"""Gyr for which the galaxies of these tests have formed stars at a constant rate."""


def by_age(table: SpectralTable, age: np.ndarray) -> np.ndarray:
    """Halpha of stars of their very ages, as log-linear as the light of images [Lsun per Msun]."""
    halpha = table.lines_at(-3.0)[4, :, HALPHA]
    light = np.exp(np.interp(np.log(age), np.log(table.line_age), np.log(halpha)))
    return np.where(age <= table.line_age[-1], light, 0.0)


def galaxy(rng: np.random.Generator, n: int, *, z: float) -> StarsInView:
    """A steady star formation rate; the stars lie on the axis of the fibre."""
    age = rng.uniform(1e-5, OLDEST, n).astype("f4")
    return StarsInView(
        distance=np.zeros(n, "f4"),
        radius=np.zeros(n, "f4"),
        velocity=rng.normal(0.0, 50.0, n).astype("f4"),
        initial_mass=np.full(n, 1e9 / n, "f4"),
        age=age,
        metallicity=np.full(n, z, "f4"),
        dust_column=None,
        gas_metallicity=np.where(age < STAR_FORMATION_TIME, z, np.nan).astype("f4"),
    )


def test_a_steady_rate_has_the_halpha_of_its_stars(spectral_table: SpectralTable) -> None:
    age = np.geomspace(1e-7, spectral_table.line_age[-1], 100_001)
    exact = integrate.trapezoid(by_age(spectral_table, age), age)
    mean = spectral_table.steady_lines_at(-3.0, over=STAR_FORMATION_TIME)[4, HALPHA]
    assert mean * STAR_FORMATION_TIME == pytest.approx(exact, rel=0.003)
    # Kennicutt & Evans 2012: log L(Halpha) [erg/s] = log SFR + 41.27, of solar metallicity.
    assert np.log10(exact * 1e9 * 3.826e33) == pytest.approx(41.27, abs=0.25)


def test_expected_halpha_is_kept_and_chance_falls(spectral_table: SpectralTable) -> None:
    """Against stars that shine by their very ages: the same mean, a scatter as of all stars
    younger than 100 Myr, smaller by the root of the ratio of the times for which lines last.
    """
    n, seeds = 2000, 60
    z = float(spectral_table.line_metallicity[4])
    now, before = [], []
    for seed in range(seeds):
        stars = galaxy(np.random.default_rng(seed), n, z=z)
        # Lines alone are looked at, so that the continuum of the old may be spared.
        young = stars.take(np.flatnonzero(stars.age < STAR_FORMATION_TIME))
        light = fibre_light(
            young, spectral_table, redshift=0.05, psf_fwhm=1.3, dust=0.0, log_u=-3.0
        )
        now.append(light.line_flux[HALPHA])
        before.append((stars.initial_mass * by_age(spectral_table, stars.age)).sum())
    now, before = np.array(now), np.array(before)
    relative_now, relative_before = now.std() / now.mean(), before.std() / before.mean()
    assert relative_now == pytest.approx((n * STAR_FORMATION_TIME / OLDEST) ** -0.5, rel=0.25)
    age = np.geomspace(1e-7, spectral_table.line_age[-1], 10_001)
    shine = by_age(spectral_table, age)
    lasts = integrate.trapezoid(shine, age) ** 2 / integrate.trapezoid(shine**2, age)
    expected = np.sqrt(STAR_FORMATION_TIME / lasts)
    assert expected > np.sqrt(10.0)
    assert relative_before / relative_now == pytest.approx(expected, rel=0.3)
    one = galaxy(np.random.default_rng(0), 1, z=z)
    one.age[:], one.gas_metallicity[:] = 0.05, z
    unit = fibre_light(one, spectral_table, redshift=0.05, psf_fwhm=1.3, dust=0.0, log_u=-3.0)
    per_luminosity = unit.line_flux[HALPHA] / (
        1e9 * spectral_table.steady_lines_at(-3.0, over=STAR_FORMATION_TIME)[4, HALPHA]
    )
    error = np.hypot(relative_now, relative_before) / np.sqrt(seeds)
    assert now.mean() / (before.mean() * per_luminosity) == pytest.approx(1.0, abs=4.0 * error)


def test_time_is_as_short_as_leaves_enough_stars() -> None:
    rng = np.random.default_rng(0)
    for n, expected in ((200, 0.1), (3000, 0.1), (10_000, 0.04), (1_000_000, 0.01)):
        age = rng.uniform(0.0, 1.0, n).astype("f4")
        assert averaging_time(age) == pytest.approx(expected, rel=0.2)
        assert (age < averaging_time(age)).sum() >= min(400, (age < 0.1).sum())


def test_a_steady_rate_is_as_bright_over_any_time(spectral_table: SpectralTable) -> None:
    halpha = []
    for time in (0.01, 0.03, 0.1):
        stars = galaxy(np.random.default_rng(0), 20_000, z=0.02)
        stars.gas_metallicity[:] = np.where(stars.age < time, 0.02, np.nan)
        young = stars.take(np.flatnonzero(stars.age < time))
        light = fibre_light(
            young, spectral_table, redshift=0.05, psf_fwhm=1.3, dust=0.0, log_u=-3.0, time=time
        )
        halpha.append(light.line_flux[HALPHA])
    error = 1.0 / np.sqrt(20_000 * 0.01)
    np.testing.assert_allclose(halpha, halpha[-1], rtol=3.0 * error)


def test_lines_do_not_follow_the_age_of_the_particle(spectral_table: SpectralTable) -> None:
    stars = galaxy(np.random.default_rng(0), 60, z=0.02)
    stars.gas_metallicity[:] = 0.02
    seen = []
    for age in (0.001, 0.02, 0.09):
        stars.age[:] = age
        light = fibre_light(
            stars, spectral_table, redshift=0.05, psf_fwhm=1.3, dust=0.0, log_u=-3.0
        )
        seen.append(light.line_flux)
    np.testing.assert_array_equal(seen[1:], seen[:1] * 2)


def test_lines_are_log_linear_in_metallicity(spectral_table: SpectralTable) -> None:
    grid = spectral_table.line_metallicity
    table = spectral_table.steady_lines_at(-3.0, over=STAR_FORMATION_TIME)
    halfway = np.sqrt(grid[3] * grid[4])
    expected = {
        0.0: table[0],
        grid[3]: table[3],
        halfway: np.sqrt(table[3] * table[4]),
        1.0: table[-1],
    }
    found = []
    for z in expected:
        one = galaxy(np.random.default_rng(0), 1, z=0.02)
        one.age[:], one.gas_metallicity[:] = 0.05, z
        found.append(
            fibre_light(
                one, spectral_table, redshift=0.05, psf_fwhm=1.3, dust=0.0, log_u=-3.0
            ).line_flux
        )
    ratio = np.array(found) / np.array(list(expected.values()))
    np.testing.assert_allclose(ratio, ratio[0, HALPHA], rtol=1e-4)


@lru_cache
def log_factors() -> np.ndarray:
    """(400, 25) log10 of the factors on lines of many galaxies."""
    stars = rotating_disc(n_stars=50).stars
    drawn = (ionised_gas(stars, None, np.random.default_rng(seed)) for seed in range(400))
    return np.log10([gas.line_factors for gas in drawn])


def test_elements_scatter_and_hydrogen_does_not() -> None:
    factors = log_factors()
    for name, scatter in {"Halpha": 0.0, "HeI5877": 0.0, "NII6585": 0.1, "OIII5008": 0.1}.items():
        column = factors[:, LINE_NAMES.index(name)]
        assert column.std() == pytest.approx(scatter, rel=0.15)
    oxygen = [LINE_NAMES.index(name) for name in ("OII3727", "OIII5008", "OI6302")]
    np.testing.assert_allclose(factors[:, oxygen], factors[:, oxygen[:1]].repeat(3, axis=1))


@pytest.mark.parametrize("z", [0.008, 0.012, 0.016, 0.02, 0.03, 0.04])
def test_typical_gas_lies_on_the_sequence_of_star_forming_galaxies(
    spectral_table: SpectralTable, z: float
) -> None:
    """That of Kewley et al. 2013 (ApJ 774, 100), whose galaxies scatter by 0.1 dex about it; and
    so below the line of Kauffmann et al. 2003.
    """
    one = galaxy(np.random.default_rng(0), 1, z=z)
    one.age[:], one.gas_metallicity[:] = 0.05, z
    lines = fibre_light(
        one,
        spectral_table,
        redshift=0.05,
        psf_fwhm=1.3,
        dust=0.0,
        log_u=mean_log_u(z),
        line_factors=10.0 ** log_factors().mean(axis=0),
    ).line_flux

    def ratio(top: str, bottom: str) -> float:
        return float(np.log10(lines[LINE_NAMES.index(top)] / lines[LINE_NAMES.index(bottom)]))

    nitrogen, oxygen = ratio("NII6585", "Halpha"), ratio("OIII5008", "Hbeta")
    assert nitrogen == pytest.approx(0.61 / (oxygen - 1.1) - 0.08, abs=0.15)
    assert oxygen < 0.61 / (nitrogen - 0.05) + 1.3
