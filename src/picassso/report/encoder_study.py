"""The page of the study of encoders."""

from __future__ import annotations

from pathlib import Path

from picassso.figures import validation_losses
from picassso.report.page import Plate, Section, Table, write_page
from picassso.studies.experiments.encoders.files import NAME, figure_of
from picassso.studies.experiments.encoders.published import PAPER_CAVEATS
from picassso.studies.experiments.encoders.results import EncoderStudy
from picassso.studies.experiments.encoders.tables import (
    arms_table,
    comparisons_table,
    latents_table,
    tuning_table,
)
from picassso.studies.experiments.encoders.trial import error_curve
from picassso.studies.experiments.encoders.words import LABELS, NOTE, TITLE, ordering, ours

__all__ = ["write_encoder_study"]


def write_encoder_study(study: EncoderStudy, folder: Path) -> Path:
    """Write the page of the study of encoders, with its figures and tables.

    Parameters
    ----------
    study : EncoderStudy
        What was found; its runs lie where they were when it was found.
    folder : path
        Of the study. The page goes into ``encoders`` in there.

    Returns
    -------
    Path
        ``encoders/report.html``. It holds its pictures and asks the network for nothing.

    Raises
    ------
    InputError
        If a file cannot be written, or the metrics of a run cannot be read.
    """
    about = study.about
    return write_page(
        folder / NAME,
        title=f"Study: {TITLE}",
        about={
            "data": f"{about['store']} ({about['store_fingerprint'][:16]}), its test split",
            "latents": f"of the autoencoder {about['autoencoder'][:16]}",
            "images": f"{about['pixels']} x {about['pixels']} pixels",
            "networks an arm": str(about["config"]["seeds"]),
            "version": f"PICASSSO {about['version']}",
        },
        sections=[
            Section("What was compared", (NOTE, _claims(study))),
            _errors(study),
            Section("One less another", (), [_comparisons(study)]),
            _tuning(study),
            _losses(study),
            Section("As published", PAPER_CAVEATS),
        ],
    )


def _claims(study: EncoderStudy) -> str:
    reasons = [f"{LABELS[a.choice.arm]}: {a.provisional}." for a in study.arms if a.provisional]
    if reasons:
        return " ".join(["Provisional arms claim nothing.", *reasons])
    return "No arm is provisional: each has its seeds, the paper's pixels, and flat errors."


def _errors(study: EncoderStudy) -> Section:
    words = (
        "Of the latents on the test split, in squares of the population's standard deviation: "
        "mean over the networks of an arm ± their standard deviation, and in brackets the "
        "bootstrap error over the test galaxies, which the arms share. Always to say the mean of "
        f"the test galaxies errs by {study.spread:.3f}. A star marks a provisional arm."
    )
    figure = Plate(
        NAME,
        figure_of(study),
        "Left: mean squared error of every network on the test split. Right: on the validation "
        "split in the course of training; grey: its last quarter.",
    )
    arms = Table(
        "arms",
        *arms_table(study),
        "Networks as they were chosen. Late fall: by how much the least validation error fell in "
        "the last quarter of training, the largest of the networks; above "
        f"{study.about['config']['loss_tolerance']:g} it was not flat. Seconds of training are by "
        "the clock of the machine that trained them.",
    )
    latents = Table("latents", *latents_table(study), "Mean squared error, latent by latent.")
    answers = tuple(filter(None, (ordering(study), ours(study))))
    return Section("Mean squared errors", (*answers, words), [figure, arms, latents])


def _comparisons(study: EncoderStudy) -> Table:
    return Table(
        "comparisons",
        *comparisons_table(study),
        "Differences of mean squared errors, paired over test galaxies and over seeds, with "
        "two-sided probabilities (Student's t, degrees of freedom by Welch 1947).",
    )


def _tuning(study: EncoderStudy) -> Section:
    table = Table(
        "tuning",
        *tuning_table(study),
        "Mean squared error of the latents on the validation split, of one network each, trained "
        f"for {study.about['config']['tuning']['share']:g} of the epochs.",
    )
    return Section("What recipe and learning rate were chosen by", (), [table])


def _losses(study: EncoderStudy) -> Section:
    figure = validation_losses(
        {LABELS[arm.choice.arm]: [error_curve(run) for run in arm.runs] for arm in study.arms}
    )
    words = "A comparison counts only where errors have flattened. Panels have their own scales."
    caption = (
        "Mean squared error of the latents on the validation split, of every network; grey: the "
        "last quarter of training."
    )
    return Section("Losses", (words,), [Plate("losses", figure, caption)])
