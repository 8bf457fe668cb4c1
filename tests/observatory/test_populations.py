"""The light of stars: photometry, nebulae, and the table's look-up."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from picassso.core import DEFAULT_COSMOLOGY, InputError
from picassso.observatory import LightTable, surface_brightness_factor
from picassso.observatory.light_build import band_luminosities
from picassso.observatory.nebular import (
    MAX_GAS_METALLICITY,
    NEBULAR_MAX_AGE,
    NebularEmission,
    nebular_emission,
    without_ionising_light,
)
from picassso.observatory.photometry import FilterCurve, line_weights, photon_weights
from picassso.observatory.stellar_populations import (
    IONISING_EDGE,
    SOLAR_LUMINOSITY,
    StellarGrid,
    read_stellar_grid,
)


class Light(NamedTuple):
    """Spectra that the table is made of."""

    stars: StellarGrid
    nebula: NebularEmission


@pytest.fixture(scope="module")
def light(sdss_light: LightTable) -> Light:
    stars = read_stellar_grid()
    return Light(stars, nebular_emission(stars))


TRIANGLE = FilterCurve(np.array([5000.0, 5600.0, 6500.0]), np.array([0.0, 0.7, 0.0]))
WAVELENGTH = np.arange(3000.0, 9000.0, 1.3)


@given(redshift=st.floats(0.0, 0.5))
def test_a_flat_spectrum_has_its_own_flux_in_any_band(redshift: float) -> None:
    """L_nu = 1 Lsun per Hz gives (1 + z) Lsun / (4 pi (10 pc)^2) per Hz through every filter."""
    per_angstrom = 2.99792458e18 / WAVELENGTH**2
    flux = per_angstrom @ photon_weights(WAVELENGTH, TRIANGLE, redshift=redshift)
    expected = SOLAR_LUMINOSITY / (4 * np.pi * 3.0856775814913673e19**2) / 3.631e-29
    assert flux == pytest.approx((1 + redshift) * expected, rel=1e-5)


@given(redshift=st.floats(0.0, 0.2), rest=st.floats(4500.0, 6600.0))
def test_a_line_is_a_narrow_spectrum(redshift: float, rest: float) -> None:
    fine = np.linspace(rest - 30.0, rest + 30.0, 6001)
    profile = np.exp(-0.5 * ((fine - rest) / 2.0) ** 2)
    profile /= np.trapezoid(profile, fine)
    narrow = profile @ photon_weights(fine, TRIANGLE, redshift=redshift)
    peak = 5600.0 / (1 + redshift)
    line, highest = line_weights(np.array([rest, peak]), TRIANGLE, redshift=redshift)
    # Its width blurs a kink by the change of slope times sigma / sqrt(2 pi): 0.3% of the peak.
    assert narrow == pytest.approx(line, abs=0.004 * highest)


def test_grid_holds_bursts_of_positive_age(light: Light) -> None:
    stars = light.stars
    assert stars.luminosity.shape == (7, 220, 13216)
    assert stars.age[0] == pytest.approx(1e-4) and stars.age[-1] == pytest.approx(20.0)
    np.testing.assert_allclose(stars.metallicity, [1e-4, 4e-4, 4e-3, 8e-3, 0.02, 0.05, 0.1])
    assert (np.diff(stars.age) > 0).all() and (stars.luminosity >= 0).all()


@pytest.mark.parametrize(
    ("age", "magnitudes"),
    [
        (1.0152, (6.174, 4.880, 4.432, 4.244, 4.108)),
        (10.0, (9.222, 7.432, 6.625, 6.242, 5.942)),
    ],
)
def test_solar_populations_have_their_known_magnitudes(
    sdss_light: LightTable, age: float, magnitudes: tuple[float, ...]
) -> None:
    """AB ugriz per Msun formed, integrated from the same spectra by other means."""
    flux = sdss_light.luminosities([age], [0.02], 0.0)[0]
    np.testing.assert_allclose(22.5 - 2.5 * np.log10(flux), magnitudes, atol=0.01)


def test_nebulae_carry_the_energy_that_ionised_them(light: Light) -> None:
    stars, nebula = light
    young = stars.age <= NEBULAR_MAX_AGE
    energy = nebula.lines.sum(axis=-1) + np.trapezoid(
        nebula.continuum.astype(np.float64), stars.wavelength, axis=-1
    )
    trusted = stars.metallicity <= MAX_GAS_METALLICITY
    ratio = energy[trusted][:, young] / stars.ionising_luminosity[trusted][:, young]
    np.testing.assert_allclose(ratio, 1.0, atol=0.03)
    assert (energy[:, ~young] == 0.0).all()


def test_metal_richest_populations_get_the_nebula_of_the_next(light: Light) -> None:
    np.testing.assert_array_equal(light.nebula.lines[-1], light.nebula.lines[-2])


def test_halpha_follows_recombination_theory(light: Light) -> None:
    """Case B at 10^4 K: L(Ha) = 1.37e-12 erg a photon, Ha / Hb = 2.86 (Osterbrock & Ferland)."""
    stars, nebula = light
    below = stars.wavelength <= IONISING_EDGE
    wavelength = stars.wavelength[below]
    per_photon = 6.62607015e-27 * 2.99792458e18 / wavelength
    photons = np.trapezoid(stars.luminosity[..., below] / per_photon, wavelength, axis=-1)
    line = {
        name: nebula.lines[..., np.argmin(abs(nebula.line_wavelength - at))]
        for name, at in (("Ha", 6562.8), ("Hb", 4861.3))
    }
    young = stars.age < 0.004
    ordinary = (stars.metallicity >= 0.004) & (stars.metallicity <= 0.02)
    pick = np.ix_(ordinary, young)
    np.testing.assert_allclose(line["Ha"][pick] / (1.37e-12 * photons[pick]), 1.0, atol=0.1)
    np.testing.assert_allclose(line["Ha"][pick] / line["Hb"][pick], 2.86, rtol=0.03)


def test_gas_takes_the_ionising_light_of_the_young_alone(light: Light) -> None:
    stars = light.stars
    seen = without_ionising_light(stars)
    young, below = stars.age <= NEBULAR_MAX_AGE, stars.wavelength <= IONISING_EDGE
    assert (seen[:, young][..., below] == 0.0).all()
    np.testing.assert_array_equal(seen[..., ~below], stars.luminosity[..., ~below])
    np.testing.assert_array_equal(seen[:, ~young], stars.luminosity[:, ~young])


def test_table_between_its_redshifts_is_exact_to_5_mmag(
    light: Light, sdss_light: LightTable
) -> None:
    stars, nebula = light
    middle = 0.5 * (sdss_light.redshift[1:] + sdss_light.redshift[:-1])[::6]
    exact = band_luminosities(
        stars.wavelength,
        without_ionising_light(stars) + nebula.continuum,
        sdss_light.curves,
        middle,
    )
    for redshift, continuum in zip(middle, exact, strict=True):
        weights = [
            line_weights(nebula.line_wavelength, c, redshift=redshift) for c in sdss_light.curves
        ]
        truth = continuum + nebula.lines @ np.stack(weights, axis=1)
        error = 2.5 * np.log10(sdss_light.at_redshift(redshift) / truth)
        assert abs(error).max() < 0.005


def test_look_up_returns_the_nodes(sdss_light: LightTable) -> None:
    metals, age = np.meshgrid(sdss_light.metallicity, sdss_light.age, indexing="ij")
    got = sdss_light.luminosities(age.ravel(), metals.ravel(), 0.07)
    np.testing.assert_allclose(got.reshape(*age.shape, -1), sdss_light.at_redshift(0.07), rtol=2e-5)


@settings(max_examples=50)
@given(i=st.integers(0, 218), j=st.integers(0, 5), u=st.floats(0.01, 0.99), v=st.floats(0.01, 0.99))
def test_look_up_is_linear_in_logarithms(
    sdss_light: LightTable, i: int, j: int, u: float, v: float
) -> None:
    log_age, log_z = np.log(sdss_light.age), np.log(sdss_light.metallicity)
    age = np.exp(log_age[i] + u * (log_age[i + 1] - log_age[i]))
    metals = np.exp(log_z[j] + v * (log_z[j + 1] - log_z[j]))
    corners = np.log(sdss_light.at_redshift(0.1)[j : j + 2, i : i + 2].astype(np.float64))
    expected = np.einsum("a,b,abc", [1 - v, v], [1 - u, u], corners)
    # Single-precision logarithms place a particle to 1e-6 dex, and the young fade fast.
    got = sdss_light.luminosities([age], [metals], 0.1)[0]
    np.testing.assert_allclose(np.log(got), expected, atol=1e-4)


def test_ages_and_metallicities_outside_the_grid_are_clamped(sdss_light: LightTable) -> None:
    inside = sdss_light.luminosities([1e-4, 20.0, 5.0, 5.0], [0.02, 0.02, 1e-4, 0.1], 0.05)
    outside = sdss_light.luminosities([0.0, 99.0, 5.0, 5.0], [0.02, 0.02, 0.0, 0.9], 0.05)
    np.testing.assert_array_equal(inside, outside)


def test_populations_fade_and_redden(sdss_light: LightTable) -> None:
    age = np.array([0.1, 0.3, 1.0, 3.0, 10.0])  # red supergiants redden 10 to 50 Myr
    flux = sdss_light.luminosities(age, np.full(5, 0.02), 0.0)
    assert (np.diff(flux[:, 2]) < 0).all()
    assert (np.diff(flux[:, 1] / flux[:, 3]) < 0).all()


def test_no_particles_have_no_light(sdss_light: LightTable) -> None:
    assert sdss_light.luminosities([], [], 0.05).shape == (0, 5)


@pytest.mark.parametrize(
    ("age", "metals", "redshift", "words"),
    [
        ([1.0, np.nan], [0.02, 0.02], 0.05, "age of 1 of 2"),
        ([1.0], [np.inf], 0.05, "metallicity of 1 of 1"),
        ([1.0, 2.0], [0.02], 0.05, "one value"),
        ([1.0], [0.02], 0.3, "redshift is 0.3"),
        ([1.0], [0.02], np.nan, "redshift is nan"),
    ],
)
def test_bad_particles_are_named(
    sdss_light: LightTable, age: list, metals: list, redshift: float, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        sdss_light.luminosities(age, metals, redshift)


@given(redshift=st.floats(0.001, 0.25))
def test_surface_brightness_needs_no_distance(redshift: float) -> None:
    distance = 1e3 * DEFAULT_COSMOLOGY.luminosity_distance(redshift)
    kpc = DEFAULT_COSMOLOGY.kpc_per_arcsec(redshift)
    assert surface_brightness_factor(redshift) == pytest.approx(
        (0.01 / distance) ** 2 * kpc**2, rel=1e-9
    )
