"""Painters whose errors are known, put in the place of a network."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from picassso.core import PROPERTY_NAMES, SDSS, Maps
from picassso.studies.evaluation import run
from picassso.studies.evaluation.painters import NetworkPainter

__all__ = ["fake_weights", "paint_scaled", "scaled"]


def fake_weights(**other: object) -> SimpleNamespace:
    """Weights of no network, in all that an evaluation asks of them."""
    known = {
        "name": "fake",
        "fingerprint": "0" * 16,
        "survey": "sdss",
        "bands": SDSS.bands,
        "properties": PROPERTY_NAMES,
        "about": {},
    }
    found = SimpleNamespace(**known | other)
    found.calibration = dict.fromkeys(found.properties, (-1.0, 0.0, 1.0, 1.0))
    return found


def scaled(truth: Maps, factor: float) -> Maps:
    """A painting of the truth times a factor, give or take 20%; zero where it is not known."""
    mean = np.nan_to_num(factor * truth.cube).astype(np.float32)
    return Maps(
        truth.galaxy_id,
        truth.view,
        truth.properties,
        mean,
        truth.pixel_area,
        std=0.2 * mean,
        p16=0.8 * mean,
        p50=mean,
        p84=1.2 * mean,
    )


def paint_scaled(patch: pytest.MonkeyPatch, factor: float, *, properties: tuple[str, ...]) -> None:
    """Paint every view of a store as its truth times a factor."""
    patch.setattr(run, "load_weights", lambda path, **_: fake_weights(properties=properties))

    def paint(self, store, image, rng):
        views = zip(store.table["galaxy_id"], store.table["view"], strict=True)
        row = list(views).index((image.galaxy_id, image.view))
        return image, scaled(store.truth(row), factor)

    patch.setattr(NetworkPainter, "paint", paint)
