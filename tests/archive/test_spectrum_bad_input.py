"""Bad files of spectra: one clear error that names the file, what was found and the remedy."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import QTable, Table
from spectrum_fakes import LOGLAM, columns, spectrum, write_ecsv, write_manga, write_sdss

from picassso.archive import read_spectra, read_spectrum, write_spectrum
from picassso.core import InputError


def refused(path: Path, *words: str, read=read_spectrum, **options) -> None:
    """Reading raises one InputError, of one line, whose message holds all words."""
    with pytest.raises(InputError) as caught:
        read(path, **options)
    message = str(caught.value)
    assert path.name in message and "\n" not in message
    for word in words:
        assert re.search(word, message), f"{word!r} is not in: {message}"


def table_of(**changed) -> QTable:
    """Columns of a good table, some changed; None leaves one out."""
    chosen = {**columns(), **changed}
    return QTable({name: column for name, column in chosen.items() if column is not None})


def test_no_file(tmp_path: Path) -> None:
    refused(tmp_path / "absent.fits", "there is no such file", "expected a spectrum")
    refused(tmp_path, "is a folder", "expected a spectrum")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (gzip.compress(b""), "is empty"),
        (b"3600.0 1.2 0.1\n3601.0 1.3 0.1\n", "a text without the first line of ECSV"),
        (b"\x89HDF\r\n\x1a\n" + bytes(200), "an HDF5 file"),
        (b"\x89PNG" + bytes(90), "a picture"),
        (bytes(range(128, 250)), "neither FITS nor ECSV"),
        (b"\x1f\x8b\x08" + bytes(50), "damaged"),
    ],
)
def test_other_files(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "spec-0266-51630-0168.fits"
    path.write_bytes(content)
    refused(path, words, "expected a spectrum")


@pytest.mark.parametrize("kept", [0.9, 0.65, 0.5, 0.25, 0.02])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("writer", [write_sdss, write_manga])
def test_cut_short(tmp_path: Path, writer, packed: bool, kept: float) -> None:
    whole = writer(tmp_path / "whole").read_bytes()
    content = gzip.compress(whole) if packed else whole
    path = tmp_path / "cut.fits"
    path.write_bytes(content[: int(kept * len(content))])
    refused(path, "cut short|damaged|not a FITS")


@pytest.mark.parametrize("keep", [0.7, 0.3, 0.05])
def test_ecsv_cut_short(tmp_path: Path, keep: float) -> None:
    whole = write_ecsv(tmp_path / "whole.ecsv").read_text()
    path = tmp_path / "cut.ecsv"
    path.write_text(whole[: int(keep * len(whole))].rpartition(" ")[0])
    refused(path, "cannot be read as ECSV|no column|wavelength")


def test_other_fits_files(tmp_path: Path, data_dir: Path) -> None:
    image = data_dir / "sdss_galaxies" / "NGC4261_ugriz_nMgy.fits"
    refused(image, "holds .*image", "expected a spectrum", "MaNGA")
    cube = tmp_path / "cube.fits"
    write_manga(cube, flux=np.ones((4, 3, 50), np.float32))
    refused(cube, r"FLUX \(image 50 x 3 x 4\)", "expected a spectrum")
    catalogue = tmp_path / "catalogue.fits"
    Table({"ra": [1.0], "dec": [2.0], "z": [0.1]}).write(catalogue)
    refused(catalogue, r"table of ra, dec, z", "expected a spectrum")
    fits.PrimaryHDU().writeto(tmp_path / "nothing.fits")
    refused(tmp_path / "nothing.fits", "holds no data")


@pytest.mark.parametrize("z", [None, np.nan, -0.001, -5.0, 25.0, np.inf])
def test_redshift_of_a_file(tmp_path: Path, z: float | None) -> None:
    path = write_sdss(tmp_path / "s.fits", z=z)
    said = "no redshift" if z is None else rf"redshift {z}.* \(Z of SPECOBJ\)"
    refused(path, said, "--redshift")
    refused(path, said, "--redshift", read=read_spectra)
    assert read_spectrum(path, redshift=0.0).redshift == 0


@pytest.mark.parametrize("z", [-0.001, np.nan, np.inf, 25, True, "0.1"])
def test_redshift_given(tmp_path: Path, z) -> None:
    path = write_sdss(tmp_path / "s.fits")
    refused(path, rf"redshift {z} \(as given\)", "expected a number from 0 to 20", redshift=z)


def test_redshift_of_rows_and_tables(tmp_path: Path) -> None:
    rows = write_manga(tmp_path / "m.fits", Z=np.array([0.1, -0.0002, 0.1]))
    refused(rows, "row 1: redshift -0.0002 .*nearer", read=read_spectra)
    assert read_spectrum(rows, row=2).redshift == 0.1
    refused(write_manga(tmp_path / "n.fits", Z=None), "no image Z", "--redshift", row=0)
    refused(write_manga(tmp_path / "o.fits", Z=np.ones(2)), "2 redshifts; expected 3", row=0)
    refused(rows, "2 redshifts were given for 3", read=read_spectra, redshift=[0.1, 0.2])
    refused(write_ecsv(tmp_path / "a.ecsv", meta={"medium": "air"}), "no redshift", "--redshift")
    refused(write_ecsv(tmp_path / "b.ecsv", meta={"redshift": "near"}), "redshift near .its red")


@pytest.mark.parametrize("row", [3, -1, 0.5, True])
def test_rows(tmp_path: Path, row) -> None:
    path = write_manga(tmp_path / "m.fits")
    refused(path, f"row {row}; expected a whole number from 0 to 2", row=row)
    refused(path, "holds 3 spectra; choose one: row 0 to 2")
    refused(write_sdss(tmp_path / "s.fits"), "row 1;.*from 0 to 0.*holds 1 spectrum", row=1)


@pytest.mark.parametrize("name", ["wavelength", "flux", "ivar"])
def test_missing_columns_and_units(tmp_path: Path, name: str) -> None:
    without = {"wavelength": "no column of wavelengths", "flux": "no column of flux"}
    words = without.get(name, r"no column of errors \(ivar or uncertainty\)")
    refused(write_ecsv(tmp_path / "a.ecsv", table=table_of(**{name: None})), words)
    bare = columns()[name].value
    refused(
        write_ecsv(tmp_path / "b.ecsv", table=table_of(**{name: bare})),
        f"column {name}: has no unit",
        "expected a (length|flux density)",
    )
    plain = Table({key: column.value for key, column in columns().items()})
    plain.write(tmp_path / "c.fits")
    refused(tmp_path / "c.fits", "column wavelength: has no unit")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"wavelength": np.ones(50) * u.s}, "column wavelength: unit 's'; expected a length"),
        ({"flux": np.ones(50) * u.adu}, "column flux: unit 'adu'; expected a flux density"),
        # A flux a pixel or a luminosity; astropy would make a flux density of the first.
        ({"flux": np.ones(50) * u.erg / u.s / u.cm**2}, "column flux: unit 'erg / .*expected"),
        ({"flux": np.ones(50) * u.erg / u.s / u.AA}, "column flux: unit"),
        ({"ivar": np.ones(50) * u.Jy**3}, "column ivar: unit 'Jy3'.*an inverse variance"),
    ],
)
def test_units_of_something_else(tmp_path: Path, changed: dict, words: str) -> None:
    refused(write_ecsv(tmp_path / "a.ecsv", table=table_of(**changed)), words)


def test_columns_of_something_else(tmp_path: Path) -> None:
    words = "expected one real number a row"
    texts = Table({**columns(), "flux": ["bright"] * 50})
    refused(write_ecsv(tmp_path / "a.ecsv", table=texts), "column flux: has type <U6", words)
    vectors = table_of(flux=columns()["flux"][:, None] * np.ones(3))
    refused(write_ecsv(tmp_path / "b.ecsv", table=vectors), r"shape \(50, 3\)", words)
    refused(write_ecsv(tmp_path / "c.ecsv", table=QTable(columns())[:0]), "0 pixels")
    path = write_sdss(tmp_path / "d.fits")
    with fits.open(path) as hdus:
        data = hdus[1].data
        parts = [fits.Column(n, "E", array=data[n]) for n in ("loglam", "ivar")]
        parts.append(fits.Column("flux", "3E", array=np.ones((50, 3))))
        fits.HDUList([hdus[0], fits.BinTableHDU.from_columns(parts), hdus[2]]).writeto(
            tmp_path / "e.fits"
        )
    refused(tmp_path / "e.fits", "column flux: has type", words)


def test_unknown_units(tmp_path: Path) -> None:
    path = write_sdss(tmp_path / "s.fits", bunit="bananas")
    refused(path, "BUNIT: unit 'bananas'; expected a flux density")
    refused(write_manga(tmp_path / "m.fits", drp=False), "WAVE.: has no unit", row=0)


@pytest.mark.parametrize(
    ("pixel", "factor", "words"),
    [
        (20, None, "twice the same: .* pixels 19 and 20"),
        (20, 0.99, "neither increasing nor decreasing throughout"),
        (20, np.nan, "wavelength nan at pixel 20; expected a positive number"),
        (20, -1.0, "wavelength -.* at pixel 20; expected a positive number"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_wavelengths_without_order(
    tmp_path: Path, pixel: int, factor: float | None, words: str, turned: bool
) -> None:
    wave = columns()["wavelength"].copy()
    if turned:
        wave = wave[::-1].copy()
    wave[pixel] = wave[pixel - 1] if factor is None else wave[pixel] * factor
    refused(write_ecsv(tmp_path / "a.ecsv", table=table_of(wavelength=wave)), words)


def test_logarithms_without_order(tmp_path: Path) -> None:
    loglam = LOGLAM.copy()
    loglam[10] = loglam[9]
    refused(write_sdss(tmp_path / "a.fits", loglam=loglam), "twice the same")
    loglam[10] = np.nan
    refused(write_sdss(tmp_path / "b.fits", loglam=loglam), "wavelength nan")
    refused(write_sdss(tmp_path / "c.fits", loglam=LOGLAM[:1], and_mask=np.zeros(1)), "1 pixels")


def test_images_that_do_not_fit(tmp_path: Path) -> None:
    path = write_manga(tmp_path / "m.fits", ivar=np.ones((2, 50), np.float32))
    refused(path, r"IVAR.: shape \(2, 50\); expected \(3, 50\)", row=0)


def test_edited_files_of_our_own(tmp_path: Path) -> None:
    path = tmp_path / "own.fits"
    write_spectrum(spectrum(), path)
    whole = path.read_bytes()
    (tmp_path / "whole.fits").write_bytes(whole)
    for old, new, words in (
        (b"SPECFMT =                    1", b"SPECFMT =                    9", "layout 9.*update"),
        (b"'10**-17 erg s-1 cm-2 Angstrom-1'", b"'10**-16 erg s-1 cm-2 Angstrom-1'", "flux: unit"),
        (b"'WAVE    '", b"'FREQ    '", "neither vacuum nor air"),
        (b"'IVAR    '", b"'OTHER   '", "no column ivar"),
        (b"REDSHIFT=                  0.1", b"REDSHIFT=                 -0.1", "redshift -0.1"),
    ):
        assert whole.count(old) == 1
        path.write_bytes(whole.replace(old, new))
        refused(path, words)
    with fits.open(tmp_path / "whole.fits") as turned:
        turned[1].data["WAVELENGTH"][:] = turned[1].data["WAVELENGTH"][::-1].copy()
        turned.writeto(path, overwrite=True)
    refused(path, "wavelength does not increase")
    write_spectrum(spectrum(), tmp_path / "own.ecsv")
    text = (tmp_path / "own.ecsv").read_text()
    (tmp_path / "own.ecsv").write_text(text.replace("specfmt: 1", "specfmt: 2"))
    refused(tmp_path / "own.ecsv", "layout 2.*update picassso")
