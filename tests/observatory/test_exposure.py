"""The noise of mock spectra is SDSS's, and the short way to it agrees with the long one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fibre_lights import fibre_light, rough_continuum

from picassso.core import FIBRE_GRID, REST_GRID, FibreLight, InputError
from picassso.observatory.spectra.exposure import OBSERVED_GRID, bright_sky, night
from picassso.observatory.spectra.inverse_variances import inverse_variances
from picassso.observatory.spectra.resample import resample, to_rest
from picassso.observatory.spectra.spectrograph import observe_spectrum, rest_flux

LINES = {"Halpha": 150.0, "NII6585": 60.0, "OIII5008": 70.0}
FIRST_PIXEL = 35798


def galaxy(redshift: float, *, brightness: float = 15.0) -> FibreLight:
    """Absorption and emission, as bright as the spectra of SDSS's main sample."""
    smooth = np.convolve(rough_continuum(), np.ones(5) / 5, mode="same")
    lines = {name: value * brightness / 15.0 for name, value in LINES.items()}
    return fibre_light(smooth * brightness / 3.0, lines=lines, redshift=redshift)


@pytest.mark.parametrize("redshift", [0.01, 0.08, 0.15])
def test_measured_spectra_agree_with_the_truth(redshift: float) -> None:
    """Observed, brought to rest, resampled: chi-squared of the noise-free flux, to 4 sigma."""
    light, rng = galaxy(redshift), np.random.default_rng(3)
    truth = rest_flux(light)
    seen = [resample(to_rest(observe_spectrum(light, rng)), REST_GRID) for _ in range(10)]
    pulls = np.concatenate([((s.flux - truth) * s.inverse_variance**0.5)[s.usable] for s in seen])
    assert len(pulls) > 8000
    # Neighbours share a pixel: that raises the scatter of the mean square by some per cent.
    assert abs(np.mean(pulls**2) - 1.0) < 4.2 * np.sqrt(2.0 / len(pulls))
    assert abs(pulls.mean()) < 5.0 / np.sqrt(len(pulls))


@pytest.mark.parametrize("redshift", [0.0, 0.05, 0.2])
@pytest.mark.parametrize("brightness", [3.0, 15.0, 60.0])
def test_the_short_way_to_the_noise(redshift: float, brightness: float) -> None:
    light = galaxy(redshift, brightness=brightness)
    seen = resample(to_rest(observe_spectrum(light, np.random.default_rng(0))), REST_GRID)
    (short,) = inverse_variances(rest_flux(light)[None], [redshift])
    both = seen.usable & (short > 0.0)
    assert np.median(short[both] / seen.inverse_variance[both]) == pytest.approx(1.0, abs=0.02)
    ratios = np.quantile(short[both] / seen.inverse_variance[both], [0.05, 0.95])
    assert 0.9 < ratios[0] < ratios[1] < 1.2
    assert np.mean(seen.usable != (short > 0.0)) < 0.05  # lines of the sky at other brightness
    outside = (REST_GRID * (1 + redshift) < 3799.0) | (REST_GRID * (1 + redshift) > 9201.0)
    assert not short[outside].any() and not seen.usable[outside].any()


def test_noise_of_a_wanted_significance() -> None:
    """The factor on brightness gives the S/N of a whole observation; the unit does not matter."""
    rng = np.random.default_rng(1)
    light = galaxy(0.07, brightness=1.0)
    flux = np.repeat(rest_flux(light)[None], 3, axis=0)
    wanted = np.array([3.0, 10.0, 30.0])
    weight = inverse_variances(flux, np.full(3, 0.07), signal_to_noise=wanted)
    again = inverse_variances(flux * 1e5, np.full(3, 0.07), signal_to_noise=wanted)
    np.testing.assert_allclose(again * 1e10, weight, rtol=1e-3)
    for k, asked in enumerate(wanted):
        # A galaxy so bright that its noise on REST_GRID is that one.
        trial = np.geomspace(0.1, 100.0, 31)
        as_bright = inverse_variances(flux[:1] * trial[:, None], np.full(31, 0.07))
        typical = np.nanmedian(np.where(as_bright > 0, flux[0] * trial[:, None], np.nan)
                               * np.sqrt(as_bright), axis=1)  # fmt: skip
        target = np.median((flux[k] * np.sqrt(weight[k]))[weight[k] > 0])
        brightness = np.exp(np.interp(np.log(target), np.log(typical), np.log(trial)))
        seen = observe_spectrum(galaxy(0.07, brightness=brightness), rng)
        ratio = (seen.flux * np.sqrt(seen.inverse_variance))[~seen.mask]
        assert np.median(ratio) == pytest.approx(asked, rel=0.04)


def test_longer_is_deeper_but_for_calibration() -> None:
    light = galaxy(0.05, brightness=3.0)
    once, twice = (
        observe_spectrum(light, np.random.default_rng(0), exposure_time=t) for t in (3600, 7200)
    )
    ratio = twice.inverse_variance / np.where(once.inverse_variance > 0, once.inverse_variance, 1)
    assert 1.9 < np.median(ratio[once.usable]) < 2.0
    short = [
        inverse_variances(rest_flux(light)[None], [0.05], exposure_time=t) for t in (3600.0, 7200.0)
    ]
    assert 1.9 < np.median((short[1] / np.maximum(short[0], 1e-9))[short[0] > 0]) < 2.0


def test_what_is_masked_and_flagged() -> None:
    seen = observe_spectrum(galaxy(0.05), np.random.default_rng(0))
    assert seen.flags == ("resolution_limited_by_grid",)
    assert seen.medium == "vacuum" and seen.redshift == 0.05
    assert seen.mask[np.argmin(np.abs(OBSERVED_GRID - 5578.5))]
    assert 0.005 < seen.mask.mean() < 0.06
    assert np.isfinite(seen.flux).all()
    far = observe_spectrum(galaxy(0.3), np.random.default_rng(0))
    unknown = OBSERVED_GRID / 1.3 / FIBRE_GRID[0] < 1 - 1e-4
    assert unknown.any() and far.mask[unknown].all() and not far.inverse_variance[unknown].any()


def test_the_same_seed_gives_the_same_noise() -> None:
    a, b, c = (observe_spectrum(galaxy(0.1), np.random.default_rng(k)) for k in (1, 1, 2))
    np.testing.assert_array_equal(a.flux, b.flux)
    assert (a.flux != c.flux).any()


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"redshift": [np.nan]}, "redshift holds nan"),
        ({"redshift": [-0.1]}, "redshift holds -0.1"),
        ({"redshift": [0.1, 0.1]}, "redshift has shape"),
        ({"signal_to_noise": [90.0]}, "signal_to_noise holds 90"),
        ({"signal_to_noise": [0.0]}, "signal_to_noise holds 0"),
        ({"exposure_time": 0.0}, "exposure time is 0"),
    ],
)
def test_what_cannot_be_observed(arguments: dict, message: str) -> None:
    flux = rest_flux(galaxy(0.1))[None]
    with pytest.raises(InputError, match=message):
        inverse_variances(flux, **({"redshift": [0.1]} | arguments))


def real_spectra(data_dir: Path):
    """Wavelength numbers, table, redshift and seconds of each real spectrum."""
    from astropy.io import fits

    for path in sorted((data_dir / "sdss_spectra").glob("*.fits")):
        with fits.open(path) as hdus:
            table, row = hdus[1].data, hdus[2].data[0]
            number = np.rint(table["loglam"] * 1e4).astype(int) - FIRST_PIXEL
            inside = (number >= 0) & (number < len(OBSERVED_GRID))
            yield number[inside], table[inside], row, float(hdus[0].header["EXPTIME"])


def test_noise_is_that_of_real_spectra(data_dir: Path) -> None:
    """sigma from each real fibre's own flux against its `ivar`, in bins of 500 A or so."""
    edges = np.array([3800, 4000, 4500, 5000, 5500, 6000, 6500, 7000, 7500, 8000, 8500, 9200])
    for number, table, _, seconds in real_spectra(data_dir):
        flux = np.zeros(len(OBSERVED_GRID))
        flux[number] = table["model"]
        model = night().variance(flux, exposure_time=seconds)[number]
        good = (table["ivar"] > 0) & (table["and_mask"] == 0)
        ratio = np.sqrt(model * table["ivar"])
        where = np.digitize(OBSERVED_GRID[number], edges)
        medians = np.array([np.median(ratio[good & (where == k)]) for k in range(1, len(edges))])
        assert np.abs(medians[0] - 1.0) < 0.12
        assert np.abs(medians[1:] - 1.0).max() < 0.07


def test_a_mock_of_a_real_galaxy_has_its_signal_to_noise(data_dir: Path) -> None:
    """A fibre that holds the fitted flux of a real one: SDSS's own median S/N, to 5%."""
    for number, table, row, seconds in real_spectra(data_dir):
        z = float(row["Z"])
        rest = OBSERVED_GRID[number] / (1 + z)
        light = fibre_light(np.interp(FIBRE_GRID, rest, table["model"]) * (1 + z), redshift=z)
        mock = observe_spectrum(light, np.random.default_rng(0), exposure_time=seconds)
        significance = np.median((mock.flux * np.sqrt(mock.inverse_variance))[number])
        assert significance == pytest.approx(row["SN_MEDIAN_ALL"], rel=0.05)


def test_bright_lines_of_the_sky_are_masked_as_in_real_spectra(data_dir: Path) -> None:
    """SDSS's rule on a model sky: three quarters of the very pixels, and about as many in all."""
    real, found, all_found = 0, 0, 0
    for number, table, _, seconds in list(real_spectra(data_dir))[1:]:  # plates 266 to 268
        flux = np.zeros(len(OBSERVED_GRID))
        flux[number] = table["model"]
        rule = bright_sky(flux, night().variance(flux), exposure_time=seconds)[number]
        masked = (table["and_mask"] >> 23) & 1 > 0
        real, found = real + masked.sum(), found + (masked & rule).sum()
        all_found += rule.sum()
    assert found > 0.75 * real
    assert all_found == pytest.approx(real, rel=0.25)
