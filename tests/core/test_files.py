"""A file is written whole, or what was there stays."""

from __future__ import annotations

import pytest

from picassso.core import written_whole


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
