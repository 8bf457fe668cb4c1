"""Lines and breaks: exact on what can be written down, honest about noise and gaps."""

from __future__ import annotations

from math import erf, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from picassso.analysis.spectra import (
    INDICES,
    MEASURED_LINES,
    d4000,
    dn4000,
    equivalent_width,
    get_index,
    line_flux,
    measure,
    measure_errors,
)
from picassso.core import (
    FIBRE_GRID,
    LIGHT_SPEED,
    REST_GRID,
    InputError,
    air_to_vacuum,
    get_line,
    pixel_edges,
)

FLUXES = {
    "OII3727": 10.0,
    "OII3730": 14.0,
    "Hdelta": 5.0,
    "Hgamma": 9.0,
    "Hbeta": 20.0,
    "OIII5008": 30.0,
    "OI6302": 2.0,
    "NII6550": 18.0 / 3.05,
    "Halpha": 60.0,
    "NII6585": 18.0,
    "SII6718": 12.0,
    "SII6733": 9.0,
}
TOTALS = {**FLUXES, "OII": 24.0, "SII": 21.0}


def emission(wavelength: NDArray[np.float64], dispersion: float) -> NDArray[np.float64]:
    """(L,) all lines of `FLUXES`, Gaussians integrated over the pixels."""
    edges = pixel_edges(wavelength)
    flux = np.zeros(wavelength.size)
    for name, total in FLUXES.items():
        centre = get_line(name).wavelength
        z = (edges - centre) / (sqrt(2.0) * centre * dispersion / LIGHT_SPEED)
        flux += total * 0.5 * np.diff([erf(v) for v in z]) / np.diff(edges)
    return flux


@pytest.mark.parametrize("grid", [REST_GRID, FIBRE_GRID], ids=["rest grid", "fine grid"])
@pytest.mark.parametrize(
    ("dispersion", "tolerance"), [(70.0, 0.01), (130.0, 2e-4), (180.0, 0.022), (250.0, 0.08)]
)
def test_line_fluxes_are_recovered(
    grid: NDArray[np.float64], dispersion: float, tolerance: float
) -> None:
    flux = 2.0 + 3e-4 * (grid - 5000.0) + emission(grid, dispersion)
    for line in MEASURED_LINES:
        assert line_flux(grid, flux, line) == pytest.approx(TOTALS[line], rel=tolerance), line


def test_halpha_is_right_to_a_per_cent_up_to_180_km_s() -> None:
    for dispersion in (60.0, 100.0, 150.0, 180.0):
        flux = 2.0 + emission(REST_GRID, dispersion)
        assert equivalent_width(REST_GRID, flux, "Halpha") == pytest.approx(30.0, rel=0.01)


def test_straight_continuum_has_no_lines_but_its_own_level() -> None:
    flux = 2.0 + 1e-3 * (REST_GRID - 6564.61)
    for line in MEASURED_LINES:
        assert line_flux(REST_GRID, flux, line) == pytest.approx(0.0, abs=1e-10)
    with_line = flux + emission(REST_GRID, 130.0)
    width = equivalent_width(REST_GRID, with_line, "Halpha")
    assert width == pytest.approx(60.0 / 2.0, rel=1e-3)


def test_absorption_is_negative_and_adds_to_emission() -> None:
    stars = 2.0 - 0.1 * emission(REST_GRID, 130.0)
    flux = stars + emission(REST_GRID, 130.0)
    assert line_flux(REST_GRID, stars, "Hbeta") == pytest.approx(-2.0, rel=1e-3)
    assert line_flux(REST_GRID, flux, "Hbeta") == pytest.approx(18.0, rel=1e-3)
    assert line_flux(REST_GRID, flux, "Hbeta", stars=stars) == pytest.approx(20.0, rel=1e-3)
    width = equivalent_width(REST_GRID, flux, "Hbeta", stars=stars)
    assert width == pytest.approx(10.0, rel=1e-3)


@given(st.integers(0, 2**32 - 1), st.floats(-3.0, 3.0))
def test_line_flux_is_linear(seed: int, factor: float) -> None:
    one = np.random.default_rng(seed).standard_normal(1000)
    other = emission(REST_GRID, 100.0)
    together = line_flux(REST_GRID, one + factor * other, "NII6585")
    apart = line_flux(REST_GRID, one, "NII6585") + factor * line_flux(REST_GRID, other, "NII6585")
    assert together == pytest.approx(apart, abs=1e-8)


@given(st.floats(1e-3, 1e3), st.sampled_from(sorted(INDICES)))
def test_all_but_fluxes_do_not_know_the_unit(factor: float, name: str) -> None:
    flux = 2.0 + emission(REST_GRID, 100.0)
    one, other = (INDICES[name](REST_GRID, f) for f in (flux, factor * flux))
    expected = factor * one if name.startswith("flux") else one
    assert other == pytest.approx(expected, rel=1e-9)


def test_breaks_of_flat_spectra() -> None:
    per_frequency = 1e7 * REST_GRID**-2.0
    assert d4000(REST_GRID, per_frequency) == pytest.approx(1.0, abs=1e-4)
    assert dn4000(REST_GRID, per_frequency) == pytest.approx(1.0, abs=1e-4)
    # Of a flat flux per wavelength: quotient of the means of the wavelength squared.
    low, high = air_to_vacuum([3750.0, 4050.0]), air_to_vacuum([3950.0, 4250.0])
    mean = (high**3 - low**3) / (high - low)
    assert d4000(FIBRE_GRID, np.ones(4801)) == pytest.approx(mean[1] / mean[0], rel=1e-6)


def test_a_step_at_4000_is_the_break() -> None:
    step = np.where(REST_GRID < 3975.0, 1.0, 1.8) * REST_GRID**-2.0
    assert dn4000(REST_GRID, step) == pytest.approx(1.8, rel=1e-3)


def test_absorption_index_is_positive_in_absorption() -> None:
    centre = get_line("Hdelta").wavelength
    flux = 1.0 - 0.3 * np.exp(-0.5 * ((FIBRE_GRID - centre) / 4.0) ** 2)
    area = 0.3 * 4.0 * sqrt(2 * np.pi)
    assert INDICES["HdeltaA"](FIBRE_GRID, flux) == pytest.approx(area, rel=1e-3)


def test_ratios_are_of_the_fluxes() -> None:
    flux = 2.0 + emission(REST_GRID, 130.0)
    found = measure(REST_GRID, flux, ["log_nii_ha", "log_SII_Ha", "log_OIII_Hb", "log_Ha_Hb"])
    expected = np.log10([18 / 60, 21 / 60, 30 / 20, 60 / 20])
    np.testing.assert_allclose(list(found.values()), expected, atol=3e-4)
    assert next(iter(found)) == "log_NII_Ha"


def test_any_leading_axes() -> None:
    rng = np.random.default_rng(1)
    flux = 5.0 + rng.standard_normal((2, 3, 1000))
    for index in INDICES.values():
        found = index(REST_GRID, flux)
        assert found.shape == (2, 3)
        np.testing.assert_allclose(found[1, 2], index(REST_GRID, flux[1, 2]), rtol=1e-9)


@pytest.mark.parametrize("name", ["EW_Halpha", "EW_OII", "flux_SII", "D4000", "log_OIII_Hb"])
def test_errors_are_the_scatter(name: str) -> None:
    rng = np.random.default_rng(2)
    sigma = 0.03 * (1.0 + 0.5 * np.sin(np.arange(1000)))
    clean = 2.0 + emission(REST_GRID, 120.0)
    noisy = clean + sigma * rng.standard_normal((4000, 1000))
    weight = sigma**-2.0
    scatter = measure(REST_GRID, noisy, [name])[name]
    error = measure_errors(REST_GRID, clean, [name], inverse_variance=weight)[name]
    # Of 4000 draws a standard deviation is known to 1.1%.
    assert scatter.std() == pytest.approx(float(error), rel=0.04)


def test_gaps() -> None:
    flux = 2.0 + emission(REST_GRID, 130.0)
    flux[500:503] = np.nan  # far from every line
    weight = np.ones(1000)
    sideband = np.flatnonzero((REST_GRID > 6483) & (REST_GRID < 6513))
    weight[sideband[2]] = 0.0
    flux[sideband[2]] = 1e10
    width = equivalent_width(REST_GRID, flux, "Halpha", inverse_variance=weight)
    assert width == pytest.approx(30.0, rel=1e-3)
    weight[sideband[:3]] = 0.0
    assert np.isnan(equivalent_width(REST_GRID, flux, "Halpha", inverse_variance=weight))
    weight[:] = 1.0
    weight[np.abs(REST_GRID - 6564.61).argmin()] = 0.0
    assert np.isnan(equivalent_width(REST_GRID, flux, "Halpha", inverse_variance=weight))
    assert np.isfinite(equivalent_width(REST_GRID, flux, "Hbeta", inverse_variance=weight))


def test_no_continuum_no_width_and_no_logarithm_of_nothing() -> None:
    flux = emission(REST_GRID, 130.0) - 1.0
    assert np.isnan(equivalent_width(REST_GRID, flux, "Halpha"))
    assert line_flux(REST_GRID, flux, "Halpha") > 0
    assert np.isnan(INDICES["log_NII_Ha"](REST_GRID, 2.0 - emission(REST_GRID, 130.0)))


def test_bad_input() -> None:
    with pytest.raises(InputError, match="choose one of"):
        equivalent_width(REST_GRID, np.ones(1000), "Lyalpha")
    with pytest.raises(InputError, match="choose one of"):
        get_index("EW")
    with pytest.raises(InputError, match="expected the last axis"):
        d4000(REST_GRID, np.ones(999))
    with pytest.raises(InputError, match="do not reach the band"):
        d4000(REST_GRID[300:], np.ones(700))
    with pytest.raises(InputError, match="expected the last axis"):
        measure_errors(REST_GRID, np.ones(1000), ["D4000"], inverse_variance=np.ones(3))
