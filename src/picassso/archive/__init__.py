"""Room archive: what is on disk. Data set stores, splits, images and maps as FITS, spectra."""

from __future__ import annotations

import importlib
from typing import Any

# Public name -> its module, loaded when first asked for: zarr and astropy take a while.
_PUBLIC = {
    "DatasetStore": "store",
    "FORMAT_VERSION": "layout",
    "SPLITS": "splits",
    "from_specutils": "spectra",
    "mock": "mocks",
    "read_image": "fits",
    "read_maps": "fits",
    "read_paper_mock": "paper_mock",
    "read_spectra": "spectra",
    "read_spectrum": "spectra",
    "rebin": "rebinned",
    "round_mantissa": "compression",
    "split_by_galaxy": "splits",
    "to_specutils": "spectra",
    "write_maps": "fits",
    "write_manga_spectra": "spectra",
    "write_sdss_spectrum": "spectra",
    "write_spectrum": "spectra",
}

__all__ = [*_PUBLIC]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        module = importlib.import_module(f"picassso.archive.{_PUBLIC[name]}")
        return getattr(module, name)
    raise AttributeError(f"module 'picassso.archive' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
