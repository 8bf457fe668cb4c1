"""`picassso mock`: make a training set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from picassso.cli._region import parse_box

__all__ = ["mock"]

EPILOG = """
Examples:

  picassso mock --synthetic 2000 --seed 7 -o train.zarr

  picassso mock cutout_*.hdf5 -o illustris.zarr --framing paper --pixels 256

  picassso mock --synthetic 2000 --spectra -o spectra.zarr

  picassso mock --synthetic 500 -o sky.zarr --sky frame-u.fits --sky frame-g.fits ...

Stopped halfway, by whatever means? Type the same command again: it goes on where it was.
"""


def mock(
    snapshots: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Files of particles (cutouts or snapshots) or folders of them, any known format."
        ),
    ] = None,
    synthetic: Annotated[
        int | None, typer.Option(help="Instead: this many galaxies of the synthetic universe.")
    ] = None,
    spread: Annotated[
        float,
        typer.Option(help="Factor on the scatter of the synthetic universe's relations, 1 to 3."),
    ] = 1.0,
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
    sky: Annotated[
        list[Path] | None,
        typer.Option(
            help="Calibrated frame of a real sky to lay the galaxies on; repeat, one a band."
        ),
    ] = None,
    sky_region: Annotated[
        str | None,
        typer.Option(help="Pixel box x0:x1,y0:y1 of its r band, from 0, to cut from alone."),
    ] = None,
    catalogue: Annotated[
        Path | None,
        typer.Option(
            help="Subhalo catalogue of a snapshot, if it is not beside it; or a table of centres."
        ),
    ] = None,
    min_stars: Annotated[
        int, typer.Option(help="Pass over galaxies of fewer star particles in a snapshot of many.")
    ] = 100,
    truth: Annotated[
        str, typer.Option(help="True maps 'smoothed' like the light, or a plain 'histogram'.")
    ] = "smoothed",
    spectra: Annotated[
        bool, typer.Option("--spectra", help="Keep the light of a 3 arcsec fibre on each, too.")
    ] = False,
    nuclei: Annotated[
        bool,
        typer.Option(
            "--nuclei/--no-nuclei",
            help="Lines of active nuclei and of gas about old stars in the spectra, or none.",
        ),
    ] = True,
    limit: Annotated[int | None, typer.Option(help="Stop after this many galaxies.")] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes [default: one for each core].")
    ] = None,
    device: Annotated[
        str, typer.Option(help="'cpu', or 'cuda': one process then drives the GPU.")
    ] = "cpu",
    resume: Annotated[
        bool, typer.Option(help="Go on with a store that was begun, or refuse it.")
    ] = True,
    progress: Annotated[bool, typer.Option(help="Show a progress bar.")] = True,
) -> None:
    """Make a data set of mock images and true maps from simulated galaxies."""
    import picassso.archive
    from picassso.archive.sheets import CONTACT_SHEET, SPECTRA_SHEET

    store = picassso.archive.mock(
        [str(s) for s in snapshots] if snapshots else None,
        synthetic=synthetic,
        spread=spread,
        seed=seed,
        output=output,
        framing=framing,
        pixels=pixels,
        survey=survey,
        views=views,
        sky=sky or None,
        sky_region=parse_box(sky_region, option="--sky-region"),
        catalogue=catalogue,
        min_stars=min_stars,
        workers=workers,
        device=device,
        truth=truth,
        spectra=spectra,
        nuclei=nuclei,
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
    if store.has_spectra:
        typer.echo(f"and at the spectra: {store.path / SPECTRA_SHEET}")
