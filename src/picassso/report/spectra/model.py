"""What weights of networks for spectra say of themselves, and how their evaluation was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from picassso.report.evaluation.provenance import versions
from picassso.report.page import Facts, Section, Table

__all__ = ["card_text", "model_section", "provenance_section"]

_TRAINING = ("architecture", "kind", "bands", "survey", "latents", "outputs", "pixels")
_ORIGIN = (
    "data_fingerprint",
    "synthetic_seeds",
    "step",
    "validation_loss",
    "licence",
    "version",
    "created",
    "network_fingerprint",
    "decoder_fingerprint",
)


def model_section(about: Mapping[str, Any], model: Mapping[str, Any]) -> Section:
    """A model card after Mitchell et al. (2019): from the manifest of the weights."""
    facts = {
        "What it is": {"name": about["weights"], "fingerprint": about["weights_fingerprint"]}
        | _some(model, _TRAINING)
        | {"network": _settings(model.get("config", {}))},
        "Training": _some(model, _ORIGIN)
        | {"settings": _settings(model.get("train_config", {}))}
        | _calibration(model),
        "Use": dict(_USE.get(str(model.get("kind")), {})),
    }
    parts: list[Facts | Table] = [
        Facts(title, {k: v for k, v in items.items() if v}) for title, items in facts.items()
    ]
    return Section("Model card", [], [*parts, *_range(model)])


def card_text(about: Mapping[str, Any], model: Mapping[str, Any], summary: Table) -> str:
    """The card in Markdown, with the table of what was measured."""
    blocks = [f"# Model card: {about['weights']}"]
    for part in model_section(about, model).parts:
        if isinstance(part, Facts):
            lines = [f"- **{key}**: {value}" for key, value in part.items.items()]
            blocks.append(f"## {part.title}\n\n" + "\n".join(lines))
        elif isinstance(part, Table):
            blocks.append(f"## Training range\n\n{part.caption}\n\n{_markdown(part)}")
    blocks.append(f"## Performance\n\n{summary.caption}\n\n{_markdown(summary)}")
    return "\n\n".join(blocks) + "\n"


def provenance_section(about: Mapping[str, Any]) -> Section:
    """What is needed to make the page again."""
    command = ["picassso evaluate WEIGHTS", about["store"], "--seed", about["seed"]]
    command += ["--split", about["split"]]
    if about.get("limit"):
        command += ["--limit", about["limit"]]
    for path in about.get("observed", ()):
        command += ["--observed", path]
    words = [
        "The same weights, store, split and seed give the same numbers. Every number of this page, "
        "with its error and count, is in scores.csv, a line each."
    ]
    items = {key.replace("_", " "): _text(value) for key, value in about.items()}
    return Section(
        "How it was made",
        words,
        [
            Facts(
                "Evaluation",
                {"command": " ".join(map(str, command))} | {k: v for k, v in items.items() if v},
            ),
            Facts("Versions", versions()),
        ],
    )


_USE = {
    "spectrum-autoencoder": {
        "intended": "six numbers, or as many as it has, for galaxy spectra at rest with their "
        "inverse variance, and spectra of such numbers",
        "out of scope": "stars and quasars; spectra whose resolution is far from that of SDSS; "
        "redshifts and signal to noise beyond the training range; differences smaller than the "
        "residuals measured here",
    },
    "spectrum-encoder": {
        "intended": "posteriors of the spectrum in a fibre of 3 arcsec on images of its survey "
        "inside the training range; priors, outliers, selection of targets",
        "out of scope": "images beyond the training range; objects that are not galaxies; claims "
        "about real galaxies without a check, where synthetic ones were learnt from",
    },
}


def _some(model: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, str]:
    return {k.replace("_", " "): _text(model[k]) for k in keys if k in model}


def _calibration(model: Mapping[str, Any]) -> dict[str, str]:
    found = model.get("calibration", {})
    factors, held = found.get("factors", ()), found.get("coverage", {})
    return {
        "calibration factors": ", ".join(f"{f:.2f}" for f in factors),
        "coverage of 68% on validation": ", ".join(f"{k} {v:.3f}" for k, v in held.items()),
    }


def _settings(config: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{key.replace('_', ' ')} {_text(value)}"
        for key, value in config.items()
        if value not in (None, "", [], ())
    )


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Mapping):
        return "; ".join(f"{k}: {_text(v)}" for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return " ".join(map(_text, value))
    return "" if value is None else str(value)


def _range(model: Mapping[str, Any]) -> list[Table]:
    ranges = model.get("training_range", {})
    if not ranges:
        return []
    rows = [[k.replace("_", " "), f"{low:.4g}", f"{high:.4g}"] for k, (low, high) in ranges.items()]
    caption = "Training range: conditions that the training saw."
    return [Table("training_range", ["condition", "lowest", "highest"], rows, caption)]


def _markdown(table: Table) -> str:
    lines = [table.header, ["---"] * len(table.header), *table.rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
