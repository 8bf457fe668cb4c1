"""Small galaxies for tests of the observatory."""

from __future__ import annotations

import numpy as np

from picassso.core import Gas, Particles, Stars


def rotating_disc(
    n_stars: int = 3000, n_gas: int = 1500, *, seed: int = 0, scale: float = 2.0, tilt: float = 0.7
) -> Particles:
    """An exponential disc 0.2 kpc thick that turns about an axis tilted against z [rad]."""
    rng = np.random.default_rng(seed)
    c, s = np.cos(tilt), np.sin(tilt)
    turn = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])

    def disc(n: int, length: float) -> tuple[np.ndarray, np.ndarray]:
        radius, azimuth = rng.gamma(2.0, length, n), rng.uniform(0.0, 2.0 * np.pi, n)
        cos, sin = np.cos(azimuth), np.sin(azimuth)
        flat = np.stack([radius * cos, radius * sin, rng.normal(0.0, 0.2, n)], axis=1)
        spin = 200.0 * np.stack([-sin, cos, np.zeros(n)], axis=1)
        return (flat @ turn.T).astype("f4"), (spin @ turn.T).astype("f4")

    position, velocity = disc(n_stars, scale)
    mass = rng.uniform(0.5e6, 1.5e6, n_stars).astype("f4")
    stars = Stars(
        position=position,
        velocity=velocity,
        mass=mass,
        initial_mass=np.float32(1.6) * mass,
        age=rng.uniform(0.001, 13.0, n_stars).astype("f4"),
        metallicity=rng.uniform(0.004, 0.03, n_stars).astype("f4"),
    )
    position, velocity = disc(n_gas, 1.5 * scale)
    gas = Gas(
        position=position,
        velocity=velocity,
        mass=rng.uniform(0.5e6, 1.5e6, n_gas).astype("f4"),
        metallicity=rng.uniform(0.004, 0.03, n_gas).astype("f4"),
        star_formation_rate=rng.uniform(0.0, 1e-3, n_gas).astype("f4"),
        neutral_fraction=rng.uniform(0.0, 1.0, n_gas).astype("f4"),
        hydrogen_fraction=np.full(n_gas, 0.76, dtype="f4"),
    )
    return Particles(galaxy_id=f"disc-{seed}", source="toy", stars=stars, gas=gas)
