"""Paint real SDSS galaxies: two well-known images, and faint galaxies cut out of a survey field.

Reads ``sdss_galaxies/*.fits`` and ``sdss_frame/frame-*`` of a data folder. Galaxies of the field
are found in the r band, right of the globular cluster M2: sources larger than the PSF, of one peak
and not saturated, the brightest first; whatever else lies in their cutout is masked. Example::

    python examples/paint_sdss.py DATA -o sdss

It writes a sheet a galaxy and ``sdss.md`` and ``sdss.csv`` with its totals inside two half-mass
radii of the painted stellar mass.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from tabular import markdown, write_csv, write_text

from picassso.archive import read_image, write_maps
from picassso.core import DEFAULT_COSMOLOGY, GalaxyImage, InputError, Maps, PicasssoError, Total
from picassso.figures import painting_sheet, save_figure
from picassso.painting import Weights, load_weights, paint_image
from picassso.painting.aperture import painted_ellipse
from picassso.painting.totals import APERTURE_REGION, FRAME_REGION

FIELD_LEFT = 1300
"""Columns below this one are full of the cluster's stars."""

FIELD_REDSHIFT = 0.1
"""Assumed: the median of the SDSS main galaxy sample (Strauss et al. 2002)."""

FIELD_EBV = 0.06
"""Towards M2 (Harris 1996, edition of 2010)."""

SMOOTHING = 1.2
"""Gaussian sigma for detection, about that of the seeing [pixels]."""

CUTOUT = 128
"""Side of a cutout [pixels]."""

EDGE = 40
"""Sources nearer to the edge of the field than this are left out [pixels]."""

SATURATION_FLUX = 400.0
"""Brighter sources may be saturated: r = 16 [nanomaggy]."""

LITERATURE = {"NGC4261": "11.4 to 11.6, old, log sSFR below -11"}
"""What is known of the galaxies."""

COLUMNS = {
    "stellar_age": "mean age [Gyr]",
    "stellar_metallicity": "stellar metallicity (solar: 0.02)",
    "star_formation_rate": "SFR [Msun/yr]",
    "specific_star_formation_rate": "sSFR [1/yr]",
    "gas_fraction": "gas / stellar mass",
}


@dataclass(frozen=True, slots=True)
class Source:
    """An extended source of the field: centre [pixel] and flux [nanomaggy] in r."""

    x: float
    y: float
    flux: float
    label: int


def main() -> int:
    """Find, paint, draw, tabulate; exit code 0, or 2 after one clear message."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder that holds sdss_galaxies and sdss_frame")
    parser.add_argument("-o", "--output", type=Path, default=Path("sdss"))
    parser.add_argument("--weights", type=Path, help="default: those that ship")
    parser.add_argument("--faint", type=int, default=4, help="galaxies to cut out of the field")
    given = parser.parse_args()
    try:
        run(given.data, weights=given.weights, folder=given.output, faint=given.faint)
    except PicasssoError as error:
        print(f"paint_sdss: {error}", file=sys.stderr)
        return 2
    return 0


def run(data: Path, *, weights: Path | None, folder: Path, faint: int) -> list[Maps]:
    """Paint all galaxies and write their maps, sheets and the tables.

    Raises
    ------
    InputError
        If there are no images, or the weights cannot be used.
    """
    loaded = load_weights(weights)
    images: list[GalaxyImage] = []
    painted: list[Maps] = []
    for image in (*bright_galaxies(data), *faint_galaxies(data, faint)):
        maps = paint_image(image, loaded)
        save_figure(painting_sheet(image, maps), folder / f"{image.galaxy_id}.png")
        write_maps(maps, folder / f"{image.galaxy_id}.fits", overwrite=True)
        images.append(image)
        painted.append(maps)
        print(f"{image.galaxy_id}: painted")
    write_csv(folder / "sdss.csv", [line(m, t) for m in painted for t in m.totals])
    write_text(folder / "sdss.md", report(images, painted, loaded))
    print(f"written: {folder / 'sdss.md'}, {folder / 'sdss.csv'}, sheets and maps beside them")
    return painted


def bright_galaxies(data: Path) -> Iterator[GalaxyImage]:
    """The galaxies that have files of their own."""
    files = sorted((data / "sdss_galaxies").glob("*_ugriz_nMgy.fits"))
    if not files:
        raise InputError(f"{data / 'sdss_galaxies'}: no *_ugriz_nMgy.fits there")
    for path in files:
        yield replace(read_image(path), galaxy_id=path.name.removesuffix("_ugriz_nMgy.fits"))


def faint_galaxies(data: Path, number: int) -> Iterator[GalaxyImage]:
    """Cutouts of the brightest extended sources of the field, all else in them masked."""
    if number < 1:
        return
    files = sorted((data / "sdss_frame").glob("frame-*.fits.bz2"))
    in_r = [f for f in files if f.name.startswith("frame-r")]
    if not in_r:
        raise InputError(f"{data / 'sdss_frame'}: no frame-r-*.fits.bz2 there")
    field = read_image(in_r, redshift=FIELD_REDSHIFT, region=(FIELD_LEFT, 2048, 0, 1489))
    sources, labels = extended_sources(field)
    for k, source in enumerate(sources[:number], start=1):
        x0, x1, y0, y1 = box(source, field.shape)
        region = (x0 + FIELD_LEFT, x1 + FIELD_LEFT, y0, y1)
        image = read_image(files, redshift=FIELD_REDSHIFT, ebv=FIELD_EBV, region=region)
        others = neighbours(labels[y0:y1, x0:x1], source.label, image)
        said = (f"redshift {FIELD_REDSHIFT:g} is assumed, for want of one", *image.assumptions)
        yield replace(
            image,
            galaxy_id=f"field_{k}_x{source.x + FIELD_LEFT:.0f}_y{source.y:.0f}",
            mask=image.mask | others,
            flux=np.where(others, np.float32(0.0), image.flux),
            assumptions=said,
        )


def extended_sources(field: GalaxyImage) -> tuple[list[Source], NDArray[np.int32]]:
    """Galaxies of a field of one band, brightest first, and the map of all detected sources.

    Detected are 12 connected pixels above 3 sigma of a pixel, in the smoothed field. Stars set the
    scale: the median share of the flux that falls into the brightest pixel, over the brighter
    half of the unsaturated sources. A galaxy has less than half of it, and a single peak: pairs of
    stars have two.
    """
    flux = field.flux[0].astype(np.float64)
    smooth = ndimage.gaussian_filter(flux, SMOOTHING)
    labels, count = ndimage.label(smooth > 3.0 * float(field.sky_noise[0]), np.ones((3, 3)))
    every = np.arange(1, count + 1)
    total = ndimage.sum_labels(flux, labels, every) * field.pixel_scale**2
    share = ndimage.maximum(flux, labels, every) * field.pixel_scale**2 / total
    size = ndimage.sum_labels(np.ones_like(flux), labels, every)
    usable = (total > 0) & (total < SATURATION_FLUX) & (size >= 12)
    if not usable.any():
        return [], labels
    of_stars = float(np.median(share[usable & (total >= np.median(total[usable]))]))
    sources = []
    for i in np.flatnonzero(usable & (share < 0.5 * of_stars)):
        inside = labels == every[i]
        y, x = ndimage.center_of_mass(np.where(inside, flux, 0.0))
        inner = all(EDGE < c < n - EDGE for c, n in zip((y, x), field.shape, strict=True))
        if inner and peaks(smooth, inside) == 1:
            sources.append(Source(float(x), float(y), float(total[i]), int(every[i])))
    return sorted(sources, key=lambda s: -s.flux), labels


def peaks(smooth: NDArray[np.float64], inside: NDArray[np.bool_]) -> int:
    """Local maxima of a source that are at least half as bright as its brightest one."""
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    here = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    values = np.where(inside[here], smooth[here], 0.0)
    tops = (values == ndimage.maximum_filter(values, size=5)) & (values >= 0.5 * values.max())
    return int(tops.sum())


def box(source: Source, shape: tuple[int, int]) -> tuple[int, int, int, int]:
    """x0, x1, y0, y1 of the cutout around a source, clipped to the field."""
    x0, y0 = round(source.x) - CUTOUT // 2, round(source.y) - CUTOUT // 2
    return max(x0, 0), min(x0 + CUTOUT, shape[1]), max(y0, 0), min(y0 + CUTOUT, shape[0])


def neighbours(labels: NDArray[np.int32], own: int, image: GalaxyImage) -> NDArray[np.bool_]:
    """Pixels of other sources of a cutout, with a rim of three pixels for their wings.

    Beside the detected ones these are fainter spots, of 1 sigma of a pixel in the smoothed r
    band, unless they touch the galaxy; never a pixel of the galaxy itself.
    """
    r = image.bands.index("r")
    smooth = ndimage.gaussian_filter(image.flux[r].astype(np.float64), SMOOTHING)
    spots, _ = ndimage.label(smooth > float(image.sky_noise[r]), np.ones((3, 3)))
    galaxy = labels == own
    apart = (spots != 0) & ~np.isin(spots, spots[galaxy])
    others = (labels != 0) & ~galaxy
    return ndimage.binary_dilation(apart | others, iterations=3) & ~galaxy


def inside_two_radii(maps: Maps) -> dict[str, Total]:
    """Totals inside two half-mass radii, by property; empty where there is no such aperture."""
    return {t.property: t for t in maps.totals if t.region == APERTURE_REGION}


def cell(total: Total | None) -> str:
    """Median and 68% interval."""
    if total is None:
        return "–"
    return f"{total.p50:.3g} ({total.p16:.3g} to {total.p84:.3g})"


def line(maps: Maps, total: Total) -> dict[str, object]:
    """A row of the CSV."""
    return {
        "galaxy": maps.galaxy_id,
        "redshift": maps.provenance["redshift"],
        "region": total.region,
        "property": total.property,
        "unit": total.unit,
        "p16": f"{total.p16:.5g}",
        "p50": f"{total.p50:.5g}",
        "p84": f"{total.p84:.5g}",
    }


def noted(image: GalaxyImage, maps: Maps) -> str:
    """What had to be assumed, and how much of the frame was masked."""
    words = [
        f"{100 * image.mask.mean():.0f}% of the frame masked",
        *maps.flags,
        *maps.provenance["assumptions"].splitlines(),
    ]
    return f"- **{image.galaxy_id}**: " + "; ".join(words)


def colour_mass(image: GalaxyImage, region: NDArray[np.bool_]) -> float:
    """log10 of the stellar mass of a region by Taylor et al. (2011): a rough yardstick.

    log10(M / L_i) = -0.68 + 0.70 (g - i), as read from public code; Chabrier IMF; without
    k-correction; the Sun has M_i = 4.53 (Willmer 2018). NaN where the region holds no light.
    """
    g, i = (
        float(image.flux[image.bands.index(b)][region].sum(dtype=np.float64)) * image.pixel_scale**2
        for b in "gi"
    )
    if min(g, i) <= 0:
        return float("nan")
    distance = DEFAULT_COSMOLOGY.luminosity_distance(image.redshift)
    absolute = 22.5 - 2.5 * np.log10(i) - 5 * np.log10(distance * 1e5)
    return float(-0.68 + 0.70 * 2.5 * np.log10(i / g) - 0.4 * (absolute - 4.53))


def inside_row(image: GalaxyImage, maps: Maps) -> dict[str, str]:
    """A row of the table of apertures."""
    totals = inside_two_radii(maps)
    cells = {heading: cell(totals.get(name)) for name, heading in COLUMNS.items()}
    row = {"galaxy": maps.galaxy_id, "z": maps.provenance["redshift"], "log M*": "–"} | cells
    ellipse = painted_ellipse(maps)
    row["log M* of Taylor et al. (2011)"] = "–"
    if ellipse is not None:
        region = ellipse.mask(maps.shape, scale=2.0) & ~image.mask
        row["log M*"] = logarithm(totals["stellar_mass"])
        row["log M* of Taylor et al. (2011)"] = f"{colour_mass(image, region):.2f}"
    return row


def logarithm(total: Total) -> str:
    """log10 of the median and 68% interval."""
    low, middle, high = (np.log10(v) for v in (total.p16, total.p50, total.p84))
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def frame_row(maps: Maps) -> dict[str, str]:
    """A row of the table of whole frames."""
    totals = {t.property: t for t in maps.totals if t.region == FRAME_REGION}
    return {
        "galaxy": maps.galaxy_id,
        "log M*": logarithm(totals["stellar_mass"]),
        "mean age [Gyr]": cell(totals.get("stellar_age")),
        "log sSFR [1/yr]": logarithm(totals["specific_star_formation_rate"]),
        "literature": LITERATURE.get(maps.galaxy_id, "–"),
    }


def report(images: Sequence[GalaxyImage], painted: Sequence[Maps], weights: Weights) -> str:
    """The Markdown page: totals in the aperture and over the frame, assumptions."""
    pairs = list(zip(images, painted, strict=True))
    return "\n".join(
        [
            f"Weights {weights.name} ({weights.fingerprint}). Medians and 68% intervals.\n",
            "### Inside two half-mass radii of the painted stellar mass\n",
            markdown([inside_row(i, m) for i, m in pairs]),
            "### Over the whole frame, whatever is not masked\n",
            markdown([frame_row(m) for m in painted]),
            "### What was assumed\n",
            *(noted(i, m) for i, m in pairs),
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
