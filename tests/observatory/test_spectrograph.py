"""The spectrograph conserves flux, has SDSS's resolution, and says where the grid has not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fibre_lights import fibre_light, rough_continuum

from picassso.core import (
    EMISSION_LINES,
    FIBRE_GRID,
    LIGHT_SPEED,
    LINE_NAMES,
    REST_GRID,
    InputError,
    pixel_edges,
)
from picassso.observatory.spectra.instrument import grid_limited, instrument_dispersion
from picassso.observatory.spectra.spectrograph import light_on_pixels, rest_flux, rest_fluxes

EDGES = pixel_edges(REST_GRID)
WIDTHS = np.diff(EDGES)


@pytest.mark.parametrize("redshift", [0.0, 0.08, 0.2])
def test_continuum_keeps_its_flux(redshift: float) -> None:
    """In total to rounding; a flat one stays flat to 0.1% even where the blur sets in."""
    flat = rest_flux(fibre_light(2.5, redshift=redshift))
    np.testing.assert_allclose(flat, 2.5, rtol=1e-3)
    assert flat.mean(dtype=np.float64) == pytest.approx(2.5, rel=1e-5)
    bumps = np.where(np.abs(FIBRE_GRID / 5000.0 - 1.0) < 0.1, rough_continuum(), 0.0)
    out = rest_flux(fibre_light(bumps, redshift=redshift))
    assert out @ WIDTHS == pytest.approx(bumps @ np.diff(pixel_edges(FIBRE_GRID)), rel=1e-5)


def test_lines_keep_their_flux() -> None:
    strengths = {name: 10.0 + k for k, name in enumerate(LINE_NAMES)}
    light = fibre_light(lines=strengths, line_dispersion=200.0)
    inside = [s for s, line in zip(strengths.values(), EMISSION_LINES, strict=True)
              if EDGES[0] < line.wavelength < EDGES[-1]]  # fmt: skip
    assert len(inside) == 24
    assert rest_flux(light) @ WIDTHS == pytest.approx(sum(inside), rel=1e-5)


@pytest.mark.parametrize("dispersion", [0.0, 80.0, 300.0])
@pytest.mark.parametrize("redshift", [0.01, 0.15])
def test_a_line_has_the_width_of_gas_and_instrument(dispersion: float, redshift: float) -> None:
    """Second moment on fine pixels; the box of the pixel is taken off."""
    centre = 6564.61
    step = 20.0 / LIGHT_SPEED
    edges = centre * np.exp(step * (np.arange(402) - 200.5))
    light = fibre_light(lines={"Halpha": 1.0}, redshift=redshift, line_dispersion=dispersion)
    share = light_on_pixels(light, edges) * np.diff(edges)
    velocity = 20.0 * np.arange(-200, 201)
    variance = share @ velocity**2 - (share @ velocity) ** 2 - 20.0**2 / 12.0
    expected = np.hypot(dispersion, instrument_dispersion(centre * (1.0 + redshift)))
    assert share.sum() == pytest.approx(1.0, abs=1e-6)
    assert np.sqrt(variance) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("rest, redshift", [(4500.0, 0.0), (6100.0, 0.0), (7000.0, 0.1)])
def test_stars_are_blurred_by_what_the_grid_lacks(rest: float, redshift: float) -> None:
    """One bright pixel of the grid spreads to sqrt(SDSS^2 - MILES^2), and not at all if < 0."""
    number = int(np.argmin(np.abs(FIBRE_GRID - rest)))
    spike = np.zeros(len(FIBRE_GRID), np.float32)
    spike[number] = 1.0
    step = 10.0 / LIGHT_SPEED
    edges = FIBRE_GRID[number] * np.exp(step * (np.arange(202) - 100.5))
    share = light_on_pixels(fibre_light(spike, redshift=redshift), edges) * np.diff(edges)
    share /= share.sum()
    velocity = 10.0 * np.arange(-100, 101)
    box = 1e-4 * np.log(10.0) * LIGHT_SPEED
    blur = share @ velocity**2 - (share @ velocity) ** 2 - (box**2 + 10.0**2) / 12.0
    instrument = instrument_dispersion(FIBRE_GRID[number] * (1.0 + redshift))
    grid = 2.5 / 2.354820045 / FIBRE_GRID[number] * LIGHT_SPEED
    assert blur == pytest.approx(max(instrument**2 - grid**2, 0.0), abs=0.02 * instrument**2)


def test_outside_of_miles_nothing_is_added() -> None:
    spike = np.zeros(len(FIBRE_GRID), np.float32)
    number = int(np.argmin(np.abs(FIBRE_GRID - 7800.0)))
    spike[number] = 1.0
    out = light_on_pixels(fibre_light(spike), pixel_edges(FIBRE_GRID))
    assert out[number] == pytest.approx(1.0, rel=1e-6)


def test_where_the_grid_is_too_blunt() -> None:
    limited = grid_limited([3388.0, 3545.0, 5000.0, 7345.0, 7360.0])
    assert limited.tolist() == [True, False, False, False, True]


def test_one_by_one_is_all_at_once() -> None:
    lights = [
        fibre_light(rough_continuum(k), lines={"OIII5008": 30.0 * k}, redshift=0.03 * k,
                    line_dispersion=50.0 * k)
        for k in range(5)
    ]  # fmt: skip
    together = rest_fluxes(
        np.stack([s.continuum for s in lights]),
        np.stack([s.line_flux for s in lights]),
        [s.line_dispersion for s in lights],
        [s.redshift for s in lights],
    )
    np.testing.assert_allclose(together, np.stack([rest_flux(s) for s in lights]), rtol=1e-5)
    assert together.dtype == np.float32
    # Rounding the redshift moves the instrument's width alone: by 0.2% where its arms meet.
    fine = light_on_pixels(fibre_light(rough_continuum(), redshift=0.0524), EDGES)
    off = np.abs(rest_flux(fibre_light(rough_continuum(), redshift=0.0524)) / fine - 1.0)
    assert off.max() < 2e-3
    assert np.quantile(off, 0.98) < 2e-4


@pytest.mark.parametrize(
    "field, value",
    [
        ("continuum", np.ones((2, 100), np.float32)),
        ("line_flux", np.ones((1, 25), np.float32)),
        ("redshift", [0.1, np.nan]),
        ("line_dispersion", [-1.0, 10.0]),
    ],
)
def test_light_that_is_none(field: str, value) -> None:
    parts = {
        "continuum": np.ones((2, 4801), np.float32),
        "line_flux": np.ones((2, 25), np.float32),
        "line_dispersion": [10.0, 10.0],
        "redshift": [0.1, 0.1],
    }
    with pytest.raises(InputError, match=field):
        rest_fluxes(**(parts | {field: value}))


def test_instrument_is_that_of_real_spectra(data_dir: Path) -> None:
    """The median `wdisp` of real fibres: to 3%, and each fibre to 18%."""
    from astropy.io import fits

    ratios = []
    for path in sorted((data_dir / "sdss_spectra").glob("spec-*.fits")):
        table = fits.getdata(path, 1)
        sigma = table["wdisp"] * 1e-4 * np.log(10.0) * LIGHT_SPEED
        wavelength = 10.0 ** table["loglam"].astype(np.float64)
        ratio = sigma / instrument_dispersion(wavelength)
        ratios.append([np.median(r) for r in np.array_split(ratio[:3800], 20)])
    assert np.abs(np.median(ratios, axis=0) - 1.0).max() < 0.03
    assert np.abs(np.array(ratios) - 1.0).max() < 0.18
