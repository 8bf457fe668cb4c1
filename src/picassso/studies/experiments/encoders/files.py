"""The files of the study of encoders: for machines, for people, a figure, and its config."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from picassso.core import write_text
from picassso.studies.experiments.encoders.published import (
    PAPER_CAVEATS,
    PAPER_ERRORS,
)
from picassso.studies.experiments.encoders.results import EncoderArm, EncoderStudy
from picassso.studies.experiments.encoders.tables import (
    Lines,
    arms_table,
    comparisons_table,
    latents_table,
    tuning_table,
)
from picassso.studies.experiments.encoders.trial import error_curve
from picassso.studies.experiments.encoders.words import LABELS, NOTE, TITLE, ordering, ours

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["NAME", "figure_of", "write_files"]

NAME = "encoders"
"""Of the files."""


def write_files(study: EncoderStudy, folder: Path) -> None:
    """All files of the study, into a folder that exists."""
    from picassso.figures import save_figure

    write_text(folder / f"{NAME}.json", json.dumps(dict(study.about), indent=2) + "\n")
    write_text(folder / f"{NAME}.csv", _csv(study))
    write_text(folder / f"{NAME}.md", _markdown(study))
    figure = figure_of(study)
    for kind in ("png", "pdf"):
        save_figure(figure, folder / f"{NAME}.{kind}")


def figure_of(study: EncoderStudy) -> Figure:
    """Errors of all networks, arm by arm, and their way there.

    Raises
    ------
    InputError
        If the metrics of a run cannot be read.
    """
    from picassso.figures import EncoderErrors, encoder_figure

    return encoder_figure(
        {
            LABELS[arm.choice.arm] + "*" * bool(arm.provisional): EncoderErrors(
                by_seed=np.array(arm.by_seed),
                error=arm.error.error,
                published=PAPER_ERRORS.get(arm.choice.arm, np.nan),
                curves=[error_curve(run) for run in arm.runs],
            )
            for arm in study.arms
        },
        spread=study.spread,
    )


def _csv(study: EncoderStudy) -> str:
    """One line an arm."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    ends = ("", "_scatter", "_error")
    latents = [f"latent_{k}" for k in range(len(study.arms[0].latents))]
    columns = ["arm", "recipe", "learning_rate", "parameters", "steps", "networks", "seconds"]
    columns += [f"{name}{end}" for name in (*latents, "mean") for end in ends]
    columns += ["validation", "validation_scatter", "late_fall", "end_above_least"]
    columns += ["published", "provisional"]
    writer.writerow(columns)
    for arm in study.arms:
        scores = [(s.value, s.scatter, s.error) for s in (*arm.latents, arm.error)]
        validation = (arm.validation.value, arm.validation.scatter)
        course = (arm.late_fall, arm.end_above_least)
        published = PAPER_ERRORS.get(arm.choice.arm, np.nan)
        writer.writerow(
            [
                arm.choice.arm,
                arm.choice.recipe,
                f"{arm.choice.rate:g}",
                arm.parameters,
                arm.steps,
                len(arm.by_seed),
                f"{arm.seconds.value:.1f}",
                *(_number(value) for score in scores for value in score),
                *map(_number, (*validation, *course, published)),
                arm.provisional,
            ]
        )
    return out.getvalue()


def _number(value: float) -> str:
    return f"{value:.5f}" if np.isfinite(value) else ""


def _markdown(study: EncoderStudy) -> str:
    """For a document: the answer, then the tables that it rests on."""
    about = study.about
    return "\n".join(
        [
            f"# Study: {TITLE}\n\n{NOTE}\n",
            f"Data: {about['store']} ({about['store_fingerprint'][:16]}), its test split; latents "
            f"of the autoencoder {about['autoencoder'][:16]}.\n",
            f"{ordering(study)}\n\n{ours(study)}\n\n![{TITLE}]({NAME}.png)\n",
            "Mean squared error of the latents on the test split, in squares of the population's "
            "standard deviation: mean over the networks ± their standard deviation (bootstrap "
            "standard error over test galaxies). Always to say the mean of the test galaxies errs "
            f"by {study.spread:.3f}. A star marks a provisional arm, which claims nothing.\n",
            _table(arms_table(study)),
            "".join(map(_provisional, study.arms)),
            "## Latent by latent\n\n" + _table(latents_table(study)),
            "## One less another\n\nPaired over test galaxies and seeds.\n\n"
            + _table(comparisons_table(study)),
            "## What recipe and learning rate were chosen by\n\nMean squared error of the latents "
            f"on the validation split, of one network each, trained for "
            f"{about['config']['tuning']['share']:g} of the epochs.\n\n"
            + _table(tuning_table(study)),
            "## As published\n\n" + " ".join(PAPER_CAVEATS),
            "",
        ]
    )


def _provisional(arm: EncoderArm) -> str:
    label = LABELS[arm.choice.arm]
    return f"- {label}: **provisional**: {arm.provisional}\n" if arm.provisional else ""


def _table(table: Lines) -> str:
    header, lines = table
    rows = [header, ["---"] * len(header), *lines]
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)
