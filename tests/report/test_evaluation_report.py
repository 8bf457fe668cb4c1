"""The report of an evaluation: every number in it is one of the evaluation, in both protocols."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up import ABSENT, made_up

from picassso.analysis import Protocol, Statistic
from picassso.core import InputError
from picassso.painting import load_weights
from picassso.report import Plate, Section, Table, write_report
from picassso.report.evaluation import report_sections
from picassso.report.evaluation.methods import methods_section
from picassso.report.evaluation.model_card import model_card_text
from picassso.report.evaluation.radius import radius_section
from picassso.report.evaluation.scores import scores_csv
from picassso.report.evaluation.structure import relations_section
from picassso.report.evaluation.summary import summary_section, totals_table
from picassso.report.evaluation.totals import examples_section, where_section
from picassso.report.evaluation.words import cell, number, plural
from picassso.report.published import BUCK_WOLF_2021
from picassso.studies import Evaluation
from picassso.studies.evaluation.tables import csv_table, markdown_table


class Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.links: list[str] = []
        self.headings: list[str] = []
        self.text = ""
        self._heading = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._heading = tag == "h2"
        found = dict(attrs)
        self.sources += [v for k, v in found.items() if k == "src" and v]
        self.links += [v for k, v in found.items() if k == "href" and v]

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._heading:
            self.headings.append(data)
            self._heading = False


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return made_up(model=load_weights(None).about)


@pytest.fixture(scope="module")
def folder(evaluation, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    assert write_report(evaluation, folder) == folder / "report.html"
    return folder


@pytest.fixture(scope="module")
def scores(evaluation) -> list[dict[str, str]]:
    return list(csv.DictReader(scores_csv(evaluation).splitlines()))


def found(scores: list[dict[str, str]], **wanted: str) -> dict[str, str]:
    rows = [s for s in scores if all(s[k] == v for k, v in wanted.items())]
    assert len(rows) == 1, f"{len(rows)} rows of {wanted}"
    return rows[0]


def test_numbers_are_rounded_once(evaluation, scores) -> None:
    """From a file they are those of the page, to the last digit."""
    rows = list(csv.DictReader(csv_table(evaluation.rows).splitlines()))
    totals = [r for r in rows if r["kind"] == "total"]
    for row, line in zip(evaluation.scores[Protocol.HONEST].totals, totals, strict=True):
        for name in ("linear_bias", "sigma", "outlier_fraction", "painted_bias"):
            value = getattr(row, name).value
            one = found(
                scores,
                protocol="honest",
                quantity="totals",
                property=row.property,
                statistic=name,
            )
            if np.isfinite(value):
                assert float(line[name]) == float(one["value"]) == value
            else:
                assert line[name] == "nan" and one["value"] == ""


def test_half_of_a_last_digit_is_rounded_alike(evaluation) -> None:
    """99 outliers of 2000, told by the page, by a table and from the file."""
    share = Statistic(99 / 2000, 0.006)
    row = replace(evaluation.rows[0], outlier_fraction=share)
    (line,) = csv.DictReader(csv_table([row]).splitlines())
    page = totals_table([row], name="t", caption="").rows[0]
    assert f"{float(line['outlier_fraction']):.3f} ± 0.006" in page
    assert f"| {cell(share)} |" in markdown_table([row])


def test_pixels_say_how_they_were_chosen(evaluation) -> None:
    """Each protocol has its trends, its choice in the caption, and the pixels that it counts."""
    section = where_section(evaluation)
    plates = {p.name: p.caption for p in section.parts if isinstance(p, Plate)}
    for name in ("pixels_by_surface_density", "pixels_by_signal_to_noise"):
        assert "painted at or above the floor, whatever their truth" in plates[f"{name}_honest"]
        assert "whose truth reaches the floor" in plates[f"{name}_paper"]
    assert "log predicted surface density" in plates["pixels_by_surface_density_honest"]
    (table,) = (p for p in section.parts if isinstance(p, Table) and p.name == "pixels")
    numbers = {(line[0], line[1]): line[table.header.index("pixels")] for line in table.rows}
    honest, paper = (
        next(r.counts for r in evaluation.scores[p].pixels if r.property == "gas_mass")
        for p in Protocol
    )
    assert numbers["gas mass", "honest"] == str(honest.painted) != str(honest.used)
    assert numbers["gas mass", "paper"] == str(paper.used) != str(paper.painted)


def test_what_the_logarithm_leaves_out_is_said(evaluation) -> None:
    rows = {r.property: r for r in evaluation.scores[Protocol.HONEST].totals}
    c = rows["star_formation_rate"].counts
    assert c.below_floor
    words = " ".join(summary_section(evaluation).words)
    assert f"star formation rate {c.below_floor} of {c.used + c.below_floor}" in words
    assert f"({c.false_positive} painted above it)" in words


def test_limits_are_not_drawn(evaluation) -> None:
    """A percentile that lies among limits has no place on the page; the file says on which side."""
    trends = evaluation.by_surface_density[Protocol.PAPER]
    p84 = trends[0].p84.copy()
    p84[1] = np.inf
    beyond = (replace(trends[0], p84=p84), *trends[1:])
    by = {**evaluation.by_surface_density, Protocol.PAPER: beyond}
    changed = replace(evaluation, by_surface_density=by)
    assert where_section(changed).parts
    lines = csv.DictReader(scores_csv(changed).splitlines())
    assert [s["statistic"] for s in lines if s["value"] == "inf"] == ["p84"]


def test_page_is_whole(folder) -> None:
    page = (folder / "report.html").read_text()
    reader = Reader(page)
    assert len(reader.headings) == 11 and reader.headings[0] == "1. Summary"
    assert reader.sources and all(s.startswith("data:image/png;base64,") for s in reader.sources)
    assert not re.search(r"(src|href)=\"(https?:)?//", page)
    files = [link for link in reader.links if not link.startswith("#")]
    assert files and all((folder / link).is_file() for link in files)
    made = {p.stem for p in (folder / "figures").iterdir()}
    assert {"totals_column", "methods_column"} <= made
    assert all((folder / "figures" / f"{m}.{k}").is_file() for m in made for k in ("pdf", "png"))
    assert "nan" not in reader.text.lower().replace("nanomaggy", "")


def test_examples_tell_their_redshift_and_signal_to_noise(evaluation) -> None:
    plate = examples_section(evaluation).parts[0]
    assert isinstance(plate, Plate)
    notes = [t.get_text() for t in plate.figure.texts if "S/N" in t.get_text()]
    first = evaluation.views.signal_to_noise[[0, 2]]  # galaxies have two views
    expected = [f"z = 0.030, S/N {s:.{1 if s < 10 else 0}f}" for s in first]
    assert notes == expected


def test_tables_have_both_protocols(folder) -> None:
    for path in (folder / "tables").glob("*.csv"):
        rows = list(csv.DictReader(path.open()))
        if "protocol" in rows[0]:
            protocols = [r["protocol"] for r in rows]
            assert protocols.count("honest") == protocols.count("paper") == len(rows) / 2, path
    names = {p.stem for p in (folder / "tables").glob("*.csv")}
    assert {"totals_honest", "totals_paper", "paper_protocol"} <= names
    assert names == {p.stem for p in (folder / "tables").glob("*.tex")}


def test_latex_is_plain(folder) -> None:
    for path in (folder / "tables").glob("*.tex"):
        text = path.read_text().replace("–", "--")
        assert text.isascii(), (path, {c for c in text if not c.isascii()})


def test_how_it_was_made(folder) -> None:
    text = Reader((folder / "report.html").read_text()).text
    assert "picassso evaluate WEIGHTS made_up.zarr --split test --seed 3\n" in text
    assert "32 x 32" in text and "posterior (not asked for)" in text


def test_scores_are_those_of_the_evaluation(evaluation, scores) -> None:
    for protocol, of in evaluation.scores.items():
        for row in of.totals:
            line = found(
                scores,
                protocol=str(protocol),
                quantity="totals",
                property=row.property,
                statistic="sigma",
            )
            if np.isnan(row.sigma.value):
                assert line["value"] == "" and row.property == ABSENT
            else:
                assert float(line["value"]) == pytest.approx(row.sigma.value, rel=1e-5)
                assert float(line["error"]) == pytest.approx(row.sigma.error, rel=1e-5)
            assert int(line["used"]) == row.counts.used
            assert int(line["below_floor"]) == row.counts.below_floor


def test_scores_hold_every_quantity_twice(evaluation, scores) -> None:
    twice = {"totals", "pixels", "annuli", "gradients", "sizes", "concentrations", "similarity"}
    twice |= {"power_ratio", "correlation", "distances_total", "distances_pixel", "relations"}
    twice |= {"method_total", "method_pixel"}
    for protocol in Protocol:
        assert twice <= {s["quantity"] for s in scores if s["protocol"] == protocol}
    once = {s["quantity"] for s in scores} - twice
    assert once == {
        "bins",
        "pixel_trend",
        "detections_total",
        "detections_pixel",
        "flags",
        "method",
        "method_difference",
        "method_fitted_to",
    }
    annuli = [s for s in scores if s["quantity"] == "annuli" and s["statistic"] == "sigma"]
    assert {(s["low"], s["high"]) for s in annuli} == {
        (f"{0.5 * k:.6g}", f"{0.5 * k + 0.5:.6g}") for k in range(10)
    }
    keys = [tuple(s.values())[:8] for s in scores]
    assert len(set(keys)) == len(keys)


def test_methods_say_what_they_were_fitted_to_and_how_they_differ(folder, scores) -> None:
    with (folder / "tables/methods_totals.csv").open() as file:
        lines = [r for r in csv.DictReader(file) if r["property"] == "stellar mass"]
    assert [r["fitted to"] for r in lines] == ["its training set", "1234 views"]
    page = (folder / "report.html").read_text()
    assert "fitted to 1234 views of the training split" in page
    assert "calibrated on 321 views of the validation split" in page
    method = lines[1]["method"]
    (views,) = (s for s in scores if s["statistic"] == "training_views" and s["method"] == method)
    assert float(views["value"]) == 1234
    (line,) = csv.DictReader((folder / "tables/methods_differences.csv").open())
    # The made-up method paints as the made-up network does.
    assert (line["method"], line["σ"]) == (method, "0.000 ± 0.000")
    assert (folder / "tables/methods_totals_paper.tex").exists()


def test_published_numbers_stand_beside(folder) -> None:
    rows = {r["property"]: r for r in csv.DictReader((folder / "tables/paper_protocol.csv").open())}
    mass = BUCK_WOLF_2021.scores["stellar_mass"]
    assert rows["stellar mass"]["μ published"] == number(mass.mean_bias)
    assert rows["stellar mass"]["σ published"] == number(mass.sigma)
    assert rows["neutral hydrogen"]["σ here"] == "–"


def test_model_card_tells_the_manifest(evaluation, folder) -> None:
    card = (folder / "model_card.md").read_text()
    model = evaluation.model
    for word in (model["architecture"], model["licence"], model["survey"], model["created"]):
        assert f"{word}" in card
    assert all(f in card for f in model["data_fingerprint"].split("+"))
    assert "| stellar mass | largest scatter (σ) |" in card


def test_model_card_says_what_a_synthetic_test_cannot(evaluation) -> None:
    """The weights that ship point to what was measured on simulations, others to how to."""
    card = model_card_text(evaluation)
    assert "paint_simulations.py measures" in card and "docs/weights.md" not in card
    about = dict(evaluation.about) | {"weights_fingerprint": load_weights(None).fingerprint}
    card = model_card_text(replace(evaluation, about=about))
    assert "“On galaxies of real simulations”" in card and "masses and ages" in card
    pages = Path(__file__).parents[2] / "docs" / "weights.md"
    section = pages.read_text().split("## On galaxies of real simulations")[1]
    assert re.search("Masses come out .* too high, and the intervals are too narrow", section)
    learnt = {k: v for k, v in evaluation.model.items() if k != "synthetic_seeds"}
    assert "other galaxies" not in model_card_text(replace(evaluation, model=learnt))


def test_worst_bin_is_the_worst(evaluation) -> None:
    bins = [
        b
        for b in evaluation.bins
        if b.statistics.property == "gas_mass" and not b.few and not np.isnan(b.low)
    ]
    worst = max(b.statistics.sigma.value for b in bins)
    assert f"| gas mass | largest scatter (σ) | {number(worst)} ±" in model_card_text(evaluation)


def missing(evaluation: Evaluation) -> Iterator[tuple[Evaluation, Callable[..., Section], str]]:
    """Evaluations without something, the section that lacks it, and the words that say so."""
    without = partial(replace, evaluation)
    yield without(methods=()), methods_section, "No classical method was run"
    yield without(examples=()), examples_section, "No views were kept to be shown"
    unbinned = {p: replace(s, bins=()) for p, s in evaluation.scores.items()}
    nothing: dict[str, Any] = dict.fromkeys(
        ("by_surface_density", "by_signal_to_noise"), dict.fromkeys(Protocol, ())
    )
    yield without(scores=unbinned, **nothing), where_section, "nothing to draw"
    scores = {p: replace(s, relations=()) for p, s in evaluation.scores.items()}
    yield without(scores=scores), relations_section, "make none of the relations"
    views = evaluation.views
    honest = views.true_annuli[Protocol.HONEST]
    unknown = {name: np.full_like(values, np.nan) for name, values in honest.items()}
    nowhere = {p: unknown for p in Protocol}
    none: dict[Protocol, dict[str, Any]] = {p: {} for p in Protocol}
    views = replace(views, true_annuli=nowhere, true_gradients=none, true_sizes=none)
    yield without(views=views), radius_section, "No annulus lies inside its frame"
    unscored = {p: replace(s, totals=()) for p, s in evaluation.scores.items()}
    yield without(scores=unscored), summary_section, "nothing to score"


def test_what_is_missing_is_said_in_words(evaluation) -> None:
    for without, section, words in missing(evaluation):
        made = section(without)
        assert words in " ".join(made.words)
        assert not any(isinstance(part, Plate) for part in made.parts)


def test_a_manifest_that_says_nothing(evaluation) -> None:
    card = model_card_text(replace(evaluation, model={}))
    assert "## Where it fails" in card and "Training range" not in card
    assert "None" not in card and "****" not in card


def test_one_galaxy_makes_every_section() -> None:
    sections = report_sections(made_up(galaxies=1, baselines=False, examples=0))
    assert len(sections) == 11 and all(s.words for s in sections)
    assert "2 views of 1 galaxy of" in sections[0].words[0]


def test_folder_that_cannot_be_written(evaluation, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file"):
        write_report(evaluation, tmp_path / "file")


def test_words() -> None:
    assert cell(Statistic(-0.0123, 0.004)) == "−0.012 ± 0.004"
    assert cell(Statistic(-0.0001, 0.004)) == "0.000 ± 0.004"
    assert cell(Statistic(np.nan)) == number(np.inf) == "–"
    assert plural(1, "view") == "1 view" and plural(2, "galaxy", "galaxies") == "2 galaxies"
