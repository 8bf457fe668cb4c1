"""Classical methods on the same images as the networks: what a network has to beat.

Names are imported on first use, so that ``import picassso.analysis.baselines`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "RELATIONS": "mass_to_light",
    "Baseline": "baseline",
    "MassToLight": "mass_to_light",
    "RefitForm": "refit",
    "RefittedMassToLight": "refit",
    "Relation": "mass_to_light",
    "SedGridFit": "sed_grid",
    "TRAINING_VIEWS": "refitting",
    "fit_k_correction": "k_correction",
    "PixelPosteriors": "posterior",
    "fit_posteriors": "posterior",
    "refit_mass_to_light": "refitting",
    "refit_together": "refitting",
    "region_total": "baseline",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
