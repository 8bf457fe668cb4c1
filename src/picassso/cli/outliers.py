"""`picassso outliers`: galaxies whose observed spectra are not those that their images foretell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from picassso.cli._galaxies import (
    new_console,
    new_table,
    refuse_existing,
    say_lines,
    write_with_figure,
)

if TYPE_CHECKING:
    from astropy.table import Table

__all__ = ["outliers"]

EPILOG = """
Examples:

  picassso spectrum cutouts/*.fits -o spectra --observed observed/

  picassso outliers spectra/ -o outliers.ecsv --rate 0.05

Beside the catalogue a PNG of the same name shows whether p-values are uniform, as they are among
galaxies like those of training.
"""

_SHOWN = 10


def outliers(
    things: Annotated[
        list[Path],
        typer.Argument(
            help="Spectra of `picassso spectrum --observed`, or folders of them.",
            metavar="SPECTRUM...|DIR",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Catalogue to write: an .ecsv file.")
    ],
    rate: Annotated[
        float,
        typer.Option(help="False discovery rate: part of the chosen that may be like the others."),
    ] = 0.1,
    overwrite: Annotated[bool, typer.Option(help="Replace a catalogue that exists.")] = False,
) -> None:
    """Rank galaxies by how far their observed spectra depart from the predicted ones."""
    from picassso.core import InputError, PicasssoError, output_folder
    from picassso.painting.spectra import find_outliers

    if output.suffix.lower() != ".ecsv":
        raise InputError(f"--output {output}: expected the name of an .ecsv file")
    figure = output.with_suffix(".png")
    refuse_existing((output, figure), overwrite=overwrite)
    found = find_outliers(things, false_discovery_rate=rate)
    with output_folder(output.parent):
        _write(found.table, output, figure)
    _report(found.table, output, figure)
    if found.failures:
        raise PicasssoError(
            f"{len(found.failures)} of {len(found.table) + len(found.failures)} files could not be "
            "judged:\n  " + "\n  ".join(found.failures)
        )


def _write(table: Table, output: Path, figure: Path) -> None:
    """Write the catalogue and its p-values, both or neither."""
    from picassso.figures import p_value_curves, save_figure

    known = table["p_value"][table["trusted"]]
    write_with_figure(
        output,
        lambda path: table.write(path, format="ascii.ecsv"),
        lambda: save_figure(p_value_curves({"these galaxies": known}), figure),
        what="catalogue",
    )


def _report(table: Table, output: Path, figure: Path) -> None:
    """The first galaxies, how many were chosen, and what was written."""
    console = new_console()
    shown = new_table("galaxy", "distance", "p-value", "outlier", "mostly by", "spectrum")
    for row in table[:_SHOWN]:
        by = f"{row['largest_latent']} ({row['largest_share']:.0%})"
        shown.add_row(
            str(row["galaxy_id"]),
            f"{row['distance']:.3g}",
            f"{row['p_value']:.2g}",
            "yes" if row["outlier"] else "",
            by,
            str(row["spectrum"]),
        )
    console.print(shown)
    far = int((~table["trusted"]).sum())
    notes = [f"Note: not trusted (see flags and redshifts), and so last: {far}"] if far else []
    rate = table.meta["false_discovery_rate"]
    chosen = f"{int(table['outlier'].sum())} of {len(table)} depart, of which at most"
    say_lines(
        console,
        [
            f"{chosen} {100 * rate:g}% are expected not to.",
            *notes,
            f"Written: {output} and {figure}",
        ],
    )
