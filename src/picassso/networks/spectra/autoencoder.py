"""Spectra to a few numbers and back, whatever is missing in them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from picassso.core import NOISELESS, REST_GRID
from picassso.networks.spectra.basis import SpectralBasis, put
from picassso.networks.spectra.infovae import InfoVAE
from picassso.networks.spectra.scatter import ConditionalScatter
from picassso.networks.spectra.stellar_fit import StellarFit

__all__ = ["Autoencoded", "SpectrumAutoencoder"]


class Autoencoded(NamedTuple):
    """What the loss of an InfoVAE needs; latents as the network has them, not z-scored."""

    reconstruction: Tensor
    mean: Tensor
    log_variance: Tensor
    latents: Tensor


class SpectrumAutoencoder(nn.Module):
    """InfoVAE of rest-frame spectra on `picassso.core.REST_GRID` that fills what it does not see.

    Spectra are normalised to a root mean square of one by `norm` and handed over with their
    inverse variance. Portillo et al. 2020 took spectra whose masked pixels had been replaced by a
    projection on principal components, and gave those pixels no weight in the loss. Here `fill`
    does this, with two departures: the projection knows the population's variances, so that it
    stays sound where a redshift takes away half of the pixels; and a noisy pixel is drawn towards
    the projection by its own variance, so that the latents of a spectrum do not depend on its
    signal to noise.

    Latents that are handed out or taken in are z-scored by the population: mean 0 and standard
    deviation 1 over the training spectra, once training has set them.

    Parameters
    ----------
    latents : int
        Number of latents.
    widths : tuple of int
        Of the hidden layers.
    components : int
        Principal components of the basis.
    residuals : int
        Components in which `with_scatter` adds what the autoencoder does not reconstruct.
    stellar_components : int
        Of the fit of stars alone, which tells emission lines from absorption.
    """

    latent_mean: Tensor
    latent_std: Tensor
    error_floor: Tensor
    error_slope: Tensor

    def __init__(
        self,
        latents: int = 6,
        *,
        widths: tuple[int, ...] = (549, 110),
        components: int = 30,
        residuals: int = 20,
        stellar_components: int = 10,
    ) -> None:
        super().__init__()
        wavelength = torch.tensor(REST_GRID)
        self.latents = latents
        self.basis = SpectralBasis(wavelength, components)
        self.vae = InfoVAE(len(wavelength), latents, widths=widths)
        self.scatter = ConditionalScatter(latents, residuals, len(wavelength))
        self.stars = StellarFit(wavelength, stellar_components)
        self.register_buffer("latent_mean", torch.zeros(latents))
        self.register_buffer("latent_std", torch.ones(latents))
        self.register_buffer("error_floor", torch.ones(latents))
        self.register_buffer("error_slope", torch.zeros(latents))

    @property
    def wavelength(self) -> Tensor:
        """(1000,) Angstrom, in vacuum, at rest."""
        return self.basis.wavelength

    def set_basis(
        self, *, mean: Tensor, components: Tensor, variance: Tensor, residual_variance: Tensor
    ) -> None:
        """Take over a principal component analysis; see `SpectralBasis.set`. First of all."""
        self.basis.set(
            mean=mean,
            components=components,
            variance=variance,
            residual_variance=residual_variance,
        )

    def set_population(self, latents: Tensor) -> None:
        """Z-score by the latents (N, K) of the training spectra, as `forward` gives them."""
        put(self, latent_mean=latents.mean(dim=0), latent_std=latents.std(dim=0).clamp_min(1e-6))

    def set_errors(self, *, floor: Tensor, slope: Tensor) -> None:
        """Set the variance (K,) of z-scored latents: `floor` plus `slope` times `noise`."""
        put(self, error_floor=floor, error_slope=slope)

    def norm(self, flux: Tensor, weight: Tensor) -> Tensor:
        """Norm (N,) of spectra (N, 1000) in any unit; see `SpectralBasis.norm`."""
        return self.basis.norm(flux, weight)

    def fill(self, flux: Tensor, weight: Tensor) -> Tensor:
        """Normalised spectra (N, 1000) without gaps; see `SpectralBasis.fill`."""
        return self.basis.fill(flux, weight)

    def forward(self, filled: Tensor, draw: Tensor) -> Autoencoded:
        """Encode, sample and decode, for the loss.

        Parameters
        ----------
        filled : (N, 1000) Tensor
            Normalised spectra as `fill` gives them.
        draw : (N, K) Tensor
            Standard normal numbers, or zeros for the mean.
        """
        mean, log_variance = self.vae.encode(filled - self._mean(filled))
        latents = mean + draw * torch.exp(0.5 * log_variance)
        spectra = self.vae.decode(latents) + self._mean(filled)
        return Autoencoded(spectra, mean, log_variance, latents)

    def encode(self, flux: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Z-scored latents of observed spectra.

        Parameters
        ----------
        flux : (N, 1000) Tensor
            Normalised; anything where `weight` is 0.
        weight : (N, 1000) Tensor
            Inverse variance of the normalised flux, 0 where nothing is known.

        Returns
        -------
        mean, log_variance : (N, K) Tensor
            Of the latents. The variance is that which noise and gaps brought about in training,
            at the same signal to noise.
        """
        filled = self.fill(flux, weight)
        mean, _ = self.vae.encode(filled - self._mean(filled))
        variance = self.error_floor + self.error_slope * self.noise(filled, weight)[:, None]
        return (mean - self.latent_mean) / self.latent_std, torch.log(variance)

    def noise(self, filled: Tensor, weight: Tensor) -> Tensor:
        """(N,) inverse of the mean over all pixels of the squared signal to noise.

        A pixel of which nothing is known has none; without any, the noise is a million.
        """
        return 1.0 / (weight.clamp_min(0.0) * filled.square()).mean(dim=1).clamp_min(1e-6)

    def encode_observed(self, flux: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Z-scored latents and norm of spectra that are not normalised.

        Parameters
        ----------
        flux, weight : (N, 1000) Tensor
            In any unit, and its inverse variance, 0 where nothing is known.

        Returns
        -------
        mean, log_variance : (N, K) Tensor
            Of the latents.
        norm : (N, 1) Tensor
            In the unit of `flux`; 0 where there is no light, and the latents mean nothing.
        """
        norm = self.norm(flux, weight)[:, None]
        unit = torch.where(norm > 0, norm, 1.0)
        mean, log_variance = self.encode(flux / unit, weight * unit * unit)
        return mean, log_variance, norm

    def encode_clean(self, spectra: Tensor) -> tuple[Tensor, Tensor]:
        """Z-scored latents (N, K) and norm (N, 1) of spectra (N, 1000) without noise and gaps."""
        size = spectra.square().mean(dim=1, keepdim=True)
        weight = NOISELESS / torch.where(size > 0, size, 1.0)
        mean, _, norm = self.encode_observed(spectra, weight.expand_as(spectra))
        return mean, norm

    def decode(self, latents: Tensor) -> Tensor:
        """Z-scored latents (N, K) to spectra (N, 1000) of a root mean square of about one."""
        return self.vae.decode(latents * self.latent_std + self.latent_mean) + self._mean(latents)

    def with_scatter(self, latents: Tensor, residual: Tensor) -> Tensor:
        """Decoded spectra (N, 1000) plus the scatter of reconstructions.

        Parameters
        ----------
        latents : (N, K) Tensor
            Z-scored.
        residual : (N, R) Tensor
            Standard normal numbers.
        """
        return self.decode(latents) + self.scatter(latents, residual)

    def _mean(self, like: Tensor) -> Tensor:
        return self.basis.mean.to(like.dtype)
