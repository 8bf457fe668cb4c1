"""Distances agree with astropy's."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from picassso.core import Cosmology


@settings(deadline=None)
@given(
    z=st.floats(1e-4, 20.0),
    h0=st.floats(50.0, 90.0),
    om0=st.floats(0.1, 0.9),
)
def test_distances_are_those_of_astropy(z: float, h0: float, om0: float) -> None:
    from astropy.cosmology import FlatLambdaCDM

    mine, theirs = Cosmology(h0, om0), FlatLambdaCDM(H0=h0, Om0=om0)
    assert mine.luminosity_distance(z) == pytest.approx(
        theirs.luminosity_distance(z).value, rel=1e-9
    )
    assert mine.kpc_per_arcsec(z) == pytest.approx(
        theirs.kpc_proper_per_arcmin(z).value / 60.0, rel=1e-9
    )


def test_age_is_that_of_astropy() -> None:
    from astropy.cosmology import FlatLambdaCDM

    assert Cosmology().age(0.1) == pytest.approx(FlatLambdaCDM(H0=70, Om0=0.3).age(0.1).value)
