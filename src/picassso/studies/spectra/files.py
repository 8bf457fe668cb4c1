"""The files of an evaluation of spectra."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from picassso.core import write_text
from picassso.studies.spectra.scores import scores_csv

if TYPE_CHECKING:
    from picassso.studies.spectra.autoencoder import AutoencoderEvaluation

__all__ = ["csv_text", "write_autoencoder_evaluation"]


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
