"""`picassso info`: say what a thing is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["info"]

EPILOG = """
Examples:

  picassso info ngc4261_ugriz.fits

  picassso info painted/ngc4261_ugriz_maps.fits train.zarr snapshot.hdf5
"""


def info(
    things: Annotated[
        list[Path],
        typer.Argument(
            help="Images, maps, spectra, weights, data sets, training runs or snapshots.",
            metavar="FILE...",
        ),
    ],
    survey: Annotated[str, typer.Option(help="Names the bands of images.")] = "sdss",
) -> None:
    """Say what an image, maps, spectrum, weights, data set, run or snapshot is."""
    from picassso.painting import info as describe

    for thing in things:
        typer.echo(str(describe(thing, survey=survey)))
