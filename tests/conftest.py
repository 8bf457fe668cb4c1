"""Fixtures shared by all tests."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from picassso.observatory import LightTable
    from picassso.observatory.spectra.populations import SpectralTable


# How long an example takes is the machine's affair: no test fails for a slow one.
settings.register_profile("picassso", deadline=None)
settings.load_profile("picassso")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of real data named by PICASSSO_DATA; the test is skipped, saying so, without it."""
    folder = os.environ.get("PICASSSO_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("PICASSSO_DATA does not name a folder of real data")
    return Path(folder)


@pytest.fixture(scope="session")
def light_cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder of the tests' own, for the whole session."""
    for extra in ("bagpipes", "speclite", "numba"):
        if importlib.util.find_spec(extra) is None:
            pytest.skip(f"{extra} is not installed")
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PICASSSO_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def sdss_light(light_cache_dir: Path) -> LightTable:
    """Light table of SDSS, built from the installed grids."""
    from picassso.core import SDSS
    from picassso.observatory import load_light_table

    return load_light_table(SDSS)


@pytest.fixture(scope="session")
def spectral_table(light_cache_dir: Path) -> SpectralTable:
    """Spectral table, built from the installed grids."""
    from picassso.observatory.spectra.populations_cache import load_spectral_table

    return load_spectral_table()
