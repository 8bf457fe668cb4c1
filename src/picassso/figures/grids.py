"""Panels side by side, as wide as a column or a page of a journal, their words legible there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING

from picassso.figures.panels import new_figure
from picassso.figures.style import colour_map

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.typing import ColorType, LineStyleType

__all__ = [
    "COLUMN_WIDTH",
    "LABEL_SIZE",
    "NOTE_SIZE",
    "PAGE_DPI",
    "PAGE_WIDTH",
    "PREDICTED_COLOUR",
    "TICK_SIZE",
    "TITLE_SIZE",
    "TRUE_COLOUR",
    "key_band",
    "key_line",
    "label_axes",
    "page_figure",
    "panel_grid",
    "property_colour",
    "put_key",
    "say_empty",
    "tidy",
]

COLUMN_WIDTH, PAGE_WIDTH = 88.0, 180.0
"""Of a journal with two columns [mm], Astronomy & Astrophysics for one."""

PAGE_DPI = 200

TITLE_SIZE, LABEL_SIZE, TICK_SIZE, NOTE_SIZE = 7.5, 7.0, 6.5, 6.0  # points

# Blue and orange, of unlike lightness: told apart by the colour-blind, and in grey.
TRUE_COLOUR, PREDICTED_COLOUR = "#3b528b", "#d95f02"

_LABEL_LENGTHS = 30, 26  # characters that an x and a y axis have room for
_KEY_HEIGHT = 4.4  # mm, a line of it
_KEY_ENTRIES = {COLUMN_WIDTH: 2, PAGE_WIDTH: 6}  # on a line


def page_figure(width: float, height: float) -> Figure:
    """Empty figure of `width` by `height` mm."""
    return new_figure(width / 25.4 * PAGE_DPI, height / 25.4 * PAGE_DPI, dpi=PAGE_DPI)


def panel_grid(
    names: Sequence[str],
    draw: Callable[[Axes, str], None],
    *,
    titles: Mapping[str, str],
    aspect: float = 1.0,
    key: Sequence[Artist] = (),
    column: bool = False,
) -> Figure:
    """One panel a name, filled by `draw`: as wide as a column for one or two, else as a page.

    Parameters
    ----------
    names : sequence of str
        In reading order; at least one.
    draw : callable
        Takes the axes and the name.
    titles : mapping of str to str
        Of the panels.
    aspect : float
        Height of a panel over its width, labels included. A label that all panels share is
        written once a column or row.
    key : sequence of Artist
        With labels; explained above the panels.
    column : bool
        As wide as a column whatever the number of panels, two a row, its words larger.
    """
    columns = min(2, len(names)) if column else _columns(len(names))
    rows = -(-len(names) // columns)
    width = COLUMN_WIDTH if columns <= 2 else PAGE_WIDTH
    top = _KEY_HEIGHT * -(-len(key) // _KEY_ENTRIES[width])
    height = rows * aspect * width / columns + top
    figure = page_figure(width, height)
    panels = [figure.add_subplot(rows, columns, k + 1) for k in range(len(names))]
    for axes, name in zip(panels, names, strict=True):
        axes.set_title(titles[name], fontsize=TITLE_SIZE, pad=3)
        tidy(axes)
        draw(axes, name)
    if column:
        _enlarge(figure)
    _label_once(panels, columns)
    for _ in range(2):  # ticks follow from the size of a panel, and it from theirs
        figure.tight_layout(pad=0.3, w_pad=0.7, h_pad=0.9, rect=(0, 0, 1, 1 - top / height))
    put_key(figure, key)
    return figure


def _enlarge(figure: Figure) -> None:
    """Make the smaller words legible where a journal prints a figure in one column."""
    for axes in [child for panel in figure.axes for child in (panel, *panel.child_axes)]:
        axes.tick_params(labelsize=LABEL_SIZE)
        for words in axes.texts:
            words.set_fontsize(LABEL_SIZE)


def _columns(panels: int) -> int:
    """Up to four, as few empty places as can be."""
    return panels if panels <= 4 else 3 if panels <= 6 else 4


def _label_once(panels: Sequence[Axes], columns: int) -> None:
    """Leave labels that all panels share to the lowest of a column and the first of a row."""
    if len({axes.get_xlabel() for axes in panels}) == 1:
        for axes in panels[:-columns]:
            axes.set_xlabel("")
    if len({axes.get_ylabel() for axes in panels}) == 1:
        for k, axes in enumerate(panels):
            axes.set_ylabel(axes.get_ylabel() if k % columns == 0 else "")


def put_key(figure: Figure, key: Sequence[Artist]) -> None:
    """Explain what is drawn, above all panels."""
    if not key:
        return
    width = figure.get_size_inches()[0] * 25.4
    most = _KEY_ENTRIES[COLUMN_WIDTH if width < 0.5 * (COLUMN_WIDTH + PAGE_WIDTH) else PAGE_WIDTH]
    figure.legend(
        handles=list(key),
        loc="upper center",
        ncols=min(len(key), most),
        frameon=False,
        fontsize=LABEL_SIZE,
        borderpad=0.2,
        borderaxespad=0.1,
        handlelength=1.8,
        columnspacing=1.4,
    )


def tidy(axes: Axes) -> None:
    """Ticks and spines of a small panel."""
    axes.tick_params(labelsize=TICK_SIZE, length=2, width=0.6, pad=1.5)
    for spine in axes.spines.values():
        spine.set_linewidth(0.6)


def key_line(
    words: str, colour: ColorType, *, style: LineStyleType = "-", width: float = 1.2
) -> Artist:
    """Entry of a key that stands for a line."""
    from matplotlib.lines import Line2D

    return Line2D([], [], color=colour, linestyle=style, linewidth=width, label=words)


def key_band(words: str, colour: str, *, alpha: float = 0.35) -> Artist:
    """Entry of a key that stands for an area."""
    from matplotlib.patches import Patch

    return Patch(facecolor=colour, alpha=alpha, linewidth=0, label=words)


def label_axes(axes: Axes, x: str, y: str) -> None:
    """Label both axes, in two lines where one is longer than the side of a panel."""
    across, up = _LABEL_LENGTHS
    axes.set_xlabel(_in_lines(x, across), fontsize=LABEL_SIZE, labelpad=2)
    axes.set_ylabel(_in_lines(y, up), fontsize=LABEL_SIZE, labelpad=2)


def _in_lines(words: str, length: int) -> str:
    """A long label broken before its unit, or where need be; mathtext is left as it is."""
    if len(words) <= length or "$" in words:
        return words
    quantity, bracket, unit = words.partition(" [")
    if bracket and len(quantity) <= length:
        return f"{quantity}\n[{unit}"
    return fill(words, min(length, len(words) // 2 + 5))


def say_empty(axes: Axes, words: str) -> None:
    """Say in an empty panel why it is one."""
    axes.text(
        0.5,
        0.5,
        words,
        transform=axes.transAxes,
        ha="center",
        va="center",
        fontsize=LABEL_SIZE,
        color="0.4",
    )
    axes.set_xticks([])
    axes.set_yticks([])


def property_colour(name: str) -> tuple[float, float, float, float]:
    """The one colour that stands for a property: the middle of its colour map."""
    return colour_map(name)(0.55)
