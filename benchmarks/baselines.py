"""Classical baselines: how long they take, and how far their masses lie from the truth.

    python benchmarks/baselines.py survey.zarr --views 300

Times are medians over images of 256 x 256 pixels in five bands, all baselines in turns: one in
which every pixel is bright enough to be fitted alone, and one that fades into the noise of SDSS.
Residuals are of totals inside two half-mass radii of test views; the refitted relations see the
training split, and the validation split for their factor and intervals. With --sampler K, the full
posteriors of K pixels are compared with those of the grid, and nothing else is done: the brightest
one of every view, as many views.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from picassso.analysis import Protocol
from picassso.analysis.baselines import TRAINING_VIEWS, Baseline, SedGridFit, fit_posteriors
from picassso.analysis.baselines.composites import library
from picassso.archive import DatasetStore
from picassso.core import SDSS, GalaxyImage, usable_cores
from picassso.observatory import surface_brightness_factor
from picassso.studies.evaluation.comparison import BaselinePainter, compare_methods
from picassso.studies.evaluation.contenders import contenders

SIDE = 256
REDSHIFT = 0.05


def images(seed: int) -> dict[str, GalaxyImage]:
    """Discs of 256 x 256 pixels whose populations vary from place to place."""
    rng = np.random.default_rng(seed)
    light = library("sdss", REDSHIFT).light
    chosen = light[rng.integers(0, len(light), (SIDE, SIDE))]
    y, x = np.indices((SIDE, SIDE)) - SIDE / 2
    mass = 1e9 * np.exp(-np.hypot(x, y) / 40)
    flux = np.moveaxis(chosen * mass[..., None], 2, 0) * surface_brightness_factor(REDSHIFT)
    noise = np.array(SDSS.sky_noise, np.float32)
    deviates = rng.standard_normal(flux.shape).astype(np.float32) * noise[:, None, None]
    faint = GalaxyImage(
        galaxy_id="disc",
        view=0,
        survey="sdss",
        bands=SDSS.bands,
        flux=flux.astype(np.float32) + deviates,
        noise=noise,
        mask=np.zeros((SIDE, SIDE), bool),
        psf_fwhm=np.array(SDSS.psf_fwhm, np.float32),
        pixel_scale=SDSS.pixel_scale,
        redshift=REDSHIFT,
    )
    bright = replace(faint, flux=flux.astype(np.float32), noise=flux.min(axis=(1, 2)) / 10)
    return {
        "bright": replace(bright, noise=bright.noise.astype(np.float32)),
        "SDSS depth": faint,
    }


def print_times(baselines: Sequence[Baseline], *, repeats: int, seed: int) -> None:
    """Medians, the contenders in turns; the first round, which compiles, does not count."""
    seen = images(seed)
    seconds: dict[tuple[str, str], list[NDArray[np.float64]]] = {}
    for k in range(repeats + 1):
        for baseline in baselines:
            for what, image in seen.items():
                start = np.array([time.perf_counter(), time.process_time()])
                baseline.paint(image)
                taken = np.array([time.perf_counter(), time.process_time()]) - start
                if k:
                    seconds.setdefault((baseline.name, what), []).append(taken)
    print(f"{SIDE} x {SIDE} pixels, {usable_cores()} cores, median seconds of {repeats}: wall, CPU")
    for baseline in baselines:
        cells = [(w, *np.median(seconds[baseline.name, w], axis=0)) for w in seen]
        row = "  ".join(f"{w} {wall:7.3f} {cpu:7.3f}" for w, wall, cpu in cells)
        print(f"{baseline.name:62s} {row}")


def print_residuals(
    baselines: Sequence[Baseline], store: DatasetStore, *, views: int, seed: int
) -> None:
    """Statistics of log10(true / painted) of every property that each baseline makes."""
    rows = spread_rows(store, views)
    first, *others = baselines
    scores = compare_methods(BaselinePainter(first), others, store, rows, seed=seed, progress=True)
    galaxies = np.unique(store.table["galaxy_id"][rows])
    print(f"\n{store.path.name}: {len(rows)} test views, {len(galaxies)} galaxies, dex")
    print(f"{'':62s} {'median':>15s} {'sigma':>15s} {'robust':>15s} {'linear':>15s} coverage")
    for method in scores:
        for s in method.totals[Protocol.HONEST]:
            numbers = (s.median_bias, s.sigma, s.robust_sigma, s.linear_bias)
            row = " ".join(f"{n.value:+8.3f}+-{n.error:.3f}" for n in numbers)
            name = f"{method.method}: {s.property}"
            print(f"{name:62s} {row} {s.coverage.value:8.2f}")


def print_posteriors(store: DatasetStore, *, pixels: int, seed: int) -> None:
    """Medians of the sampled posteriors over those of the grid, in dex, and seconds a pixel."""
    grid, offsets, seconds, cpu = SedGridFit(posterior=True), [], [], []
    for row in spread_rows(store, pixels).tolist():
        image = store.observed(row, np.random.default_rng([seed, row]))
        light = (image.flux / image.sky_noise[:, None, None]).sum(axis=0)
        y, x = np.unravel_index(light.argmax(), light.shape)
        start = time.process_time()
        sampled = fit_posteriors(image, [(int(y), int(x))], seed=seed)
        cpu.append(time.process_time() - start)
        alone = replace(image, flux=image.flux[:, y : y + 1, x : x + 1], mask=image.mask[:1, :1])
        fitted = grid.paint(alone)
        width = np.log10(sampled.p84 / sampled.p16)[0] / 2
        offset = np.log10(sampled.p50[0] / fitted.p50[:, 0, 0])
        offsets.append((offset, width, np.log10(fitted.p84 / fitted.p16)[:, 0, 0] / 2))
        seconds.append(float(sampled.seconds[0]))
    taken = ", ".join(f"{s:.0f} ({c:.0f})" for s, c in zip(seconds, cpu, strict=True))
    print(f"sampled posteriors of {pixels} pixels, seconds of wall (CPU) time each: {taken}")
    print(f"{'':24s} median / grid's [dex]: all   half-width [dex]: sampled, grid (medians)")
    for k, name in enumerate(grid.properties):
        offset, width, of_grid = np.transpose([[o[k] for o in row] for row in offsets])
        cells = " ".join(f"{o:+.3f}" for o in offset)
        print(f"{name:24s} {cells}   {np.median(width):24.3f} {np.median(of_grid):5.3f}")


def spread_rows(store: DatasetStore, views: int) -> NDArray[np.int64]:
    """Rows of the test split, evenly spread."""
    rows = store.indices("test")
    return rows[np.unique(np.linspace(0, len(rows) - 1, views).round().astype(int))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("--views", type=int, default=300)
    parser.add_argument("--training-views", type=int, default=TRAINING_VIEWS)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--posterior", action="store_true", help="also of the fits, which is slow")
    parser.add_argument("--sampler", type=int, default=0, metavar="K", help="pixels; slow")
    options = parser.parse_args()
    store = DatasetStore.open(options.store)
    if options.sampler:
        print_posteriors(store, pixels=options.sampler, seed=options.seed)
        return
    found = contenders(store, limit=options.training_views, seed=options.seed)
    fitted = {b.learnt_from for b in found.baselines} - {(0, 0)}
    for training, validation in fitted:
        print(f"refitted to {training} training views, calibrated on {validation} validation views")
    for name, reason in found.left_out:
        print(f"left out: {name}: {reason}")
    slow = SedGridFit(posterior=True).name
    baselines = [b for b in found.baselines if options.posterior or b.name != slow]
    if not baselines:
        sys.exit(f"{store.path}: no baseline can paint its images")
    print_times(baselines, repeats=options.repeats, seed=options.seed)
    print_residuals(baselines, store, views=options.views, seed=options.seed)


if __name__ == "__main__":
    main()
