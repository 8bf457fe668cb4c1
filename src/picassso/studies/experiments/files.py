"""The files of a study: one table for machines, one for people, one figure, and its config."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from picassso.core import write_text
from picassso.studies.experiments.results import SCORES, ArmSummary, OverSeeds, Study

__all__ = ["write_study"]

_TITLES = {
    "bands": "bands",
    "resolution": "resolution",
    "samples": "training images",
    "ensemble": "networks averaged",
    "morphology": "what the network sees",
}

_NOTES = {
    "bands": "Each arm is a network trained on those bands alone.",
    "resolution": "Images and true maps are averaged in blocks of pixels, linearly; the noise of a "
    "pixel goes down accordingly. Totals of an arm are those inside two half-mass radii of its own "
    "true maps. Losses are of pixels, and pixels differ: compare them within an arm alone.",
    "samples": "Training galaxies are drawn by the seed, smaller samples lying within larger ones, "
    "and all are trained for equally many steps; validation and test galaxies are the same.",
    "ensemble": "The mean of the predicted means, and the geometric mean of the predicted "
    "quantiles. ± is over choices of members, which overlap: of larger numbers it is too small.",
    "morphology": "image: colour and shape. shuffled: the pixels of each image in random order, "
    "the same in all bands, the painted maps put back in order: colour and brightness of pixels, "
    "but no shape. grey: the reference band in the place of every band, each with noise of its "
    "own: shape, but no colour. shuffled grey: neither, the control. All are told redshift, pixel "
    "size, PSF and noise.",
}

_WORDS = {
    "median_bias": "median bias",
    "linear_bias": "linear bias",
    "sigma": "sigma",
    "robust_sigma": "robust sigma",
    "coverage": "coverage",
}


def write_study(study: Study, folder: Path, *, about: Mapping[str, Any]) -> None:
    """All files of a study, into a folder that exists, named after its kind."""
    from picassso.figures import save_figure

    write_text(folder / f"{study.kind}.json", json.dumps(about, indent=2) + "\n")
    write_text(folder / f"{study.kind}.csv", _csv(study))
    write_text(folder / f"{study.kind}.md", _markdown(study, about))
    figure = _figure(study)
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


def _markdown(study: Study, about: Mapping[str, Any]) -> str:
    """For a document: what was compared, then totals property by property."""
    header = ["arm", "bands", "pixels", "images", "steps", "networks", "validation loss"]
    arms = [[*_described(a), _provisional(a)] for a in study.arms]
    parts = [
        f"# Study: {_TITLES[study.kind]}\n\n{_NOTES[study.kind]}\n",
        f"Data: {about['store']} ({about['store_fingerprint'][:16]}), its test split.\n",
        _table([*header, "late fall", "claim"], arms),
        "Late fall: of the least validation loss, over the last quarter of training, the largest "
        f"of the networks; more than {study.loss_tolerance:g} is not flat. **Provisional arms "
        f"claim nothing.**\n\n![{_TITLES[study.kind]}]({study.kind}.png)\n\n## Totals inside two "
        "half-mass radii\n\nOf log10(true / predicted) [dex]: mean over the networks ± their "
        "standard deviation (bootstrap standard error over test galaxies).\n",
    ]
    for name in dict.fromkeys(r.property for r in study.rows):
        rows = [r for r in study.rows if r.property == name and r.kind == "total"]
        lines = [[r.arm, *(_cell(r.scores[s]) for s in SCORES)] for r in rows]
        parts.append(f"### {name}\n\n" + _table(["arm", *_WORDS.values()], lines))
    return "\n".join(parts)


def _described(arm: ArmSummary) -> list[str]:
    return [
        arm.label,
        arm.bands,
        str(arm.pixels),
        str(arm.images),
        str(arm.steps),
        str(arm.networks),
        _cell(arm.validation_loss),
        f"{arm.late_fall:.3f}" if np.isfinite(arm.late_fall) else "–",
    ]


def _provisional(arm: ArmSummary) -> str:
    return f"**provisional**: {arm.provisional}" if arm.provisional else ""


def _table(header: list[str], lines: list[list[str]]) -> str:
    rows = [header, ["---"] * len(header), *lines]
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)


def _cell(score: OverSeeds) -> str:
    if not np.isfinite(score.value):
        return "–"
    scatter = f" ± {score.scatter:.3f}" if np.isfinite(score.scatter) else ""
    error = f" ({score.error:.3f})" if np.isfinite(score.error) else ""
    return f"{score.value:.3f}{scatter}{error}"


def _figure(study: Study) -> Any:
    from picassso.figures import ArmScores, study_figure

    def scores(name: str, statistic: str) -> ArmScores:
        found = [
            r.scores[statistic] for r in study.rows if r.property == name and r.kind == "total"
        ]
        return ArmScores(
            value=np.array([f.value for f in found]),
            scatter=np.array([f.scatter for f in found]),
            error=np.array([f.error for f in found]),
        )

    return study_figure(
        [a.label for a in study.arms],
        sigma={p: scores(p, "sigma") for p in dict.fromkeys(r.property for r in study.rows)},
        bias={p: scores(p, "median_bias") for p in dict.fromkeys(r.property for r in study.rows)},
        title=_TITLES[study.kind],
        provisional=[bool(a.provisional) for a in study.arms],
    )
