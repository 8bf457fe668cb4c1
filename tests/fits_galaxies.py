"""Galaxies to write as FITS in whatever form a user may have them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

BANDS = "ugriz"
NOISE = np.array([0.3, 0.12, 0.2, 0.3, 1.2])
COLOURS = np.array([0.25, 0.6, 1.0, 1.3, 1.5])
PIXEL_SCALE = 0.4


def make_wcs(
    shape: tuple[int, int] = (64, 64),
    *,
    shift: tuple[float, float] = (0.0, 0.0),
    pixel_scale: float = PIXEL_SCALE,
    angle: float = 0.0,
) -> WCS:
    """Tangent WCS whose centre lies `shift` pixels (x, y) from the middle of the frame."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [150.0, 2.0]
    wcs.wcs.crpix = [shape[1] / 2 + 0.5 + shift[0], shape[0] / 2 + 0.5 + shift[1]]
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    wcs.wcs.cd = np.array([[-c, s], [s, c]]) * pixel_scale / 3600
    return wcs


def galaxy(
    shape: tuple[int, int] = (64, 64),
    *,
    wcs: WCS | None = None,
    size: float = 2.4,
    peak: float = 40.0,
    noise: bool = True,
    seed: int = 1,
) -> np.ndarray:
    """(5, H, W) surface brightness [nanomaggy arcsec^-2] of a Gaussian of `size` arcsec sigma.

    It lies at the reference point of the WCS (default: the middle of the frame).
    """
    wcs = make_wcs(shape) if wcs is None else wcs
    y, x = np.indices(shape)
    dx, dy = x + 1 - wcs.wcs.crpix[0], y + 1 - wcs.wcs.crpix[1]
    r2 = (dx**2 + dy**2) * abs(np.linalg.det(wcs.wcs.cd)) * 3600**2
    cube = peak * COLOURS[:, None, None] * np.exp(-0.5 * r2 / size**2)
    if noise:
        rng = np.random.default_rng(seed)
        cube = cube + NOISE[:, None, None] * rng.standard_normal(cube.shape)
    return cube


def write_cube(
    path: Path,
    cube: np.ndarray,
    *,
    unit: str | None = "nmgy arcsec-2",
    bands: str | None = BANDS,
    wcs: WCS | None = None,
    redshift: float | None = 0.05,
    extra: Sequence[Any] = (),
    **keywords: Any,
) -> Path:
    """Write a cube; None leaves a keyword out; `extra` are more HDUs."""
    header = fits.Header() if wcs is None else wcs.to_header()
    given = {"BUNIT": unit, "BANDS": bands, "REDSHIFT": redshift, **keywords}
    for key, value in given.items():
        if value is not None:
            header[key] = value
    hdus = [fits.PrimaryHDU(np.asarray(cube, np.float32), header), *extra]
    fits.HDUList(hdus).writeto(path, overwrite=True)
    return path


def write_bands(
    folder: Path,
    cube: np.ndarray,
    *,
    name: str = "m99_{band}.fits",
    wcs: WCS | Sequence[WCS] | None = None,
    **keywords: Any,
) -> list[Path]:
    """Write one file a band."""
    paths = []
    for i, band in enumerate(BANDS):
        one = wcs[i] if isinstance(wcs, Sequence) else wcs
        path = folder / name.format(band=band)
        write_cube(path, cube[i], wcs=one, bands=None, **keywords)
        paths.append(path)
    return paths


def image_hdu(data: np.ndarray, name: str) -> fits.ImageHDU:
    """An extension of a name."""
    return fits.ImageHDU(np.asarray(data), name=name)
