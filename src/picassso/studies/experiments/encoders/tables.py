"""The tables of the study of encoders, as they are to be read; one for all that write them."""

from __future__ import annotations

import numpy as np

from picassso.studies.experiments.encoders.published import PAPER_ERRORS
from picassso.studies.experiments.encoders.results import EncoderArm, EncoderStudy
from picassso.studies.experiments.encoders.words import LABELS
from picassso.studies.experiments.words import loss_text, score_text

__all__ = ["arms_table", "comparisons_table", "latents_table", "tuning_table"]

Lines = tuple[list[str], list[list[str]]]
"""Header and lines."""


def arms_table(study: EncoderStudy) -> Lines:
    """Arms down; what they are, how they were trained, and how much they err."""
    header = ["network", "parameters", "recipe", "rate", "steps", "seconds", "networks"]
    header += ["mean squared error", "on validation", "late fall", "end above least"]
    header += ["Wu & Peek 2020"]
    return header, [
        [
            _starred(arm),
            f"{arm.parameters:,}",
            arm.choice.recipe,
            f"{arm.choice.rate:g}",
            str(arm.steps),
            f"{arm.seconds.value:.0f}",
            str(len(arm.by_seed)),
            score_text(arm.error),
            score_text(arm.validation),
            loss_text(arm.late_fall),
            loss_text(arm.end_above_least),
            f"{PAPER_ERRORS[arm.choice.arm]:.3f}" if arm.choice.arm in PAPER_ERRORS else "–",
        ]
        for arm in study.arms
    ]


def latents_table(study: EncoderStudy) -> Lines:
    """Arms down, latents across."""
    header = ["network", *(f"latent {k}" for k in range(len(study.arms[0].latents))), "mean"]
    return header, [
        [_starred(arm), *map(score_text, (*arm.latents, arm.error))] for arm in study.arms
    ]


def tuning_table(study: EncoderStudy) -> Lines:
    """Network and recipe down, rates across; what was chosen is marked."""
    rates = list(dict.fromkeys(t.choice.rate for t in study.tried))
    by_row: dict[tuple[str, str], dict[float, str]] = {}
    for t in study.tried:
        words = f"{t.error:.3f}" if np.isfinite(t.error) else "diverged"
        row = by_row.setdefault((t.choice.arm, t.choice.recipe), {})
        row[t.choice.rate] = words + " (chosen)" * t.chosen
    header = ["network", "recipe", *(f"rate {rate:g}" for rate in rates)]
    return header, [
        [LABELS[arm], recipe, *(row[rate] for rate in rates)]
        for (arm, recipe), row in by_row.items()
    ]


def comparisons_table(study: EncoderStudy) -> Lines:
    """Two networks a line."""
    header = ["difference", "value", "error over galaxies", "over seeds", "over both", "p"]
    return header, [
        [
            f"{LABELS[c.first]} less {LABELS[c.second]}",
            f"{c.difference:+.4f}".replace("-", "−"),
            *map(_number, (c.galaxies, c.seeds, c.error)),
            f"{c.p_value:.2g}" if np.isfinite(c.p_value) else "–",
        ]
        for c in study.comparisons
    ]


def _starred(arm: EncoderArm) -> str:
    return LABELS[arm.choice.arm] + "*" * bool(arm.provisional)


def _number(value: float) -> str:
    return f"{value:.4f}" if np.isfinite(value) else "–"
