"""A small store whose light tells its maps, for tests of what networks are shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from picassso.archive import DatasetStore

MAPS = ("stellar_mass", "hi_mass")


def studied_store(
    path: Path, *, galaxies: int = 20, side: int = 16, views: int = 2, noise: float = 0.1
) -> DatasetStore:
    """Off-centre discs; light is their stellar mass, and redder where there is less gas."""
    store = DatasetStore.create(
        path,
        config={"synthetic": galaxies, "seed": 5},
        galaxies=galaxies,
        views=views,
        shape=(side, side),
        survey="sdss",
        bands=tuple("ugriz"),
        properties=MAPS,
    )
    y, x = np.mgrid[:side, :side] - 0.4 * side
    rng = np.random.default_rng(0)
    for galaxy in range(galaxies):
        maps = np.zeros((views, 2, side, side), np.float32)
        flux = np.zeros((views, 5, side, side), np.float32)
        for view in range(views):
            mass = 10 ** rng.uniform(7, 9) * np.exp(-np.hypot(x, 1.5 * y) / rng.uniform(1, 3))
            gas = 10 ** rng.normal(-1, 0.3)
            maps[view] = mass, gas * mass
            flux[view] = np.multiply.outer(gas ** np.linspace(0.2, -0.2, 5), mass / 3e7)
        rows = [
            {
                "galaxy_id": f"disc-{galaxy}",
                "galaxy": galaxy,
                "view": view,
                "stellar_mass": float(maps[view, 0].sum()),
                "redshift": 0.05,
                "pixel_scale": 0.4,
                "kpc_per_pixel": 0.4,
                "noise": [noise * b for b in (3, 1, 2, 3, 9)],
                "psf_fwhm": [1.5, 1.4, 1.3, 1.2, 1.1],
            }
            for view in range(views)
        ]
        store.write_galaxy(galaxy, flux=flux, maps=maps, rows=rows)
    store.finalise()
    return DatasetStore.open(path)
