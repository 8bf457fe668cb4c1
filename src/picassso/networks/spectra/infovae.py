"""The variational autoencoder of Portillo et al. 2020 (AJ 160, 45): its layers, not its loss."""

from __future__ import annotations

import itertools

from torch import Tensor, nn

__all__ = ["InfoVAE"]


class InfoVAE(nn.Module):
    """Fully connected encoder and decoder around a few latents, with leaky ReLU between layers.

    The encoder gives mean and log variance of each latent, the decoder mirrors its widths. What
    makes it an InfoVAE (Zhao et al. 2019) is the loss, which has the maximum mean discrepancy
    beside the Kullback-Leibler divergence.

    Parameters
    ----------
    pixels : int
        Of a spectrum.
    latents : int
        Six in the paper.
    widths : tuple of int
        Of the hidden layers, outermost first; 549 and 110 in the paper.
    """

    def __init__(
        self, pixels: int, latents: int = 6, *, widths: tuple[int, ...] = (549, 110)
    ) -> None:
        super().__init__()
        self.latents = latents
        self.encoder = _layers((pixels, *widths), 2 * latents)
        self.decoder = _layers((latents, *reversed(widths)), pixels)

    def encode(self, spectra: Tensor) -> tuple[Tensor, Tensor]:
        """Spectra (N, pixels), the population's mean taken off, to mean and log variance (N, K)."""
        mean, log_variance = self.encoder(spectra).chunk(2, dim=1)
        return mean, log_variance

    def decode(self, latents: Tensor) -> Tensor:
        """Latents (N, K) to spectra (N, pixels), the population's mean still off."""
        return self.decoder(latents)


def _layers(widths: tuple[int, ...], out: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for a, b in itertools.pairwise(widths):
        layers += [nn.Linear(a, b), nn.LeakyReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], out))
