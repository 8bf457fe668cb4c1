"""Which files belong to one galaxy, and what it is called."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from pathlib import Path

from picassso.archive.fits.planes import (
    UNREADABLE,
    band_in_name,
    band_in_words,
    decompressor,
    stem,
)
from picassso.core import Survey, get_survey

__all__ = ["galaxy_name", "group_images"]

_BAND_KEYWORDS = ("FILTER", "BAND", "EXTNAME")


def group_images(paths: Sequence[str | Path], *, survey: str = "sdss") -> list[tuple[Path, ...]]:
    """Sort files into galaxies: a file that holds several bands is a galaxy of its own.

    Files of a single band make one galaxy together; where a band turns up more than once, those
    whose names differ in nothing but the band belong together. A file that cannot be read is
    left alone, so that its fault is reported when it is painted and spoils no other galaxy. One
    given twice is taken once.

    Parameters
    ----------
    paths : sequence of paths
        FITS files in any order.
    survey : str
        Names the bands.

    Returns
    -------
    list of tuple of Path
        One tuple a galaxy, in the order of their first files.
    """
    known = get_survey(survey)
    files = list({p.resolve(): p for p in map(Path, paths)}.values())
    if len(files) == 1:
        return [tuple(files)]
    bands = {f: _single_band(f, known) for f in files}
    singles = [f for f in files if bands[f] is not None]
    named = [bands[f] for f in singles if bands[f]]
    together = len(named) == len(set(named))
    groups: dict[str, list[Path]] = {}
    for f in files:
        if bands[f] is None:
            key = f"file {f}"
        else:
            key = "bands" if together else f"bands {f.parent / _without_band(f, known)}"
        groups.setdefault(key, []).append(f)
    return [tuple(g) for g in groups.values()]


def galaxy_name(paths: Sequence[Path], survey: Survey) -> str:
    """Name of a galaxy from its files: their common name without the band."""
    if len(paths) == 1:
        return stem(paths[0])
    names = {_without_band(p, survey) for p in paths}
    if len(names) == 1 and (name := names.pop()):
        return name
    return paths[0].resolve().parent.name if not names or "" in names else stem(paths[0])


def _without_band(path: Path, survey: Survey) -> str:
    """Stem of a file name without the band in it; the stem itself if it names none."""
    name, band = stem(path), band_in_name(path, survey)
    if band is None:
        return name
    return re.sub(rf"(^|[^A-Za-z0-9]+){band}(?=[^A-Za-z0-9]|$)", "", name, count=1).strip("-_. ")


def _single_band(path: Path, survey: Survey) -> str | None:
    """Band of a file with one image plane (empty if it names none); None for any other file."""
    try:
        headers = _image_headers(path)
    except UNREADABLE:  # its reader will say what is wrong with it
        return None
    planes = [h for h in headers if h.get("NAXIS") == 2]
    if not planes or any(h.get("NAXIS") == 3 for h in headers):
        return None
    nameless = [h for h in planes if not any(k in h for k in _BAND_KEYWORDS)]
    if len(nameless) > 1:
        return None
    bands = {_band(h, path, survey) for h in planes} - {None}
    return None if len(bands) > 1 else next(iter(bands), "") or ""


def _band(header, path: Path, survey: Survey) -> str | None:
    for keyword in _BAND_KEYWORDS:
        if band := band_in_words(str(header.get(keyword, "")), survey):
            return band
    return band_in_name(path, survey)


def _image_headers(path: Path) -> list:
    """Headers of the images of a file; of a compressed one only the first, where it is one."""
    from astropy.io import fits

    opener = decompressor(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if opener is not None:
            # A full decompression only to look would cost more than the reading itself.
            with opener(path, "rb") as file:
                header = fits.Header.fromfile(file)
            if header.get("NAXIS", 0) >= 2:
                return [header]
        with fits.open(path, memmap=True) as hdus:
            return [h.header for h in hdus if h.is_image]
