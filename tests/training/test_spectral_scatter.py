"""Sizes of what is missed are found as they were put in."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from picassso.networks.spectra.scatter import ConditionalScatter, scatter_features  # noqa: E402
from picassso.training.spectra.scatter import (  # noqa: E402
    fit_error,
    fit_log_scale,
    fit_scatter,
)


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def test_logarithm_of_a_size_is_recovered() -> None:
    features = scatter_features(draw(20000, 3))
    true = torch.zeros(10, 2, dtype=torch.float64)
    true[:, 0] = torch.tensor([-3.0, 0.5, 0, -0.3, 0.1, 0, 0, 0.05, 0, 0])
    true[0, 1] = 1.0
    values = torch.exp(features @ true) * draw(20000, 2, seed=1)
    torch.testing.assert_close(fit_log_scale(features, values), true, rtol=0, atol=0.03)


def test_few_values_give_one_size_to_all() -> None:
    features = scatter_features(draw(6, 6))
    found = fit_log_scale(features, 0.1 * draw(6, 1, seed=1))
    assert np.log(0.1) - 1.5 < float(found[0]) < np.log(0.1) + 1.0
    assert float(found[1:].abs().max()) < 0.3


def test_spectra_miss_as_much_as_their_latents_say() -> None:
    """Emission that the second latent rules, and a slope that all have."""
    pixels, n = 200, 6000
    x = torch.linspace(-1, 1, pixels, dtype=torch.float64)
    line = torch.exp(-0.5 * ((x - 0.3) / 0.02) ** 2)
    latents = draw(n, 2)
    strong = torch.exp(-2.0 + 0.8 * latents[:, 1:])
    missed = 0.02 * draw(n, 1, seed=1) * x + strong * draw(n, 1, seed=2) * line
    scatter = ConditionalScatter(2, 5, pixels)
    scatter.set(**fit_scatter(latents.float(), missed.float(), 5)._asdict())
    for low, high in ((-3.0, -1.0), (-1.0, 0.5), (0.5, 3.0)):
        some = (latents[:, 1] > low) & (latents[:, 1] < high)
        with torch.no_grad():
            made = scatter(latents[some].float(), draw(int(some.sum()), 5, seed=3).float())
        ratio = made.double().std(dim=0) / missed[some].std(dim=0)
        # Directions mix a little, where the line's scatter ranges over a factor of 30.
        assert 0.7 < float(ratio[[10, 130, 190]].min()) < float(ratio[[10, 130, 190]].max()) < 1.4


def test_fewer_spectra_than_directions() -> None:
    found = fit_scatter(draw(4, 2), 0.01 * draw(4, 50, seed=1), 7)
    assert found.components.shape == (7, 50) and found.coefficients.shape == (6, 7)
    assert all(part.isfinite().all() for part in found)
    assert not found.components[4:].any()


def test_errors_have_a_floor_and_grow_with_noise() -> None:
    noise = torch.exp(draw(20000, seed=3)).float()
    floor, slope = torch.tensor([0.04, 0.0, 1.0]), torch.tensor([0.01, 0.02, 0.0])
    variance = floor + slope * noise[:, None]
    found = fit_error(variance.sqrt() * draw(20000, 3).float(), noise)
    torch.testing.assert_close(found[0], floor, rtol=0.05, atol=1e-3)
    torch.testing.assert_close(found[1], slope, rtol=0.1, atol=1e-3)


@pytest.mark.parametrize("number", [1, 2, 5])
def test_errors_of_few_spectra_are_numbers(number: int) -> None:
    floor, slope = fit_error(0.2 * draw(number, 3).float(), torch.linspace(0.1, 1.0, number))
    assert (floor > 0).all() and (slope >= 0).all() and slope.isfinite().all()
