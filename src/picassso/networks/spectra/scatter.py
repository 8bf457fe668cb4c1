"""What an autoencoder does not reconstruct: how much, of which spectra, in which directions."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from picassso.networks.spectra.basis import put

__all__ = ["ConditionalScatter", "scatter_features"]


def scatter_features(latents: Tensor) -> Tensor:
    """(N, F) what scatter depends on: one, latents (N, K), and their products in pairs."""
    pairs = torch.triu_indices(latents.shape[1], latents.shape[1], device=latents.device)
    products = latents[:, pairs[0]] * latents[:, pairs[1]]
    return torch.cat([torch.ones_like(latents[:, :1]), latents, products], dim=1)


class ConditionalScatter(nn.Module):
    """Gaussian scatter of spectra whose size depends on their latents.

    Spectra of strong emission are not reconstructed as well as those of old stars. The scatter
    lies in a few directions, the same for all; the logarithm of its standard deviation along each
    is a polynomial of second degree of the latents, held within what was seen in training. All are
    buffers: training measures them.

    Parameters
    ----------
    latents : int
        K.
    components : int
        Number R of directions.
    pixels : int
        L, of a spectrum.
    """

    components: Tensor
    coefficients: Tensor
    lowest: Tensor
    highest: Tensor

    def __init__(self, latents: int, components: int, pixels: int) -> None:
        super().__init__()
        features = 1 + latents + latents * (latents + 1) // 2
        self.register_buffer("components", torch.zeros(components, pixels))
        self.register_buffer("coefficients", torch.zeros(features, components))
        self.register_buffer("lowest", torch.zeros(components))
        self.register_buffer("highest", torch.zeros(components))

    def __len__(self) -> int:
        """Number of directions."""
        return len(self.components)

    def set(self, *, components: Tensor, coefficients: Tensor, limits: Tensor) -> None:
        """Take over what training measured.

        Parameters
        ----------
        components : (R, L) Tensor
            Directions.
        coefficients : (F, R) Tensor
            Of `scatter_features`: the logarithm of the standard deviation along each.
        limits : (2, R) Tensor
            Lowest and highest of these.
        """
        put(self, components=components, coefficients=coefficients)
        put(self, lowest=limits[0], highest=limits[1])

    def scale(self, latents: Tensor) -> Tensor:
        """(N, R) standard deviation along each direction."""
        logarithm = scatter_features(latents) @ self.coefficients
        return torch.exp(torch.minimum(torch.maximum(logarithm, self.lowest), self.highest))

    def forward(self, latents: Tensor, residual: Tensor) -> Tensor:
        """(N, L) what is to be added to decoded spectra.

        Parameters
        ----------
        latents : (N, K) Tensor
            Z-scored.
        residual : (N, R) Tensor
            Standard normal numbers.
        """
        return (residual * self.scale(latents)) @ self.components
