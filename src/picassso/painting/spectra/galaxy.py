"""Spectrum: from an image, however it is given, to a spectrum with its posterior."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from picassso.painting.opening import ImageLike, open_image
from picassso.painting.spectra.predict import predict_spectrum
from picassso.painting.spectra.predicted import PredictedSpectrum
from picassso.painting.spectra.stamp import Position
from picassso.painting.spectra.weights import SpectrumWeights, load_spectrum_weights

__all__ = ["spectrum"]


def spectrum(
    image: ImageLike,
    *,
    redshift: float | None = None,
    survey: str = "sdss",
    bands: str | Sequence[str] | None = None,
    weights: str | Path | SpectrumWeights | None = None,
    pixel_scale: float | None = None,
    psf_fwhm: float | Sequence[float] | None = None,
    ebv: float = 0.0,
    position: Position | None = None,
    samples: int = 256,
    seed: int = 0,
) -> PredictedSpectrum:
    """Predict the spectrum of one galaxy from its image.

    Parameters
    ----------
    image : path, sequence of paths, GalaxyImage or array
        One galaxy, as `picassso.painting.paint` takes it.
    redshift, survey, bands, pixel_scale, psf_fwhm, ebv
        As of `picassso.painting.paint`.
    weights : path or SpectrumWeights, optional
        Default: those shipped for the bands of the image.
    position : (float, float) or SkyCoord, optional
        Of the fibre: pixels x and y from 0, or on the sky; default: the middle of the image.
    samples, seed : int
        Draws from the posterior, and their seed.

    Raises
    ------
    InputError
        If the image or the weights cannot be used; the message says what to do.
    """
    opened = open_image(
        image,
        survey=survey,
        bands=bands,
        redshift=redshift,
        pixel_scale=pixel_scale,
        psf_fwhm=psf_fwhm,
        ebv=ebv,
    )
    if not isinstance(weights, SpectrumWeights):
        weights = load_spectrum_weights(weights, bands=opened.bands)
    return predict_spectrum(opened, weights, position=position, samples=samples, seed=seed)
