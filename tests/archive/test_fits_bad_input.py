"""Bad images: one clear error that names the file and the remedy."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits

from fits_galaxies import galaxy, image_hdu, make_wcs, write_bands, write_cube
from picassso.archive.fits import image_from_array, read_image
from picassso.core import InputError

CUBE = galaxy()


def refused(source, *words: str, **options) -> None:
    """Reading raises InputError whose message holds all words."""
    with pytest.raises(InputError) as caught:
        read_image(source, **options)
    message = str(caught.value)
    for word in words:
        assert re.search(word, message), f"{word!r} is not in: {message}"


def test_no_such_file(tmp_path: Path) -> None:
    refused(tmp_path / "absent.fits", "absent.fits", "no such file")
    refused(tmp_path, "folder", "expected a FITS image")


def test_not_fits(tmp_path: Path) -> None:
    path = tmp_path / "notes.fits"
    path.write_text("These are notes.\n" * 300)
    refused(path, "notes.fits", "not a FITS file")


@pytest.mark.parametrize("kept", [0.9, 0.4, 0.02])
@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2"])
def test_truncated(tmp_path: Path, kept: float, suffix: str) -> None:
    import bz2
    import gzip

    whole = write_cube(tmp_path / "whole.fits", CUBE, wcs=make_wcs()).read_bytes()
    pack = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress}[suffix]
    path = tmp_path / f"cut.fits{suffix}"
    packed = pack(whole)
    path.write_bytes(packed[: int(kept * len(packed))])
    refused(path, "cut.fits", "cut short|damaged|not a FITS")


def test_damaged_inside_a_compressed_image(tmp_path: Path) -> None:
    path = tmp_path / "tiles.fits.fz"
    fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(CUBE[0])]).writeto(path)
    content = bytearray(path.read_bytes())
    at = content.index(b"XTENSION")
    content[at : at + 2880] = content[at : at + 2880].replace(b"ZBITPIX", b"ZBITPIQ")
    path.write_bytes(content)
    refused(path, "tiles.fits.fz", "damaged|no image|cut short")


def test_no_image(tmp_path: Path) -> None:
    path = tmp_path / "table.fits"
    column = fits.Column("A", "D", array=np.arange(3.0))
    fits.BinTableHDU.from_columns([column]).writeto(path)
    refused(path, "table.fits", "no image", "expected a cube")


@pytest.mark.parametrize("bands", ["ugri", "ugrizz", "uugri"])
def test_bands_contradict_the_cube(tmp_path: Path, bands: str) -> None:
    path = write_cube(tmp_path / "g.fits", CUBE, bands=bands)
    refused(path, "g.fits", "BANDS", "contradicts", "5 planes", "correct the header")


@pytest.mark.parametrize("bands", [None, "ugriz"])
def test_bands_along_the_last_axis(tmp_path: Path, bands: str | None) -> None:
    path = write_cube(tmp_path / "g.fits", np.moveaxis(CUBE, 0, -1), bands=bands)
    said = "the last axis has 5 planes: reorder to \\(band, y, x\\)"
    refused(path, "g.fits", said)
    few = write_cube(tmp_path / "gri.fits", np.moveaxis(CUBE[:3], 0, -1), bands=None)
    refused(few, "gri.fits", said.replace("5", "3"), bands="gri")
    with pytest.raises(InputError, match=said):
        image_from_array(np.moveaxis(CUBE, 0, -1))


def test_a_long_cube_without_bands_is_not_listed_whole(tmp_path: Path) -> None:
    path = write_cube(tmp_path / "g.fits", np.ones((40, 12, 12)), bands=None)
    with pytest.raises(InputError, match="plane 5, 35 more: no band is named") as caught:
        read_image(path)
    assert "plane 6" not in str(caught.value)


@pytest.mark.parametrize("image", [None, 3, [], [CUBE[0], CUBE[1]], {"u": CUBE[0]}, b"g.fits"])
def test_what_is_no_image(image) -> None:
    with pytest.raises(InputError, match="image of type|no image given"):
        read_image(image)


@pytest.mark.parametrize("dtype", [complex, bool, object, str, "datetime64[s]"])
def test_arrays_of_anything_but_real_numbers(dtype) -> None:
    with pytest.raises(InputError, match="expected real numbers"):
        image_from_array(np.ones((5, 16, 16), int).astype(dtype))


@pytest.mark.parametrize("unit", [u.K, u.dimensionless_unscaled, u.Jy / u.m, u.adu, u.ABmag])
def test_arrays_in_a_unit_that_is_none_of_flux(unit) -> None:
    said = re.escape(f"array in {unit}" if str(unit) else "dimensionless")
    with pytest.raises(InputError, match=said):
        image_from_array(CUBE * unit)


def test_bands_and_surveys_that_are_no_names() -> None:
    with pytest.raises(InputError, match="bands 3: expected their names"):
        image_from_array(CUBE, bands=3)
    with pytest.raises(InputError, match="unknown survey None"):
        image_from_array(CUBE, survey=None)


def test_bands_given_contradict_the_header(tmp_path: Path) -> None:
    path = write_cube(tmp_path / "g.fits", CUBE)
    refused(path, "g.fits", "contradict", "u, not z", bands="zirgu")
    refused(path, "g.fits", "3 bands were given", "5 image planes", bands="gri")


def test_filter_contradicts_extname(tmp_path: Path) -> None:
    hdu = image_hdu(CUBE[0], "u")
    hdu.header["FILTER"] = "g"
    path = tmp_path / "g.fits"
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path)
    refused(path, "g.fits", "contradicts itself", "FILTER = 'g'")


def test_unnamed_bands(tmp_path: Path) -> None:
    path = write_cube(tmp_path / "g.fits", CUBE[:3], bands=None)
    refused(path, "g.fits", "no band is named", "give the bands")


def test_unknown_band_and_survey(tmp_path: Path) -> None:
    path = write_cube(tmp_path / "g.fits", CUBE, bands="ugriY")
    refused(path, "'Y'", "sdss", "u.*g.*r.*i.*z")
    refused(path, "unknown survey 'desi'", "sdss", survey="desi")


def test_band_twice(tmp_path: Path) -> None:
    one, two = tmp_path / "a_g.fits", tmp_path / "b_g.fits"
    for path in (one, two):
        write_cube(path, CUBE[1], bands=None)
    refused([one, two], "more than once", "a_g.fits", "b_g.fits")


def test_shapes_differ_without_wcs(tmp_path: Path) -> None:
    paths = write_bands(tmp_path, CUBE)
    write_cube(paths[0], CUBE[0, :50], bands=None)
    refused(paths, "m99_u.fits", "64 x 50 pixels", "m99_r.fits", "64 x 64", "WCS")


def test_bands_of_different_fields(tmp_path: Path) -> None:
    far = make_wcs()
    far.wcs.crval = [10.0, 40.0]
    grids = [far, *[make_wcs()] * 4]
    refused(write_bands(tmp_path, CUBE, wcs=grids), "m99_u.fits", "one field")


def test_companion_of_another_shape(tmp_path: Path) -> None:
    mask = image_hdu(np.zeros((10, 12), np.uint8), "MASK")
    path = write_cube(tmp_path / "g.fits", CUBE, extra=[mask])
    refused(path, "g.fits", "MASK has 12 x 10", "64 x 64")


@pytest.mark.parametrize("name", ["IVAR", "MASK", "PSF"])
def test_companion_of_another_number_of_planes(tmp_path: Path, name: str) -> None:
    for planes in (4, 6):
        extra = [image_hdu(np.ones((planes, 64, 64), np.float32), name)]
        path = write_cube(tmp_path / "g.fits", CUBE, extra=extra)
        found = rf"g.fits\[{name}\].*\({planes}, 64, 64\)"
        refused(path, found, r"expected.*\(5, (64, 64|height, width)\)", "remove it")
    band = write_cube(tmp_path / "m_r.fits", CUBE[2], bands=None, extra=extra)
    refused(band, rf"m_r.fits\[{name}\].*\(6, 64, 64\); expected \((64, 64|height, width)\)")


def test_unnamed_images_are_told_apart_by_number(tmp_path: Path) -> None:
    hdus = [fits.ImageHDU(np.asarray(p, np.float32)) for p in CUBE[:3]]
    path = tmp_path / "m.fits"
    fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(path)
    refused(path, r"m.fits\[1\], .*m.fits\[2\], .*m.fits\[3\]", "no band is named")


@pytest.mark.parametrize(("value", "words"), [(np.nan, "NaN or masked"), (0.0, "every pixel is 0")])
def test_band_without_data(tmp_path: Path, value: float, words: str) -> None:
    cube = CUBE.copy()
    cube[3] = value
    refused(write_cube(tmp_path / "g.fits", cube), "g.fits.*plane 4", words)


def test_no_pixel_good_in_all_bands(tmp_path: Path) -> None:
    cube = CUBE.copy()
    cube[0, :32] = np.nan
    cube[1, 32:] = np.nan
    refused(write_cube(tmp_path / "g.fits", cube), "no pixel is good in all bands")


@pytest.mark.parametrize("unit", ["km/s", "erg s-1", "W", "bananas", "nmgy2", "nmgy/kpc2"])
def test_wrong_unit(tmp_path: Path, unit: str) -> None:
    path = write_cube(tmp_path / "g.fits", CUBE, unit=unit)
    refused(path, "g.fits", re.escape(repr(unit)), "nanomaggy", "mag/arcsec2", "zero point")


@pytest.mark.parametrize("unit", [None, "adu", "electrons"])
def test_counts_without_zero_point(tmp_path: Path, unit: str | None) -> None:
    path = write_cube(tmp_path / "g.fits", CUBE, unit=unit)
    refused(path, "g.fits", "no zero point", "MAGZERO", "BUNIT")


def test_wcs_that_cannot_be_used(tmp_path: Path) -> None:
    path = write_cube(tmp_path / "g.fits", CUBE, CTYPE1="RA---XXX", CTYPE2="DEC--XXX")
    refused(path, r"g.fits\[0\].*: its WCS cannot be used \((?!.*cextern).*projection.*XXX")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"redshift": 0.0}, "redshift"),
        ({"redshift": -1.0}, "redshift"),
        ({"redshift": float("nan")}, "redshift"),
        ({"redshift": True}, "redshift True: expected a positive number"),
        ({"redshift": np.True_}, "redshift .*True.*: expected a positive number"),
        ({"redshift": "0.05"}, "redshift '0.05': expected a positive number"),
        ({"pixel_scale": True}, "pixel scale True"),
        ({"ebv": True}, r"E\(B-V\) True"),
        ({"psf_fwhm": True}, "PSF FWHM True"),
        ({"psf_fwhm": [1.0, 1.1, 1.2, 1.3, "1.4"]}, "PSF FWHM .*expected one positive number"),
        ({"pixel_scale": 0.0}, "pixel scale"),
        ({"redshift": 20.5}, "redshift 20.5.*up to 20"),
        ({"ebv": 10.5}, r"E\(B-V\) 10.5.*0 to 10"),
        ({"ebv": float("nan")}, r"E\(B-V\) nan"),
        ({"ebv": -0.1}, r"E\(B-V\)"),
        ({"psf_fwhm": 0.0}, "PSF FWHM"),
        ({"psf_fwhm": [1.0, 2.0]}, "one for each of"),
        ({"region": (0, 70, 0, 10)}, "region 0:70,0:10.*g.fits"),
        ({"region": (5, 5, 0, 10)}, "region"),
    ],
)
def test_numbers_that_cannot_be(tmp_path: Path, options: dict, words: str) -> None:
    refused(write_cube(tmp_path / "g.fits", CUBE), words, **options)


def test_flux_beyond_single_precision(tmp_path: Path) -> None:
    path = write_cube(tmp_path / "g.fits", CUBE * 1e30)
    refused(path, "g, band u", "nanomaggy/arcsec2", r"E\(B-V\)", ebv=10.0)


def test_wcs_and_pixscale_contradict(tmp_path: Path) -> None:
    path = write_cube(tmp_path / "g.fits", CUBE, wcs=make_wcs(pixel_scale=1.5), PIXSCALE=0.4)
    refused(path, "g.fits", "1.5 arcsec", "PIXSCALE says 0.4", "--pixel-scale")
    assert read_image(path, pixel_scale=0.4).pixel_scale == 0.4


def test_array_of_another_shape() -> None:
    with pytest.raises(InputError, match=r"expected \(5, height, width\)"):
        image_from_array(CUBE[:3])
    with pytest.raises(InputError, match="band g: every pixel is NaN"):
        image_from_array(np.where(np.arange(5)[:, None, None] == 1, np.nan, CUBE))
