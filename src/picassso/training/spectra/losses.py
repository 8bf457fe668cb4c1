"""Losses of spectra: the terms of an InfoVAE, and the likelihood of latents."""

from __future__ import annotations

import torch
from torch import Tensor

from picassso.networks.spectra.latent_head import LatentPosterior

__all__ = ["discrepancy", "divergence", "likelihood_parts", "misfit"]


def misfit(reconstruction: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Half the weighted square of what is left of spectra (N, L), mean over the known pixels.

    Weights (N, L) are inverse variances, 0 where nothing is known, so that it is the negative
    logarithm of the likelihood a pixel, up to a constant; 0.5 where only noise is left.
    """
    squares = 0.5 * weight * (target - reconstruction).square()
    return squares.sum() / (weight > 0).sum().clamp_min(1)


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Kullback-Leibler divergence of the posterior (N, K) from the standard normal [nat].

    Summed over the latents, mean over the spectra: Kingma & Welling 2014 (arXiv:1312.6114),
    appendix B.
    """
    terms = mean.square() + log_variance.exp() - log_variance - 1.0
    return 0.5 * terms.sum(dim=1).mean()


def discrepancy(latents: Tensor, prior: Tensor, *, kernel_width: float) -> Tensor:
    """Maximum mean discrepancy of two samples, of (N, K) and (M, K), squared (Gretton et al. 2012).

    The kernel is Gaussian, ``exp(-|x - y|^2 / (K kernel_width^2))``, that of Portillo et al. 2020
    where the width is 1. The estimate is the one without bias: a spectrum is not compared with
    itself.
    """
    scale = latents.shape[1] * kernel_width**2

    def kernel(x: Tensor, y: Tensor) -> Tensor:
        return torch.exp(
            -torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist").square() / scale
        )

    def within(x: Tensor) -> Tensor:
        return (kernel(x, x).sum() - len(x)) / (len(x) * (len(x) - 1))

    return within(latents) + within(prior) - 2.0 * kernel(latents, prior).mean()


def likelihood_parts(posterior: LatentPosterior, target: Tensor) -> Tensor:
    """(D,) negative log-likelihood of targets (N, D), mean over N, up to a constant [nat].

    Each number's part is that of its distribution given all those before it, so that the parts
    sum up to the likelihood of all together.
    """
    away = target[:, None] - posterior.means
    excess = torch.linalg.solve_triangular(posterior.scale_trils, away[..., None], upper=False)
    diagonal = posterior.scale_trils.diagonal(dim1=-2, dim2=-1)
    each = -0.5 * excess[..., 0].square() - torch.log(diagonal)
    # Of the first, the first two, ... numbers together, under each Gaussian and then under all.
    together = (posterior.log_weight[..., None] + each.cumsum(dim=2)).logsumexp(dim=1)
    parts = together.diff(dim=1, prepend=torch.zeros_like(together[:, :1]))
    return -parts.mean(dim=0)
