"""The two small networks beside which Wu & Peek 2020 put their own."""

from __future__ import annotations

from torch import nn

from picassso.networks.spectra.deconvolution import Deconvolution2d
from picassso.networks.spectra.xresnet import AveragePool

__all__ = ["SimpleCNN"]

WIDTHS = (32, 32, 64)
"""Channels; the paper gives only the number of parameters, 30 thousand, which these come to."""


class SimpleCNN(nn.Sequential):
    """Three 3x3 convolutions of stride two with ReLU, average over the image, one linear layer.

    Parameters
    ----------
    in_channels, out_features : int
        Bands in and numbers out.
    deconvolution : bool
        Whiten the patches of each convolution.
    """

    def __init__(self, in_channels: int, out_features: int, *, deconvolution: bool = False) -> None:
        layers: list[nn.Module] = []
        channels = in_channels
        for width in WIDTHS:
            if deconvolution:
                layers.append(Deconvolution2d(channels, width, 3, stride=2, padding=1))
            else:
                layers.append(nn.Conv2d(channels, width, 3, stride=2, padding=1))
            layers.append(nn.ReLU())
            channels = width
        super().__init__(*layers, AveragePool(), nn.Linear(channels, out_features))
