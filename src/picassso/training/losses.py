"""Losses. Each takes what the backbone says and the true linear maps; absent maps are NaN."""

from __future__ import annotations

import torch
from torch import Tensor

from picassso.networks.heads import FREEDOM, HALF_WIDTH, LogPoint, ShiftedLogStudent

__all__ = ["distribution_loss", "painting_loss", "paper_loss"]


def painting_loss(
    head: ShiftedLogStudent | LogPoint, raw: Tensor, truth: Tensor, *, mean_weight: float
) -> Tensor:
    """Loss a property, (P,), of the kind that suits the head."""
    if isinstance(head, ShiftedLogStudent):
        return distribution_loss(head, raw, truth, mean_weight=mean_weight)
    return paper_loss(raw, truth)


def distribution_loss(
    head: ShiftedLogStudent, raw: Tensor, truth: Tensor, *, mean_weight: float
) -> Tensor:
    """Negative log-likelihood of the stretched value, plus the deviance of the linear mean.

    The likelihood is Student's t, up to a constant. The deviance is Tweedie's of power 1.5
    (Jorgensen 1987), between Poisson and gamma: like every Bregman divergence it is smallest at
    the true mean, zeros included, and neither the brightest pixels nor the emptiest rule it.

    Parameters
    ----------
    head : ShiftedLogStudent
        The head.
    raw : (N, 3 P, H, W) Tensor
        What the backbone says.
    truth : (N, P, H, W) Tensor
        Linear surface densities; NaN where absent.
    mean_weight : float
        Weight of the deviance.

    Returns
    -------
    (P,) Tensor
        Mean over the pixels that hold a truth; 0 where none does.
    """
    location, scale, log_mean = head.parameters_of(raw)
    known = torch.isfinite(truth)
    y = torch.where(known, truth, torch.zeros_like(truth))
    pull = (head.stretch(y) - location) / scale
    tail = torch.log1p((HALF_WIDTH * pull).square() / FREEDOM)
    likelihood = torch.log(scale) + 0.5 * (FREEDOM + 1.0) * tail
    root = torch.exp(0.25 * log_mean)
    deviance = 2.0 * (root - torch.sqrt(y / head.floor) / root).square()
    return _mean_over_known(likelihood + mean_weight * deviance, known)


def paper_loss(raw: Tensor, truth: Tensor) -> Tensor:
    """The reference's: mean squared error of log10, empty pixels drawn to -100 by 1e-6.

    Source: Buck & Wolf 2021, equation 1 and training repository.
    """
    known = torch.isfinite(truth)
    filled = known & (truth > 0)
    target = torch.log10(torch.where(filled, truth, torch.ones_like(truth)).clamp_min(0) + 1e-14)
    error = torch.where(filled, raw - target, torch.zeros_like(raw)).square()
    empty = known & ~filled
    pull = torch.where(empty, raw + 100.0, torch.zeros_like(raw)).square()
    return _mean_over_known(error, filled) + 1e-6 * _mean_over_known(pull, empty)


def _mean_over_known(value: Tensor, known: Tensor) -> Tensor:
    """(P,) mean over images and known pixels."""
    weight = known.to(value.dtype)
    total = (value * weight).sum(dim=(0, 2, 3))
    return total / weight.sum(dim=(0, 2, 3)).clamp_min(1.0)
