"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from picassso.core.errors import InputError

__all__ = [
    "check_target",
    "folder_made_whole",
    "output_folder",
    "remove_partial_files",
    "write_text",
    "written_whole",
]


def check_target(
    path: str | Path, *, overwrite: bool = False, endings: tuple[str, ...] = ("",)
) -> Path:
    """The path of a file that may be written.

    Raises
    ------
    InputError
        If its name has none of the endings, it exists and `overwrite` is False, or its folder does
        not exist.
    """
    path = Path(path)
    if not path.name.lower().endswith(endings):
        choices = f"{', '.join(endings[:-1])} or {endings[-1]}"
        raise InputError(f"{path}: expected a name that ends in {choices}")
    if path.exists() and not overwrite:
        raise InputError(f"{path}: exists already; ask to overwrite it, or choose another name")
    if not path.parent.is_dir():
        raise InputError(f"{path.parent}: there is no such folder; make it first")
    return path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Another name in the same folder, which takes the place of `path` once it is written.

    The name is hidden, keeps the suffix of `path`, by which some writers choose their format, and
    holds a random number, since processes of several machines may share the folder. Whatever goes
    wrong inside, nothing stays behind and `path` is what it was. An error of the system names
    `path`.
    """
    partial = path.with_name(f".{secrets.token_hex(4)}.partial.{path.name}")
    try:
        yield partial
        partial.replace(path)
    except OSError as error:
        if error.errno is not None and error.filename in (None, str(partial), partial):
            error.filename = str(path)
        raise
    finally:
        partial.unlink(missing_ok=True)


def remove_partial_files(folder: Path) -> None:
    """Remove what `written_whole` left in a folder and all below when its process was killed.

    For folders that no other process writes to.
    """
    for partial in list(folder.rglob(".*.partial.*")):
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file (UTF-8), whole or not at all."""
    with written_whole(path) as partial:
        partial.write_text(text, encoding="utf-8")


@contextmanager
def folder_made_whole(path: Path) -> Iterator[Path]:
    """An empty folder beside `path`, which must not exist yet, and which it becomes at the end.

    Whatever goes wrong inside, nothing stays behind.

    Raises
    ------
    InputError
        If `path` exists or cannot be made.
    """
    if path.exists():
        raise InputError(f"{path} exists already; choose another name or remove it first")
    partial = path.with_name(f".{path.name}.partial-{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.mkdir()
    except OSError as error:
        raise _cannot_be_made(path, error) from None
    try:
        yield partial
        partial.replace(path)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


@contextmanager
def output_folder(folder: Path) -> Iterator[None]:
    """Make a folder for what is to come, before the work; those left empty are removed again.

    Raises
    ------
    InputError
        If it is a file, or cannot be made or written to.
    """
    made = [f for f in (folder, *folder.parents) if not f.exists()]
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _cannot_be_made(folder, error) from None
        if not os.access(folder, os.W_OK | os.X_OK):
            raise InputError(
                f"{folder}: you may not write there; choose a folder that you may write to"
            )
        yield
    finally:
        for each in made:
            if each.is_dir() and not any(each.iterdir()):
                each.rmdir()


def _cannot_be_made(folder: Path, error: OSError) -> InputError:
    return InputError(
        f"{folder}: cannot be made ({error.strerror}); choose a folder that you may write to"
    )
