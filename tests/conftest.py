"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of real data named by PICASSSO_DATA; the test is skipped, saying so, without it."""
    folder = os.environ.get("PICASSSO_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("PICASSSO_DATA does not name a folder of real data")
    return Path(folder)
