"""All else that an evaluation measured, a page for each: annuli, structure, relations and more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from measured import Evaluated, read_csv
from tabular import markdown, write_text

__all__ = ["write_tables"]

SECTIONS = {
    "Pixels": ("pixels",),
    "Ten annuli, 0 to 5 half-mass radii: median bias": ("annuli_median_bias",),
    "Ten annuli: sigma": ("annuli_sigma",),
    "Gradients and half-mass radii": ("gradients_and_sizes",),
    "Structure: similarity in log space": ("structural_similarity",),
    "Structure: predicted over true power, by cycles per half-mass radius": ("power_ratio",),
    "Structure: correlation, by cycles per half-mass radius": ("correlation",),
    "Scaling relations": ("scaling_relations",),
    "Distances between distributions": ("distances",),
    "Detections below the floors": ("detections",),
    "Where it errs": (
        "bins_log_stellar_mass",
        "bins_log_specific_star_formation_rate",
        "bins_signal_to_noise",
    ),
    "The network and each method, paired": ("methods_differences",),
    "What is odd, and counted": ("flags", "failures"),
}
"""Headings, and the tables of `picassso evaluate` below them."""

PICTURES = {
    "methods": "The network and classical methods",
    "residuals_with_radius_properties_honest": "Residuals with radius",
    "profiles_properties": "Radial profiles, true and predicted",
    "pixels_by_signal_to_noise_honest": "Residuals of pixels against signal to noise",
    "structure_with_frequency": "Power and correlation of maps",
    "scaling_relations": "Relations of true and of predicted galaxies",
}


def write_tables(
    found: Evaluated, output: Path, *, shrink: Callable[[Path, Path], Path]
) -> Path | None:
    """Write the page of one evaluation with its pictures; None if it left no tables.

    Parameters
    ----------
    found : Evaluated
        What was measured.
    output : Path
        Folder.
    shrink : callable
        Makes a picture small enough to be kept.
    """
    tables = found.folder / "tables"
    if not tables.is_dir():
        return None
    parts = [
        f"# Reference run: {found.name}, all tables",
        "<!-- Written by examples/reference_report.py. -->",
        "What each column means: [evaluate](../evaluate.md). Residuals are log10(true / predicted) "
        "[dex]; errors are bootstraps over galaxies.",
        *_pictures(found, output, shrink),
        *_sections(tables),
    ]
    return write_text(output / f"{found.name}.md", "\n\n".join(parts) + "\n")


def _pictures(
    found: Evaluated, output: Path, shrink: Callable[[Path, Path], Path]
) -> Iterator[str]:
    for name, words in PICTURES.items():
        source = found.folder / "figures" / f"{name}.png"
        if source.exists():
            kept = shrink(source, output / f"{found.name}_{name}.png")
            yield f"![{words}]({kept.name})"


def _sections(tables: Path) -> Iterator[str]:
    for heading, names in SECTIONS.items():
        there = [tables / f"{name}.csv" for name in names if (tables / f"{name}.csv").exists()]
        if there:
            yield f"## {heading}"
        for path in there:
            yield markdown(read_csv(path)).strip()
