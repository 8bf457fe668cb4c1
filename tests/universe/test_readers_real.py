"""Real simulation files: masses, sizes and ages are what their headers and catalogues imply."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from picassso.core import Particles, half_mass_radius
from picassso.universe import detect_format, read_particles
from picassso.universe.readers import surviving_fraction

CUTOUTS = "illustris_particles"
STAR_CUTOUTS = (417175, 426280)


def radius_of(particles: Particles) -> float:
    """3D stellar half-mass radius [kpc]."""
    return half_mass_radius(particles.stars.position, particles.stars.mass)


def assert_ages_fit_the_universe(particles: Particles) -> None:
    """Ages run from 0 to the age of the universe at the snapshot."""
    age = particles.stars.age
    assert age.min() >= 0 and age.max() < particles.cosmology.age(particles.redshift)


def halo_row(data_dir: Path, subhalo: int) -> np.ndarray:
    table = np.loadtxt(data_dir / CUTOUTS / "halo_props.txt")
    return table[table[:, 0] == subhalo][0]


@pytest.mark.parametrize("subhalo", STAR_CUTOUTS)
def test_illustris_stars(data_dir: Path, subhalo: int) -> None:
    path = data_dir / CUTOUTS / f"subhalo_{subhalo}_stars.hdf5"
    assert detect_format(path) == "illustris"
    (read,) = read_particles(path)
    assert read.source == "illustris" and read.galaxy_id == path.stem
    assert read.gas is None and read.absent == {"gas_mass", "gas_metal_mass", "hi_mass"}
    # Column 9 of the catalogue: stellar mass [1e10 Msun/h]. It agrees to 1e-6 once wind particles
    # are left out (with them the sums are 28 and 12 per cent high).
    assert read.stars.mass.sum() == pytest.approx(
        halo_row(data_dir, subhalo)[9] * 1e10 / 0.704, 1e-5
    )
    assert_ages_fit_the_universe(read)
    # Found: 7.9 and 12.9 kpc.
    assert 1 < radius_of(read) < 15
    assert 0.005 < np.average(read.stars.metallicity, weights=read.stars.mass) < 0.03
    assert read.stars.metallicity.min() >= 0
    assert "initial_mass_estimated" in read.flags
    assert 1.4 < read.stars.initial_mass.sum() / read.stars.mass.sum() < 1.8


@pytest.mark.parametrize("subhalo", STAR_CUTOUTS)
def test_the_centre_found_is_as_good_as_the_catalogue_s(data_dir: Path, subhalo: int) -> None:
    path = data_dir / CUTOUTS / f"subhalo_{subhalo}_stars.hdf5"
    (found,) = read_particles(path)
    (given,) = read_particles(path, catalogue=data_dir / CUTOUTS / "halo_props.txt")
    apart = np.linalg.norm(found.stars.position[0] - given.stars.position[0])
    # 1.1 and 0.5 kpc: two softening lengths (0.7 kpc) at most.
    assert apart < 1.4
    inside = [(np.linalg.norm(g.stars.position, axis=1) < 2.0).sum() for g in (found, given)]
    assert inside[0] >= inside[1]


@pytest.mark.parametrize("subhalo", STAR_CUTOUTS)
def test_illustris_rest_frame(data_dir: Path, subhalo: int) -> None:
    """The frame moves with the stars.

    The catalogue's velocity is of all matter: the stars of 417175 move at 58 km/s through it.
    """
    path = data_dir / CUTOUTS / f"subhalo_{subhalo}_stars.hdf5"
    (read,) = read_particles(path)
    with h5py.File(path) as file:
        raw = file["PartType4/Velocities"][:][file["PartType4/GFM_StellarFormationTime"][:] > 0]
    frame = (raw - read.stars.velocity)[0]
    inner = np.linalg.norm(read.stars.position, axis=1) < radius_of(read)
    # Lopsided galaxies: the median of the inner stars is off their mean by 3 km/s, that of all
    # stars by 16, of a dispersion of 65.
    assert np.abs(np.median(read.stars.velocity[inner], axis=0)).max() < 5
    np.testing.assert_allclose(read.stars.velocity, raw - frame, atol=1e-3)


def test_illustris_gas(data_dir: Path) -> None:
    paths = sorted((data_dir / CUTOUTS).glob("*_gas.hdf5"))
    assert len(paths) == 10
    for path in paths:
        (read,) = read_particles(path)
        assert read.stars is None
        assert {"stellar_mass", "stellar_metal_mass", "stellar_age_mass"} == read.absent
        gas = read.gas
        assert 9 < np.log10(gas.mass.sum()) < 11.5
        assert 0 < gas.neutral_hydrogen_mass.sum() < 0.76 * gas.mass.sum()
        # The gas makes stars on a time scale of 0.3 to 30 Gyr of its neutral part.
        time = gas.neutral_hydrogen_mass.sum() / gas.star_formation_rate.sum()
        assert 3e8 < time < 3e10
        # Gas reaches far beyond the stars.
        assert np.linalg.norm(gas.position, axis=1).max() > 40


def test_camels(data_dir: Path) -> None:
    """Ten subhalos; coordinates are comoving kpc/h in a box of 25 Mpc/h that the header omits."""
    path = data_dir / "camels" / "snap.hdf5"
    assert detect_format(path) == "illustris-snapshot"
    read = list(read_particles(path, min_stars=1))
    assert [g.galaxy_id for g in read] == [f"snap-{i}" for i in range(10)]
    mass = np.log10([g.stars.mass.sum() for g in read])
    assert mass.min() == pytest.approx(8.2, abs=0.05) and mass.max() == pytest.approx(
        10.0, abs=0.05
    )
    assert sum(len(g.stars) for g in read) == 3479
    assert [len(g.gas) for g in read] == [64, 0, 25, 0, 180, 0, 0, 0, 0, 0]
    for galaxy in read:
        assert_ages_fit_the_universe(galaxy)
        # 3.0 to 9.8 kpc; read as proper or without h they would be 1.35 or 0.67 times that.
        assert 2.5 < radius_of(galaxy) < 11
        assert np.abs(galaxy.stars.position).max() < 100
        assert galaxy.gas is not None and "gas_mass" not in galaxy.absent
        # Neither velocities nor neutral fractions are in the file.
        assert "velocity_missing" in galaxy.flags and "hi_mass" in galaxy.absent
        assert "initial_mass_estimated" not in galaxy.flags
        assert galaxy.redshift == pytest.approx(0.1, abs=1e-3)
    assert [g.galaxy_id for g in read_particles(path.parent, min_stars=200)] == [
        f"snap-{i}" for i in (0, 1, 2, 3, 6, 9)
    ]


def test_estimated_initial_masses_are_those_that_simulations_state(data_dir: Path) -> None:
    """Total formed mass within 3 per cent (found: +2.5, +0.2, +2.5), for three simulations."""
    for path in ("camels", "simspin/IllustrisTNG.hdf5", "simspin/Magneticum.hdf5"):
        stars = [g.stars for g in read_particles(data_dir / path, min_stars=1)]
        stated = sum(s.initial_mass.sum() for s in stars)
        estimated = sum((s.mass / surviving_fraction(s.age)).sum() for s in stars)
        assert estimated / stated == pytest.approx(1.0, abs=0.03), path


def test_simspin_tng(data_dir: Path) -> None:
    """The sample is of the outskirts: a sphere of 120 kpc with hardly a star in its middle."""
    path = data_dir / "simspin" / "IllustrisTNG.hdf5"
    assert detect_format(path) == "illustris"
    with h5py.File(path) as file:
        middle = np.median(file["PartType4/Coordinates"][:], axis=0)
    (read,) = read_particles(path, centre=tuple(middle))
    assert read.source == "tng" and read.galaxy_id == "IllustrisTNG-9"
    assert read.redshift == pytest.approx(0.29772, abs=1e-5)
    assert len(read.stars) == 1996 and len(read.gas) == 100  # four wind particles
    assert_ages_fit_the_universe(read)
    # TNG100: 1.4e6 Msun a baryon particle.
    assert np.median(read.stars.initial_mass) == pytest.approx(1.6e6, rel=0.1)
    assert np.linalg.norm(read.stars.position, axis=1).max() == pytest.approx(119, abs=2)
    assert 60 < radius_of(read) < 100
    assert read.gas.hydrogen_fraction.mean() == pytest.approx(0.75, abs=0.01)
    assert read.absent == {"hi_mass"}
    assert 100 < read.stars.velocity.std() < 300


def test_simspin_magneticum(data_dir: Path) -> None:
    """A sphere of 2 ckpc/h at the heart of a galaxy, 48 Mpc/h box, z = 0.293."""
    path = data_dir / "simspin" / "Magneticum.hdf5"
    assert detect_format(path) == "magneticum"
    (read,) = read_particles(path)
    assert read.source == "magneticum" and read.galaxy_id == "Magneticum"
    assert_ages_fit_the_universe(read)
    assert 0.3 < radius_of(read) < 2.2
    assert 0.5 * 0.01 < np.average(read.stars.metallicity, weights=read.stars.mass) < 3 * 0.02
    gas = read.gas
    assert 0.65 < gas.hydrogen_fraction.mean() < 0.76
    # The unit of length: the mean density of the 100 cells in their sphere is that of the column
    # Density, within a factor of two, only if coordinates are comoving kpc/h.
    with h5py.File(path) as file:
        density = np.median(file["PartType0/Density"][:])
    scale = read.cosmology.h**2 * (1 + read.redshift) ** 3 * 1e10
    radius = np.linalg.norm(gas.position, axis=1).max()
    mean = gas.mass.sum() / (4 / 3 * np.pi * radius**3)
    assert 0.5 < mean / (density * scale) < 2
    # The unit of star formation: star-forming gas lasts 2 Gyr with Msun/yr, months with the
    # unit that the attributes claim.
    forming = gas.star_formation_rate > 0
    time = gas.mass[forming].sum() / gas.star_formation_rate[forming].sum()
    assert 3e8 < time < 1e10
    assert "star_formation_rate_unit_assumed" in read.flags
