"""Classical baselines: how long they take, and how far their masses lie from the truth.

    python benchmarks/baselines.py survey.zarr --views 300

Times are medians over images of 256 x 256 pixels in five bands, all baselines in turns: one in
which every pixel is bright enough to be fitted alone, and one that fades into the noise of SDSS.
Masses are totals inside two half-mass radii of test views; the refitted relations see the training
split.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from picassso.analysis import Prediction, residual_table, scored_ellipse, scored_region
from picassso.analysis.baselines import (
    RELATIONS,
    Baseline,
    MassToLight,
    SedGridFit,
    refit_mass_to_light,
    region_total,
)
from picassso.analysis.baselines.composites import library
from picassso.archive import DatasetStore
from picassso.core import SDSS, GalaxyImage, usable_cores
from picassso.observatory import surface_brightness_factor

SIDE = 256
REDSHIFT = 0.05


def contenders(store: DatasetStore, *, limit: int, seed: int, posterior: bool) -> list[Baseline]:
    """One relation a paper, its refit, and fits of the grid."""
    published = [r for name, r in RELATIONS.items() if name.endswith("g-i -> i")]
    found: list[Baseline] = [MassToLight(r, per) for r in published for per in ("pixel", "galaxy")]
    for quadratic in (False, True):
        for per in ("pixel", "galaxy"):
            found.append(
                refit_mass_to_light(
                    store,
                    bands=SDSS.bands if quadratic else ("g", "i"),
                    quadratic=quadratic,
                    per=per,
                    limit=limit,
                    seed=seed,
                )
            )
    found.append(SedGridFit())
    return [*found, SedGridFit(posterior=True)] if posterior else found


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


def print_times(baselines: list[Baseline], *, repeats: int, seed: int) -> None:
    """Medians, the contenders in turns; the first round, which compiles, does not count."""
    seen = images(seed)
    seconds: dict[tuple[str, str], list[float]] = {}
    for k in range(repeats + 1):
        for baseline in baselines:
            for what, image in seen.items():
                start = time.perf_counter()
                baseline.paint(image)
                taken = time.perf_counter() - start
                if k:
                    seconds.setdefault((baseline.name, what), []).append(taken)
    print(f"{SIDE} x {SIDE} pixels, {usable_cores()} cores, median seconds of {repeats}")
    for baseline in baselines:
        row = "  ".join(f"{w} {np.median(seconds[baseline.name, w]):7.3f}" for w in seen)
        print(f"{baseline.name:62s} {row}")


def print_residuals(
    baselines: list[Baseline], store: DatasetStore, *, views: int, seed: int
) -> None:
    """Statistics of log10(true / painted) of every property that each baseline makes."""
    rows = store.indices("test")
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, views).round().astype(int))]
    true: dict[str, list[float]] = {p: [] for p in SedGridFit().properties}
    painted: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    for row in rows.tolist():
        truth = store.truth(row)
        image = store.observed(row, np.random.default_rng([seed, row]))
        region = scored_region(scored_ellipse(truth), truth.shape)
        for name, totals in true.items():
            totals.append(float(truth[name][region].sum(dtype=np.float64) * truth.pixel_area))
        for baseline in baselines:
            maps = baseline.paint(image)
            for name in baseline.properties:
                painted.setdefault((baseline.name, name), []).append(
                    region_total(maps, name, region)
                )
    galaxies = store.table["galaxy_id"][rows]
    print(f"\n{store.path.name}: {len(rows)} test views, {len(np.unique(galaxies))} galaxies, dex")
    print(f"{'':62s} {'median':>15s} {'sigma':>15s} {'robust':>15s} {'linear':>15s} coverage")
    for (method, name), totals in painted.items():
        (s,) = residual_table(
            {name: true[name]},
            {name: Prediction(*np.transpose(totals))},
            galaxy_id=galaxies,
            seed=seed,
        )
        numbers = (s.median_bias, s.sigma, s.robust_sigma, s.linear_bias)
        row = " ".join(f"{n.value:+8.3f}+-{n.error:.3f}" for n in numbers)
        print(f"{method + ': ' + name:62s} {row} {s.coverage.value:8.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("--views", type=int, default=300)
    parser.add_argument("--training-views", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--posterior", action="store_true", help="also of the fits, which is slow")
    options = parser.parse_args()
    store = DatasetStore.open(options.store)
    baselines = contenders(
        store, limit=options.training_views, seed=options.seed, posterior=options.posterior
    )
    print_times(baselines, repeats=options.repeats, seed=options.seed)
    print_residuals(baselines, store, views=options.views, seed=options.seed)


if __name__ == "__main__":
    main()
