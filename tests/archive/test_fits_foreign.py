"""Files that hold something else than images in bands: each is told what it is."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from fits_galaxies import galaxy, write_cube
from picassso.archive.fits import read_image
from picassso.core import InputError

FLUX = np.ones((6, 40), np.float32)


def refused(path: Path, *words: str) -> None:
    with pytest.raises(InputError) as caught:
        read_image(path)
    message = str(caught.value)
    for word in (re.escape(path.name), *words):
        assert re.search(word, message), f"{word!r} is not in: {message}"
    assert "\n" not in message


def write(path: Path, *hdus: fits.hdu.base.ExtensionHDU) -> Path:
    fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(path)
    return path


def test_spectrum_in_a_table(tmp_path: Path) -> None:
    columns = [fits.Column(n, "E", array=np.ones(9)) for n in ("flux", "loglam", "ivar")]
    table = fits.BinTableHDU.from_columns(columns, name="COADD")
    refused(write(tmp_path / "s.fits", table), "a spectrum .table COADD", "give an image")


def test_tables_that_are_no_spectra(tmp_path: Path) -> None:
    tables = [fits.BinTableHDU.from_columns([fits.Column("A", "E", array=np.ones(3))])] * 2
    refused(write(tmp_path / "t.fits", *tables), "2 tables and no image", "expected a cube")


@pytest.mark.parametrize("shape", [(6, 40), (40, 5, 6)])
def test_wavelengths_beside_an_image(tmp_path: Path, shape: tuple[int, ...]) -> None:
    wave = fits.ImageHDU(np.linspace(4e3, 7e3, 40), name="WAVE")
    flux = fits.ImageHDU(np.ones(shape, np.float32), name="FLUX")
    what = "spectra .40 x 6 pixels" if len(shape) == 2 else "a spectral cube .6 x 5 x 40 pixels"
    refused(write(tmp_path / "m.fits.gz", wave, flux), rf"\[FLUX\]: holds {what}")


@pytest.mark.parametrize(("axis", "what"), [(1, "spectra"), (3, "a spectral cube")])
def test_spectral_axis(tmp_path: Path, axis: int, what: str) -> None:
    path = write_cube(tmp_path / "g.fits", galaxy())
    fits.setval(path, f"CTYPE{axis}", value="WAVE-LOG")
    refused(path, f"holds {what}", "not images in bands")


def test_one_axis(tmp_path: Path) -> None:
    refused(write(tmp_path / "s.fits", fits.ImageHDU(FLUX[0])), "one axis", "expected a cube")


def test_files_of_other_formats(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=FLUX)
    np.save(tmp_path / "a.npy", FLUX)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("g.fits", b"1")
        archive.writestr("r.fits", b"2")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99))
    (tmp_path / "a.csv").write_text("id, mass\n" * 99)
    (tmp_path / "a.hdf5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(99))
    for name, words in {
        "a.npz": "NumPy file.*FITS cube.*BANDS and BUNIT",
        "a.npy": "NumPy file",
        "a.zip": "zip archive.*unpack",
        "a.png": "picture.*FITS images",
        "a.csv": "not a FITS file",
        "a.hdf5": "HDF5.*picassso mock",
    }.items():
        refused(tmp_path / name, words)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("illustris_mock/subhalo_10000.npz", "states no unit of flux.*read_paper_mock"),
        ("sdss_frame/psField-002583-2-0136.fits", "9 tables and no image"),
        ("sdss_spectra/NGC3522_SDSS_DR18.fits", "a spectrum"),
        ("manga_spectra/MaNGA_test_spectra.fits.gz", "spectra .4563 x 8 pixels"),
        ("camels/snap.hdf5", "HDF5"),
    ],
)
def test_real_files(data_dir: Path, name: str, words: str) -> None:
    refused(data_dir / name, words)
