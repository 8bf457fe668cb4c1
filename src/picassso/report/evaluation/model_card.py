"""A model card: what weights are, what they are for, how well they do, and where they fail.

In the spirit of Mitchell et al. (2019, FAT* '19, 220, arXiv:1810.03993). Everything is read from
the manifest of the weights or computed from the evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from picassso.analysis import BinnedResiduals, Protocol
from picassso.core import InputError, MissingExtraError
from picassso.report.evaluation.summary import totals_table
from picassso.report.evaluation.words import cell, listed, number, title
from picassso.report.page import Facts, Section, Table
from picassso.studies.evaluation.quantities import QUANTITIES
from picassso.studies.evaluation.tables import range_text

if TYPE_CHECKING:
    from picassso.studies.evaluation import Evaluation

__all__ = ["model_card_section", "model_card_text"]


def model_card_section(evaluation: Evaluation) -> Section:
    """The card as a part of the page."""
    words = [
        "The weights in short (after Mitchell et al. 2019), from what they say of themselves and "
        "from the numbers above; also beside this page as model_card.md.",
    ]
    return Section(
        "Model card",
        words,
        [
            *(Facts(heading, items) for heading, items in _facts(evaluation).items() if items),
            *_range_table(evaluation.model),
            totals_table(
                evaluation.scores[Protocol.HONEST].totals,
                name="model_card_performance",
                caption="Measured performance: totals, protocol honest.",
            ),
            *_failures(evaluation),
        ],
    )


def model_card_text(evaluation: Evaluation) -> str:
    """The card in Markdown."""
    section = model_card_section(evaluation)
    blocks = [f"# Model card: {evaluation.about['weights']}"]
    for part in section.parts:
        if isinstance(part, Facts):
            lines = [f"- **{key}**: {value}" for key, value in part.items.items()]
            blocks.append(f"## {part.title}\n\n" + "\n".join(lines))
        elif isinstance(part, Table):
            blocks.append(f"## {_HEADINGS[part.name]}\n\n{part.caption}\n\n{_markdown(part)}")
    return "\n\n".join(blocks) + "\n"


_HEADINGS = {
    "training_range": "Training range",
    "model_card_performance": "Performance",
    "failures": "Where it fails",
}


def _markdown(table: Table) -> str:
    lines = [table.header, ["---"] * len(table.header), *table.rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _facts(evaluation: Evaluation) -> dict[str, dict[str, str]]:
    """Lines of the card by heading; what the manifest does not say is left out."""
    model, about = evaluation.model, evaluation.about
    return {
        "What it is": _known(
            {
                "name": about["weights"],
                "fingerprint": about["weights_fingerprint"],
                "architecture": _architecture(model),
                "parameters": _parameters(model),
                "survey": model.get("survey"),
                "bands": " ".join(model.get("bands", ())),
                "properties": ", ".join(title(p) for p in model.get("properties", ())),
                "made": _made(model),
                "licence": model.get("licence"),
            }
        ),
        "Training": _known(
            {
                "data": _joined(model.get("data_fingerprint", "").split("+"), "fingerprint"),
                "synthetic galaxies": _joined(model.get("synthetic_seeds", ()), "seed"),
                "steps": model.get("step"),
                "validation loss": _rounded(model.get("validation_loss")),
                "settings": _settings(_training_settings(model)),
                "calibration": _calibration(model),
            }
        ),
        "Use": _use(model) | _beyond(model, about),
    }


def _known(items: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in items.items() if value not in (None, "")}


def _architecture(model: Mapping[str, Any]) -> str:
    config = {k: v for k, v in model.get("config", {}).items() if k not in ("bands", "properties")}
    name = model.get("architecture", config.pop("architecture", ""))
    config.pop("architecture", None)
    return f"{name} ({_settings(config)})" if config else name


def _parameters(model: Mapping[str, Any]) -> str:
    """How many numbers were learnt; nothing where torch, which builds the network, is missing."""
    if "config" not in model:
        return ""
    try:
        from picassso.networks import NetworkConfig, build, count_parameters

        return f"{count_parameters(build(NetworkConfig.from_dict(model['config']))):,}"
    except (InputError, MissingExtraError):
        return ""


def _made(model: Mapping[str, Any]) -> str:
    version = f"with version {model['version']}" if "version" in model else ""
    return " ".join(w for w in (str(model.get("created", "")), version) if w)


def _joined(values: Sequence[Any], noun: str) -> str:
    known = [str(v) for v in values if str(v)]
    return f"{noun}{'' if len(known) == 1 else 's'} {listed(known)}" if known else ""


def _rounded(value: float | None) -> str:
    return "" if value is None else number(value)


def _settings(config: Mapping[str, Any]) -> str:
    """Keys and values of a config in one line, empty ones left out."""
    lines = []
    for key, value in config.items():
        if value in (None, "", [], ()):
            continue
        text = "-".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
        lines.append(f"{key.replace('_', ' ')} {text}")
    return ", ".join(lines)


def _training_settings(model: Mapping[str, Any]) -> dict[str, Any]:
    """Of the training, without those of the network."""
    network = model.get("config", {})
    return {k: v for k, v in model.get("train_config", {}).items() if k not in network}


def _calibration(model: Mapping[str, Any]) -> str:
    """What was calibrated on the validation split."""
    pixels, totals = model.get("pixel_calibration", {}), model.get("calibration", {})
    parts = []
    for key, words in (("mean_factor", "factors on the mean"), ("scale_factor", "on the width")):
        factors = list(pixels.get(key, {}).values())
        if factors:
            parts.append(f"{words} of pixels {min(factors):.2f} to {max(factors):.2f}")
    if totals:
        parts.append(f"intervals of totals of {listed(title(p) for p in totals)}")
    return ", ".join(parts) or "none"


def _use(model: Mapping[str, Any]) -> dict[str, str]:
    """What the weights may be trusted with, as far as the manifest tells."""
    bands, survey = "".join(model.get("bands", ())), model.get("survey", "")
    if not bands:
        return {}
    made_up = model.get("synthetic_seeds")
    out = (
        f"images without the bands {bands}, or beyond the training range; objects that are not "
        "galaxies; differences between galaxies smaller than the scatter measured here"
    )
    if made_up:
        out += "; claims about real galaxies without a check, since synthetic ones were learnt from"
    return {
        "intended": f"maps and totals, with intervals, of galaxies on {survey} images in {bands} "
        "inside the training range",
        "out of scope": out,
    }


def _beyond(model: Mapping[str, Any], about: Mapping[str, Any]) -> dict[str, str]:
    """What is known of galaxies of another kind than those learnt from: no number from here."""
    if not model.get("synthetic_seeds"):
        return {}
    from picassso.painting import load_weights

    words = (
        "nothing on this page tells how far off galaxies of another kind are, or whether intervals "
        "hold them: examples/paint_simulations.py measures it on galaxies of simulations"
    )
    if about["weights_fingerprint"] == load_weights(threads=1).fingerprint:
        words += (
            ". For these weights, which ship, it found masses and ages systematically too large "
            "there, by more than the intervals allow: numbers and reasons are in docs/weights.md, "
            "“On galaxies of real simulations”"
        )
    return {"other galaxies": words}


def _range_table(model: Mapping[str, Any]) -> list[Table]:
    """The conditions that the training covered."""
    ranges = model.get("training_range", {})
    if not ranges:
        return []
    lines = [[_condition(k), f"{low:.4g}", f"{high:.4g}"] for k, (low, high) in ranges.items()]
    caption = (
        "Training range: conditions that the training saw. Noise and brightest pixel of each band "
        "are in nanomaggy per square arcsecond."
    )
    return [Table("training_range", ["condition", "lowest", "highest"], lines, caption)]


def _condition(key: str) -> str:
    """A condition in words."""
    if key == "psf_fwhm_pixels":
        return "PSF FWHM [pixel]"
    word, _, band = key.partition("_")
    return f"{word} in {band}" if word in ("noise", "brightest") else key.replace("_", " ")


def _failures(evaluation: Evaluation) -> list[Table]:
    """The worst bin of each property by scatter, by bias and by coverage."""
    lines = []
    for name in evaluation.properties:
        bins = [
            b
            for b in evaluation.bins
            if b.statistics.property == name and not b.few and not np.isnan(b.low)
        ]
        if not bins:
            continue
        scatter = max(bins, key=lambda b: _size(b.statistics.sigma.value))
        bias = max(bins, key=lambda b: _size(b.statistics.median_bias.value))
        held = max(bins, key=lambda b: _size(b.statistics.coverage.value - 0.68))
        for words, b, statistic in (
            ("largest scatter (σ)", scatter, scatter.statistics.sigma),
            ("largest median bias", bias, bias.statistics.median_bias),
            ("coverage farthest from 0.68", held, held.statistics.coverage),
        ):
            lines.append([title(name), words, cell(statistic), _place(b), str(b.galaxies)])
    if not lines:
        return []
    caption = (
        "Where it fails: of all bins with statistics, those in which totals of a property scatter "
        "most, are farthest off, and have the least honest intervals. The worst of many bins is "
        "partly so by chance: mind the errors."
    )
    return [Table("failures", ["property", "what", "value", "where", "galaxies"], lines, caption)]


def _size(value: float) -> float:
    return abs(value) if np.isfinite(value) else -1.0


def _place(b: BinnedResiduals) -> str:
    names = {q.name: q.title for q in QUANTITIES}
    return f"{names.get(b.quantity, b.quantity)} " + range_text(b.low, b.high).replace("-", "−")
