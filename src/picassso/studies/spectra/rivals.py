"""Predicting latents of spectra from colours alone: what an encoder of images has to beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.archive import DatasetStore
from picassso.core import GalaxyImage

__all__ = ["APERTURES", "NEIGHBOURS", "aperture_features", "features_of", "predict_from_colours"]

APERTURES: tuple[float, ...] = (1.5, 3.0, 6.0)
"""Radii about the fibre [arcsec]; the first is that of the fibre."""

NEIGHBOURS = (5, 10, 20, 40)
"""Numbers of neighbours of which the best is taken, by leaving out one."""

_RIDGE = 1e-3


def features_of(
    store: DatasetStore, rows: NDArray[np.int64], bands: tuple[str, ...], *, seed: int
) -> NDArray[np.float64]:
    """(n, F) features of noisy images, the noise that of `predict_rows` for the same seed."""
    return np.stack(
        [
            aperture_features(store.observed(i, np.random.default_rng([seed, i])), bands)
            for i in rows.tolist()
        ]
    )


def aperture_features(image: GalaxyImage, bands: tuple[str, ...]) -> NDArray[np.float64]:
    """Colours of neighbouring bands in three apertures, magnitudes in one band, redshift.

    Magnitudes are inverse hyperbolic sines of signal to noise (Lupton, Gunn & Szalay 1999, AJ
    118, 1406), which hold where flux is not positive.
    """
    order = [image.bands.index(b) for b in bands]
    height, width = image.shape
    y, x = np.indices(image.shape)
    distance = np.hypot(x - 0.5 * (width - 1), y - 0.5 * (height - 1)) * image.pixel_scale
    area = image.pixel_scale**2
    magnitudes = []
    for radius in APERTURES:
        inside = (distance <= radius) & ~image.mask
        flux = image.flux[order][:, inside].sum(axis=1) * area
        noise = image.noise[order] * area * np.sqrt(max(int(inside.sum()), 1))
        magnitudes.append(-2.5 / np.log(10.0) * (np.arcsinh(flux / (2 * noise)) + np.log(noise)))
    found = np.array(magnitudes)
    colours = found[:, :-1] - found[:, 1:]
    return np.concatenate([colours.ravel(), found[:, len(order) // 2], [image.redshift]])


@dataclass(frozen=True, slots=True)
class _Scaler:
    """To mean 0 and standard deviation 1."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    def __call__(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        return (features - self.mean) / self.deviation


def predict_from_colours(
    features: NDArray[np.float64], target: NDArray[np.float64], asked: NDArray[np.float64]
) -> Mapping[str, NDArray[np.float64]]:
    """Targets of some galaxies from those of others whose features are known.

    Parameters
    ----------
    features, target : (n, F), (n, D) array
        Of galaxies to learn from.
    asked : (m, F) array
        Of those to predict.

    Returns
    -------
    mapping of str to (m, D) array
        ``"linear"``: ridge regression on features, their squares and products, held within the
        range of what was learnt from;
        ``"neighbours"``: the mean of the nearest, of the number that is best when each galaxy
        learnt from is left out in turn.
    """
    scale = _Scaler(features.mean(axis=0), np.maximum(features.std(axis=0), 1e-9))
    known, wanted = scale(features), scale(asked)
    return {
        "linear": _linear(known, target, wanted),
        "neighbours": _neighbours(known, target, wanted),
    }


def _linear(
    known: NDArray[np.float64], target: NDArray[np.float64], wanted: NDArray[np.float64]
) -> NDArray[np.float64]:
    i, j = np.triu_indices(known.shape[1])

    def terms(x: NDArray[np.float64]) -> NDArray[np.float64]:
        x = np.clip(x, -5.0, 5.0)  # what lies far out must not rule the squares
        return np.column_stack([np.ones(len(x)), x, x[:, i] * x[:, j]])

    design = terms(known)
    square = design.T @ design + _RIDGE * len(known) * np.eye(design.shape[1])
    found = terms(wanted) @ np.linalg.solve(square, design.T @ target)
    return np.clip(found, target.min(axis=0), target.max(axis=0))


def _neighbours(
    known: NDArray[np.float64], target: NDArray[np.float64], wanted: NDArray[np.float64]
) -> NDArray[np.float64]:
    from scipy.spatial import cKDTree

    tree = cKDTree(known)
    numbers = [k for k in NEIGHBOURS if k < len(known)] or [max(len(known) - 1, 1)]
    _, own = tree.query(known, k=max(numbers) + 1)
    others = target[np.atleast_2d(own)[:, 1:]]
    errors = [np.mean((others[:, :k].mean(axis=1) - target) ** 2) for k in numbers]
    best = numbers[int(np.argmin(errors))]
    _, nearest = tree.query(wanted, k=best)
    return target[np.reshape(nearest, (len(wanted), -1))].mean(axis=1)
