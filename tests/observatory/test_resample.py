"""Resampling conserves flux, carries variance along and knows what it does not know."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from picassso.core import InputError, Spectrum, pixel_edges, vacuum_to_air
from picassso.observatory.spectra.resample import overlaps, resample, to_rest

GRID = 10.0 ** (3.58 + 1e-4 * np.arange(400))


def spectrum(flux=None, *, wavelength=GRID, inverse_variance=None, mask=None, **others) -> Spectrum:
    """One of ones, unless told otherwise."""
    n = len(wavelength)
    return Spectrum(
        wavelength=wavelength,
        medium=others.pop("medium", "vacuum"),
        flux=np.ones(n, np.float32) if flux is None else np.asarray(flux, np.float32),
        inverse_variance=(
            np.ones(n, np.float32)
            if inverse_variance is None
            else np.asarray(inverse_variance, np.float32)
        ),
        mask=np.zeros(n, bool) if mask is None else mask,
        redshift=others.pop("redshift", 0.0),
        resolution=2000.0,
        **others,
    )


def integral(s: Spectrum) -> float:
    return float(s.flux.astype(np.float64) @ np.diff(pixel_edges(s.wavelength)))


@settings(max_examples=30, deadline=None)
@given(
    arrays(np.float32, 400, elements=st.floats(-100.0, 100.0, width=32)),
    st.integers(2, 700),
)
def test_flux_is_conserved(flux: np.ndarray, pixels: int) -> None:
    """Pixels of any width whose edges are those of the input."""
    before = spectrum(flux)
    edges = pixel_edges(GRID)
    step = np.log(edges[-1] / edges[0]) / pixels
    centres = edges[0] * np.exp(step * (np.arange(pixels) + 0.5))
    after = resample(before, centres)
    assert not after.mask.any()
    scale = np.abs(flux).astype(np.float64) @ np.diff(edges)
    assert abs(integral(after) - integral(before)) <= 1e-5 * scale + 1e-30


@settings(max_examples=20, deadline=None)
@given(arrays(np.float32, 400, elements=st.floats(-1e3, 1e3, width=32)), st.randoms())
def test_the_same_grid_changes_nothing(flux: np.ndarray, random) -> None:
    mask = np.array([random.random() < 0.2 for _ in flux])
    before = spectrum(flux, mask=mask, inverse_variance=0.1 + np.abs(flux))
    after = resample(before, GRID)
    np.testing.assert_array_equal(after.mask, mask)
    np.testing.assert_array_equal(after.flux[~mask], flux[~mask])
    good = before.inverse_variance[~mask]
    np.testing.assert_allclose(after.inverse_variance[~mask], good, rtol=1e-6)


def test_steps_are_integrated_exactly() -> None:
    """Pixels half as wide read what they lie in; one across an edge the mean by overlap."""
    before = spectrum([2.0, 6.0, 4.0], wavelength=100.0 * 1.1 ** np.arange(3))
    edges = pixel_edges(before.wavelength)
    inside = np.array([edges[0] + 1.0, edges[0] + 2.0])
    np.testing.assert_allclose(resample(before, inside).flux, 2.0)
    across = np.sqrt(edges[1] * edges[2])  # two pixels that meet in the middle of the second
    wide = resample(before, across * np.array([1.1**-0.5, 1.1**0.5]))
    left, right = across / 1.1, across * 1.1
    expected = [
        (2.0 * (edges[1] - left) + 6.0 * (across - edges[1])) / (across - left),
        (6.0 * (edges[2] - across) + 4.0 * (right - edges[2])) / (right - across),
    ]
    np.testing.assert_allclose(wide.flux, expected, rtol=1e-6)


def test_variance_agrees_with_noise() -> None:
    """4,000 draws of the noise: their scatter is what the inverse variance says, to 5 sigma."""
    rng = np.random.default_rng(0)
    sigma = rng.uniform(0.5, 3.0, len(GRID))
    centres = np.geomspace(GRID[10], GRID[-10], 117)
    drawn = [
        resample(spectrum(rng.normal(0.0, sigma), inverse_variance=sigma**-2), centres)
        for _ in range(4000)
    ]
    scatter = np.std([s.flux for s in drawn], axis=0)
    ratio = scatter * np.sqrt(drawn[0].inverse_variance)
    assert np.abs(ratio - 1.0).max() < 5.0 / np.sqrt(2 * 4000)


def test_unknown_pixels_have_no_weight() -> None:
    flux = np.full(400, 3.0)
    weight = np.ones(400)
    mask = np.zeros(400, bool)
    flux[50], flux[60], flux[70], weight[80] = np.nan, 1e9, np.inf, 0.0
    mask[60] = True
    flux[80] = -1e9
    after = resample(spectrum(flux, inverse_variance=weight, mask=mask), GRID[2:-2:4])
    np.testing.assert_allclose(after.flux[~after.mask], 3.0, rtol=1e-6)
    assert not after.mask.any()  # a quarter of a pixel is missing at most


def test_less_than_half_known_is_masked() -> None:
    mask = np.zeros(400, bool)
    mask[100:106] = True
    after = resample(spectrum(mask=mask), GRID[1:-2:4] * 10.0**0.5e-4)
    widths = np.diff(pixel_edges(after.wavelength))
    first, second, length = overlaps(pixel_edges(GRID), pixel_edges(after.wavelength))
    known = np.bincount(second[~mask[first]], weights=length[~mask[first]], minlength=len(widths))
    np.testing.assert_array_equal(after.mask, known / widths < 0.5 - 1e-9)
    assert after.mask.any()
    assert (after.inverse_variance[after.mask] == 0.0).all()
    assert (after.flux[after.mask] == 0.0).all()


def test_nothing_known_is_a_flag() -> None:
    blind = spectrum(inverse_variance=np.zeros(400))
    for after in (resample(blind, GRID[::4]), to_rest(blind), resample(to_rest(blind), GRID)):
        assert after.flags == ("no_valid_pixels",)
        assert not after.usable.any()
    assert resample(spectrum(), GRID[::4] * 3.0).flags == ("no_valid_pixels",)
    assert resample(spectrum(np.full(400, np.nan)), GRID).flags == ("no_valid_pixels",)


@pytest.mark.parametrize(
    "wavelength", [[5000.0], [[4000.0, 5000.0]], [5000.0, 4000.0], [-1.0, 5.0], [1.0, np.nan]]
)
def test_wavelengths_that_cannot_be_pixels(wavelength) -> None:
    with pytest.raises(InputError, match="new wavelengths"):
        resample(spectrum(), wavelength)


@pytest.mark.parametrize("medium", ["vacuum", "air"])
def test_rest_conserves_flux_and_significance(medium: str) -> None:
    rng = np.random.default_rng(1)
    before = spectrum(rng.uniform(1, 2, 400), redshift=0.25, medium=medium)
    after = to_rest(before)
    assert (after.redshift, after.medium) == (0.0, "vacuum")
    assert integral(after) == pytest.approx(integral(before), rel=1e-6)
    significance = [s.flux * np.sqrt(s.inverse_variance) for s in (before, after)]
    np.testing.assert_allclose(*significance, rtol=1e-6)


def test_rest_moves_a_line_home() -> None:
    line = 4862.68
    seen = vacuum_to_air(line * 1.08)
    grid = seen * np.exp(2e-4 * np.arange(-50, 51))
    after = to_rest(spectrum(wavelength=grid, medium="air", redshift=0.08))
    assert after.wavelength[50] == pytest.approx(line, rel=1e-9)
    assert to_rest(spectrum(redshift=0.5), 0.25).wavelength[0] == pytest.approx(GRID[0] / 1.25)


@pytest.mark.parametrize("redshift", [np.nan, -0.1, np.inf, "far"])
def test_redshift_that_is_none(redshift) -> None:
    with pytest.raises(InputError, match=r"redshift of spectrum 'NGC 1'.* expected 0 or a pos"):
        to_rest(spectrum(galaxy_id="NGC 1"), redshift)
