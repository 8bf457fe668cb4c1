"""Images come in whatever their form, unit or grid, and mean the same."""

from __future__ import annotations

import bz2
import gzip

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.utils.masked import Masked

from fits_galaxies import (
    BANDS,
    NOISE,
    PIXEL_SCALE,
    galaxy,
    image_hdu,
    make_wcs,
    write_bands,
    write_cube,
)
from picassso.archive.fits import group_images, image_from_array, read_image
from picassso.core import DEFAULT_COSMOLOGY, SDSS


@pytest.fixture
def cube() -> np.ndarray:
    return galaxy()


@pytest.fixture
def wcs():
    return make_wcs()


def offsets() -> np.ndarray:
    """What bringing SDSS magnitudes to AB multiplies fluxes by."""
    return 10 ** (-0.4 * np.array(SDSS.ab_offsets))


@pytest.mark.parametrize(
    ("unit", "factor", "is_ab"),
    [
        ("nmgy arcsec-2", 1.0, False),
        ("nanomaggy/arcsec2", 1.0, False),
        ("nanomaggies/arcsec2", 1.0, False),
        ("nanomaggy", PIXEL_SCALE**2, False),
        ("nMgy", PIXEL_SCALE**2, False),
        ("nJy", 3631.0 * PIXEL_SCALE**2, True),
        ("uJy/arcsec2", 3.631, True),
        ("Jy", 3.631e-6 * PIXEL_SCALE**2, True),
        ("Jy/pix", 3.631e-6 * PIXEL_SCALE**2, True),
        ("MJy/sr", 3.631e-12 * (180 * 3600 / np.pi) ** 2, True),
    ],
)
def test_units_mean_the_same(tmp_path, cube, wcs, unit, factor, is_ab) -> None:
    image = read_image(write_cube(tmp_path / "g.fits", cube * factor, unit=unit, wcs=wcs))
    expected = cube if is_ab else cube * offsets()[:, None, None]
    np.testing.assert_allclose(image.flux, expected, rtol=3e-6, atol=1e-5)


def test_magnitudes_and_counts_mean_the_same(tmp_path, wcs) -> None:
    cube = galaxy(noise=False)
    cube[:, :4] = 0.0
    with np.errstate(divide="ignore"):
        magnitudes = 22.5 - 2.5 * np.log10(cube)
    image = read_image(write_cube(tmp_path / "m.fits", magnitudes, unit="mag/arcsec2", wcs=wcs))
    np.testing.assert_allclose(image.flux, cube, rtol=1e-5)
    assert (image.flux[:, :4] == 0).all() and not image.mask.any()
    counts = cube * PIXEL_SCALE**2 * 10 ** (0.4 * (30.0 - 22.5))
    path = write_cube(tmp_path / "c.fits", counts, unit="electrons", wcs=wcs, MAGZERO=30.0)
    np.testing.assert_allclose(
        read_image(path).flux, cube * offsets()[:, None, None], rtol=1e-5, atol=1e-12
    )


def test_magsys_ab_leaves_the_zero_point_alone(tmp_path, cube, wcs) -> None:
    path = write_cube(tmp_path / "g.fits", cube, wcs=wcs, MAGSYS="AB")
    np.testing.assert_allclose(read_image(path).flux, cube, rtol=1e-6, atol=1e-6)


def test_all_layouts_mean_the_same(tmp_path, cube, wcs) -> None:
    whole = read_image(write_cube(tmp_path / "cube.fits", cube, wcs=wcs))
    extensions = [
        fits.ImageHDU(p.astype(np.float32), wcs.to_header(), name=b)
        for p, b in zip(cube, BANDS, strict=True)
    ]
    for hdu in extensions:
        hdu.header["BUNIT"] = "nmgy arcsec-2"
    primary = fits.PrimaryHDU()
    primary.header["REDSHIFT"] = 0.05
    fits.HDUList([primary, *extensions[::-1]]).writeto(tmp_path / "mef.fits")
    files = write_bands(tmp_path, cube, wcs=wcs)
    zipped = tmp_path / "zipped.fits.gz"
    zipped.write_bytes(gzip.compress((tmp_path / "cube.fits").read_bytes()))
    squeezed = tmp_path / "squeezed.fits.bz2"
    squeezed.write_bytes(bz2.compress((tmp_path / "cube.fits").read_bytes()))
    for source in (tmp_path / "mef.fits", files[::-1], zipped, squeezed):
        image = read_image(source)
        assert image.bands == tuple(BANDS)
        np.testing.assert_array_equal(image.flux, whole.flux)
        assert image.redshift == whole.redshift == 0.05
        assert image.pixel_scale == pytest.approx(PIXEL_SCALE)


@pytest.mark.parametrize("value", ["r", "SDSS r", "r_SDSS.res", "r DECam c0002 6415.0", "r'"])
def test_band_from_filter(tmp_path, cube, wcs, value) -> None:
    path = write_cube(tmp_path / "m99.fits", cube[2], wcs=wcs, bands=None, FILTER=value)
    assert read_image(path).bands == ("r",)


@pytest.mark.parametrize("name", ["frame-{band}-0025.fits", "m99_{band}.fits", "{band}.fits"])
def test_band_from_file_name(tmp_path, cube, wcs, name) -> None:
    folder = tmp_path / "m99"
    folder.mkdir()
    image = read_image(write_bands(folder, cube, wcs=wcs, name=name))
    assert image.bands == tuple(BANDS)
    assert image.galaxy_id == {"f": "frame-0025", "m": "m99", "{": "m99"}[name[0]]


def test_extinction_and_its_noise(tmp_path, cube, wcs) -> None:
    path = write_cube(tmp_path / "g.fits", cube, wcs=wcs)
    plain, corrected = read_image(path), read_image(path, ebv=0.1)
    factor = 10 ** (0.04 * np.array(SDSS.extinction))
    np.testing.assert_allclose(corrected.flux, plain.flux * factor[:, None, None], rtol=1e-5)
    np.testing.assert_allclose(corrected.noise, plain.noise * factor, rtol=1e-5)
    assert corrected.ebv == 0.1


def test_inverse_variance_becomes_noise(tmp_path, cube, wcs) -> None:
    """In nanomaggies a pixel; a pixel without weight is masked."""
    ivar = np.broadcast_to(1 / (NOISE * PIXEL_SCALE**2)[:, None, None] ** 2, cube.shape).copy()
    ivar[1, 5, 7] = 0
    path = write_cube(
        tmp_path / "g.fits",
        cube * PIXEL_SCALE**2,
        unit="nanomaggy",
        wcs=wcs,
        extra=[image_hdu(ivar, "IVAR")],
    )
    image = read_image(path)
    np.testing.assert_allclose(image.sky_noise, NOISE * offsets(), rtol=1e-5)
    assert image.mask.sum() == 1 and image.mask[5, 7]
    assert not any("noise" in a for a in image.assumptions)


def test_errors_of_magnitudes_become_flux(tmp_path, wcs) -> None:
    cube = galaxy(noise=False) + 1.0
    ivar = np.full(cube.shape, 1 / 0.02**2)
    path = write_cube(
        tmp_path / "g.fits",
        22.5 - 2.5 * np.log10(cube),
        unit="mag/arcsec2",
        wcs=wcs,
        extra=[image_hdu(ivar, "IVAR")],
    )
    np.testing.assert_allclose(read_image(path).noise, 0.4 * np.log(10) * 0.02 * cube, rtol=1e-4)


def test_missing_pixels_are_masked_and_zero(tmp_path, cube, wcs) -> None:
    cube[3, 10, 12] = np.nan
    mask = np.zeros(cube.shape[1:], np.uint8)
    mask[20:22, 30] = 4
    path = write_cube(tmp_path / "g.fits", cube, wcs=wcs, extra=[image_hdu(mask, "MASK")])
    image = read_image(path)
    assert np.argwhere(image.mask).tolist() == [[10, 12], [20, 30], [21, 30]]
    assert (image.flux[:, image.mask] == 0).all() and np.isfinite(image.flux).all()


def test_companions_are_not_bands(tmp_path, cube, wcs) -> None:
    """A weight map carries the FILTER of its image."""
    weight = image_hdu(np.ones(cube.shape[1:]), "WGT")
    weight.header["FILTER"] = "r"
    path = write_cube(
        tmp_path / "m99.fits", cube[2], bands=None, wcs=wcs, extra=[weight], FILTER="r"
    )
    assert read_image(path).bands == ("r",)


def test_arrays_with_units_are_converted_as_files_are(tmp_path, cube, wcs) -> None:
    plain = image_from_array(cube, pixel_scale=PIXEL_SCALE)
    jansky = 3.631e-6
    for values in (
        cube * u.nmgy / u.arcsec**2,
        cube * jansky * u.Jy / u.arcsec**2,
        cube * jansky * 1e6 * PIXEL_SCALE**2 * u.uJy,
        cube * PIXEL_SCALE**2 * u.nmgy / u.pix,
    ):
        image = image_from_array(values, pixel_scale=PIXEL_SCALE)
        np.testing.assert_allclose(image.flux, plain.flux, rtol=1e-5)
        assert not image.mask.any()
    bright = np.abs(cube) + 1.0
    image = image_from_array((22.5 - 2.5 * np.log10(bright)) * u.mag / u.arcsec**2)
    np.testing.assert_allclose(image.flux, bright, rtol=1e-5)
    path = write_cube(tmp_path / "g.fits", cube * jansky, wcs=wcs, BUNIT="Jy/arcsec2")
    np.testing.assert_allclose(read_image(path).flux, plain.flux, rtol=1e-5)


def test_masked_arrays_keep_their_masks(cube) -> None:
    hidden = np.zeros(cube.shape, bool)
    hidden[1, 3:5, 7] = True
    for values in (np.ma.array(cube, mask=hidden), Masked(cube, mask=hidden)):
        image = image_from_array(values)
        np.testing.assert_array_equal(image.mask, hidden.any(axis=0))
        assert (image.flux[:, image.mask] == 0).all()
    with_unit = image_from_array(Masked(cube * u.nmgy / u.arcsec**2, mask=hidden))
    np.testing.assert_array_equal(with_unit.flux, image.flux)
    assert not image_from_array(np.ma.array(cube)).mask.any()


def test_units_of_many_slashes_are_read_without_a_warning(tmp_path, cube, wcs, recwarn) -> None:
    unit = "erg/s/cm2/Hz/arcsec2"
    image = read_image(write_cube(tmp_path / "g.fits", cube, wcs=wcs, BUNIT=unit))
    np.testing.assert_allclose(image.flux, cube * 1e23 / 3.631e-6, rtol=1e-5)
    assert not [w for w in recwarn if "slash" in str(w.message)]


def test_psf_from_stamps_headers_options_and_survey(tmp_path, cube, wcs) -> None:
    rows, columns = np.indices((51, 51)) - 25.0
    stamp = np.exp(-4 * np.log(2) * (columns**2 + rows**2) / 3.0**2)
    stamps = image_hdu(np.stack([stamp] * 5), "PSF")
    path = write_cube(tmp_path / "a.fits", cube, wcs=wcs, extra=[stamps])
    np.testing.assert_allclose(read_image(path).psf_fwhm, 3.0 * PIXEL_SCALE, rtol=1e-3)
    path = write_cube(tmp_path / "b.fits", cube, wcs=wcs, SEEING=1.7)
    np.testing.assert_allclose(read_image(path).psf_fwhm, 1.7)
    assert read_image(path, psf_fwhm=[1, 2, 3, 4, 5]).psf_fwhm.tolist() == [1, 2, 3, 4, 5]
    path = write_cube(tmp_path / "c.fits", cube, wcs=wcs)
    image = read_image(path)
    np.testing.assert_allclose(image.psf_fwhm, SDSS.psf_fwhm)
    assert any("PSF" in a for a in image.assumptions)


def test_redshift_is_assumed_loudly(tmp_path, cube, wcs) -> None:
    path = write_cube(tmp_path / "g.fits", cube, wcs=wcs, redshift=None)
    image = read_image(path)
    assert image.redshift == 0.03
    assert any("REDSHIFT 0.03 IS ASSUMED" in a for a in image.assumptions)
    assert read_image(path, redshift=0.08).redshift == 0.08
    assert read_image(write_cube(path, cube, wcs=wcs, redshift=None, SIMZ=0.07)).redshift == 0.07


@pytest.mark.parametrize("said", [-0.1, 0.0, "none", True, 25.0])
def test_redshift_of_the_header_that_cannot_be(tmp_path, cube, said) -> None:
    image = read_image(write_cube(tmp_path / "g.fits", cube, redshift=said))
    assert image.redshift == 0.03
    assert any(f"IS ASSUMED: the header says REDSHIFT = {said!r}" in a for a in image.assumptions)
    image = read_image(write_cube(tmp_path / "g.fits", cube, redshift=said, Z=0.06))
    assert image.redshift == 0.06
    assert any(f"REDSHIFT = {said!r}" in a for a in image.assumptions)


def test_numbers_of_the_header_that_cannot_be(tmp_path, cube) -> None:
    path = write_cube(tmp_path / "g.fits", cube, PIXSCALE=-1, PSFFWHM1="x", PSFFWHM2=-2.0)
    image = read_image(path)
    assert image.pixel_scale == SDSS.pixel_scale
    np.testing.assert_allclose(image.psf_fwhm, SDSS.psf_fwhm)
    said = " | ".join(image.assumptions)
    assert "PIXSCALE = -1 of the header is no usable pixel scale" in said
    assert "u: PSFFWHM1 = 'x' of the header" in said and "g: PSFFWHM2 = -2.0" in said
    given = read_image(path, pixel_scale=0.4, psf_fwhm=1.0)
    assert not any("usable" in a for a in given.assumptions)


def test_inverse_variance_of_some_bands_only(tmp_path, cube) -> None:
    extra = [image_hdu(np.ones(cube.shape[1:], np.float32), f"{b}_IVAR") for b in "gri"]
    image = read_image(write_cube(tmp_path / "g.fits", cube, extra=extra))
    assert any(a.endswith("holds no IVAR of uz") for a in image.assumptions)
    assert image.noise.shape == cube.shape
    np.testing.assert_allclose(image.noise[1:4], 1.0, rtol=1e-5)
    np.testing.assert_allclose(image.noise[[0, 4]].std(axis=(1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(image.sky_noise[[0, 4]], NOISE[[0, 4]], rtol=0.1)


def test_pixel_scale_without_wcs(tmp_path, cube) -> None:
    path = write_cube(tmp_path / "a.fits", cube, PIXSCALE=0.25)
    assert read_image(path).pixel_scale == 0.25
    path = write_cube(tmp_path / "b.fits", cube)
    image = read_image(path)
    assert image.pixel_scale == SDSS.pixel_scale and image.wcs is None
    assert any("pixel scale 0.396" in a for a in image.assumptions)
    assert read_image(path, pixel_scale=0.5).pixel_scale == 0.5


@pytest.mark.parametrize("keywords", [{}, {"CDELT1": 1.0, "CDELT2": 1.0}])
def test_a_wcs_without_a_scale_is_passed_over(tmp_path, cube, keywords) -> None:
    """By the FITS standard its pixels are of one degree, which no galaxy's are."""
    axes = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 150.0, "CRVAL2": 2.0}
    path = write_cube(tmp_path / "a.fits", cube, **axes, **keywords)
    image = read_image(path)
    assert image.pixel_scale == SDSS.pixel_scale and image.wcs is None
    said = " ".join(image.assumptions)
    assert "pixel scale 0.396 arcsec: that of sdss" in said and "neither CDELT nor CD" in said
    given = read_image(path, pixel_scale=0.5)
    assert given.pixel_scale == 0.5 and "header says" not in " ".join(given.assumptions)
    stated = write_cube(tmp_path / "b.fits", cube, PIXSCALE=0.25, **axes, **keywords)
    assert read_image(stated).pixel_scale == 0.25


def test_pixel_scale_of_a_linear_axis_in_parsec(tmp_path, cube) -> None:
    path = write_cube(tmp_path / "a.fits", cube, CTYPE1="pc", CDELT1=200.0)
    expected = 0.2 / DEFAULT_COSMOLOGY.kpc_per_arcsec(0.05)
    assert read_image(path).pixel_scale == pytest.approx(expected)


def test_sky_residual_is_reported_and_kept(tmp_path, wcs) -> None:
    cube = galaxy(shape=(128, 128))
    cube[1] += 0.5 * NOISE[1]
    image = read_image(write_cube(tmp_path / "g.fits", cube, wcs=wcs, MAGSYS="AB"))
    said = [a for a in image.assumptions if "border" in a]
    assert len(said) == 1 and said[0].startswith("g:")
    np.testing.assert_allclose(image.flux, cube, rtol=1e-6, atol=1e-6)


def test_region_is_a_part_of_the_whole(tmp_path, cube) -> None:
    grids = [make_wcs(shift=(0.4 * i, 0.0)) for i in range(5)]
    paths = write_bands(tmp_path, cube, wcs=grids)
    whole, part = read_image(paths), read_image(paths, region=(10, 50, 20, 60))
    np.testing.assert_allclose(part.flux, whole.flux[:, 20:60, 10:50], atol=2e-5)
    np.testing.assert_allclose(part.noise, whole.noise)
    sky = whole.wcs.pixel_to_world_values(10, 20)
    np.testing.assert_allclose(part.wcs.pixel_to_world_values(0, 0), sky, rtol=1e-12)


def test_array_in_our_own_unit() -> None:
    cube = galaxy((160, 160))
    cube[2, 3, 3] = np.nan
    image = image_from_array(cube, redshift=0.05, pixel_scale=0.4)
    np.testing.assert_allclose(image.flux[:, ~image.mask], cube[:, ~image.mask], rtol=1e-6)
    assert image.mask.sum() == 1
    np.testing.assert_allclose(image.noise, NOISE, rtol=0.05)


def test_files_are_sorted_into_galaxies(tmp_path, cube, wcs) -> None:
    bands = write_bands(tmp_path, cube, wcs=wcs)
    one = write_cube(tmp_path / "one.fits", cube, wcs=wcs)
    two = write_cube(tmp_path / "two.fits", cube, wcs=wcs)
    assert group_images([one, *bands, two]) == [(one,), tuple(bands), (two,)]
    others = write_bands(tmp_path, cube, wcs=wcs, name="m77_{band}.fits")
    assert group_images([*bands, *others]) == [tuple(bands), tuple(others)]
    text = tmp_path / "notes.fits"
    text.write_text("not FITS at all")
    assert group_images([one, text]) == [(one,), (text,)]
    assert group_images([*bands, bands[0], one, tmp_path / "." / "one.fits"]) == [
        tuple(bands),
        (one,),
    ]


def test_files_of_nameless_planes_are_galaxies_of_their_own(tmp_path, cube) -> None:
    paths = [tmp_path / "a.fits", tmp_path / "b.fits"]
    for path in paths:
        planes = [fits.PrimaryHDU(cube[0]), *(fits.ImageHDU(plane) for plane in cube[1:])]
        fits.HDUList(planes).writeto(path)
    assert group_images(paths) == [(p,) for p in paths]


def test_noise_free_image_takes_the_depth_of_the_survey(tmp_path, wcs) -> None:
    cube = np.zeros((5, 64, 64))
    cube[:, 30:34, 30:34] = 10.0
    image = read_image(write_cube(tmp_path / "g.fits", cube, wcs=wcs, MAGSYS="AB"))
    depth = np.array(SDSS.sky_noise) * SDSS.pixel_scale / PIXEL_SCALE
    np.testing.assert_allclose(image.noise, depth, rtol=1e-5)
    assert any("noise" in a for a in image.assumptions)


def test_real_ringed_galaxy(data_dir) -> None:
    """Magnitudes u g r i z = 16.8 15.4 14.7 14.3 14.1 are those of the file's own notes."""
    image = read_image(data_dir / "sdss_galaxies" / "J031530-080454_ugriz_nMgy.fits")
    y, x = np.indices(image.shape)
    inside = np.hypot(x - 112, y - 141) < 75
    totals = image.flux[:, inside].sum(axis=1) * image.pixel_scale**2
    np.testing.assert_allclose(
        22.5 - 2.5 * np.log10(totals), [16.8, 15.4, 14.7, 14.3, 14.1], atol=0.1
    )
    assert image.noise.shape == image.flux.shape


def test_real_elliptical(data_dir) -> None:
    image = read_image(data_dir / "sdss_galaxies" / "NGC4261_ugriz_nMgy.fits")
    assert image.redshift == 0.03 and image.pixel_scale == 0.396 and image.wcs is None
    assert 0.01 < image.mask.mean() < 0.03
    assert ((image.psf_fwhm > 0.8) & (image.psf_fwhm < 2.0)).all()


def test_real_field_is_aligned(data_dir) -> None:
    """Stars of all bands fall on those of r: the bands were up to ten pixels apart."""
    folder = data_dir / "sdss_frame"
    paths = [folder / f"frame-{b}-002583-2-0136.fits.bz2" for b in "gri"]
    image = read_image(paths, region=(1450, 1962, 300, 812))
    star = np.unravel_index(np.argmax(image.flux[1]), image.shape)
    box = tuple(slice(max(s - 4, 0), s + 5) for s in star)
    rows, columns = np.indices(image.flux[1][box].shape)
    centroids = [
        (np.average(rows, weights=p[box]), np.average(columns, weights=p[box])) for p in image.flux
    ]
    assert np.ptp(centroids, axis=0).max() < 0.25
    # The published sky noise of this field, in its uncrowded part.
    np.testing.assert_allclose(image.noise, np.array(SDSS.sky_noise)[1:4], rtol=0.03)


def test_real_merger_of_magnitudes(data_dir) -> None:
    image = read_image([data_dir / "skirt_merger" / f"{b}.fits" for b in "gri"])
    assert image.bands == ("g", "r", "i") and image.galaxy_id == "skirt_merger"
    kpc = image.pixel_scale * DEFAULT_COSMOLOGY.kpc_per_arcsec(0.046)
    assert kpc == pytest.approx(0.09765625)
