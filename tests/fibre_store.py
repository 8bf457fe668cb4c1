"""A small store whose images tell what their fibres see."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from picassso.archive import DatasetStore
from picassso.core import EMISSION_LINES, FIBRE_GRID, LINE_NAMES, FibreLight

MAPS = ("stellar_mass",)


def fibre_store(path: Path, *, galaxies: int = 30, side: int = 20) -> DatasetStore:
    """Two views of galaxies between old and red and young and blue, of several brightnesses."""
    store = DatasetStore.create(
        path,
        config={"synthetic": galaxies, "seed": 5},
        galaxies=galaxies,
        views=2,
        shape=(side, side),
        survey="sdss",
        bands=tuple("ugriz"),
        properties=MAPS,
        spectra=True,
    )
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    disc = np.exp(-np.hypot(x, y) / 3)
    rng = np.random.default_rng(0)
    for galaxy in range(galaxies):
        lights = [light(f"toy-{galaxy}", view, rng) for view in range(2)]
        colours = np.stack([brightness(one) for one in lights])
        store.write_galaxy(
            galaxy,
            flux=(colours[:, :, None, None] * disc).astype(np.float32),
            maps=np.tile(disc, (2, 1, 1, 1)).astype(np.float32),
            rows=[
                {
                    "galaxy_id": one.galaxy_id,
                    "galaxy": galaxy,
                    "view": one.view,
                    "stellar_mass": float(rng.uniform(1e9, 1e11)),
                    "redshift": one.redshift,
                    "pixel_scale": 0.4,
                    "kpc_per_pixel": 0.4,
                    "noise": [0.05] * 5,
                    "psf_fwhm": [1.2, 1.2, 1.2, 1.1, 1.0],
                    "line_dispersion": one.line_dispersion,
                    "stellar_dispersion": one.stellar_dispersion,
                }
                for one in lights
            ],
            lights=lights,
        )
    store.finalise()
    return DatasetStore.open(path)


def light(name: str, view: int, rng: np.random.Generator) -> FibreLight:
    """Of a galaxy drawn at random."""
    young, dust = rng.uniform(0, 1, 2)
    wave = FIBRE_GRID / 5500.0
    old = wave**0.5 * np.where(FIBRE_GRID < 4000, 0.5, 1.0)
    continuum = ((1 - young) * old + young * wave**-1.8) * np.exp(-dust * (wave**-0.7 - 0.8))
    size = 10.0 ** rng.uniform(0.5, 1.5)
    lines = np.zeros(len(EMISSION_LINES))
    lines[LINE_NAMES.index("Halpha")] = 40 * young * rng.uniform(0.5, 1)
    lines[LINE_NAMES.index("Hbeta")] = lines[LINE_NAMES.index("Halpha")] / 3
    return FibreLight(
        galaxy_id=name,
        view=view,
        redshift=0.05,
        continuum=(size * continuum).astype(np.float32),
        line_flux=(size * lines).astype(np.float32),
        line_dispersion=float(rng.uniform(50, 150)),
        stellar_dispersion=150.0,
    )


def brightness(one: FibreLight) -> np.ndarray:
    """(5,) mean flux density in five bands of equal width."""
    edges = np.linspace(3200, 9200, 6)
    return np.array(
        [
            one.continuum[(low < FIBRE_GRID) & (high > FIBRE_GRID)].mean()
            for low, high in itertools.pairwise(edges)
        ]
    )
