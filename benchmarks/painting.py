"""Painting speed: one 256 x 256 image in five bands, by the reference network and by ours.

    python benchmarks/painting.py [--side 256] [--threads 2] [--repeats 9]
                                  [--weights W.onnx]

`paper_unet` in eager torch, the shipped weights in torch and in ONNX Runtime, and `picassso.paint`
of an image in memory take turns on the same image, warm; then the whole commands `picassso paint`
(start-up, reading, painting, FITS, sheet) and `picassso --help` run in processes of their own.
Medians and ratios are printed. Take ratios, not seconds: they survive a busier machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from astropy.io import fits

import picassso
from picassso.core import GalaxyImage
from picassso.networks import build
from picassso.painting import load_weights, paint_image
from picassso.painting.prepare import prepare
from picassso.painting.run import make_runner

NOISE = np.array([0.316, 0.128, 0.199, 0.325, 1.334], np.float32)
COLOURS = np.array([0.25, 0.6, 1.0, 1.3, 1.5], np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--weights", type=Path, help="an .onnx with its .safetensors beside it")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    image = disc(options.side)
    print(
        f"{options.side} x {options.side} pixels, {options.threads} threads of "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, torch {torch.__version__}"
    )
    warm = take_turns(in_memory(image, options.weights, options.threads), options.repeats)
    report(warm, reference="paper_unet, eager torch")
    with tempfile.TemporaryDirectory() as folder:
        report(take_turns(commands(image, Path(folder)), min(options.repeats, 5)))


def disc(side: int) -> GalaxyImage:
    """An exponential disc with SDSS noise."""
    rng = np.random.default_rng(0)
    y, x = np.indices((side, side)) - side / 2
    light = 40 * np.exp(-np.hypot(x, y / 0.6) / (0.1 * side))
    flux = light * COLOURS[:, None, None] + NOISE[:, None, None] * rng.standard_normal(
        (5, side, side)
    )
    return GalaxyImage(
        galaxy_id="disc",
        view=0,
        survey="sdss",
        bands=("u", "g", "r", "i", "z"),
        flux=flux.astype(np.float32),
        noise=NOISE,
        mask=np.zeros((side, side), bool),
        psf_fwhm=np.array([1.47, 1.3, 1.05, 1.0, 1.15], np.float32),
        pixel_scale=0.396,
        redshift=0.05,
    )


def in_memory(
    image: GalaxyImage, path: Path | None, threads: int
) -> Mapping[str, Callable[[], object]]:
    """Contenders that paint one image, ready to go."""
    weights = load_weights(path, threads=threads)
    prepared = prepare(image, weights)
    onnx = make_runner(prepared, weights)
    paper = build("paper_unet").eval()
    inputs = [
        torch.from_numpy(prepared.flux[None]),
        torch.from_numpy(prepared.noise[None]),
        torch.from_numpy(prepared.psf_fwhm[None]),
        torch.tensor([[prepared.redshift]], dtype=torch.float32),
        torch.tensor([[prepared.kpc_per_pixel]], dtype=torch.float32),
    ]

    def reference() -> object:
        with torch.inference_mode():
            return paper(*inputs)

    return {
        "paper_unet, eager torch": reference,
        "compact weights, ONNX Runtime": lambda: onnx(prepared.flux),
        "compact weights, eager torch": twin(prepared, weights),
        "paint_image: conditions, maps, totals": lambda: paint_image(image, weights),
    }


def twin(prepared: object, weights: object) -> Callable[[], object]:
    """The shipped weights in torch."""
    run = make_runner(prepared, weights, engine="torch")  # type: ignore[arg-type]
    return lambda: run(prepared.flux)  # type: ignore[attr-defined]


def commands(image: GalaxyImage, folder: Path) -> Mapping[str, Callable[[], object]]:
    """Whole commands, start-up included."""
    header = fits.Header({"BANDS": "ugriz", "BUNIT": "nmgy arcsec-2", "REDSHIFT": 0.05})
    path = folder / "disc.fits"
    fits.PrimaryHDU(image.flux, header).writeto(path)
    start = [sys.executable, "-m", "picassso"]
    paint = [*start, "paint", str(path), "-o", str(folder / "painted"), "--overwrite"]

    def run(words: list[str]) -> Callable[[], object]:
        return lambda: subprocess.run(words, check=True, stdout=subprocess.DEVNULL)

    return {
        "picassso paint (whole command)": run(paint),
        "picassso --help": run([*start, "--help"]),
        "python -c 'import numpy'": run([sys.executable, "-c", "import numpy"]),
    }


def take_turns(
    contenders: Mapping[str, Callable[[], object]], repeats: int
) -> dict[str, list[float]]:
    """Seconds of each contender, one after the other, each warm: threads of the one before it
    have gone to sleep, and its own data are back in the caches.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(repeats):
        for name, run in contenders.items():
            time.sleep(0.3)  # idle threads of the one before spin for up to 0.2 s
            run()
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def report(seconds: Mapping[str, list[float]], *, reference: str | None = None) -> None:
    """Medians, best, and how many times faster than the reference."""
    print()
    for name, values in seconds.items():
        middle = statistics.median(values)
        line = f"{name:<40} median {middle * 1e3:8.1f} ms   best {min(values) * 1e3:8.1f} ms"
        if reference is not None:
            pairs = zip(seconds[reference], values, strict=True)
            line += f"   {statistics.median(a / b for a, b in pairs):6.1f} times"
        print(line)


if __name__ == "__main__":
    print(f"picassso {picassso.__version__}")
    main()
