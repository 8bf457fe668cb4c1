"""The application: verbs, and errors turned into one message and exit code 2."""

from __future__ import annotations

import errno
import importlib
import sys
from typing import Annotated

import typer

__all__ = ["VERBS", "build_app", "main"]

VERBS = (
    "paint",
    "spectrum",
    "targets",
    "outliers",
    "info",
    "mock",
    "train",
    "export",
    "evaluate",
    "study",
)
"""Each is a module of this room with a function of the same name; its EPILOG holds examples."""

HELP = (
    "Paint stellar mass, age, metals, star formation and gas onto galaxy images, with error bars."
)


def build_app() -> typer.Typer:
    """The application with all verbs; verbs import what they need only when they run."""
    app = typer.Typer(
        name="picassso",
        help=HELP,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_options)
    for verb in VERBS:
        module = importlib.import_module(f"picassso.cli.{verb}")
        app.command(verb, epilog=getattr(module, "EPILOG", None))(getattr(module, verb))
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        from picassso import __version__

        typer.echo(f"picassso {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """Options of the application itself."""


def main() -> None:
    """Run the command line: exit code 0, or 2 after one clear message on standard error."""
    from picassso.core.errors import PicasssoError

    try:
        build_app()()
    except PicasssoError as error:
        _fail(str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        remedy = "; free some space, or choose an output on another disk" if full else ""
        _fail(f"{where}{error.strerror or error}{remedy}")
    except MemoryError:
        _fail("out of memory; use a smaller image or region")


def _fail(message: str) -> None:
    """One message on standard error, whatever its length, and exit code 2."""
    print(f"picassso: {message}", file=sys.stderr)
    sys.exit(2)
