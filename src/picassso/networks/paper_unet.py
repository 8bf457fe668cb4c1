"""The reference network of Buck & Wolf 2021 (MNRAS), layer by layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["PaperUNet"]


class PaperUNet(nn.Module):
    """U-Net of Ronneberger et al. 2015 as Buck & Wolf 2021 coded it: 28.94 M parameters.

    Four max-poolings, features 64 to 1024, two 3x3 convolutions with ReLU a level, no
    normalisation, bilinear upsampling and a 1x1 convolution, skips by concatenation.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of the image and of the output.
    conditions : int
        Length of the condition vector; its entries enter as constant images. The paper's network
        has none.
    """

    stride = 16
    # Along the longest path: 2 convolutions a level down and up, and a bilinear step a level up.
    receptive_field = 2 * (1 + 2 + 4 + 8) * 2 + 2 * 16 + 16 + 8 + 4 + 2

    def __init__(self, in_channels: int, out_channels: int, *, conditions: int = 0) -> None:
        super().__init__()
        widths = (64, 128, 256, 512, 1024)
        self.down = nn.ModuleList()
        channels = in_channels + conditions
        for width in widths:
            self.down.append(_two_convolutions(channels, width))
            channels = width
        self.reduce = nn.ModuleList()
        self.up = nn.ModuleList()
        for width in reversed(widths[:-1]):
            self.reduce.append(nn.Conv2d(channels, width, 1))
            self.up.append(_two_convolutions(2 * width, width))
            channels = width
        self.out = nn.Conv2d(channels, out_channels, 1)

    def forward(self, x: Tensor, conditions: Tensor) -> Tensor:
        """Image (N, C, H, W) and conditions (N, K) to (N, out_channels, H, W)."""
        if conditions.shape[1]:
            constant = conditions[:, :, None, None].expand(-1, -1, x.shape[2], x.shape[3])
            x = torch.cat([x, constant], dim=1)
        # Half precision would blur colours at the first convolution, and logarithms at the last.
        first, *rest = self.down[0].children()
        with torch.autocast(x.device.type, enabled=False):
            x = first(x)
        for layer in rest:
            x = layer(x)
        skips = [x]
        for block in self.down[1:]:
            x = block(nn.functional.max_pool2d(x, 2))
            skips.append(x)
        skips.pop()
        for reduce, block in zip(self.reduce, self.up, strict=True):
            x = nn.functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = block(torch.cat([skips.pop(), reduce(x)], dim=1))
        with torch.autocast(x.device.type, enabled=False):
            return self.out(x.to(self.out.weight.dtype))


def _two_convolutions(channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, width, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(width, width, 3, padding=1),
        nn.ReLU(inplace=True),
    )
