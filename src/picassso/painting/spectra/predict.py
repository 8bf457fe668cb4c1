"""Predict: from images to spectra with their posteriors."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from numbers import Integral

import numpy as np
from numpy.typing import NDArray

import picassso
from picassso.analysis.spectra.measured import (
    MEASURED,
    MEASURED_UNITS,
    class_shares,
    measure_samples,
)
from picassso.analysis.spectra.mixture import mixture_samples
from picassso.analysis.spectra.posterior import sample_quantiles
from picassso.core import FIBRE_DIAMETER, REST_GRID, GalaxyImage, InputError
from picassso.observatory.spectra.spectrograph import RESOLUTION_LIMITED_BY_GRID, grid_limited
from picassso.painting.spectra.predicted import QUANTILES, PredictedSpectrum
from picassso.painting.spectra.stamp import Position, Stamp, cut_stamp
from picassso.painting.spectra.weights import SpectrumWeights

__all__ = ["check_draws", "predict_spectra", "predict_spectrum", "sampled_spectra"]

_SPECTRA_AT_ONCE = 4096
"""Decoded together: 16 MB of them."""

_POSTERIOR = ("mean", "covariance", "log_weight", "means", "scale_trils")
"""Outputs of an encoder: mean and covariance, and the mixture of Gaussians that they are of."""

_FEWEST_SAMPLES = 16
_MEDIAN = QUANTILES.index(0.5)

_LIMITED = grid_limited(REST_GRID)
_LIMITED_WORDS = (
    f"the stellar models resolve less than SDSS's spectrographs outside "
    f"{REST_GRID[~_LIMITED][0]:.0f} to {REST_GRID[~_LIMITED][-1]:.0f} Angstrom at rest"
)


def predict_spectrum(
    image: GalaxyImage,
    weights: SpectrumWeights,
    *,
    position: Position | None = None,
    samples: int = 256,
    seed: int = 0,
) -> PredictedSpectrum:
    """Predict the spectrum that a fibre on an image would record.

    Parameters
    ----------
    image : GalaxyImage
        Of any size and shape.
    weights : SpectrumWeights
        Of `load_spectrum_weights`.
    position : (float, float) or SkyCoord, optional
        Of the fibre: pixels x and y from 0, or on the sky; default: the middle of the image.
    samples : int
        Draws from the posterior.
    seed : int
        Of the draws, which depend on nothing else but the galaxy's name and view.

    Raises
    ------
    InputError
        If the image cannot be used (see `cut_stamp`), fewer than 16 samples are asked for, or the
        seed is negative or no whole number.
    """
    check_draws(samples, seed)
    stamp = cut_stamp(image, weights, position=position)
    return next(_predict([image], [stamp], weights, samples=samples, seed=seed))


def predict_spectra(
    images: Iterable[GalaxyImage],
    weights: SpectrumWeights,
    *,
    samples: int = 64,
    seed: int = 0,
) -> Iterator[PredictedSpectrum | InputError]:
    """Predict spectra of many images in batches, with the fibre at the middle of each.

    Parameters
    ----------
    images : iterable of GalaxyImage
        May be more than memory holds.
    weights, samples, seed
        As for `predict_spectrum`, which gives the same numbers where `samples` is the same.

    Yields
    ------
    PredictedSpectrum or InputError
        One for each image, in their order: what is wrong with one does not stop the others.

    Raises
    ------
    InputError
        If samples or seed cannot be used (see `check_draws`).
    """
    check_draws(samples, seed)
    together = max(_SPECTRA_AT_ONCE // max(samples, 1), 1)
    for batch in _batches(images, together):
        stamps = [_stamp_or_error(image, weights) for image in batch]
        good = [(i, s) for i, s in zip(batch, stamps, strict=True) if isinstance(s, Stamp)]
        predicted = _predict(
            [i for i, _ in good], [s for _, s in good], weights, samples=samples, seed=seed
        )
        for stamp in stamps:
            yield stamp if isinstance(stamp, InputError) else next(predicted)


def sampled_spectra(predicted: PredictedSpectrum, weights: SpectrumWeights) -> NDArray[np.float32]:
    """(S, 1000) spectra of the draws of a prediction [1e-17 erg s^-1 cm^-2 Angstrom^-1].

    At rest. The bands of a predicted spectrum are the quantiles of these, stretched as calibration
    found; how pixels move together is in these alone.

    Parameters
    ----------
    predicted : PredictedSpectrum
        With its samples.
    weights : SpectrumWeights
        That it was predicted with.

    Raises
    ------
    InputError
        If there are no samples, or the decoder is another one.
    """
    if not len(predicted.latent_samples):
        raise InputError(
            f"{predicted.galaxy_id}: its samples were not saved; predict it again with "
            "--save-samples"
        )
    shapes = predicted.latent_samples.shape[1:] + predicted.residual_samples.shape[1:]
    same = predicted.provenance.get("decoder_fingerprint") == weights.decoder.fingerprint
    if not same or shapes != (weights.latents + 1, weights.residuals):
        raise InputError(
            f"{predicted.galaxy_id}: was predicted with another decoder than that of "
            f"{weights.path}; give the weights that it was made with"
        )
    draws = predicted.latent_samples[None], predicted.residual_samples[None]
    return _decode(*draws, weights)[0][0]


def check_draws(samples: int, seed: int) -> None:
    """Refuse a number of draws, or a seed of them, that cannot be used.

    Raises
    ------
    InputError
        If there are fewer than 16 samples, or the seed is negative or no whole number.
    """
    if samples < _FEWEST_SAMPLES:
        raise InputError(
            f"{samples} samples are too few for quantiles; ask for {_FEWEST_SAMPLES} or more"
        )
    if not isinstance(seed, Integral) or seed < 0:
        raise InputError(f"seed is {seed}; expected a whole number of 0 or more")


def _batches(images: Iterable[GalaxyImage], size: int) -> Iterator[list[GalaxyImage]]:
    batch = []
    for image in images:
        batch.append(image)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _stamp_or_error(image: GalaxyImage, weights: SpectrumWeights) -> Stamp | InputError:
    try:
        return cut_stamp(image, weights)
    except InputError as error:
        return error


def _predict(
    images: Sequence[GalaxyImage],
    stamps: Sequence[Stamp],
    weights: SpectrumWeights,
    *,
    samples: int,
    seed: int,
) -> Iterator[PredictedSpectrum]:
    """Predictions of one batch, in its order."""
    if not images:
        return
    mean, covariance, *mixture = _encode(stamps, weights)
    normal, residual, uniform = (
        np.stack(of)
        for of in zip(*(_draws(image, weights, samples, seed) for image in images), strict=True)
    )
    latents = mixture_samples(*mixture, normal=normal, uniform=uniform)
    flux, stars = _decode(latents, residual, weights)
    numbers = _recalibrated(measure_samples(REST_GRID, flux, stars), weights)
    posterior_mean = flux.mean(axis=1)
    flux_quantiles = sample_quantiles(flux, QUANTILES, axis=1)
    middle = flux_quantiles[_MEDIAN]
    flux_quantiles = middle + weights.flux_spread * (flux_quantiles - middle)
    shares = class_shares(numbers)
    number_quantiles = _number_quantiles(numbers)
    for k, (image, stamp) in enumerate(zip(images, stamps, strict=True)):
        yield PredictedSpectrum(
            galaxy_id=image.galaxy_id,
            view=image.view,
            redshift=image.redshift,
            frame="rest",
            wavelength=REST_GRID,
            quantiles=flux_quantiles[:, k],
            mean=posterior_mean[k],
            resolution_limited=_LIMITED,
            latent_mean=mean[k],
            latent_covariance=covariance[k],
            latent_samples=latents[k],
            residual_samples=residual[k],
            index_names=MEASURED,
            index_units=MEASURED_UNITS,
            index_samples=numbers[k],
            index_quantiles=number_quantiles[:, k],
            class_probabilities=shares[k],
            position=stamp.position,
            sky=_on_sky(image, stamp.position),
            flags=(*stamp.flags, RESOLUTION_LIMITED_BY_GRID),
            provenance=_provenance(image, stamp, weights, samples, seed),
        )


def _encode(stamps: Sequence[Stamp], weights: SpectrumWeights) -> tuple[NDArray[np.float32], ...]:
    """Posteriors of latents and log10 of the norm: the parts named `_POSTERIOR`."""
    session = weights.encoder.session
    given = {
        "flux": np.stack([s.flux for s in stamps]),
        "noise": np.stack([s.noise for s in stamps]),
        "psf_fwhm": np.stack([s.psf_fwhm for s in stamps]),
        "redshift": np.array([[s.redshift] for s in stamps], np.float32),
        "pixel_scale": np.array([[s.pixel_scale] for s in stamps], np.float32),
    }
    # An encoder without conditions does not list them among its inputs.
    wanted = {i.name for i in session.get_inputs()}
    return tuple(session.run(_POSTERIOR, {k: v for k, v in given.items() if k in wanted}))


def _draws(
    image: GalaxyImage, weights: SpectrumWeights, samples: int, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Random numbers of one galaxy, whichever others are predicted with it.

    Standard normal ones for latents with norm, (S, D), and for residuals, (S, R), and uniform ones
    (S,), which choose among Gaussians.
    """
    rng = np.random.default_rng([seed, zlib.crc32(image.galaxy_id.encode()), image.view])
    draws = rng.standard_normal((samples, weights.latents + 1 + weights.residuals), np.float32)
    uniform = rng.random(samples, np.float32)
    return draws[:, : weights.latents + 1], draws[:, weights.latents + 1 :], uniform


def _decode(
    latents: NDArray[np.float32], residual: NDArray[np.float32], weights: SpectrumWeights
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Flux and that of its stars, (N, S, 1000) each, of latents and log10 of the norm.

    Both in 1e-17 erg s^-1 cm^-2 Angstrom^-1.
    """
    images, samples, last = latents.shape
    rows = latents.reshape(-1, last)
    flux, stars = weights.decoder.session.run(
        ["spectra", "stars"],
        {
            "latents": np.ascontiguousarray(rows[:, :-1]),
            "residual": residual.reshape(images * samples, -1),
        },
    )
    norm = np.float32(10.0) ** rows[:, -1:]
    flux *= norm
    stars *= norm
    return flux.reshape(images, samples, -1), stars.reshape(images, samples, -1)


def _recalibrated(numbers: NDArray[np.float32], weights: SpectrumWeights) -> NDArray[np.float32]:
    """Numbers (N, S, K) where calibration found that they should be."""
    for k, name in enumerate(MEASURED):
        if name in weights.recalibration:
            numbers[..., k] = weights.recalibration[name].apply(numbers[..., k], axis=1)
    return numbers


def _number_quantiles(numbers: NDArray[np.float32]) -> NDArray[np.float32]:
    """Quantiles (5, N, K) of numbers (N, S, K) of which some samples may have none."""
    found = sample_quantiles(numbers, QUANTILES, axis=1)
    found[:, np.isnan(numbers).mean(axis=1) > 0.5] = np.nan
    return found


def _on_sky(image: GalaxyImage, position: tuple[float, float]) -> tuple[float, float] | None:
    """Right ascension and declination of a pixel [deg, ICRS], where the image knows its place."""
    if image.wcs is None or not image.wcs.has_celestial:
        return None
    sky = image.wcs.celestial.pixel_to_world(*position).icrs
    return float(sky.ra.deg), float(sky.dec.deg)


def _provenance(
    image: GalaxyImage, stamp: Stamp, weights: SpectrumWeights, samples: int, seed: int
) -> dict[str, str]:
    """Weights, conditions and assumptions."""
    about = weights.encoder.about
    return {
        "weights": weights.name,
        "weights_fingerprint": weights.encoder.fingerprint,
        "decoder_fingerprint": weights.decoder.fingerprint,
        "architecture": str(about.get("architecture", "unknown")),
        "data_fingerprint": str(about.get("data_fingerprint", "unknown")),
        "version": picassso.__version__,
        "survey": image.survey,
        "bands": "".join(weights.bands),
        "redshift": f"{image.redshift:.6g}",
        "pixel_scale_arcsec": f"{image.pixel_scale:.6g}",
        "psf_fwhm_arcsec": _listed(stamp.psf_fwhm),
        "noise_nanomaggy_per_arcsec2": _listed(stamp.noise),
        "ebv": f"{image.ebv:g}",
        "fibre_arcsec": f"{FIBRE_DIAMETER:g}",
        "position_pixels": f"{stamp.position[0]:.2f} {stamp.position[1]:.2f}",
        "samples": str(samples),
        "seed": str(seed),
        "assumptions": "\n".join((*image.assumptions, *stamp.warnings, _LIMITED_WORDS)),
    }


def _listed(values: NDArray[np.float32]) -> str:
    return " ".join(f"{v:.4g}" for v in values)
