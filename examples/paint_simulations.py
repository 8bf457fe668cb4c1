"""Paint mocks of real simulated galaxies, which the weights never saw, and compare with the truth.

Reads the Illustris stars (``illustris_particles/*_stars.hdf5``) and the CAMELS subhalos
(``camels/snap.hdf5``) of a data folder, observes each galaxy face-on (along z where there
are no velocities) and from one random side, in both framings, and paints it. Example::

    python examples/paint_simulations.py DATA -o simulations

It writes a sheet a view (truth, prediction, residual), ``totals.csv`` (every total), and
``simulations.md`` (the totals of the ellipse, and bias and scatter of each property). Galaxies of
fewer than 200 stars or below log M* = 9.5 are listed, not judged.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tabular import markdown, write_csv, write_text

from picassso.analysis.apertures import Ellipse, half_mass_ellipse
from picassso.core import PROPERTIES, SDSS, InputError, Maps, Particles, PicasssoError
from picassso.figures import comparison_sheet, save_figure
from picassso.observatory import Observation, PaperFraming, SurveyFraming, add_noise, observe
from picassso.painting import Weights, load_weights, paint_image
from picassso.painting.totals import APERTURE_REGION, painted_totals
from picassso.universe import read_particles

LEAST_STARS = 200
LEAST_LOG_MASS = 9.5
VIEWS = (0, 2)
FRAMINGS = (
    SurveyFraming(
        pixels=160, redshift_range=(0.03, 0.03), depth_range=(1.0, 1.0), largest_offset=0.0
    ),
    PaperFraming(),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A true total of the property `name` and the painted one, of one view and region."""

    galaxy: str
    framing: str
    camera: str
    region: str
    name: str
    unit: str
    true: float
    p16: float
    p50: float
    p84: float

    @property
    def detected(self) -> bool:
        """Whether the truth reaches the floor, so that a logarithm means something."""
        return self.true >= PROPERTIES[self.name].total_floor

    @property
    def residual(self) -> float:
        """log10(true / painted median) [dex]; NaN where the truth lies below the floor."""
        return float(np.log10(self.true / self.p50)) if self.detected else float("nan")

    @property
    def inside(self) -> bool:
        """Whether the 68% interval holds the truth."""
        return self.p16 <= self.true <= self.p84


def main() -> int:
    """Observe, paint, compare; exit code 0, or 2 after one clear message."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder that holds illustris_particles and camels")
    parser.add_argument("-o", "--output", type=Path, default=Path("simulations"))
    parser.add_argument("--weights", type=Path, help="default: those that ship")
    parser.add_argument("--seed", type=int, default=0, help="of cameras, seeing, dust and noise")
    given = parser.parse_args()
    try:
        run(given.data, weights=given.weights, folder=given.output, seed=given.seed)
    except PicasssoError as error:
        print(f"paint_simulations: {error}", file=sys.stderr)
        return 2
    return 0


def run(data: Path, *, weights: Path | None, folder: Path, seed: int) -> list[Row]:
    """Paint all galaxies of the data folder and write sheets and tables.

    Raises
    ------
    InputError
        If the folder holds no particles, or the weights cannot be used.
    """
    loaded = load_weights(weights)
    rows: list[Row] = []
    about: list[dict[str, str]] = []
    for particles in galaxies(data):
        too_small = why_not_judged(particles)
        about.append(described(particles, too_small))
        if not too_small:
            rows += compare(particles, loaded, folder=folder, seed=seed)
        print(f"{particles.galaxy_id}: {too_small or 'painted'}")
    write_csv(folder / "totals.csv", [line(row) for row in rows])
    write_text(folder / "simulations.md", report(about, rows, loaded))
    print(f"written: {folder / 'simulations.md'}, {folder / 'totals.csv'} and sheets beside them")
    return rows


def galaxies(data: Path) -> Iterator[Particles]:
    """Galaxies with stars: the Illustris cutouts one by one, then those of CAMELS."""
    files = sorted((data / "illustris_particles").glob("*_stars.hdf5"))
    files += sorted((data / "camels").glob("snap.hdf5"))
    if not files:
        raise InputError(
            f"{data}: no illustris_particles/*_stars.hdf5 and no camels/snap.hdf5 there; give the "
            "folder that holds them"
        )
    for path in files:
        for particles in read_particles(path, min_stars=1):
            name = path.parent.name.split("_")[0] + "_" + particles.galaxy_id.removeprefix("snap-")
            yield replace(particles, galaxy_id=name.replace("subhalo_", "").removesuffix("_stars"))


def why_not_judged(particles: Particles) -> str:
    """Why a galaxy is too small to judge anything by; empty if it is not."""
    assert particles.stars is not None
    if len(particles.stars) < LEAST_STARS:
        return f"too small: {len(particles.stars)} stars, fewer than {LEAST_STARS}"
    if log_mass(particles) < LEAST_LOG_MASS:
        return f"too small: log M* = {log_mass(particles):.2f}, below {LEAST_LOG_MASS}"
    return ""


def log_mass(particles: Particles) -> float:
    """log10 of the stellar mass [Msun]."""
    assert particles.stars is not None
    return float(np.log10(particles.stars.mass.sum(dtype=np.float64)))


def described(particles: Particles, too_small: str) -> dict[str, str]:
    """What a galaxy is, and what its snapshot lacks."""
    assert particles.stars is not None
    return {
        "galaxy": particles.galaxy_id,
        "stars": f"{len(particles.stars)}",
        "log M*": f"{log_mass(particles):.2f}",
        "ages of stars [Gyr]: 10, 50, 90% of mass": ages(particles),
        "gas cells": "absent" if particles.gas is None else f"{len(particles.gas)}",
        "absent maps": ", ".join(sorted(particles.absent)) or "none",
        "flags": ", ".join(particles.flags) or "none",
        "judged": too_small or "yes",
    }


def ages(particles: Particles) -> str:
    """Ages that a tenth, half and nine tenths of the stellar mass stay below."""
    assert particles.stars is not None
    order = np.argsort(particles.stars.age)
    share = np.cumsum(particles.stars.mass[order], dtype=np.float64)
    found = np.interp([0.1, 0.5, 0.9], share / share[-1], particles.stars.age[order])
    return ", ".join(f"{age:.1f}" for age in found)


def compare(particles: Particles, weights: Weights, *, folder: Path, seed: int) -> list[Row]:
    """Observe one galaxy in all framings and views, paint it, draw it and tabulate its totals."""
    rows: list[Row] = []
    for framing in FRAMINGS:
        views = observe(particles, framing=framing, survey=SDSS, seed=seed, views=VIEWS)
        for view in views:
            rng = np.random.default_rng([seed, view.image.view])
            camera = camera_of(particles, view)
            name = f"{particles.galaxy_id}_{framing.name}_{camera}"
            image = replace(add_noise(view.image, rng), galaxy_id=name)
            painted = paint_image(image, weights)
            save_figure(comparison_sheet(image, view.maps, painted), folder / f"{name}.png")
            words = (particles.galaxy_id, framing.name, camera)
            rows += totals(words, view.maps, painted, weights)
    return rows


def camera_of(particles: Particles, view: Observation) -> str:
    """Name of a view; without velocities there is no spin, and face-on is along the z axis."""
    spinless = "velocity_missing" in particles.flags
    return "along_z" if spinless and view.camera == "face_on" else view.camera


def totals(words: tuple[str, str, str], truth: Maps, painted: Maps, weights: Weights) -> list[Row]:
    """Totals of every map that the snapshot holds, over the frame and the true ellipse."""
    ellipse = aperture(truth)
    inside = None if ellipse is None else ellipse.mask(truth.shape, scale=2.0)
    rows = []
    for total in painted_totals(painted, weights, ellipse):
        if total.property not in truth.properties or np.isnan(truth[total.property]).all():
            continue
        true = truth.total(total.property, inside if total.region == APERTURE_REGION else None)
        quantiles = (total.p16, total.p50, total.p84)
        rows.append(Row(*words, total.region, total.property, total.unit, true, *quantiles))
    return rows


def aperture(truth: Maps) -> Ellipse | None:
    """Ellipse of the true stellar mass whose double fits into the frame, or None."""
    ellipse = half_mass_ellipse(truth["stellar_mass"])
    return ellipse if ellipse.fits(truth.shape, scale=2.0) else None


def line(row: Row) -> dict[str, object]:
    """A row of the CSV."""
    return {
        "galaxy": row.galaxy,
        "framing": row.framing,
        "camera": row.camera,
        "region": row.region,
        "property": row.name,
        "unit": row.unit,
        "true": f"{row.true:.5g}",
        "painted_p16": f"{row.p16:.5g}",
        "painted_p50": f"{row.p50:.5g}",
        "painted_p84": f"{row.p84:.5g}",
        "log10_true_over_painted": f"{row.residual:.3f}",
        "detected": int(row.detected),
        "inside": int(row.inside),
    }


def summary(rows: Sequence[Row]) -> list[dict[str, str]]:
    """Bias and scatter of each property in each framing, over views whose truth is detected."""
    lines = []
    for framing in dict.fromkeys(r.framing for r in rows):
        for name in PROPERTIES:
            chosen = [r for r in rows if (r.framing, r.name) == (framing, name)]
            seen = [r for r in chosen if r.detected]
            if not chosen:
                continue
            residual = np.array([r.residual for r in seen])
            below = [r for r in chosen if not r.detected]
            false = sum(r.p50 >= PROPERTIES[name].total_floor for r in below)
            several = len({r.galaxy for r in seen}) > 2  # views of one galaxy tell no scatter
            lines.append(
                {
                    "framing": framing,
                    "property": name,
                    "bias": f"{np.median(residual):+.3f}" if seen else "–",
                    "scatter": f"{residual.std(ddof=1):.3f}" if several else "–",
                    "inside 68%": f"{sum(r.inside for r in seen)} of {len(seen)}",
                    "galaxies, views": f"{len({r.galaxy for r in seen})}, {len(seen)}",
                    "below the floor": f"{len(below)} ({false} painted above it)" if below else "0",
                }
            )
    return lines


def report(about: list[dict[str, str]], rows: Sequence[Row], weights: Weights) -> str:
    """The Markdown page: summary, every total in the ellipse, the galaxies."""
    ellipse = [r for r in rows if r.region == APERTURE_REGION]
    frame = [r for r in rows if r.region != APERTURE_REGION]
    each = [
        {
            "galaxy": r.galaxy,
            "framing": r.framing,
            "camera": r.camera,
            "property": r.name,
            "true": f"{r.true:.3g}",
            "painted": f"{r.p50:.3g}",
            "68% interval": f"{r.p16:.3g} to {r.p84:.3g}",
            "log10(true/painted)": f"{r.residual:+.2f}" if r.detected else "below the floor",
            "inside": "yes" if r.inside else "no",
        }
        for r in ellipse
    ]
    return "\n".join(
        [
            f"Weights {weights.name} ({weights.fingerprint}). Bias is the median, scatter the "
            "standard deviation of log10(true / painted median) in dex, over views whose truth "
            "reaches the floor.\n",
            "### Inside two half-mass radii of the true stellar mass\n",
            markdown(summary(ellipse)),
            "### Over the frame\n",
            markdown(summary(frame)),
            "### The galaxies\n",
            markdown(about),
            "### Every total inside two half-mass radii\n",
            markdown(each),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
