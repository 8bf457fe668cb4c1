"""The page of a study: what was compared, what came out, and what it may claim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from picassso.core import PROPERTIES, InputError, write_text
from picassso.figures import style_of
from picassso.report.latex import latex_table
from picassso.report.page import Plate, Section, Table, write_page
from picassso.report.published import (
    BUCK_WOLF_2021_STUDIES,
    STUDY_CAVEATS,
    PublishedArm,
)
from picassso.studies.experiments.drawing import (
    figure_of,
    galleries_of,
    losses_of,
    totals_figure_of,
)
from picassso.studies.experiments.results import ArmSummary, OverSeeds, Study
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
    score_text,
    starred,
)

__all__ = ["write_study"]

_WANTED = {"coverage": "wanted: 0.68"}
_PAPER_FIGURES = {
    "bands": "figure 7",
    "resolution": "figure 8",
    "samples": "figure 9",
}


def write_study(study: Study, folder: Path) -> Path:
    """Write the page of a study, with its figures and tables, and ``KIND.tex``.

    Parameters
    ----------
    study : Study
        What was found; its runs lie where they were when it was found.
    folder : path
        Of the study. The page goes into ``KIND`` in there, ``KIND.tex`` beside ``KIND.csv``.

    Returns
    -------
    Path
        ``KIND/report.html``. It holds its pictures and asks the network for nothing.

    Raises
    ------
    InputError
        If a file cannot be written, or the metrics or totals of a run cannot be read.
    """
    tables = list(_score_tables(study))
    write_text(folder / f"{study.kind}.tex", "\n".join(map(_latex, tables)))
    sections = [
        _compared(study),
        Section("Scores", (_scores_words(study),), [_figure(study), *tables]),
        *_paper(study),
        _losses(study),
        _totals(study),
        *_galleries(study),
    ]
    return write_page(
        folder / study.kind,
        title=f"Study: {TITLES[study.kind]}",
        about=_about(study),
        sections=sections,
    )


def _about(study: Study) -> dict[str, str]:
    about, training = study.about, study.about["training"]
    return {
        "data": f"{about['store']} ({about['store_fingerprint'][:16]}), its test split",
        "network": f"{training['architecture']}, {training['epochs']:g} epochs of all images, "
        f"batch {training['batch']}, {training['recipe']} recipe",
        "networks an arm": ", ".join(dict.fromkeys(str(a.networks) for a in study.arms)),
        "version": f"PICASSSO {about['version']}",
    }


def _compared(study: Study) -> Section:
    """Arms, and why some of them claim nothing."""
    reasons = [f"{a.label}: {a.provisional}." for a in study.arms if a.provisional]
    claim = ["Provisional arms claim nothing.", *reasons, comparisons_text(study.arms)]
    if not reasons:
        claim = ["No arm is provisional: each has its seeds, and losses that have flattened."]
    missing = left_out_text(study.about.get("left_out", {}))
    header = ["arm", "bands", "pixels", "images", "steps", "networks"]
    table = Table(
        "arms",
        [
            *header,
            "validation loss",
            "kept at step",
            "late fall",
            "end above least",
            "provisional",
        ],
        [_described(a) for a in study.arms],
        f"What was trained. {LOSS_NOTE}; more than {study.about['config']['loss_tolerance']:g} is "
        "not flat.",
    )
    words = [NOTES[study.kind], " ".join(claim), *([missing] if missing else [])]
    return Section("What was compared", tuple(words), [table])


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
        "yes" if arm.provisional else "no",
    ]


def _scores_words(study: Study) -> str:
    star = " A star marks a provisional arm." if any(a.provisional for a in study.arms) else ""
    return (
        f"Totals are sums inside two half-mass radii, not masked by the truth. {SCORES_NOTE}{star}"
    )


def _figure(study: Study) -> Plate:
    theirs = _PAPER_FIGURES.get(study.kind)
    return Plate(
        study.kind,
        figure_of(study),
        "Scatter and median bias of totals. Bars with caps: standard deviation over networks; pale "
        "bars: bootstrap error over galaxies."
        + (f" The modern form of {theirs} of Buck & Wolf (2021)." if theirs else ""),
    )


def _score_tables(study: Study) -> Iterator[Table]:
    """One table a statistic, properties down and arms across: of totals, then of pixels."""
    for kind, statistics in (("total", tuple(SCORE_WORDS)), ("pixel", ("median_bias", "sigma"))):
        rows = {(r.property, r.arm): r.scores for r in study.rows if r.kind == kind}
        names = [p for p in PROPERTIES if any(p == name for name, _ in rows)]
        arms = [a for a in study.arms if any(label == a.label for _, label in rows)]
        for statistic in statistics if rows else ():
            words = f"{SCORE_WORDS[statistic]} of {kind}s".capitalize()
            yield Table(
                f"{statistic}_of_{kind}s",
                ["property", *map(starred, arms)],
                [
                    [style_of(p).title, *(score_text(rows[p, a.label][statistic]) for a in arms)]
                    for p in names
                ],
                words + (f" ({_WANTED[statistic]})." if statistic in _WANTED else "."),
            )


def _latex(table: Table) -> str:
    return latex_table(table.header, table.rows, caption=table.caption, label=table.name)


def _paper(study: Study) -> Iterator[Section]:
    """The same comparison as published, under what was measured by the same protocol."""
    published = [run for run in BUCK_WOLF_2021_STUDIES if run.study == study.kind]
    if not published:
        return
    tables = [_beside_published(study, published, s) for s in ("mean_bias", "sigma")]
    words = "Not to be compared digit by digit. " + " ".join(STUDY_CAVEATS)
    yield Section("As published", (PAPER_NOTE, words), tables)


def _beside_published(study: Study, published: Sequence[PublishedArm], statistic: str) -> Table:
    """One statistic by the paper's protocol: arms down, those of here and published ones."""
    ours = {(r.property, r.arm): r.scores for r in study.rows if r.kind == PAPER_TOTAL}
    here = {a.label: starred(a) for a in study.arms if any(a.label == label for _, label in ours)}
    theirs = {run.arm: run.scores for run in published}
    names = [p for p in PROPERTIES if any(p in of for of in theirs.values())]
    lines = []
    for arm in dict.fromkeys([*here, *theirs]):
        if arm in here:
            scores = (ours.get((p, arm)) for p in names)
            lines.append([f"{here[arm]}, here", *(_scattered(s, statistic) for s in scores)])
        if arm in theirs:
            numbers = (getattr(theirs[arm].get(p), statistic, None) for p in names)
            lines.append(
                [f"{arm}, published", *("–" if n is None else f"{n:.3f}" for n in numbers)]
            )
    word = {"mean_bias": "mu", "sigma": "sigma"}[statistic]
    return Table(
        f"{word}_beside_published",
        ["arm", *(style_of(p).title for p in names)],
        lines,
        f"{word} of totals [dex]. Here: mean ± standard deviation over the networks. Published: "
        "Buck & Wolf (2021), one network an arm; numbers of the authors' notebooks.",
    )


def _scattered(scores: Mapping[str, OverSeeds] | None, statistic: str) -> str:
    """A number with its scatter over networks, or a dash where there is none."""
    if scores is None:
        return "–"
    return score_text(OverSeeds(scores[statistic].value, scores[statistic].scatter))


def _losses(study: Study) -> Section:
    words = "A comparison counts only where losses have flattened. Panels have their own scales."
    caption = "Validation loss of every network; grey: the last quarter of training."
    return Section("Losses", (words,), [Plate("losses", losses_of(study), caption)])


def _totals(study: Study) -> Section:
    """Predicted against true totals, arm by arm."""
    plates = [
        Plate(
            f"totals_{_file_name(arm.label)}",
            totals_figure_of(arm),
            f"{starred(arm)}: predicted medians of totals inside two half-mass radii against the "
            "truth. Running median with the 16th and 84th percentile; dotted: floor; inset: "
            "log10(true / predicted) [dex]." + _whose(arm),
        )
        for arm in study.arms
    ]
    theirs = "The modern form of figures A1 to A3 of Buck & Wolf (2021)."
    return Section("Totals, arm by arm", (theirs,) if study.kind == "bands" else (), plates)


def _whose(arm: ArmSummary) -> str:
    """Which of the networks of an arm are drawn."""
    if arm.averaged > 1:
        return f" The mean prediction of {arm.averaged} networks."
    if arm.networks > 1:
        return f" Of {arm.networks} networks, that of the median validation loss."
    return ""


def _galleries(study: Study) -> Iterator[Section]:
    """Galaxies at every resolution; weights that were removed leave a page without."""
    if study.kind != "resolution":
        return
    title = "Galaxies at every resolution"
    words = (
        "The modern form of figures B1 and B2 of Buck & Wolf (2021): test galaxies as the network "
        "of the median validation loss paints them at each resolution."
    )
    try:
        plates = [
            Plate(
                f"gallery_{k // 2 + 1}_{family}",
                figure,
                f"{galaxy}, {family}: image and bands, true map, predicted mean and residual "
                "log10(true / predicted) [dex] at each resolution, on one colour scale a property.",
            )
            for k, (galaxy, family, figure) in enumerate(galleries_of(study))
        ]
    except InputError as error:
        yield Section(title, (f"Cannot be drawn: {error}",))
    else:
        yield Section(title, (words,), plates)


def _file_name(label: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in label)
