"""Pan-STARRS: its depth, its magnitudes against SDSS's, and its files."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from picassso.archive import read_image
from picassso.core import PANSTARRS, SDSS, SURVEYS, InputError, get_survey
from picassso.observatory.dust import attenuation_curve

DEPTH = np.array([23.3, 23.2, 23.1, 22.3, 21.4])
"""5 sigma, points: Chambers et al. 2016."""

FROM_SDSS = {
    "g": (-0.011, -0.125, -0.015),
    "r": (0.001, -0.006, -0.002),
    "i": (0.004, -0.014, 0.001),
    "z": (-0.013, 0.040, -0.001),
}
"""Pan-STARRS less SDSS magnitude of stars, a quadratic of SDSS's g - r: Tonry et al. 2012, table
6."""


def test_it_is_known_by_name() -> None:
    assert get_survey("PanSTARRS") is PANSTARRS is SURVEYS["panstarrs"]
    numbers = ("filters", "effective_wavelengths", "sky_noise", "psf_fwhm", "extinction")
    assert {len(getattr(PANSTARRS, n)) for n in (*numbers, "ab_offsets", "bands")} == {5}


def test_its_sky_gives_its_depth() -> None:
    """A point source of the limiting magnitude has 5 sigma in a Gaussian fit (King 1983)."""
    sigma = np.array(PANSTARRS.psf_fwhm) / (2.0 * np.sqrt(2.0 * np.log(2.0)))
    flux_error = np.array(PANSTARRS.sky_noise) * PANSTARRS.pixel_scale * np.sqrt(4 * np.pi) * sigma
    limit = 22.5 - 2.5 * np.log10(5.0 * flux_error)
    np.testing.assert_allclose(limit, DEPTH, atol=0.005)


def test_its_extinction_goes_with_that_of_sdss() -> None:
    """The same dust on filters that differ little: ratios as by a Galactic curve, to 5%."""
    galactic = [
        attenuation_curve(np.array(s.effective_wavelengths)[-4:]) for s in (PANSTARRS, SDSS)
    ]
    ours, theirs = np.array(PANSTARRS.extinction)[:4], np.array(SDSS.extinction)[1:]
    curve = attenuation_curve(np.array(PANSTARRS.effective_wavelengths)[:4])
    assert np.diff(PANSTARRS.extinction).max() < 0
    np.testing.assert_allclose(ours / theirs, curve / galactic[1], rtol=0.05)


def test_galaxies_differ_from_sdss_as_stars_do() -> None:
    """Old and young populations at redshift 0, both surveys' filters: to 0.03 mag."""
    if not all(importlib.util.find_spec(name) for name in ("bagpipes", "speclite")):
        pytest.skip("bagpipes or speclite is not installed")
    from picassso.observatory.light_build import _filter_curve
    from picassso.observatory.photometry import photon_weights
    from picassso.observatory.stellar_populations import read_stellar_grid

    stars = read_stellar_grid()
    ages = [int(np.argmin(np.abs(stars.age - t))) for t in (0.3, 1.0, 3.0, 10.0)]
    light = stars.luminosity[4, ages].astype(np.float64)
    magnitude = {
        (survey.name, band): -2.5
        * np.log10(light @ photon_weights(stars.wavelength, _filter_curve(name), redshift=0.0))
        for survey in (SDSS, PANSTARRS)
        for band, name in zip(survey.bands, survey.filters, strict=True)
    }
    colour = magnitude["sdss", "g"] - magnitude["sdss", "r"]
    for band, (c0, c1, c2) in FROM_SDSS.items():
        difference = magnitude["panstarrs", band] - magnitude["sdss", band]
        np.testing.assert_allclose(difference, c0 + c1 * colour + c2 * colour**2, atol=0.03)


def total_magnitudes(image) -> np.ndarray:
    """Within 15 arcsec of the middle."""
    y, x = np.indices(image.flux.shape[1:])
    middle = (np.array(image.flux.shape[1:]) - 1) / 2
    inside = np.hypot(y - middle[0], x - middle[1]) * image.pixel_scale < 15.0
    return 22.5 - 2.5 * np.log10(np.nansum(image.flux[:, inside], axis=1) * image.pixel_scale**2)


def test_real_stacks_agree_with_another_survey(data_dir: Path) -> None:
    """The same galaxy in g, r, i and z of Pan-STARRS and of DES, whose zero point is stated."""
    folder = data_dir / "other_surveys"
    ours = read_image([folder / f"PS1_{b}.fits" for b in "griz"], survey="panstarrs", redshift=0.03)
    theirs = read_image([folder / f"DES_{b}.fits" for b in "griz"], survey="sdss", redshift=0.03)
    assert (ours.survey, ours.bands) == ("panstarrs", ("g", "r", "i", "z"))
    assert ours.pixel_scale == pytest.approx(0.25, rel=1e-5)
    difference = total_magnitudes(ours) - total_magnitudes(theirs)
    assert np.abs(difference).max() < 0.1


def test_real_stacks_are_as_deep_as_their_exposures(data_dir: Path) -> None:
    """Sky noise as measured, scaled to the twelve exposures of the survey's mean depth: to 20%."""
    folder = data_dir / "other_surveys"
    files = [folder / f"PS1_{b}.fits" for b in "griz"]
    image = read_image(files, survey="panstarrs", redshift=0.03)
    single = np.array([43.0, 40.0, 45.0, 30.0])  # seconds: Chambers et al. 2016
    exposures = np.array([fits.getheader(f)["EXPTIME"] for f in files]) / single
    scaled = image.noise * np.sqrt(exposures / 12.0)
    np.testing.assert_allclose(scaled, PANSTARRS.sky_noise[:4], rtol=0.2)


def stack(path: Path, values: np.ndarray, **keywords) -> Path:
    """A file as the survey's archive hands it out."""
    header = fits.Header({"CDELT1": -0.25 / 3600, "CDELT2": 0.25 / 3600})
    header.update({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRPIX1": 1.0, "CRPIX2": 1.0})
    header["HIERARCH FPA.TELESCOPE"] = "PS1"
    for name, value in keywords.items():
        header[name] = value
    fits.PrimaryHDU(values.astype(np.float32), header).writeto(path)
    return path


def test_counts_and_asinh_pixels_are_the_same_light(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    counts = rng.normal(40.0, 100.0, (32, 32))
    counts[12:20, 12:20] += 5000.0
    softening, offset = 200.0, 30.0
    asinh = np.arcsinh((counts - offset) / (2 * softening)) * 2.5 / np.log(10.0)
    linear = stack(tmp_path / "linear.g.fits", counts, EXPTIME=860.0)
    stretched = stack(
        tmp_path / "stretched.g.fits", asinh, EXPTIME=860.0, BSOFTEN=softening, BOFFSET=offset
    )
    images = [read_image(p, survey="panstarrs", redshift=0.05) for p in (linear, stretched)]
    np.testing.assert_allclose(images[1].flux, images[0].flux, rtol=1e-4, atol=1e-4)
    zero_point = 25.0 + 2.5 * np.log10(860.0)
    expected = counts * 10 ** (0.4 * (22.5 - zero_point)) / 0.25**2
    np.testing.assert_allclose(images[0].flux[0], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "keywords, message",
    [
        ({}, "no EXPTIME"),
        ({"EXPTIME": 0.0}, "EXPTIME = 0.0"),
        ({"EXPTIME": 860.0, "BSOFTEN": -1.0, "BOFFSET": 0.0}, "BSOFTEN = -1.0"),
    ],
)
def test_stacks_that_cannot_be_read(tmp_path: Path, keywords: dict, message: str) -> None:
    path = stack(tmp_path / "x.g.fits", np.ones((16, 16)), **keywords)
    with pytest.raises(InputError, match=message):
        read_image(path, survey="panstarrs", redshift=0.05)
