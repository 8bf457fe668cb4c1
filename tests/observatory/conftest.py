"""One light table for all tests of the observatory, built from the installed grids."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from picassso.core import SDSS
from picassso.observatory import LightTable, load_light_table


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
    """Light table of SDSS."""
    return load_light_table(SDSS)
