"""Distances and ages. Only flat Lambda-CDM; astropy does the work and is imported when asked."""

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
        return float(_astropy(self).luminosity_distance(redshift).value)

    def kpc_per_arcsec(self, redshift: float) -> float:
        """Proper transverse kpc that one arcsec spans."""
        return float(_astropy(self).kpc_proper_per_arcmin(redshift).value / 60.0)


@lru_cache(maxsize=16)
def _astropy(cosmology: Cosmology):
    from astropy.cosmology import FlatLambdaCDM

    return FlatLambdaCDM(H0=cosmology.h0, Om0=cosmology.om0)


DEFAULT_COSMOLOGY = Cosmology()
