"""What all writers of spectra share."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import TYPE_CHECKING

from picassso.core import written_whole

if TYPE_CHECKING:
    from astropy.io.fits import HDUList

__all__ = ["creator", "write_hdus"]


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
