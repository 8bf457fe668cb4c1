"""The files of a study: one table for machines, one for people, one figure, and its config."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from picassso.core import write_text
from picassso.studies.experiments.drawing import figure_of
from picassso.studies.experiments.results import SCORES, ArmSummary, Study
from picassso.studies.experiments.scores import PAPER_TOTAL
from picassso.studies.experiments.words import (
    LOSS_NOTE,
    NOTES,
    PAPER_NOTE,
    SCORE_WORDS,
    SCORES_NOTE,
    TITLES,
    comparisons_text,
    kept_text,
    left_out_text,
    loss_text,
    mu_sigma_text,
    score_text,
    starred,
)

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
    loss_columns = ["validation_loss", "validation_loss_scatter", "late_fall", "end_above_least"]
    loss_columns += ["kept_first", "kept_last", "provisional"]
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
        loss = (arm.validation_loss.value, arm.validation_loss.scatter)
        course = (arm.late_fall, arm.end_above_least)
        writer.writerow(
            [
                arm.label,
                *(getattr(arm, c) for c in arm_columns),
                row.property,
                row.kind,
                *cells,
                *map(_number, loss + course),
                *arm.kept_steps,
                arm.provisional,
            ]
        )
    return out.getvalue()


def _number(value: float) -> str:
    return f"{value:.5f}" if np.isfinite(value) else ""


def _markdown(study: Study) -> str:
    """For a document: what was compared, then totals property by property."""
    parts = [
        f"# Study: {TITLES[study.kind]}\n\n{NOTES[study.kind]}\n",
        _data(study),
        *_compared(study),
        f"![{TITLES[study.kind]}]({study.kind}.png)\n\nSigma and median bias of totals. Bars "
        "with caps: standard deviation over the networks of an arm; pale bars: bootstrap error "
        "over test galaxies. A star marks a provisional arm.\n",
        f"## Totals inside two half-mass radii\n\n{SCORES_NOTE}\n",
    ]
    labels = {a.label: starred(a) for a in study.arms}
    for name in dict.fromkeys(r.property for r in study.rows):
        rows = [r for r in study.rows if r.property == name and r.kind == "total"]
        lines = [[labels[r.arm], *(score_text(r.scores[s]) for s in SCORE_WORDS)] for r in rows]
        parts.append(f"### {_title(name)}\n\n" + _table(["arm", *SCORE_WORDS.values()], lines))
    return "\n".join([*parts, *_by_paper_protocol(study)])


def _data(study: Study) -> str:
    about = study.about
    splits = (
        f"{n['images']:,} images of {n['galaxies']:,} galaxies" for n in about["splits"].values()
    )
    train, validation, test = splits
    return (
        f"Data: {about['store']} ({about['store_fingerprint'][:16]}), views of one galaxy in one "
        f"split alone: {train} to learn from, {validation} to choose by, {test} to be tested on.\n"
    )


def _compared(study: Study) -> Iterator[str]:
    """Arms, which of them claim nothing, and which are not there."""
    header = ["arm", "bands", "pixels", "images", "steps", "networks", "validation loss"]
    header += ["kept at step", "late fall", "end above least", "claim"]
    yield _table(header, [_described(a) for a in study.arms])
    tolerance = study.about["config"]["loss_tolerance"]
    yield f"{LOSS_NOTE}; more than {tolerance:g} is not flat.\n"
    yield f"**Provisional arms claim nothing. {comparisons_text(study.arms)}**\n"
    if missing := left_out_text(study.about["left_out"]):
        yield missing + "\n"


def _described(arm: ArmSummary) -> list[str]:
    numbers = (arm.pixels, arm.images, arm.steps, arm.networks)
    return [
        arm.label,
        arm.bands,
        *map(str, numbers),
        score_text(arm.validation_loss),
        kept_text(arm),
        loss_text(arm.late_fall),
        loss_text(arm.end_above_least),
        f"**provisional**: {arm.provisional}" if arm.provisional else "",
    ]


def _by_paper_protocol(study: Study) -> Iterator[str]:
    """Totals as the paper took them, where networks could be tested so."""
    rows = {(r.property, r.arm): r.scores for r in study.rows if r.kind == PAPER_TOTAL}
    if rows:
        names = dict.fromkeys(name for name, _ in rows)
        arms = [a for a in study.arms if any(a.label == label for _, label in rows)]
        lines = [
            [
                _title(p),
                *(mu_sigma_text(rows[p, a.label]) if (p, a.label) in rows else "–" for a in arms),
            ]
            for p in names
        ]
        yield f"## By the protocol of Buck & Wolf (2021)\n\n{PAPER_NOTE}\n"
        yield _table(["property", *map(starred, arms)], lines)


def _title(name: str) -> str:
    from picassso.figures import style_of

    return style_of(name).title


def _table(header: list[str], lines: list[list[str]]) -> str:
    rows = [header, ["---"] * len(header), *lines]
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)
