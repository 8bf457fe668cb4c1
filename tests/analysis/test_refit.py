"""The refitted relation: it finds a known law, and recovers its own calibration set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from baseline_images import brighter, reordered, store_of_known_law

from picassso.analysis import scored_ellipse, scored_region
from picassso.analysis.baselines import refit_mass_to_light, region_total
from picassso.archive import DatasetStore
from picassso.core import SDSS, InputError


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> DatasetStore:
    return store_of_known_law(tmp_path_factory.mktemp("law") / "law.zarr")


def residuals(baseline, store, split, *, seed):
    """log10(true / painted) of totals, and whether the interval holds the truth."""
    found = []
    for row in store.indices(split).tolist():
        truth = store.truth(row)
        region = scored_region(scored_ellipse(truth), truth.shape)
        maps = baseline.paint(store.observed(row, np.random.default_rng([seed, row])))
        true = truth["stellar_mass"][region].sum(dtype=float) * truth.pixel_area
        mean, low, _, high = region_total(maps, "stellar_mass", region)
        found.append((np.log10(true / mean), low <= true <= high))
    return np.transpose(found)


FORMS = [
    {"per": "galaxy"},
    {"per": "pixel"},
    {"per": "pixel", "quadratic": True},
    {"per": "galaxy", "bands": ("g", "r")},
]


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_it_recovers_its_calibration_set(store, form):
    """To 0.01 dex, with noise that it has not seen."""
    baseline = refit_mass_to_light(store, **form)
    residual, inside = residuals(baseline, store, "train", seed=99)
    assert np.median(residual) == pytest.approx(0.0, abs=0.01)
    assert residual.std() < 0.1
    assert inside.mean() > 0.4


def test_it_finds_the_law(tmp_path):
    store = store_of_known_law(tmp_path / "law.zarr", galaxies=150, side=12)
    baseline = refit_mass_to_light(store)
    constant, slope, of_redshift = baseline.coefficients
    # 0.03 dex of scatter over 96 galaxies whose colours scatter by 0.17, and redshifts by 0.023.
    assert slope == pytest.approx(0.8, abs=0.06)
    assert of_redshift == pytest.approx(1.0, abs=0.4)
    assert constant + slope + 0.06 * of_redshift == pytest.approx(-0.5 + 0.8 + 0.06, abs=0.02)
    residual, _ = residuals(baseline, store, "test", seed=0)
    # The law's scatter, and colour gradients, which one ratio a galaxy leaves out.
    assert 0.02 < residual.std() < 0.08


def test_quantiles_enclose_the_median(store):
    maps = refit_mass_to_light(store, per="pixel").paint(
        store.observed(0, np.random.default_rng(0))
    )
    bright = maps.p50 > 0
    assert (maps.p16 < maps.p50)[bright].all() and (maps.p50 < maps.p84)[bright].all()
    np.testing.assert_allclose(maps.cube / maps.p50, maps.cube[0, 0, 0] / maps.p50[0, 0, 0], 1e-4)


@pytest.mark.parametrize("form", FORMS[:3], ids=str)
def test_scale_equivariance_and_order_of_bands(store, form):
    baseline = refit_mass_to_light(store, **form)
    image = store.observed(3, np.random.default_rng(0))
    once = baseline.paint(image).cube
    np.testing.assert_allclose(
        baseline.paint(brighter(image, 10)).cube, 10 * once, rtol=1e-4, atol=1.0
    )
    np.testing.assert_array_equal(baseline.paint(reordered(image, [4, 2, 0, 1, 3])).cube, once)


def test_masked_pixels(store):
    image = store.observed(3, np.random.default_rng(0))
    mask = np.zeros(image.shape, bool)
    mask[2:5] = True
    maps = refit_mass_to_light(store).paint(replace(image, mask=mask))
    np.testing.assert_array_equal(np.isnan(maps["stellar_mass"]), mask)


def test_bad_input(store, tmp_path):
    baseline = refit_mass_to_light(store)
    image = store.observed(0, np.random.default_rng(0))
    with pytest.raises(InputError, match=r"lacks i"):
        baseline.paint(reordered(image, [0, 1, 2]))
    with pytest.raises(InputError, match="lacks y"):
        refit_mass_to_light(store, bands=("g", "y"))
    with pytest.raises(InputError, match="expected 'pixel' or 'galaxy'"):
        refit_mass_to_light(store, per="star")
    few = store_of_known_law(tmp_path / "few.zarr", galaxies=4, side=8)
    with pytest.raises(InputError, match="too few for 3 coefficients"):
        refit_mass_to_light(few)
    gas = DatasetStore.create(
        tmp_path / "gas.zarr",
        config={},
        galaxies=1,
        views=1,
        shape=(8, 8),
        survey="sdss",
        bands=SDSS.bands,
        properties=("gas_mass",),
    )
    with pytest.raises(InputError, match="no stellar_mass"):
        refit_mass_to_light(gas)
