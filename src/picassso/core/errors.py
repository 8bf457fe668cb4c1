"""Errors that a user can mend. The command line prints the message and exits with code 2."""

from __future__ import annotations

__all__ = ["InputError", "MissingExtraError", "PicasssoError", "need"]


class PicasssoError(Exception):
    """Base of all errors that PICASSSO raises on purpose; the message says what to do."""


class InputError(PicasssoError, ValueError):
    """What the user gave (a file, an option, a config) cannot be used.

    The message names the file or field, what was found, what was expected, and the remedy.
    """


class MissingExtraError(PicasssoError, ImportError):
    """A feature needs an optional dependency that is not installed."""


def need(module: str, *, extra: str) -> None:
    """Check that an optional dependency is importable, without importing it.

    Parameters
    ----------
    module : str
        Name of the module, such as ``"torch"``.
    extra : str
        The extra of this package that brings it, such as ``"train"``.

    Raises
    ------
    MissingExtraError
        If the module is not installed; the message holds the pip command.
    """
    import importlib.util

    if importlib.util.find_spec(module) is None:
        raise MissingExtraError(
            f"this needs {module}, which is not installed; run: pip install 'picassso[{extra}]'"
        )
