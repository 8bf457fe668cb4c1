"""A linear model of spectra: what it says of pixels that are missing or drowned in noise."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["SpectralBasis", "solve_positive"]


class SpectralBasis(nn.Module):
    """Mean, principal components and what they leave, as buffers; it has no trainable parameter.

    A spectrum of norm one is modelled as ``x = mean + a C + r`` with Gaussian coefficients a of
    the population's variances and Gaussian residuals r of the population's variance in each pixel
    (factor analysis; Tipping & Bishop 1999, J. R. Stat. Soc. B 61, 611). The posterior mean of x
    given noisy pixels is the best linear guess of the whole spectrum. A missing pixel becomes the
    projection on the components, a well measured pixel stays as it is, and a noisy one lies
    between, by their variances.

    Parameters
    ----------
    wavelength : (L,) Tensor
        Angstrom, in vacuum, at rest.
    components : int
        Number K of principal components.
    """

    wavelength: Tensor
    mean: Tensor
    components: Tensor
    variance: Tensor
    residual_variance: Tensor

    def __init__(self, wavelength: Tensor, components: int) -> None:
        super().__init__()
        pixels = len(wavelength)
        self.register_buffer("wavelength", wavelength.to(torch.float64, copy=True))
        self.register_buffer("mean", torch.ones(pixels, dtype=torch.float64))
        self.register_buffer("components", torch.zeros(components, pixels, dtype=torch.float64))
        self.register_buffer("variance", torch.ones(components, dtype=torch.float64))
        self.register_buffer("residual_variance", torch.ones(pixels, dtype=torch.float64))

    def set(
        self, *, mean: Tensor, components: Tensor, variance: Tensor, residual_variance: Tensor
    ) -> None:
        """Take over what a principal component analysis of normalised spectra found.

        Parameters
        ----------
        mean : (L,) Tensor
            Of spectra whose root mean square is one.
        components : (K, L) Tensor
            Orthonormal or not.
        variance : (K,) Tensor
            Of the coefficients.
        residual_variance : (L,) Tensor
            Mean square of what the components leave in each pixel, noise excluded.
        """
        put(self, mean=mean, components=components, variance=variance)
        put(self, residual_variance=residual_variance.clamp_min(1e-10))

    def fill(self, flux: Tensor, weight: Tensor) -> Tensor:
        """Posterior mean of whole spectra.

        Parameters
        ----------
        flux : (N, L) Tensor
            Of spectra with a root mean square of about one; anything where `weight` is 0.
        weight : (N, L) Tensor
            Inverse variance of `flux`, 0 where nothing is known.

        Returns
        -------
        (N, L) Tensor
            Of the type of `flux`. A spectrum without any known pixel is the population's mean.
        """
        guess, trust = self._posterior(*_known(flux, weight))
        return (guess + trust).to(flux.dtype)

    def norm(self, flux: Tensor, weight: Tensor) -> Tensor:
        """Root mean square over all pixels of the projection of spectra in any unit.

        The norm of Portillo et al. 2020, there of a least-squares projection on principal
        components, divided by the root of the number of pixels. Here the projection knows the
        population's variances, so that it holds where a redshift leaves half of the pixels.

        Parameters
        ----------
        flux, weight : (N, L) Tensor
            And its inverse variance, 0 where nothing is known.

        Returns
        -------
        (N,) Tensor
            In the unit of `flux`; 0 where no pixel is known or the light is not positive.
        """
        scale, guess = self._scaled_posterior(*_known(flux, weight))
        return (scale * guess.square().mean(dim=1).sqrt()).to(flux.dtype)

    def project(self, flux: Tensor, weight: Tensor) -> Tensor:
        """Projection (N, L) of spectra in any unit, as for `norm`; 0 where that is 0."""
        scale, guess = self._scaled_posterior(*_known(flux, weight))
        return (scale[:, None] * guess).to(flux.dtype)

    def _scaled_posterior(self, x: Tensor, w: Tensor) -> tuple[Tensor, Tensor]:
        """Amplitude (N,), 0 where there is no light, and projection of spectra divided by it."""
        # The mean spectrum alone gives the first amplitude, from which two rounds correct.
        scale = _amplitude(x, w, self.mean[None])
        positive = scale > 0
        for _ in range(2):
            scale = torch.where(positive, scale, 1.0)
            guess, _ = self._posterior(x / scale[:, None], w * scale[:, None] ** 2)
            scale = _amplitude(x, w, guess)
            positive = positive & (scale > 0)
        return torch.where(positive, scale, 0.0), guess

    def _posterior(self, x: Tensor, w: Tensor) -> tuple[Tensor, Tensor]:
        """Projection, and what the pixels' own values add to it."""
        spread = self.variance.sqrt()[:, None] * self.components  # (K, L), unit prior
        trust = w / (1.0 + w * self.residual_variance)
        pairs = (spread[:, None] * spread).flatten(0, 1)  # (K K, L): one product for all spectra
        precision = (trust @ pairs.mT).reshape(-1, len(spread), len(spread))
        precision = precision + torch.eye(len(spread), dtype=x.dtype, device=x.device)
        excess = x - self.mean
        coefficients = solve_positive(precision, (trust * excess) @ spread.mT)
        guess = self.mean + coefficients @ spread
        return guess, trust * self.residual_variance * (x - guess)


def solve_positive(matrix: Tensor, vector: Tensor) -> Tensor:
    """Solve ``matrix @ x = vector``, also where it is exported.

    ONNX knows no solver. There the inverse comes from Newton's iteration ``X -> X (2 - A X)``
    (Schulz 1933), which doubles the digits at each step once it has any, after the diagonal has
    been scaled to one.

    Parameters
    ----------
    matrix : (N, K, K) Tensor
        Symmetric, positive definite.
    vector : (N, K) Tensor
        Right-hand sides.

    Returns
    -------
    (N, K) Tensor
        Solutions.
    """
    if torch.compiler.is_exporting():
        return newton_solve(matrix, vector)
    factor = torch.linalg.cholesky(matrix)
    return torch.cholesky_solve(vector[..., None], factor)[..., 0]


def newton_solve(matrix: Tensor, vector: Tensor, *, iterations: int = 30) -> Tensor:
    """As `solve_positive`, in products alone; right up to a condition of about 1e7."""
    scale = torch.diagonal(matrix, dim1=1, dim2=2).rsqrt()
    scaled = matrix * scale[:, :, None] * scale[:, None, :]
    twice = 2.0 * torch.eye(matrix.shape[1], dtype=matrix.dtype, device=matrix.device)
    inverse = 0.5 * twice / scaled.square().sum(dim=(1, 2), keepdim=True).sqrt()
    for _ in range(iterations):
        inverse = inverse @ (twice - scaled @ inverse)
    target = (vector * scale)[..., None]
    solution = inverse @ target
    for _ in range(2):  # what rounding has left of an ill-conditioned inverse
        solution = solution + inverse @ (target - scaled @ solution)
    return solution[..., 0] * scale


def put(module: nn.Module, **values: Tensor) -> None:
    """Set buffers, of the shape and type that they have."""
    for name, value in values.items():
        buffer = module.get_buffer(name)
        if buffer.shape != value.shape:
            raise ValueError(
                f"{name} has shape {tuple(value.shape)}, expected {tuple(buffer.shape)}"
            )
        buffer.copy_(value)


def _known(flux: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """In double precision, with zeros where nothing is known."""
    known = weight > 0
    zero = torch.zeros((), dtype=torch.float64, device=flux.device)
    return torch.where(known, flux.double(), zero), torch.where(known, weight.double(), zero)


def _amplitude(x: Tensor, w: Tensor, model: Tensor) -> Tensor:
    """Weighted least-squares amplitude of a model; 0 where nothing is known."""
    power = (w * model.square()).sum(dim=1)
    return (w * x * model).sum(dim=1) / torch.where(power > 0, power, 1.0)
