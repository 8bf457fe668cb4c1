"""A U-Net that works on folded pixels: as accurate as the reference network, far less time."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

__all__ = ["CompactUNet"]


class CompactUNet(nn.Module):
    """U-Net behind a pixel-unshuffle stem, with residual blocks, told its conditions.

    Folding `fold` x `fold` pixels into channels moves the costly full-resolution levels to a
    coarser grid without losing a bit of the image (Shi et al. 2016). Batch normalisation (Ioffe &
    Szegedy 2015) becomes part of the convolutions at inference, where it uses no statistic of the
    image. Conditions shift the features of every level (the additive half of FiLM, Perez et al.
    2018), which costs nothing.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of the image and of the output.
    conditions : int
        Length of the condition vector.
    widths : tuple of int
        Channels of each level, finest first.
    blocks : tuple of int
        Residual blocks a level, on the way down; the way up has one a level.
    fold : int
        Side of the square of pixels folded into channels.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        conditions: int,
        widths: tuple[int, ...] = (32, 64, 96, 160),
        blocks: tuple[int, ...] = (1, 1, 1, 2),
        fold: int = 2,
    ) -> None:
        super().__init__()
        self.fold = fold
        levels = len(widths)
        self.stride = fold * 2 ** (levels - 1)
        self.receptive_field = _receptive_field(fold, blocks)
        self.stem = nn.Conv2d(in_channels * fold**2, widths[0], 3, padding=1)
        self.told = nn.Sequential(nn.Linear(conditions, 64), nn.ReLU(), nn.Linear(64, sum(widths)))
        self.widths = tuple(widths)
        self.down = nn.ModuleList(
            nn.Sequential(*(ResidualBlock(w) for _ in range(b)))
            for w, b in zip(widths, blocks, strict=True)
        )
        self.shrink = nn.ModuleList(
            nn.Conv2d(a, b, 2, stride=2) for a, b in itertools.pairwise(widths)
        )
        self.grow = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in itertools.pairwise(widths))
        self.up = nn.ModuleList(ResidualBlock(w) for w in widths[:-1])
        self.out = nn.Sequential(
            nn.Conv2d(widths[0], out_channels * fold**2, 1),
            nn.PixelShuffle(fold),
            TriangularFilter(out_channels, fold),
        )

    def forward(self, x: Tensor, conditions: Tensor) -> Tensor:
        """Image (N, C, H, W) and conditions (N, K) to (N, out_channels, H, W)."""
        shifts = torch.split(self.told(conditions)[:, :, None, None], list(self.widths), dim=1)
        # Half precision would blur colours at the stem, and logarithms of the maps at the end.
        with torch.autocast(x.device.type, enabled=False):
            x = self.stem(nn.functional.pixel_unshuffle(x, self.fold))
        skips = []
        for level, block in enumerate(self.down):
            if level:
                x = self.shrink[level - 1](x)
            x = block(x + shifts[level])
            skips.append(x)
        for level in reversed(range(len(self.up))):
            x = self.grow[level](x)
            x = nn.functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = self.up[level](x + skips[level])
        with torch.autocast(x.device.type, enabled=False):
            return self.out(x.to(self.stem.weight.dtype))


class ResidualBlock(nn.Module):
    """Two normalised 3x3 convolutions beside an identity (He et al. 2016)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, C, H, W) to the same shape."""
        return torch.relu(x + self.body(x))


class TriangularFilter(nn.Module):
    """Two running means over `width` x `width` pixels, reflected at the border.

    Unfolded pixels come from separate weights, which would leave a pattern of the fold's period
    in every map. This filter is exactly zero at that period. For a fold of 2 it is the binomial
    filter, (1, 2, 1) / 4 in each direction: less than a well-sampled PSF smooths.

    Parameters
    ----------
    channels : int
        Maps, each filtered by itself.
    width : int
        Pixels of a running mean.
    """

    kernel: Tensor

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.width = width
        reach = torch.arange(1.0 - width, width)
        line = (width - reach.abs()) / width**2
        kernel = torch.outer(line, line).expand(channels, 1, -1, -1).clone()
        self.register_buffer("kernel", kernel)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, C, H, W) to the same shape."""
        x = nn.functional.pad(x, (self.width - 1,) * 4, mode="reflect")
        return nn.functional.conv2d(x, self.kernel, groups=len(self.kernel))


def _receptive_field(fold: int, blocks: tuple[int, ...]) -> int:
    """Pixels to each side that can influence an output pixel."""
    radius = 3 * fold - 1  # the stem's convolution, the folding itself and the last filter
    for level, count in enumerate(blocks):
        step = fold * 2**level
        up = 1 if level < len(blocks) - 1 else 0
        radius += 2 * (count + up) * step  # two 3x3 convolutions a block
        radius += step if level else 0  # shrink and bilinear growth between levels
        radius += step if level else 0
    return radius
