"""`picassso mock`: make a training set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["mock"]

EPILOG = """
Examples:

  picassso mock --synthetic 2000 --seed 1 -o train.zarr

  picassso mock cutout_*.hdf5 -o illustris.zarr --framing paper --pixels 256

Stopped halfway, by whatever means? Type the same command again: it goes on where it was.
"""


def mock(
    snapshots: Annotated[
        list[Path] | None,
        typer.Argument(help="Files of particles (cutouts or snapshots), any known format."),
    ] = None,
    synthetic: Annotated[
        int | None, typer.Option(help="Instead: this many galaxies of the synthetic universe.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the store.")] = Path(
        "mock.zarr"
    ),
    seed: Annotated[int, typer.Option(help="Of the galaxies, cameras and whatever is drawn.")] = 0,
    framing: Annotated[
        str, typer.Option(help="'survey', 'paper', or 'both' in turn, galaxy by galaxy.")
    ] = "survey",
    pixels: Annotated[
        int | None,
        typer.Option(help="Size of the images [default: 128; 256 in the paper's framing]."),
    ] = None,
    survey: Annotated[str, typer.Option(help="Survey to imitate.")] = "sdss",
    views: Annotated[int, typer.Option(help="Cameras a galaxy, 1 to 4.")] = 4,
    truth: Annotated[
        str, typer.Option(help="True maps 'smoothed' like the light, or a plain 'histogram'.")
    ] = "smoothed",
    limit: Annotated[int | None, typer.Option(help="Stop after this many galaxies.")] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes [default: one for each core].")
    ] = None,
    resume: Annotated[
        bool, typer.Option(help="Go on with a store that was begun, or refuse it.")
    ] = True,
    progress: Annotated[bool, typer.Option(help="Show a progress bar.")] = True,
) -> None:
    """Make a data set of mock images and true maps from simulated galaxies."""
    import picassso.archive
    from picassso.archive.mocks import CONTACT_SHEET

    store = picassso.archive.mock(
        [str(s) for s in snapshots] if snapshots else None,
        synthetic=synthetic,
        seed=seed,
        output=output,
        framing=framing,
        pixels=pixels,
        survey=survey,
        views=views,
        workers=workers,
        truth=truth,
        limit=limit,
        resume=resume,
        progress=progress,
    )
    split = store.table["split"]
    counts = ", ".join(
        f"{int((split == name).sum())} {name}"
        for name in ("train", "validation", "test", "failed")
        if name != "failed" or (split == name).any()
    )
    height, width = store.shape
    typer.echo(f"{store.path}: {len(store)} views of {width} x {height} pixels ({counts})")
    failures = store.table["failure"]
    if (failures != "").any():
        first = failures[failures != ""][0]
        bad = len(set(store.table["galaxy"][failures != ""].tolist()))
        typer.echo(f"{bad} of {store.galaxies} galaxies could not be made; the first: {first}")
    typer.echo(f"Have a look: {store.path / CONTACT_SHEET}")
