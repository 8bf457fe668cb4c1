"""A self-contained page: words, tables and figures in one HTML file, and files beside it."""

from __future__ import annotations

import base64
import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from picassso.core import InputError, written_whole
from picassso.report.latex import latex_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Facts", "Plate", "Section", "Table", "save_text", "write_page"]

_WORD = re.compile("[A-Za-z]{2}")
_BROAD = 11  # columns

_PIXELS_AN_INCH = 145


@dataclass(frozen=True, slots=True)
class Plate:
    """A figure with its caption.

    Parameters
    ----------
    name : str
        Of its files, without suffix.
    figure : Figure
        What is drawn.
    caption : str
        What one sees.
    column : Figure, optional
        The same as wide as a column of a journal; not on the page, its files are
        ``NAME_column``.
    """

    name: str
    figure: Figure
    caption: str
    column: Figure | None = None

    @property
    def width(self) -> int:
        """On the page [CSS pixels], so that letters of all figures are equally large."""
        return round(_PIXELS_AN_INCH * self.figure.get_figwidth())


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its caption; every cell is text as it is to be read.

    Parameters
    ----------
    name : str
        Of its files, without suffix.
    header : sequence of str
        Titles of the columns.
    rows : sequence of sequence of str
        As long as the header each.
    caption : str
        What the numbers are.
    """

    name: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.header):
                raise ValueError(
                    f"table {self.name}: a row of {len(row)} cells under {len(self.header)} titles"
                )

    def csv(self) -> str:
        """The table as comma-separated values, minus signs as machines read them."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        lines = [self.header, *self.rows]
        writer.writerows([cell.replace("−", "-") for cell in line] for line in lines)
        return out.getvalue()

    @property
    def wordy(self) -> frozenset[int]:
        """Columns with a word, which are read better from the left."""
        columns = enumerate(zip(*self.rows, strict=True))
        return frozenset(k for k, cells in columns if any(map(_WORD.search, cells)))

    @property
    def broad(self) -> bool:
        """Whether errors are better set below their numbers than beside them."""
        return len(self.header) > _BROAD


@dataclass(frozen=True, slots=True)
class Facts:
    """What is to be known of one thing, line by line; in the page alone.

    Parameters
    ----------
    title : str
        Small heading.
    items : mapping of str to str
        Plain text.
    """

    title: str
    items: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page.

    Parameters
    ----------
    title : str
        Heading.
    words : sequence of str
        Paragraphs, plain text.
    parts : sequence of Plate, Table or Facts
        In this order.
    """

    title: str
    words: Sequence[str] = ()
    parts: Sequence[Plate | Table | Facts] = ()


def write_page(
    folder: Path, *, title: str, about: Mapping[str, str], sections: Sequence[Section]
) -> Path:
    """Write ``report.html``, ``figures/NAME.pdf|png`` and ``tables/NAME.csv|tex``.

    Plates with a version for a column add ``figures/NAME_column.pdf|png``.

    Parameters
    ----------
    folder : path
        Made if need be.
    title : str
        Of the page.
    about : mapping of str to str
        Where it comes from, line by line.
    sections : sequence of Section
        In this order; names of plates and of tables are unique.

    Returns
    -------
    Path
        Of the page. It holds its pictures and asks the network for nothing.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    _check_names(sections)
    before = _linked(folder)
    pictures = {
        part.name: _save_plate(part, folder / "figures")
        for section in sections
        for part in section.parts
        if isinstance(part, Plate)
    }
    for section in sections:
        for part in section.parts:
            if isinstance(part, Table):
                _save_table(part, folder / "tables")
    environment = Environment(
        loader=PackageLoader("picassso.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["plate"] = lambda part: isinstance(part, Plate)
    environment.tests["facts"] = lambda part: isinstance(part, Facts)
    page: str = environment.get_template("page.html.jinja").render(
        title=title, about=about, sections=sections, pictures=pictures
    )
    path = folder / "report.html"
    save_text(path, page)
    # What only a page of before showed would pass for a part of this one.
    for name in before - _linked(folder):
        (folder / name).unlink(missing_ok=True)
    return path


def _linked(folder: Path) -> set[str]:
    """Files of figures and tables that the page in a folder links to; none without a page."""
    try:
        page = (folder / "report.html").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return set()
    return set(re.findall(r'href="((?:figures|tables)/[\w-]+\.\w+)"', page))


def _check_names(sections: Sequence[Section]) -> None:
    for kind in (Plate, Table):
        names = [p.name for s in sections for p in s.parts if isinstance(p, kind)]
        if len(set(names)) < len(names):
            raise ValueError(f"two {kind.__name__.lower()}s of one name among {names}")


def _save_plate(plate: Plate, folder: Path) -> str:
    """Save a figure as PDF and PNG, in each width; the PNG for the page as text."""
    from picassso.figures import save_figure

    if plate.column is not None:
        for kind in ("pdf", "png"):
            save_figure(plate.column, folder / f"{plate.name}_column.{kind}")
    save_figure(plate.figure, folder / f"{plate.name}.pdf")
    png = save_figure(plate.figure, folder / f"{plate.name}.png")
    return base64.b64encode(png.read_bytes()).decode("ascii")


def _save_table(table: Table, folder: Path) -> None:
    save_text(folder / f"{table.name}.csv", table.csv())
    tex = latex_table(
        table.header, table.rows, caption=table.caption, label=table.name, wordy=table.wordy
    )
    save_text(folder / f"{table.name}.tex", tex)


def save_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all; its folder is made if need be.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as partial:
            partial.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({_reason(error)})") from error


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
