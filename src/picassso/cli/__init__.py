"""The command line: one thin file a verb, each one call of a public function."""

from picassso.cli.app import main

__all__ = ["main"]
