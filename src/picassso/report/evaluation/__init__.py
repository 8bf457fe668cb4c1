"""The report of an evaluation: a page, its figures and tables, a model card, all scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from picassso.core import output_folder
from picassso.report.evaluation.methods import methods_section
from picassso.report.evaluation.model_card import model_card_section, model_card_text
from picassso.report.evaluation.provenance import provenance_section
from picassso.report.evaluation.radius import radius_section
from picassso.report.evaluation.scores import scores_csv
from picassso.report.evaluation.structure import relations_section, structure_section
from picassso.report.evaluation.summary import paper_section, summary_section
from picassso.report.evaluation.totals import examples_section, totals_section, where_section
from picassso.report.page import Section, save_text, write_page

if TYPE_CHECKING:
    from picassso.studies.evaluation import Evaluation

__all__ = ["report_sections", "write_report"]

_SECTIONS = (
    summary_section,
    paper_section,
    examples_section,
    totals_section,
    where_section,
    radius_section,
    structure_section,
    relations_section,
    methods_section,
    model_card_section,
    provenance_section,
)


def report_sections(evaluation: Evaluation) -> list[Section]:
    """The parts of the page, figures drawn."""
    return [section(evaluation) for section in _SECTIONS]


def write_report(evaluation: Evaluation, folder: Path) -> Path:
    """Write the report of an evaluation.

    Parameters
    ----------
    evaluation : Evaluation
        Of `picassso.studies.evaluate`.
    folder : path
        Gets ``report.html``, ``figures/NAME.pdf|png``, ``tables/NAME.csv|tex``, ``model_card.md``
        and ``scores.csv``; made if need be.

    Returns
    -------
    Path
        Of the page, which holds its pictures and asks the network for nothing. What was not
        measured is said in words.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    about, views = evaluation.about, evaluation.views
    with output_folder(folder):
        save_text(folder / "scores.csv", scores_csv(evaluation))
        save_text(folder / "model_card.md", model_card_text(evaluation))
    return write_page(
        folder,
        title=f"{about['weights']} on {about['store']}",
        about={
            "weights": f"{about['weights']} ({about['weights_fingerprint']})",
            "store": f"{about['store']} ({about['store_fingerprint'][:16]})",
            "split": about["split"],
            "views": str(len(views.row)),
            "galaxies": str(len(set(views.galaxy_id.tolist()))),
        },
        sections=report_sections(evaluation),
    )
