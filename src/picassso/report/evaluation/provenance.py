"""How a report was made: fingerprints, versions, command."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from picassso.report.page import Facts, Section

if TYPE_CHECKING:
    from picassso.studies.evaluation import Evaluation

__all__ = ["provenance_section", "versions"]

_PACKAGES = ("numpy", "scipy", "onnxruntime", "torch", "matplotlib", "astropy", "zarr")


def provenance_section(evaluation: Evaluation) -> Section:
    """Everything that is needed to make the page again."""
    about = evaluation.about
    words = [
        "The same weights, store, split and seed give the same numbers. Every number of this page, "
        "with its error and counts, is in scores.csv, a line each; every figure and table is a "
        "file of its own.",
    ]
    options = {"--split": "split", "--seed": "seed", "--limit": "limit", "--baselines": "baselines"}
    command = ["picassso", "evaluate", "WEIGHTS", about["store"]]
    for option, key in options.items():
        if about.get(key) or key == "seed":
            command += [option, about.get(key, 0)]
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


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{k}: {v}" for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return " x ".join(map(str, value))
    return "" if value is None else str(value)


def versions() -> dict[str, str]:
    """Of this package and of those that numbers come from, as far as they are installed."""
    from picassso import __version__

    found = {"picassso": __version__, "Python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
