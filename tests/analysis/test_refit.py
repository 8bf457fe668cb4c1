"""The refitted relation: it finds a known law, and recovers its own calibration set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from baseline_images import brighter, reordered, store_of_known_law
from scipy import stats

from picassso.analysis import scored_ellipse, scored_region
from picassso.analysis.baselines import RefitForm, refit_mass_to_light, refit_together
from picassso.archive import DatasetStore
from picassso.core import PROPERTIES, SDSS, InputError


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> DatasetStore:
    return store_of_known_law(tmp_path_factory.mktemp("law") / "law.zarr")


def totals(baseline, store, split, *, seed):
    """(5, N): truth, mean, p16, p50 and p84 of the totals of a split."""
    found = []
    for row in store.indices(split).tolist():
        truth = store.truth(row)
        region = scored_region(scored_ellipse(truth), truth.shape)
        maps = baseline.paint(store.observed(row, np.random.default_rng([seed, row])))
        true = truth["stellar_mass"][region].sum(dtype=float) * truth.pixel_area
        found.append((true, *baseline.total(maps, "stellar_mass", region)))
    return np.transpose(found)


FORMS = [
    {"per": "galaxy"},
    {"per": "pixel"},
    {"per": "pixel", "quadratic": True},
    {"per": "galaxy", "bands": ("g", "r")},
]


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_validation_galaxies_calibrate_it(store, form):
    """Their summed mass comes out, and their median, and two thirds of them lie inside."""
    baseline = refit_mass_to_light(store, **form, seed=0)
    true, mean, low, middle, high = totals(baseline, store, "validation", seed=0)
    assert mean.sum() == pytest.approx(true.sum(), rel=1e-5)
    assert np.median(np.log10(true / middle)) == pytest.approx(0.0, abs=1e-5)
    assert np.mean((low <= true) & (true <= high)) == pytest.approx(0.68, abs=1.5 / len(true))
    assert baseline.learnt_from == (len(store.indices("train")), len(true))


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_it_recovers_what_it_was_fitted_to(store, form):
    """With noise that it has not seen, to what a factor from eight galaxies leaves."""
    baseline = refit_mass_to_light(store, **form, seed=0)
    true, mean, *_ = totals(baseline, store, "train", seed=99)
    assert np.log10(true / mean).std() < 0.1
    assert np.log10(true.sum() / mean.sum()) == pytest.approx(0.0, abs=0.05)


def test_pixels_are_calibrated_too(store):
    baseline = refit_mass_to_light(store, per="pixel", seed=0)
    inside = below = number = 0
    for row in store.indices("validation").tolist():
        true = store.truth(row)["stellar_mass"]
        maps = baseline.paint(store.observed(row, np.random.default_rng([0, row])))
        low, middle, high = (q[0] for q in (maps.p16, maps.p50, maps.p84))
        known = true >= PROPERTIES["stellar_mass"].floor
        inside += ((low <= true) & (true <= high))[known].sum()
        below += (true < middle)[known].sum()
        number += known.sum()
    assert inside / number == pytest.approx(0.68, abs=0.08)
    assert below / number == pytest.approx(0.5, abs=0.08)


def test_together_they_are_as_each_alone(store):
    forms = [RefitForm(per="galaxy"), RefitForm(bands=("g", "r", "i"), quadratic=True)]
    for form, refit in zip(forms, refit_together(store, forms, seed=1), strict=True):
        assert refit == refit_together(store, [form], seed=1)[0]


def test_a_limit_counts_views(store):
    """A quarter as many of the validation split; neither sees a test galaxy."""
    seen = []

    class Watched:
        def __getattr__(self, name):
            return getattr(store, name)

        def observed(self, row, rng):
            seen.append(row)
            return store.observed(row, rng)

    refit = refit_mass_to_light(Watched(), limit=20)
    assert refit.learnt_from == (20, 5)
    assert len(set(seen)) == 25 and not set(seen) & set(store.indices("test").tolist())


@pytest.fixture(scope="module")
def law_without_gradients(tmp_path_factory) -> DatasetStore:
    """A hundred and fifty galaxies, each of one colour."""
    path = tmp_path_factory.mktemp("law") / "law.zarr"
    return store_of_known_law(path, galaxies=150, side=12, gradient=0.0)


def test_it_finds_the_law(law_without_gradients):
    constant, slope, of_redshift = refit_mass_to_light(law_without_gradients).coefficients
    # 0.03 dex of scatter over 96 galaxies whose colours scatter by 0.17, and redshifts by 0.023.
    assert slope == pytest.approx(0.8, abs=0.06)
    assert of_redshift == pytest.approx(1.0, abs=0.4)
    assert constant + slope + 0.06 * of_redshift == pytest.approx(-0.5 + 0.8 + 0.06, abs=0.02)


def test_what_is_left_is_the_scatter_of_the_law_and_noise(law_without_gradients):
    """Chi-squared of all 150 galaxies about their mean residual, between its quantiles of 0.01%.

    log M = a + 0.8 (g - i) + log L_i, so that a relative error of g counts 0.8 x 1.086 dex, and one
    of i that and 0.434 dex more: it is in the colour, and in the light.
    """
    store, rows = law_without_gradients, np.arange(150)
    baseline, per_magnitude = refit_mass_to_light(store), 2.5 / np.log(10.0)
    residuals, variances = [], []
    for row in rows.tolist():
        truth = store.truth(row)
        image = store.observed(row, np.random.default_rng([7, row]))
        region = scored_region(scored_ellipse(truth), truth.shape)
        painted = baseline.total(baseline.paint(image), "stellar_mass", region)[0]
        true = truth["stellar_mass"][region].sum(dtype=float) * truth.pixel_area
        bright = store.image(row).flux[[1, 3]][:, region].sum(axis=1)
        error = 0.2 * np.sqrt(region.sum()) / bright
        factors = 0.8 * per_magnitude, 0.8 * per_magnitude + 1.0 / np.log(10.0)
        variances.append(0.03**2 + ((factors * error) ** 2).sum())
        residuals.append(np.log10(true / painted))
    # The offset is what the factor from 24 validation galaxies is off.
    offset = np.average(residuals, weights=1.0 / np.array(variances))
    assert abs(offset) < 0.03
    chi2 = ((np.array(residuals) - offset) ** 2 / variances).sum()
    low, high = stats.chi2.ppf([1e-4, 1.0 - 1e-4], len(rows) - 1)
    assert low < chi2 < high


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
    few = store_of_known_law(tmp_path / "few.zarr", galaxies=7, side=8)
    with pytest.raises(InputError, match="too few for 3 coefficients"):
        refit_mass_to_light(few)
    fewer = store_of_known_law(tmp_path / "fewer.zarr", galaxies=4, side=8)
    with pytest.raises(InputError, match="the validation split is empty"):
        refit_mass_to_light(fewer)
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
