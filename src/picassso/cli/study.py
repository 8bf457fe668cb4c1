"""`picassso study`: networks that differ in one thing, trained and compared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["study"]

EPILOG = """
Examples:

  picassso study bands train.zarr -o studies

  picassso study morphology train.zarr -o studies --config examples/studies.toml

  picassso study samples train.zarr -o studies --device cuda:0 --device cuda:1

Networks that studies have in common are trained once, if their folder is the same. Cut off? Type
the same command again: it goes on where it was.
"""


def study(
    kind: Annotated[
        str,
        typer.Argument(help="'bands', 'resolution', 'samples', 'ensemble' or 'morphology'."),
    ],
    store: Annotated[Path, typer.Argument(help="Data set made by `picassso mock`.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for networks, tables, figures, page.")
    ] = Path("studies"),
    config: Annotated[
        Path | None, typer.Option(help="TOML or JSON file of config keys of all studies.")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(help="Networks an arm [default: 3]; over the config.")
    ] = None,
    device: Annotated[
        list[str] | None,
        typer.Option(help="'cuda:0', ...: repeat for several [default: all GPUs, or 'cpu']."),
    ] = None,
    progress: Annotated[bool, typer.Option(help="Show a progress bar.")] = True,
) -> None:
    """Compare networks: by bands, resolution, number of images, as ensemble, colour or shape."""
    from picassso import report
    from picassso.studies import StudyConfig
    from picassso.studies import study as run

    read = StudyConfig.read(config, seeds=seeds) if config else StudyConfig.resolve(seeds=seeds)
    found = run(kind, store, output=output, config=read, devices=device, progress=progress)
    for arm in found.arms:
        if arm.provisional:
            typer.echo(f"{arm.label}: provisional, {arm.provisional}")
    page = report.write_study(found, output)
    typer.echo(f"Page: {page}")
    typer.echo(f"Table and figure: {output / kind}.md, {output / kind}.png")
