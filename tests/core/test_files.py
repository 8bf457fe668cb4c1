"""A file is written whole, or what was there stays."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from picassso.core import (
    InputError,
    folder_made_whole,
    output_folder,
    remove_partial_files,
    written_whole,
)


def test_replaces_when_done(tmp_path) -> None:
    path = tmp_path / "maps.fits.gz"
    path.write_text("old")
    with written_whole(path) as partial:
        assert partial.parent == tmp_path and partial.name.endswith(".maps.fits.gz")
        partial.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["maps.fits.gz"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_leaves_nothing_behind(tmp_path, error) -> None:
    path = tmp_path / "weights.onnx"
    path.write_text("old")
    with pytest.raises(error), written_whole(path) as partial:
        partial.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["weights.onnx"]


def test_errors_of_the_system_name_the_file_that_was_asked_for(tmp_path) -> None:
    path = tmp_path / "weights.onnx"
    with pytest.raises(OSError, match="No space left") as caught, written_whole(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert caught.value.filename == str(path)
    with (
        pytest.raises(FileNotFoundError) as caught,
        written_whole(tmp_path / "no" / "w") as partial,
    ):
        partial.write_text("half")
    assert caught.value.filename == str(tmp_path / "no" / "w")


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_folder_appears_whole_or_not_at_all(tmp_path, error) -> None:
    path = tmp_path / "mock.zarr"
    with pytest.raises(error), folder_made_whole(path) as partial:
        (partial / "zarr.json").write_text("half")
        assert not path.exists()
        raise error
    assert not list(tmp_path.iterdir())
    with folder_made_whole(path) as partial:
        (partial / "zarr.json").write_text("whole")
    assert [p.name for p in tmp_path.iterdir()] == ["mock.zarr"]
    with pytest.raises(InputError, match="exists already"), folder_made_whole(path):
        pass


def test_an_output_folder_is_made_first_and_goes_if_nothing_comes(tmp_path) -> None:
    folder = tmp_path / "a" / "b"
    with pytest.raises(KeyboardInterrupt), output_folder(folder):
        assert folder.is_dir()
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())
    with output_folder(folder):
        (folder / "table.csv").write_text("rows")
    assert (folder / "table.csv").exists()


def test_an_output_folder_that_cannot_be_used_is_refused(tmp_path, monkeypatch) -> None:
    (tmp_path / "file").write_text("notes")
    for wrong in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match="cannot be made"), output_folder(wrong):
            pass
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(InputError, match="may not write there"), output_folder(tmp_path / "new"):
        pass
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    left = tmp_path / "deep" / ".0a1b2c3d.partial.weights.onnx"
    kept = tmp_path / "deep" / "weights.partial.onnx"
    left.parent.mkdir()
    for path in (left, kept):
        path.write_text("")
    remove_partial_files(tmp_path)
    assert not left.exists() and kept.exists()
