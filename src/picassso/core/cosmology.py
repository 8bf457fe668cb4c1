"""Distances and ages in flat Lambda-CDM.

Spelt out here, because importing astropy's cosmology takes a third of the time of painting a
galaxy from the command line; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["DEFAULT_COSMOLOGY", "Cosmology"]


@dataclass(frozen=True, slots=True)
class Cosmology:
    """Flat Lambda-CDM without radiation, the convention of the simulations' own age tables.

    Parameters
    ----------
    h0 : float
        Hubble constant [km s^-1 Mpc^-1].
    om0 : float
        Matter density today, in units of the critical density.
    """

    h0: float = 70.0
    om0: float = 0.3

    @property
    def h(self) -> float:
        """Hubble constant in units of 100 km s^-1 Mpc^-1."""
        return self.h0 / 100.0

    def age(self, redshift: ArrayLike) -> NDArray[np.float64]:
        """Age of the universe [Gyr] at a redshift (closed form for flat Lambda-CDM)."""
        a = 1.0 / (1.0 + np.asarray(redshift, dtype=np.float64))
        ode0 = 1.0 - self.om0
        hubble_time = 977.7922216807891 / self.h0
        x = np.sqrt(ode0 / self.om0) * a**1.5
        return 2.0 / 3.0 / np.sqrt(ode0) * hubble_time * np.arcsinh(x)

    def luminosity_distance(self, redshift: float) -> float:
        """Luminosity distance [Mpc]."""
        return (1.0 + redshift) * self._comoving_distance(redshift)

    def kpc_per_arcsec(self, redshift: float) -> float:
        """Proper transverse kpc that one arcsec spans."""
        distance = self._comoving_distance(redshift) / (1.0 + redshift)
        return 1e3 * distance * np.pi / 648_000.0

    def _comoving_distance(self, redshift: float) -> float:
        """Comoving distance [Mpc]: Hogg 1999 (astro-ph/9905116), equation 15, in ln(1 + z)."""
        nodes, weights = _quadrature()
        end = np.log1p(redshift)
        a = np.exp(0.5 * end * (nodes + 1.0))
        integrand = a / np.sqrt(self.om0 * a**3 + 1.0 - self.om0)
        return float(_SPEED_OF_LIGHT / self.h0 * 0.5 * end * (weights @ integrand))


_SPEED_OF_LIGHT = 299_792.458  # km s^-1


@lru_cache(maxsize=1)
def _quadrature() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nodes and weights of Gauss-Legendre quadrature; exact to rounding up to a redshift of 20."""
    return np.polynomial.legendre.leggauss(48)


DEFAULT_COSMOLOGY = Cosmology()
