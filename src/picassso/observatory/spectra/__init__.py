"""What a spectrograph would see of simulated particles.

Names are imported on first use, so that ``import picassso.observatory.spectra`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "IonisedGas": "ionised_gas",
    "SpectralTable": "populations",
    "fibre_light": "fibre",
    "fraction_in_fibre": "aperture",
    "ionised_gas": "ionised_gas",
    "load_spectral_table": "populations_cache",
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
