"""Links between the guides lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    links = [t for t in LINK.findall(page.read_text()) if "://" not in t and "mailto:" not in t]
    missing = [t for t in links if not (page.parent / t).exists()]
    assert not missing, f"{page.name} links to what is not there: {missing}"


def test_every_guide_is_listed() -> None:
    index = (ROOT / "docs" / "index.md").read_text()
    unlisted = [
        str(p.relative_to(ROOT / "docs"))
        for p in PAGES
        if p.is_relative_to(ROOT / "docs")
        and p.name != "index.md"
        and f"({p.relative_to(ROOT / 'docs').as_posix()}" not in index
    ]
    assert not unlisted, f"docs/index.md does not list {unlisted}"
