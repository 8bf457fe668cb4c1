"""`picassso evaluate`: how well weights do on galaxies that they never saw."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["evaluate"]

EPILOG = """
Examples:

  picassso evaluate train.zarr -o evaluation        (the weights that ship)

  picassso evaluate weights.onnx train.zarr -o evaluation --limit 200

  picassso evaluate run train.zarr -o evaluation    (exports weights.onnx into evaluation)

  picassso evaluate train.zarr -o evaluation --baselines 50    (beside classical methods)

  picassso evaluate autoencoder spectra.zarr -o evaluation --observed sdss_spectra

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
        typer.Option(
            help="Run classical methods, too, on so many views (0: none); this is slow. For maps."
        ),
    ] = 0,
    examples: Annotated[int, typer.Option(help="Show so many galaxies in full.")] = 4,
    observed: Annotated[
        list[Path] | None,
        typer.Option(
            help="Real spectra to reconstruct: a file or a folder (repeatable). For an autoencoder."
        ),
    ] = None,
    progress: Annotated[bool, typer.Option(help="Show a progress bar and the table.")] = True,
) -> None:
    """Compare painted galaxies or spectra with the truth; write a report of how right they are.

    What is judged follows from the weights: those that paint maps, an autoencoder of spectra, or
    an encoder that predicts spectra from images.
    """
    from picassso.core import InputError
    from picassso.studies import weights_kind

    if len(weights_and_store) > 2:
        raise InputError(
            f"expected [WEIGHTS|RUN] STORE, found {len(weights_and_store)} paths; evaluate one "
            "store at a time"
        )
    *weights, store = weights_and_store
    given = weights[0] if weights else None
    kind = weights_kind(given)
    only: dict[str, tuple[str, object]] = {
        "maps": ("--baselines", baselines),
        "spectrum-autoencoder": ("--observed", observed),
    }
    for of, (option, value) in only.items():
        if value and kind != of:
            raise InputError(f"{option} is for weights of kind {of!r}; these are of kind {kind!r}")
    judges: dict[str, Callable[..., Path]] = {
        "maps": partial(_maps, baselines=baselines),
        "spectrum-autoencoder": partial(_autoencoder, observed=observed or []),
        "spectrum-encoder": _encoder,
    }
    report = judges[kind](
        given,
        store,
        output=output,
        split=split,
        seed=seed,
        limit=limit,
        examples=examples,
        progress=progress,
    )
    typer.echo(f"Report: {report}")


def _maps(weights: Path | None, store: Path, *, output: Path, **options: Any) -> Path:
    from picassso.report import write_report
    from picassso.studies import evaluate as run

    return write_report(run(weights, store, output=output, **options), output)


def _autoencoder(weights: Path, store: Path, *, output: Path, **options: Any) -> Path:
    from picassso.report.spectra import write_autoencoder_report
    from picassso.studies import evaluate_autoencoder

    return write_autoencoder_report(
        evaluate_autoencoder(weights, store, output=output, **options), output
    )


def _encoder(weights: Path, store: Path, *, output: Path, **options: Any) -> Path:
    from picassso.report.spectra import write_encoder_report
    from picassso.studies import evaluate_encoder

    return write_encoder_report(evaluate_encoder(weights, store, output=output, **options), output)
