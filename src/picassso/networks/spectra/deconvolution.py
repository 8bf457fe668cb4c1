"""Network deconvolution: a convolution of whitened patches (Ye et al. 2020, ICLR)."""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor, nn

__all__ = ["Deconvolution2d", "inverse_square_root", "without_whitening"]


def inverse_square_root(matrix: Tensor, iterations: int) -> Tensor:
    """Inverse square root of positive definite matrices by coupled Newton-Schulz iterations.

    ``Y -> Y T`` and ``Z -> T Z`` with ``T = (3 - Z Y) / 2`` take Y to the square root of a matrix
    of norm below one and Z to its inverse square root (Higham 2008, Functions of Matrices, ch. 6).
    An iteration stretches the smallest eigenvalues 2.25 times, so that few of them leave directions
    of little variance less amplified than the exact root would.

    Parameters
    ----------
    matrix : (..., F, F) Tensor
        Symmetric, positive definite.
    iterations : int
        One or more. Five in Ye et al. 2020; 20 or more give the exact root of a matrix of condition
        1e6.

    Returns
    -------
    (..., F, F) Tensor
        Of the same type.
    """
    norm = torch.linalg.matrix_norm(matrix, keepdim=True)
    identity = torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
    y = matrix / norm
    z = t = 1.5 * identity - 0.5 * y  # the first iteration, which starts from Z = 1
    for _ in range(iterations - 1):
        y = y @ t
        t = 1.5 * identity - 0.5 * z @ y
        z = t @ z
    return z / norm.sqrt()


class Deconvolution2d(nn.Module):
    """Convolution whose patches are whitened before the kernel meets them.

    The patches of a batch (im2col) have their mean taken off and are multiplied by the inverse
    square root of their covariance, so that neighbouring pixels and channels reach the kernel
    uncorrelated. As both steps are linear, the kernel takes them over: with D the whitening matrix
    and mu the mean, ``w' = w D`` and ``b' = b - w' mu``. In training D and mu come from the batch,
    and gradients flow through them; in evaluation they are running averages, and the layer is an
    ordinary convolution.

    As in the public code of Ye et al. 2020: channels are taken in groups of `block` which share one
    D, so that its size stays (block k k)^2 however many channels there are; statistics come from
    every `sampling_stride`-th patch in each direction; and a grouped convolution has one D for each
    of its groups.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride, padding, groups
        As of `torch.nn.Conv2d`.
    eps : float
        Added to the diagonal of the covariance.
    iterations : int
        Of Newton and Schulz.
    momentum : float
        Weight of a batch in the running averages.
    block : int
        Channels of a group; where it does not divide the channels, their greatest common divisor.
    sampling_stride : int
        Patches between two that count for the statistics.
    """

    running_mean: Tensor
    running_whitening: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 3,
        *,
        stride: int = 1,
        padding: int = 0,
        groups: int = 1,
        eps: float = 1e-5,
        iterations: int = 5,
        momentum: float = 0.1,
        block: int = 64,
        sampling_stride: int = 3,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        self.groups = groups
        self.eps, self.iterations, self.momentum = eps, iterations, momentum
        self.sampling_stride = sampling_stride * stride
        within = in_channels // groups
        self.block = within if groups > 1 or block > within else math.gcd(block, within)
        self.weight = nn.Parameter(torch.empty(out_channels, within, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        nn.init.kaiming_normal_(self.weight)
        features = self.block * kernel_size**2
        self.register_buffer("running_mean", torch.zeros(groups, features))
        self.register_buffer("running_whitening", torch.eye(features).repeat(groups, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, C, H, W) to (N, out_channels, H', W')."""
        if self.training:
            # Half precision has too few digits for a covariance and its root.
            with torch.autocast(x.device.type, enabled=False):
                mean, whitening = self.statistics(x.to(self.weight.dtype))
            with torch.no_grad():
                self.running_mean.lerp_(mean, self.momentum)
                self.running_whitening.lerp_(whitening, self.momentum)
        else:
            mean, whitening = self.running_mean, self.running_whitening
        weight, bias = self.fused(mean, whitening)
        return nn.functional.conv2d(
            x, weight, bias, stride=self.stride, padding=self.padding, groups=self.groups
        )

    def statistics(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean (groups, F) and whitening matrix (groups, F, F) of the patches of a batch."""
        patches = self.patches(x)
        mean = patches.mean(dim=1)
        patches = patches - mean[:, None]
        covariance = patches.mT @ patches / patches.shape[1]
        ridge = self.eps * torch.eye(mean.shape[1], dtype=x.dtype, device=x.device)
        return mean, inverse_square_root(covariance + ridge, self.iterations)

    def patches(self, x: Tensor) -> Tensor:
        """Sampled patches, (groups, M, block x kernel_size^2), in the order of kernels."""
        columns = nn.functional.unfold(
            x, self.kernel_size, padding=self.padding, stride=self.sampling_stride
        )
        features = self.running_mean.shape[1]
        # (N, groups, blocks, F, P): channels lie slowest in a column, so blocks are slices of it
        columns = columns.reshape(len(x), self.groups, -1, features, columns.shape[-1])
        return columns.permute(1, 0, 2, 4, 3).reshape(self.groups, -1, features)

    def fused(self, mean: Tensor, whitening: Tensor) -> tuple[Tensor, Tensor]:
        """Kernel and bias of the ordinary convolution that does the same."""
        out, features = len(self.weight), mean.shape[1]
        # (groups, out / groups * blocks, F)
        weight = self.weight.reshape(self.groups, -1, features) @ whitening
        shift = (weight @ mean[..., None]).reshape(out, -1).sum(dim=1)
        return weight.reshape(self.weight.shape), self.bias - shift


def without_whitening(module: nn.Module) -> nn.Module:
    """A copy in evaluation mode whose deconvolutions have become ordinary convolutions."""
    twin = copy.deepcopy(module).eval()
    for name, child in list(twin.named_modules()):
        if isinstance(child, Deconvolution2d):
            parent, _, leaf = name.rpartition(".")
            setattr(twin.get_submodule(parent), leaf, _convolution(child))
    return twin


def _convolution(layer: Deconvolution2d) -> nn.Conv2d:
    with torch.no_grad():
        weight, bias = layer.fused(layer.running_mean, layer.running_whitening)
    twin = nn.Conv2d(
        weight.shape[1] * layer.groups,
        len(weight),
        layer.kernel_size,
        stride=layer.stride,
        padding=layer.padding,
        groups=layer.groups,
        dtype=weight.dtype,
        device=weight.device,
    )
    assert twin.bias is not None
    twin.weight.data, twin.bias.data = weight, bias
    return twin
