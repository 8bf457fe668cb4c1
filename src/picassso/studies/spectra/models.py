"""Models of spectra by a few numbers: an autoencoder, and principal components beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.spectra import SpectralPCA

if TYPE_CHECKING:
    from picassso.networks import SpectrumAutoencoder

__all__ = ["AutoencoderModel", "ComponentModel", "Encoded", "SpectralModel"]

_CHUNK = 1000
"""Spectra that are encoded at once."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """What an autoencoder says of spectra.

    Parameters
    ----------
    latents, log_variance : (N, K) array
        Z-scored; NaN where there is no light.
    norm : (N,) array
        In the unit of the flux; NaN where there is no light.
    """

    latents: NDArray[np.float64]
    log_variance: NDArray[np.float64]
    norm: NDArray[np.float64]


class SpectralModel(Protocol):
    """Reconstructs spectra on `REST_GRID` from `numbers` numbers each."""

    @property
    def name(self) -> str: ...

    @property
    def numbers(self) -> int: ...

    def reconstruct(
        self, flux: NDArray[np.float32], inverse_variance: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """(N, 1000) spectra in the unit of `flux`; NaN where nothing is known of one."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class AutoencoderModel:
    """An autoencoder as a model of spectra, by the means of its posteriors.

    Parameters
    ----------
    network : SpectrumAutoencoder
        Trained, on the CPU.
    """

    network: SpectrumAutoencoder
    name: str = "autoencoder"

    @property
    def numbers(self) -> int:
        """Latents and norm."""
        return self.network.latents + 1

    def encode(self, flux: NDArray[np.float32], inverse_variance: NDArray[np.float32]) -> Encoded:
        """Latents and norms of spectra (N, 1000) in any unit; inverse variance 0 in gaps."""
        import torch

        found = []
        with torch.no_grad():
            for first in range(0, len(flux), _CHUNK):
                rows = slice(first, first + _CHUNK)
                some = (np.ascontiguousarray(a[rows], np.float32) for a in (flux, inverse_variance))
                found.append(self.network.encode_observed(*map(torch.from_numpy, some)))
        columns = zip(*found, strict=True)
        mean, log_variance, norm = (torch.cat(c).double().numpy() for c in columns)
        dark = ~(norm > 0)
        return Encoded(
            np.where(dark, np.nan, mean),
            np.where(dark, np.nan, log_variance),
            np.where(dark, np.nan, norm)[:, 0],
        )

    def encode_clean(self, flux: NDArray[np.float32]) -> Encoded:
        """The same of spectra without noise and gaps."""
        from picassso.networks.spectra.autoencoder import NOISELESS

        size = np.mean(np.square(flux, dtype=np.float64), axis=1, keepdims=True)
        weight = np.broadcast_to(NOISELESS / np.where(size > 0, size, 1.0), flux.shape)
        return self.encode(flux, weight.astype(np.float32))

    def decode(self, latents: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, 1000) spectra of a root mean square of about one."""
        import torch

        with torch.no_grad():
            return self.network.decode(torch.from_numpy(latents).float()).double().numpy()

    def stars(self, spectra: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, 1000) what is not of lines in spectra without noise."""
        import torch

        with torch.no_grad():
            return self.network.stars.of_clean(torch.from_numpy(spectra)).numpy()

    def reconstruct(
        self, flux: NDArray[np.float32], inverse_variance: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """As of `SpectralModel`."""
        found = self.encode(flux, inverse_variance)
        return self.decode(found.latents) * found.norm[:, None]


@dataclass(frozen=True, slots=True, eq=False)
class ComponentModel:
    """Principal components as a model of spectra: the best fit of mean and components.

    Parameters
    ----------
    pca : SpectralPCA
        Of K components.
    """

    pca: SpectralPCA
    name: str = "PCA"

    @property
    def numbers(self) -> int:
        """Amplitudes of the mean and of the components."""
        return len(self.pca.components) + 1

    def reconstruct(
        self, flux: NDArray[np.float32], inverse_variance: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """As of `SpectralModel`."""
        return self.pca.best_fit(flux, inverse_variance)
