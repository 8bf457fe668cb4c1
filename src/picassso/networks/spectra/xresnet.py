"""The residual network of Wu & Peek 2020, with batch normalisation, deconvolution or both."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from picassso.core import InputError
from picassso.networks.spectra.deconvolution import Deconvolution2d

__all__ = ["NORMS", "SelfAttention", "XResNet18", "convolution"]

NORMS = ("batch", "hybrid", "deconvolution")

STEM = (32, 32, 64)
STAGES = (64, 128, 256, 512)
GROUPS = 64
REDUCTION = 8


class XResNet18(nn.Sequential):
    """Residual network of 18 layers (He et al. 2018, "xresnet"; Wu & Peek 2020).

    Stem of three 3x3 convolutions of 32, 32 and 64 channels, the first with a stride of two;
    max-pooling; four stages of 64, 128, 256 and 512 channels with two residual blocks each;
    average over the image; one linear layer. As in the public code of Wu & Peek: Mish, the first
    convolution of a block in 64 groups, squeeze-and-excitation with a reduction of 8 (Hu et al.
    2018), simplified self-attention in the last block of the first stage.

    Parameters
    ----------
    in_channels, out_features : int
        Bands in and numbers out.
    norm : str
        ``"batch"`` normalisation; ``"hybrid"``: network deconvolution in the stem in its place,
        batch normalisation elsewhere; ``"deconvolution"`` everywhere.

    Raises
    ------
    InputError
        If `norm` is unknown.
    """

    def __init__(self, in_channels: int, out_features: int, *, norm: str = "hybrid") -> None:
        if norm not in NORMS:
            raise InputError(f"unknown norm {norm!r} of xresnet18; choose one of {list(NORMS)}")
        stem = "batch" if norm == "batch" else "deconvolution"
        body = "deconvolution" if norm == "deconvolution" else "batch"
        layers: list[nn.Module] = []
        channels = in_channels
        for k, width in enumerate(STEM):
            layers.append(convolution(channels, width, norm=stem, stride=1 if k else 2))
            channels = width
        layers.append(nn.MaxPool2d(3, stride=2, padding=1))
        for k, width in enumerate(STAGES):
            for block in range(2):
                stride = 2 if k and not block else 1
                attends = k == 0 and block == 1
                layers.append(
                    ResidualBlock(channels, width, norm=body, stride=stride, attends=attends)
                )
                channels = width
        layers += [AveragePool(), nn.Linear(channels, out_features)]
        super().__init__(*layers)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions, squeeze-and-excitation and perhaps attention, beside a shortcut.

    The shortcut averages 2x2 pixels where the block has a stride, before its 1x1 convolution. The
    last batch normalisation starts at zero, so that a fresh block is its shortcut.
    """

    def __init__(
        self, in_channels: int, width: int, *, norm: str, stride: int, attends: bool
    ) -> None:
        super().__init__()
        last = convolution(width, width, norm=norm, activation=False)
        if norm == "batch":
            nn.init.zeros_(last[1].weight)  # type: ignore[arg-type]
        body = [
            convolution(in_channels, width, norm=norm, stride=stride, groups=GROUPS),
            last,
            SqueezeExcitation(width),
        ]
        if attends:
            body.append(SelfAttention(width))
        self.body = nn.Sequential(*body)
        shortcut: list[nn.Module] = []
        if stride > 1:
            shortcut.append(HalfSize())
        if in_channels != width:
            shortcut.append(
                convolution(in_channels, width, norm=norm, kernel_size=1, activation=False)
            )
        self.shortcut = nn.Sequential(*shortcut)

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, C, H, W) to (N, width, H / stride, W / stride), rounded up."""
        return nn.functional.mish(self.body(x) + self.shortcut(x))


class SqueezeExcitation(nn.Module):
    """Channels multiplied by gates that see the average of the image (Hu et al. 2018)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        narrow = 8 * math.ceil(width / REDUCTION / 8)
        self.gates = nn.Sequential(
            nn.Linear(width, narrow), nn.Mish(), nn.Linear(narrow, width), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, C, H, W) to the same shape."""
        return x * self.gates(x.mean(dim=(2, 3)))[:, :, None, None]


class SelfAttention(nn.Module):
    """Self-attention without softmax: ``x + gamma (x x^T / P) (W x)`` over P pixels.

    fastai's ``SimpleSelfAttention``, which Wu & Peek used, a simplification of SAGAN's (Zhang et
    al. 2019) whose cost grows with the pixels rather than with their square. Two departures: the
    sum over pixels is a mean, so that gamma means the same in images of any size, and W is free
    rather than spectrally normalised, which would make training and evaluation differ.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = nn.Linear(width, width, bias=False)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, C, H, W) to the same shape."""
        pixels = x.flatten(2)
        alike = pixels @ pixels.mT / pixels.shape[2]
        return x + self.gamma * (alike @ (self.mix.weight @ pixels)).reshape(x.shape)


class HalfSize(nn.Module):
    """Means of 2x2 pixels; a last odd row or column is averaged over the pixels that it has."""

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, C, H, W) to (N, C, H / 2, W / 2), rounded up."""
        return nn.functional.avg_pool2d(x, 2, ceil_mode=True)


class AveragePool(nn.Module):
    """Mean over the image."""

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, C, H, W) to (N, C)."""
        return x.mean(dim=(2, 3))


def convolution(
    in_channels: int,
    width: int,
    *,
    norm: str,
    kernel_size: int = 3,
    stride: int = 1,
    groups: int = 1,
    activation: bool = True,
) -> nn.Sequential:
    """Convolution with batch normalisation, or a deconvolution, and Mish (Misra 2019)."""
    padding = kernel_size // 2
    layers: list[nn.Module]
    if norm == "batch":
        layers = [
            nn.Conv2d(
                in_channels,
                width,
                kernel_size,
                stride=stride,
                padding=padding,
                groups=groups,
                bias=False,
            ),
            nn.BatchNorm2d(width),
        ]
        nn.init.kaiming_normal_(layers[0].weight)  # type: ignore[arg-type]
    else:
        layers = [
            Deconvolution2d(
                in_channels, width, kernel_size, stride=stride, padding=padding, groups=groups
            )
        ]
    if activation:
        layers.append(nn.Mish())
    return nn.Sequential(*layers)
