"""A tiny stand-in for the observatory, so that tests of the archive test the archive."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from picassso.archive import DatasetStore
from picassso.core import (
    EMISSION_LINES,
    FIBRE_GRID,
    PROPERTY_NAMES,
    SDSS,
    FibreLight,
    GalaxyImage,
    InputError,
    Maps,
    Particles,
    Stars,
)


@dataclass(frozen=True)
class FakeSource:
    """Galaxies of two stars; those listed in `bad` cannot be loaded."""

    n: int
    bad: tuple[int, ...] = ()

    def __len__(self) -> int:
        return self.n

    def name(self, galaxy: int) -> str:
        return f"fake-{galaxy}"

    def identity(self) -> dict:
        return {"fake": self.n}

    def load(self, galaxy: int) -> Particles:
        if galaxy in self.bad:
            raise InputError("this galaxy is bad")
        rng = np.random.default_rng(galaxy)
        mass = rng.uniform(1e9, 1e11, 2).astype(np.float32)
        stars = Stars(
            position=rng.normal(size=(2, 3)).astype(np.float32),
            velocity=np.zeros((2, 3), np.float32),
            mass=mass,
            initial_mass=mass,
            age=np.ones(2, np.float32),
            metallicity=np.full(2, 0.02, np.float32),
        )
        return Particles(f"fake-{galaxy}", "fake", stars, None)


@dataclass(frozen=True)
class FakeFraming:
    name: ClassVar[str] = "fake"

    pixels: int = 16


@dataclass(frozen=True)
class FakeObservation:
    image: GalaxyImage
    maps: Maps
    camera: str
    half_mass_radius: float
    dust: float
    flags: tuple[str, ...]
    fibre: FibreLight | None = None


def fake_observe(
    particles,
    *,
    framing,
    survey,
    seed,
    views=(0, 1, 2, 3),
    truth="smoothed",
    device="cpu",
    spectra=False,
    nuclei=True,
):
    """Random pixels that depend on seed and galaxy; properties without gas are absent."""
    rng = np.random.default_rng([seed, *particles.galaxy_id.encode()])
    n, b = framing.pixels, len(survey.bands)
    out = []
    for view in views:
        cube = rng.lognormal(10, 2, (len(PROPERTY_NAMES), n, n)).astype(np.float32)
        for name in particles.absent:
            cube[PROPERTY_NAMES.index(name)] = np.nan
        image = GalaxyImage(
            galaxy_id=particles.galaxy_id,
            view=view,
            survey=survey.name,
            bands=survey.bands,
            flux=rng.lognormal(0, 2, (b, n, n)).astype(np.float32),
            noise=np.asarray(survey.sky_noise, np.float32),
            mask=np.zeros((n, n), bool),
            psf_fwhm=np.asarray(survey.psf_fwhm, np.float32),
            pixel_scale=0.396,
            redshift=0.05,
        )
        maps = Maps(particles.galaxy_id, view, PROPERTY_NAMES, cube, 0.25, flags=("no_gas",))
        fibre = fake_light(particles.galaxy_id, view, seed) if spectra else None
        out.append(FakeObservation(image, maps, "face-on", 3.0, 0.0, ("fake",), fibre))
    return out


def fake_light(galaxy_id: str, view: int, seed: int) -> FibreLight:
    """Random light of a fibre that depends on seed, galaxy and view."""
    rng = np.random.default_rng([seed, view, *galaxy_id.encode()])
    return FibreLight(
        galaxy_id=galaxy_id,
        view=view,
        redshift=0.05,
        continuum=rng.lognormal(1, 1, len(FIBRE_GRID)).astype(np.float32),
        line_flux=rng.lognormal(2, 2, len(EMISSION_LINES)).astype(np.float32),
        line_dispersion=float(rng.uniform(10, 300)),
        stellar_dispersion=float(rng.uniform(10, 300)),
        flags=("fake_light",),
    )


def fake_store(
    path: Path, *, galaxies: int = 10, views: int = 2, pixels: int = 16, spectra: bool = False
) -> DatasetStore:
    """An empty store for fake galaxies."""
    return DatasetStore.create(
        path,
        config={"fake": galaxies, "seed": 0},
        galaxies=galaxies,
        views=views,
        shape=(pixels, pixels),
        survey="sdss",
        bands=SDSS.bands,
        properties=PROPERTY_NAMES,
        spectra=spectra,
    )
