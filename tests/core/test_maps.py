"""Maps and what is derived from them."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.core import EXCESSES, Maps


def one_row(**maps: list[float]) -> Maps:
    cube = np.array(list(maps.values()), np.float32)[:, None, :]
    return Maps("toy", 0, tuple(maps), cube, 1.0)


def test_atomic_hydrogen_is_the_neutral_less_what_forms_stars() -> None:
    """A disc at 0.005 Msun/yr/kpc2 turns 7 Msun/pc2 of H2 into stars; a starburst has none left."""
    maps = one_row(
        hi_mass=[1.5e7, 1e7, 0.0, np.nan, 1e7], star_formation_rate=[5e-3, 1.0, 0.0, 1e-3, np.nan]
    )
    atomic = maps["atomic_hi_mass"][0]
    assert atomic[0] == pytest.approx(1.5e7 - 5e-3 * 2.0e9 / 1.36, rel=1e-5)
    assert list(atomic[1:3]) == [0.0, 0.0] and np.isnan(atomic[3:]).all()
    assert atomic.dtype == np.float32


def test_derived_maps_need_their_ingredients() -> None:
    assert one_row(hi_mass=[1e7]).derived_names == ()
    both = one_row(hi_mass=[1e7], star_formation_rate=[0.0])
    assert both.derived_names == tuple(EXCESSES) == ("atomic_hi_mass",)
    with pytest.raises(KeyError, match="star_formation_rate"):
        one_row(hi_mass=[1e7])["atomic_hi_mass"]
