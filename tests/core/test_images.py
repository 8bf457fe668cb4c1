"""GalaxyImage: what it takes, and what it says of what it does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from picassso.core import GalaxyImage, InputError

SIDE = 8


def image(**changes: Any) -> GalaxyImage:
    about = {
        "galaxy_id": "m99",
        "view": 0,
        "survey": "sdss",
        "bands": ("g", "r"),
        "flux": np.ones((2, SIDE, SIDE), np.float32),
        "noise": np.array([0.1, 0.2], np.float32),
        "mask": np.zeros((SIDE, SIDE), bool),
        "psf_fwhm": np.full(2, 1.2, np.float32),
        "pixel_scale": 0.4,
        "redshift": 0.05,
    }
    return GalaxyImage(**{**about, **changes})


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_flux_is_known_wherever_there_is_no_mask(value) -> None:
    flux = np.ones((2, SIDE, SIDE), np.float32)
    flux[1, 2, 3] = value
    with pytest.raises(InputError, match="'m99': flux of r is NaN or infinite in 1 unmasked pixel"):
        image(flux=flux)
    mask = np.zeros((SIDE, SIDE), bool)
    mask[2, 3] = True
    assert image(flux=flux, mask=mask).mask.sum() == 1


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.1])
def test_noise_is_a_number_wherever_there_is_no_mask(value) -> None:
    with pytest.raises(InputError, match="noise of g is NaN, infinite or negative"):
        image(noise=np.array([value, 0.2], np.float32))
    noise = np.full((2, SIDE, SIDE), 0.1, np.float32)
    noise[0, 2, 3] = value
    with pytest.raises(InputError, match="noise of g"):
        image(noise=noise)
    mask = np.zeros((SIDE, SIDE), bool)
    mask[2, 3] = True
    np.testing.assert_allclose(image(noise=noise, mask=mask).sky_noise, 0.1)


def test_a_mock_may_be_free_of_noise() -> None:
    assert (image(noise=np.zeros(2, np.float32)).sky_noise == 0).all()


def test_a_psf_is_a_number() -> None:
    with pytest.raises(InputError, match="psf_fwhm of r is nan"):
        image(psf_fwhm=np.array([1.2, np.nan], np.float32))
