"""What verbs share that take images of galaxies: options, one galaxy after the other, printing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from picassso.core import GalaxyImage

__all__ = [
    "Bands",
    "Ebv",
    "Images",
    "PixelScale",
    "PsfFwhm",
    "Redshift",
    "SurveyName",
    "each_galaxy",
    "interval_text",
    "new_console",
    "new_table",
    "parse_numbers",
    "refuse_existing",
    "say_lines",
    "write_with_figure",
]

Images = Annotated[
    list[Path],
    typer.Argument(help="FITS: a cube, one HDU a band, or one file a band.", metavar="IMAGE..."),
]
Redshift = Annotated[
    float | None, typer.Option(help="Of the galaxy [default: the header's, else 0.03].")
]
SurveyName = Annotated[str, typer.Option(help="Survey of the image.")]
Bands = Annotated[
    str | None,
    typer.Option(help="Bands in their order, such as ugriz, where headers do not say."),
]
PixelScale = Annotated[float | None, typer.Option(help="Arcsec per pixel [default: the header's].")]
PsfFwhm = Annotated[
    str | None,
    typer.Option(help="Arcsec: one number, or one a band with commas [default: the file's]."),
]
Ebv = Annotated[float, typer.Option(help="Galactic E(B-V) to correct for.")]


def each_galaxy(
    images: Sequence[Path],
    options: dict[str, Any],
    work: Callable[[GalaxyImage, str], None],
    *,
    output: Path,
    not_done: str,
    better: Callable[[GalaxyImage], dict[str, Any]] | None = None,
) -> None:
    """Read galaxies one after the other and do something with each.

    Parameters
    ----------
    images : sequence of Path
        Files, grouped into galaxies.
    options : dict
        Of `picassso.archive.fits.read_image`.
    work : callable
        Takes the image and a name that no other galaxy of the call has.
    output : Path
        Folder, made before the work; removed again if nothing is written.
    not_done : str
        What could not be done to some, for the message.
    better : callable, optional
        Options, if any, with which to read an image again, now that it was seen.

    Raises
    ------
    PicasssoError
        At the end, if something went wrong with some of several galaxies.
    """
    from picassso.archive.fits import group_images, read_image
    from picassso.core import PicasssoError, output_folder

    groups = group_images(images, survey=options["survey"])
    names: set[str] = set()
    failures = []
    with output_folder(output):
        for group in groups:
            try:
                image = read_image(group, **options)
                if better is not None and (known := better(image)):
                    image = read_image(group, **{**options, **known})
                work(image, _unique(image.galaxy_id, names))
            except (PicasssoError, OSError) as error:
                if len(groups) == 1:
                    raise
                failures.append(str(error))
    if failures:
        raise PicasssoError(
            f"{len(failures)} of {len(groups)} galaxies could not be {not_done}:\n  "
            + "\n  ".join(failures)
        )


def refuse_existing(paths: Sequence[Path], *, overwrite: bool) -> None:
    """Raise InputError if a file is there already, before any work is done."""
    from picassso.core import InputError

    for path in paths:
        if path.exists() and not overwrite:
            raise InputError(f"{path}: exists already; choose another folder, or add --overwrite")


def write_with_figure(
    fits: Path, write: Callable[[Path], None], draw: Callable[[], object], *, what: str
) -> None:
    """Write a file and then its figure, both or neither.

    Parameters
    ----------
    fits : Path
        Of the file.
    write : callable
        Takes another name, which becomes `fits` once all is done.
    draw : callable
        Writes the figure.
    what : str
        That is written, for the message.
    """
    from picassso.core import InputError, written_whole

    with written_whole(fits) as unfinished:
        try:
            write(unfinished)
        except OSError as error:
            raise InputError(
                f"{fits}: the {what} cannot be written ({error.strerror or error}); free some "
                "space, or choose another folder with --output"
            ) from None
        draw()


def new_console() -> Console:
    """Console on standard output, wide where that is no terminal."""
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 110  # a file or a pipe has no edge to wrap at
    return console


def new_table(*columns: str) -> Table:
    """Empty table, its columns after the second never wrapped."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    for k, name in enumerate(columns):
        table.add_column(name, no_wrap=k > 1)
    return table


def say_lines(console: Console, lines: Sequence[str]) -> None:
    """Print lines as they are."""
    for line in lines:
        console.print(line, soft_wrap=True, markup=False)


def interval_text(low: float, middle: float, high: float) -> str:
    """Median and 68% interval, if known, with one power of ten: ``4.04 (3.08 to 5.30) e8``."""
    power = math.floor(math.log10(middle)) if middle > 0 else 0
    power = 0 if -3 <= power <= 3 else power
    words = [f"{v / 10.0**power:.3g}" for v in (low, middle, high)]
    interval = f" ({words[0]} to {words[2]})" if math.isfinite(low) else ""
    return f"{words[1]}{interval}" + (f" e{power}" if power else "")


def parse_numbers(text: str | None, *, option: str) -> list[float] | None:
    """Numbers of ``1.4`` or ``1.4,1.3``; None of None."""
    from picassso.core import InputError

    if text is None:
        return None
    try:
        return [float(word) for word in text.split(",")]
    except ValueError:
        raise InputError(
            f"{option} {text}: expected one number of arcsec, or one a band: 1.4,1.3,1.2,1.1,1.1"
        ) from None


def _unique(name: str, taken: set[str]) -> str:
    """The name, numbered where two galaxies of one call share it."""
    unique, number = name, 2
    while unique in taken:
        unique, number = f"{name}_{number}", number + 1
    taken.add(unique)
    return unique
