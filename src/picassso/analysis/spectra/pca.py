"""Principal components of spectra with gaps: the norm of a spectrum, and a linear baseline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import REST_GRID, InputError

__all__ = ["SpectralPCA"]

_CLEAN_WINDOW = (5050.0, 5850.0)
"""Angstrom; free of strong emission lines: its median is the first guess of a norm."""
_ROUNDS = 6
"""Of expectation and maximisation."""
_LEAST_NOISE = 1e-8
"""Least variance per pixel, of spectra of RMS 1, and least variance of a component."""
_CHUNK = 2048
"""Spectra to one matrix product in float64."""


@dataclass(frozen=True, slots=True)
class SpectralPCA:
    """A mean spectrum and its principal components, of spectra whose RMS is about 1.

    Parameters
    ----------
    wavelength : (L,) array
        Angstrom, in vacuum, at rest.
    mean : (L,) array
        Mean spectrum of the population.
    components : (K, L) array
        Orthonormal, of falling variance; of each the largest value is positive.
    variance : (K,) array
        Of the population along each component.
    scatter : (L,) array
        RMS of the population about the components; its noise, where it has any, included.
    """

    wavelength: NDArray[np.float64]
    mean: NDArray[np.float64]
    components: NDArray[np.float64]
    variance: NDArray[np.float64]
    scatter: NDArray[np.float64]

    def __post_init__(self) -> None:
        pixels, k = self.wavelength.size, len(self.components)
        expected = {"mean": (pixels,), "components": (k, pixels), "variance": (k,)}
        for name, shape in {**expected, "scatter": (pixels,)}.items():
            if getattr(self, name).shape != shape:
                raise InputError(
                    f"spectral PCA: {name} has shape {getattr(self, name).shape}, expected {shape}"
                )

    @classmethod
    def fit(
        cls,
        flux: ArrayLike,
        weight: ArrayLike,
        components: int,
        *,
        wavelength: ArrayLike = REST_GRID,
    ) -> SpectralPCA:
        """Components of a population of spectra of any brightness, with noise and gaps.

        Spectra are divided by their median in 5050 to 5850 A, gaps filled with the mean spectrum
        and the covariance decomposed; then expectation-maximisation (Bailey 2012, PASP 124, 1015;
        with the uncertainty of the coefficients, Tipping & Bishop 1999) makes the components
        those of the pixels that are known, and each spectrum is divided by the RMS of its
        reconstruction. Nothing is drawn at random.

        Parameters
        ----------
        flux : (N, L) array
            Flux densities at rest, of any unit; what is not finite has weight 0.
        weight : (N, L) array
            Inverse variances of `flux`, or 1; 0 where nothing is known. Only their ratios matter,
            and the best quarter of the pixels all weigh the same.
        components : int
            How many to keep.
        wavelength : (L,) array
            Angstrom, in vacuum, at rest.

        Raises
        ------
        InputError
            If shapes disagree, or there are not more spectra with positive flux than components.
        """
        wave = np.asarray(wavelength, dtype=np.float64)
        flux, weight = _known(flux, weight, pixels=wave.size)
        norm = _medians(wave, flux, weight)
        bright = norm > 0
        if not 1 <= components < min(int(bright.sum()), wave.size):
            raise InputError(
                f"spectral PCA: {components} components of {int(bright.sum())} spectra with "
                f"positive flux on {wave.size} pixels; give more spectra or fewer components"
            )
        norm = norm[bright, None].astype(np.float32)
        scaled, trust = flux[bright] / norm, _trust(weight[bright] * norm**2)
        pca = _first_guess(wave, scaled, trust, components)
        for _ in range(_ROUNDS):
            pca, size = _improve(pca, scaled, trust)
            # A spectrum of noise alone, of no size, must not grow.
            scaled, trust = scaled / size[:, None], trust * np.minimum(size[:, None] ** 2, 1.0)
        return pca

    def norm(self, flux: ArrayLike, inverse_variance: ArrayLike) -> NDArray[np.float64]:
        """(N,) RMS over all pixels of the best-fitting combination of mean and components.

        That of Portillo et al. 2020 (AJ 160, 45), the norm of the projection, divided by the
        square root of the number of pixels. It does not depend on which pixels are masked.

        Parameters
        ----------
        flux, inverse_variance : (N, L) array
            Inverse variance 0 where nothing is known.

        Returns
        -------
        (N,) array
            In the unit of `flux`; NaN where no pixel is known.
        """
        flux, weight = _known(flux, inverse_variance, pixels=self.wavelength.size)
        return _rms(self._basis(), self._amplitudes(flux, weight))

    def normalise(
        self, flux: ArrayLike, inverse_variance: ArrayLike
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float64]]:
        """Spectra divided by their norms.

        Parameters
        ----------
        flux, inverse_variance : (N, L) array
            Inverse variance 0 where nothing is known.

        Returns
        -------
        flux, inverse_variance : (N, L) float32 array
            flux / norm and inverse variance * norm^2; both 0 where nothing is known.
        norm : (N,) array
            In the unit of `flux`; NaN where no pixel is known.
        """
        flux, weight = _known(flux, inverse_variance, pixels=self.wavelength.size)
        norm = _rms(self._basis(), self._amplitudes(flux, weight))
        by = np.where(np.isfinite(norm), norm, 1.0)[:, None]
        return (flux / by).astype(np.float32), (weight * by**2).astype(np.float32), norm

    def project(self, flux: ArrayLike, inverse_variance: ArrayLike) -> NDArray[np.float64]:
        """(N, K) coefficients of normalised spectra, by weighted least squares with a prior.

        The prior is Gaussian with the population's variances; noise and the population's scatter
        about the components add up. So the coefficients of a spectrum of which little is known
        tend to 0, those of the mean.

        Parameters
        ----------
        flux, inverse_variance : (N, L) array
            As `normalise` gives them.
        """
        flux, weight = _known(flux, inverse_variance, pixels=self.wavelength.size)
        coefficients = np.zeros((len(flux), len(self.variance)))
        one = np.ones(_CHUNK)
        for rows in _chunks(len(flux)):
            matrix, vector = self._normal_equations(flux[rows], weight[rows], one)
            # The mean is given: its column goes to the right-hand side.
            right = vector[:, 1:] - matrix[:, 1:, 0]
            square = matrix[:, 1:, 1:] + np.diag(1.0 / self.variance)
            coefficients[rows] = np.linalg.solve(square, right[..., None])[..., 0]
        return coefficients

    def reconstruct(self, coefficients: ArrayLike) -> NDArray[np.float64]:
        """(N, L) normalised spectra of (N, K) coefficients."""
        return self.mean + np.asarray(coefficients) @ self.components

    def best_fit(self, flux: ArrayLike, inverse_variance: ArrayLike) -> NDArray[np.float64]:
        """(N, L) spectra in the unit of `flux` that the norm is the RMS of, without gaps."""
        flux, weight = _known(flux, inverse_variance, pixels=self.wavelength.size)
        return self._amplitudes(flux, weight) @ self._basis()

    def _basis(self) -> NDArray[np.float64]:
        """(K + 1, L) the mean and the components."""
        return np.vstack([self.mean[None], self.components])

    def _amplitudes(
        self, flux: NDArray[np.float32], weight: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """(N, K + 1) of mean and components, for spectra of any brightness; NaN without pixels.

        Prior and scatter go with the brightness, which is only known after a fit: two rounds.
        """
        amplitudes = np.full((len(flux), len(self.components) + 1), np.nan)
        for rows in _chunks(len(flux)):
            f, w = flux[rows].astype(np.float64), weight[rows].astype(np.float64)
            known: NDArray[np.bool_] = np.asarray(w.any(axis=1))
            # Free of the unit, so that nothing over- or underflows.
            square = (w * f**2).sum(axis=1) / np.where(known, w.sum(axis=1), 1.0)
            unit = np.sqrt(np.where(square > 0, square, 1.0))[:, None]
            f, w = f / unit, w * unit**2
            information = np.where(known, w @ self.mean**2, 1.0)
            scale = np.hypot((w * f) @ self.mean / information, information**-0.5)
            for _ in range(2):
                matrix, vector = self._normal_equations(f, w, scale)
                prior = 1.0 / (self.variance * scale[:, None] ** 2)
                index = np.arange(1, len(self.components) + 1)
                matrix[:, index, index] += prior
                matrix[~known] = np.eye(len(index) + 1)
                solved = np.linalg.solve(matrix, vector[..., None])[..., 0]
                scale = np.hypot(_rms(self._basis(), solved), information**-0.5)
            amplitudes[rows] = np.where(known[:, None], solved * unit, np.nan)
        return amplitudes

    def _normal_equations(
        self, flux: NDArray[np.floating], weight: NDArray[np.floating], scale: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(n, K + 1, K + 1) and (n, K + 1) of mean and components, scatter added to the noise."""
        weight = weight.astype(np.float64)
        weight = weight / (1.0 + weight * (scale[: len(flux), None] * self.scatter) ** 2)
        basis = self._basis()
        return _quadratic(weight, basis), (weight * flux) @ basis.T


def _known(
    flux: ArrayLike, weight: ArrayLike, *, pixels: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Flux and weight, both 0 where nothing is known."""
    flux, weight = np.asarray(flux, dtype=np.float32), np.asarray(weight, dtype=np.float32)
    if flux.ndim != 2 or flux.shape[1] != pixels or weight.shape != flux.shape:
        raise InputError(
            f"spectra: flux has shape {flux.shape} and weight {weight.shape}, "
            f"expected (N, {pixels}) both"
        )
    known = np.isfinite(flux) & np.isfinite(weight) & (weight > 0)
    return np.where(known, flux, 0), np.where(known, weight, 0)


def _medians(
    wavelength: NDArray[np.float64], flux: NDArray[np.float32], weight: NDArray[np.float32]
) -> NDArray[np.float64]:
    """(N,) median flux in the clean window, or of all pixels where none is known there."""
    window = (wavelength > _CLEAN_WINDOW[0]) & (wavelength < _CLEAN_WINDOW[1])
    inside = (weight > 0) & window
    some: NDArray[np.bool_] = np.asarray(inside.any(axis=1))
    inside = np.where(some[:, None], inside, weight > 0)
    values = np.where(inside, flux, np.nan)
    values[~inside.any(axis=1)] = 0.0
    return np.nanmedian(values, axis=1).astype(np.float64)


def _trust(weight: NDArray[np.floating]) -> NDArray[np.floating]:
    """(N, L) relative weights of normalised spectra from 0 to 1, that of the best quarter."""
    # By rank: a spectrum's norm may be wrong by orders of magnitude.
    return np.minimum(weight / np.quantile(weight[weight > 0], 0.75), 1.0)


def _first_guess(
    wavelength: NDArray[np.float64],
    scaled: NDArray[np.floating],
    trust: NDArray[np.floating],
    components: int,
) -> SpectralPCA:
    """Decomposition of spectra whose gaps are filled with the mean spectrum."""
    total = np.maximum(trust.sum(axis=0, dtype=np.float64), np.finfo(np.float32).tiny)
    mean = (trust * scaled).sum(axis=0, dtype=np.float64) / total
    covariance = np.zeros((mean.size, mean.size))
    for rows in _chunks(len(scaled)):
        centred = trust[rows] * (scaled[rows] - mean)
        covariance += centred.T @ centred
    covariance /= len(scaled) - 1
    variance, vectors = np.linalg.eigh(covariance)
    variance, vectors = variance[::-1][:components], vectors.T[::-1][:components]
    rest = np.maximum(np.diag(covariance) - variance @ vectors**2, 0.0)
    return SpectralPCA(wavelength, mean, vectors, np.maximum(variance, _LEAST_NOISE), np.sqrt(rest))


def _improve(
    pca: SpectralPCA, scaled: NDArray[np.floating], trust: NDArray[np.floating]
) -> tuple[SpectralPCA, NDArray[np.floating]]:
    """One round of expectation and maximisation, and the (N,) RMS of the reconstructions."""
    basis, prior = pca._basis(), np.diag(np.append(0.0, 1.0 / pca.variance))
    # What the components leave over is taken as the noise of a fully trusted pixel.
    noise = max(float((pca.scatter**2).mean()), _LEAST_NOISE)
    pixels, k = basis.shape[1], len(basis)
    packed, vector, squares = np.zeros((pixels, k * (k + 1) // 2)), np.zeros((pixels, k)), 0.0
    amplitudes, spread = np.zeros((len(scaled), k)), np.zeros((len(scaled), k, k))
    for rows in _chunks(len(scaled)):
        w, f = trust[rows].astype(np.float64), scaled[rows].astype(np.float64)
        inverse = np.linalg.inv(_quadratic(w / noise, basis) + prior)
        a = np.einsum("nkl,nl->nk", inverse, (w * f) @ basis.T / noise)
        packed += w.T @ (a[:, :, None] * a[:, None, :] + inverse)[:, *np.triu_indices(k)]
        vector += (w * f).T @ a
        squares = squares + (w * (f - a @ basis) ** 2).sum(axis=0)
        amplitudes[rows], spread[rows] = a, inverse
    total = trust.sum(axis=0, dtype=np.float64)
    # A pixel that no spectrum knows keeps what it had.
    seen: NDArray[np.bool_] = np.asarray(total > 0)
    basis[:, seen] = np.linalg.solve(_unpack(packed[seen], k), vector[seen][..., None])[..., 0].T
    scatter = np.where(seen, np.sqrt(squares / np.where(seen, total, 1.0)), pca.scatter)
    size = _rms(basis, amplitudes)
    # Spectra that are all noise know nothing of the population.
    certain: NDArray[np.bool_] = amplitudes[:, 0] > 3.0 * np.sqrt(spread[:, 0, 0])
    a = amplitudes[certain] / size[certain, None]
    middle = a.mean(axis=0)
    uncertain = (spread[certain] / size[certain, None, None] ** 2).sum(axis=0)
    covariance = ((a - middle).T @ (a - middle) + uncertain) / (len(a) - 1)
    variance, components = _principal(basis, covariance, len(pca.components))
    improved = SpectralPCA(pca.wavelength, middle @ basis, components, variance, scatter)
    return improved, size.astype(np.float32)


def _principal(
    basis: NDArray[np.float64], covariance: NDArray[np.float64], components: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Variances and orthonormal components of amplitudes of spectra that are not orthonormal."""
    q, r = np.linalg.qr(basis.T)
    variance, vectors = np.linalg.eigh(r @ covariance @ r.T)
    variance, vectors = variance[::-1][:components], (q @ vectors).T[::-1][:components]
    peak = np.abs(vectors).argmax(axis=1)
    sign = np.sign(vectors[np.arange(components), peak])[:, None]
    return np.maximum(variance, _LEAST_NOISE), vectors * sign


def _quadratic(weight: NDArray[np.float64], basis: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, K + 1, K + 1) products of all pairs of the basis under (n, L) weights."""
    i, j = np.triu_indices(len(basis))
    return _unpack(weight @ (basis[i] * basis[j]).T, len(basis))


def _unpack(packed: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """(n, k, k) symmetric matrices of their upper triangles."""
    i, j = np.triu_indices(k)
    matrix = np.empty((len(packed), k, k))
    matrix[:, i, j] = packed
    matrix[:, j, i] = packed
    return matrix


def _rms(basis: NDArray[np.float64], amplitudes: NDArray[np.floating]) -> NDArray[np.float64]:
    """(N,) RMS over pixels of combinations of a basis."""
    overlap = basis @ basis.T / basis.shape[1]
    squares = np.einsum("nk,kl,nl->n", amplitudes, overlap, amplitudes, optimize=True)
    return np.sqrt(np.maximum(squares, 0.0))


def _chunks(n: int) -> Iterator[slice]:
    """Slices of at most `_CHUNK` rows."""
    return (slice(i, min(i + _CHUNK, n)) for i in range(0, n, _CHUNK))
