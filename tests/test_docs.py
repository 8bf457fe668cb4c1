"""Links between the guides lead somewhere, and their commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from picassso.cli.app import VERBS, build_app

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


BLOCK = re.compile(r"^ *```[^\n]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^ {4,}(?=picassso )(?:.*\\\n)*.*", re.MULTILINE)
COMMAND = re.compile(r"(?<!from )\bpicassso +([a-z]+)\b([^\n|;&)`]*)")
OPTION = re.compile(r"(?<=\s)(--[a-z][a-z-]*|-[a-z])\b")


def commands(text: str) -> list[tuple[str, list[str]]]:
    """Verb and options of every command in the code blocks of a page; continued lines are one."""
    found = []
    for block in [*BLOCK.findall(text), *INDENTED.findall(BLOCK.sub("", text))]:
        for verb, rest in COMMAND.findall(re.sub(r"\\\n\s*", " ", block)):
            found.append((verb, OPTION.findall(rest.partition(" #")[0])))
    return found


@pytest.fixture(scope="module")
def known() -> dict[str, set[str]]:
    """Options of every verb, by its name."""
    verbs = get_command(build_app()).commands  # type: ignore[attr-defined]
    return {
        verb: {"--help"} | {o for p in of.params for o in (*p.opts, *p.secondary_opts)}
        for verb, of in verbs.items()
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_commands_exist(page: Path, known: dict[str, set[str]]) -> None:
    wrong = [
        f"picassso {verb} {option}"
        for verb, options in commands(page.read_text())
        for option in options or [""]
        if verb not in known or (option and option not in known[verb])
    ]
    assert not wrong, f"{page.name} shows what the command line does not know: {wrong}"


def test_commands_are_found_in_code_blocks() -> None:
    text = "picassso no --where\n```bash\npicassso mock a -o b \\\n  --views 4  # --not\n```\n"
    assert commands(text) == [("mock", ["-o", "--views"])]
    indented = "As so:\n\n    picassso paint a \\\n        --ebv 1\n\n    not picassso --this\n"
    assert commands(indented) == [("paint", ["--ebv"])]
    pages = [verb for page in PAGES for verb, _ in commands(page.read_text())]
    assert set(pages) == set(VERBS)


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
