"""Observe a galaxy: particles in; noise-free images and true maps from four cameras out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from picassso.core import (
    FibreLight,
    GalaxyImage,
    InputError,
    Maps,
    Particles,
    Survey,
    half_mass_radius,
)
from picassso.observatory.cameras import CAMERAS, camera_rotation, spin_axis
from picassso.observatory.framing import Framing
from picassso.observatory.light_cache import load_light_table
from picassso.observatory.scene import Scene
from picassso.observatory.smoothing import smoothing_lengths
from picassso.observatory.spectra.gas_around_stars import ionised_gas
from picassso.observatory.spectra.nuclei import draw_other_gas
from picassso.observatory.spectra.populations_cache import load_spectral_table

__all__ = ["Observation", "observe"]


@dataclass(frozen=True, slots=True)
class Observation:
    """One view of a galaxy and the truth about it.

    Parameters
    ----------
    image : GalaxyImage
        Noise-free; its `noise` is the 1 sigma that `add_noise` adds.
    maps : Maps
        True maps on the same grid, not blurred by the PSF; NaN throughout where the snapshot
        lacks what a property needs.
    camera : str
        ``"face_on"``, ``"edge_on"``, ``"random_1"`` or ``"random_2"``.
    half_mass_radius : float
        Of the stars, 3-D [kpc].
    dust : float
        Dust-to-metal ratio in units of the Galactic one; 0 for no dust.
    flags : tuple of str
        Those of the particles, and what had to be done for want of data.
    fibre : FibreLight or None
        Light that enters a fibre at the centre of the frame; None where it was not asked for.
    """

    image: GalaxyImage
    maps: Maps
    camera: str
    half_mass_radius: float
    dust: float
    flags: tuple[str, ...] = ()
    fibre: FibreLight | None = None


def observe(
    particles: Particles,
    *,
    framing: Framing,
    survey: Survey,
    seed: int,
    views: Sequence[int] = (0, 1, 2, 3),
    truth: str = "smoothed",
    device: str = "cpu",
    spectra: bool = False,
    nuclei: bool = True,
) -> list[Observation]:
    """Images and true maps of a galaxy as its cameras see it.

    Stars shine by their initial mass, age and metallicity, through the survey's bands at the
    view's redshift, dimmed by the dust in front of them. They and the gas are spread over the
    radius of their 16th neighbour, found once for all views. Light is blurred by the PSF and
    rebinned; truth is not blurred.

    Parameters
    ----------
    particles : Particles
        Of one galaxy, its centre at the origin.
    framing : PaperFraming or SurveyFraming
        Distance, frame, seeing, depth and dust.
    survey : Survey
        Bands and, in the survey framing, pixels and depth.
    seed : int
        What is drawn for a view depends on this, the galaxy's id and the view's number alone.
    views : sequence of int
        Cameras: 0 face-on, 1 edge-on, 2 and 3 random.
    truth : str
        ``"smoothed"`` like the light, or ``"histogram"`` for plain sums of particles, as the
        paper's maps.
    device : str
        ``"cpu"``, or a torch device such as ``"cuda"``.
    spectra : bool
        Make the light of a fibre of 3 arcsec at the centre of each frame, too. Images and maps
        are the same with and without.
    nuclei : bool
        Give the spectra the narrow lines of active nuclei and of gas about old stars, too; see
        `picassso.observatory.spectra.nuclei`.

    Returns
    -------
    list of Observation
        One a view.

    Raises
    ------
    InputError
        If there are no stars, or they lie all in one point, or a view or kind of truth does not
        exist.
    """
    if truth not in ("smoothed", "histogram"):
        raise InputError(f"truth is {truth!r}, expected 'smoothed' or 'histogram'")
    stars = particles.stars
    if stars is None or len(stars) == 0:
        raise InputError(
            f"galaxy {particles.galaxy_id!r} from {particles.source!r} has no star particles, "
            "expected at least one; leave it out"
        )
    radius = half_mass_radius(stars.position, stars.mass)
    if not radius > 0:
        raise InputError(
            f"galaxy {particles.galaxy_id!r}: half of its stars lie in one point, expected a "
            "half-mass radius above 0 kpc; leave it out"
        )
    gas = particles.gas
    number = int.from_bytes(hashlib.sha256(particles.galaxy_id.encode()).digest()[:8], "little")
    scene = Scene(
        particles=particles,
        stars=stars,
        star_radius=smoothing_lengths(stars.position, device=device),
        gas_radius=None if gas is None else smoothing_lengths(gas.position, device=device),
        light=load_light_table(survey),
        survey=survey,
        truth=truth,
        device=device,
        spectra=load_spectral_table() if spectra else None,
        ionised_gas=ionised_gas(stars, gas, _gas_rng(seed, number)) if spectra else None,
        other_gas=(
            draw_other_gas(float(stars.mass.sum(dtype=np.float64)), _other_gas_rng(seed, number))
            if spectra and nuclei
            else None
        ),
    )
    dusty = gas is not None and gas.metallicity is not None and len(gas) > 0
    dust = framing.draw_dust(np.random.default_rng([seed, number])) if dusty else 0.0
    spin = spin_axis(stars, within=2.0 * radius)
    observations = []
    for view in views:
        rng = np.random.default_rng([seed, number, view])
        rotation = camera_rotation(view, spin=spin, rng=rng, roll=framing.roll)
        exposure = framing.expose(rng, survey=survey, half_mass_radius=radius, dust=dust)
        image, maps, fibre = scene.take(view, rotation, exposure)
        observations.append(
            Observation(image, maps, CAMERAS[view], radius, dust, maps.flags, fibre)
        )
    return observations


def _gas_rng(seed: int, number: int) -> np.random.Generator:
    """Stream of a galaxy's ionised gas, apart from those of its dust and of its views."""
    return np.random.default_rng([seed, number, len(CAMERAS)])


def _other_gas_rng(seed: int, number: int) -> np.random.Generator:
    """Stream of what else lights a galaxy's gas, likewise."""
    return np.random.default_rng([seed, number, len(CAMERAS) + 1])
