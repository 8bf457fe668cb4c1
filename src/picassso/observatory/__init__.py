"""What a telescope would see of simulated particles, and what is true of them.

Names are imported on first use, so that ``import picassso.observatory`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "LightTable": "light_table",
    "load_light_table": "light_cache",
    "surface_brightness_factor": "light_table",
    "attenuation_curve": "dust",
    "draw_dust": "dust",
    "dust_column_in_front": "dust",
    "screen_transmission": "dust",
    "Observation": "observation",
    "observe": "observation",
    "project": "projection",
    "smoothing_lengths": "smoothing",
    "PaperFraming": "framing",
    "SurveyFraming": "framing",
    "add_noise": "noise",
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
