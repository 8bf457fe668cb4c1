"""K-corrections: those of known populations come back, and nothing is corrected at rest."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.analysis.baselines import fit_k_correction
from picassso.core import InputError

AGES = np.array([1.0, 2.0, 4.0, 8.0, 12.0])


def simple_populations(table, redshift, bands):
    """Magnitudes of bursts, observed and at rest, (N, B)."""
    order = [table.bands.index(b) for b in bands]
    light = [
        np.concatenate(
            [table.luminosities(AGES, np.full(5, z), at)[:, order] for z in (0.008, 0.02, 0.05)]
        )
        for at in (redshift, 0.0)
    ]
    return -2.5 * np.log10(light[0]), -2.5 * np.log10(light[1])


@pytest.mark.parametrize(
    ("bands", "redshift", "accuracy"),
    [
        (("g", "r", "i"), 0.02, 0.02),
        (("g", "r", "i"), 0.05, 0.02),
        (("g", "r", "i"), 0.15, 0.05),
        (("g", "i"), 0.05, 0.03),
        (("g", "i"), 0.15, 0.08),
    ],
)
def test_simple_populations(sdss_light, bands, redshift, accuracy):
    """They were not fitted: the correction was, to composite ones."""
    observed, rest = simple_populations(sdss_light, redshift, bands)
    found = fit_k_correction("sdss", bands, redshift)(observed)
    np.testing.assert_allclose(found, observed - rest, atol=accuracy)
    assert (fit_k_correction("sdss", bands, redshift).scatter < accuracy).all()


def test_nothing_at_rest(sdss_light):
    observed, _ = simple_populations(sdss_light, 0.0, ("g", "r", "i"))
    assert (fit_k_correction("sdss", ("g", "r", "i"), 0.0)(observed) == 0).all()


def test_old_galaxies_are_redder_when_redshifted(sdss_light):
    observed, _ = simple_populations(sdss_light, 0.05, ("g", "r", "i"))
    k = fit_k_correction("sdss", ("g", "r", "i"), 0.05)(observed[-1:])[0]
    assert 0.1 < k[0] < 0.25 and k[0] > k[1] > k[2]


def test_zero_point_does_not_matter_and_colours_are_clamped(sdss_light):
    observed, _ = simple_populations(sdss_light, 0.05, ("g", "i"))
    correction = fit_k_correction("sdss", ("g", "i"), 0.05)
    np.testing.assert_allclose(correction(observed + 3.0), correction(observed), atol=1e-9)
    red = np.array([[0.0, -9.0], [0.0, -99.0]])
    np.testing.assert_array_equal(*correction(red))


@pytest.mark.parametrize("bands", [("g",), ("g", "K")])
def test_bad_bands(sdss_light, bands):
    with pytest.raises(InputError, match="colour|not in survey"):
        fit_k_correction("sdss", bands, 0.05)
