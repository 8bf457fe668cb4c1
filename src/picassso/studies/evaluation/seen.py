"""Paint a view of a store as the network saw such views when it was trained."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from picassso.archive import DatasetStore
from picassso.core import GalaxyImage, Maps
from picassso.training.views import grey_bands, reordered, restored

__all__ = ["grey_image", "paint_as_learnt"]


def grey_image(image: GalaxyImage, bands: tuple[str, ...]) -> GalaxyImage:
    """An image without colours: the reference band of `bands`, its noise and PSF in all of them."""
    shown = [image.bands.index(b) for b in grey_bands(bands)]
    return replace(
        image,
        bands=bands,
        flux=image.flux[shown],
        noise=image.noise[shown],
        psf_fwhm=image.psf_fwhm[shown],
    )


def paint_as_learnt(
    weights: Any, store: DatasetStore, image: GalaxyImage, rng: np.random.Generator
) -> tuple[GalaxyImage, Maps]:
    """Paint one view of a store through what the training of the weights took away.

    Weights that learnt from grey images are shown grey ones, and those that learnt from shuffled
    pixels shuffled ones; the maps that they paint of these are put back in order, so that each
    painted pixel lies where its own light came from, and an aperture holds the same pixels as on
    an image that was not shuffled.

    Parameters
    ----------
    weights : picassso.painting.Weights
        Their manifest says how they were trained.
    store : DatasetStore
        Of the view.
    image : GalaxyImage
        Of the view, as stored.
    rng : numpy.random.Generator
        Draws the noise, if none is stored, and the order of the pixels.

    Returns
    -------
    GalaxyImage, Maps
        The image with its noise, its pixels in their places, and what was painted onto it,
        without totals.
    """
    from picassso.painting import paint_image

    learnt = weights.about.get("train_config", {})
    if learnt.get("grey"):
        image = grey_image(image, weights.bands)
    image = store.with_noise(image, rng)
    if not learnt.get("shuffled"):
        return image, paint_image(image, weights, totals=False)
    order = rng.permutation(image.flux[0].size)
    shuffled = replace(image, flux=reordered(image.flux, order))
    maps = paint_image(shuffled, weights, totals=False)
    cubes = {name: getattr(maps, name) for name in ("cube", "std", "p16", "p50", "p84")}
    in_order = {name: restored(c, order) for name, c in cubes.items() if c is not None}
    return image, replace(maps, **in_order)
