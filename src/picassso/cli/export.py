"""`picassso export`: from a run to weights that paint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["export"]

EPILOG = """
Examples:

  picassso export run -o weights.onnx

  picassso export run -o weights.onnx --store moved/train.zarr

  picassso export run -o small.onnx --half
"""


def export(
    run: Annotated[Path, typer.Argument(help="Run directory made by `picassso train`.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="ONNX file; safetensors goes beside it.")
    ] = Path("weights.onnx"),
    store: Annotated[
        list[Path] | None, typer.Option(help="Where the run's data sets lie now, if moved.")
    ] = None,
    half: Annotated[
        bool, typer.Option("--half", help="ONNX of half the size: weights in half precision.")
    ] = False,
    licence: Annotated[str, typer.Option(help="Licence of the weights.")] = "BSD-3-Clause",
) -> None:
    """Calibrate a run's best weights and write them as ONNX and safetensors."""
    from picassso.training import export as write_weights

    for path in write_weights(run, output=output, stores=store, licence=licence, half=half):
        typer.echo(f"{path}  ({path.stat().st_size / 1e6:.1f} MB)")
