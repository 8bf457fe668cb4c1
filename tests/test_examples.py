"""The demo's galaxy is written as the reader expects it, and the demo says what is missing."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from picassso.archive import read_image
from picassso.core import GalaxyImage, InputError

EXAMPLES = Path(__file__).parents[1] / "examples"


def example(name: str) -> ModuleType:
    """A script of examples/ as a module."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def noisy_image(side: int) -> GalaxyImage:
    rng = np.random.default_rng(0)
    noise = np.array([0.3, 0.1, 0.2, 0.3, 1.3], np.float32)
    flux = 5 + noise[:, None, None] * rng.standard_normal((5, side, side))
    return GalaxyImage(
        galaxy_id="synthetic-7",
        view=2,
        survey="sdss",
        bands=("u", "g", "r", "i", "z"),
        flux=flux.astype(np.float32),
        noise=noise,
        mask=np.zeros((side, side), bool),
        psf_fwhm=np.array([1.5, 1.4, 1.3, 1.2, 1.1], np.float32),
        pixel_scale=0.396,
        redshift=0.0421,
    )


def test_demo_galaxy_is_read_as_it_was_observed(tmp_path: Path) -> None:
    image, path = noisy_image(128), tmp_path / "galaxy.fits"
    example("make_demo_galaxy").write_image(image, path)
    again = read_image(path)
    assert again.bands == image.bands
    np.testing.assert_allclose(again.flux, image.flux, rtol=3e-4)
    np.testing.assert_allclose(
        again.noise, np.broadcast_to(image.noise[:, None, None], again.flux.shape), rtol=1e-5
    )
    np.testing.assert_allclose(again.psf_fwhm, image.psf_fwhm, rtol=1e-4)
    assert again.pixel_scale == pytest.approx(0.396)
    assert again.redshift == pytest.approx(0.0421)
    assert not again.mask.any()
    assert path.stat().st_size < 2**20


def test_demo_galaxy_too_large_for_the_package_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "galaxy.fits"
    with pytest.raises(InputError, match="choose a smaller image"):
        example("make_demo_galaxy").write_image(noisy_image(512), path)
    assert list(tmp_path.iterdir()) == []
