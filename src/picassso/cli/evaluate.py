"""`picassso evaluate`: how well weights do on galaxies that they never saw."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["evaluate"]

EPILOG = """
Examples:

  picassso evaluate train.zarr -o evaluation        (the weights that ship)

  picassso evaluate weights.onnx train.zarr -o evaluation --limit 200

  picassso evaluate run train.zarr -o evaluation    (exports weights.onnx into evaluation)

  picassso evaluate train.zarr -o evaluation --baselines 50    (beside classical methods)

Open evaluation/report.html in a browser: it needs no network.
"""


def evaluate(
    weights_and_store: Annotated[
        list[Path],
        typer.Argument(
            metavar="[WEIGHTS|RUN] STORE",
            help="Weights or a training run (default: the weights that ship), then a data set made "
            "by `picassso mock`.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the report, its figures and tables.")
    ] = Path("evaluation"),
    split: Annotated[str, typer.Option(help="'train', 'validation' or 'test'.")] = "test",
    seed: Annotated[int, typer.Option(help="Of the noise and the bootstrap.")] = 0,
    limit: Annotated[int | None, typer.Option(help="At most this many views.")] = None,
    baselines: Annotated[
        int,
        typer.Option(help="Run classical methods, too, on so many views (0: none); this is slow."),
    ] = 0,
    examples: Annotated[int, typer.Option(help="Show so many galaxies in full.")] = 4,
    progress: Annotated[bool, typer.Option(help="Show a progress bar and the table.")] = True,
) -> None:
    """Compare painted galaxies with the truth, and write a report of how right they are."""
    from picassso.core import InputError
    from picassso.report import write_report
    from picassso.studies import evaluate as run

    if len(weights_and_store) > 2:
        raise InputError(
            f"expected [WEIGHTS|RUN] STORE, found {len(weights_and_store)} paths; evaluate one "
            "store at a time"
        )
    *weights, store = weights_and_store
    evaluation = run(
        weights[0] if weights else None,
        store,
        output=output,
        split=split,
        seed=seed,
        limit=limit,
        baselines=baselines,
        examples=examples,
        progress=progress,
    )
    typer.echo(f"Report: {write_report(evaluation, output)}")
