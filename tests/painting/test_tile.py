"""Tiles are seamless, whatever the size of the image."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fits_galaxies import galaxy
from picassso.core import PROPERTIES, GalaxyImage
from picassso.painting.prepare import prepare
from picassso.painting.run import make_runner
from picassso.painting.tile import paint_tiles
from picassso.painting.weights import load_weights
from tiny_weights import REACH, STRIDE, write_tiny_weights


def bind(weights, shape):
    """Runner and flux of a galaxy with noise."""
    image = GalaxyImage(
        galaxy_id="m99",
        view=0,
        survey="sdss",
        bands=weights.bands,
        flux=galaxy(shape).astype(np.float32),
        noise=np.array([0.3, 0.1, 0.2, 0.3, 1.2], np.float32),
        mask=np.zeros(shape, bool),
        psf_fwhm=np.full(5, 1.2, np.float32),
        pixel_scale=0.4,
        redshift=0.05,
    )
    prepared = prepare(image, weights)
    return make_runner(prepared, weights), prepared.flux


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return load_weights(write_tiny_weights(tmp_path_factory.mktemp("weights") / "tiny.onnx"))


@settings(max_examples=30, deadline=None)
@given(height=st.integers(1, 150), width=st.integers(1, 150), window=st.integers(1, 80))
def test_tiles_agree_with_the_whole(tiny, height, width, window) -> None:
    run, flux = bind(tiny, (height, width))
    options = {"properties": 7, "stride": STRIDE, "receptive_field": REACH}
    whole = paint_tiles(run, flux, largest_window=10_000, **options)
    tiled = paint_tiles(run, flux, largest_window=window, **options)
    assert whole.shape == (5, 7, height, width)
    np.testing.assert_allclose(tiled, whole, rtol=1e-5)


def test_windows_stay_within_bounds(tiny) -> None:
    """No window is larger than asked for, and every pixel is painted once."""
    run, flux = bind(tiny, (301, 517))
    seen = []

    def watched(window):
        seen.append(window.shape[1:])
        return run(window)

    paint_tiles(
        watched, flux, properties=7, stride=STRIDE, receptive_field=REACH, largest_window=96
    )
    assert len(seen) > 20
    assert max(max(s) for s in seen) <= 96
    assert all(n % STRIDE == 0 for s in seen for n in s)


def test_a_halo_too_small_shows(tiny) -> None:
    """The network does look beyond a pixel: without a halo there are seams."""
    run, flux = bind(tiny, (96, 96))
    whole = paint_tiles(run, flux, properties=7, stride=STRIDE, receptive_field=REACH)
    cut = paint_tiles(run, flux, properties=7, stride=STRIDE, receptive_field=0, largest_window=32)
    assert np.abs(cut / whole - 1).max() > 1e-3


def test_shipped_network_is_seamless() -> None:
    """To a thousandth of a dex in every pixel above the floor."""
    weights = load_weights()
    halo = -(-weights.receptive_field // weights.stride) * weights.stride
    run, flux = bind(weights, (40 + weights.stride, 4 * halo))
    options = {
        "properties": len(weights.properties),
        "stride": weights.stride,
        "receptive_field": weights.receptive_field,
    }
    whole = paint_tiles(run, flux, largest_window=10_000, **options)
    tiled = paint_tiles(run, flux, largest_window=3 * halo, **options)
    floors = np.array([PROPERTIES[p].floor for p in weights.properties])[:, None, None]
    seen = whole > floors
    assert np.abs(np.log10(tiled[seen] / whole[seen])).max(initial=0.0) < 1e-3
