"""What errors are looked up against."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from picassso.core import PROPERTIES, GalaxyImage, Maps
from picassso.studies.evaluation.quantities import (
    QUANTITIES,
    measure_quantities,
    signal_to_noise_band,
)

REGION = np.ones((4, 4), bool)


def image(bands: str, noise: list[float]) -> GalaxyImage:
    n = len(bands)
    return GalaxyImage(
        galaxy_id="g",
        view=0,
        survey="sdss",
        bands=tuple(bands),
        flux=np.arange(1, n + 1, dtype=np.float32)[:, None, None] * np.ones((1, 4, 4), np.float32),
        noise=np.array(noise, np.float32),
        mask=np.zeros((4, 4), bool),
        psf_fwhm=np.ones(n, np.float32),
        pixel_scale=0.4,
        redshift=0.05,
    )


def measured(mass: float, rate: float, **change) -> dict[str, float]:
    """Quantities of a galaxy of this total mass and star-formation rate, spread evenly."""
    cube = np.array([mass, rate], np.float32)[:, None, None] / 8 * np.ones((1, 4, 4), np.float32)
    truth = Maps("g", 0, ("stellar_mass", "star_formation_rate"), cube, pixel_area=0.5)
    truth = replace(truth, **change)
    values = measure_quantities(image("gri", [1.0, 4.0, 1.0]), truth, REGION)
    return dict(zip((q.name for q in QUANTITIES), values, strict=True))


def test_quantities_are_those_of_the_region() -> None:
    found = measured(1e10, 2.0)
    assert found["signal_to_noise"] == pytest.approx(2 / 4 * 4)
    assert found["log_stellar_mass"] == pytest.approx(10, abs=1e-6)
    assert found["log_specific_star_formation_rate"] == pytest.approx(np.log10(2e-10), abs=1e-6)


def test_star_formation_below_its_floor_lies_in_the_first_bin() -> None:
    """Even where the little mass would make it a high specific rate."""
    floor = PROPERTIES["star_formation_rate"].total_floor
    name = "log_specific_star_formation_rate"
    assert measured(1e8, 0.99 * floor)[name] == -np.inf
    assert measured(1e8, 1.01 * floor)[name] == pytest.approx(-10, abs=0.01)
    assert measured(1e8, 0.0)[name] == -np.inf


def test_what_is_absent_is_not_known() -> None:
    names = ("log_specific_star_formation_rate", "log_stellar_mass")
    assert np.isnan(measured(1e10, np.nan)[names[0]])
    assert np.isfinite(measured(1e10, np.nan)[names[1]])
    only_gas = measured(1, 1, properties=("gas_mass", "hi_mass"))
    assert all(np.isnan(only_gas[n]) for n in names)
    empty = measured(0.0, 0.0)
    assert np.isnan(empty[names[0]]) and empty[names[1]] == -np.inf


@pytest.mark.parametrize(
    ("bands", "band"), [("ugriz", "r"), ("gz", "z"), ("u", "u"), ("ugi", "g"), ("rz", "r")]
)
def test_signal_to_noise_is_that_of_r_or_of_the_middle(bands: str, band: str) -> None:
    assert signal_to_noise_band(tuple(bands)) == band


def test_edges_rise() -> None:
    for quantity in QUANTITIES:
        assert (np.diff(quantity.edges) > 0).all()
