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

  picassso study encoders spectra.zarr -o encoders --autoencoder run --config examples/encoders.toml

Networks that studies have in common are trained once, if their folder is the same. Cut off? Type
the same command again: it goes on where it was.
"""


def study(
    kind: Annotated[
        str,
        typer.Argument(
            help="'bands', 'resolution', 'samples', 'ensemble' or 'morphology'; of spectra: "
            "'encoders'."
        ),
    ],
    store: Annotated[Path, typer.Argument(help="Data set made by `picassso mock`.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for networks, tables, figures, page.")
    ] = Path("studies"),
    config: Annotated[
        Path | None,
        typer.Option(help="TOML or JSON file of config keys: of all studies of maps, or encoders."),
    ] = None,
    autoencoder: Annotated[
        Path | None,
        typer.Option(help="For 'encoders': run or weights of a spectrum-autoencoder."),
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
    from picassso.core import InputError

    if (kind == "encoders") != (autoencoder is not None):
        raise InputError(
            "the encoders study needs --autoencoder RUN, whose latents are predicted; make it "
            "with `picassso train --task spectrum-autoencoder`"
            if autoencoder is None
            else f"--autoencoder belongs to the study 'encoders', not to {kind!r}; leave it away"
        )
    if autoencoder is None:
        page = _maps(kind, store, output, config, seeds, device, progress)
    else:
        page = _encoders(store, output, config, autoencoder, seeds, device, progress)
    typer.echo(f"Page: {page}")
    typer.echo(f"Table and figure: {output / kind}.md, {output / kind}.png")


def _maps(
    kind: str,
    store: Path,
    output: Path,
    config: Path | None,
    seeds: int | None,
    device: list[str] | None,
    progress: bool,
) -> Path:
    from picassso import report
    from picassso.studies import StudyConfig
    from picassso.studies import study as run

    read = StudyConfig.read(config, seeds=seeds) if config else StudyConfig.resolve(seeds=seeds)
    found = run(kind, store, output=output, config=read, devices=device, progress=progress)
    for arm in found.arms:
        if arm.provisional:
            typer.echo(f"{arm.label}: provisional, {arm.provisional}")
    return report.write_study(found, output)


def _encoders(
    store: Path,
    output: Path,
    config: Path | None,
    autoencoder: Path,
    seeds: int | None,
    device: list[str] | None,
    progress: bool,
) -> Path:
    from picassso import report
    from picassso.studies import EncoderStudyConfig, study_encoders

    chosen = {"seeds": seeds}
    read = (
        EncoderStudyConfig.read(config, **chosen)
        if config
        else EncoderStudyConfig.resolve(**chosen)
    )
    found = study_encoders(
        store,
        autoencoder=autoencoder,
        output=output,
        config=read,
        devices=device,
        progress=progress,
    )
    for arm in found.arms:
        if arm.provisional:
            typer.echo(f"{arm.choice.arm}: provisional, {arm.provisional}")
    return report.write_encoder_study(found, output)
