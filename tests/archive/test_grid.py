"""Bands of other grids are brought onto one."""

from __future__ import annotations

import numpy as np
import pytest

from fits_galaxies import PIXEL_SCALE, galaxy, image_hdu, make_wcs, write_cube
from picassso.archive.fits import read_image
from picassso.archive.fits.grid import align


@pytest.mark.parametrize("with_inverse_variance", [True, False])
@pytest.mark.parametrize("scale", [0.2, 0.4, 0.8])
def test_noise_is_that_of_a_pixel_of_the_common_grid(
    tmp_path, scale, with_inverse_variance
) -> None:
    """The same exposure has the same noise there, whatever the pixels it was stored with."""
    rng = np.random.default_rng(7)
    paths = []
    for band, pixel in (("g", scale), ("r", PIXEL_SCALE)):
        side = round(64 * PIXEL_SCALE / pixel)
        sigma = 0.3 * PIXEL_SCALE / pixel
        wcs = make_wcs((side, side), pixel_scale=pixel)
        inverse_variance = np.full((side, side), sigma**-2, np.float32)
        extra = [image_hdu(inverse_variance, "IVAR")] if with_inverse_variance else []
        path = tmp_path / f"m99_{band}.fits"
        plane = sigma * rng.standard_normal((side, side))
        paths.append(write_cube(path, plane, wcs=wcs, bands=None, extra=extra, MAGSYS="AB"))
    image = read_image(paths)
    rel = 1e-5 if with_inverse_variance else 0.06
    np.testing.assert_allclose(image.sky_noise, 0.3, rtol=rel)


@pytest.mark.parametrize(
    ("shift", "scale", "angle"),
    [
        ((0.5, 0.5), PIXEL_SCALE, 0.0),
        ((-2.3, 1.2), PIXEL_SCALE, 0.0),
        ((2.6, -0.8), 0.31, 90.0),
        ((0.4, 2.1), 0.47, 33.0),
    ],
)
def test_alignment_conserves_flux_and_place(tmp_path, shift, scale, angle) -> None:
    """A band of another grid lands on the r band's galaxy, with all of its light."""
    shape = (96, 100)
    other = make_wcs(shape, shift=shift, pixel_scale=scale, angle=angle)
    plane = galaxy(shape, wcs=other, noise=False)[1]
    straight = galaxy(noise=False)
    paths = [
        write_cube(tmp_path / "m99_g.fits", plane, wcs=other, bands=None, MAGSYS="AB"),
        write_cube(tmp_path / "m99_r.fits", straight[2], wcs=make_wcs(), bands=None, MAGSYS="AB"),
    ]
    image = read_image(paths)
    assert image.flux[0].sum() == pytest.approx(straight[1].sum(), rel=2e-3)
    for axis in np.indices((64, 64)):
        assert np.average(axis, weights=image.flux[0]) == pytest.approx(31.5, abs=0.02)
    good = ~image.mask
    np.testing.assert_allclose(image.flux[1][good], straight[2][good], rtol=1e-5)


def test_shifted_grids_need_only_bilinear_weights() -> None:
    """For a shift alone, overlap areas and bilinear interpolation are the same."""
    from reproject import reproject_exact

    plane = galaxy()[1]
    one, other = make_wcs(shift=(0.3, -1.6)), make_wcs()
    exact, _ = reproject_exact((plane, one), other, shape_out=plane.shape)
    aligned = align(plane, one, other, plane.shape)
    inside = np.s_[4:-4, 4:-4]
    np.testing.assert_allclose(aligned[inside], exact[inside], atol=1e-4)
