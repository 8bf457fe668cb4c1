"""`picassso paint`: maps of galaxies from their images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from picassso.cli._galaxies import (
    Bands,
    Ebv,
    Images,
    PixelScale,
    PsfFwhm,
    Redshift,
    SurveyName,
    each_galaxy,
    interval_text,
    new_console,
    new_table,
    parse_numbers,
    refuse_existing,
    say_lines,
    write_with_figure,
)
from picassso.cli._region import parse_box

if TYPE_CHECKING:
    from picassso.core import GalaxyImage, Maps

__all__ = ["paint"]

EPILOG = """
Examples:

  picassso paint ngc4261_ugriz.fits -o painted --redshift 0.0075 --ebv 0.016

  picassso paint frame-[ugriz]-002583-2-0136.fits.bz2 -o painted --region 1500:1756,600:856

Files of one band each make one galaxy; a file with several bands is a galaxy of its own.
"""


def paint(
    images: Images,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the maps; made if absent.")
    ],
    redshift: Redshift = None,
    survey: SurveyName = "sdss",
    bands: Bands = None,
    weights: Annotated[
        Path | None, typer.Option(help="Weights of `picassso export` [default: shipped].")
    ] = None,
    pixel_scale: PixelScale = None,
    psf_fwhm: PsfFwhm = None,
    ebv: Ebv = 0.0,
    region: Annotated[
        str | None,
        typer.Option(help="Pixel box x0:x1,y0:y1 of the r band, from 0, to paint alone."),
    ] = None,
    engine: Annotated[str, typer.Option(help="'onnx' or 'torch'.")] = "onnx",
    overwrite: Annotated[bool, typer.Option(help="Replace maps that exist.")] = False,
) -> None:
    """Paint maps with error bars onto images of galaxies."""
    from picassso.painting import load_weights, paint_image

    loaded = load_weights(weights)
    options: dict[str, Any] = {
        "survey": survey,
        "bands": bands,
        "redshift": redshift,
        "pixel_scale": pixel_scale,
        "psf_fwhm": parse_numbers(psf_fwhm, option="--psf-fwhm"),
        "ebv": ebv,
        "region": parse_box(region, option="--region"),
    }

    def paint_one(image: GalaxyImage, name: str) -> None:
        paths = output / f"{name}_maps.fits", output / f"{name}_maps.png"
        refuse_existing(paths, overwrite=overwrite)
        _write(image, paint_image(image, loaded, engine=engine), *paths)

    each_galaxy(images, options, paint_one, output=output, not_done="painted")


def _write(image: GalaxyImage, maps: Maps, fits: Path, sheet: Path) -> None:
    """Write maps and their sheet, both or neither, and print the totals."""
    from picassso.archive.fits import write_maps
    from picassso.figures import painting_sheet, save_figure

    write_with_figure(
        fits,
        lambda path: write_maps(maps, path),
        lambda: save_figure(painting_sheet(image, maps), sheet),
        what="maps",
    )
    _report(maps, fits, sheet)


def _report(maps: Maps, fits: Path, sheet: Path) -> None:
    """Totals with their intervals, assumptions, and what was written."""
    console = new_console()
    regions = list(dict.fromkeys(t.region for t in maps.totals))
    console.print(f"{maps.galaxy_id}: totals, medians and 68% intervals", markup=False)
    table = new_table("total", "unit", *regions)
    rows: dict[str, dict[str, str]] = {}
    units = {}
    for t in maps.totals:
        units[t.property] = t.unit or "mass fraction"
        rows.setdefault(t.property, {})[t.region] = interval_text(t.p16, t.p50, t.p84)
    for name, cells in rows.items():
        table.add_row(name.replace("_", " "), units[name], *(cells.get(r, "-") for r in regions))
    console.print(table)
    notes = [f"Note: {line}" for line in maps.provenance["assumptions"].splitlines()]
    aperture = f"Aperture: {maps.provenance['aperture']}"
    say_lines(console, [aperture, *notes, f"Written: {fits} and {sheet}"])
