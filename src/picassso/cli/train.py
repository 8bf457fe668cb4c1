"""`picassso train`: train a network on stores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["train"]

EPILOG = """
Examples:

  picassso train train.zarr -o run

  picassso train survey.zarr paper.zarr -o run --epochs 20 --precision bf16

  picassso train train.zarr -o reference --recipe paper

  picassso train --task spectrum-autoencoder spectra.zarr -o autoencoder

  picassso train --task spectrum spectra.zarr -o encoder --autoencoder autoencoder

  accelerate launch -m picassso train train.zarr -o run     (several GPUs)

Cut off? Type the same command again: it goes on where it was.
"""


def train(
    stores: Annotated[list[Path], typer.Argument(help="Data sets made by `picassso mock`.")],
    task: Annotated[
        str,
        typer.Option(
            help="What to learn: 'maps', 'spectrum-autoencoder' (to encode spectra), or 'spectrum' "
            "(to predict them from images)."
        ),
    ] = "maps",
    output: Annotated[Path, typer.Option("--output", "-o", help="Run directory.")] = Path("run"),
    config: Annotated[
        Path | None, typer.Option(help="TOML or JSON file of config keys; options go over it.")
    ] = None,
    autoencoder: Annotated[
        Path | None,
        typer.Option(help="For 'spectrum': run or weights of a spectrum-autoencoder."),
    ] = None,
    recipe: Annotated[
        str | None, typer.Option(help="Of maps: 'picassso', or 'paper' for Buck & Wolf 2021.")
    ] = None,
    architecture: Annotated[
        str | None, typer.Option(help="Of maps: 'compact_unet' or 'paper_unet'.")
    ] = None,
    epochs: Annotated[float | None, typer.Option(help="Passes through the data.")] = None,
    batch: Annotated[int | None, typer.Option(help="Images or spectra a step.")] = None,
    crop: Annotated[
        int | None,
        typer.Option(
            help="Side of the random crops, or of those about the fibre [pixels]; 0 for whole "
            "images."
        ),
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Peak learning rate.")] = None,
    precision: Annotated[str | None, typer.Option(help="'no', 'bf16' or 'fp16'.")] = None,
    checkpoints: Annotated[int | None, typer.Option(help="Validations over the run.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of everything random.")] = None,
    cpu: Annotated[bool, typer.Option("--cpu", help="Do not use a GPU.")] = False,
    progress: Annotated[bool, typer.Option(help="Show a progress bar.")] = True,
) -> None:
    """Train a network on data sets, or resume a run that was cut off."""
    from picassso.core import InputError
    from picassso.training import CONFIGS
    from picassso.training import train as run_training

    if task not in CONFIGS:
        raise InputError(f"unknown task {task!r}; choose one of {list(CONFIGS)}")
    chosen = {
        "recipe": recipe,
        "architecture": architecture,
        "epochs": epochs,
        "batch": batch,
        "crop": crop,
        "learning_rate": learning_rate,
        "precision": precision,
        "checkpoints": checkpoints,
        "seed": seed,
    }
    kind = CONFIGS[task]
    run = run_training(
        stores,
        output=output,
        config=kind.read(config, **chosen) if config else kind.resolve(**chosen),
        autoencoder=autoencoder,
        cpu=cpu,
        progress=progress,
    )
    typer.echo(f"best weights: {run.best}\nmetrics: {run.metrics}")
    typer.echo(f"next: picassso export {run.path} -o weights.onnx")
