"""`picassso targets`: a catalogue ranked by the probability of a condition on spectra."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from picassso.cli._galaxies import (
    Bands,
    PixelScale,
    PsfFwhm,
    Redshift,
    SurveyName,
    new_console,
    new_table,
    parse_numbers,
    refuse_existing,
    say_lines,
    write_with_figure,
)

if TYPE_CHECKING:
    from astropy.table import Table

    from picassso.painting.spectra import Targets

__all__ = ["targets"]

EPILOG = """
Examples:

  picassso targets cutouts/*.fits --condition "EW(Halpha) > 30 A" -o ranked.ecsv

  picassso targets spectra/ --condition "class == 'Seyfert' and D4000 < 1.6" -o agn.ecsv

Beside the catalogue a PNG of the same name shows expected purity and completeness at every depth.
"""

_SPLIT_WORDS = "these are galaxies of split '{split}' of the data set; choose with --split"

_SHOWN = 10
_DEPTHS = (0.01, 0.03, 0.1, 0.3, 1.0)


def targets(
    things: Annotated[
        list[Path],
        typer.Argument(
            help="Images; a folder of spectra with samples (`picassso spectrum --save-samples`); "
            "or a data set of `picassso mock`.",
            metavar="IMAGE...|DIR|STORE",
        ),
    ],
    condition: Annotated[
        str, typer.Option(help='On spectra at rest, such as "EW(Halpha) > 30 A".')
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Catalogue to write: an .ecsv file.")
    ],
    redshift: Redshift = None,
    survey: SurveyName = "sdss",
    bands: Bands = None,
    weights: Annotated[
        Path | None,
        typer.Option(help="Encoder of `picassso export` [default: shipped, by the bands]."),
    ] = None,
    pixel_scale: PixelScale = None,
    psf_fwhm: PsfFwhm = None,
    ebv: Annotated[
        float | None, typer.Option(help="Galactic E(B-V) to correct for [default: 0].")
    ] = None,
    samples: Annotated[
        int | None, typer.Option(help="Draws from each posterior [default: 256].")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of the draws [default: 0].")] = None,
    split: Annotated[
        str | None,
        typer.Option(
            help="Of a data set: 'train', 'validation', 'test' or 'all' [default: test, whose "
            "galaxies no network trained on it has seen]."
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace a catalogue that exists.")] = False,
) -> None:
    """Rank galaxies by the probability that their spectra fulfil a condition."""
    from picassso.core import InputError, PicasssoError, output_folder
    from picassso.painting.spectra import find_targets

    if output.suffix.lower() != ".ecsv":
        raise InputError(f"--output {output}: expected the name of an .ecsv file")
    figure = output.with_suffix(".png")
    refuse_existing((output, figure), overwrite=overwrite)
    options: dict[str, Any] = {
        "survey": survey,
        "bands": bands,
        "redshift": redshift,
        "pixel_scale": pixel_scale,
        "psf_fwhm": parse_numbers(psf_fwhm, option="--psf-fwhm"),
        "ebv": ebv,
    }
    with output_folder(output.parent):
        found = find_targets(
            things,
            condition,
            options=options,
            weights=weights,
            samples=samples,
            seed=seed,
            split=split,
        )
        _write(found, output, figure)
    _report(found.table, output, figure)
    if found.failures:
        raise PicasssoError(
            f"{len(found.failures)} of {len(found.table) + len(found.failures)} galaxies could "
            "not be ranked:\n  " + "\n  ".join(found.failures)
        )


def _write(found: Targets, output: Path, figure: Path) -> None:
    """Write the catalogue and its curves, both or neither."""
    from picassso.figures import purity_and_completeness, save_figure

    def draw() -> None:
        ranking = found.ranking
        picture = purity_and_completeness(
            ranking.purity,
            ranking.purity_error,
            ranking.completeness,
            condition=found.table.meta["condition"],
        )
        save_figure(picture, figure)

    write_with_figure(
        output,
        lambda path: found.table.write(path, format="ascii.ecsv"),
        draw,
        what="catalogue",
    )


def _report(table: Table, output: Path, figure: Path) -> None:
    """The first galaxies, what to expect at some depths, and what was written."""
    console = new_console()
    number = len(table)
    expected = table["probability"].sum()
    galaxies = "1 galaxy" if number == 1 else f"{number} galaxies"
    title = f"{table.meta['condition']}: {expected:.3g} of {galaxies} expected to fulfil it"
    console.print(title, markup=False)
    shown = new_table("rank", "galaxy", "view", "probability", "purity", "completeness")
    depths = {max(int(part * number), 1) for part in _DEPTHS}
    for row in table:
        if row["rank"] <= _SHOWN or row["rank"] in depths:
            shares = (row["probability"], row["purity"], row["completeness"])
            numbers = (str(row["rank"]), str(row["galaxy_id"]), str(row["view"]))
            shown.add_row(*numbers, *(f"{v:.3f}" for v in shares))
    console.print(shown)
    split = table.meta.get("split")
    notes = [] if split is None else [f"Note: {_SPLIT_WORDS.format(split=split)}"]
    if far := int((~table["trusted"]).sum()):
        notes.append(
            f"Note: outside the range of training (trusted is False), and so ranked after the "
            f"others: {far} of {number}"
        )
    say_lines(
        console,
        [
            "Purity and completeness are those expected of the galaxies down to that rank.",
            *notes,
            f"Written: {output} and {figure}",
        ],
    )
