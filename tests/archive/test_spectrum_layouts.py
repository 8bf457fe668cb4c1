"""Spectra written as surveys lay theirs out: they come back, and other programs read them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from spectrum_fakes import spectrum

from picassso.archive import (
    read_spectra,
    read_spectrum,
    write_manga_spectra,
    write_sdss_spectrum,
)
from picassso.core import InputError, Spectrum
from picassso.observatory.spectra.resample import to_vacuum


def with_gaps() -> Spectrum:
    """One whose pixels 3 and 4 must not be used."""
    mask = np.zeros(50, bool)
    mask[3:5] = True
    return spectrum(mask=mask, redshift=0.0712345)


def assert_alike(found: Spectrum, one: Spectrum) -> None:
    np.testing.assert_allclose(found.wavelength, one.wavelength, rtol=1e-14)
    for name in ("flux", "inverse_variance", "mask"):
        np.testing.assert_array_equal(getattr(found, name), getattr(one, name))
    assert (found.medium, found.redshift) == (one.medium, one.redshift)
    np.testing.assert_allclose(found.resolution, one.resolution, rtol=1e-6)


@pytest.mark.parametrize("ending", [".fits", ".fits.gz"])
def test_sdss_comes_back(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"spec{ending}"
    write_sdss_spectrum(with_gaps(), path)
    found = read_spectrum(path)
    assert_alike(found, with_gaps())
    assert found.flags == ()
    doubtful = replace(with_gaps(), flags=("redshift_warning",), resolution=np.nan)
    write_sdss_spectrum(doubtful, path, overwrite=True)
    assert set(read_spectrum(path).flags) == {"redshift_warning", "resolution_unknown"}


def test_grids_of_others_keep_their_pixels(tmp_path: Path) -> None:
    own = spectrum(wavelength=np.linspace(4000.0, 4111.1, 50))
    write_sdss_spectrum(own, tmp_path / "a.fits")
    np.testing.assert_allclose(
        read_spectrum(tmp_path / "a.fits").wavelength, own.wavelength, rtol=1e-12
    )


@pytest.mark.parametrize("number", [1, 3])
def test_manga_comes_back(tmp_path: Path, number: int) -> None:
    ones = [replace(with_gaps(), redshift=0.01 * (k + 1)) for k in range(number)]
    write_manga_spectra(ones, tmp_path / "rows.fits")
    found = read_spectra(tmp_path / "rows.fits")
    assert len(found) == number
    for one, other in zip(found, ones, strict=True):
        assert_alike(one, other)
        assert one.flags == ()


def test_real_spectra_come_back_in_both_layouts(data_dir: Path, tmp_path: Path) -> None:
    real = read_spectrum(data_dir / "sdss_spectra" / "spec-0266-51630-0168.fits")
    write_sdss_spectrum(real, tmp_path / "a.fits")
    assert_alike(read_spectrum(tmp_path / "a.fits"), real)
    rows = read_spectra(data_dir / "manga_spectra" / "MaNGA_test_spectra.fits.gz")
    write_manga_spectra(rows, tmp_path / "b.fits.gz")
    for one, other in zip(read_spectra(tmp_path / "b.fits.gz"), rows, strict=True):
        assert_alike(one, other)


def test_headers_name_object_and_unit(tmp_path: Path) -> None:
    write_sdss_spectrum(with_gaps(), tmp_path / "a.fits")
    with fits.open(tmp_path / "a.fits") as hdus:
        hdus.verify("exception")
        assert [h.name for h in hdus] == ["PRIMARY", "COADD", "SPECOBJ"]
        assert hdus[0].header["OBJECT"] == "one" and hdus[0].header["VACUUM"] is True
        assert (hdus["COADD"].data["and_mask"][3:5] != 0).all()


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    air = spectrum(medium="air")
    with pytest.raises(InputError, match="are in air, those of this layout in vacuum"):
        write_sdss_spectrum(air, tmp_path / "a.fits")
    with pytest.raises(InputError, match="are in air"):
        write_manga_spectra([air], tmp_path / "a.fits")
    with pytest.raises(InputError, match="the wavelengths of 'two' differ"):
        shifted = spectrum(wavelength=1.001 * spectrum().wavelength, galaxy_id="two")
        write_manga_spectra([spectrum(), shifted], tmp_path / "a.fits")
    with pytest.raises(InputError, match="there are no spectra to write"):
        write_manga_spectra([], tmp_path / "a.fits")
    with pytest.raises(InputError, match=r"ends in \.fits or \.fits\.gz"):
        write_sdss_spectrum(spectrum(), tmp_path / "a.ecsv")
    assert not list(tmp_path.iterdir())
    write_sdss_spectrum(to_vacuum(air), tmp_path / "a.fits")
    with pytest.raises(InputError, match="exists already"):
        write_sdss_spectrum(spectrum(), tmp_path / "a.fits")
