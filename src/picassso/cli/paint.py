"""`picassso paint`: maps of galaxies from their images."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from picassso.cli._region import parse_box

if TYPE_CHECKING:
    from picassso.core import GalaxyImage, Maps, Total
    from picassso.painting import Weights

__all__ = ["paint"]

EPILOG = """
Examples:

  picassso paint ngc4261_ugriz.fits -o painted --redshift 0.0075 --ebv 0.016

  picassso paint frame-[ugriz]-002583-2-0136.fits.bz2 -o painted --region 1500:1756,600:856

Files of one band each make one galaxy; a file with several bands is a galaxy of its own.
"""


def paint(
    images: Annotated[
        list[Path],
        typer.Argument(
            help="FITS: a cube, one HDU a band, or one file a band.", metavar="IMAGE..."
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the maps; made if absent.")
    ],
    redshift: Annotated[
        float | None, typer.Option(help="Of the galaxy [default: the header's, else 0.03].")
    ] = None,
    survey: Annotated[str, typer.Option(help="Survey of the image.")] = "sdss",
    bands: Annotated[
        str | None,
        typer.Option(help="Bands in their order, such as ugriz, where headers do not say."),
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(help="Weights of `picassso export` [default: shipped].")
    ] = None,
    pixel_scale: Annotated[
        float | None, typer.Option(help="Arcsec per pixel [default: the header's].")
    ] = None,
    psf_fwhm: Annotated[
        str | None,
        typer.Option(help="Arcsec: one number, or one a band with commas [default: the file's]."),
    ] = None,
    ebv: Annotated[float, typer.Option(help="Galactic E(B-V) to correct for.")] = 0.0,
    region: Annotated[
        str | None,
        typer.Option(help="Pixel box x0:x1,y0:y1 of the r band, from 0, to paint alone."),
    ] = None,
    engine: Annotated[str, typer.Option(help="'onnx' or 'torch'.")] = "onnx",
    overwrite: Annotated[bool, typer.Option(help="Replace maps that exist.")] = False,
) -> None:
    """Paint maps with error bars onto images of galaxies."""
    from picassso.archive.fits import group_images
    from picassso.core import PicasssoError, output_folder
    from picassso.painting import load_weights

    loaded = load_weights(weights)
    options: dict[str, Any] = {
        "survey": survey,
        "bands": bands,
        "redshift": redshift,
        "pixel_scale": pixel_scale,
        "psf_fwhm": _numbers(psf_fwhm),
        "ebv": ebv,
        "region": parse_box(region, option="--region"),
    }
    groups = group_images(images, survey=survey)
    with output_folder(output):
        failures = _paint_all(groups, options, loaded, output, engine=engine, overwrite=overwrite)
    if failures:
        raise PicasssoError(
            f"{len(failures)} of {len(groups)} galaxies could not be painted:\n  "
            + "\n  ".join(failures)
        )


def _paint_all(
    groups: list[tuple[Path, ...]],
    options: dict[str, Any],
    weights: Weights,
    output: Path,
    *,
    engine: str,
    overwrite: bool,
) -> list[str]:
    """Paint galaxies one after the other; what went wrong with some, where there are several."""
    from picassso.archive.fits import read_image
    from picassso.core import PicasssoError
    from picassso.painting import paint_image

    names: set[str] = set()
    failures = []
    for group in groups:
        try:
            image = read_image(group, **options)
            paths = _outputs(output, _unique(image.galaxy_id, names), overwrite)
            _write(image, paint_image(image, weights, engine=engine), *paths, overwrite=overwrite)
        except (PicasssoError, OSError) as error:
            if len(groups) == 1:
                raise
            failures.append(str(error))
    return failures


def _outputs(folder: Path, name: str, overwrite: bool) -> tuple[Path, Path]:
    """Files of the maps and of their sheet; refused before any work is done."""
    from picassso.core import InputError

    paths = folder / f"{name}_maps.fits", folder / f"{name}_maps.png"
    for path in paths:
        if path.exists() and not overwrite:
            raise InputError(f"{path}: exists already; choose another folder, or add --overwrite")
    return paths


def _write(image: GalaxyImage, maps: Maps, fits: Path, sheet: Path, *, overwrite: bool) -> None:
    """Write maps and their sheet, both or neither, and print the totals."""
    from picassso.archive.fits import write_maps
    from picassso.core import InputError, written_whole
    from picassso.figures import painting_sheet, save_figure

    with written_whole(sheet) as drawn:
        save_figure(painting_sheet(image, maps), drawn)
        try:
            write_maps(maps, fits, overwrite=overwrite)
        except OSError as error:
            raise InputError(
                f"{fits}: the maps cannot be written ({error.strerror or error}); free some space, "
                "or choose another folder with --output"
            ) from None
    _report(maps, fits, sheet)


def _report(maps: Maps, fits: Path, sheet: Path) -> None:
    """Totals with their intervals, assumptions, and what was written."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 110  # a file or a pipe has no edge to wrap at
    regions = list(dict.fromkeys(t.region for t in maps.totals))
    console.print(f"{maps.galaxy_id}: totals, medians and 68% intervals", markup=False)
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    table.add_column("total")
    table.add_column("unit")
    for region in regions:
        table.add_column(region, no_wrap=True)
    rows: dict[str, dict[str, str]] = {}
    units = {}
    for t in maps.totals:
        units[t.property] = t.unit or "mass fraction"
        rows.setdefault(t.property, {})[t.region] = _interval(t)
    for name, cells in rows.items():
        table.add_row(name.replace("_", " "), units[name], *(cells.get(r, "-") for r in regions))
    console.print(table)
    console.print(f"Aperture: {maps.provenance['aperture']}", soft_wrap=True, markup=False)
    for line in maps.provenance["assumptions"].splitlines():
        console.print(f"Note: {line}", soft_wrap=True, markup=False)
    console.print(f"Written: {fits} and {sheet}", soft_wrap=True, markup=False)


def _interval(total: Total) -> str:
    """Median and 68% interval, if known, with one power of ten: ``4.04 (3.08 to 5.30) e8``."""
    power = math.floor(math.log10(total.p50)) if total.p50 > 0 else 0
    power = 0 if -3 <= power <= 3 else power
    low, middle, high = (f"{v / 10.0**power:.3g}" for v in (total.p16, total.p50, total.p84))
    interval = f" ({low} to {high})" if math.isfinite(total.p16) else ""
    return f"{middle}{interval}" + (f" e{power}" if power else "")


def _unique(name: str, taken: set[str]) -> str:
    """The name, numbered where two galaxies of one call share it."""
    unique, number = name, 2
    while unique in taken:
        unique, number = f"{name}_{number}", number + 1
    taken.add(unique)
    return unique


def _numbers(text: str | None) -> list[float] | None:
    from picassso.core import InputError

    if text is None:
        return None
    try:
        return [float(word) for word in text.split(",")]
    except ValueError:
        raise InputError(
            f"--psf-fwhm {text}: expected one number of arcsec, or one a band: 1.4,1.3,1.2,1.1,1.1"
        ) from None
