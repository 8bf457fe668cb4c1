"""The files of a study: one table for machines, one for people, one figure, and its config."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np

from picassso.core import write_text
from picassso.studies.experiments.drawing import figure_of
from picassso.studies.experiments.results import SCORES, ArmSummary, Study
from picassso.studies.experiments.words import NOTES, SCORE_WORDS, TITLES, score_text

__all__ = ["write_files"]


def write_files(study: Study, folder: Path) -> None:
    """All files of a study, into a folder that exists, named after its kind."""
    from picassso.figures import save_figure

    write_text(folder / f"{study.kind}.json", json.dumps(dict(study.about), indent=2) + "\n")
    write_text(folder / f"{study.kind}.csv", _csv(study))
    write_text(folder / f"{study.kind}.md", _markdown(study))
    figure = figure_of(study)
    for kind in ("png", "pdf"):
        save_figure(figure, folder / f"{study.kind}.{kind}")


def _csv(study: Study) -> str:
    """One line an arm, property and kind."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    arm_columns = ["bands", "pixels", "images", "steps", "networks"]
    loss_columns = ["validation_loss", "validation_loss_scatter", "late_fall", "provisional"]
    scores = [f"{s}{end}" for s in SCORES for end in ("", "_scatter", "_error")]
    writer.writerow(["arm", *arm_columns, "property", "kind", *scores, *loss_columns])
    summaries = {a.label: a for a in study.arms}
    for row in study.rows:
        arm = summaries[row.arm]
        cells = [
            _number(n)
            for s in SCORES
            for n in (row.scores[s].value, row.scores[s].scatter, row.scores[s].error)
        ]
        loss = (arm.validation_loss.value, arm.validation_loss.scatter, arm.late_fall)
        writer.writerow(
            [
                arm.label,
                *(getattr(arm, c) for c in arm_columns),
                row.property,
                row.kind,
                *cells,
                *map(_number, loss),
                arm.provisional,
            ]
        )
    return out.getvalue()


def _number(value: float) -> str:
    return f"{value:.5f}" if np.isfinite(value) else ""


def _markdown(study: Study) -> str:
    """For a document: what was compared, then totals property by property."""
    about = study.about
    tolerance = about["config"]["loss_tolerance"]
    header = ["arm", "bands", "pixels", "images", "steps", "networks", "validation loss"]
    arms = [[*_described(a), _provisional(a)] for a in study.arms]
    parts = [
        f"# Study: {TITLES[study.kind]}\n\n{NOTES[study.kind]}\n",
        f"Data: {about['store']} ({about['store_fingerprint'][:16]}), its test split.\n",
        _table([*header, "late fall", "claim"], arms),
        "Late fall: of the least validation loss, over the last quarter of training, the largest "
        f"of the networks; more than {tolerance:g} is not flat. **Provisional arms "
        f"claim nothing.**\n\n![{TITLES[study.kind]}]({study.kind}.png)\n\n## Totals inside two "
        "half-mass radii\n\nOf log10(true / predicted) [dex]: mean over the networks ± their "
        "standard deviation (bootstrap standard error over test galaxies).\n",
    ]
    for name in dict.fromkeys(r.property for r in study.rows):
        rows = [r for r in study.rows if r.property == name and r.kind == "total"]
        lines = [[r.arm, *(score_text(r.scores[s]) for s in SCORES)] for r in rows]
        parts.append(f"### {name}\n\n" + _table(["arm", *SCORE_WORDS.values()], lines))
    return "\n".join(parts)


def _described(arm: ArmSummary) -> list[str]:
    return [
        arm.label,
        arm.bands,
        str(arm.pixels),
        str(arm.images),
        str(arm.steps),
        str(arm.networks),
        score_text(arm.validation_loss),
        f"{arm.late_fall:.3f}" if np.isfinite(arm.late_fall) else "–",
    ]


def _provisional(arm: ArmSummary) -> str:
    return f"**provisional**: {arm.provisional}" if arm.provisional else ""


def _table(header: list[str], lines: list[list[str]]) -> str:
    rows = [header, ["---"] * len(header), *lines]
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)
