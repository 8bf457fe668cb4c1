"""Models of spectra by a few numbers: an autoencoder, and principal components beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.spectra import SpectralPCA
from picassso.core import NOISELESS
from picassso.painting.weights import NetworkFile

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
    encoder, decoder : NetworkFile
        Its two halves, in ONNX, as they are used.
    """

    encoder: NetworkFile
    decoder: NetworkFile
    name: str = "autoencoder"

    @property
    def latents(self) -> int:
        """How many."""
        return int(self.encoder.about["latents"])

    @property
    def numbers(self) -> int:
        """Latents and norm."""
        return self.latents + 1

    def encode(self, flux: NDArray[np.floating], inverse_variance: NDArray[np.floating]) -> Encoded:
        """Latents and norms of spectra (N, 1000) in any unit; inverse variance 0 in gaps."""
        given = {"flux": flux, "weight": inverse_variance}
        outputs = ("latents", "log_variance", "norm")
        mean, log_variance, norm = _run(self.encoder, given, outputs)
        dark = ~(norm > 0)
        return Encoded(
            np.where(dark, np.nan, mean),
            np.where(dark, np.nan, log_variance),
            np.where(dark, np.nan, norm)[:, 0],
        )

    def encode_clean(self, flux: NDArray[np.float32]) -> Encoded:
        """The same of spectra without noise and gaps."""
        size = np.mean(np.square(flux, dtype=np.float64), axis=1, keepdims=True)
        weight = np.broadcast_to(NOISELESS / np.where(size > 0, size, 1.0), flux.shape)
        return self.encode(flux, weight)

    def decode(
        self, latents: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Spectra of a root mean square of about one, and their stars, (N, 1000) each."""
        residual = np.zeros((len(latents), int(self.decoder.about["config"]["residuals"])))
        given = {"latents": latents, "residual": residual}
        spectra, stars = _run(self.decoder, given, ("spectra", "stars"))
        return spectra, stars

    def reconstruct(
        self, flux: NDArray[np.float32], inverse_variance: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """As of `SpectralModel`."""
        found = self.encode(flux, inverse_variance)
        return self.decode(found.latents)[0] * found.norm[:, None]


def _run(
    network: NetworkFile, given: Mapping[str, NDArray[Any]], outputs: Sequence[str]
) -> list[NDArray[np.float64]]:
    """Outputs of a network, in double precision, a thousand rows at a time."""
    rows = {name: np.ascontiguousarray(values, np.float32) for name, values in given.items()}
    number = len(next(iter(rows.values())))
    found = [
        network.session.run(
            list(outputs), {name: v[first : first + _CHUNK] for name, v in rows.items()}
        )
        for first in range(0, number, _CHUNK)
    ]
    return [np.concatenate(part).astype(np.float64) for part in zip(*found, strict=True)]


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
