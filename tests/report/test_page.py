"""A page is whole: it holds its pictures, escapes its words, and leaves files beside it."""

from __future__ import annotations

import csv
from html.parser import HTMLParser
from pathlib import Path

import pytest

from picassso.core import InputError
from picassso.figures import new_figure
from picassso.report import Plate, Section, Table, write_page
from picassso.report.latex import latex_table, latex_text

HOSTILE = "<script>alert('a & b')</script> 50% of $x_1$"


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for key, value in attrs:
            if key == "src":
                self.sources.append(value or "")
            if key == "href":
                self.links.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def page(folder: Path) -> Reader:
    table = Table("numbers", ["name", "σ"], [["stellar_mass", "0.10 ± 0.01"]], HOSTILE)
    plate = Plate("dot", new_figure(60, 40), "A.", column=new_figure(30, 40))
    path = write_page(
        folder,
        title=HOSTILE,
        about={"weights": "<b>"},
        sections=[Section("Totals", ["One.", HOSTILE], [plate, table])],
    )
    reader = Reader()
    reader.feed(path.read_text())
    return reader


def test_page_asks_the_network_for_nothing(tmp_path) -> None:
    reader = page(tmp_path)
    assert [s[:22] for s in reader.sources] == ["data:image/png;base64,"]
    assert "http" not in (tmp_path / "report.html").read_text()
    files = [link for link in reader.links if not link.startswith("#")]
    assert files and all((tmp_path / link).is_file() for link in files)


def test_what_only_a_page_of_before_showed_goes(tmp_path) -> None:
    page(tmp_path)
    (tmp_path / "figures" / "mine.png").write_text("kept")
    write_page(tmp_path, title="Another", about={}, sections=[Section("Nothing")])
    left = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert left == {"report.html", "figures/mine.png"}


def test_a_plate_for_a_column_is_written_and_linked(tmp_path) -> None:
    reader = page(tmp_path)
    assert {f"figures/dot_column.{kind}" for kind in ("pdf", "png")} <= set(reader.links)
    assert len(reader.sources) == 1, "the page shows one of them"


def test_words_are_escaped(tmp_path) -> None:
    reader = page(tmp_path)
    assert "script" not in reader.tags and "b" not in reader.tags
    assert reader.text.count(HOSTILE) == 4  # title, heading, paragraph, caption


def test_tables_are_the_same_everywhere(tmp_path) -> None:
    page(tmp_path)
    with (tmp_path / "tables" / "numbers.csv").open() as file:
        assert list(csv.reader(file)) == [["name", "σ"], ["stellar_mass", "0.10 ± 0.01"]]
    tex = (tmp_path / "tables" / "numbers.tex").read_text()
    assert r"stellar\_mass & 0.10 $\pm$ 0.01 \\" in tex


def test_latex_is_escaped_and_balanced() -> None:
    assert latex_text("a_b & 5% {#}~^\\") == (
        r"a\_b \& 5\% \{\#\}\textasciitilde{}\textasciicircum{}\textbackslash{}"
    )
    tex = latex_table(["a", "b"], [["1", "2"]], caption=HOSTILE, label="x")
    assert tex.count(r"\begin{") == tex.count(r"\end{") == 2
    assert r"\begin{tabular}{lr}" in tex


def test_rows_must_fit_and_names_differ(tmp_path) -> None:
    with pytest.raises(ValueError, match="1 cells under 2"):
        Table("t", ["a", "b"], [["1"]], "")
    table = Table("t", ["a"], [], "")
    with pytest.raises(ValueError, match="two tables"):
        write_page(tmp_path, title="", about={}, sections=[Section("", (), [table, table])])


def test_folder_that_cannot_be_written(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="report"):
        write_page(tmp_path / "file", title="", about={}, sections=[])
