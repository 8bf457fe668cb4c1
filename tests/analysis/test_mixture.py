"""Draws from mixtures of Gaussians."""

from __future__ import annotations

import numpy as np

from picassso.analysis.spectra.mixture import mixture_samples


def test_every_sample_is_of_the_gaussian_that_was_drawn_for_it() -> None:
    log_weight = np.log([[0.2, 0.5, 0.3], [0.0001, 0.9998, 0.0001]])
    means = np.arange(12.0).reshape(2, 3, 2)
    trils = np.arange(1.0, 25.0).reshape(2, 3, 2, 2) * np.tri(2)
    uniform = np.array([[0.0, 0.21, 0.69, 0.71, 1.0], [0.5, 0.5, 0.5, 0.5, 0.99999]])
    normal = np.random.default_rng(0).standard_normal((2, 5, 2))
    found = mixture_samples(log_weight, means, trils, normal=normal, uniform=uniform)
    chosen = [[0, 1, 1, 2, 2], [1, 1, 1, 1, 2]]
    for n in range(2):
        for s, k in enumerate(chosen[n]):
            np.testing.assert_allclose(found[n, s], means[n, k] + trils[n, k] @ normal[n, s])


def test_a_mixture_of_one_is_a_gaussian() -> None:
    rng = np.random.default_rng(1)
    mean, tril = rng.standard_normal((4, 3)), np.tri(3)
    normal, uniform = rng.standard_normal((4, 9, 3)), rng.random((4, 9))
    found = mixture_samples(
        np.zeros((4, 1)),
        mean[:, None],
        np.broadcast_to(tril, (4, 1, 3, 3)),
        normal=normal,
        uniform=uniform,
    )
    np.testing.assert_allclose(found, mean[:, None] + normal @ tril.T)
