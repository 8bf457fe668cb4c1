"""The rules of the house: a room imports only rooms before it, modules stay small."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import picassso

ROOMS = (
    "core",
    "figures",
    "universe",
    "observatory",
    "archive",
    "analysis",
    "networks",
    "training",
    "painting",
    "studies",
    "report",
    "cli",
)
SOURCE = Path(picassso.__file__).parent
MODULES = sorted(p for p in SOURCE.rglob("*.py") if p.parent != SOURCE)


def imported_rooms(path: Path) -> set[str]:
    """Rooms that a module imports, at its top or inside functions."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [f"{node.module}.{a.name}" for a in node.names] + [node.module or ""]
        for name in names:
            parts = name.split(".")
            if parts[0] == "picassso" and len(parts) > 1 and parts[1] in ROOMS:
                rooms.add(parts[1])
    return rooms


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_rooms_import_leftwards(path: Path) -> None:
    room = path.relative_to(SOURCE).parts[0]
    assert room in ROOMS, f"{path} lies in no known room"
    allowed = set(ROOMS[: ROOMS.index(room) + 1])
    if room == "painting":
        allowed.discard("training")
    assert imported_rooms(path) <= allowed


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_modules_stay_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


def test_nothing_is_unpickled() -> None:
    for path in MODULES:
        text = path.read_text()
        assert "import pickle" not in text and "allow_pickle=True" not in text, path
        assert "torch.load(" not in text, path
