"""Nested sampling of single pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from baseline_images import image_of

from picassso.analysis.baselines import SedGridFit, fit_posteriors
from picassso.analysis.baselines.composites import Parameters, populations
from picassso.core import InputError, MissingExtraError
from picassso.observatory import surface_brightness_factor

DENSITY = 1e8


@pytest.fixture(scope="module")
def image(sdss_light):
    """Two populations side by side, S/N 30."""
    parameters = Parameters(
        start=np.array([10.0, 6.0]),
        timescale=np.array([1.0, 4.0]),
        change_age=np.array([0.2, 0.2]),
        change=np.array([1.0, 1.0]),
        metallicity=np.array([0.02, 0.01]),
        attenuation=np.array([0.2, 0.5]),
    )
    light = populations(parameters, survey="sdss", redshift=0.05).light
    flux = DENSITY * surface_brightness_factor(0.05) * light.T.reshape(5, 1, 2)
    return image_of(flux, noise=flux.min(axis=(1, 2)) / 30)


@pytest.mark.slow
def test_posteriors_hold_the_truth_and_agree_with_the_grid(image):
    pytest.importorskip("nautilus")
    found = fit_posteriors(image, [(0, 0), (0, 1)], live_points=300)
    grid = SedGridFit(posterior=True).paint(image)
    assert found.pixels == ((0, 0), (0, 1)) and (found.seconds > 0).all()
    assert (found.p16 <= found.p50).all() and (found.p50 <= found.p84).all()
    for k in range(2):
        width = np.log10(found.p84[k, 0] / found.p16[k, 0])
        assert abs(np.log10(found.p50[k, 0] / DENSITY)) < 1.5 * width
        assert np.log10(found.p50[k, 0] / grid.p50[0, 0, k]) == pytest.approx(0.0, abs=0.15)


def test_bad_pixels(image):
    pytest.importorskip("nautilus")
    with pytest.raises(InputError, match="outside the image"):
        fit_posteriors(image, [(0, 2)])
    with pytest.raises(InputError, match="is masked"):
        fit_posteriors(replace(image, mask=np.ones((1, 2), bool)), [(0, 0)])


def test_without_the_sampler(image, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"needs nautilus.*picassso\[mock\]"):
        fit_posteriors(image, [(0, 0)])
