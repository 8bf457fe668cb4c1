"""Stars before a fibre, made up."""

from __future__ import annotations

from functools import partial

import numpy as np

from picassso.observatory.spectra.fibre import StarsInView, fibre_light
from picassso.observatory.spectra.starlight import LitStars
from picassso.observatory.truth import STAR_FORMATION_TIME


def stars_in_view(n: int = 400, *, seed: int = 0, dusty: bool = False) -> StarsInView:
    """Stars of all ages within some kpc."""
    rng = np.random.default_rng(seed)
    age = (10.0 ** rng.uniform(-3.0, 1.1, n)).astype("f4")
    metallicity = rng.uniform(0.003, 0.04, n).astype("f4")
    return StarsInView(
        distance=rng.gamma(2.0, 1.0, n).astype("f4"),
        radius=rng.uniform(0.0, 0.3, n).astype("f4"),
        velocity=rng.normal(0.0, 120.0, n).astype("f4"),
        initial_mass=rng.uniform(1e5, 1e6, n).astype("f4"),
        age=age,
        metallicity=metallicity,
        dust_column=rng.gamma(1.0, 5e5, n).astype("f4") if dusty else None,
        gas_metallicity=np.where(age < STAR_FORMATION_TIME, metallicity, np.nan).astype("f4"),
    )


def lit(stars: StarsInView, dust: float = 1.0) -> LitStars:
    return LitStars(stars.initial_mass, stars.metallicity, stars.age, stars.dust_column, dust)


seen = partial(fibre_light, redshift=0.05, psf_fwhm=1.3, dust=1.0, log_u=-3.0)
