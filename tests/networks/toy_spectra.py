"""Spectra of a toy population: continua of two ages, dust, and lines that go with them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from picassso.core import REST_GRID

Array = NDArray[np.float64]


def toy_spectra(n: int, seed: int = 0) -> Array:
    """Noise-free spectra (n, 1000) of a root mean square of one."""
    rng = np.random.default_rng(seed)
    wave = REST_GRID / 5500.0
    young, dust, strength, ionised = (rng.uniform(0, 1, (n, 1)) for _ in range(4))
    old = (
        wave**0.5
        * np.where(REST_GRID < 4000, 0.55, 1.0)
        * (1 - 0.15 * _line(5175, 15) - _balmer(0.1))
    )
    new = wave**-1.8 * (1 - _balmer(0.4))
    continuum = ((1 - young) * old + young * new) * np.exp(-dust * (wave**-0.7 - 0.8))
    lines = _line(6564.6, 6) + 0.35 * _line(4862.7, 5)
    forbidden = _line(5008.2, 5) + 0.34 * _line(4960.3, 5) + 0.7 * _line(3728.5, 5)
    spectra = continuum + young * (2 * strength * lines + 1.5 * ionised * forbidden)
    return spectra / np.sqrt((spectra**2).mean(axis=1, keepdims=True))


def basis_of(spectra: Array, components: int) -> dict[str, Array]:
    """Principal components of a population, as `SpectralBasis.set` wants them."""
    mean = spectra.mean(axis=0)
    _, values, vectors = np.linalg.svd(spectra - mean, full_matrices=False)
    kept = vectors[:components]
    residual = spectra - mean - (spectra - mean) @ kept.T @ kept
    return {
        "mean": mean,
        "components": kept,
        "variance": values[:components] ** 2 / len(spectra),
        "residual_variance": (residual**2).mean(axis=0),
    }


def observed(spectra: Array, snr: float, redshift: float, seed: int) -> tuple[Array, Array]:
    """Flux and inverse variance at a median S/N, of what 3800 to 9200 A holds at a redshift."""
    rng = np.random.default_rng(seed)
    weight = np.broadcast_to((snr / np.median(spectra)) ** 2, spectra.shape).copy()
    seen = REST_GRID * (1 + redshift)
    weight[:, (seen < 3800) | (seen > 9200)] = 0.0
    weight[:, (seen > 5570) & (seen < 5590)] = 0.0  # night sky
    noise = rng.normal(size=spectra.shape) * np.where(weight > 0, weight, np.inf) ** -0.5
    return np.where(weight > 0, spectra + noise, np.nan), weight


def _line(centre: float, width: float) -> Array:
    return np.exp(-0.5 * ((REST_GRID - centre) / width) ** 2)


def _balmer(depth: float) -> Array:
    return depth * sum(_line(c, 12) for c in (3971.2, 4102.9, 4341.7, 4862.7))
