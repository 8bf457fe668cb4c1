"""The files of an evaluation of spectra."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from picassso.analysis.spectra import EMISSION_CLASSES
from picassso.analysis.spectra.measured import MEASURED
from picassso.core import write_text
from picassso.studies.spectra.scores import scores_csv

if TYPE_CHECKING:
    from picassso.studies.spectra.autoencoder import AutoencoderEvaluation
    from picassso.studies.spectra.encoder import EncoderEvaluation

__all__ = ["csv_text", "write_autoencoder_evaluation", "write_encoder_evaluation"]


def write_autoencoder_evaluation(evaluation: AutoencoderEvaluation, folder: Path) -> None:
    """Scores, a line for each spectrum, and where they come from; each file appears whole."""
    write_text(folder / "scores.csv", scores_csv(evaluation.scores))
    header = ("sample", "method", "galaxy_id", "redshift", "signal_to_noise", "residual", "chi2")
    write_text(folder / "objects.csv", csv_text((*header, "flags"), _objects(evaluation)))
    write_text(folder / "evaluation.json", json.dumps(dict(evaluation.about), indent=2) + "\n")


def _objects(evaluation: AutoencoderEvaluation) -> Iterable[Sequence[Any]]:
    for found in evaluation.reconstructions:
        sample = found.sample
        for k, name in enumerate(sample.galaxy_id.tolist()):
            numbers = (sample.redshift[k], sample.signal_to_noise[k], found.size[k], found.chi2[k])
            flags = " ".join(sample.flags[k])
            yield sample.name, found.method, name, *map(float, numbers), flags


def write_encoder_evaluation(evaluation: EncoderEvaluation, folder: Path) -> None:
    """Scores, a line for each view, and where they come from; each file appears whole."""
    write_text(folder / "scores.csv", scores_csv(evaluation.scores))
    write_text(folder / "galaxies.csv", csv_text(*_galaxies(evaluation)))
    write_text(folder / "evaluation.json", json.dumps(dict(evaluation.about), indent=2) + "\n")


def _galaxies(evaluation: EncoderEvaluation) -> tuple[list[str], Iterable[Sequence[Any]]]:
    """Latents and indices, true and predicted, of every view."""
    found, truth = evaluation.predictions, evaluation.truth
    columns: dict[str, Sequence[Any]] = {
        "galaxy_id": found.galaxy_id.tolist(),
        "row": found.row.tolist(),
    }
    sigma = np.sqrt(np.diagonal(found.latent_covariance, axis1=1, axis2=2))
    for k in range(found.latent_mean.shape[1]):
        name = f"latent_{k}" if k < evaluation.about["latents"] else "log10_norm"
        columns[f"true_{name}"] = truth.target[:, k].tolist()
        columns[name], columns[f"{name}_std"] = (
            found.latent_mean[:, k].tolist(),
            sigma[:, k].tolist(),
        )
    medians = found.index_medians
    for k, name in enumerate(MEASURED):
        columns[f"true_{name}"] = truth.indices[:, k].tolist()
        columns[name] = medians[:, k].tolist()
    columns["true_class"] = [EMISSION_CLASSES[c] for c in truth.classes]
    for selection in evaluation.selections:
        columns[f"p({selection.condition})"] = selection.probability.tolist()
    return list(columns), zip(*columns.values(), strict=True)


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table for machines; cells of what is not known are empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_text(value) for value in row] for row in rows)
    return out.getvalue()


def _text(value: Any) -> Any:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.6g}"
    return value
