"""The stars' part of a spectrum, by what lies between the emission lines."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from picassso.analysis.spectra import near_lines
from picassso.networks.spectra.basis import SpectralBasis, put

__all__ = ["StellarFit"]


_MODEL_ERROR = 0.01
"""Of any spectrum, in units of its norm: neither real stars nor decoded ones are those learnt."""


class StellarFit(nn.Module):
    """Principal components of stars alone, fitted to spectra beside their emission lines.

    So were the continua of SDSS's galaxies with eigenspectra of stars and of models by Hao et al.
    2005 (AJ 129, 1783) and Chen et al. 2012 (MNRAS 421, 314). What stars absorb at a Balmer line
    is then not missing from its emission.

    Parameters
    ----------
    wavelength : (L,) Tensor
        Angstrom, in vacuum, at rest.
    components : int
        Number K of principal components beside the mean.
    """

    between: Tensor
    reading: Tensor

    def __init__(self, wavelength: Tensor, components: int) -> None:
        super().__init__()
        self.basis = SpectralBasis(wavelength, components)
        self.register_buffer("between", torch.from_numpy(~near_lines(wavelength.numpy())))
        self.register_buffer("reading", torch.zeros(components + 1, len(wavelength)))

    def set(
        self, *, mean: Tensor, components: Tensor, variance: Tensor, residual_variance: Tensor
    ) -> None:
        """Take over a principal component analysis of stars; see `SpectralBasis.set`."""
        self.basis.set(
            mean=mean,
            components=components,
            variance=variance,
            residual_variance=residual_variance + _MODEL_ERROR**2,
        )
        design = self._design()
        weighted = design * (self.between / self.basis.residual_variance)
        prior = nn.functional.pad(1.0 / self.basis.variance.clamp_min(1e-12), (1, 0))
        precision = weighted @ design.mT + torch.diag(prior)
        put(self, reading=torch.linalg.solve(precision, weighted))

    def of_clean(self, spectra: Tensor) -> Tensor:
        """(N, L) stars of spectra (N, L) without noise, of a norm of about one.

        Least squares, where each pixel counts by what the components leave in it, and each
        component is held to its variance in the population.
        """
        return (spectra @ self.reading.mT.to(spectra.dtype)) @ self._design().to(spectra.dtype)

    def of_observed(self, flux: Tensor, weight: Tensor) -> Tensor:
        """(N, L) stars of noisy spectra: the most probable amplitudes, given the population's.

        Parameters
        ----------
        flux, weight : (N, L) Tensor
            In any unit, and its inverse variance, 0 where nothing is known.
        """
        return self.basis.project(flux, torch.where(self.between, weight, 0.0))

    def _design(self) -> Tensor:
        """(K + 1, L) mean and components."""
        return torch.cat([self.basis.mean[None], self.basis.components])
