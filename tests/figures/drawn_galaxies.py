"""Analytic galaxies to draw."""

from __future__ import annotations

import numpy as np

from picassso.core import PROPERTY_NAMES, GalaxyImage, Maps, Total

COLOURS = (0.25, 0.6, 1.0, 1.3, 1.5)
LEVELS = {
    "stellar_mass": 3e9,
    "stellar_metal_mass": 6e7,
    "stellar_age_mass": 2e10,
    "star_formation_rate": 0.03,
    "gas_mass": 4e7,
    "gas_metal_mass": 8e5,
    "hi_mass": 2e7,
}


def disc(shape: tuple[int, int], *, size: float = 0.12) -> np.ndarray:
    """Inclined exponential disc with a bulge and two arms, 1 at the centre."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    scale = size * min(shape)
    x, y = (x - shape[1] / 2) / scale, (y - shape[0] / 2) / scale / 0.6
    r = np.hypot(x, y)
    arms = 1 + 0.6 * np.cos(2 * np.arctan2(y, x) - 4 * np.log(r + 0.3)) * np.clip(r, 0, 1)
    return (0.5 * np.exp(-r) * arms + 0.5 * np.exp(-4 * r)).astype(np.float32)


def make_image(shape: tuple[int, int] = (96, 96), *, masked: bool = False) -> GalaxyImage:
    """Five bands of a disc with SDSS-like noise."""
    rng = np.random.default_rng(1)
    noise = np.array([0.316, 0.128, 0.199, 0.325, 1.334], np.float32)
    flux = 40 * disc(shape)[None] * np.array(COLOURS, np.float32)[:, None, None]
    flux += noise[:, None, None] * rng.standard_normal(flux.shape)
    mask = np.zeros(shape, bool)
    if masked:
        mask[: shape[0] // 4, shape[1] // 2 : shape[1] // 2 + max(shape[1] // 8, 1)] = True
        flux[:, mask] = 0
    return GalaxyImage(
        galaxy_id="disc 12",
        view=0,
        survey="sdss",
        bands=("u", "g", "r", "i", "z"),
        flux=flux.astype(np.float32),
        noise=noise,
        mask=mask,
        psf_fwhm=np.full(5, 1.2, np.float32),
        pixel_scale=0.396,
        redshift=0.03,
    )


def make_maps(
    shape: tuple[int, int] = (96, 96), *, absent: tuple[str, ...] = (), factor: float = 1.0
) -> Maps:
    """Seven maps of the same disc; the gas is more extended than the stars."""
    cube = np.empty((len(PROPERTY_NAMES), *shape), np.float32)
    for plane, name in zip(cube, PROPERTY_NAMES, strict=True):
        extended = name in ("gas_mass", "gas_metal_mass", "hi_mass", "star_formation_rate")
        plane[:] = factor * LEVELS[name] * disc(shape, size=0.2 if extended else 0.12)
        if name in absent:
            plane[:] = np.nan
    totals = tuple(
        Total(name, "frame", float(s), 0.8 * float(s), 0.98 * float(s), 1.2 * float(s), "")
        for name, s in zip(PROPERTY_NAMES, cube.sum((1, 2), dtype=float) * 0.0566, strict=True)
    )
    return Maps("disc 12", 0, PROPERTY_NAMES, cube, 0.0566, totals=totals)
