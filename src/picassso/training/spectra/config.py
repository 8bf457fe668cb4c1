"""Configs of the two tasks of spectra."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from picassso.networks.spectra import registry
from picassso.training.config import LoopConfig, NoiseRange

__all__ = ["AutoencoderConfig", "SpectrumConfig"]


class AutoencoderConfig(LoopConfig):
    """Config of learning to encode spectra: an InfoVAE (Zhao et al. 2019, AAAI 33, 5885).

    Defaults of the loss are those of Portillo et al. 2020 (AJ 160, 45) where not said otherwise.
    Beside those of `LoopConfig`:

    Parameters
    ----------
    latents, widths, components, residuals, stellar_components
        See `picassso.networks.spectra.AutoencoderConfig`.
    alpha, divergence_weight : float
        The Kullback-Leibler divergence is weighted by ``1 - alpha``, the maximum mean discrepancy
        by ``alpha + divergence_weight - 1``; the second is the lambda of Zhao et al.
    kernel_width : float
        Of the discrepancy's kernel ``exp(-|x - y|^2 / (latents * kernel_width^2))``.
    target : str
        What must come back: ``"truth"``, the spectrum without noise, which only mocks can give, or
        ``"noisy"``, the one that went in, as in Portillo et al.
    weighting : str
        ``"observed"`` weighs each pixel by the inverse variance that it has, so that the posterior
        of the loss is that of the latents; ``"even"`` weighs all spectra as if observed at
        `reference_snr`, whatever their noise.
    reference_snr : float
        Median signal to noise a pixel.
    softening : float
        Part of the flux that is added to the error of every pixel in quadrature, so that no
        pixel outweighs all others.
    constancy : float
        Weight of the mean square of the way that noise and gaps move the latents, in units of
        the latents' prior.
    widen : bool
        Learn from spectra drawn around those of the galaxies, beside their own; see
        `picassso.observatory.spectra.widen`.
    versions : int
        So many spectra of each view, the first as it is.
    snr_range : pair of float
        Median signal to noise a pixel of an observed spectrum (69 km/s), drawn log-uniformly anew
        each time a spectrum is seen; see `picassso.observatory.spectra.inverse_variances`.
    redshift_range : pair of float
        Drawn uniformly, likewise: it decides which part of a spectrum is seen.
    gap : float
        Largest part of the pixels that is lost in gaps beside that.
    validation_spectra : int
        At most so many, evenly spaced.
    """

    task: ClassVar[str] = "spectrum-autoencoder"

    epochs: float = Field(90.0, gt=0)
    batch: int = Field(128, ge=1)
    learning_rate: float = Field(1e-3, gt=0)
    weight_decay: float = Field(0.0, ge=0)
    checkpoints: int = Field(18, ge=1)

    latents: int = Field(6, ge=1)
    widths: tuple[int, ...] = (549, 110)
    components: int = Field(30, ge=1)
    residuals: int = Field(20, ge=1)
    stellar_components: int = Field(10, ge=1)
    alpha: float = 0.0
    divergence_weight: float = Field(1000.0, ge=0)
    kernel_width: float = Field(1.0, gt=0)
    target: Literal["truth", "noisy"] = "truth"
    weighting: Literal["observed", "even"] = "observed"
    reference_snr: float = Field(20.0, gt=0)
    softening: float = Field(0.02, ge=0)
    constancy: float = Field(4.0, ge=0)
    widen: bool = True
    versions: int = Field(4, ge=1)
    snr_range: tuple[float, float] = (3.0, 35.0)
    redshift_range: tuple[float, float] = (0.01, 0.25)
    gap: float = Field(0.05, ge=0, lt=1)
    validation_spectra: int = Field(1000, ge=1)

    @model_validator(mode="after")
    def _fits_together(self) -> AutoencoderConfig:
        # Calibration holds the signal to noise of SDSS's spectra below about 45.
        for name, most in (("snr_range", 40.0), ("redshift_range", 1.0)):
            low, high = getattr(self, name)
            if not 0 < low <= high <= most:
                raise ValueError(
                    f"{name} is {low:g} to {high:g}, expected 0 < low <= high <= {most:g}"
                )
        if self.alpha > 1:
            raise ValueError(f"alpha is {self.alpha:g}, expected 1 or less")
        if self.alpha + self.divergence_weight < 1:
            raise ValueError("alpha + divergence_weight must be at least 1")
        return self

    def network(self) -> registry.AutoencoderConfig:
        """Config of the network."""
        return registry.AutoencoderConfig(
            latents=self.latents,
            widths=self.widths,
            components=self.components,
            residuals=self.residuals,
            stellar_components=self.stellar_components,
        )


class SpectrumConfig(LoopConfig):
    """Config of learning to predict the latents of spectra from images.

    Wu & Peek 2020 is ``stretch="linear", conditions=False, covariance=False, norm=False`` with
    one of the ``xresnet18`` backbones. Beside the parameters of `LoopConfig`:

    Parameters
    ----------
    backbone, norm, covariance, stretch, conditions, widths, blocks, hidden
        See `picassso.networks.spectra.EncoderConfig`. Without `covariance` the loss is the mean
        squared error, with it the negative log-likelihood.
    gaussians : int
        Of the mixture that is predicted: strong lines that an image hides make tails, and classes
        of their own, that one Gaussian cannot have. Without `covariance` there is one.
    bands : tuple of str
        Bands to train on, a subset of the stores' own; empty for all of them.
    grey : bool
        Take the colours away; see `picassso.training.views`.
    galaxies : int
        Train on so many galaxies, drawn by the seed; 0 for all.
    crop : int
        Side of the image around the fibre [pixels]; 0 for whole images.
    augment : bool
        Random rotations by 90 degrees and reflections (the group D4) about the fibre.
    fresh_noise : bool
        Draw the noise anew each time an image is seen; else once an image.
    noise_range : pair of float
        Factor on the noise level, drawn log-uniformly.
    validation_images : int
        At most so many images of the validation split, evenly spaced.
    """

    task: ClassVar[str] = "spectrum"

    batch: int = Field(64, ge=1)

    backbone: str = "compact"
    norm: bool = True
    covariance: bool = True
    gaussians: int = Field(1, ge=1)
    stretch: str = "asinh"
    conditions: bool = True
    widths: tuple[int, ...] = (24, 48, 96)
    blocks: tuple[int, ...] = (1, 2, 2)
    hidden: int = Field(192, ge=1)
    bands: tuple[str, ...] = ()
    grey: bool = False
    galaxies: int = Field(0, ge=0)
    crop: int = Field(64, ge=0)
    augment: bool = True
    fresh_noise: bool = True
    noise_range: NoiseRange = (0.5, 1.5)
    validation_images: int = Field(2000, ge=1)

    def network(self, bands: tuple[str, ...], latents: int) -> registry.EncoderConfig:
        """Config of the network for the bands of the data and the latents of the autoencoder."""
        return registry.EncoderConfig(
            backbone=self.backbone,
            bands=bands,
            latents=latents,
            norm=self.norm,
            covariance=self.covariance,
            gaussians=self.gaussians if self.covariance else 1,
            stretch=self.stretch,
            conditions=self.conditions,
            widths=self.widths,
            blocks=self.blocks,
            hidden=self.hidden,
        )
