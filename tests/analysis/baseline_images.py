"""Images made of known populations, and a store of galaxies whose mass-to-light is a known law."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from picassso.archive import DatasetStore
from picassso.core import DEFAULT_COSMOLOGY, SDSS, GalaxyImage

PIXEL_SCALE = 0.4


def image_of(flux, *, noise=1e-3, bands=SDSS.bands, redshift=0.05, mask=None) -> GalaxyImage:
    """An image of surface brightness (B, H, W), noise a number or one a band."""
    flux = np.asarray(flux, np.float32)
    mask = np.zeros(flux.shape[1:], bool) if mask is None else mask
    return GalaxyImage(
        galaxy_id="test",
        view=0,
        survey="sdss",
        bands=tuple(bands),
        flux=flux,
        noise=np.broadcast_to(np.float32(noise), (len(bands),)).copy(),
        mask=mask,
        psf_fwhm=np.full(len(bands), 1.0, np.float32),
        pixel_scale=PIXEL_SCALE,
        redshift=redshift,
    )


def brighter(image: GalaxyImage, factor: float) -> GalaxyImage:
    """The same with flux and noise multiplied."""
    from dataclasses import replace

    scale = np.float32(factor)
    return replace(image, flux=image.flux * scale, noise=image.noise * scale)


def reordered(image: GalaxyImage, order: list[int]) -> GalaxyImage:
    """The same with its bands in another order, or fewer of them."""
    from dataclasses import replace

    return replace(
        image,
        bands=tuple(image.bands[b] for b in order),
        flux=image.flux[order],
        noise=image.noise[order],
        psf_fwhm=image.psf_fwhm[order],
    )


def store_of_known_law(
    path: Path, *, galaxies: int = 50, side: int = 16, gradient: float = 0.05
) -> DatasetStore:
    """Discs with log10(M/L_i) = -0.5 + 0.8 (g - i) + z + 0.03 dex of scatter a galaxy.

    Light in solar luminosities of the observed i band. Colours grow bluer outwards, by `gradient`
    mag a scale length.
    """
    from picassso.analysis.baselines.mass_to_light import solar_luminosities

    store = DatasetStore.create(
        path,
        config={"seed": 0},
        galaxies=galaxies,
        views=1,
        shape=(side, side),
        survey="sdss",
        bands=SDSS.bands,
        properties=("stellar_mass",),
    )
    rng = np.random.default_rng(5)
    y, x = np.indices((side, side)) - (side - 1) / 2
    for n in range(galaxies):
        redshift = rng.uniform(0.02, 0.1)
        radius = np.hypot(x, y / rng.uniform(0.5, 1)) / (side / 10)
        light = 10.0 ** rng.uniform(1.0, 2.5) * np.exp(-radius)
        colour = rng.uniform(0.7, 1.3) - gradient * radius
        ratio = -0.5 + 0.8 * colour + redshift + 0.03 * rng.standard_normal()
        mass = 10.0**ratio * light * solar_luminosities("i", redshift)
        flux = np.stack([light * 10 ** (-0.4 * k * colour) for k in (2.0, 1.0, 0.4, 0.0, -0.2)])
        kpc = PIXEL_SCALE * DEFAULT_COSMOLOGY.kpc_per_arcsec(redshift)
        row = {
            "galaxy_id": f"g{n:03d}",
            "galaxy": n,
            "view": 0,
            "redshift": redshift,
            "pixel_scale": PIXEL_SCALE,
            "kpc_per_pixel": kpc,
            "noise": [0.2] * 5,
            "psf_fwhm": [1.0] * 5,
            "stellar_mass": float(mass.sum() * kpc**2),
        }
        store.write_galaxy(n, flux=flux[None], maps=mass[None, None], rows=[row])
    store.finalise()
    return DatasetStore.open(path)
