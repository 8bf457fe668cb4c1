"""How many images a second become spectra with bands, and where the time goes.

    python benchmarks/spectra.py [--weights ENCODER.onnx] [--side 64] [--images 1024]
                                 [--samples 64] [--threads 2] [--repeats 5]

Images of discs in memory, in the bands and of the survey of the weights, go through
`picassso.painting.spectra.predict_spectra`: stamps, encoder, draws, decoder, equivalent widths,
breaks and ratios of every draw, and quantiles of all. Medians over the repeats are printed, of the
whole and of encoder and decoder alone: by the clock, and the time of cores that it took.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import picassso
from picassso.core import GalaxyImage, get_survey
from picassso.painting.spectra import SpectrumWeights, load_spectrum_weights, predict_spectra
from picassso.painting.spectra.stamp import cut_stamp


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, help="an encoder with its decoder.onnx beside it")
    parser.add_argument("--bands", default="ugriz", help="of the shipped weights")
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--images", type=int, default=1024)
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    weights = load_spectrum_weights(options.weights, bands=options.bands, threads=options.threads)
    images = [disc(weights, options.side, k) for k in range(options.images)]
    print(
        f"{weights.name}: {options.images} images of {options.side} x {options.side} pixels, "
        f"{options.samples} samples, {options.threads} threads of {os.cpu_count()} cores, load "
        f"{os.getloadavg()[0]:.1f}"
    )
    parts = {
        "images to spectra with bands": lambda: list(
            predict_spectra(images, weights, samples=options.samples)
        ),
        "encoder alone": encoder_of(images, weights),
        "decoder alone": decoder_of(options.images * options.samples, weights),
    }
    for name, run in parts.items():
        seconds, busy = (
            statistics.median(column)
            for column in zip(*(timed(run) for _ in range(options.repeats)), strict=True)
        )
        print(
            f"{name:<30} {seconds:7.3f} s   {options.images / seconds:8.0f} images/s   "
            f"{1e3 * busy / options.images:7.2f} ms of one core an image"
        )


def disc(weights: SpectrumWeights, side: int, number: int) -> GalaxyImage:
    """An exponential disc with the noise of the survey, each of its own size and brightness."""
    survey = get_survey(weights.survey)
    rng = np.random.default_rng(number)
    chosen = [survey.bands.index(b) for b in weights.bands]
    noise = np.array(survey.sky_noise, np.float32)[chosen]
    y, x = np.indices((side, side)) - 0.5 * (side - 1)
    light = 30 * np.exp(-np.hypot(x, y / rng.uniform(0.3, 1)) / (side * rng.uniform(0.03, 0.1)))
    colours = np.linspace(0.3, 1.5, len(chosen))[:, None, None]
    flux = light * colours + noise[:, None, None] * rng.standard_normal((len(chosen), side, side))
    return GalaxyImage(
        galaxy_id=f"disc {number}",
        view=0,
        survey=survey.name,
        bands=weights.bands,
        flux=flux.astype(np.float32),
        noise=noise,
        mask=np.zeros((side, side), bool),
        psf_fwhm=np.array(survey.psf_fwhm, np.float32)[chosen],
        pixel_scale=survey.pixel_scale,
        redshift=0.05,
    )


def encoder_of(images: list[GalaxyImage], weights: SpectrumWeights) -> Callable[[], object]:
    """The encoder on stamps that are cut already, 64 at once."""
    stamps = [cut_stamp(image, weights) for image in images]
    inputs = {
        "flux": np.stack([s.flux for s in stamps]),
        "noise": np.stack([s.noise for s in stamps]),
        "psf_fwhm": np.stack([s.psf_fwhm for s in stamps]),
        "redshift": np.array([[s.redshift] for s in stamps], np.float32),
        "pixel_scale": np.array([[s.pixel_scale] for s in stamps], np.float32),
    }
    session = weights.encoder.session
    wanted = {i.name for i in session.get_inputs()}

    def run() -> None:
        for start in range(0, len(stamps), 64):
            part = {k: v[start : start + 64] for k, v in inputs.items() if k in wanted}
            session.run(None, part)

    return run


def decoder_of(spectra: int, weights: SpectrumWeights) -> Callable[[], object]:
    """The decoder on as many latents as there are samples, 4096 at once."""
    rng = np.random.default_rng(0)
    latents = rng.standard_normal((4096, weights.latents), np.float32)
    residual = rng.standard_normal((4096, weights.residuals), np.float32)

    def run() -> None:
        for start in range(0, spectra, 4096):
            n = min(4096, spectra - start)
            weights.decoder.session.run(None, {"latents": latents[:n], "residual": residual[:n]})

    return run


def timed(run: Callable[[], object]) -> tuple[float, float]:
    """Seconds of one run, and those of all cores, with the threads of what ran before asleep.

    The second hardly depends on what else a machine does.
    """
    time.sleep(0.3)
    start, busy = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - start, time.process_time() - busy


if __name__ == "__main__":
    print(f"picassso {picassso.__version__}")
    main()
