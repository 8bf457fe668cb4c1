"""What all writers of spectra share: where they may write, and how."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import TYPE_CHECKING

from picassso.core import InputError, written_whole

if TYPE_CHECKING:
    from astropy.io.fits import HDUList

__all__ = ["check_target", "creator", "write_hdus"]


def check_target(path: str | Path, endings: tuple[str, ...], *, overwrite: bool) -> Path:
    """The path, if a spectrum may be written there; else InputError."""
    path = Path(path)
    if not path.name.lower().endswith(endings):
        choices = f"{', '.join(endings[:-1])} or {endings[-1]}"
        raise InputError(f"{path}: expected a name that ends in {choices}")
    if path.exists() and not overwrite:
        raise InputError(f"{path}: exists already; ask to overwrite it, or choose another name")
    if not path.parent.is_dir():
        raise InputError(f"{path.parent}: there is no such folder; make it first")
    return path


def creator() -> str:
    """Who writes, for headers."""
    from picassso import __version__

    return f"PICASSSO {__version__}"


def write_hdus(hdus: HDUList, path: Path) -> None:
    """Write FITS atomically, compressed where the name ends in .gz."""
    buffer = io.BytesIO()
    hdus.writeto(buffer, output_verify="exception")
    content = buffer.getvalue()
    with written_whole(path) as unfinished:
        # No time of writing inside: the same spectrum makes the same file.
        packed = path.name.lower().endswith(".gz")
        unfinished.write_bytes(gzip.compress(content, mtime=0) if packed else content)
