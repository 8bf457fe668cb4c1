"""The light table in the cache: built once, whole, and enough by itself."""

from __future__ import annotations

import dataclasses
import errno
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from picassso.core import SDSS, InputError, MissingExtraError
from picassso.core.cache import cache_dir
from picassso.observatory import LightTable, light_cache, load_light_table
from picassso.observatory.light_build import recipe_fingerprint


@pytest.fixture(autouse=True)
def _forget_loaded_tables(light_cache_dir: Path, sdss_light: LightTable):
    light_cache._load.cache_clear()
    yield
    light_cache._load.cache_clear()


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PICASSSO_CACHE", str(tmp_path))
    return tmp_path


def hide_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let bagpipes and speclite look as if they were not installed."""
    find_spec = importlib.util.find_spec

    def without(name: str, package: str | None = None):
        return None if name in ("bagpipes", "speclite") else find_spec(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", without)


def same(a: LightTable, b: LightTable) -> bool:
    return a.bands == b.bands and all(
        np.array_equal(a.at_redshift(z), b.at_redshift(z)) for z in (0.0, 0.0333, 0.25)
    )


def test_a_cached_table_is_read_and_not_built(
    monkeypatch: pytest.MonkeyPatch, sdss_light: LightTable
) -> None:
    monkeypatch.setattr(light_cache, "build_light_table", lambda survey: pytest.fail("built"))
    assert same(load_light_table(SDSS), sdss_light)


def test_a_cached_table_needs_no_grid(
    monkeypatch: pytest.MonkeyPatch, sdss_light: LightTable
) -> None:
    hide_extras(monkeypatch)
    assert same(load_light_table(SDSS), sdss_light)


def test_without_table_and_grid_the_pip_command_is_named(
    monkeypatch: pytest.MonkeyPatch, empty_cache: Path
) -> None:
    hide_extras(monkeypatch)
    with pytest.raises(MissingExtraError, match=r"pip install 'picassso\[mock\]'"):
        load_light_table(SDSS)
    assert list(empty_cache.iterdir()) == []


@pytest.mark.parametrize("length", [0, 1000, -1000])
def test_a_broken_table_is_built_anew(
    monkeypatch: pytest.MonkeyPatch,
    light_cache_dir: Path,
    empty_cache: Path,
    sdss_light: LightTable,
    length: int,
) -> None:
    (whole,) = light_cache_dir.glob("light_sdss_*.npz")
    (empty_cache / whole.name).write_bytes(whole.read_bytes()[:length])
    monkeypatch.setattr(light_cache, "build_light_table", lambda survey: sdss_light)
    assert same(load_light_table(SDSS), sdss_light)
    assert (empty_cache / whole.name).stat().st_size == whole.stat().st_size


def test_a_full_disk_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, empty_cache: Path, sdss_light: LightTable
) -> None:
    def full(path, **arrays):
        path.write_bytes(b"half a table")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(light_cache, "build_light_table", lambda survey: sdss_light)
    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(InputError, match="No space left"):
        load_light_table(SDSS)
    assert list(empty_cache.iterdir()) == []


def test_processes_that_build_at_once_agree(empty_cache: Path, sdss_light: LightTable) -> None:
    command = (
        "from picassso.core import SDSS; from picassso.observatory import load_light_table; "
        "print(load_light_table(SDSS).luminosities([1.0], [0.02], 0.05).tobytes().hex())"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", command], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=120)[0].decode().strip() for process in running]
    assert answers == 2 * [sdss_light.luminosities([1.0], [0.02], 0.05).tobytes().hex()]
    assert len(list(empty_cache.iterdir())) == 1


def test_other_filters_make_another_table() -> None:
    other = dataclasses.replace(SDSS, filters=(*SDSS.filters[:4], "decam2014-z"))
    assert recipe_fingerprint(other) != recipe_fingerprint(SDSS)


def test_an_unknown_filter_is_named(empty_cache: Path) -> None:
    other = dataclasses.replace(SDSS, filters=(*SDSS.filters[:4], "sdss2010-q"))
    with pytest.raises(InputError, match="sdss2010-q"):
        load_light_table(other)


def test_cache_folder_is_named_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PICASSSO_CACHE", str(tmp_path / "a" / "b"))
    assert cache_dir() == tmp_path / "a" / "b"
    assert cache_dir().is_dir()


def test_a_cache_folder_that_cannot_be_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("PICASSSO_CACHE", str(tmp_path / "file"))
    with pytest.raises(InputError, match="PICASSSO_CACHE"):
        cache_dir()
