"""Losses of spectra: each against its definition."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from picassso.networks.spectra.latent_head import LatentHead  # noqa: E402
from picassso.training.spectra.losses import (  # noqa: E402
    discrepancy,
    divergence,
    likelihood_parts,
    misfit,
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def centred(sample: torch.Tensor) -> torch.Tensor:
    return sample - sample.mean(dim=0)


def test_noise_alone_is_a_misfit_of_one_half() -> None:
    truth = torch.randn(200, 500, generator=generator())
    weight = torch.exp(torch.randn(200, 500, generator=generator(1)))
    noisy = truth + torch.randn(200, 500, generator=generator(2)) / weight.sqrt()
    assert float(misfit(truth, noisy, weight)) == pytest.approx(0.5, abs=0.01)


def test_pixels_without_weight_neither_count_nor_teach() -> None:
    model = torch.zeros(2, 4, requires_grad=True)
    weight = torch.tensor([[1.0, 1.0, 0.0, 0.0]] * 2)
    target = torch.tensor([[1.0, 1.0, 9.0, 9.0]] * 2)
    loss = misfit(model, target, weight)
    loss.backward()
    assert float(loss.detach()) == 0.5
    assert (model.grad[:, 2:] == 0).all() and (model.grad[:, :2] != 0).all()
    assert float(misfit(model.detach(), target, torch.zeros(2, 4))) == 0.0


def test_divergence_is_that_of_normal_distributions() -> None:
    mean, log_variance = (torch.randn(5, 3, generator=generator(s)) for s in (0, 1))
    posterior = torch.distributions.Normal(mean, torch.exp(0.5 * log_variance))
    prior = torch.distributions.Normal(torch.zeros(5, 3), torch.ones(5, 3))
    expected = torch.distributions.kl_divergence(posterior, prior).sum(dim=1).mean()
    assert float(divergence(mean, log_variance)) == pytest.approx(float(expected), rel=1e-5)


def test_discrepancy_is_that_of_two_gaussians() -> None:
    """Of N(0, 1) and N(m, 1) under the kernel exp(-|x - y|^2 / (K w^2)), K dimensions."""
    shift, dimensions, width, n = 1.5, 2, 0.8, 3000
    # Samples whose means are right: most of the estimate's scatter comes from those.
    x, y, z = (centred(torch.randn(n, dimensions, generator=generator(s))) for s in range(3))
    y = y + torch.tensor([shift, 0.0])
    variance = dimensions * width**2 / 2
    same = (variance / (variance + 2)) ** (dimensions / 2)
    apart = torch.exp(torch.tensor(-0.5 * shift**2 / (variance + 2)))
    expected = 2 * same * (1 - float(apart))
    assert float(discrepancy(x, y, kernel_width=width)) == pytest.approx(expected, rel=0.05)
    assert abs(float(discrepancy(x, z, kernel_width=width))) < 0.02 * expected


@pytest.mark.parametrize("gaussians", [1, 4])
def test_parts_of_the_likelihood_sum_up_to_it(gaussians: int) -> None:
    head = LatentHead(3, gaussians=gaussians)
    found = head(torch.randn(7, head.raw_length, generator=generator(0)))
    target = torch.randn(7, 3, generator=generator(1))
    exact = torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(logits=found.log_weight),
        torch.distributions.MultivariateNormal(found.means, scale_tril=found.scale_trils),
    ).log_prob(target)
    constant = 1.5 * torch.log(torch.tensor(2 * torch.pi))
    parts = likelihood_parts(found, target)
    assert float(parts.sum()) == pytest.approx(float(-exact.mean() - constant), rel=1e-5)
    # The first part knows of the first number alone.
    alone = torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(logits=found.log_weight),
        torch.distributions.Normal(found.means[..., 0], found.scale_trils[..., 0, 0]),
    ).log_prob(target[:, 0])
    assert float(parts[0]) == pytest.approx(float(-alone.mean() - constant / 3), rel=1e-5)
